//! Whether events, responses and deaths fit together (G6 R08, R14, R16, R43).

use super::chronology::death;
use super::{Entry, History, Review};
use crate::codes::assessment::{Category, MrdResult};
use crate::codes::events::{CtcaeGrade, EpisodeGrade};
use crate::codes::follow_up::MrdLimit;
use crate::codes::{CrsGrade, Disease, IcansGrade, InfusionNumber, YesNoUnknown};
use crate::criteria::compare::{above, at_most};
use crate::form::Context;
use crate::forms::adverse_event::AdverseEvent;
use crate::forms::crs_day::CrsDay;
use crate::forms::crs_episode::CrsEpisode;
use crate::forms::daily_toxicity::DailyToxicity;
use crate::forms::disease::DiseaseBaseline;
use crate::forms::icans_day::IcansDay;
use crate::forms::icans_episode::IcansEpisode;
use crate::forms::iec_hs::IecHs;
use crate::forms::infection::{Infection, InfectionOutcome};
use crate::forms::infusion::Infusion;
use crate::forms::mrd::Mrd;
use crate::forms::response::ResponseAssessment;
use crate::forms::subsequent_therapy::SubsequentTherapy;
use crate::forms::survival_status::{Cause, SurvivalStatus};
use crate::rule::rules;
use chrono::{Days, NaiveDate};

rules! {
    /// R08.
    DEATH_EXPECTED = soft("outcome.death_expected", "an event is recorded as fatal, but no death is", "登记了致死性事件，但未登记死亡");
    /// R08.
    CAUSE_OF_DEATH = soft("outcome.cause_of_death", "the cause of death is none of the events recorded as fatal", "死因与登记的致死性事件均不一致");
    /// R16 (C1.1): what is insufficient in any disease is judged on the test's own record.
    MRD_SENSITIVITY = soft("outcome.mrd_sensitivity", "a negative MRD test in myeloma needs a sensitivity of 1e-5", "多发性骨髓瘤MRD阴性要求灵敏度达到1e-5");
    /// R14.
    PROGRESSION_BEFORE_INFUSION = soft("outcome.progression_before_infusion", "a progression before the infusion is not one after it", "回输之前的进展不属于回输后的进展");
    /// R14.
    RESPONSE_AFTER_NEXT_THERAPY = soft("outcome.response_after_next_therapy", "the response is assessed on or after the start of the next therapy, so that it may not be one to the CAR-T cells", "疗效评估不早于后续治疗开始日期，可能不属于CAR-T疗效");
    /// R43.
    PSEUDO_PROGRESSION = soft("outcome.pseudo_progression", "a progression within 14 days after CRS or IEC-HS may be a pseudo-progression; confirm it", "CRS或IEC-HS后14天内评估为进展可能为假性进展，请确认");
}

/// Grade that is death.
const FATAL: i32 = 5;
/// Sensitivity that a negative MRD test needs in myeloma (C1.1), and in any disease.
const MRD_SENSITIVITY_LIMITS: (f64, f64) = (1e-5, 1e-4);
/// Days after CRS or IEC-HS within which a progression may be none (R43).
const PSEUDO_PROGRESSION_DAYS: u64 = 14;

/// Applies the rules.
pub(super) fn review(history: &History, _: Context, review: &mut Review) {
    fatal_events(history, review);
    mrd(history, review);
    responses(history, review);
}

/// An event recorded as fatal.
struct Fatal {
    entry: Entry,
    field: &'static str,
    received: &'static str,
    /// What the death would be from; `None` when the event says nothing about it.
    cause: Option<Cause>,
}

impl Fatal {
    /// The forms an event may be recorded in, episodes before their days.
    fn all(history: &History) -> Vec<Self> {
        let mut all = Vec::new();
        let mut graded = |entry, field, grade: Option<i32>, cause| {
            if grade == Some(FATAL) {
                all.push(Self { entry, field, received: "5", cause });
            }
        };
        let (crs, icans) = (Some(Cause::Crs), Some(Cause::Icans));
        for (entry, e) in history.of::<CrsEpisode>() {
            graded(entry, "max_grade", e.max_grade.map(EpisodeGrade::get), crs);
        }
        for (entry, e) in history.of::<IcansEpisode>() {
            graded(entry, "max_grade", e.max_grade.map(EpisodeGrade::get), icans);
        }
        for (entry, e) in history.of::<DailyToxicity>() {
            graded(entry, "crs_grade", e.crs_grade.map(CrsGrade::get), crs);
            graded(entry, "icans_grade", e.icans_grade.map(IcansGrade::get), icans);
        }
        for (entry, e) in history.of::<CrsDay>() {
            graded(entry, "reported_grade", e.reported_grade.map(CrsGrade::get), crs);
        }
        for (entry, e) in history.of::<IcansDay>() {
            graded(entry, "reported_grade", e.reported_grade.map(IcansGrade::get), icans);
        }
        for (entry, e) in history.of::<IecHs>() {
            graded(entry, "grade", e.grade.map(EpisodeGrade::get), Some(Cause::IecHs));
        }
        for (entry, e) in history.of::<AdverseEvent>() {
            graded(entry, "ctcae_grade", e.ctcae_grade.map(CtcaeGrade::get), None);
        }
        for (entry, e) in history.of::<Infection>() {
            if e.outcome == Some(InfectionOutcome::Death) {
                let (received, cause) = (InfectionOutcome::Death.code(), Some(Cause::Infection));
                all.push(Self { entry, field: "outcome", received, cause });
            } else if e.ctcae_grade.map(CtcaeGrade::get) == Some(FATAL) {
                all.push(Self { entry, field: "ctcae_grade", received: "5", cause: Some(Cause::Infection) });
            }
        }
        all
    }
}

/// A death has one primary cause: it has to be that of one of the fatal events, not of each.
fn fatal_events(history: &History, review: &mut Review) {
    let events = Fatal::all(history);
    let Some((entry, _)) = death(history) else {
        for (index, event) in events.iter().enumerate() {
            // The days of an episode would ask about the same death again.
            let asked = events.iter().take(index).any(|e| e.cause.is_some() && e.cause == event.cause);
            if !asked {
                let cause = event.cause.map_or_else(String::new, |c| format!(" from {}", c.code()));
                let expected = format!("a survival status DEAD{cause}, or no fatal event");
                review.at(&DEATH_EXPECTED, event.entry, event.field, event.received.to_owned(), expected);
            }
        }
        return;
    };
    let statuses = history.of::<SurvivalStatus>();
    let Some(cause) = statuses.iter().find(|(e, _)| *e == entry).and_then(|(_, s)| s.cause_primary) else {
        return;
    };
    let fits = events.iter().any(|event| event.cause.is_none_or(|c| c == cause));
    if cause != Cause::Unknown && !events.is_empty() && !fits {
        let mut causes: Vec<&str> = events.iter().filter_map(|e| e.cause).map(Cause::code).collect();
        causes.dedup();
        let expected = format!("{} (recorded as fatal)", causes.join(" or "));
        review.at(&CAUSE_OF_DEATH, entry, "cause_primary", cause.code().to_owned(), expected);
    }
}

fn mrd(history: &History, review: &mut Review) {
    if history.one::<DiseaseBaseline>().is_none_or(|(_, d)| d.disease != Disease::Mm) {
        return;
    }
    let (needed, of_any_disease) = MRD_SENSITIVITY_LIMITS;
    for (entry, test) in history.of::<Mrd>() {
        let Some(sensitivity) = test.sensitivity.map(MrdLimit::get) else { continue };
        let negative = test.result == Some(MrdResult::Negative);
        if negative && above(sensitivity, needed) && at_most(sensitivity, of_any_disease) {
            let expected = format!("at most {needed} (disease MM)");
            review.at(&MRD_SENSITIVITY, entry, "sensitivity", sensitivity.to_string(), expected);
        }
    }
}

/// Better than stable disease.
fn is_response(category: Category) -> bool {
    use Category::{Cmr, Cr, Crh, Cri, Mr, Pmr, Pr, Scr, Vgpr};
    matches!(category, Scr | Cr | Vgpr | Pr | Mr | Cmr | Pmr | Crh | Cri)
}

/// An inflammation of which tumor lesions may swell.
struct Inflammation {
    name: &'static str,
    number: InfusionNumber,
    onset: NaiveDate,
    /// The last day known of it: its end, or its onset while the end is not known.
    last: NaiveDate,
}

fn inflammations(history: &History) -> Vec<Inflammation> {
    let mut all = Vec::new();
    for (_, e) in history.of::<CrsEpisode>() {
        let Some(onset) = e.onset_date else { continue };
        let last = e.end_date.unwrap_or(onset);
        all.push(Inflammation { name: "CRS", number: e.infusion_number, onset, last });
    }
    for (_, e) in history.of::<IecHs>() {
        let (onset, last) = (e.diagnosis_date, e.end_date.unwrap_or(e.diagnosis_date));
        all.push(Inflammation { name: "IEC-HS", number: e.infusion_number, onset, last });
    }
    all
}

fn responses(history: &History, review: &mut Review) {
    let infusions = history.of::<Infusion>();
    let therapies = history.of::<SubsequentTherapy>();
    let inflammations = inflammations(history);
    for (entry, response) in history.of::<ResponseAssessment>() {
        let (day, number) = (response.assessment_date, response.infusion_number);
        let Some(category) = response.reported_category else { continue };
        if category.is_progression() {
            let infusion = infusions.iter().find(|(_, i)| i.infusion_number == number);
            if let Some(day0) = infusion.map(|(_, i)| i.infusion_date).filter(|day0| day < *day0) {
                let expected = format!("{day0} or later (infusion {})", number.get());
                review.at(&PROGRESSION_BEFORE_INFUSION, entry, "assessment_date", day.to_string(), expected);
            }
            // A second assessment has excluded it.
            if response.confirmed != Some(YesNoUnknown::Yes) {
                pseudo_progression(entry, &response, category, &inflammations, review);
            }
        } else if is_response(category) {
            let of_infusion = therapies.iter().filter(|(_, t)| t.infusion_number == number);
            // The last day it may have begun on, so that the order is certain.
            let begun = of_infusion.filter_map(|(_, t)| t.start_date).min_by_key(|start| start.latest());
            if let Some(start) = begun.filter(|start| day >= start.latest()) {
                let expected = format!("before {start} (next therapy after infusion {})", number.get());
                review.at(&RESPONSE_AFTER_NEXT_THERAPY, entry, "assessment_date", day.to_string(), expected);
            }
        }
    }
}

fn pseudo_progression(
    entry: Entry,
    response: &ResponseAssessment,
    category: Category,
    inflammations: &[Inflammation],
    review: &mut Review,
) {
    let day = response.assessment_date;
    let until = |last: NaiveDate| last.checked_add_days(Days::new(PSEUDO_PROGRESSION_DAYS)).unwrap_or(last);
    let near = inflammations
        .iter()
        .filter(|i| i.number == response.infusion_number && i.onset <= day && day <= until(i.last))
        .max_by_key(|i| i.last);
    if let Some(i) = near {
        let expected = format!(
            "an assessment after {} ({PSEUDO_PROGRESSION_DAYS} days after {} of {}), or confirmed Y",
            until(i.last),
            i.name,
            i.last
        );
        review.at(&PSEUDO_PROGRESSION, entry, "reported_category", category.code().to_owned(), expected);
    }
}
