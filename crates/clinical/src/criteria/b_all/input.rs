//! What a B-ALL case holds.

use crate::codes::assessment::{AntigenStatus, Category, CnsStatus, MrdMethod, MrdResult, MrdSpecimen};
use crate::criteria::lugano::read::flag;
use crate::field::value_sets;
use chrono::NaiveDate;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

value_sets! {
    /// Category of one assessment.
    BAllCategory "b_all_category" {
        Cr "CR" "Complete remission" "完全缓解";
        Crh "CRh" "Complete remission with partial hematologic recovery" "部分血液学恢复的完全缓解";
        Cri "CRi" "Complete remission with incomplete hematologic recovery" "血液学未完全恢复的完全缓解";
        Nr "NR" "No remission" "未缓解";
        Refractory "refractory" "Refractory" "难治";
        Pd "PD" "Progressive disease" "疾病进展";
        Relapse "relapse" "Relapse" "复发";
        NotEvaluable "not_evaluable" "Not evaluable" "无法评估";
    }
    /// Where leukemia is.
    LeukemiaSite "leukemia_site" {
        Marrow "MARROW" "Bone marrow" "骨髓"; Blood "BLOOD" "Blood" "外周血"; Cns "CNS" "Central nervous system" "中枢神经系统";
        Testis "TESTIS" "Testis" "睾丸"; Eye "EYE" "Eye" "眼"; Skin "SKIN" "Skin" "皮肤"; Node "LYMPH_NODE" "Lymph node" "淋巴结";
        Mediastinum "MEDIASTINUM" "Mediastinum" "纵隔"; Bone "BONE" "Bone" "骨"; SoftTissue "SOFT_TISSUE" "Soft tissue" "软组织";
        Extramedullary "EXTRAMEDULLARY" "Extramedullary, site not told" "髓外（部位未说明）";
    }
    /// Residual disease at one assessment.
    MrdStatus "b_all_mrd_status" {
        Negative "negative" "Below 0.01 %" "阴性（<10⁻⁴）"; Positive "positive" "At least 0.01 %, or positive without a level" "阳性";
        InsufficientSensitivity "insufficient_sensitivity" "Negative by an assay that does not see 0.01 %" "灵敏度不足";
        NotEvaluable "not_evaluable" "Not evaluable" "无法评估";
    }
    /// Which circulating blasts make a relapse. The cut of 5 % is printed after "blood or bone marrow".
    BloodRelapse "blood_relapse" { Any "any" "Any" "任何"; Cut "cut" "Above the marrow's cut" "超过骨髓界值"; }
}

/// Choices that the sources leave open.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct BAllParameters {
    /// Whether `CRh` is told apart from `CRi`. Default yes.
    pub crh: bool,
    /// Counts must lie above 1.0 and 100 (NCCN) instead of reaching them. Default no.
    pub nccn_strict: bool,
    /// Marrow blasts of relapse, %. Default 5; older tables 25.
    pub relapse_blast_percent: f64,
    /// Whether blasts equal to the cut are a relapse. Default no.
    pub relapse_blast_inclusive: bool,
    /// Which circulating blasts are a relapse. Default any.
    pub relapse_blood: BloodRelapse,
    /// Whether trilineage hematopoiesis must be stated for a remission. Default yes; stated as absent it always prevents one.
    pub require_trilineage: bool,
    /// A Steinherz-Bleyer ratio of exactly two is positive (NCCN "at least") or negative (COG "greater than"). Default negative.
    pub steinherz_bleyer_inclusive: bool,
}

impl Default for BAllParameters {
    fn default() -> Self {
        Self {
            crh: true,
            nccn_strict: false,
            relapse_blast_percent: 5.0,
            relapse_blast_inclusive: false,
            relapse_blood: BloodRelapse::Any,
            require_trilineage: true,
            steinherz_bleyer_inclusive: false,
        }
    }
}

/// Cerebrospinal fluid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Csf {
    /// Leukocytes per µL.
    #[serde(alias = "wbc")]
    pub wbc_ul: Option<f64>,
    /// Red cells per µL.
    #[serde(alias = "rbc")]
    pub rbc_ul: Option<f64>,
    /// Blasts seen by cytology.
    #[serde(deserialize_with = "flag")]
    pub blasts: Option<bool>,
    /// Day of the puncture, if not that of the assessment.
    pub date: Option<NaiveDate>,
}

/// Blood counts that the traumatic tap is compared with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Blood {
    /// Leukocytes, 10⁹/L.
    #[serde(alias = "wbc")]
    pub wbc_10e9_l: Option<f64>,
    /// Red cells, 10¹²/L.
    #[serde(alias = "rbc")]
    pub rbc_10e12_l: Option<f64>,
    /// Leukocytes per µL.
    pub wbc_ul: Option<f64>,
    /// Red cells per µL.
    pub rbc_ul: Option<f64>,
    /// Day of the sample, if not that of the puncture; counts of another day are not used.
    pub date: Option<NaiveDate>,
}

/// One MRD test.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Mrd {
    /// Method.
    pub method: Option<MrdMethod>,
    /// Smallest share of cells the assay sees in this sample, 1e-7 to 1e-2.
    #[serde(alias = "lod", alias = "limit")]
    pub sensitivity: Option<f64>,
    /// Share of cells, 0 to 1.
    #[serde(alias = "level")]
    pub value: Option<f64>,
    /// Share of cells, %.
    pub value_percent: Option<f64>,
    /// Result as reported; a level decides where both are given.
    pub result: Option<MrdResult>,
    /// Material; CSF is not residual disease of the marrow.
    pub specimen: Option<MrdSpecimen>,
}

/// The disease before treatment, that progression is counted from.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct BAllBaseline {
    /// Day.
    pub date: Option<NaiveDate>,
    /// In remission before treatment (such as treated for MRD); recurrence is then a relapse. Absent means not.
    #[serde(deserialize_with = "flag", alias = "remission")]
    pub in_remission: Option<bool>,
    /// Marrow blasts, %.
    #[serde(alias = "marrow_blast", alias = "blast_percent")]
    pub marrow_blast_percent: Option<f64>,
    /// Blasts among the leukocytes of the blood, %.
    #[serde(alias = "peripheral_blast")]
    pub peripheral_blast_percent: Option<f64>,
    /// Whether there are circulating blasts.
    #[serde(deserialize_with = "flag", alias = "peripheral_blasts")]
    pub circulating_blasts: Option<bool>,
    /// Absolute number of circulating blasts, 10⁹/L.
    pub peripheral_blasts_10e9_l: Option<f64>,
    /// Leukocytes, 10⁹/L.
    #[serde(alias = "wbc")]
    pub wbc_10e9_l: Option<f64>,
    /// Whether there is extramedullary disease.
    #[serde(deserialize_with = "flag", alias = "emd")]
    pub extramedullary_disease: Option<bool>,
    /// Where.
    #[serde(alias = "sites")]
    pub extramedullary_sites: Vec<LeukemiaSite>,
}

/// One assessment.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct BAllAssessment {
    /// Day.
    #[serde(alias = "assess_date", alias = "assessment_date")]
    pub date: NaiveDate,
    /// Whether this is the assessment of the response to treatment; only then is persistent leukemia called refractory.
    #[serde(default, deserialize_with = "flag")]
    pub response_assessment: Option<bool>,
    /// Marrow blasts, %.
    #[serde(default, alias = "marrow_blast", alias = "blast_percent")]
    pub marrow_blast_percent: Option<f64>,
    /// Blasts among the leukocytes of the blood, %.
    #[serde(default, alias = "peripheral_blast")]
    pub peripheral_blast_percent: Option<f64>,
    /// Whether there are circulating blasts.
    #[serde(default, deserialize_with = "flag", alias = "peripheral_blasts")]
    pub circulating_blasts: Option<bool>,
    /// Absolute number of circulating blasts, 10⁹/L.
    #[serde(default)]
    pub peripheral_blasts_10e9_l: Option<f64>,
    /// Neutrophils, 10⁹/L.
    #[serde(default, alias = "anc")]
    pub anc_10e9_l: Option<f64>,
    /// Neutrophils per µL.
    #[serde(default)]
    pub anc_ul: Option<f64>,
    /// Platelets, 10⁹/L.
    #[serde(default, alias = "plt", alias = "platelets", alias = "plt_10e9_l")]
    pub platelets_10e9_l: Option<f64>,
    /// Platelets per µL.
    #[serde(default, alias = "plt_ul")]
    pub platelets_ul: Option<f64>,
    /// Whether there is extramedullary disease.
    #[serde(default, deserialize_with = "flag", alias = "emd")]
    pub extramedullary_disease: Option<bool>,
    /// Where; listing any says that there is.
    #[serde(default, alias = "sites")]
    pub extramedullary_sites: Vec<LeukemiaSite>,
    /// Trilineage hematopoiesis.
    #[serde(default, deserialize_with = "flag", alias = "trilineage", alias = "trilineage_haematopoiesis")]
    pub trilineage_hematopoiesis: Option<bool>,
    /// No recurrence for 4 weeks after this assessment.
    #[serde(default, deserialize_with = "flag")]
    pub confirmed_4_weeks: Option<bool>,
    /// Cerebrospinal fluid.
    #[serde(default)]
    pub csf: Option<Csf>,
    /// Blood of the same day.
    #[serde(default)]
    pub blood: Option<Blood>,
    /// Clinical signs of CNS leukemia; absent means that none were stated.
    #[serde(default, deserialize_with = "flag", alias = "cns_signs")]
    pub cns_symptoms: Option<bool>,
    /// CNS status as the center reports it; used where the CSF does not tell.
    #[serde(default, alias = "cns")]
    pub cns_status: Option<CnsStatus>,
    /// One MRD test or several.
    #[serde(default, deserialize_with = "one_or_many")]
    pub mrd: Vec<Mrd>,
    /// Antigen of the blasts; told with a relapse.
    #[serde(default, alias = "antigen_status_at_relapse", alias = "cd19_status")]
    pub antigen_status: Option<AntigenStatus>,
    /// Category as the center reports it; compared, not used.
    #[serde(default)]
    pub reported_category: Option<Category>,
}

/// One patient's assessments after one infusion.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct BAll {
    /// Choices; the defaults where absent.
    pub parameters: BAllParameters,
    /// Day of the infusion; remissions before it do not count as best.
    pub infusion_date: Option<NaiveDate>,
    /// First day of the next therapy; remissions from then on do not count as best.
    pub next_therapy_date: Option<NaiveDate>,
    /// The disease before treatment.
    pub baseline: BAllBaseline,
    /// The assessments, in any order.
    pub assessments: Vec<BAllAssessment>,
}

struct Tests;
impl<'de> Visitor<'de> for Tests {
    type Value = Vec<Mrd>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an MRD test or a list of them")
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Vec<Mrd>, A::Error> {
        Mrd::deserialize(MapAccessDeserializer::new(map)).map(|test| vec![test])
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Vec<Mrd>, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(seq))
    }
    fn visit_unit<E: Error>(self) -> Result<Vec<Mrd>, E> {
        Ok(Vec::new())
    }
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Mrd>, D::Error> {
    deserializer.deserialize_any(Tests)
}
