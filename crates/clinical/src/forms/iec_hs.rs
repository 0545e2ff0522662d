//! IHS: an HLH-like syndrome after the infusion.

use crate::codes::events::{EpisodeGrade, Ferritin, FerritinLimit, Fibrinogen, Multiple, Triglycerides};
use crate::codes::toxicity::IecHsItem;
use crate::codes::{InfusionNumber, PatientId, YesNoUnknown};
use crate::field::CodeList;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::forms::chronology::in_order;
use crate::rule::rules;
use chrono::{NaiveDate, NaiveTime};

form! {
    /// A diagnosis of immune effector cell-associated HLH-like syndrome, with the findings it rests on.
    IecHs {
        name: "iec_hs", path: "iec-hs-episodes", version: 1, label: ("IEC-HS", "IEC-HS事件"),
        source: "catalogue G4 IHS, D3", key: &["patient_id", "infusion_number", "diagnosis_date"], parent: Infusion, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Day of the diagnosis.
    diagnosis_date: NaiveDate, mandatory, ("Date of diagnosis", "诊断日期");
    /// Time of the diagnosis.
    diagnosis_time: NaiveTime, optional, ("Time of diagnosis", "诊断时间");
    /// Highest grade as reported.
    grade: EpisodeGrade, required, ("Grade", "分级");
    /// Findings that are present beyond ferritin.
    items: CodeList<IecHsItem>, required, ("Findings", "符合项目");
    /// Highest ferritin within 3 days of the diagnosis.
    ferritin_ug_l: Ferritin, required, ("Ferritin", "铁蛋白"), soft 5.0..=50_000.0;
    /// Ferritin at infusion.
    ferritin_baseline_ug_l: Ferritin, optional, ("Ferritin at infusion", "回输时铁蛋白"), soft 5.0..=50_000.0;
    /// Upper reference limit of ferritin.
    ferritin_uln_ug_l: FerritinLimit, optional, ("Upper limit of ferritin", "铁蛋白参考上限");
    /// Ferritin rises rapidly in the judgement of the physician.
    ferritin_rising: YesNoUnknown, optional, ("Rapidly rising ferritin", "铁蛋白快速升高");
    /// Highest transaminase as a multiple of the reference: the upper limit, or the baseline when that was abnormal.
    transaminase_times_reference: Multiple, optional, ("Transaminases, multiple of the reference", "转氨酶/参考值倍数");
    /// Lowest fibrinogen.
    fibrinogen_g_l: Fibrinogen, optional, ("Fibrinogen", "纤维蛋白原");
    /// Highest fasting triglycerides.
    triglycerides_mmol_l: Triglycerides, optional, ("Fasting triglycerides", "空腹甘油三酯");
    /// Day on which the syndrome had resolved.
    end_date: NaiveDate, optional, ("End", "结束日期");
}

rules! {
    /// The syndrome does not end before it is found.
    END_BEFORE_DIAGNOSIS = hard("iec_hs.end_before_diagnosis", "the syndrome ends before it is diagnosed", "结束早于诊断");
    /// D3.1: ferritin is the required criterion.
    FERRITIN_CRITERION = soft("iec_hs.ferritin_criterion", "ferritin is neither above twice its reference or baseline nor rising rapidly", "铁蛋白未超过参考值或基线的2倍，也未快速升高");
    /// G6 R45: the transaminase item means more than 5 times the reference.
    TRANSAMINASE_ITEM = soft("iec_hs.transaminase_item", "the transaminase item is present, but the transaminases are at most 5 times the reference", "勾选了转氨酶项目，但转氨酶未超过参考值5倍");
    /// D3.1: below 1.5 g/L, or below the lower limit of the laboratory.
    FIBRINOGEN_ITEM = soft("iec_hs.fibrinogen_item", "the fibrinogen item is present, but fibrinogen is at least 1.5 g/L", "勾选了纤维蛋白原项目，但纤维蛋白原≥1.5 g/L");
    /// D3.1: above 265 mg/dL, 2.99 mmol/L.
    TRIGLYCERIDES_ITEM = soft("iec_hs.triglycerides_item", "the triglycerides item is present, but triglycerides are at most 2.99 mmol/L", "勾选了甘油三酯项目，但甘油三酯≤2.99 mmol/L");
}

impl Checks for IecHs {
    fn check(&self, _: Context, findings: &mut Findings) {
        let diagnosis = (Some(self.diagnosis_date), None);
        in_order(&END_BEFORE_DIAGNOSIS, "end_date", diagnosis, (self.end_date, None), findings);
        if let Some(ferritin) = self.ferritin_ug_l.map(Ferritin::get) {
            let references = [
                self.ferritin_uln_ug_l.map(FerritinLimit::get),
                self.ferritin_baseline_ug_l.map(Ferritin::get),
            ];
            let known = references.iter().flatten().count() > 0;
            let twice = references.iter().flatten().any(|reference| ferritin > 2.0 * reference);
            if known && !twice && self.ferritin_rising != Some(YesNoUnknown::Yes) {
                let expected = Some("more than 2 times the upper limit or the baseline".to_owned());
                findings.at(&FERRITIN_CRITERION, "ferritin_ug_l", Some(ferritin.to_string()), expected);
            }
        }
        let has = |item| self.items.as_ref().is_some_and(|items| items.contains(item));
        let items = [
            (
                IecHsItem::Transaminases,
                &TRANSAMINASE_ITEM,
                "transaminase_times_reference",
                self.transaminase_times_reference.map(Multiple::get).filter(|times| *times <= 5.0),
                "more than 5",
            ),
            (
                IecHsItem::Fibrinogen,
                &FIBRINOGEN_ITEM,
                "fibrinogen_g_l",
                self.fibrinogen_g_l.map(Fibrinogen::get).filter(|fibrinogen| *fibrinogen >= 1.5),
                "below 1.5, or below the lower limit",
            ),
            (
                IecHsItem::Triglycerides,
                &TRIGLYCERIDES_ITEM,
                "triglycerides_mmol_l",
                self.triglycerides_mmol_l.map(Triglycerides::get).filter(|level| *level <= 2.99),
                "more than 2.99",
            ),
        ];
        for (item, rule, field, contradicting, expected) in items {
            if let Some(value) = contradicting.filter(|_| has(item)) {
                findings.at(rule, field, Some(value.to_string()), Some(expected.to_owned()));
            }
        }
    }
}
