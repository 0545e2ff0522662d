//! IVG: a course of immunoglobulin replacement.

use crate::codes::PatientId;
use crate::codes::follow_up::{CourseDays, IgG, ImmunoglobulinDose, ImmunoglobulinDosePerKg};
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

form! {
    /// A course of immunoglobulin replacement: the same dose on one or several days.
    Immunoglobulin {
        name: "immunoglobulin", path: "immunoglobulins", version: 1, label: ("Immunoglobulin replacement", "免疫球蛋白替代"),
        source: "catalogue G5 IVG, D6", key: &["patient_id", "start_date"], parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// First day of the course.
    start_date: NaiveDate, mandatory, ("First day", "开始日期");
    /// Dose of one day.
    dose_g: ImmunoglobulinDose, optional, ("Dose per day", "每日剂量");
    /// Days on which the dose was given.
    days: CourseDays, optional, ("Days", "天数");
    /// Dose of one day per body weight.
    dose_mg_kg: ImmunoglobulinDosePerKg, optional, ("Dose per body weight", "按体重剂量");
    /// IgG before the course.
    igg_before_g_l: IgG, optional, ("IgG before", "输注前IgG"), soft 0.0..=30.0;
}

rules! {
    /// 3.6(4) doses by weight, 4.6 by gram: one of them is needed.
    DOSE_REQUIRED = hard("immunoglobulin.dose_required", "neither dose is given; if it is not known, give a missing code", "未填写剂量；若未知请填写缺失代码");
    /// 4.6: 5 g on 3 days.
    DAYS_EXPECTED = soft("immunoglobulin.days_expected", "a dose in grams is given without the number of days", "填写了每日剂量但未填写天数");
    /// A course without immunoglobulin.
    DOSE_ZERO = hard("immunoglobulin.dose_zero", "the dose is 0", "剂量为0");
}

impl Checks for Immunoglobulin {
    fn check(&self, _: Context, findings: &mut Findings) {
        let declared = ["dose_g", "dose_mg_kg"].iter().any(|f| self.missing.get(f).is_some());
        match self.dose_g.map(ImmunoglobulinDose::get) {
            None if self.dose_mg_kg.is_none() && !declared => {
                findings.at(&DOSE_REQUIRED, "dose_g", None, Some("dose_g or dose_mg_kg".to_owned()));
            }
            Some(dose) if dose <= 0.0 => {
                findings.at(&DOSE_ZERO, "dose_g", Some(dose.to_string()), Some("more than 0".to_owned()));
            }
            Some(_) if self.days.is_none() && self.missing.get("days").is_none() => {
                findings.at(&DAYS_EXPECTED, "days", None, Some("1 to 31".to_owned()));
            }
            _ => {}
        }
    }
}
