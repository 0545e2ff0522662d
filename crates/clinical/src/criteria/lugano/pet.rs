//! PET-CT-based response (C2.1, C2.2).

use super::ct::{Progression, Scene};
use super::input::LuganoCategory;
use super::lesions;
use super::rules;
use crate::codes::assessment::{Deauville, MarrowState, UptakeChange};
use crate::criteria::{Trace, Verdict};

/// Whether the score lies above the liver. `X` tells of new uptake only, not of the initial sites.
fn hot(score: Option<Deauville>) -> Verdict {
    match score {
        Some(Deauville::One | Deauville::Two | Deauville::Three) => Verdict::NotMet,
        Some(Deauville::Four | Deauville::Five) => Verdict::Met,
        Some(Deauville::X) | None => Verdict::Undecided,
    }
}

/// Category of one assessment by PET-CT, and what may have made it progression.
pub(super) fn decide(scene: &Scene<'_>, trace: &mut Trace) -> (LuganoCategory, Progression) {
    let (at, now) = (scene.at, scene.now.source);
    let score = ("deauville", now.deauville.map(Deauville::code).into());
    let uptake = ("uptake_change", now.uptake_change.map(UptakeChange::code).into());
    let marrow = ("marrow", now.marrow.map(MarrowState::code).into());
    let changed = |to: UptakeChange| Verdict::from(now.uptake_change.map(|c| c == to));

    let above_liver = if now.physiologic_uptake == Some(true) { Verdict::NotMet } else { hot(now.deauville) };
    let increased = above_liver & changed(UptakeChange::Increased);
    let increased = trace.decide(at, &rules::PET_UPTAKE_INCREASED, increased, &[score, uptake], "PMD");
    let new = lesions::new_by_uptake(now.new_lesions.as_ref(), now.deauville);
    let new = trace.decide(at, &rules::PET_NEW_FOCI, new, &[score], "PMD");
    let foci = now.marrow.map(|m| m == MarrowState::New);
    let foci = trace.decide(at, &rules::PET_NEW_MARROW, foci, &[marrow], "PMD");
    // Marrow that is not stated apart is part of the scan that was scored and searched for new lesions.
    let foci = Verdict::from(foci.met());
    let causes = Progression { growth: Verdict::NotMet, new, uptake: increased, other: foci };
    let progressive = increased | new | foci;
    if progressive.met() {
        return (LuganoCategory::Pmd, causes);
    }
    let free = !progressive;

    let was_involved = scene.baseline.marrow.is_some_and(|m| m != MarrowState::Normal);
    let clear = match now.marrow {
        None if was_involved => Verdict::Undecided,
        None | Some(MarrowState::Normal) => Verdict::Met,
        Some(MarrowState::Indeterminate) => Verdict::Undecided,
        Some(MarrowState::Reduced | MarrowState::Unchanged | MarrowState::New) => Verdict::NotMet,
    };
    let complete = free & !above_liver & clear;
    if trace.decide(at, &rules::PET_CMR, complete, &[score, marrow], "CMR").met() {
        return (LuganoCategory::Cmr, causes);
    }
    let marrow_less = Verdict::from(now.marrow != Some(MarrowState::Unchanged));
    let partial = free & above_liver & changed(UptakeChange::Reduced) & marrow_less;
    if trace.decide(at, &rules::PET_PMR, partial, &[score, uptake, marrow], "PMR").met() {
        return (LuganoCategory::Pmr, causes);
    }
    let unchanged = changed(UptakeChange::Unchanged) | (changed(UptakeChange::Reduced) & !marrow_less);
    let none = free & above_liver & unchanged;
    if trace.decide(at, &rules::PET_NMR, none, &[score, uptake, marrow], "NMR").met() {
        return (LuganoCategory::Nmr, causes);
    }

    if above_liver.undecided() {
        trace.miss(at, "deauville");
    }
    if new.undecided() {
        trace.miss(at, if now.new_lesions.is_none() { "new_lesions" } else { "new_lesions.unequivocal" });
    }
    if !above_liver.not_met() && now.uptake_change.is_none() {
        trace.miss(at, "uptake_change");
    }
    if !above_liver.met() && !clear.met() {
        trace.miss(at, "marrow");
    }
    trace.decide(at, &rules::NOT_EVALUABLE, true, &[], LuganoCategory::NotEvaluable.code());
    (LuganoCategory::NotEvaluable, causes)
}
