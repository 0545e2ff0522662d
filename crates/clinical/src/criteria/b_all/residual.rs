//! MRD status by the rule of ALL alone: below 0.01 % by an assay that sees 0.01 % (C3, G6 R16).

use super::check::{MRD_CUT, level, of_marrow_or_blood};
use super::input::{Mrd, MrdStatus};
use super::rules;
use crate::codes::assessment::MrdResult;
use crate::criteria::compare::{at_least, at_most};
use crate::criteria::{At, Quantity, Trace};

/// Status of one test. A level decides before a result in words; a result below the limit of quantification without a level decides
/// nothing.
fn one(at: At, test: &Mrd, trace: &mut Trace) -> MrdStatus {
    let level = level(test);
    let values: [(&'static str, Quantity); 3] = [
        ("mrd", level.into()),
        ("mrd_result", test.result.map(MrdResult::code).into()),
        ("sensitivity", test.sensitivity.into()),
    ];
    let positive = match (level, test.result) {
        (Some(x), _) => Some(at_least(x, MRD_CUT)),
        (None, Some(MrdResult::Positive)) => Some(true),
        (None, Some(MrdResult::Negative)) => Some(false),
        (None, Some(MrdResult::BelowLoq) | None) => None,
    };
    if trace.decide(at, &rules::MRD_POSITIVE, positive, &values, MrdStatus::Positive.code()).met() {
        return MrdStatus::Positive;
    }
    let low = positive.map(|p| !p);
    let sees = test.sensitivity.map(|s| at_most(s, MRD_CUT));
    match (low, sees) {
        (Some(true), Some(true)) => {
            trace.decide(at, &rules::MRD_NEGATIVE, true, &values, MrdStatus::Negative.code());
            MrdStatus::Negative
        }
        (Some(true), Some(false)) => {
            let status = MrdStatus::InsufficientSensitivity;
            trace.decide(at, &rules::MRD_INSUFFICIENT, true, &values, status.code());
            status
        }
        (Some(true), None) => {
            trace.miss(at, "mrd.sensitivity");
            MrdStatus::NotEvaluable
        }
        _ => {
            trace.miss(at, "mrd.value");
            MrdStatus::NotEvaluable
        }
    }
}

/// Status over the tests of one day: positive by any, else negative by any. `None` without a test.
pub(super) fn status(at: At, tests: &[Mrd], trace: &mut Trace) -> Option<MrdStatus> {
    let of_interest = tests.iter().filter(|t| of_marrow_or_blood(t));
    of_interest.map(|test| one(at, test, trace)).min_by_key(|status| match status {
        MrdStatus::Positive => 0,
        MrdStatus::Negative => 1,
        MrdStatus::InsufficientSensitivity => 2,
        MrdStatus::NotEvaluable => 3,
    })
}
