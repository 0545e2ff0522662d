//! LDD: a lymphodepletion drug on one day of a course.

use crate::codes::treatment::{CourseDay, LymphodepletionAmount, LymphodepletionDrug, LymphodepletionUnit};
use crate::codes::{CourseNumber, InfusionNumber, PatientId, YesNoUnknown};
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::{NaiveDate, NaiveTime};

form! {
    /// A drug on one day of a lymphodepletion course: the total of the day.
    LymphodepletionDose {
        name: "lymphodepletion_dose", path: "lymphodepletion-doses", version: 1, label: ("Lymphodepletion dose", "清淋用药"),
        source: "catalogue G3 LDD", key: &["patient_id", "infusion_number", "course_number", "drug", "course_day"],
        parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion the course prepares.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Number of the course before that infusion.
    course_number: CourseNumber, mandatory, ("Course number", "疗程序号");
    /// Drug.
    drug: LymphodepletionDrug, mandatory, ("Drug", "药物");
    /// Day of the course, 1 for its first; not a day relative to the infusion.
    course_day: CourseDay, mandatory, ("Day of the course", "疗程日");
    /// Whether it was given.
    given: YesNoUnknown, required, ("Given", "是否给药");
    /// Total of the day, in the unit of the record.
    dose_value: LymphodepletionAmount, conditional, ("Dose", "剂量"), when given in ["Y"];
    /// Unit of the dose; it is never assumed.
    dose_unit: LymphodepletionUnit, conditional, ("Unit", "剂量单位"), when given in ["Y"];
    /// Calendar day of the dose.
    dose_date: NaiveDate, optional, ("Date", "给药日期");
    /// Time at which it was started.
    start_time: NaiveTime, optional, ("Time", "给药时间");
}

rules! {
    /// G3: 0-200, 0-5000, 0-200 mg/m².
    DOSE_POSSIBLE = hard("lymphodepletion_dose.dose_possible", "the dose is outside the possible range of the drug", "剂量超出该药物的可能范围");
    /// 1.5.2: fludarabine 25-30, cyclophosphamide 250-500, bendamustine 70-90 mg/m².
    DOSE_PLAUSIBLE = soft("lymphodepletion_dose.dose_plausible", "the dose is outside the guideline's range for the drug; confirm", "剂量超出指南推荐范围，请确认");
    /// Doses of these drugs are by body surface.
    UNIT_UNUSUAL = soft("lymphodepletion_dose.unit_unusual", "the dose of this drug is usually per body surface; confirm the unit", "该药物通常按体表面积给药，请确认单位");
    /// A dose of a drug that was not given.
    NOT_GIVEN = hard("lymphodepletion_dose.not_given", "a dose is given in the record although the drug was not given", "未给药却填写了剂量");
    /// A number means nothing without its unit.
    DOSE_WITHOUT_UNIT = hard("lymphodepletion_dose.dose_without_unit", "a dose is given without its unit", "填写了剂量但未填写单位");
}

/// Highest possible, lowest and highest usual dose, mg/m² (G3, 1.5.2).
fn limits(drug: LymphodepletionDrug) -> Option<(f64, f64, f64)> {
    match drug {
        LymphodepletionDrug::Fludarabine => Some((200.0, 25.0, 30.0)),
        LymphodepletionDrug::Cyclophosphamide => Some((5000.0, 250.0, 500.0)),
        LymphodepletionDrug::Bendamustine => Some((200.0, 70.0, 90.0)),
        LymphodepletionDrug::Other => None,
    }
}

impl Checks for LymphodepletionDose {
    fn check(&self, _: Context, findings: &mut Findings) {
        let Some(dose) = self.dose_value.map(LymphodepletionAmount::get) else { return };
        let received = Some(dose.to_string());
        if self.given == Some(YesNoUnknown::No) {
            findings.at(&NOT_GIVEN, "dose_value", received, Some("no dose, or given Y".to_owned()));
            return;
        }
        let Some(unit) = self.dose_unit else {
            let units: Vec<&str> = LymphodepletionUnit::ALL.iter().map(|u| u.code()).collect();
            findings.at(&DOSE_WITHOUT_UNIT, "dose_unit", None, Some(units.join(", ")));
            return;
        };
        let Some((possible, low, high)) = limits(self.drug) else { return };
        if unit != LymphodepletionUnit::MgPerM2 {
            let expected = Some(LymphodepletionUnit::MgPerM2.code().to_owned());
            findings.at(&UNIT_UNUSUAL, "dose_unit", Some(unit.code().to_owned()), expected);
        } else if dose > possible {
            let expected = Some(format!("at most {possible} mg/m²"));
            findings.at(&DOSE_POSSIBLE, "dose_value", received, expected);
        } else if !(low..=high).contains(&dose) {
            let expected = Some(format!("usually {low} to {high} mg/m²"));
            findings.at(&DOSE_PLAUSIBLE, "dose_value", received, expected);
        }
    }
}
