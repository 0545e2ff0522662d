//! ICE and ICN: what the grade of ICANS of a day is derived from.

use crate::codes::events::{HeadImaging, IceNaming, IceOrientation, IcePoint, IceScore};
use crate::codes::toxicity::{Consciousness, IntracranialPressure, MotorFinding, Seizure};
use crate::codes::{IcansGrade, InfusionNumber, PatientId, YesNoUnknown};
use crate::field::CodeList;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::{NaiveDate, NaiveTime};

form! {
    /// The worst neurologic findings of one calendar day from which its grade of ICANS is derived; also the baseline before the infusion.
    IcansDay {
        name: "icans_day", path: "icans-days", version: 1, label: ("ICANS day", "ICANS每日评估"),
        source: "catalogue G4 ICE, ICN, D2", key: &["patient_id", "infusion_number", "assessment_date"], parent: Infusion, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// The day assessed.
    assessment_date: NaiveDate, mandatory, ("Date", "日期");
    /// Time of the worst ICE assessment.
    assessment_time: NaiveTime, optional, ("Time", "时间");
    /// Orientation to year, month, city and hospital, one point each.
    ice_orientation: IceOrientation, required, ("ICE orientation", "ICE定向");
    /// Naming three objects, one point each.
    ice_naming: IceNaming, required, ("ICE naming", "ICE命名");
    /// Following a simple command.
    ice_commands: IcePoint, required, ("ICE commands", "ICE遵循指令");
    /// Writing a standard sentence.
    ice_writing: IcePoint, required, ("ICE writing", "ICE书写");
    /// Counting backwards from 100 by 10.
    ice_attention: IcePoint, required, ("ICE attention", "ICE注意力");
    /// Depressed level of consciousness, not due to sedation or another cause.
    consciousness: Consciousness, required, ("Consciousness", "意识水平");
    /// Seizure.
    seizure: Seizure, required, ("Seizure", "癫痫发作");
    /// Motor finding; tremor and myoclonus do not count.
    motor: MotorFinding, required, ("Motor finding", "运动症状");
    /// Raised intracranial pressure or cerebral edema; hemorrhage is recorded but not graded as ICANS.
    intracranial_pressure: IntracranialPressure, required, ("Intracranial pressure", "颅内压");
    /// Awake with global aphasia: an ICE score of 0 is then grade 3.
    global_aphasia: YesNoUnknown, optional, ("Global aphasia", "完全性失语");
    /// Imaging of the head done that day.
    imaging: CodeList<HeadImaging>, optional, ("Imaging of the head", "头颅影像学检查");
    /// ASTCT grade of the day as reported; 0 is no ICANS.
    reported_grade: IcansGrade, optional, ("Reported grade", "报告分级");
    /// Sum of the five parts of ICE.
    ice_total: IceScore, computed, ("ICE score", "ICE评分");
}

rules! {
    /// G6 R10: an unarousable patient cannot perform ICE.
    ICE_OF_UNAROUSABLE = hard("icans_day.ice_of_unarousable", "the patient is unarousable but has ICE points", "患者无法唤醒但ICE评分大于0");
    /// G6 R11: ICE 0 and unarousable is grade 4.
    GRADE_OF_UNAROUSABLE = soft("icans_day.grade_of_unarousable", "an unarousable patient has grade 4", "无法唤醒的患者应为4级");
    /// G6 R11: ICE 0, awake with global aphasia is grade 3.
    GRADE_OF_APHASIA = soft("icans_day.grade_of_aphasia", "ICE 0 in an awake patient with global aphasia is grade 3", "清醒且完全性失语、ICE评分0分应为3级");
    /// G6 R12: the grade is at least what ICE implies.
    GRADE_BELOW_ICE = soft("icans_day.grade_below_ice", "the reported grade is below what the ICE score implies", "报告分级低于ICE评分对应的分级");
}

impl Checks for IcansDay {
    fn compute(&mut self) {
        self.ice_total = self.parts().and_then(|parts| IceScore::new(parts.iter().sum()));
    }

    fn check(&self, _: Context, findings: &mut Findings) {
        let unarousable = self.consciousness == Some(Consciousness::Unarousable);
        if let Some(total) = self.points().filter(|points| *points > 0 && unarousable) {
            findings.at(&ICE_OF_UNAROUSABLE, "ice_total", Some(total.to_string()), Some("0".to_owned()));
        }
        let Some(grade) = self.reported_grade.map(IcansGrade::get) else { return };
        let total = self.ice_total.map(IceScore::get);
        let aphasia = total == Some(0)
            && self.consciousness == Some(Consciousness::Awake)
            && self.global_aphasia == Some(YesNoUnknown::Yes);
        let implied = total.map_or(0, grade_of_ice);
        let (rule, expected) = if unarousable && grade < 4 {
            (&GRADE_OF_UNAROUSABLE, "4, or 5".to_owned())
        } else if aphasia && (grade < 3 || (grade == 4 && !self.grade_4_finding())) {
            (&GRADE_OF_APHASIA, "3".to_owned())
        } else if grade < implied {
            (&GRADE_BELOW_ICE, format!("at least {implied}"))
        } else {
            return;
        };
        findings.at(rule, "reported_grade", Some(grade.to_string()), Some(expected));
    }
}

/// Grade that an ICE score implies in an arousable patient (4.2.1).
fn grade_of_ice(total: i32) -> i32 {
    match total {
        10.. => 0,
        7..=9 => 1,
        3..=6 => 2,
        _ => 3,
    }
}

impl IcansDay {
    fn given(&self) -> [Option<i32>; 5] {
        [
            self.ice_orientation.map(IceOrientation::get),
            self.ice_naming.map(IceNaming::get),
            self.ice_commands.map(IcePoint::get),
            self.ice_writing.map(IcePoint::get),
            self.ice_attention.map(IcePoint::get),
        ]
    }

    /// The five parts, when all are known.
    fn parts(&self) -> Option<Vec<i32>> {
        self.given().into_iter().collect()
    }

    /// Points reached at least: the parts that are known.
    fn points(&self) -> Option<i32> {
        let known: Vec<i32> = self.given().into_iter().flatten().collect();
        (!known.is_empty()).then(|| known.iter().sum())
    }

    /// A finding other than ICE and consciousness that is grade 4 by itself.
    fn grade_4_finding(&self) -> bool {
        use IntracranialPressure::{Cn6Palsy, CushingTriad, DiffuseEdema, Papilledema, Posturing};
        matches!(self.seizure, Some(Seizure::Prolonged | Seizure::Repetitive))
            || self.motor == Some(MotorFinding::DeepFocalWeakness)
            || matches!(
                self.intracranial_pressure,
                Some(DiffuseEdema | Posturing | Cn6Palsy | Papilledema | CushingTriad)
            )
    }
}
