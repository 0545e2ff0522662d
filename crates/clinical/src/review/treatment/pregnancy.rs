//! Pregnancy before and after the infusion (G6 R38, R39).

use super::{age_on, first_infusion};
use crate::codes::YesNoUnknown;
use crate::codes::assessment::PosNeg;
use crate::form::Context;
use crate::forms::adverse_event::AdverseEvent;
use crate::forms::infusion::Infusion;
use crate::forms::laboratory::{LaboratoryResult, ResultCode};
use crate::forms::patient::{Patient, Sex};
use crate::forms::pretreatment_status::PretreatmentStatus;
use crate::lab::Analyte;
use crate::review::{Entry, History, Review};
use crate::rule::rules;

rules! {
    /// R38 (1.2, 2.2: women of child-bearing age).
    TEST_EXPECTED = soft("treatment.pregnancy_test_expected", "a woman of child-bearing age was infused without a pregnancy test on record", "育龄女性回输前未登记妊娠试验");
    /// R39.
    AFTER_INFUSION = soft("treatment.pregnancy_after_infusion", "a pregnancy after the infusion is reported as a safety event", "回输后妊娠须作为安全性事件上报");
}

/// Completed years of age, inclusive, in which a test is expected unless child-bearing potential is denied. Proposed: the guideline
/// names no ages; 15 to 49 is the reproductive age of the World Health Organization, to which a year is added.
const CHILDBEARING_AGE: (i32, i32) = (15, 50);

/// Applies the rules.
pub(in crate::review) fn review(history: &History, _: Context, review: &mut Review) {
    let Some((_, patient)) = history.one::<Patient>() else { return };
    let infusions = history.of::<Infusion>();
    let statuses = history.of::<PretreatmentStatus>();
    let tests: Vec<(Entry, LaboratoryResult)> = history
        .of::<LaboratoryResult>()
        .into_iter()
        .filter(|(_, r)| r.analyte == Analyte::Pregnancy)
        .collect();
    if patient.sex == Some(Sex::Female) {
        for infusion in &infusions {
            expected_test(&patient, infusion, &statuses, &tests, review);
        }
    }
    if patient.sex != Some(Sex::Male) {
        after_infusion(history, &infusions, &statuses, &tests, review);
    }
}

fn expected_test(
    patient: &Patient,
    (infused, infusion): &(Entry, Infusion),
    statuses: &[(Entry, PretreatmentStatus)],
    tests: &[(Entry, LaboratoryResult)],
    review: &mut Review,
) {
    let day0 = infusion.infusion_date;
    let (least, most) = CHILDBEARING_AGE;
    let Some((youngest, oldest)) = age_on(patient, day0).filter(|(y, o)| *y >= least && *o <= most) else {
        return;
    };
    let status = statuses.iter().find(|(_, s)| s.infusion_number == infusion.infusion_number);
    // A test that is declared missing is asked about already.
    let answered = status.is_some_and(|(_, s)| {
        s.childbearing_potential == Some(YesNoUnknown::No)
            || s.pregnancy_test.is_some()
            || s.missing.get("pregnancy_test").is_some()
    });
    if !answered && !tests.iter().any(|(_, test)| test.collected_date <= day0) {
        let (entry, field) = status.map_or((*infused, ""), |(entry, _)| (*entry, "pregnancy_test"));
        let expected = format!(
            "a pregnancy test until {day0} (infusion {}; aged {youngest} or {oldest}), or childbearing_potential N",
            infusion.infusion_number.get()
        );
        review.at(&TEST_EXPECTED, entry, field, None, expected);
    }
}

fn after_infusion(
    history: &History,
    infusions: &[(Entry, Infusion)],
    statuses: &[(Entry, PretreatmentStatus)],
    tests: &[(Entry, LaboratoryResult)],
    review: &mut Review,
) {
    let Some((_, first)) = first_infusion(infusions) else { return };
    let day0 = first.infusion_date;
    let reported = || history.of::<AdverseEvent>().iter().any(|(_, event)| tells_of_pregnancy(event));
    let before_another = statuses
        .iter()
        .filter(|(_, s)| s.pregnancy_test == Some(PosNeg::Positive))
        .filter_map(|(entry, s)| s.pregnancy_test_date.map(|day| (*entry, "pregnancy_test", day, "POS")));
    let results = tests
        .iter()
        .filter_map(|(entry, r)| positive(r).map(|code| (*entry, "result_code", r.collected_date, code)));
    for (entry, field, day, code) in before_another.chain(results).filter(|(.., day, _)| *day > day0) {
        if !reported() {
            let expected =
                format!("an adverse event that reports the pregnancy of {day} (infused on {day0})");
            review.at(&AFTER_INFUSION, entry, field, code.to_owned(), expected);
        }
    }
}

fn positive(result: &LaboratoryResult) -> Option<&'static str> {
    result
        .result_code
        .filter(|c| matches!(c, ResultCode::Positive | ResultCode::WeakPositive))
        .map(ResultCode::code)
}

/// Every preferred term for a pregnancy names it.
fn tells_of_pregnancy(event: &AdverseEvent) -> bool {
    let named = |term: &str| term.to_lowercase().contains("pregnan") || term.contains("妊娠");
    event.term.as_ref().is_some_and(|term| named(term.as_str()))
}
