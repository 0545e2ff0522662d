//! What the toxicity report says about its methods.

use super::ToxicityResult;
use crate::reports::parameters::{ProportionInterval, ToxicityParameters};
use crate::reports::survival::percent_text;

pub(super) fn notes(result: &ToxicityResult, parameters: &ToxicityParameters) -> Vec<String> {
    let window = parameters.window_days;
    let mut notes = vec![
        format!("Days 0 (the day of infusion) to {window} are counted; events on day 0 count. Grades are as the center reports them."),
        "A missing day is not a day without toxicity. A day without a grade, whether its record gives a missing code or there is no record, \
         is not assessed: it has no grade, lowers no maximum and ends nothing. The highest grade is over assessed days; a subject without any assessed day is \
         not evaluable for that toxicity, is counted as such and is in no denominator."
            .to_owned(),
        "Onset is the first assessed day at or above the grade. Where days before it, from day 0 on, were not assessed, the true onset may be \
         earlier; the number of such subjects is given. Quartiles by linear interpolation (type 7)."
            .to_owned(),
        "Person-days: a subject's days from its first to its last record, each counted once as a grade, as recorded without a grade, or as \
         without a record. Gaps are the unassessed days between the first and the last assessed day."
            .to_owned(),
        format!(
            "Cumulative incidence by Aalen and Johansen (1978), death from any cause competing; the toxicity comes first when both are on one day. \
             Variance of Aalen (1978); {} % limits on the complementary log-log scale, 1-(1-F)^exp(+-z s). A subject with neither is censored on its last assessed day. \
             A subject stays at risk across days that were not assessed before that: an event seen after a gap counts on the day it was seen, one \
             that began and ended within a gap is not seen at all, so gaps can only make the curve later and lower.",
            percent_text(parameters.conf_level)
        ),
        format!(
            "A death within the window competes when it falls no more than {} day(s) after the last assessed day; later ones are counted apart and \
             their subjects censored, because keeping only those who die at risk after assessment has ended would overstate the risk of death.",
            parameters.death_within_days
        ),
        format!(
            "Shares have {} % limits, {}. Drugs: given on any recorded day of the window; subjects for whom no day says whether a drug was given \
             are not in its denominator.",
            percent_text(parameters.conf_level),
            match parameters.proportion_interval {
                ProportionInterval::ClopperPearson => "exact (Clopper and Pearson 1934)",
                ProportionInterval::Wilson => "score (Wilson 1927)",
            }
        ),
    ];
    if result.records_before_infusion > 0 {
        notes.push(format!(
            "{} daily record(s) are dated before the infusion and not used.",
            result.records_before_infusion
        ));
    }
    if result.records_after_window > 0 {
        notes.push(format!(
            "{} daily record(s) lie after day {window} and are not used.",
            result.records_after_window
        ));
    }
    for group in &result.groups {
        for toxicity in group.toxicities.iter().filter(|t| t.evaluable == 0) {
            notes.push(format!(
                "{}, {}: nobody is evaluable; the estimates are null.",
                group.group.label,
                toxicity.toxicity.name()
            ));
        }
    }
    notes
}
