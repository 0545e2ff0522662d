//! Indeterminate responses of LYRIC (Cheson, Blood 2016;128:2489): progression that may be a flare under immunotherapy.

use super::ct::{Progression, Scene};
use super::input::{LuganoCategory, Modality};
use super::lesions::{self, GROWTH_PERCENT};
use super::rules;
use crate::criteria::compare::rose_at_least;
use crate::criteria::{Trace, Verdict};
use chrono::NaiveDate;

/// The indeterminate response that takes the place of progression; `None` when progression stands, not evaluable when what would
/// tell is absent.
///
/// Only growth and new lesions (IR1, IR2) or uptake (IR3) are replaced, never progression of the spleen, of non-measured lesions or of the
/// marrow. IR1 and IR2 go before IR3.
pub(super) fn replace(
    scene: &Scene<'_>,
    modality: Modality,
    date: NaiveDate,
    start: Option<NaiveDate>,
    causes: &Progression,
    trace: &mut Trace,
) -> Option<LuganoCategory> {
    let at = scene.at;
    let (growth, regrowth) = match modality {
        Modality::Ct => (causes.growth, Verdict::NotMet),
        Modality::PetCt => (
            lesions::growth(at, scene.now, scene.past, scene.start, trace),
            lesions::regrowth(scene.now, scene.past, scene.start),
        ),
    };
    let spd = scene.now.spd(scene.start);
    let rise = if scene.start.count() == Some(0) {
        Verdict::NotMet
    } else {
        scene.past.spd.zip(spd).map(|(base, now)| rose_at_least(base, now, GROWTH_PERCENT)).into()
    };
    let values = [("spd_nadir_mm2", scene.past.spd.into()), ("spd_mm2", spd.into())];
    let rise = trace.judge(at, &rules::LYRIC_SPD, rise, &values);
    let local = causes.new | growth | regrowth;
    let stands = causes.other;

    let days = start.map(|s| (date - s).num_days());
    let early = Verdict::from(days.map(|d| (0..=i64::from(scene.choices.lyric_days)).contains(&d)));
    let well = !Verdict::from(scene.now.source.clinical_deterioration);
    let first = !stands & rise & early & well;
    let values = [
        ("days", days.and_then(|d| i32::try_from(d).ok()).into()),
        ("clinical_deterioration", scene.now.source.clinical_deterioration.into()),
    ];
    let first = trace.decide(at, &rules::LYRIC_IR1, first, &values, "IR1");
    let second = trace.decide(at, &rules::LYRIC_IR2, !stands & !rise & local, &[], "IR2");
    let third = !stands & !rise & !local & causes.uptake;
    let third = trace.decide(at, &rules::LYRIC_IR3, third, &[], "IR3");
    if first.met() {
        return Some(LuganoCategory::Ir1);
    }
    if second.met() {
        return Some(LuganoCategory::Ir2);
    }
    if third.met() {
        return Some(LuganoCategory::Ir3);
    }
    if first.not_met() && second.not_met() && third.not_met() {
        return None;
    }
    if rise.undecided() || local.undecided() {
        lesions::miss_targets(at, scene.now, scene.past, scene.start, trace);
    }
    if !rise.met() && causes.new.undecided() {
        let stated = scene.now.source.new_lesions.is_some();
        trace.miss(at, if stated { "new_lesions.unequivocal" } else { "new_lesions" });
    }
    if rise.met() && early.undecided() {
        trace.miss(at, "infusion_date");
    }
    if rise.met() && well.undecided() {
        trace.miss(at, "clinical_deterioration");
    }
    if stands.undecided() {
        for (absent, name) in [
            (scene.now.source.non_target.is_none(), "non_target"),
            (scene.now.spleen.is_none(), "spleen_mm"),
            (scene.start.spleen.is_none(), "baseline.spleen_mm"),
        ] {
            if absent {
                trace.miss(at, name);
            }
        }
    }
    trace.decide(at, &rules::NOT_EVALUABLE, true, &[], LuganoCategory::NotEvaluable.code());
    Some(LuganoCategory::NotEvaluable)
}
