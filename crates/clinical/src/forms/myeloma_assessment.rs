//! The components of a myeloma response (IMWG).

use crate::codes::assessment::PosNeg;
use crate::codes::follow_up::{
    Calcium, Creatinine, FlcRatio, FreeLightChain, Hemoglobin, PlasmaCellCount, ProductSum, SerumMProtein,
    Timepoint, UrineMProtein,
};
use crate::codes::{InfusionNumber, PatientId, Percent, YesNoUnknown};
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

form! {
    /// What a response of myeloma is derived from, at baseline and after the infusion. A component that was not looked at is left out.
    MyelomaAssessment {
        name: "myeloma_assessment", path: "myeloma-assessments", version: 1, label: ("Myeloma assessment", "骨髓瘤评估"),
        source: "catalogue G5 RSP components, C1", key: &["patient_id", "infusion_number", "assessment_date"],
        parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion it precedes or follows.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Day of the assessment.
    assessment_date: NaiveDate, mandatory, ("Date of assessment", "评估日期");
    /// Baseline, the last before lymphodepletion, or after the infusion.
    timepoint: Timepoint, required, ("Timepoint", "评估时点");
    /// M-protein in serum by electrophoresis; 0 when not detectable.
    serum_m_protein_g_l: SerumMProtein, required, ("Serum M-protein", "血清M蛋白");
    /// M-protein in urine by electrophoresis; 0 when not detectable.
    urine_m_protein_mg_24h: UrineMProtein, optional, ("Urine M-protein", "24小时尿M蛋白");
    /// Free kappa light chain in serum.
    flc_kappa_mg_l: FreeLightChain, optional, ("Free kappa", "游离κ轻链");
    /// Free lambda light chain in serum.
    flc_lambda_mg_l: FreeLightChain, optional, ("Free lambda", "游离λ轻链");
    /// Ratio of free kappa to free lambda as reported.
    flc_ratio: FlcRatio, optional, ("Free light chain ratio", "游离轻链比值");
    /// Immunofixation of serum.
    serum_ife: PosNeg, optional, ("Serum immunofixation", "血清免疫固定电泳");
    /// Immunofixation of urine.
    urine_ife: PosNeg, optional, ("Urine immunofixation", "尿免疫固定电泳");
    /// A therapeutic antibody may explain the band of the immunofixation.
    mab_interference: YesNoUnknown, optional, ("Antibody interference", "单抗药物干扰");
    /// Plasma cells of the marrow.
    marrow_plasma_cell_percent: Percent, optional, ("Marrow plasma cells", "骨髓浆细胞比例");
    /// Clonal plasma cells in the marrow by immunohistochemistry, counting at least 100 plasma cells.
    marrow_clonal: YesNoUnknown, optional, ("Clonal plasma cells in the marrow", "骨髓克隆性浆细胞（免疫组化）");
    /// Sum of the products of the diameters of measured plasmacytomas; 0 when they are gone.
    plasmacytoma_spd_mm2: ProductSum, optional, ("Plasmacytomas, sum of products", "浆细胞瘤SPD");
    /// New plasmacytoma.
    plasmacytoma_new: YesNoUnknown, optional, ("New plasmacytoma", "新发浆细胞瘤");
    /// New bone lesion; an osteoporotic fracture does not count.
    bone_lesion_new: YesNoUnknown, optional, ("New bone lesion", "新发骨病变");
    /// Circulating plasma cells.
    circulating_plasma_cells_ul: PlasmaCellCount, optional, ("Circulating plasma cells", "循环浆细胞");
    /// Calcium in serum.
    calcium_mmol_l: Calcium, optional, ("Calcium", "血钙"), soft 1.5..=3.5;
    /// Hemoglobin.
    hb_g_l: Hemoglobin, optional, ("Hemoglobin", "血红蛋白"), soft 40.0..=180.0;
    /// Creatinine in serum.
    creatinine_umol_l: Creatinine, optional, ("Creatinine", "肌酐"), soft 20.0..=500.0;
}

rules! {
    /// G6 R44: the ratio is consistent with its parts within 5 %.
    FLC_RATIO = hard("myeloma_assessment.flc_ratio", "the free light chain ratio is not kappa divided by lambda", "游离轻链比值与κ/λ不一致");
    /// What electrophoresis quantifies, immunofixation finds.
    IFE_NEGATIVE = soft("myeloma_assessment.ife_negative", "M-protein is measurable, but the immunofixation is negative", "M蛋白可测量但免疫固定电泳阴性");
    /// Clonal cells need plasma cells.
    CLONAL_WITHOUT_CELLS = soft("myeloma_assessment.clonal_without_cells", "the marrow is clonal, but holds no plasma cells", "骨髓克隆性阳性但无浆细胞");
    /// New means since baseline.
    NEW_AT_BASELINE = soft("myeloma_assessment.new_at_baseline", "a lesion cannot be new at baseline", "基线评估不应有新发病变");
}

/// Relative tolerance of the reported ratio (G6 R44).
const RATIO_TOLERANCE: f64 = 0.05;

impl Checks for MyelomaAssessment {
    fn check(&self, _: Context, findings: &mut Findings) {
        let chains = self.flc_kappa_mg_l.zip(self.flc_lambda_mg_l).map(|(k, l)| (k.get(), l.get()));
        if let (Some((kappa, lambda)), Some(ratio)) = (chains, self.flc_ratio.map(FlcRatio::get))
            // Multiplied out, so that a lambda of 0 divides nothing; the last digit of a rounded product decides nothing.
            && (ratio * lambda - kappa).abs() > RATIO_TOLERANCE * kappa * (1.0 + 1e-9)
        {
            let expected = if lambda > 0.0 {
                format!("{} within 5 %", kappa / lambda)
            } else {
                "no ratio when lambda is 0".to_owned()
            };
            findings.at(&FLC_RATIO, "flc_ratio", Some(ratio.to_string()), Some(expected));
        }
        let measurable = [
            ("serum_ife", self.serum_ife, self.serum_m_protein_g_l.map(SerumMProtein::get)),
            ("urine_ife", self.urine_ife, self.urine_m_protein_mg_24h.map(UrineMProtein::get)),
        ];
        for (field, fixation, protein) in measurable {
            if fixation == Some(PosNeg::Negative) && protein.is_some_and(|p| p > 0.0) {
                findings.at(
                    &IFE_NEGATIVE,
                    field,
                    Some("NEG".to_owned()),
                    Some("POS, or M-protein 0".to_owned()),
                );
            }
        }
        let yes = Some(YesNoUnknown::Yes);
        if self.marrow_clonal == yes && self.marrow_plasma_cell_percent.is_some_and(|p| p.get() <= 0.0) {
            findings.at(&CLONAL_WITHOUT_CELLS, "marrow_clonal", Some("Y".to_owned()), None);
        }
        let new = [("plasmacytoma_new", self.plasmacytoma_new), ("bone_lesion_new", self.bone_lesion_new)];
        for (field, _) in new.into_iter().filter(|(_, n)| *n == yes) {
            if self.timepoint == Some(Timepoint::Baseline) {
                findings.at(&NEW_AT_BASELINE, field, Some("Y".to_owned()), Some("N".to_owned()));
            }
        }
    }
}
