//! What the lesions and the spleen show against their past, shared by the CT criteria and LYRIC.

use super::input::{LuganoParameters, NewLesions, NewSplenomegaly, SpleenReference};
use super::rules;
use super::size::{Nadir, Past, Reading, Seen, Start, new_lesion};
use crate::codes::assessment::Deauville;
use crate::criteria::compare::{above, at_most, below, rose_at_least, rose_by_at_least, rose_by_more_than};
use crate::criteria::{At, Quantity, Trace, Verdict};

/// A node of at most this longest diameter is of normal size, mm.
pub(super) const NODE_MM: f64 = 15.0;
/// An extranodal lesion counts above this, mm.
pub(super) const EXTRANODAL_MM: f64 = 10.0;
/// Up to this size at nadir a lesion grows by [`SMALL_STEP_MM`], above by [`LARGE_STEP_MM`].
const SMALL_MM: f64 = 20.0;
const SMALL_STEP_MM: f64 = 5.0;
const LARGE_STEP_MM: f64 = 10.0;
/// Growth in product of diameters, of one lesion or of their sum, %.
pub(super) const GROWTH_PERCENT: f64 = 50.0;
/// Growth of a spleen of normal length, mm.
const SPLEEN_STEP_MM: f64 = 20.0;

fn both(a: Option<f64>, b: Option<f64>, holds: impl FnOnce(f64, f64) -> bool) -> Verdict {
    Verdict::from(a.zip(b).map(|(a, b)| holds(a, b)))
}

/// Target number, as people count.
fn number(i: usize) -> Quantity {
    i64::try_from(i + 1).map_or(Quantity::Absent, Quantity::Integer)
}

/// C2.3 a of one lesion.
fn grown(at: At, i: usize, past: Nadir, now: Seen, trace: &mut Trace) -> Verdict {
    let target = ("target", number(i));
    let abnormal = trace.judge(
        at,
        &rules::LESION_ABNORMAL,
        now.size.ldi.map(|l| above(l, NODE_MM)),
        &[target, ("ldi_mm", now.size.ldi.into())],
    );
    if abnormal.not_met() {
        return abnormal;
    }
    let ppd = trace.judge(
        at,
        &rules::LESION_PPD_RISE,
        both(past.ppd, now.size.ppd(), |base, now| rose_at_least(base, now, GROWTH_PERCENT)),
        &[target, ("ppd_nadir_mm2", past.ppd.into()), ("ppd_mm2", now.size.ppd().into())],
    );
    let step = past.ldi.map(|l| if at_most(l, SMALL_MM) { SMALL_STEP_MM } else { LARGE_STEP_MM });
    let by_step = |base: Option<f64>, now: Option<f64>| match step {
        Some(step) => both(base, now, |base, now| rose_by_at_least(base, now, step)),
        None => Verdict::Undecided,
    };
    let rise = |base: Option<f64>, now: Option<f64>| Quantity::from(base.zip(now).map(|(a, b)| b - a));
    let axis = trace.judge(
        at,
        &rules::LESION_AXIS_RISE,
        by_step(past.ldi, now.size.ldi) | by_step(past.sdi, now.size.sdi),
        &[
            target,
            ("ldi_rise_mm", rise(past.ldi, now.size.ldi)),
            ("sdi_rise_mm", rise(past.sdi, now.size.sdi)),
            ("needed_mm", step.into()),
        ],
    );
    abnormal & ppd & axis
}

/// C2.3 a over all targets.
pub(super) fn growth(
    at: At,
    now: &Reading<'_>,
    past: &Past,
    start: &Start<'_>,
    trace: &mut Trace,
) -> Verdict {
    let Some(count) = start.count() else { return Verdict::Undecided };
    let lesions = now.targets.iter().zip(past.lesions).take(count).enumerate();
    lesions.fold(Verdict::NotMet, |any, (i, (seen, nadir))| any | grown(at, i, nadir, *seen, trace))
}

/// Whether a lesion of this size counts as one that was not there. Smaller ones only when the reader calls them unequivocal.
fn counts(size: Option<f64>, nodal: Option<bool>, unequivocal: Option<bool>) -> Verdict {
    let large = match (size, nodal) {
        (Some(s), Some(nodal)) => above(s, if nodal { NODE_MM } else { EXTRANODAL_MM }).into(),
        (Some(s), None) if above(s, NODE_MM) => Verdict::Met,
        (Some(s), None) if at_most(s, EXTRANODAL_MM) => Verdict::NotMet,
        _ => Verdict::Undecided,
    };
    if unequivocal == Some(true) { Verdict::Met } else { large }
}

/// C2.3 d, first part: targets that had disappeared.
pub(super) fn regrowth(now: &Reading<'_>, past: &Past, start: &Start<'_>) -> Verdict {
    let Some(count) = start.count() else { return Verdict::Undecided };
    let lesions = now.targets.iter().zip(past.lesions).zip(start.nodal).take(count);
    lesions.fold(Verdict::NotMet, |any, ((seen, nadir), nodal)| {
        let visible = Verdict::from(seen.size.ldi.map(|l| above(l, 0.0)));
        any | (Verdict::from(nadir.resolved()) & visible & counts(seen.size.ldi, nodal, seen.unequivocal))
    })
}

/// C2.3 d, second part.
pub(super) fn new_by_size(stated: Option<&NewLesions>) -> Verdict {
    match stated {
        None => Verdict::Undecided,
        Some(NewLesions::Stated(any)) => (*any).into(),
        Some(NewLesions::Listed(lesions)) => lesions.iter().fold(Verdict::NotMet, |any, lesion| {
            let (size, nodal) = new_lesion(lesion);
            any | counts(size, nodal, lesion.unequivocal)
        }),
    }
}

/// C2.2: on PET a new focus counts whatever its size, unless it is said not to be lymphoma. A score of `X` says just that of the new
/// uptake, so that a bare "yes" decides nothing beside it.
pub(super) fn new_by_uptake(stated: Option<&NewLesions>, score: Option<Deauville>) -> Verdict {
    let unsaid = if score == Some(Deauville::X) { Verdict::Undecided } else { Verdict::Met };
    match stated {
        None => Verdict::Undecided,
        Some(NewLesions::Stated(true)) => unsaid,
        Some(NewLesions::Stated(false)) => Verdict::NotMet,
        Some(NewLesions::Listed(lesions)) => lesions
            .iter()
            .fold(Verdict::NotMet, |any, lesion| any | lesion.unequivocal.map_or(unsaid, Verdict::from)),
    }
}

/// C2.3 b.
pub(super) fn spleen_progression(
    at: At,
    now: &Reading<'_>,
    past: &Past,
    start: &Start<'_>,
    choices: &LuganoParameters,
    trace: &mut Trace,
) -> Verdict {
    let normal = choices.spleen_normal_mm;
    let from = match choices.spleen_reference {
        SpleenReference::Baseline => start.spleen,
        SpleenReference::Nadir => past.spleen,
    };
    let excess = trace.judge(
        at,
        &rules::SPLEEN_EXCESS,
        both(from, now.spleen, |from, now| {
            above(from, normal) && rose_by_more_than(from, now, (from - normal) * 0.5)
        }),
        &[("spleen_before_mm", from.into()), ("spleen_mm", now.spleen.into())],
    );
    // Normal at baseline: counted from baseline. Enlarged at baseline and normal since: recurrence, counted from the smallest since.
    let from = if start.spleen.is_some_and(|s| at_most(s, normal)) { start.spleen } else { past.spleen };
    let enlarged = Verdict::from(now.spleen.map(|s| above(s, normal)));
    let longer = both(from, now.spleen, |from, now| rose_by_at_least(from, now, SPLEEN_STEP_MM));
    let had_normal = Verdict::from(from.map(|s| at_most(s, normal)));
    let new = match choices.new_splenomegaly {
        NewSplenomegaly::TwoCentimetres => longer,
        NewSplenomegaly::TwoCentimetresAndEnlarged => longer & enlarged,
        NewSplenomegaly::Enlarged => longer | enlarged,
    };
    let new = trace.judge(
        at,
        &rules::SPLEEN_NEW,
        had_normal & new,
        &[("spleen_before_mm", from.into()), ("spleen_mm", now.spleen.into())],
    );
    excess | new
}

/// C2.3, partial response: the excess over normal more than halved, where there was one.
pub(super) fn spleen_regressed(start: Option<f64>, now: Option<f64>, normal: f64) -> Verdict {
    match (start, now) {
        (Some(start), _) if at_most(start, normal) => Verdict::Met,
        (Some(start), Some(now)) => below(now, normal + (start - normal) * 0.5).into(),
        (None, Some(now)) if at_most(now, normal) => Verdict::Met,
        _ => Verdict::Undecided,
    }
}

/// Names what is absent among the targets, each kind of absence once.
pub(super) fn miss_targets(at: At, now: &Reading<'_>, past: &Past, start: &Start<'_>, trace: &mut Trace) {
    let Some(count) = start.count() else { return trace.miss(at, "baseline.targets") };
    if count > 0 && past.spd_baseline.is_none() {
        trace.miss(at, "baseline.targets");
    }
    for ((seen, nadir), nodal) in now.targets.iter().zip(past.lesions).zip(start.nodal).take(count) {
        if nadir.resolved() && nodal.is_none() && seen.size.ldi.is_some_and(|l| above(l, 0.0)) {
            trace.miss(at, "baseline.targets.nodal");
        }
        match (seen.listed, seen.size.ldi, seen.size.sdi) {
            (false, ..) => trace.miss(at, "targets"),
            (true, None, _) => trace.miss(at, "targets.ldi_mm"),
            (true, Some(_), None) => trace.miss(at, "targets.sdi_mm"),
            _ => {}
        }
    }
}

/// Names what is absent of new lesions where their size decides.
pub(super) fn miss_new(at: At, stated: Option<&NewLesions>, trace: &mut Trace) {
    let Some(stated) = stated else { return trace.miss(at, "new_lesions") };
    let NewLesions::Listed(lesions) = stated else { return };
    for lesion in lesions {
        let (size, nodal) = new_lesion(lesion);
        if counts(size, nodal, lesion.unequivocal).undecided() {
            trace.miss(at, if size.is_none() { "new_lesions.size_mm" } else { "new_lesions.kind" });
        }
    }
}
