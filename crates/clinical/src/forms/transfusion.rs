//! BLD: a transfusion.

use crate::codes::events::{BloodUnits, SequenceNumber};
use crate::codes::{InfusionNumber, PatientId, YesNoUnknown};
use crate::field::value_sets;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

value_sets! {
    /// Blood component.
    BloodComponent "blood_component" {
        RedCells "PRBC" "Packed red blood cells" "悬浮红细胞"; Platelets "PLT" "Platelets" "血小板";
        Plasma "FFP" "Fresh frozen plasma" "新鲜冰冻血浆"; Cryoprecipitate "CRYO" "Cryoprecipitate" "冷沉淀";
    }
}

form! {
    /// A transfusion from the week before apheresis on. It belongs to the infusion it precedes or follows.
    Transfusion {
        name: "transfusion", path: "transfusions", version: 1, label: ("Transfusion", "输血"),
        source: "catalogue G4 BLD, D5.3", key: &["patient_id", "infusion_number", "transfusion_date", "component", "sequence_number"],
        parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion it precedes or follows.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Day of the transfusion.
    transfusion_date: NaiveDate, mandatory, ("Date", "日期");
    /// Component.
    component: BloodComponent, mandatory, ("Component", "血液成分");
    /// Number of the transfusion among those of the same day and component.
    sequence_number: SequenceNumber, mandatory, ("Sequence number", "序号");
    /// Units transfused.
    units: BloodUnits, optional, ("Units", "单位数");
    /// Irradiated.
    irradiated: YesNoUnknown, optional, ("Irradiated", "辐照");
    /// Leukocytes reduced.
    leukoreduced: YesNoUnknown, optional, ("Leukoreduced", "去除白细胞");
}

rules! {
    /// 4.5.2: irradiated or leukocyte-reduced around CAR-T; plasma products hold no cells to worry about.
    NOT_TREATED = soft("transfusion.not_treated", "red cells or platelets were neither irradiated nor leukoreduced; confirm", "红细胞或血小板既未辐照也未去除白细胞，请确认");
}

impl Checks for Transfusion {
    fn check(&self, _: Context, findings: &mut Findings) {
        let cellular = matches!(self.component, BloodComponent::RedCells | BloodComponent::Platelets);
        let no = Some(YesNoUnknown::No);
        if cellular && self.irradiated == no && self.leukoreduced == no {
            findings.at(
                &NOT_TREATED,
                "irradiated",
                Some("N".to_owned()),
                Some("Y, or leukoreduced Y".to_owned()),
            );
        }
    }
}
