//! What was observed at baseline or at one assessment.

use super::read;
use crate::codes::assessment::{LightChain, PosNeg};
use crate::criteria::compare::{above, at_least, at_most, same};
use crate::criteria::mrd::MrdTest;
use chrono::NaiveDate;
use serde::Deserialize;

/// A measured plasmacytoma, the same `id` at every assessment. One that is gone is listed with 0 by 0 mm.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Lesion {
    /// Name of the lesion.
    pub id: String,
    /// Longest diameter, mm.
    #[serde(default, alias = "ldi_mm", alias = "longest_mm")]
    pub longest_diameter_mm: Option<f64>,
    /// Longest diameter perpendicular to it (the short axis), mm.
    #[serde(default, alias = "sdi_mm", alias = "short_mm", alias = "perpendicular_mm")]
    pub short_axis_mm: Option<f64>,
}

/// Two records of one thing agree.
trait Agree {
    fn agrees(&self, other: &Self) -> bool;
}
impl Agree for f64 {
    fn agrees(&self, other: &Self) -> bool {
        same(*self, *other)
    }
}
macro_rules! agree_when_equal {
    ($($type:ty)*) => {$(impl Agree for $type {
        fn agrees(&self, other: &Self) -> bool {
            self == other
        }
    })*};
}
agree_when_equal! { bool NaiveDate PosNeg LightChain Vec<Lesion> }

macro_rules! observation {
    ($($(#[$attribute:meta])* $name:ident: $type:ty;)*) => {
        /// Observations at baseline or at one assessment; whatever was not observed is `None`.
        ///
        /// Baseline is the last value before lymphodepletion (catalogue C1.2 note 2). Members ending in another unit than the main one
        /// (`hb_g_dl`) are an alternative way to give it.
        #[derive(Debug, Clone, Default, PartialEq, Deserialize)]
        #[serde(default)]
        pub struct Observation {
            $($(#[$attribute])* pub $name: Option<$type>,)*
            /// MRD tests of the day; one or a list.
            #[serde(deserialize_with = "read::one_or_many")]
            pub mrd: Vec<MrdTest>,
        }

        impl Observation {
            /// Adds what another record of the same day tells.
            ///
            /// # Errors
            /// The name of a member on which the two contradict each other.
            pub(super) fn absorb(&mut self, other: &Self) -> Result<(), &'static str> {
                $(match (&self.$name, &other.$name) {
                    (Some(a), Some(b)) if !a.agrees(b) => return Err(stringify!($name)),
                    (None, Some(b)) => self.$name = Some(b.clone()),
                    _ => {}
                })*
                for test in &other.mrd {
                    if !self.mrd.contains(test) {
                        self.mrd.push(*test);
                    }
                }
                Ok(())
            }
        }
    };
}

observation! {
    /// Day.
    #[serde(alias = "assess_date", alias = "assessment_date")]
    date: NaiveDate;
    /// Serum M-protein, g/L.
    #[serde(alias = "m_serum", alias = "serum_m_g_l")]
    serum_m_protein_g_l: f64;
    /// Serum M-protein, g/dL.
    serum_m_protein_g_dl: f64;
    /// Urine M-protein, mg/24 h.
    #[serde(alias = "m_urine_24h", alias = "urine_m_mg_24h")]
    urine_m_protein_mg_24h: f64;
    /// Urine light chain, mg/24 h.
    urine_light_chain_mg_24h: f64;
    /// Serum free kappa, mg/L.
    #[serde(alias = "kappa", alias = "kappa_mg_l")]
    flc_kappa_mg_l: f64;
    /// Serum free kappa, mg/dL.
    flc_kappa_mg_dl: f64;
    /// Serum free lambda, mg/L.
    #[serde(alias = "lambda", alias = "lambda_mg_l")]
    flc_lambda_mg_l: f64;
    /// Serum free lambda, mg/dL.
    flc_lambda_mg_dl: f64;
    /// Serum free kappa to lambda.
    #[serde(alias = "ratio")]
    flc_ratio: f64;
    /// Serum immunofixation; `true` is positive.
    #[serde(alias = "ife_serum", deserialize_with = "read::pos_neg")]
    serum_ife: PosNeg;
    /// Urine immunofixation; `true` is positive.
    #[serde(alias = "ife_urine", deserialize_with = "read::pos_neg")]
    urine_ife: PosNeg;
    /// Light chain of the band on serum immunofixation.
    serum_ife_light_chain: LightChain;
    /// M-protein seen on serum electrophoresis.
    #[serde(alias = "spep_detectable", deserialize_with = "read::flag")]
    serum_electrophoresis_detectable: bool;
    /// M-protein seen on urine electrophoresis.
    #[serde(alias = "upep_detectable", deserialize_with = "read::flag")]
    urine_electrophoresis_detectable: bool;
    /// A therapeutic antibody (anti-CD38 or another IgG-kappa) may show on immunofixation.
    #[serde(deserialize_with = "read::flag")]
    mab_interference: bool;
    /// Plasma cells in marrow, percent.
    #[serde(alias = "bmpc_percent", alias = "bmpc")]
    marrow_plasma_cell_percent: f64;
    /// Clonal plasma cells in marrow, as concluded by the pathologist.
    #[serde(alias = "bm_clonal_ihc", alias = "bm_clonal", deserialize_with = "read::flag")]
    marrow_clonal: bool;
    /// Kappa to lambda of plasma cells by immunohistochemistry.
    #[serde(alias = "kappa_lambda_ihc", alias = "kappa_lambda_ihc_ratio")]
    marrow_ihc_ratio: f64;
    /// Plasma cells counted for it.
    #[serde(alias = "plasma_cells_counted")]
    marrow_ihc_cells_counted: f64;
    /// The ratio in a second biopsy for the same assessment.
    #[serde(alias = "kappa_lambda_ihc_repeat_ratio")]
    marrow_ihc_repeat_ratio: f64;
    /// Plasma cells counted for the second biopsy.
    marrow_ihc_repeat_cells_counted: f64;
    /// Flow cytometry of marrow at a sensitivity of at least 1e-4 finds clonal plasma cells (`false`: none).
    #[serde(deserialize_with = "read::flag")]
    marrow_flow_clonal: bool;
    /// Flow cytometry of marrow at a sensitivity of at least 1e-4 finds none; the opposite of `marrow_flow_clonal`.
    #[serde(alias = "marrow_flow_negative_1e_4", deserialize_with = "read::flag")]
    marrow_flow_negative: bool;
    /// Sum of the products of the perpendicular diameters of plasmacytomas, mm².
    #[serde(alias = "plasmacytoma_spd")]
    plasmacytoma_spd_mm2: f64;
    /// Plasmacytomas in that sum.
    plasmacytoma_count: f64;
    /// Longest diameter of the largest plasmacytoma, mm.
    plasmacytoma_longest_diameter_mm: f64;
    /// Short axis of the largest plasmacytoma, mm.
    #[serde(alias = "short_axis_mm")]
    plasmacytoma_short_axis_mm: f64;
    /// The plasmacytomas one by one.
    #[serde(alias = "lesions")]
    plasmacytomas: Vec<Lesion>;
    /// A plasmacytoma that was not there before.
    #[serde(alias = "new_plasmacytoma", deserialize_with = "read::flag")]
    plasmacytoma_new: bool;
    /// A bone lesion that was not there before.
    #[serde(alias = "lytic_new", alias = "new_bone_lesion", deserialize_with = "read::flag")]
    bone_lesion_new: bool;
    /// A bone lesion has definitely grown.
    #[serde(alias = "bone_lesion_increased", alias = "lytic_progressed", deserialize_with = "read::flag")]
    bone_lesion_progressed: bool;
    /// The new bone lesion is an osteoporotic or compression fracture.
    #[serde(alias = "compression_fracture", deserialize_with = "read::flag")]
    osteoporotic_fracture: bool;
    /// Circulating plasma cells, per µL.
    #[serde(alias = "circulating_pc", alias = "circulating_pc_ul")]
    circulating_plasma_cells_ul: f64;
    /// PET/CT: hypermetabolic lesions gone or below the reference tissues.
    #[serde(alias = "pet_negative", deserialize_with = "read::flag")]
    imaging_negative: bool;
    /// PET/CT: highest uptake of a lesion, SUV.
    suv_lesion: f64;
    /// PET/CT: uptake of the mediastinal blood pool, SUV.
    suv_mediastinum: f64;
    /// PET/CT: uptake of the surrounding normal tissue, SUV.
    suv_surrounding: f64;
    /// Serum calcium, mmol/L.
    #[serde(alias = "ca", alias = "calcium")]
    calcium_mmol_l: f64;
    /// Serum calcium, mg/dL.
    calcium_mg_dl: f64;
    /// Hemoglobin, g/L.
    #[serde(alias = "hb")]
    hb_g_l: f64;
    /// Hemoglobin, g/dL.
    hb_g_dl: f64;
    /// The fall of hemoglobin is due to myeloma, not to therapy or another cause.
    #[serde(deserialize_with = "read::flag")]
    hb_fall_myeloma_related: bool;
    /// Serum creatinine, µmol/L. At baseline: at the start of myeloma therapy if known.
    #[serde(alias = "creat", alias = "creatinine")]
    creatinine_umol_l: f64;
    /// Serum creatinine, mg/dL.
    creatinine_mg_dl: f64;
    /// The rise of creatinine is due to myeloma.
    #[serde(deserialize_with = "read::flag")]
    creatinine_rise_myeloma_related: bool;
    /// Hyperviscosity due to paraprotein.
    #[serde(deserialize_with = "read::flag")]
    hyperviscosity: bool;
}

impl Observation {
    /// Serum M-protein, g/L; 0 where electrophoresis or immunofixation shows none.
    pub(super) fn serum_m(&self) -> Option<f64> {
        self.serum_m_protein_g_l.or_else(|| self.serum_seen().filter(|seen| !seen).map(|_| 0.0))
    }

    /// Urine M-protein, mg/24 h; 0 where electrophoresis or immunofixation shows none.
    pub(super) fn urine_m(&self) -> Option<f64> {
        self.urine_m_protein_mg_24h.or_else(|| self.urine_seen().filter(|seen| !seen).map(|_| 0.0))
    }

    /// Whether serum electrophoresis shows M-protein.
    pub(super) fn serum_seen(&self) -> Option<bool> {
        seen(self.serum_electrophoresis_detectable, self.serum_m_protein_g_l, self.serum_ife)
    }

    /// Whether urine electrophoresis shows M-protein.
    pub(super) fn urine_seen(&self) -> Option<bool> {
        seen(self.urine_electrophoresis_detectable, self.urine_m_protein_mg_24h, self.urine_ife)
    }

    /// Involved minus uninvolved free light chain, mg/L.
    pub(super) fn dflc(&self, involved: LightChain) -> Option<f64> {
        let difference = self.flc_kappa_mg_l? - self.flc_lambda_mg_l?;
        Some(if involved == LightChain::Kappa { difference } else { -difference })
    }

    /// The kappa to lambda ratio lies outside 0.26 to 1.65.
    pub(super) fn ratio_abnormal(&self) -> Option<bool> {
        self.flc_ratio.map(|ratio| !(at_least(ratio, 0.26) && at_most(ratio, 1.65)))
    }

    /// Calcium above 2.75 mmol/L.
    pub(super) fn hypercalcemia(&self) -> Option<bool> {
        self.calcium_mmol_l.map(|calcium| above(calcium, 2.75))
    }

    /// The plasmacytomas listed.
    pub(super) fn lesion_ids(&self) -> impl Iterator<Item = &str> {
        self.plasmacytomas.iter().flatten().map(|lesion| lesion.id.as_str())
    }

    /// A list that leaves out a lesion seen before has no sum: the lesion was not measured, which does not mean that it is gone.
    pub(super) fn leave_sum_open_without(&mut self, seen: &[String]) {
        let listed = |id: &String| self.lesion_ids().any(|known| known == id);
        if self.plasmacytomas.is_some() && !seen.iter().all(listed) {
            self.plasmacytoma_spd_mm2 = None;
        }
    }

    /// A new bone lesion that is not an osteoporotic fracture.
    pub(super) fn new_bone_lesion(&self) -> Option<bool> {
        self.bone_lesion_new.map(|new| new && self.osteoporotic_fracture != Some(true))
    }
}

/// What electrophoresis shows: as recorded, else by the amount, else none where the more sensitive immunofixation shows none.
fn seen(recorded: Option<bool>, amount: Option<f64>, ife: Option<PosNeg>) -> Option<bool> {
    recorded
        .or_else(|| amount.map(|amount| above(amount, 0.0)))
        .or_else(|| ife.filter(|ife| *ife == PosNeg::Negative).map(|_| false))
}
