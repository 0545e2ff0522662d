//! Tocilizumab (4.1.2, 4.2.2).

use super::{Parameters, category, conclude};
use crate::criteria::case::Fault;
use crate::criteria::compare::{Verdict, at_least, at_most};
use crate::criteria::measured::{Measure, Place, known};
use crate::criteria::trace::{At, Trace, criteria};
use crate::field::value_sets;

criteria! {
    SINGLE = Seed("dose_tocilizumab.single", "tocilizumab of at most 800 mg a dose", "托珠单抗单次≤800 mg", "4.1.2");
    PER_KG = Proposed("dose_tocilizumab.per_kg", "tocilizumab of 7 to 9 mg/kg (8 nominal), or the cap of 800 mg", "托珠单抗7~9 mg/kg（标准8），或上限800 mg", "4.1.2; catalogue F9 CRS-03");
    INTERVAL = Reconstructed("dose_tocilizumab.interval", "at least 8 h between doses", "两次给药间隔≥8小时", "catalogue D1.2, R23");
    IN_24_H = Reconstructed("dose_tocilizumab.in_24_h", "at most 3 doses in 24 h", "24小时内≤3次", "catalogue D1.2, R23");
    TOTAL = Reconstructed("dose_tocilizumab.total", "at most 4 doses; for ICANS at most 3 (printed \"2 to 3\")", "总次数≤4；ICANS≤3（原文2~3次）", "4.2.2; catalogue D1.2, R23, H42");
    TOTAL_WARNING = Seed("dose_tocilizumab.total_warning", "the largest number of doses for ICANS is reached", "达到ICANS建议总次数上限", "4.2.2; erratum H42");
    TOCILIZUMAB_WITHIN = Proposed("dose_tocilizumab.within", "doses and schedule within the limits", "剂量及间隔均符合", "catalogue R23");
    TOCILIZUMAB_OUTSIDE = Proposed("dose_tocilizumab.outside", "a dose or the schedule outside the limits", "剂量或间隔不符合", "catalogue R23");
    TOCILIZUMAB_UNDECIDED = Proposed("dose_tocilizumab.missing", "a missing value would decide", "缺失值可改变判断", "catalogue R23");
}

static TOCILIZUMAB_MG: Measure = Measure { name: "dose_mg", unit: "mg", min: 0.0, max: 1600.0, other: None };
static HOUR: Measure = Measure { name: "hour", unit: "h", min: -10_000.0, max: 1_000_000.0, other: None };
/// Most mg of tocilizumab in one dose.
const TOCILIZUMAB_CAP_MG: f64 = 800.0;
/// mg of tocilizumab per kg.
const TOCILIZUMAB_MG_KG: f64 = 8.0;

value_sets! {
    /// Why tocilizumab was given.
    Indication "tocilizumab_indication" {
        Crs "CRS" "Cytokine release syndrome" "细胞因子释放综合征";
        Icans "ICANS" "ICANS with CRS" "ICANS（合并CRS）";
    }
}

/// Tocilizumab at 8 mg/kg, at most 800 mg (4.1.2).
pub fn tocilizumab_mg(weight_kg: f64) -> f64 {
    (weight_kg * TOCILIZUMAB_MG_KG).min(TOCILIZUMAB_CAP_MG)
}

/// A dose of tocilizumab.
#[derive(Debug, Clone, Copy, PartialEq, serde::Deserialize)]
pub struct TocilizumabDose {
    /// Hours from any common origin.
    #[serde(default)]
    pub hour: Option<f64>,
    /// mg.
    #[serde(default)]
    pub dose_mg: Option<f64>,
}

/// Tocilizumab, as given.
#[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
#[serde(default)]
pub struct TocilizumabInput {
    /// Body weight, kg.
    pub weight_kg: Option<f64>,
    /// Indication; CRS unless said otherwise.
    pub indication: Option<Indication>,
    /// Doses, in any order.
    pub doses: Vec<TocilizumabDose>,
}

/// Tocilizumab judged. Without any dose only the recommended one is shown.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Tocilizumab {
    /// `within_range`, `outside_range` or `not_evaluable`; none without any dose.
    pub category: Option<&'static str>,
    /// 8 mg/kg, at most 800 mg.
    pub recommended_mg: Option<f64>,
    /// Every dose is at most 800 mg.
    pub single_in_limit: Option<bool>,
    /// Every dose is 7 to 9 mg/kg, or the cap.
    pub per_kg_in_range: Option<bool>,
    /// The doses are far enough apart.
    pub interval_in_limit: Option<bool>,
    /// Not too many in 24 hours.
    pub in_24_h_in_limit: Option<bool>,
    /// Not too many altogether.
    pub total_in_limit: Option<bool>,
    /// The largest number for ICANS is reached.
    pub total_warning: bool,
    /// Number of doses.
    pub doses: usize,
}

/// Judges doses of tocilizumab.
pub fn tocilizumab(
    weight_kg: Option<f64>,
    indication: Indication,
    doses: &[TocilizumabDose],
    parameters: &Parameters,
    trace: &mut Trace,
) -> (Option<Verdict>, Tocilizumab) {
    let at = At::Case;
    let recommended = weight_kg.map(tocilizumab_mg);
    let (mut single, mut per_kg) = (Verdict::Met, Verdict::Met);
    for dose in doses {
        let shown = [("dose_mg", dose.dose_mg.into()), ("weight_kg", weight_kg.into())];
        let limit = dose.dose_mg.map(|mg| at_most(mg, TOCILIZUMAB_CAP_MG));
        single = single & trace.judge(at, &SINGLE, limit, &shown);
        let near = dose.dose_mg.zip(weight_kg).map(|(mg, kg)| {
            let capped =
                at_least(kg * TOCILIZUMAB_MG_KG, TOCILIZUMAB_CAP_MG) && at_least(mg, TOCILIZUMAB_CAP_MG);
            capped || (at_least(mg, kg * 7.0) && at_most(mg, kg * 9.0))
        });
        per_kg = per_kg & trace.judge(at, &PER_KG, near, &shown);
    }
    let mut hours: Vec<f64> = doses.iter().filter_map(|dose| dose.hour).collect();
    hours.sort_by(f64::total_cmp);
    let timed = hours.len() == doses.len();
    let closest = hours.iter().zip(hours.iter().skip(1)).map(|(a, b)| b - a).fold(f64::INFINITY, f64::min);
    let too_close = !at_least(closest, parameters.tocilizumab_interval_hours);
    // Doses without a time can only bring the others closer together.
    let interval = match (too_close, timed || doses.len() < 2) {
        (true, _) => Verdict::NotMet,
        (false, true) => Verdict::Met,
        (false, false) => Verdict::Undecided,
    };
    let shown = [("closest_hours", closest.is_finite().then_some(closest).into())];
    trace.judge(at, &INTERVAL, interval, &shown);
    let most = usize::from(parameters.tocilizumab_in_24_h);
    let crowded =
        hours.iter().zip(hours.iter().skip(most)).any(|(first, beyond)| !at_least(beyond - first, 24.0));
    let in_24_h = match (crowded, timed || doses.len() <= most) {
        (true, _) => Verdict::NotMet,
        (false, true) => Verdict::Met,
        (false, false) => Verdict::Undecided,
    };
    let count = i32::try_from(doses.len()).unwrap_or(i32::MAX);
    trace.judge(at, &IN_24_H, in_24_h, &[("doses", count.into())]);
    let limit = match indication {
        Indication::Crs => parameters.tocilizumab_total_crs,
        Indication::Icans => parameters.tocilizumab_total_icans,
    };
    let shown = [
        ("doses", count.into()),
        ("indication", indication.code().into()),
        ("limit", i32::from(limit).into()),
    ];
    let total = trace.judge(at, &TOTAL, count <= i32::from(limit), &shown);
    let reached = indication == Indication::Icans && count == i32::from(limit);
    let warning = trace.judge(at, &TOTAL_WARNING, reached, &shown);
    let good = single & per_kg & interval & in_24_h & total;
    let given = !doses.is_empty();
    if given {
        conclude(trace, good, [&TOCILIZUMAB_WITHIN, &TOCILIZUMAB_OUTSIDE, &TOCILIZUMAB_UNDECIDED]);
        for (absent, name) in [
            (per_kg.undecided() && weight_kg.is_none(), "tocilizumab/weight_kg"),
            (doses.iter().any(|dose| dose.dose_mg.is_none()), "tocilizumab/dose_mg"),
            (interval.undecided() || in_24_h.undecided(), "tocilizumab/hour"),
        ] {
            if absent && good.undecided() {
                trace.miss(at, name);
            }
        }
    }
    let judged = |verdict: Verdict| if given { known(verdict) } else { None };
    let result = Tocilizumab {
        category: given.then_some(category(good)),
        recommended_mg: recommended,
        single_in_limit: judged(single),
        per_kg_in_range: judged(per_kg),
        interval_in_limit: judged(interval),
        in_24_h_in_limit: judged(in_24_h),
        total_in_limit: judged(total),
        total_warning: warning.met(),
        doses: doses.len(),
    };
    (given.then_some(good), result)
}

impl TocilizumabInput {
    pub(super) fn judge(
        &self,
        weight_kg: Option<f64>,
        parameters: &Parameters,
        trace: &mut Trace,
    ) -> Result<(Option<Verdict>, Tocilizumab), Fault> {
        for (index, dose) in self.doses.iter().enumerate() {
            let place = Place::Row("tocilizumab/doses", index);
            TOCILIZUMAB_MG.read(place, dose.dose_mg, None)?;
            HOUR.read(place, dose.hour, None)?;
        }
        let indication = self.indication.unwrap_or(Indication::Crs);
        Ok(tocilizumab(weight_kg, indication, &self.doses, parameters, trace))
    }
}
