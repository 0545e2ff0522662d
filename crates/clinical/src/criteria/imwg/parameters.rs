//! Where the printed text, the published standard and the choices between them differ.

use crate::criteria::mrd::MrdParameters;
use crate::field::value_sets;
use serde::{Deserialize, Serialize};

/// Edition of the criteria.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Version {
    /// As printed in CSCO 2024 §2.8.
    #[serde(
        rename = "csco_2024",
        alias = "IMWG_SEED",
        alias = "imwg_seed",
        alias = "CSCO_2024",
        alias = "csco"
    )]
    Csco2024,
    /// Kumar S et al., Lancet Oncol 2016;17:e328-46.
    #[default]
    #[serde(rename = "imwg_2016", alias = "IMWG_2016", alias = "imwg", alias = "IMWG")]
    Imwg2016,
}

value_sets! {
    /// What the dates are for.
    Purpose "imwg_purpose" {
        Guideline "guideline" "Response as the guideline defines it" "按指南定义";
        Pfs "pfs" "Progression-free survival" "无进展生存分析";
    }
    /// Which serum M-protein must reach 50 g/L for a rise of 10 g/L to be progression (errata H23).
    LargeRiseReference "imwg_large_rise_reference" {
        Baseline "baseline" "Value at baseline" "基线值";
        Lowest "lowest" "Lowest value reached" "最低值";
    }
    /// Which value counts as the lowest one reached.
    NadirRule "imwg_nadir" {
        Lowest "lowest" "Lowest value since baseline" "基线以来最低值";
        LowestConfirmed "lowest_confirmed" "Lowest value that the next one did not exceed" "经连续两次证实的最低值";
    }
    /// How many abnormal immunohistochemistry tests make the marrow clonal (errata H21).
    ClonalityRule "imwg_clonality" {
        TwoConsecutive "two_consecutive" "Two consecutive tests" "连续两次";
        Single "single" "One test" "单次";
    }
    /// Whether the fall of the FLC difference may be exactly 90 % for VGPR (open question Q17).
    FlcFall "imwg_vgpr_flc_fall" {
        MoreThan90 "more_than_90" "More than 90 %" ">90%";
        AtLeast90 "at_least_90" "At least 90 %" "≥90%";
    }
    /// What must fall in urine for MR (errata H22).
    MrUrine "imwg_mr_urine" {
        LightChain "light_chain" "Light chain; M-protein where light chain was not measured" "轻链（未测时用M蛋白）";
        MProtein "m_protein" "M-protein" "M蛋白";
    }
    /// Which single lesions progress by diameter (errata H24).
    LesionCut "imwg_lesion_cut" {
        Longest10 "longest_at_least_10_mm" "Longest diameter at least 10 mm" "最长径≥1cm";
        ShortAxis10 "short_axis_above_10_mm" "Short axis above 10 mm" "短径>1cm";
    }
    /// From which value hemoglobin falls in clinical relapse.
    HbReference "imwg_hb_reference" {
        Baseline "baseline" "Value at baseline" "基线值";
        Highest "highest" "Highest value since baseline" "基线以来最高值";
    }
}

macro_rules! parameters {
    ($($(#[$doc:meta])* $name:ident: $type:ty, csco $csco:expr, imwg $imwg:expr;)*) => {
        /// The readings in force; [`Parameters::of`] gives those of a version.
        #[derive(Debug, Clone, Copy, PartialEq, Serialize)]
        pub struct Parameters {
            /// Edition of the criteria.
            pub version: Version,
            /// What the dates are for.
            pub purpose: Purpose,
            /// Whether positive immunofixation alone ends a CR (catalogue C1.2 note 8): true for the guideline, false for PFS.
            pub ife_alone_is_relapse: bool,
            $($(#[$doc])* pub $name: $type,)*
            /// Of the MRD tests.
            pub mrd: MrdParameters,
        }

        impl Parameters {
            /// The readings of a version.
            pub fn of(version: Version, purpose: Purpose) -> Self {
                Self {
                    version,
                    purpose,
                    ife_alone_is_relapse: purpose == Purpose::Guideline,
                    $($name: match version { Version::Csco2024 => $csco, Version::Imwg2016 => $imwg },)*
                    mrd: MrdParameters::MYELOMA,
                }
            }
        }

        /// Readings that a case sets itself.
        #[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
        #[serde(default)]
        pub struct Overrides {
            /// See [`Parameters::purpose`].
            pub purpose: Option<Purpose>,
            /// See [`Parameters::ife_alone_is_relapse`].
            pub ife_alone_is_relapse: Option<bool>,
            $(#[doc = concat!("See [`Parameters::", stringify!($name), "`].")] pub $name: Option<$type>,)*
        }

        impl Overrides {
            /// The readings of a version with these in their place.
            pub fn over(&self, version: Version) -> Parameters {
                let mut parameters = Parameters::of(version, self.purpose.unwrap_or(Purpose::Guideline));
                if let Some(value) = self.ife_alone_is_relapse {
                    parameters.ife_alone_is_relapse = value;
                }
                $(if let Some(value) = self.$name {
                    parameters.$name = value;
                })*
                parameters
            }
        }
    };
}

parameters! {
    /// Which serum M-protein must reach 50 g/L for a rise of 10 g/L to be progression (errata H23).
    large_rise_reference: LargeRiseReference, csco LargeRiseReference::Baseline, imwg LargeRiseReference::Lowest;
    /// Which value counts as the lowest one reached.
    nadir: NadirRule, csco NadirRule::Lowest, imwg NadirRule::Lowest;
    /// Whether progression shown by laboratory values alone needs a second assessment before it is dated.
    biochemical_progression_needs_confirmation: bool, csco false, imwg true;
    /// How many abnormal immunohistochemistry tests make the marrow clonal (errata H21).
    clonality: ClonalityRule, csco ClonalityRule::TwoConsecutive, imwg ClonalityRule::Single;
    /// Whether flow cytometry of sensitivity 1e-4 may replace the biopsy for sCR.
    flow_replaces_biopsy: bool, csco true, imwg false;
    /// The fall of the FLC difference for VGPR (open question Q17).
    vgpr_flc_fall: FlcFall, csco FlcFall::MoreThan90, imwg FlcFall::AtLeast90;
    /// Whether VGPR asks plasmacytomas to shrink by more than 90 % (errata H25).
    vgpr_plasmacytoma: bool, csco false, imwg true;
    /// Whether VGPR by electrophoresis looks at urine as well as serum.
    vgpr_urine_electrophoresis: bool, csco false, imwg true;
    /// What must fall in urine for MR (errata H22).
    mr_urine: MrUrine, csco MrUrine::LightChain, imwg MrUrine::MProtein;
    /// Least shrinkage of plasmacytomas for MR, in percent.
    mr_plasmacytoma_fall_percent: f64, csco 25.0, imwg 50.0;
    /// Which single lesions progress by diameter (errata H24).
    lesion_cut: LesionCut, csco LesionCut::Longest10, imwg LesionCut::ShortAxis10;
    /// Whether M-protein seen on electrophoresis, and signs such as hypercalcemia, end a CR besides immunofixation.
    relapse_from_cr_by_other_signs: bool, csco false, imwg true;
    /// Whether a new or larger bone lesion is progression. The printed list of PD leaves it out while SD and PR exclude it.
    bone_lesion_is_progression: bool, csco true, imwg true;
    /// Whether imaging must be recorded at each assessment. Published reading: no known evidence of new lesions suffices.
    imaging_required: bool, csco false, imwg false;
    /// From which value hemoglobin falls in clinical relapse.
    hb_reference: HbReference, csco HbReference::Baseline, imwg HbReference::Baseline;
}
