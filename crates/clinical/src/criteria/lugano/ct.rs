//! CT-based response (C2.3).

use super::input::{Baseline, LuganoCategory, LuganoParameters};
use super::lesions::{self, NODE_MM};
use super::rules;
use super::size::{Past, Reading, Start};
use crate::codes::assessment::{MarrowState, NonTargetState};
use crate::criteria::compare::{at_most, fell_at_least};
use crate::criteria::{At, Trace, Verdict};

/// What a decision looks at.
pub(super) struct Scene<'a> {
    pub(super) at: At,
    pub(super) now: &'a Reading<'a>,
    pub(super) past: &'a Past,
    pub(super) start: &'a Start<'a>,
    pub(super) baseline: &'a Baseline,
    pub(super) choices: &'a LuganoParameters,
}

/// What made or may make the disease progressive, for LYRIC.
pub(super) struct Progression {
    pub(super) growth: Verdict,
    /// A lesion that is new or visible again.
    pub(super) new: Verdict,
    pub(super) uptake: Verdict,
    /// Causes that no indeterminate response replaces.
    pub(super) other: Verdict,
}

impl Scene<'_> {
    /// Non-measured lesions; baseline without any needs no later statement, since later ones are new lesions.
    fn non_target(&self) -> Option<NonTargetState> {
        let none = self.baseline.non_target.filter(|state| *state == NonTargetState::Absent);
        self.now.source.non_target.or(none)
    }

    fn targets_normal(&self) -> Verdict {
        let Some(count) = self.start.count() else { return Verdict::Undecided };
        let lesions = self.now.targets.iter().zip(self.start.nodal).take(count);
        lesions.fold(Verdict::Met, |all, (seen, nodal)| {
            let normal = match (seen.size.ldi, nodal) {
                (Some(l), Some(true)) => at_most(l, NODE_MM).into(),
                (Some(l), Some(false)) => at_most(l, 0.0).into(),
                (Some(l), None) if at_most(l, 0.0) => Verdict::Met,
                (Some(l), None) if !at_most(l, NODE_MM) => Verdict::NotMet,
                _ => Verdict::Undecided,
            };
            all & normal
        })
    }

    fn marrow_normal(&self) -> Verdict {
        match (self.now.source.marrow, self.now.source.marrow_ihc_negative) {
            (Some(MarrowState::Normal), _) => Verdict::Met,
            (Some(MarrowState::Indeterminate), negative) => negative.into(),
            (Some(_), _) => Verdict::NotMet,
            (None, _) => {
                let was_normal = self.baseline.marrow == Some(MarrowState::Normal);
                if was_normal { Verdict::Met } else { Verdict::Undecided }
            }
        }
    }

    fn progression(&self, trace: &mut Trace) -> (Progression, Verdict) {
        let Self { at, now, past, start, .. } = *self;
        let growth = lesions::growth(at, now, past, start, trace);
        trace.decide(at, &rules::CT_GROWTH, growth, &[], "PD");
        let spleen = lesions::spleen_progression(at, now, past, start, self.choices, trace);
        let lengths = [("spleen_baseline_mm", start.spleen.into()), ("spleen_mm", now.spleen.into())];
        trace.decide(at, &rules::CT_SPLEEN, spleen, &lengths, "PD");
        let state = self.non_target();
        let non_target = state.map(|s| s == NonTargetState::Progressed);
        let named = [("non_target", state.map(NonTargetState::code).into())];
        let non_target = trace.decide(at, &rules::CT_NON_TARGET, non_target, &named, "PD");
        let regrowth = lesions::regrowth(now, past, start);
        trace.decide(at, &rules::CT_REGROWTH, regrowth, &[], "PD");
        let new = lesions::new_by_size(now.source.new_lesions.as_ref());
        trace.decide(at, &rules::CT_NEW, new, &[], "PD");
        let involved = now.source.marrow.filter(|s| *s != MarrowState::Indeterminate);
        let marrow = involved.map(|s| s == MarrowState::New);
        let named = [("marrow", now.source.marrow.map(MarrowState::code).into())];
        let marrow = trace.decide(at, &rules::CT_MARROW, marrow, &named, "PD");
        // Marrow is not part of an imaging assessment: without a biopsy it cannot show progression, and does not withhold it.
        let marrow = Verdict::from(marrow.met());
        let new = new | regrowth;
        let any = growth | spleen | non_target | new | marrow;
        let other = spleen | non_target | marrow;
        (Progression { growth, new, uptake: Verdict::NotMet, other }, any)
    }

    fn complete(&self, trace: &mut Trace) -> Verdict {
        let Self { at, now, .. } = *self;
        let targets = self.targets_normal();
        trace.judge(at, &rules::CR_TARGETS, targets, &[]);
        let state = self.non_target();
        let non_target = trace.judge(
            at,
            &rules::CR_NON_TARGET,
            state.map(|s| s == NonTargetState::Absent),
            &[("non_target", state.map(NonTargetState::code).into())],
        );
        let spleen = trace.judge(
            at,
            &rules::CR_SPLEEN,
            now.spleen.map(|s| at_most(s, self.choices.spleen_normal_mm)),
            &[("spleen_mm", now.spleen.into())],
        );
        let marrow = trace.judge(
            at,
            &rules::CR_MARROW,
            self.marrow_normal(),
            &[("marrow", now.source.marrow.map(MarrowState::code).into())],
        );
        let all = targets & non_target & spleen & marrow;
        let kindless =
            |(seen, nodal): (&super::size::Seen, Option<bool>)| seen.size.ldi.is_some() && nodal.is_none();
        let count = self.start.count().unwrap_or_default();
        if all.undecided()
            && targets.undecided()
            && now.targets.iter().zip(self.start.nodal).take(count).any(kindless)
        {
            trace.miss(at, "baseline.targets.nodal");
        }
        if all.undecided() && marrow.undecided() {
            trace.miss(at, if now.source.marrow.is_none() { "marrow" } else { "marrow_ihc_negative" });
        }
        all
    }

    fn partial(&self, trace: &mut Trace) -> (Verdict, Verdict) {
        let Self { at, now, past, start, .. } = *self;
        let spd = now.spd(start);
        let halved = if start.count() == Some(0) {
            Verdict::NotMet
        } else {
            past.spd_baseline.zip(spd).map(|(base, now)| fell_at_least(base, now, 50.0)).into()
        };
        let values = [("spd_baseline_mm2", past.spd_baseline.into()), ("spd_mm2", spd.into())];
        let halved = trace.judge(at, &rules::PR_SPD, halved, &values);
        let state = self.non_target();
        let regressed = |s: NonTargetState| match s {
            NonTargetState::Absent | NonTargetState::Regressed => true,
            NonTargetState::Stable => self.choices.pr_allows_stable_non_target,
            NonTargetState::Progressed => false,
        };
        let named = [("non_target", state.map(NonTargetState::code).into())];
        let non_target = trace.judge(at, &rules::PR_NON_TARGET, state.map(regressed), &named);
        let normal = self.choices.spleen_normal_mm;
        let lengths = [("spleen_baseline_mm", start.spleen.into()), ("spleen_mm", now.spleen.into())];
        let spleen = lesions::spleen_regressed(start.spleen, now.spleen, normal);
        let spleen = trace.judge(at, &rules::PR_SPLEEN, spleen, &lengths);
        (halved & non_target & spleen, halved)
    }

    fn miss_all(&self, trace: &mut Trace) {
        lesions::miss_targets(self.at, self.now, self.past, self.start, trace);
        lesions::miss_new(self.at, self.now.source.new_lesions.as_ref(), trace);
        if self.non_target().is_none() {
            trace.miss(self.at, "non_target");
        }
        if self.now.spleen.is_none() {
            trace.miss(self.at, "spleen_mm");
        }
        if self.start.spleen.is_none() {
            trace.miss(self.at, "baseline.spleen_mm");
        }
    }
}

/// Category of one assessment by CT, and what may have made it progression.
///
/// Whatever is neither a response nor progression is stable, a halved SPD beside an enlarged spleen that has not regressed included.
pub(super) fn decide(scene: &Scene<'_>, trace: &mut Trace) -> (LuganoCategory, Progression) {
    let at = scene.at;
    let (causes, progressive) = scene.progression(trace);
    if progressive.met() {
        return (LuganoCategory::Pd, causes);
    }
    let free = !progressive;
    let complete = free & scene.complete(trace);
    if trace.decide(at, &rules::CT_CR, complete, &[], "CR").met() {
        return (LuganoCategory::Cr, causes);
    }
    let (partial, halved) = scene.partial(trace);
    let partial = free & !complete & partial;
    if trace.decide(at, &rules::CT_PR, partial, &[], "PR").met() {
        return (LuganoCategory::Pr, causes);
    }
    let known = if halved.undecided() { Verdict::Undecided } else { Verdict::Met };
    let stable = free & !complete & !partial & known;
    if trace.decide(at, &rules::CT_SD, stable, &[], "SD").met() {
        return (LuganoCategory::Sd, causes);
    }
    scene.miss_all(trace);
    trace.decide(at, &rules::NOT_EVALUABLE, true, &[], LuganoCategory::NotEvaluable.code());
    (LuganoCategory::NotEvaluable, causes)
}
