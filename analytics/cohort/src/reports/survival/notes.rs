//! What the survival report says about its methods.

use super::{GroupResult, SurvivalResult, percent_text};
use crate::endpoints::Estimate;
use crate::records::Basis;
use crate::reports::covariates::Design;
use crate::reports::parameters::SurvivalParameters;

pub(super) fn notes(
    result: &SurvivalResult,
    rules: Vec<String>,
    parameters: &SurvivalParameters,
    design: &Design,
) -> Vec<String> {
    let mut notes = rules;
    let level = percent_text(parameters.conf_level);
    let any = |estimate: Estimate| result.endpoints.iter().any(|e| e.estimate == estimate);
    if any(Estimate::Survival) {
        notes.push(format!(
            "Survival by Kaplan and Meier (1958); standard error by Greenwood; {level} % limits on the log-log scale, log(-log S), undefined once \
             survival is 0. Median: smallest day at which survival is 0.5 or less, the midpoint where it equals 0.5 over an interval; its \
             limits invert those of the curve. Median follow-up by the reverse Kaplan-Meier method. At risk on a day: subjects whose time is \
             that day or later."
        ));
    }
    if any(Estimate::Incidence) {
        notes.push(format!(
            "Cumulative incidence by Aalen and Johansen (1978); variance of Aalen (1978); {level} % limits on the complementary log-log scale, \
             1-(1-F)^exp(+-z s)."
        ));
    }
    if any(Estimate::Current) {
        notes.push(format!(
            "Current state by the Aalen-Johansen estimator of a multistate model, Greenwood-type standard errors, plain {level} % limits kept within 0 and 1. \
             It supposes that the hazard of a move depends on the present state and the time since the origin only."
        ));
    }
    let basis = result
        .endpoints
        .iter()
        .any(|e| e.definition.get("basis") == Some(&serde_json::json!(Basis::Derived)));
    notes.push(if basis {
        "Responses and grades are as the criteria derive them where an endpoint says derived; a category they cannot decide counts as not assessed."
            .to_owned()
    } else {
        "Progression and relapse are as the center reports them; nothing is derived.".to_owned()
    });
    if parameters.rmst.is_some() {
        notes.push(
            "Restricted mean: area under the curve until the horizon; null for a group not followed that long."
                .to_owned(),
        );
    }
    if parameters.test.is_some() {
        notes.push(
            "A test compares the groups without adjustment; the groups were not assigned at random."
                .to_owned(),
        );
    }
    if !design.terms.is_empty() {
        let references: Vec<String> =
            design.references.iter().map(|(name, level)| format!("{name} = {level}")).collect();
        notes.push(format!(
            "Cox with Efron's ties; Fine and Gray (1999) with Breslow's ties and the variance of cmprsk::crr. Subjects with a missing covariate are \
             left out and counted. Reference levels: {}. Associations, not effects.",
            if references.is_empty() { "none".to_owned() } else { references.join(", ") }
        ));
    }
    for endpoint in &result.endpoints {
        if endpoint.imputed > 0 {
            notes.push(format!(
                "{}: the day of {} subject(s) was imputed from a date known to the month or year.",
                endpoint.label, endpoint.imputed
            ));
        }
        for group in &endpoint.groups {
            let (group, n) = match group {
                GroupResult::Survival(g) => (&g.group, g.n),
                GroupResult::Incidence(g) => (&g.group, g.n),
                GroupResult::Current(g) => (&g.group, g.n),
            };
            if n == 0 {
                notes.push(format!(
                    "{}, {}: every subject is excluded, so nobody is at risk and the estimates are null.",
                    endpoint.label, group.label
                ));
            }
        }
    }
    notes
}
