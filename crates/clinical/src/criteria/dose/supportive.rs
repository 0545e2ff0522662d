//! Immunoglobulin and G-CSF (3.6(4), 4.5.2, 4.6).

use super::{Range, category, conclude, judge_range};
use crate::codes::Disease;
use crate::criteria::case::Fault;
use crate::criteria::compare::{Verdict, above, at_least, at_most};
use crate::criteria::measured::{Measure, Place, known};
use crate::criteria::trace::{At, Trace, criteria};

criteria! {
    IVIG_B_ALL = Seed("dose_ivig.b_all", "B-ALL: immunoglobulin of 400 to 500 mg/kg, twice a month", "B-ALL：丙种球蛋白400~500 mg/kg，每月2次", "3.6(4)");
    IVIG_GENERAL = Seed("dose_ivig.general", "immunoglobulin of 5 g on 3 days, once a month", "丙种球蛋白5 g×3天，每月1次", "4.6(2)");
    IVIG_WITHIN = Seed("dose_ivig.within", "immunoglobulin as recommended", "丙种球蛋白符合推荐", "3.6(4); 4.6(2)");
    IVIG_OUTSIDE = Seed("dose_ivig.outside", "immunoglobulin not as recommended", "丙种球蛋白不符合推荐", "3.6(4); 4.6(2)");
    IVIG_UNDECIDED = Proposed("dose_ivig.missing", "a missing value would decide", "缺失值可改变判断", "3.6(4); 4.6(2)");
    G_CSF = Seed("dose_g_csf.query", "G-CSF of at most 12 ug/kg a day (5; 10 without response, printed 105)", "G-CSF≤12 μg/(kg·d)（5；无应答10，原文105）", "4.5.2; erratum H03");
    G_CSF_QUERY = Proposed("dose_g_csf.above", "G-CSF above 12 ug/kg a day", "G-CSF>12 μg/(kg·d)", "4.5.2; erratum H03");
    G_CSF_UNDECIDED = Proposed("dose_g_csf.missing", "the dose per kg is not known", "每公斤剂量未知", "4.5.2; erratum H03");
}

static IVIG_G: Measure = Measure { name: "dose_g", unit: "g", min: 0.0, max: 200.0, other: None };
static IVIG_MG_KG: Measure =
    Measure { name: "dose_mg_kg", unit: "mg/kg", min: 50.0, max: 2000.0, other: None };
static G_CSF_UG: Measure = Measure { name: "dose_ug", unit: "ug", min: 0.0, max: 7500.0, other: None };
static G_CSF_UG_KG: Measure = Measure { name: "dose_ug_kg", unit: "ug/kg", min: 0.0, max: 30.0, other: None };

/// Immunoglobulin for a patient with B-ALL, g per infusion.
pub fn ivig_range_g(weight_kg: f64) -> Range {
    Range::new(0.4 * weight_kg, 0.5 * weight_kg)
}

/// Immunoglobulin, as given.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Deserialize)]
#[serde(default)]
pub struct IvigInput {
    /// Body weight, kg.
    pub weight_kg: Option<f64>,
    /// g a day.
    pub dose_g: Option<f64>,
    /// mg/kg a day; instead of `dose_g`.
    pub dose_mg_kg: Option<f64>,
    /// Days in a row.
    pub days: Option<u8>,
}

/// Immunoglobulin judged. Without a dose only the recommended ones are shown.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Ivig {
    /// By the rule of the patient's disease: `within_range`, `outside_range` or `not_evaluable`; none without a dose.
    pub category: Option<&'static str>,
    /// 3.6(4): g per infusion, twice a month.
    pub recommended_b_all_g: Option<Range>,
    /// 4.6: g a day, on 3 days, once a month.
    pub recommended_general_g: f64,
    /// By 3.6(4).
    pub as_b_all: Option<bool>,
    /// By 4.6.
    pub as_general: Option<bool>,
}

/// Judges a dose of immunoglobulin by both sections (C13); that of the disease decides.
pub fn ivig(
    weight_kg: Option<f64>,
    dose_g: Option<f64>,
    days: Option<u8>,
    disease: Option<Disease>,
    trace: &mut Trace,
) -> (Option<Verdict>, Ivig) {
    let at = At::Case;
    let range = weight_kg.map(ivig_range_g);
    let as_b_all = match range {
        Some(range) => judge_range(trace, &IVIG_B_ALL, ("dose_g", dose_g), range),
        None => trace.judge(at, &IVIG_B_ALL, Verdict::Undecided, &[("dose_g", dose_g.into())]),
    };
    let five = Verdict::from(dose_g.map(|g| at_least(g, 5.0) && at_most(g, 5.0)));
    let three: Verdict = days.map(|days| days == 3).into();
    let shown = [("dose_g", dose_g.into()), ("days", days.map(i32::from).into())];
    let as_general = trace.judge(at, &IVIG_GENERAL, five & three, &shown);
    let good = match disease {
        Some(Disease::BAll) => as_b_all,
        Some(_) => as_general,
        None if as_b_all == as_general => as_b_all,
        None => Verdict::Undecided,
    };
    let given = dose_g.is_some();
    if given {
        conclude(trace, good, [&IVIG_WITHIN, &IVIG_OUTSIDE, &IVIG_UNDECIDED]);
        for (absent, name) in [
            (disease.is_none(), "disease"),
            (as_b_all.undecided() && disease.is_none_or(|d| d == Disease::BAll), "ivig/weight_kg"),
            (as_general.undecided() && disease.is_none_or(|d| d != Disease::BAll), "ivig/days"),
        ] {
            if absent && good.undecided() {
                trace.miss(at, name);
            }
        }
    }
    let judged = |verdict: Verdict| if given { known(verdict) } else { None };
    let result = Ivig {
        category: given.then_some(category(good)),
        recommended_b_all_g: range,
        recommended_general_g: 5.0,
        as_b_all: judged(as_b_all),
        as_general: judged(as_general),
    };
    (given.then_some(good), result)
}

/// An amount given absolutely or per kg, as an amount; both must agree within 5 %.
fn amount(
    place: Place,
    member: &str,
    total: Option<f64>,
    per_kg: Option<f64>,
    weight_kg: Option<f64>,
) -> Result<Option<f64>, Fault> {
    let by_weight = per_kg.zip(weight_kg).map(|(per_kg, kg)| per_kg * kg);
    match (total, by_weight) {
        (Some(total), Some(by_weight)) if above((total - by_weight).abs(), 0.05 * total.max(by_weight)) => {
            let problem = format!("{total} contradicts {by_weight} from the dose per kg and the weight");
            Err(Fault::new(place.pointer(member), problem, "doses that agree within 5 %"))
        }
        _ => Ok(total.or(by_weight)),
    }
}

impl IvigInput {
    pub(super) fn judge(
        &self,
        weight_kg: Option<f64>,
        disease: Option<Disease>,
        trace: &mut Trace,
    ) -> Result<(Option<Verdict>, Ivig), Fault> {
        let place = Place::Under("ivig");
        let per_kg = IVIG_MG_KG.read(place, self.dose_mg_kg, None)?.map(|mg_kg| mg_kg / 1000.0);
        let total = IVIG_G.read(place, self.dose_g, None)?;
        if let Some((total, kg)) = total.zip(weight_kg) {
            IVIG_MG_KG.read(place, Some(total * 1000.0 / kg), None)?;
        }
        let dose_g = amount(place, "dose_g", total, per_kg, weight_kg)?;
        let (judged, result) = ivig(weight_kg, dose_g, self.days, disease, trace);
        if per_kg.is_some() && dose_g.is_none() {
            trace.miss(At::Case, "ivig/weight_kg");
            conclude(trace, Verdict::Undecided, [&IVIG_WITHIN, &IVIG_OUTSIDE, &IVIG_UNDECIDED]);
            return Ok((
                Some(Verdict::Undecided),
                Ivig { category: Some(category(Verdict::Undecided)), ..result },
            ));
        }
        Ok((judged, result))
    }
}

/// G-CSF, as given.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Deserialize)]
#[serde(default)]
pub struct GCsfInput {
    /// Body weight, kg.
    pub weight_kg: Option<f64>,
    /// µg a day.
    pub dose_ug: Option<f64>,
    /// µg/kg a day.
    pub dose_ug_kg: Option<f64>,
}

/// How far a dose of G-CSF can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GCsfClass {
    /// At most 12 µg/kg a day.
    Usual,
    /// Above 12 µg/kg a day: to be confirmed.
    Query,
    /// Above 30 µg/kg a day: not accepted.
    Rejected,
}

/// Class of a dose in µg/kg a day.
pub fn g_csf_class(ug_kg: f64) -> GCsfClass {
    if above(ug_kg, 30.0) {
        GCsfClass::Rejected
    } else if above(ug_kg, 12.0) {
        GCsfClass::Query
    } else {
        GCsfClass::Usual
    }
}

/// G-CSF judged.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct GCsf {
    /// µg/kg a day.
    pub dose_ug_kg: Option<f64>,
    /// How far it can be believed.
    pub class: Option<GCsfClass>,
    /// µg a day at 5 µg/kg.
    pub recommended_ug: Option<f64>,
    /// µg a day at 10 µg/kg, without response.
    pub recommended_without_response_ug: Option<f64>,
}

/// Judges a dose of G-CSF in µg/kg a day.
pub fn g_csf(weight_kg: Option<f64>, ug_kg: Option<f64>, trace: &mut Trace) -> (Option<Verdict>, GCsf) {
    let class = ug_kg.map(g_csf_class);
    let usual = class.map(|class| Verdict::from(class == GCsfClass::Usual));
    if let Some(usual) = usual {
        trace.judge(At::Case, &G_CSF, usual, &[("dose_ug_kg", ug_kg.into())]);
        conclude(trace, usual, [&G_CSF, &G_CSF_QUERY, &G_CSF_UNDECIDED]);
    }
    let result = GCsf {
        dose_ug_kg: ug_kg,
        class,
        recommended_ug: weight_kg.map(|kg| kg * 5.0),
        recommended_without_response_ug: weight_kg.map(|kg| kg * 10.0),
    };
    (usual, result)
}

impl GCsfInput {
    pub(super) fn judge(
        &self,
        weight_kg: Option<f64>,
        trace: &mut Trace,
    ) -> Result<(Option<Verdict>, GCsf), Fault> {
        let place = Place::Under("g_csf");
        let total = G_CSF_UG.read(place, self.dose_ug, None)?;
        let said = G_CSF_UG_KG.read(place, self.dose_ug_kg, None)?;
        amount(place, "dose_ug", total, said, weight_kg)?;
        let by_weight = total.zip(weight_kg).map(|(ug, kg)| ug / kg);
        let ug_kg = said.or(by_weight);
        G_CSF_UG_KG.read(place, ug_kg, None)?;
        if total.is_some() && ug_kg.is_none() {
            trace.miss(At::Case, "g_csf/weight_kg");
            conclude(trace, Verdict::Undecided, [&G_CSF, &G_CSF_QUERY, &G_CSF_UNDECIDED]);
            return Ok((Some(Verdict::Undecided), g_csf(weight_kg, ug_kg, trace).1));
        }
        Ok(g_csf(weight_kg, ug_kg, trace))
    }
}
