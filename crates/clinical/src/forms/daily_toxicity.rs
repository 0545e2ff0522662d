//! CRD and ICE in their shortest form: one day's grades and the drugs given.

use crate::codes::{CrsGrade, IcansGrade, InfusionNumber, PatientId};
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

form! {
    /// One calendar day of toxicity assessment after an infusion: the day's highest grades and the drugs given against them.
    DailyToxicity {
        name: "daily_toxicity", path: "daily-toxicities", version: 1, label: ("Daily toxicity", "每日毒性"),
        source: "catalogue G4 CRD, ICN, ICE", key: &["patient_id", "infusion_number", "assessment_date"],
        parent: Infusion, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// The day assessed.
    assessment_date: NaiveDate, mandatory, ("Date", "日期");
    /// ASTCT grade of CRS of that day as reported; 0 is no CRS, not an unassessed day.
    crs_grade: CrsGrade, required, ("CRS grade", "CRS分级");
    /// ASTCT grade of ICANS of that day as reported; 0 is no ICANS, not an unassessed day.
    icans_grade: IcansGrade, required, ("ICANS grade", "ICANS分级");
    /// Tocilizumab given that day.
    tocilizumab: bool, optional, ("Tocilizumab", "托珠单抗");
    /// Siltuximab given that day.
    siltuximab: bool, optional, ("Siltuximab", "司妥昔单抗");
    /// Corticosteroids given that day.
    steroids: bool, optional, ("Steroids", "糖皮质激素");
    /// Anakinra given that day.
    anakinra: bool, optional, ("Anakinra", "阿那白滞素");
}

rules! {
    /// A treatment without a toxicity to treat: real, but worth a look.
    DRUG_WITHOUT_TOXICITY = soft("daily_toxicity.drug_without_toxicity", "tocilizumab or siltuximab was given on a day with CRS and ICANS grade 0", "CRS和ICANS均为0级的当日使用了托珠单抗或司妥昔单抗");
}

impl Checks for DailyToxicity {
    fn check(&self, _: Context, findings: &mut Findings) {
        let none =
            self.crs_grade.is_some_and(|g| g.get() == 0) && self.icans_grade.is_some_and(|g| g.get() == 0);
        for (field, given) in [("tocilizumab", self.tocilizumab), ("siltuximab", self.siltuximab)] {
            if none && given == Some(true) {
                findings.at(&DRUG_WITHOUT_TOXICITY, field, Some("true".to_owned()), None);
            }
        }
    }
}
