//! MED: a drug and how it was given.

use crate::codes::treatment::{
    AtcCode, DaysPerWeek, DoseUnit, Drug, DrugAmount, DrugIndication, Frequency, MedicationNumber, Route,
};
use crate::codes::{InfusionNumber, Name, PatientId, WeightKg};
use crate::criteria::compare::above;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::moment::Moment;
use crate::rule::rules;
use chrono::{NaiveDate, NaiveTime};

form! {
    /// A drug given before or after an infusion, with one dose and schedule; another dose is another record.
    Medication {
        name: "medication", path: "medications", version: 1, label: ("Medication", "用药"),
        source: "catalogue G3 MED", key: &["patient_id", "medication_number"], parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the exposure of the patient, made by the center.
    medication_number: MedicationNumber, mandatory, ("Exposure number", "用药序号");
    /// Drug.
    drug: Drug, required, ("Drug", "药物");
    /// Why it was given.
    indication: DrugIndication, required, ("Indication", "用药指征");
    /// First day.
    start_date: NaiveDate, required, ("First day", "开始日期");
    /// Time of the first dose.
    start_time: NaiveTime, optional, ("Time of the first dose", "首次给药时间");
    /// Last day; empty while the drug is being given.
    end_date: NaiveDate, optional, ("Last day", "结束日期");
    /// Time of the last dose.
    end_time: NaiveTime, optional, ("Time of the last dose", "末次给药时间");
    /// The drug is still being given.
    ongoing: bool, optional, ("Ongoing", "是否持续");
    /// One dose, in the unit of the record.
    dose_value: DrugAmount, conditional, ("Dose", "单次剂量"), when drug in ["TOCILIZUMAB", "DEXAMETHASONE", "METHYLPREDNISOLONE", "PREDNISONE", "HYDROCORTISONE", "ANAKINRA", "G_CSF", "IVIG", "FLUDARABINE", "CYCLOPHOSPHAMIDE", "BENDAMUSTINE"];
    /// Unit of the dose; it is never assumed.
    dose_unit: DoseUnit, conditional, ("Unit", "剂量单位"), when drug in ["TOCILIZUMAB", "DEXAMETHASONE", "METHYLPREDNISOLONE", "PREDNISONE", "HYDROCORTISONE", "ANAKINRA", "G_CSF", "IVIG", "FLUDARABINE", "CYCLOPHOSPHAMIDE", "BENDAMUSTINE"];
    /// How the drug was given.
    route: Route, optional, ("Route", "给药途径");
    /// How often on a day of treatment.
    frequency: Frequency, optional, ("Frequency", "给药频次");
    /// Days of a week with the drug; empty when it is given every day.
    days_per_week: DaysPerWeek, optional, ("Days per week", "每周给药天数");
    /// Body weight by which the dose was reckoned.
    weight_kg: WeightKg, optional, ("Body weight", "体重"), soft 35.0..=150.0;
    /// Number of the infusion the exposure belongs to, where there is one.
    infusion_number: InfusionNumber, optional, ("Infusion number", "输注序号");
    /// Name of a drug that is not in the list, or the product given.
    drug_name: Name, conditional, ("Name of the drug", "药物名称"), when drug in ["OTHER"];
    /// ATC code.
    atc_code: AtcCode, optional, ("ATC code", "ATC编码");
}

rules! {
    /// G3: start <= end.
    END_BEFORE_START = hard("medication.end_before_start", "the drug ends before it starts", "用药结束早于开始");
    /// G3: a drug that is going on has not ended.
    ONGOING_WITH_END = hard("medication.ongoing_with_end", "the drug is ongoing but has a last day", "持续用药却填写了结束日期");
    /// A time of day belongs to a day.
    TIME_WITHOUT_DATE = hard("medication.time_without_date", "a time of day is given without its day", "填写了时间但未填写日期");
    /// A number means nothing without its unit.
    DOSE_WITHOUT_UNIT = hard("medication.dose_without_unit", "a dose is given without its unit", "填写了剂量但未填写单位");
    /// G3: <= 1600 mg.
    TOCILIZUMAB_POSSIBLE = hard("medication.tocilizumab_possible", "a single dose of tocilizumab is at most 1600 mg", "托珠单抗单次剂量超过1600 mg");
    /// G6 R23, 4.1.2: <= 800 mg.
    TOCILIZUMAB_PLAUSIBLE = soft("medication.tocilizumab_plausible", "a single dose of tocilizumab is usually at most 800 mg; confirm", "托珠单抗单次剂量超过800 mg，请确认");
    /// Three times the highest dose of 4.5.2.
    G_CSF_POSSIBLE = hard("medication.g_csf_possible", "the daily dose of G-CSF is at most 30 µg/kg", "G-CSF日剂量超过30 µg/kg");
    /// 4.5.2: 5, then 10 µg/kg a day.
    G_CSF_PLAUSIBLE = soft("medication.g_csf_plausible", "the daily dose of G-CSF is usually at most 12 µg/kg; confirm", "G-CSF日剂量超过12 µg/kg，请确认");
}

/// Usual and possible single dose of tocilizumab, mg (4.1.2, G3).
const TOCILIZUMAB_MG: (f64, f64) = (800.0, 1600.0);
/// Usual and possible daily dose of G-CSF, µg/kg.
const G_CSF_UG_KG: (f64, f64) = (12.0, 30.0);

impl Checks for Medication {
    fn check(&self, _: Context, findings: &mut Findings) {
        self.check_times(findings);
        let Some(dose) = self.dose_value.map(DrugAmount::get) else { return };
        let Some(unit) = self.dose_unit else {
            let units: Vec<&str> = DoseUnit::ALL.iter().map(|u| u.code()).collect();
            findings.at(&DOSE_WITHOUT_UNIT, "dose_unit", None, Some(units.join(", ")));
            return;
        };
        let weight = self.weight_kg.map(WeightKg::get);
        let (amount, (usual, possible), soft, hard, unit_name) = match self.drug {
            Some(Drug::Tocilizumab) => (
                unit.milligrams(dose, weight),
                TOCILIZUMAB_MG,
                &TOCILIZUMAB_PLAUSIBLE,
                &TOCILIZUMAB_POSSIBLE,
                "mg",
            ),
            Some(Drug::GCsf) => {
                let doses = self.frequency.map_or(1.0, Frequency::doses_per_day);
                let daily = unit.micrograms_per_kg(dose, weight).map(|one| one * doses);
                (daily, G_CSF_UG_KG, &G_CSF_PLAUSIBLE, &G_CSF_POSSIBLE, "µg/kg a day")
            }
            _ => return,
        };
        // A dose that depends on a weight nobody gave cannot be judged.
        let Some(amount) = amount else { return };
        let (rule, limit) = if above(amount, possible) {
            (hard, possible)
        } else if above(amount, usual) {
            (soft, usual)
        } else {
            return;
        };
        let received = Some(format!("{dose} {}", unit.code()));
        findings.at(rule, "dose_value", received, Some(format!("at most {limit} {unit_name}")));
    }
}

impl Medication {
    fn check_times(&self, findings: &mut Findings) {
        let times =
            [("start_date", self.start_date, self.start_time), ("end_date", self.end_date, self.end_time)];
        for (field, date, time) in times {
            if date.is_none() && time.is_some() {
                findings.at(&TIME_WITHOUT_DATE, field, None, Some("the day of the time given".to_owned()));
            }
        }
        let start = Moment::new(self.start_date, self.start_time);
        let end = Moment::new(self.end_date, self.end_time);
        if let (Some(start), Some(end)) = (start, end)
            && end.surely_before(start)
        {
            let expected = Some(format!("{} or later", start.date));
            findings.at(&END_BEFORE_START, "end_date", Some(end.date.to_string()), expected);
        }
        if self.ongoing == Some(true)
            && let Some(end) = self.end_date
        {
            let expected = Some("no last day, or ongoing false".to_owned());
            findings.at(&ONGOING_WITH_END, "end_date", Some(end.to_string()), expected);
        }
    }
}
