//! What a Lugano case holds.

use super::read::{flag, flag_of};
use crate::codes::assessment::{Category, Deauville, MarrowState, NonTargetState, UptakeChange};
use crate::field::value_sets;
use chrono::NaiveDate;
use serde::de::{Deserializer, Error, SeqAccess, Visitor, value::SeqAccessDeserializer};
use serde::{Deserialize, Serialize};
use std::fmt;

value_sets! {
    /// How the response was imaged.
    Modality "lugano_modality" {
        PetCt "pet_ct" "PET-CT, FDG-avid lymphoma" "PET-CT（FDG高摄取）";
        Ct "ct" "CT" "CT";
    }
    /// Kind of a lesion; decides from which size it counts.
    LesionKind "lesion_kind" { Nodal "nodal" "Lymph node or nodal mass" "淋巴结"; Extranodal "extranodal" "Extranodal lesion" "结外病灶"; }
    /// Category of one assessment.
    LuganoCategory "lugano_category" {
        Cmr "CMR" "Complete metabolic response" "完全代谢缓解"; Pmr "PMR" "Partial metabolic response" "部分代谢缓解";
        Nmr "NMR" "No metabolic response" "无代谢缓解"; Pmd "PMD" "Progressive metabolic disease" "代谢进展";
        Cr "CR" "Complete response" "完全缓解"; Pr "PR" "Partial response" "部分缓解"; Sd "SD" "Stable disease" "疾病稳定"; Pd "PD" "Progressive disease" "疾病进展";
        Ir1 "IR1" "Indeterminate: early rise of tumor burden" "不确定反应1：早期肿瘤负荷增加";
        Ir2 "IR2" "Indeterminate: new or growing lesion without overall progression" "不确定反应2：新发或增大病灶但总体无进展";
        Ir3 "IR3" "Indeterminate: uptake without growth" "不确定反应3：仅摄取增高";
        NotEvaluable "not_evaluable" "Not evaluable" "无法评估";
    }
    /// What makes progression of a spleen that is or has been of normal length. The paper asks for 2 cm from baseline and, in the next
    /// sentence, for new or recurrent splenomegaly without a size.
    NewSplenomegaly "new_splenomegaly" {
        TwoCentimetres "two_centimetres" "Longer by at least 20 mm" "增加≥20 mm";
        TwoCentimetresAndEnlarged "two_centimetres_and_enlarged" "Longer by at least 20 mm and above the normal length" "增加≥20 mm且超过正常";
        Enlarged "enlarged" "Above the normal length, or longer by at least 20 mm" "超过正常，或增加≥20 mm";
    }
    /// Which earlier length of an enlarged spleen its progression is counted from.
    SpleenReference "spleen_reference" { Baseline "baseline" "Baseline" "基线"; Nadir "nadir" "Smallest so far" "最低值"; }
}

/// Choices that the papers leave open.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct LuganoParameters {
    /// Replace progression by the indeterminate responses of LYRIC (Cheson, Blood 2016) where they apply. Default no.
    pub lyric: bool,
    /// Last day after treatment start that belongs to the first 12 weeks of IR1. Default 84.
    pub lyric_days: i32,
    /// Longest normal spleen, mm. Default 130.
    pub spleen_normal_mm: f64,
    /// Reading of "new splenomegaly". Default: at least 20 mm, whatever the normal length.
    pub new_splenomegaly: NewSplenomegaly,
    /// Reference of an enlarged spleen. Default baseline.
    pub spleen_reference: SpleenReference,
    /// Whether unchanged non-measured lesions allow a partial response ("not increased") or not ("absent, normal or regressed").
    /// Default yes.
    pub pr_allows_stable_non_target: bool,
}

impl Default for LuganoParameters {
    fn default() -> Self {
        Self {
            lyric: false,
            lyric_days: 84,
            spleen_normal_mm: 130.0,
            new_splenomegaly: NewSplenomegaly::TwoCentimetres,
            spleen_reference: SpleenReference::Baseline,
            pr_allows_stable_non_target: true,
        }
    }
}

/// A target lesion at one time: its two diameters, or why there are none.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Target {
    /// Identifies the lesion across assessments.
    #[serde(deserialize_with = "identifier")]
    pub id: String,
    /// Where; not used.
    pub site: Option<String>,
    /// Longest diameter, mm.
    #[serde(alias = "ldi")]
    pub ldi_mm: Option<f64>,
    /// Shortest axis perpendicular to it, mm.
    #[serde(alias = "sdi")]
    pub sdi_mm: Option<f64>,
    /// Longest diameter, cm.
    pub ldi_cm: Option<f64>,
    /// Perpendicular diameter, cm.
    pub sdi_cm: Option<f64>,
    /// A node or nodal mass, as opposed to extranodal. Needed at baseline.
    #[serde(deserialize_with = "flag")]
    pub nodal: Option<bool>,
    /// The same as a word.
    pub kind: Option<LesionKind>,
    /// Seen but too small to measure: counts as 5 x 5 mm.
    #[serde(deserialize_with = "flag")]
    pub too_small: Option<bool>,
    /// No longer visible: counts as 0 x 0 mm.
    #[serde(deserialize_with = "flag", alias = "resolved", alias = "gone")]
    pub not_visible: Option<bool>,
    /// For a lesion that had resolved: unequivocally lymphoma again, whatever its size.
    #[serde(deserialize_with = "flag")]
    pub unequivocal: Option<bool>,
}

/// A lesion that was not there before.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct NewLesion {
    /// Where; not used.
    pub site: Option<String>,
    /// Node or extranodal.
    pub kind: Option<LesionKind>,
    /// The same as a flag.
    #[serde(deserialize_with = "flag")]
    pub nodal: Option<bool>,
    /// Largest diameter in any axis, mm.
    #[serde(alias = "ldi_mm", alias = "ldi", alias = "size")]
    pub size_mm: Option<f64>,
    /// Largest diameter in any axis, cm.
    #[serde(alias = "ldi_cm")]
    pub size_cm: Option<f64>,
    /// Perpendicular diameter, mm; checked, not used.
    #[serde(alias = "sdi")]
    pub sdi_mm: Option<f64>,
    /// Unequivocally attributable to lymphoma; a statement of the reader, so absent means that it was not made. On PET `false` says that
    /// the uptake is not consistent with lymphoma.
    #[serde(deserialize_with = "flag", alias = "lymphoma")]
    pub unequivocal: Option<bool>,
}

/// New lesions: whether there are any, or which.
#[derive(Debug, Clone, PartialEq)]
pub enum NewLesions {
    /// Only whether.
    Stated(bool),
    /// Which; an empty list says none.
    Listed(Vec<NewLesion>),
}

/// The state before treatment.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Baseline {
    /// Day of the imaging.
    pub date: Option<NaiveDate>,
    /// Up to six target lesions; an empty list says that none was measurable.
    pub targets: Option<Vec<Target>>,
    /// Vertical length of the spleen, mm.
    #[serde(alias = "spleen")]
    pub spleen_mm: Option<f64>,
    /// Vertical length of the spleen, cm.
    pub spleen_cm: Option<f64>,
    /// `ABSENT` when there were no non-measured lesions; they need then not be stated later.
    pub non_target: Option<NonTargetState>,
    /// `NORMAL` when the marrow was not involved; it need then not be repeated for a complete response.
    pub marrow: Option<MarrowState>,
}

/// One assessment after baseline.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Assessment {
    /// Day of the imaging.
    #[serde(alias = "assess_date", alias = "assessment_date")]
    pub date: NaiveDate,
    /// Five-point score, as a number or text; `X` for new uptake unlikely to be lymphoma.
    #[serde(default, deserialize_with = "score")]
    pub deauville: Option<Deauville>,
    /// Uptake compared with baseline.
    #[serde(default)]
    pub uptake_change: Option<UptakeChange>,
    /// Uptake at the initial sites is at most that of the surrounding tissue of high physiologic uptake.
    #[serde(default, deserialize_with = "flag")]
    pub physiologic_uptake: Option<bool>,
    /// The targets of baseline, by `id`; one that is not listed was not assessed.
    #[serde(default)]
    pub targets: Vec<Target>,
    /// Non-measured lesions.
    #[serde(default)]
    pub non_target: Option<NonTargetState>,
    /// New lesions.
    #[serde(default, deserialize_with = "new_lesions")]
    pub new_lesions: Option<NewLesions>,
    /// Vertical length of the spleen, mm.
    #[serde(default, alias = "spleen")]
    pub spleen_mm: Option<f64>,
    /// Vertical length of the spleen, cm.
    #[serde(default)]
    pub spleen_cm: Option<f64>,
    /// Marrow, by biopsy (CT) or uptake (PET-CT).
    #[serde(default)]
    pub marrow: Option<MarrowState>,
    /// Immunohistochemistry negative, where morphology is indeterminate.
    #[serde(default, deserialize_with = "flag")]
    pub marrow_ihc_negative: Option<bool>,
    /// Clinical deterioration, for IR1.
    #[serde(default, deserialize_with = "flag")]
    pub clinical_deterioration: Option<bool>,
    /// Category as the center reports it; compared, not used.
    #[serde(default)]
    pub reported_category: Option<Category>,
}

/// One patient's imaging after one infusion.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Lugano {
    /// How the response was imaged.
    pub modality: Modality,
    /// Choices; the defaults where absent.
    #[serde(default)]
    pub parameters: LuganoParameters,
    /// Shorthand for `parameters.lyric`.
    #[serde(default, deserialize_with = "flag")]
    pub lyric: Option<bool>,
    /// Day of the infusion, from which IR1 counts its 12 weeks and before which nothing is a response.
    #[serde(default, alias = "treatment_start")]
    pub infusion_date: Option<NaiveDate>,
    /// First day of the next lymphoma therapy; responses from then on are not counted.
    #[serde(default)]
    pub next_therapy_date: Option<NaiveDate>,
    /// The state before treatment.
    #[serde(default)]
    pub baseline: Baseline,
    /// The assessments, in any order.
    #[serde(default)]
    pub assessments: Vec<Assessment>,
}

struct Identifier;
impl Visitor<'_> for Identifier {
    type Value = String;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or a whole number that identifies the lesion")
    }
    fn visit_str<E: Error>(self, value: &str) -> Result<String, E> {
        Ok(value.trim().to_owned())
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<String, E> {
        Ok(value.to_string())
    }
}
fn identifier<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    deserializer.deserialize_any(Identifier)
}

struct Score;
impl Visitor<'_> for Score {
    type Value = Option<Deauville>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Deauville score 1, 2, 3, 4, 5 or \"X\"")
    }
    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        let text = value.trim();
        let found = Deauville::ALL.iter().find(|d| d.code().eq_ignore_ascii_case(text));
        found.copied().map(Some).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(value), &self))
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        match value {
            1 => Ok(Some(Deauville::One)),
            2 => Ok(Some(Deauville::Two)),
            3 => Ok(Some(Deauville::Three)),
            4 => Ok(Some(Deauville::Four)),
            5 => Ok(Some(Deauville::Five)),
            _ => Err(E::invalid_value(serde::de::Unexpected::Unsigned(value), &self)),
        }
    }
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}
fn score<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Deauville>, D::Error> {
    deserializer.deserialize_any(Score)
}

struct New;
impl<'de> Visitor<'de> for New {
    type Value = Option<NewLesions>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false, a list of new lesions, or null")
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(NewLesions::Stated(value)))
    }
    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        match flag_of(value) {
            Some(stated) => Ok(stated.map(NewLesions::Stated)),
            None => Err(E::invalid_value(serde::de::Unexpected::Str(value), &self)),
        }
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(seq)).map(|list| Some(NewLesions::Listed(list)))
    }
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}
fn new_lesions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NewLesions>, D::Error> {
    deserializer.deserialize_any(New)
}
