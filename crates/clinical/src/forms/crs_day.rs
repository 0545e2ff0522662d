//! CRD: what the grade of CRS of a day is derived from.

use crate::codes::events::{
    DopamineDose, EpinephrineDose, NorepinephrineDose, OxygenFlow, PhenylephrineDose, SystolicPressure,
    TemperatureC, VasopressinDose,
};
use crate::codes::toxicity::OxygenDevice;
use crate::codes::{CrsGrade, InfusionNumber, PatientId, YesNoUnknown};
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

form! {
    /// The worst findings of one calendar day from which its grade of CRS is derived.
    CrsDay {
        name: "crs_day", path: "crs-days", version: 1, label: ("CRS day", "CRS每日评估"),
        source: "catalogue G4 CRD, D1.1", key: &["patient_id", "infusion_number", "assessment_date"], parent: Infusion, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// The day assessed.
    assessment_date: NaiveDate, mandatory, ("Date", "日期");
    /// Highest body temperature of the day.
    temperature_c: TemperatureC, required, ("Highest temperature", "最高体温"), soft 36.0..=43.0;
    /// Fever of the day that is not due to another cause.
    fever_attributed: YesNoUnknown, required, ("Fever attributed to CRS", "CRS相关发热");
    /// Lowest systolic blood pressure of the day, in mmHg.
    sbp_min_mmhg: SystolicPressure, required, ("Lowest systolic pressure", "最低收缩压");
    /// Hypotension that is not due to another cause.
    hypotension: YesNoUnknown, required, ("Hypotension", "低血压");
    /// Whether any vasopressor or vasopressin was given.
    vasopressor_given: YesNoUnknown, required, ("Vasopressor given", "使用升压药");
    /// Highest dose of norepinephrine; left out when not given.
    norepinephrine_ug_min: NorepinephrineDose, optional, ("Norepinephrine", "去甲肾上腺素");
    /// Highest dose of dopamine; left out when not given.
    dopamine_ug_kg_min: DopamineDose, optional, ("Dopamine", "多巴胺");
    /// Highest dose of phenylephrine; left out when not given.
    phenylephrine_ug_min: PhenylephrineDose, optional, ("Phenylephrine", "去氧肾上腺素");
    /// Highest dose of epinephrine; left out when not given.
    epinephrine_ug_min: EpinephrineDose, optional, ("Epinephrine", "肾上腺素");
    /// Highest dose of vasopressin; left out when not given.
    vasopressin_u_min: VasopressinDose, optional, ("Vasopressin", "血管升压素");
    /// The most intensive way in which oxygen was given for hypoxia that is not due to another cause.
    oxygen_device: OxygenDevice, required, ("Oxygen device", "给氧方式");
    /// Highest oxygen flow with that device.
    oxygen_flow_l_min: OxygenFlow, conditional, ("Oxygen flow", "氧流量"),
        when oxygen_device in ["BLOW_BY", "NC_LOW", "NC_HIGH", "MASK", "NRB", "VENTURI"];
    /// Positive pressure was given to protect the airway only, without hypoxia; it is then not grade 4.
    airway_protection_only: YesNoUnknown, optional, ("Positive pressure for airway protection only", "仅为气道保护行正压通气");
    /// An antipyretic was given on this day or earlier in the episode; fever is then no longer needed for grading.
    antipyretic: YesNoUnknown, required, ("Antipyretic", "退热药");
    /// Tocilizumab, another anti-cytokine drug or a corticosteroid was given on this day or earlier in the episode.
    anti_cytokine: YesNoUnknown, required, ("Anti-cytokine drug or corticosteroid", "抗细胞因子药物或糖皮质激素");
    /// ASTCT grade of the day as reported; 0 is no CRS.
    reported_grade: CrsGrade, optional, ("Reported grade", "报告分级");
}

rules! {
    /// D1.1: fever is 38 degrees or more.
    FEVER_BELOW_38 = soft("crs_day.fever_below_38", "fever is attributed to CRS, but the temperature stayed below 38 degrees", "记录了CRS相关发热，但体温低于38℃");
    /// A dose of a drug that was not given.
    DOSE_WITHOUT_VASOPRESSOR = hard("crs_day.dose_without_vasopressor", "a vasopressor dose is given although no vasopressor was", "未使用升压药却填写了剂量");
    /// The grade depends on which and how many.
    DOSE_EXPECTED = soft("crs_day.dose_expected", "a vasopressor was given, but no dose is recorded", "使用了升压药但未填写任何剂量");
    /// A vasopressor treats hypotension.
    VASOPRESSOR_WITHOUT_HYPOTENSION = soft("crs_day.vasopressor_without_hypotension", "a vasopressor was given, but no hypotension is recorded", "使用了升压药但未记录低血压");
    /// Below 90 mmHg hypotension is expected.
    LOW_PRESSURE_WITHOUT_HYPOTENSION = soft("crs_day.low_pressure_without_hypotension", "the systolic pressure fell below 90 mmHg, but no hypotension is recorded", "收缩压低于90 mmHg但未记录低血压");
    /// Room air has no flow.
    FLOW_ON_ROOM_AIR = hard("crs_day.flow_on_room_air", "an oxygen flow is given on room air", "室内空气状态下填写了氧流量");
    /// D1.1: low flow is at most 6 L/min, high flow above; the boundary divides grades 2 and 3.
    FLOW_OF_DEVICE = soft("crs_day.flow_of_device", "the flow does not fit the device: low flow is at most 6 L/min, high flow above", "氧流量与给氧方式不符：低流量≤6 L/min，高流量>6 L/min");
}

/// Highest flow of a low-flow cannula, in L/min (4.1.1 footnote).
const LOW_FLOW: f64 = 6.0;

impl Checks for CrsDay {
    fn check(&self, _: Context, findings: &mut Findings) {
        let yes = |answer: Option<YesNoUnknown>| answer == Some(YesNoUnknown::Yes);
        let no = |answer: Option<YesNoUnknown>| answer == Some(YesNoUnknown::No);
        if let Some(temperature) = self.temperature_c.filter(|t| t.get() < 38.0)
            && yes(self.fever_attributed)
            && !yes(self.antipyretic)
            && !yes(self.anti_cytokine)
        {
            let expected = Some("at least 38".to_owned());
            findings.at(&FEVER_BELOW_38, "temperature_c", Some(temperature.get().to_string()), expected);
        }
        if no(self.hypotension) && yes(self.vasopressor_given) {
            findings.at(&VASOPRESSOR_WITHOUT_HYPOTENSION, "hypotension", Some("N".to_owned()), None);
        }
        if let Some(pressure) = self.sbp_min_mmhg.filter(|p| p.get() < 90)
            && no(self.hypotension)
        {
            let received = Some(pressure.get().to_string());
            findings.at(&LOW_PRESSURE_WITHOUT_HYPOTENSION, "sbp_min_mmhg", received, None);
        }
        self.check_doses(findings);
        self.check_oxygen(findings);
    }
}

impl CrsDay {
    /// Name and highest dose of each vasopressor; vasopressin last.
    pub fn doses(&self) -> [(&'static str, Option<f64>); 5] {
        [
            ("norepinephrine_ug_min", self.norepinephrine_ug_min.map(NorepinephrineDose::get)),
            ("dopamine_ug_kg_min", self.dopamine_ug_kg_min.map(DopamineDose::get)),
            ("phenylephrine_ug_min", self.phenylephrine_ug_min.map(PhenylephrineDose::get)),
            ("epinephrine_ug_min", self.epinephrine_ug_min.map(EpinephrineDose::get)),
            ("vasopressin_u_min", self.vasopressin_u_min.map(VasopressinDose::get)),
        ]
    }

    fn check_doses(&self, findings: &mut Findings) {
        let given =
            self.doses().into_iter().filter_map(|(f, dose)| dose.filter(|d| *d > 0.0).map(|d| (f, d)));
        match self.vasopressor_given {
            Some(YesNoUnknown::No) => {
                for (field, dose) in given {
                    let expected = Some("no dose, or vasopressor_given Y".to_owned());
                    findings.at(&DOSE_WITHOUT_VASOPRESSOR, field, Some(dose.to_string()), expected);
                }
            }
            Some(YesNoUnknown::Yes) => {
                let declared = self.doses().iter().any(|(f, _)| self.missing.get(f).is_some());
                if given.count() == 0 && !declared {
                    findings.at(&DOSE_EXPECTED, "vasopressor_given", Some("Y".to_owned()), None);
                }
            }
            _ => {}
        }
    }

    fn check_oxygen(&self, findings: &mut Findings) {
        let (Some(device), Some(flow)) = (self.oxygen_device, self.oxygen_flow_l_min.map(OxygenFlow::get))
        else {
            return;
        };
        let received = Some(flow.to_string());
        match device {
            OxygenDevice::RoomAir if flow > 0.0 => {
                let expected = Some("no flow on room air".to_owned());
                findings.at(&FLOW_ON_ROOM_AIR, "oxygen_flow_l_min", received, expected);
            }
            OxygenDevice::LowFlowCannula if flow > LOW_FLOW => {
                findings.at(&FLOW_OF_DEVICE, "oxygen_flow_l_min", received, Some("at most 6".to_owned()));
            }
            OxygenDevice::HighFlowCannula if flow <= LOW_FLOW => {
                findings.at(&FLOW_OF_DEVICE, "oxygen_flow_l_min", received, Some("more than 6".to_owned()));
            }
            _ => {}
        }
    }
}
