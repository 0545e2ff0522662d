//! PHC: a stem-cell transplantation before CAR-T cells.

use crate::codes::treatment::{TransplantNumber, TransplantType};
use crate::codes::{PatientId, YesNoUnknown};
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::partial_date::PartialDate;
use crate::rule::rules;

form! {
    /// A stem-cell transplantation before apheresis.
    PriorHct {
        name: "prior_hct", path: "prior-hcts", version: 1, label: ("Prior stem-cell transplantation", "既往造血干细胞移植"),
        source: "catalogue G2 PHC", key: &["patient_id", "hct_number"], parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the transplantation, consecutive from 1.
    hct_number: TransplantNumber, mandatory, ("Transplantation", "移植序号");
    /// Autologous or allogeneic.
    hct_type: TransplantType, required, ("Type", "移植类型");
    /// Day the graft was given, as precisely as known.
    hct_date: PartialDate, required, ("Date", "移植日期");
    /// Active graft-versus-host disease at apheresis.
    gvhd_active: YesNoUnknown, conditional, ("Active GVHD", "活动性GVHD"), when hct_type in ["ALLO"];
    /// Immunosuppression for graft-versus-host disease at apheresis.
    immunosuppression: YesNoUnknown, conditional, ("Immunosuppression", "免疫抑制治疗"), when hct_type in ["ALLO"];
}

rules! {
    /// The graft is the patient's own.
    GVHD_AFTER_AUTOLOGOUS = soft("prior_hct.gvhd_after_autologous", "graft-versus-host disease is reported after an autologous transplantation", "自体移植后报告活动性GVHD");
}

impl Checks for PriorHct {
    fn check(&self, _: Context, findings: &mut Findings) {
        if self.hct_type == Some(TransplantType::Autologous) && self.gvhd_active == Some(YesNoUnknown::Yes) {
            let expected = Some("N, or hct_type ALLO".to_owned());
            findings.at(&GVHD_AFTER_AUTOLOGOUS, "gvhd_active", Some("Y".to_owned()), expected);
        }
    }
}
