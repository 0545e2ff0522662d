//! Overall and progression-free survival of one infusion.
//!
//! Times are whole days from the infusion. The rules below are stated in every report that uses them
//! ([`RULES_OS`], [`RULES_PFS`]).

use super::{Excluded, per_subject};
use crate::columns::{epoch_day, integers, one_of};
use crate::error::ReportError;
use crate::selection::Cohort;
use crate::snapshot::Snapshot;
use clinical::codes::assessment::Category;
use clinical::form::Form;
use clinical::forms::daily_toxicity::DailyToxicity;
use clinical::forms::lymphodepletion::Lymphodepletion;
use clinical::forms::response::ResponseAssessment;
use clinical::forms::survival_status::{Status, SurvivalStatus};
use polars::prelude::*;

/// How overall survival is read, in words.
pub const RULES_OS: &str = "Overall survival: days from infusion to death from any cause. Subjects not known to have died are censored \
    when last known alive: the latest of the last contact and the dates of their infusion, lymphodepletion, daily toxicity and response records. \
    Deaths on day 0 count.";

/// How progression-free survival is read, in words.
pub const RULES_PFS: &str = "Progression-free survival: days from infusion to the first of progression or relapse as reported (PD, PMD, RELAPSE; on or \
    after day 0; of this infusion) and death from any cause. Otherwise censored at the last response assessment on or after day 0 with a \
    category other than NE, or at day 0 when there is none. A later infusion ends the follow-up of this one: what happens after it is \
    its own, and this one is censored no later than that day. Death counts however long after the last assessment.";

/// How the rate of progression is read, in words.
pub const RULES_PROGRESSION: &str = "First progression or relapse as reported (PD, PMD, RELAPSE; on or after day 0; of this infusion). Subjects without it are \
    observed until the last response assessment on or after day 0 with a category other than NE (not at all when there is none), and no \
    later than the next infusion; a death without progression is no event.";

/// What the records say about one subject; all dates in days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dates {
    /// This infusion.
    pub infusion: i32,
    /// The patient's next infusion.
    pub next_infusion: Option<i32>,
    /// Earliest and latest date of death; they differ when records contradict each other.
    pub death: Option<(i32, i32)>,
    /// Latest record that shows the patient alive.
    pub alive: i32,
    /// First progression or relapse on or after the infusion.
    pub progression: Option<i32>,
    /// Last adequate response assessment on or after the infusion.
    pub assessed: Option<i32>,
}

/// Why a subject cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contradiction {
    /// Records give different dates of death.
    DeathDatesDiffer,
    /// The death is dated before the infusion.
    DeathBeforeInfusion,
    /// A record is dated after the death.
    RecordAfterDeath,
    /// The next infusion is dated before this one.
    InfusionOrder,
}

impl Contradiction {
    /// All, in the order in which they are looked for.
    pub const ALL: [Self; 4] =
        [Self::DeathDatesDiffer, Self::DeathBeforeInfusion, Self::RecordAfterDeath, Self::InfusionOrder];

    /// The reason in words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::DeathDatesDiffer => "records give different dates of death",
            Self::DeathBeforeInfusion => "the death is dated before the infusion",
            Self::RecordAfterDeath => "a record is dated after the death",
            Self::InfusionOrder => "the next infusion is dated before this one",
        }
    }
}

/// Time to an event or to censoring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    /// Days from infusion.
    pub day: i32,
    /// Whether the event ended it.
    pub event: bool,
}

impl Dates {
    /// The first contradiction among the dates.
    pub fn contradiction(&self) -> Option<Contradiction> {
        if let Some((first, last)) = self.death {
            if first != last {
                return Some(Contradiction::DeathDatesDiffer);
            }
            if first < self.infusion {
                return Some(Contradiction::DeathBeforeInfusion);
            }
            if self.alive > first {
                return Some(Contradiction::RecordAfterDeath);
            }
        }
        self.next_infusion.filter(|next| *next < self.infusion).map(|_| Contradiction::InfusionOrder)
    }

    /// Overall survival.
    pub fn overall(&self) -> Observation {
        match self.death {
            Some((day, _)) => Observation { day: day - self.infusion, event: true },
            None => Observation { day: self.alive - self.infusion, event: false },
        }
    }

    /// Time to progression or relapse; a death without it only ends the observation, at the last assessment.
    pub fn progression(&self) -> Observation {
        let end = self.next_infusion.unwrap_or(i32::MAX);
        match self.progression.filter(|day| *day <= end) {
            Some(day) => Observation { day: day - self.infusion, event: true },
            None => Observation { day: self.last_assessed(end), event: false },
        }
    }

    fn last_assessed(&self, end: i32) -> i32 {
        self.assessed.map_or(0, |day| day.min(end) - self.infusion)
    }

    /// Progression-free survival.
    pub fn progression_free(&self) -> Observation {
        let end = self.next_infusion.unwrap_or(i32::MAX);
        let event = [self.progression, self.death.map(|(day, _)| day)]
            .into_iter()
            .flatten()
            .min()
            .filter(|day| *day <= end);
        match event {
            Some(day) => Observation { day: day - self.infusion, event: true },
            None => Observation { day: self.last_assessed(end), event: false },
        }
    }
}

/// The dates of every subject of a cohort, in its order.
///
/// # Errors
///
/// [`ReportError`] when a form cannot be read.
pub fn dates(snapshot: &Snapshot, cohort: &Cohort) -> Result<Vec<Dates>, ReportError> {
    let n = cohort.len();
    let status = snapshot.scan(SurvivalStatus::DESCRIPTOR)?;
    let dead = || col("status").eq(lit(Status::Dead.code()));
    let [death_first, death_last, contact] = per_subject(
        cohort.of_patient(status).group_by([col("subject")]).agg([
            epoch_day("death_date").filter(dead()).min().alias("death_first"),
            epoch_day("death_date").filter(dead()).max().alias("death_last"),
            epoch_day("last_contact").filter(dead().not()).max().alias("contact"),
        ]),
        n,
        ["death_first", "death_last", "contact"],
    )?;

    let responses = || snapshot.scan(ResponseAssessment::DESCRIPTOR);
    let progression =
        || one_of("reported_category", Category::ALL.iter().filter(|c| c.is_progression()).map(|c| c.code()));
    let adequate = || col("reported_category").neq(lit(Category::Ne.code())).fill_null(lit(false));
    let [progressed, assessed] = per_subject(
        cohort
            .of_infusion(responses()?)
            .filter(epoch_day("assessment_date").gt_eq(col("day_0")))
            .group_by([col("subject")])
            .agg([
                epoch_day("assessment_date").filter(progression()).min().alias("progressed"),
                epoch_day("assessment_date").filter(adequate()).max().alias("assessed"),
            ]),
        n,
        ["progressed", "assessed"],
    )?;

    let mut alive = contact;
    for (records, columns) in [
        (responses()?, ["assessment_date", "assessment_date"]),
        (snapshot.scan(DailyToxicity::DESCRIPTOR)?, ["assessment_date", "assessment_date"]),
        (snapshot.infusions()?, ["infusion_date", "next_infusion_date"]),
        (snapshot.scan(Lymphodepletion::DESCRIPTOR)?, ["start_date", "end_date"]),
    ] {
        let [one, other] = columns.map(|column| epoch_day(column).max());
        let latest = cohort
            .of_patient(records)
            .group_by([col("subject")])
            .agg([one.alias("one"), other.alias("other")]);
        for latest in per_subject(latest, n, ["one", "other"])? {
            for (alive, latest) in alive.iter_mut().zip(latest) {
                *alive = (*alive).max(latest);
            }
        }
    }

    let infusion = integers(&cohort.subjects, "day_0")?;
    let next = integers(&cohort.subjects, "next_day")?;
    let mut subjects = Vec::with_capacity(n);
    let deaths = death_first.into_iter().zip(death_last).map(|(first, last)| first.zip(last));
    let later = deaths.zip(alive).zip(progressed).zip(assessed);
    for ((infusion, next_infusion), (((death, alive), progression), assessed)) in
        infusion.into_iter().zip(next).zip(later)
    {
        let infusion = infusion.unwrap_or_default();
        let alive = alive.map_or(infusion, |day| day.max(infusion));
        subjects.push(Dates { infusion, next_infusion, death, alive, progression, assessed });
    }
    Ok(subjects)
}

/// The exclusions by reason, reasons without subjects left out.
pub fn excluded(subjects: &[Dates]) -> Vec<Excluded> {
    Contradiction::ALL
        .into_iter()
        .map(|c| Excluded {
            reason: c.reason().to_owned(),
            n: subjects.iter().filter(|s| s.contradiction() == Some(c)).count(),
        })
        .filter(|e| e.n > 0)
        .collect()
}
