//! DXM: what is particular to multiple myeloma at baseline.

use crate::codes::assessment::{LightChain, MProteinType, MeasurableType};
use crate::codes::baseline::{
    CirculatingPlasmaCells, EmdType, FreeLightChain, HighRiskFish, ProductOfDiameters, SerumMProtein,
    UrineMProtein,
};
use crate::codes::{PatientId, Percent, YesNoUnknown};
use crate::field::CodeList;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;

form! {
    /// Baseline of a multiple myeloma: the last values before lymphodepletion, from which response is counted.
    MyelomaBaseline {
        name: "myeloma_baseline", path: "myeloma-baselines", version: 1, label: ("Myeloma baseline", "多发性骨髓瘤基线"),
        source: "catalogue G2 DXM, C1.2", key: &["patient_id"], parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Isotype of the monoclonal protein.
    m_type: MProteinType, required, ("M-protein type", "M蛋白类型");
    /// Light chain of the clone.
    light_chain: LightChain, required, ("Light chain", "轻链类型");
    /// What makes the disease measurable.
    measurable_type: MeasurableType, required, ("Measurable by", "可测量病变类型");
    /// High-risk aberrations by FISH; NONE when tested without finding any.
    high_risk_fish: CodeList<HighRiskFish>, optional, ("High-risk FISH", "FISH高危异常");
    /// Serum M-protein.
    baseline_m_serum: SerumMProtein, conditional, ("Serum M-protein", "血清M蛋白"), when measurable_type in ["SERUM", "BOTH"];
    /// Urine M-protein in 24 hours.
    baseline_m_urine: UrineMProtein, conditional, ("Urine M-protein", "24小时尿M蛋白"), when measurable_type in ["URINE", "BOTH"];
    /// Free kappa light chains in serum.
    baseline_kappa: FreeLightChain, conditional, ("Free kappa", "游离κ轻链"), when measurable_type in ["FLC_ONLY"];
    /// Free lambda light chains in serum.
    baseline_lambda: FreeLightChain, conditional, ("Free lambda", "游离λ轻链"), when measurable_type in ["FLC_ONLY"];
    /// Plasma cells in the marrow.
    baseline_bmpc: Percent, conditional, ("Marrow plasma cells", "骨髓浆细胞比例"), when measurable_type in ["MARROW_ONLY"];
    /// Circulating plasma cells.
    baseline_circulating_pc: CirculatingPlasmaCells, conditional, ("Circulating plasma cells", "循环浆细胞"), when measurable_type in ["CIRC_PC_ONLY"];
    /// Sum of the products of the diameters of the measured plasmacytomas.
    plasmacytoma_spd: ProductOfDiameters, conditional, ("Plasmacytoma SPD", "浆细胞瘤SPD"), when measurable_type in ["PLASMACYTOMA_ONLY"];
    /// Share of plasma cells with BCMA; the guideline sets no cut-off.
    bcma_percent: Percent, optional, ("BCMA-positive plasma cells", "BCMA阳性浆细胞比例");
    /// Extramedullary disease.
    emd_type: EmdType, required, ("Extramedullary disease", "髓外病变类型");
    /// Light-chain amyloidosis.
    amyloidosis: YesNoUnknown, optional, ("Amyloidosis", "淀粉样变性");
}

rules! {
    /// A finding excludes "none found".
    FISH_NONE = hard("myeloma_baseline.fish_none", "NONE stands beside an aberration", "“未检出”与异常同时填写");
    /// C1.2: serum 10 g/L, urine 200 mg/24 h, involved free light chain 100 mg/L.
    BELOW_MEASURABLE = soft("myeloma_baseline.below_measurable", "the value is below what counts as measurable, yet this compartment is named as measurable", "该数值低于可测量标准，但被列为可测量病变");
    /// C1.2: serum and urine come first.
    OTHER_COMPARTMENT = soft("myeloma_baseline.other_compartment", "the value is measurable, yet another compartment is named as the measurable one", "该数值达到可测量标准，但可测量类型为其他");
    /// C1.2: light chains are measurable only with an abnormal ratio (0.26 to 1.65 is normal).
    NORMAL_RATIO = soft("myeloma_baseline.normal_ratio", "disease measurable by free light chains has a ratio toward the clone's light chain", "以游离轻链可测量时，其比值应异常且偏向克隆轻链");
    /// A non-secretory myeloma secretes nothing to measure.
    NON_SECRETORY = soft("myeloma_baseline.non_secretory", "a non-secretory myeloma is not measurable in serum or urine", "不分泌型骨髓瘤不能以血清或尿液测量");
    /// A plasmacytoma is extramedullary disease.
    PLASMACYTOMA_WITHOUT_EMD = soft("myeloma_baseline.plasmacytoma_without_emd", "a plasmacytoma is measured although there is no extramedullary disease", "无髓外病变却填写了浆细胞瘤SPD");
}

/// Least serum M-protein that is measurable, g/L (C1.2).
const SERUM_G_L: f64 = 10.0;
/// Least urine M-protein that is measurable, mg/24 h (C1.2).
const URINE_MG: f64 = 200.0;
/// Least involved free light chain that is measurable, mg/L (C1.2).
const INVOLVED_MG_L: f64 = 100.0;
/// Normal kappa to lambda ratio (C1).
const NORMAL: (f64, f64) = (0.26, 1.65);

impl Checks for MyelomaBaseline {
    fn check(&self, _: Context, findings: &mut Findings) {
        if let Some(fish) = &self.high_risk_fish
            && fish.contains(HighRiskFish::None)
            && fish.values().len() > 1
        {
            let expected = Some("NONE alone, or the aberrations".to_owned());
            findings.at(&FISH_NONE, "high_risk_fish", Some("NONE".to_owned()), expected);
        }
        if let Some(measurable) = self.measurable_type {
            self.check_secretion(measurable, findings);
            if measurable == MeasurableType::FlcOnly {
                self.check_light_chains(findings);
            }
        }
        if self.emd_type == Some(EmdType::None)
            && let Some(spd) = self.plasmacytoma_spd.filter(|spd| spd.get() > 0.0)
        {
            let expected = Some("an emd_type other than NONE".to_owned());
            findings.at(&PLASMACYTOMA_WITHOUT_EMD, "plasmacytoma_spd", Some(spd.get().to_string()), expected);
        }
    }
}

impl MyelomaBaseline {
    fn check_secretion(&self, measurable: MeasurableType, findings: &mut Findings) {
        let both = measurable == MeasurableType::Both;
        let compartments = [
            (
                "baseline_m_serum",
                self.baseline_m_serum.map(SerumMProtein::get),
                SERUM_G_L,
                both || measurable == MeasurableType::Serum,
            ),
            (
                "baseline_m_urine",
                self.baseline_m_urine.map(UrineMProtein::get),
                URINE_MG,
                both || measurable == MeasurableType::Urine,
            ),
        ];
        for (field, value, least, named) in compartments {
            let Some(value) = value else { continue };
            if named && value < least {
                let expected = Some(format!("at least {least}"));
                findings.at(&BELOW_MEASURABLE, field, Some(value.to_string()), expected);
            } else if !named && value >= least {
                let expected = Some(format!("below {least}, or another measurable_type"));
                findings.at(&OTHER_COMPARTMENT, field, Some(value.to_string()), expected);
            }
        }
        let secreted = both || matches!(measurable, MeasurableType::Serum | MeasurableType::Urine);
        if secreted && self.m_type == Some(MProteinType::NonSecretory) {
            let received = Some(measurable.code().to_owned());
            findings.at(&NON_SECRETORY, "measurable_type", received, None);
        }
    }

    fn check_light_chains(&self, findings: &mut Findings) {
        let (Some(chain), Some(kappa), Some(lambda)) =
            (self.light_chain, self.baseline_kappa, self.baseline_lambda)
        else {
            return;
        };
        let (kappa, lambda) = (kappa.get(), lambda.get());
        // Products instead of the ratio, which does not exist when lambda is 0.
        let (field, involved, skewed) = match chain {
            LightChain::Kappa => ("baseline_kappa", kappa, kappa > NORMAL.1 * lambda),
            LightChain::Lambda => ("baseline_lambda", lambda, kappa < NORMAL.0 * lambda),
        };
        if involved < INVOLVED_MG_L {
            let expected = Some(format!("at least {INVOLVED_MG_L}"));
            findings.at(&BELOW_MEASURABLE, field, Some(involved.to_string()), expected);
        }
        if !skewed {
            let expected = match chain {
                LightChain::Kappa => format!("kappa to lambda above {}", NORMAL.1),
                LightChain::Lambda => format!("kappa to lambda below {}", NORMAL.0),
            };
            findings.at(&NORMAL_RATIO, field, Some(format!("{kappa} to {lambda}")), Some(expected));
        }
    }
}
