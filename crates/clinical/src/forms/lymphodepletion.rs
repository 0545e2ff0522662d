//! LDC: a course of lymphodepletion.

use crate::codes::{CourseNumber, InfusionNumber, PatientId, YesNoUnknown};
use crate::field::value_sets;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

value_sets! {
    /// Lymphodepletion regimen.
    Regimen "lymphodepletion_regimen" {
        Fc "FC" "Fludarabine and cyclophosphamide" "氟达拉滨联合环磷酰胺";
        Bendamustine "BENDA" "Bendamustine" "苯达莫司汀";
        Other "OTHER" "Other" "其他";
        None "NONE" "No lymphodepletion given" "未清淋";
    }
    /// Why a dose was adjusted.
    AdjustReason "lymphodepletion_adjust_reason" {
        Age "AGE" "Advanced age" "高龄";
        Crcl30 "CRCL30" "Creatinine clearance below 30 ml/min" "肌酐清除率低于30 ml/min";
        Ecog "ECOG" "Poor performance status" "体能状态差";
        Comorbidity "COMORB" "Comorbidity" "合并症";
    }
}

form! {
    /// A course of lymphodepletion before an infusion; a second course is possible.
    Lymphodepletion {
        name: "lymphodepletion", path: "lymphodepletions", version: 1, label: ("Lymphodepletion course", "清淋疗程"),
        source: "catalogue G3 LDC", key: &["patient_id", "infusion_number", "course_number"], parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion the course prepares.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Number of the course before that infusion.
    course_number: CourseNumber, mandatory, ("Course number", "疗程序号");
    /// Regimen.
    regimen: Regimen, required, ("Regimen", "方案");
    /// First day of the course.
    start_date: NaiveDate, required, ("First day", "开始日期");
    /// Day of the last dose.
    end_date: NaiveDate, required, ("Day of the last dose", "末次给药日期");
    /// Whether a dose was adjusted.
    adjusted: YesNoUnknown, optional, ("Dose adjusted", "剂量调整");
    /// Why it was adjusted.
    adjust_reason: AdjustReason, optional, ("Reason of the adjustment", "调整原因");
}

rules! {
    /// G6 R01: LD start <= LD end.
    END_BEFORE_START = hard("lymphodepletion.end_before_start", "the course ends before it starts", "清淋结束早于开始");
    /// A course is a matter of days.
    LONG_COURSE = soft("lymphodepletion.long_course", "the course lasts longer than 14 days", "清淋疗程超过14天");
    /// A reason without an adjustment.
    REASON_WITHOUT_ADJUSTMENT = hard("lymphodepletion.reason_without_adjustment", "a reason is given for an adjustment that was not made", "未调整剂量却给出调整原因");
    /// No regimen, but dates.
    DATES_WITHOUT_REGIMEN = hard("lymphodepletion.dates_without_regimen", "dates are given although no lymphodepletion was given", "未清淋却给出日期");
}

impl Checks for Lymphodepletion {
    fn check(&self, _: Context, findings: &mut Findings) {
        if let (Some(start), Some(end)) = (self.start_date, self.end_date) {
            if end < start {
                let expected = format!("{start} or later");
                findings.at(&END_BEFORE_START, "end_date", Some(end.to_string()), Some(expected));
            } else if (end - start).num_days() > 14 {
                findings.at(
                    &LONG_COURSE,
                    "end_date",
                    Some(end.to_string()),
                    Some("at most 14 days".to_owned()),
                );
            }
        }
        if self.adjusted != Some(YesNoUnknown::Yes)
            && let Some(reason) = self.adjust_reason
        {
            let expected = Some("adjusted Y, or no reason".to_owned());
            findings.at(
                &REASON_WITHOUT_ADJUSTMENT,
                "adjust_reason",
                Some(reason.code().to_owned()),
                expected,
            );
        }
        if self.regimen == Some(Regimen::None) {
            for (field, date) in [("start_date", self.start_date), ("end_date", self.end_date)] {
                if let Some(date) = date {
                    let expected = Some("no date; declare it missing with NA".to_owned());
                    findings.at(&DATES_WITHOUT_REGIMEN, field, Some(date.to_string()), expected);
                }
            }
        }
    }
}
