//! DXA: what is particular to B-cell acute lymphoblastic leukemia at baseline.

use crate::codes::assessment::CnsStatus;
use crate::codes::baseline::{BAllStatus, FusionGene, RelapseNumber};
use crate::codes::{PatientId, Percent, YesNoUnknown};
use crate::field::CodeList;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;

form! {
    /// Baseline of a B-cell acute lymphoblastic leukemia.
    BAllBaseline {
        name: "b_all_baseline", path: "b-all-baselines", version: 1, label: ("B-ALL baseline", "B细胞急性淋巴细胞白血病基线"),
        source: "catalogue G2 DXA", key: &["patient_id"], parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Philadelphia chromosome or BCR-ABL1.
    ph_positive: YesNoUnknown, required, ("Ph-positive", "Ph阳性");
    /// Fusion genes found; NONE when tested without finding any.
    fusion_genes: CodeList<FusionGene>, optional, ("Fusion genes", "融合基因");
    /// Blasts in the marrow at the last examination before lymphodepletion.
    blast_percent: Percent, required, ("Marrow blasts", "骨髓原始细胞比例");
    /// Blasts among leukocytes of peripheral blood.
    peripheral_blast_percent: Percent, optional, ("Peripheral blasts", "外周血原始细胞比例");
    /// Status of the disease.
    disease_status: BAllStatus, required, ("Disease status", "疾病状态");
    /// Relapses so far; 0 in primary refractory disease.
    relapse_number: RelapseNumber, optional, ("Relapses", "复发次数");
    /// CNS status at the last lumbar puncture before lymphodepletion.
    cns_status: CnsStatus, required, ("CNS status", "中枢状态");
    /// Blinatumomab before.
    prior_blinatumomab: YesNoUnknown, optional, ("Prior blinatumomab", "既往贝林妥欧单抗");
    /// Inotuzumab ozogamicin before.
    prior_inotuzumab: YesNoUnknown, optional, ("Prior inotuzumab", "既往奥加伊妥珠单抗");
    /// Blasts with CD19 by flow cytometry.
    cd19_flow_percent: Percent, optional, ("CD19-positive blasts", "CD19阳性原始细胞比例");
    /// Blasts with CD22 by flow cytometry.
    cd22_flow_percent: Percent, optional, ("CD22-positive blasts", "CD22阳性原始细胞比例");
}

rules! {
    /// A finding excludes "none found".
    FUSION_NONE = hard("b_all_baseline.fusion_none", "NONE stands beside a fusion gene", "“未检出”与融合基因同时填写");
    /// Both fields tell of BCR-ABL1.
    PH_CONTRADICTION = hard("b_all_baseline.ph_contradiction", "the fusion genes contradict the Philadelphia status", "融合基因与Ph状态矛盾");
    /// The status counts the relapses.
    RELAPSE_NUMBER = hard("b_all_baseline.relapse_number", "the number of relapses contradicts the disease status", "复发次数与疾病状态矛盾");
    /// C3: remission is fewer than 5 % blasts.
    BLASTS_IN_REMISSION = soft("b_all_baseline.blasts_in_remission", "5 % blasts or more are not a remission", "原始细胞≥5%不符合完全缓解");
}

/// Marrow blasts from which there is no remission, % (C3).
const REMISSION_BELOW: f64 = 5.0;

impl Checks for BAllBaseline {
    fn check(&self, _: Context, findings: &mut Findings) {
        self.check_fusion_genes(findings);
        let Some(status) = self.disease_status else { return };
        let relapses = match status {
            BAllStatus::PrimaryRefractory => 0..=0,
            BAllStatus::FirstRelapse => 1..=1,
            BAllStatus::LaterRelapse => 2..=10,
            BAllStatus::PostAlloRelapse => 1..=10,
            BAllStatus::MrdPositiveRemission => 0..=10,
        };
        if let Some(number) = self.relapse_number.filter(|n| !relapses.contains(&n.get())) {
            let expected = format!("for {}: {} to {}", status.code(), relapses.start(), relapses.end());
            findings.at(&RELAPSE_NUMBER, "relapse_number", Some(number.get().to_string()), Some(expected));
        }
        if status == BAllStatus::MrdPositiveRemission
            && let Some(blasts) = self.blast_percent.filter(|b| b.get() >= REMISSION_BELOW)
        {
            let expected = Some(format!("below {REMISSION_BELOW}, or another status"));
            findings.at(&BLASTS_IN_REMISSION, "blast_percent", Some(blasts.get().to_string()), expected);
        }
    }
}

impl BAllBaseline {
    fn check_fusion_genes(&self, findings: &mut Findings) {
        let Some(genes) = &self.fusion_genes else { return };
        if genes.contains(FusionGene::None) && genes.values().len() > 1 {
            let expected = Some("NONE alone, or the genes".to_owned());
            findings.at(&FUSION_NONE, "fusion_genes", Some("NONE".to_owned()), expected);
        }
        let found = genes.contains(FusionGene::BcrAbl1);
        let contradiction = match self.ph_positive {
            Some(YesNoUnknown::Yes) if !found => Some(("Y", "N, or BCR_ABL1 among fusion_genes")),
            Some(YesNoUnknown::No) if found => Some(("N", "Y, or no BCR_ABL1 among fusion_genes")),
            _ => None,
        };
        if let Some((received, expected)) = contradiction {
            findings.at(
                &PH_CONTRADICTION,
                "ph_positive",
                Some(received.to_owned()),
                Some(expected.to_owned()),
            );
        }
    }
}
