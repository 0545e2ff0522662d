//! ICAHT: the grade of hematotoxicity as the center reports it.

use crate::codes::events::{EarlyDays, IcahtGrade};
use crate::codes::{InfusionNumber, PatientId};
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

form! {
    /// Immune effector cell-associated hematotoxicity as the center reports it; the registry derives its own grade from neutrophil counts.
    Icaht {
        name: "icaht", path: "icaht-assessments", version: 1, label: ("ICAHT", "ICAHT评估"),
        source: "catalogue G4 ICAHT, D5", key: &["patient_id", "infusion_number", "assessment_date"], parent: Infusion, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Day on which the grade was given.
    assessment_date: NaiveDate, mandatory, ("Date", "日期");
    /// Grade of day 0 to 30; 0 is none.
    reported_early_grade: IcahtGrade, optional, ("Early grade", "早期分级");
    /// Grade after day 30; 0 is none.
    reported_late_grade: IcahtGrade, optional, ("Late grade", "晚期分级");
    /// Days of day 0 to 30 with at most 500 neutrophils per uL.
    days_anc_500: EarlyDays, optional, ("Days with ANC at most 500/uL", "ANC≤500/μL天数");
    /// Days of day 0 to 30 with at most 100 neutrophils per uL.
    days_anc_100: EarlyDays, optional, ("Days with ANC at most 100/uL", "ANC≤100/μL天数");
    /// Days of day 0 to 30 whose count was interpolated.
    days_interpolated: EarlyDays, optional, ("Days interpolated", "插值天数");
}

rules! {
    /// An assessment without a grade says nothing.
    GRADE_REQUIRED = hard("icaht.grade_required", "neither the early nor the late grade is given; if there is none, give a missing code", "未填写早期或晚期分级；若无请填写缺失代码");
    /// A count of at most 100 is one of at most 500.
    DAYS_NESTED = hard("icaht.days_nested", "more days are counted at 100/uL than at 500/uL", "ANC≤100/μL天数多于ANC≤500/μL天数");
    /// D5.1: a grade needs days at or below 500, and such days make a grade.
    GRADE_OF_DAYS = soft("icaht.grade_of_days", "the early grade and the days at or below 500/uL contradict each other", "早期分级与ANC≤500/μL天数不一致");
}

impl Checks for Icaht {
    fn check(&self, _: Context, findings: &mut Findings) {
        let declared =
            ["reported_early_grade", "reported_late_grade"].iter().any(|f| self.missing.get(f).is_some());
        if self.reported_early_grade.is_none() && self.reported_late_grade.is_none() && !declared {
            let expected = Some("0 to 4, or a missing code NK, NA, ND, PEND".to_owned());
            findings.at(&GRADE_REQUIRED, "reported_early_grade", None, expected);
        }
        let days_500 = self.days_anc_500.map(EarlyDays::get);
        if let (Some(at_500), Some(at_100)) = (days_500, self.days_anc_100.map(EarlyDays::get))
            && at_100 > at_500
        {
            let expected = Some(format!("at most {at_500}"));
            findings.at(&DAYS_NESTED, "days_anc_100", Some(at_100.to_string()), expected);
        }
        if let (Some(days), Some(grade)) = (days_500, self.reported_early_grade.map(IcahtGrade::get))
            && (days > 0) != (grade > 0)
        {
            let expected = Some(if days > 0 { "1 to 4" } else { "0" }.to_owned());
            findings.at(&GRADE_OF_DAYS, "reported_early_grade", Some(grade.to_string()), expected);
        }
    }
}
