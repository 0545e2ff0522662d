//! What is suspicious about a cohort definition: nothing here makes it wrong, each deserves a second look.

use super::{CohortDefinition, Criterion, EndAt, Index, RecordCriterion};
use crate::error::ReportError;
use crate::selection::Cohort;
use crate::snapshot::Snapshot;
use chrono::Duration;
use serde::Serialize;

/// A suspicion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suspicion {
    /// Stable id.
    pub rule: &'static str,
    /// The criterion, in words; empty for the definition as a whole.
    pub criterion: String,
    /// What is suspicious, and what to do instead.
    pub message: String,
    /// Subjects concerned, when a snapshot was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subjects: Option<usize>,
}

impl Suspicion {
    fn new(rule: &'static str, criterion: &str, message: impl Into<String>) -> Self {
        Self { rule, criterion: criterion.to_owned(), message: message.into(), subjects: None }
    }
}

/// Forms that tell of the outcome: to select by them is to select by the future.
const OUTCOMES: [&str; 4] = ["survival_status", "response", "subsequent_therapy", "second_malignancy"];

/// Looks at a definition alone.
pub fn lint(definition: &CohortDefinition) -> Vec<Suspicion> {
    let mut found = Vec::new();
    for criterion in &definition.criteria {
        look(definition, criterion, &mut found);
    }
    let days = definition.follow_up.max_days;
    if let (Index::Landmark(day), Some(most)) = (definition.index, days)
        && most < 30
    {
        let message = format!("follow-up ends {most} days after the landmark on day {day}");
        found.push(Suspicion::new("short_follow_up", "", message));
    }
    if definition.index == Index::Landmark(0) {
        found.push(Suspicion::new("landmark_zero", "", "a landmark on day 0 is the infusion"));
    }
    if definition.follow_up.end_at.contains(&EndAt::NextTherapy) {
        found.push(Suspicion::new(
            "informative_end",
            "",
            "follow-up ends at the next therapy, which is given because of relapse: whoever is censored there differs from whoever is not. \
             For time to next treatment and progression-free survival use their own rules for new therapy",
        ));
    }
    if definition.index == Index::Apheresis {
        let by_product =
            definition.criteria.iter().filter(|c| matches!(c, Criterion::Coded { what: "product", .. }));
        for criterion in by_product {
            found.push(Suspicion::new(
                "intent_to_treat_by_product",
                &criterion.describe(),
                "subjects who were never infused have no product on record: the criterion leaves exactly them out, and what is left is not by intent to treat",
            ));
        }
    }
    if let Some(cutoff) = definition.data_cutoff {
        for criterion in &definition.criteria {
            if let Criterion::Period { to: Some(to), .. } = criterion
                && *to > cutoff
            {
                let message = format!("the period ends on {to}, after the data cutoff of {cutoff}");
                found.push(Suspicion::new("period_past_cutoff", &criterion.describe(), message));
            }
        }
    }
    found
}

fn look(definition: &CohortDefinition, criterion: &Criterion, found: &mut Vec<Suspicion>) {
    match criterion {
        Criterion::All(of) | Criterion::Any(of) | Criterion::None(of) => {
            for criterion in of {
                look(definition, criterion, found);
            }
        }
        Criterion::Records(records) => look_at_records(definition, records, &criterion.describe(), found),
        _ => {}
    }
}

/// The last day, from the infusion, on which something about the subject may decide whether it is in the cohort.
fn known_by(definition: &CohortDefinition, records: &RecordCriterion) -> Option<i32> {
    let window = records.window.as_ref()?;
    let offset = match (window.from_index, definition.index) {
        (true, Index::Landmark(day)) => day,
        _ => 0,
    };
    window.to.map(|to| to.saturating_add(offset))
}

fn look_at_records(
    definition: &CohortDefinition,
    records: &RecordCriterion,
    text: &str,
    found: &mut Vec<Suspicion>,
) {
    let index = if let Index::Landmark(day) = definition.index { day } else { 0 };
    let outcome = OUTCOMES.contains(&records.form.name);
    let last = known_by(definition, records);
    if records.window.is_none() && !records.one_per_subject() {
        let before =
            ["prior_line", "prior_hct", "apheresis", "bridging", "lymphodepletion", "pretreatment_item"];
        if outcome {
            found.push(Suspicion::new(
                "index_after_outcome",
                text,
                format!("{} tells of the outcome; without a window the cohort is selected by what happens after the index", records.form.name),
            ));
        } else if !before.iter().any(|form| records.form.name.starts_with(form)) {
            let message = "the criterion has no window: records from after the index decide as well; give a window that ends on it";
            found.push(Suspicion::new("no_window", text, message));
        }
        return;
    }
    let Some(window) = &records.window else { return };
    let after = last.is_none_or(|last| last > index);
    if after {
        let until = last.map_or_else(|| "without end".to_owned(), |last| format!("until day {last}"));
        let landmark = last.filter(|last| *last > 0);
        let instead = landmark.map_or_else(
            || "give the window an end on or before the index".to_owned(),
            |day| format!("count from a landmark: \"index\": {{\"landmark\": {day}}}"),
        );
        let (rule, what) = if records.present {
            (
                "immortal_time",
                "whoever meets it has survived until then, and that time cannot hold the event (immortal time)",
            )
        } else {
            ("future_exclusion", "whoever has the event later is left out by it, which selects by the future")
        };
        found.push(Suspicion::new(
            rule,
            text,
            format!(
                "the window runs {until} from the infusion, past the index on day {index}: {what}; {instead}"
            ),
        ));
    }
    if outcome && window.from.is_some_and(|from| from >= index) {
        let message = format!(
            "{} tells of the outcome, and the window starts on or after the index",
            records.form.name
        );
        found.push(Suspicion::new("index_after_outcome", text, message));
    }
    if let (Some(cutoff), Some(last)) = (definition.data_cutoff, last.filter(|last| *last > 0)) {
        let latest = cutoff.checked_sub_signed(Duration::days(i64::from(last)));
        let closed = latest.is_some_and(|latest| {
            definition
                .criteria
                .iter()
                .any(|c| matches!(c, Criterion::Period { to: Some(to), .. } if *to <= latest))
        });
        if !closed {
            let day = latest.map(|day| day.to_string()).unwrap_or_default();
            found.push(Suspicion::new(
                "window_past_cutoff",
                text,
                format!("of subjects infused after {day} the window ends after the data cutoff of {cutoff}; end the period there: \"infused_to\": \"{day}\""),
            ));
        }
    }
}

/// Looks at a definition on a snapshot as well.
///
/// # Errors
///
/// [`ReportError`] when the snapshot cannot be read.
pub fn lint_on(snapshot: &Snapshot, definition: &CohortDefinition) -> Result<Vec<Suspicion>, ReportError> {
    let mut found = lint(definition);
    let cohort = Cohort::select(snapshot, definition)?;
    found.extend(cohort.warnings.iter().map(|warning| Suspicion::new("unknown_code", "", warning.clone())));
    for step in &cohort.attrition {
        if step.before > 0 && step.after == 0 {
            let message = "nobody is left after this criterion";
            found.push(Suspicion {
                subjects: Some(step.before),
                ..Suspicion::new("selects_nobody", &step.criterion, message)
            });
        } else if step.unknown * 5 > step.before && step.unknown > 0 {
            let message = "the records of more than one in five do not say whether they meet the criterion; they are left out";
            found.push(Suspicion {
                subjects: Some(step.unknown),
                ..Suspicion::new("unknown", &step.criterion, message)
            });
        }
    }
    if let Some(cutoff) = cohort.cutoff {
        for criterion in &definition.criteria {
            let Criterion::Records(records) = criterion else { continue };
            let Some(last) = known_by(definition, records).filter(|last| *last > 0) else { continue };
            let open = |m: &&crate::selection::Member| {
                m.infused.is_some_and(|day| day.saturating_add(last) > cutoff)
            };
            let n = cohort.members.iter().filter(open).count();
            if n > 0 {
                let message =
                    format!("the window of {n} subject(s) of the cohort ends after the data cutoff");
                found.push(Suspicion {
                    subjects: Some(n),
                    ..Suspicion::new("window_past_cutoff", &criterion.describe(), message)
                });
            }
        }
    }
    if definition.index == Index::Apheresis {
        let n = cohort.members.iter().filter(|m| m.infused.is_some_and(|day| day < m.index)).count();
        if n > 0 {
            let message = format!("of {n} subject(s) the infusion is dated before the apheresis");
            found.push(Suspicion {
                subjects: Some(n),
                ..Suspicion::new("infusion_before_index", "", message)
            });
        }
    }
    Ok(found)
}
