//! A verdict together with the inputs whose absence left it open.

use crate::criteria::compare::Verdict;
use crate::criteria::trace::{At, Trace};
use std::ops::{BitAnd, BitOr, Not};

macro_rules! inputs {
    ($($name:ident $text:literal;)*) => {
        /// An input that may be absent.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Input { $($name,)* }
        const INPUTS: &[(Input, &str)] = &[$((Input::$name, $text)),*];
    };
}

inputs! {
    SerumM "serum_m_protein_g_l";
    UrineM "urine_m_protein_mg_24h";
    BaseSerumM "baseline.serum_m_protein_g_l";
    BaseUrineM "baseline.urine_m_protein_mg_24h";
    UrineLightChain "urine_light_chain_mg_24h";
    Kappa "flc_kappa_mg_l";
    Lambda "flc_lambda_mg_l";
    BaseKappa "baseline.flc_kappa_mg_l";
    BaseLambda "baseline.flc_lambda_mg_l";
    Ratio "flc_ratio";
    Chain "light_chain";
    SerumIfe "serum_ife";
    UrineIfe "urine_ife";
    SerumElectrophoresis "serum_electrophoresis_detectable";
    UrineElectrophoresis "urine_electrophoresis_detectable";
    Marrow "marrow_plasma_cell_percent";
    BaseMarrow "baseline.marrow_plasma_cell_percent";
    Clonal "marrow_clonal";
    IhcCells "marrow_ihc_cells_counted";
    IhcRepeat "marrow_ihc_repeat_ratio";
    Spd "plasmacytoma_spd_mm2";
    BaseSpd "baseline.plasmacytoma_spd_mm2";
    NewPlasmacytoma "plasmacytoma_new";
    LongestDiameter "plasmacytoma_longest_diameter_mm";
    ShortAxis "plasmacytoma_short_axis_mm";
    NewBoneLesion "bone_lesion_new";
    Circulating "circulating_plasma_cells_ul";
    BaseCirculating "baseline.circulating_plasma_cells_ul";
    Calcium "calcium_mmol_l";
    Hb "hb_g_l";
    BaseHb "baseline.hb_g_l";
    HbRelated "hb_fall_myeloma_related";
    Creatinine "creatinine_umol_l";
    BaseCreatinine "baseline.creatinine_umol_l";
    CreatinineRelated "creatinine_rise_myeloma_related";
    Hyperviscosity "hyperviscosity";
}

/// What is known of a condition: its verdict and, while that is open, the inputs that would close it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) verdict: Verdict,
    lacks: u64,
}

impl Known {
    pub(super) const MET: Self = Self { verdict: Verdict::Met, lacks: 0 };
    pub(super) const NOT_MET: Self = Self { verdict: Verdict::NotMet, lacks: 0 };

    /// Open for want of `inputs`.
    pub(super) fn lacking(inputs: &[Input]) -> Self {
        let lacks = inputs.iter().fold(0, |bits, input| bits | 1 << (*input as u64));
        Self { verdict: Verdict::Undecided, lacks }
    }

    /// Decided by `holds`, or open for want of `input`.
    pub(super) fn of(holds: Option<bool>, input: Input) -> Self {
        holds.map_or_else(|| Self::lacking(&[input]), Self::from)
    }

    /// Names the inputs that would close it in the trace.
    pub(super) fn report(self, at: At, trace: &mut Trace) {
        for (input, name) in INPUTS {
            if self.lacks & (1 << (*input as u64)) != 0 {
                trace.miss(at, name);
            }
        }
    }

    fn with(self, other: Self, verdict: Verdict) -> Self {
        Self { verdict, lacks: if verdict.undecided() { self.lacks | other.lacks } else { 0 } }
    }
}

impl From<bool> for Known {
    fn from(holds: bool) -> Self {
        if holds { Self::MET } else { Self::NOT_MET }
    }
}

impl BitAnd for Known {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        self.with(other, self.verdict & other.verdict)
    }
}

impl BitOr for Known {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        self.with(other, self.verdict | other.verdict)
    }
}

impl Not for Known {
    type Output = Self;
    fn not(self) -> Self {
        Self { verdict: !self.verdict, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_would_decide_is_lacking() {
        let open = Known::lacking(&[Input::SerumIfe]);
        assert_eq!(open & Known::NOT_MET, Known::NOT_MET);
        assert_eq!(open | Known::MET, Known::MET);
        assert_eq!(open & Known::MET, open);
        assert_eq!(open | Known::NOT_MET, open);
        let both = open & Known::of(None, Input::Hyperviscosity);
        let mut trace = Trace::new();
        both.report(At::Case, &mut trace);
        assert_eq!(trace.missing(), [(At::Case, "serum_ife"), (At::Case, "hyperviscosity")]);
        assert_eq!(Known::of(Some(true), Input::Marrow), Known::MET);
        assert_eq!(Known::of(Some(false), Input::Marrow), Known::NOT_MET);
    }
}
