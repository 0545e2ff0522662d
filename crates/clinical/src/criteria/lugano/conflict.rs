//! Consistency of what was entered (catalogue G5, G6 R14, R17): queries, never a change of the decision.

use super::ct::Scene;
use super::input::{Lugano, LuganoCategory, Modality, NewLesions};
use super::lesions::{self, EXTRANODAL_MM, NODE_MM};
use super::rules;
use super::size::Start;
use crate::codes::assessment::{Category, Deauville, MarrowState};
use crate::criteria::compare::at_most;
use crate::criteria::{At, Criterion, Trace, Verdict};

/// Rules that the baseline breaks.
pub(super) fn baseline(start: &Start<'_>, trace: &mut Trace) -> Vec<&'static str> {
    let count = start.count().unwrap_or_default();
    // Of a lesion of unknown kind only what is too small for either.
    let limit = |nodal: Option<bool>| if nodal == Some(true) { NODE_MM } else { EXTRANODAL_MM };
    let mut lesions = start.sizes.iter().zip(start.nodal).take(count);
    let small = lesions.any(|(size, nodal)| size.ldi.is_some_and(|l| at_most(l, limit(nodal))));
    let mut broken = Vec::new();
    if small {
        trace.judge(At::Case, &rules::NOT_MEASURABLE, true, &[]);
        broken.push(rules::NOT_MEASURABLE.id);
    }
    broken
}

/// Rules that an assessment breaks.
pub(super) fn assessment(
    case: &Lugano,
    scene: &Scene<'_>,
    category: LuganoCategory,
    trace: &mut Trace,
) -> Vec<&'static str> {
    let (at, now) = (scene.at, scene.now.source);
    let mut broken = Vec::new();
    let mut check = |rule: &'static Criterion, breaks: bool| {
        if breaks {
            trace.judge(at, rule, true, &[]);
            broken.push(rule.id);
        }
    };
    check(
        &rules::BEFORE_INFUSION,
        category.is_progression() && case.infusion_date.is_some_and(|d| now.date < d),
    );
    check(
        &rules::AFTER_NEXT_THERAPY,
        category.is_response() && case.next_therapy_date.is_some_and(|d| now.date >= d),
    );
    if let Some(reported) = now.reported_category {
        let code =
            if reported == Category::Ne { LuganoCategory::NotEvaluable.code() } else { reported.code() };
        // What could not be derived cannot be disagreed with.
        let differs = category != LuganoCategory::NotEvaluable && code != category.code();
        check(&rules::REPORTED_DIFFERS, differs);
        let (cmr, pmd) = reported_against_components(reported, now.deauville, now.new_lesions.as_ref());
        check(&rules::REPORTED_CMR, cmr);
        check(&rules::REPORTED_PMD, pmd);
    }
    if case.modality == Modality::PetCt {
        let low = matches!(now.deauville, Some(Deauville::One | Deauville::Two | Deauville::Three));
        let avid =
            matches!(now.marrow, Some(MarrowState::Reduced | MarrowState::Unchanged | MarrowState::New));
        check(&rules::SCORE_AGAINST_MARROW, low && avid);
        let new = lesions::new_by_uptake(now.new_lesions.as_ref(), now.deauville);
        check(&rules::SCORE_AGAINST_NEW, new.met() && (low || now.deauville == Some(Deauville::Four)));
    }
    broken
}

/// G6 R17: a reported CMR against a score of 4 or 5 or new lesions; a reported PMD against a score of at most 3 without new lesions.
fn reported_against_components(
    reported: Category,
    score: Option<Deauville>,
    stated: Option<&NewLesions>,
) -> (bool, bool) {
    let new = lesions::new_by_uptake(stated, score);
    let high = matches!(score, Some(Deauville::Four | Deauville::Five));
    let low = matches!(score, Some(Deauville::One | Deauville::Two | Deauville::Three));
    let cmr = reported == Category::Cmr && (high || new.met());
    let pmd = reported == Category::Pmd && low && new == Verdict::NotMet;
    (cmr, pmd)
}
