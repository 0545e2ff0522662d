//! RSP: assessments on schedule, in the criteria of the disease, and the one that finds the progression.

use crate::after;
use crate::assumptions::{VISIT_MONTHS, recording};
use crate::baseline::Baseline;
use crate::outcome::{Depth, Outcome};
use crate::random::{Stream, whole};
use chrono::NaiveDate;
use clinical::codes::assessment::{Category, Criteria};
use clinical::codes::{Disease, InfusionNumber, YesNoUnknown};
use clinical::forms::response::ResponseAssessment;
use clinical::record::Missing;
use clinical::{Form, MissingCode, Record};

/// Average length of a month in days.
const MONTH: f64 = 30.4375;
/// Progressions noticed between scheduled visits.
const UNSCHEDULED: f64 = 0.75;
/// Progressions that no assessment documents.
const UNDOCUMENTED: f64 = 0.04;

/// The deepest categories of myeloma, in the order in which a response deepens.
const LADDER: [Category; 4] = [Category::Pr, Category::Vgpr, Category::Cr, Category::Scr];

/// How one patient's categories develop.
struct Track {
    criteria: Criteria,
    depth: Depth,
    /// Reached complete response only after the first assessment (lymphoma).
    late: bool,
    /// Step of the myeloma ladder at the first assessment and at the end.
    steps: (usize, usize),
    /// Assessment from which on the count recovery of leukemia is complete.
    recovered: usize,
    /// Without response in myeloma: minimal response rather than stable disease.
    minimal: bool,
}

impl Track {
    fn draw(b: &Baseline, depth: Depth, s: &mut Stream) -> Option<Self> {
        let criteria = match b.profile.disease {
            Disease::Mm if b.site.guideline_imwg => Criteria::ImwgSeed,
            Disease::Mm => Criteria::Imwg2016,
            Disease::BAll => Criteria::AllNccn,
            _ if s.chance(if b.site.prefers_ct { 0.5 } else { 0.05 }) => Criteria::LuganoCt,
            _ => Criteria::LuganoPet,
        };
        let last = match depth {
            Depth::Complete => s.pick(&[(2, 0.4), (3, 0.6)])?,
            _ => s.pick(&[(0, 0.45), (1, 0.55)])?,
        };
        let first = s.pick(&[(0, 0.4), (1, 0.4), (2, 0.2)])?.min(last);
        let recovered = s.pick(&[(0, 0.45), (1, 0.4), (2, 0.15)])?;
        Some(Self {
            criteria,
            depth,
            late: s.chance(0.2),
            steps: (first, last),
            recovered,
            minimal: s.chance(0.5),
        })
    }

    /// The category of the assessment number `visit` (0 for the first) without progression.
    fn category(&self, visit: usize, s: &mut Stream) -> Category {
        match (self.criteria, self.depth) {
            (Criteria::LuganoPet, Depth::Complete) if !self.late || visit > 0 => Category::Cmr,
            (Criteria::LuganoPet, Depth::Complete | Depth::Partial) => Category::Pmr,
            (Criteria::LuganoPet, _) => Category::Nmr,
            (Criteria::LuganoCt, Depth::Complete) if !self.late || visit > 0 => Category::Cr,
            (Criteria::LuganoCt, Depth::Complete | Depth::Partial) => Category::Pr,
            (Criteria::LuganoCt, _) => Category::Sd,
            (Criteria::AllNccn, Depth::Complete | Depth::Partial) if visit >= self.recovered => Category::Cr,
            (Criteria::AllNccn, Depth::Complete | Depth::Partial) if s.chance(0.3) => Category::Crh,
            (Criteria::AllNccn, Depth::Complete | Depth::Partial) => Category::Cri,
            (Criteria::AllNccn, _) => Category::Nr,
            (_, Depth::Complete | Depth::Partial) => {
                let step = (self.steps.0 + visit).min(self.steps.1);
                LADDER.get(step).copied().unwrap_or(Category::Pr)
            }
            (..) if self.minimal => Category::Mr,
            (..) => Category::Sd,
        }
    }

    /// The category of the progression when `visits` assessments preceded it.
    fn progression(&self, visits: usize) -> Category {
        let complete = self.depth == Depth::Complete && visits > 0;
        match self.criteria {
            Criteria::LuganoPet => Category::Pmd,
            Criteria::AllNccn if complete => Category::Relapse,
            // A relapse needs a complete response first: step 2 of the ladder.
            Criteria::ImwgSeed | Criteria::Imwg2016
                if complete && (self.steps.0 + visits - 1).min(self.steps.1) >= 2 =>
            {
                Category::Relapse
            }
            _ => Category::Pd,
        }
    }
}

/// An assessment as it was: its category even where the center had yet to report it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Assessed {
    /// Day from the infusion.
    pub(crate) day: i32,
    /// Month of the schedule; none for a visit between scheduled ones.
    pub(crate) month: Option<i32>,
    pub(crate) criteria: Criteria,
    pub(crate) category: Category,
}

/// The assessments of one infusion up to and including day `last`, the last one the progression if there was one.
pub(crate) fn assessments(
    b: &Baseline,
    number: InfusionNumber,
    infused_on: NaiveDate,
    outcome: &Outcome,
    last: i32,
    s: &mut Stream,
) -> Option<(Vec<Record>, Vec<Assessed>)> {
    let track = Track::draw(b, outcome.depth, s)?;
    let unscheduled = s.chance(UNSCHEDULED);
    let documented = !s.chance(UNDOCUMENTED);
    let mut found = outcome.progression.filter(|_| unscheduled);
    let mut visits: Vec<(i32, i32, Option<Category>)> = Vec::new();
    let mut found_in = None;
    let mut previous = 13;
    for months in VISIT_MONTHS {
        let spread = (2.5 + 0.4 * f64::from(months - 1)).min(12.0);
        let day = whole(f64::from(months) * MONTH + spread * s.normal()).max(previous + 7);
        previous = day;
        let missed = s.chance(recording::VISIT_MISSED * b.site.gaps);
        let not_evaluable = s.chance(0.015);
        if day > last {
            break;
        }
        if outcome.progression.is_some_and(|p| day >= p) {
            if found.is_none() {
                (found, found_in) = (Some(day), Some(months));
            }
            break;
        }
        if !missed {
            let category = track.category(visits.len(), s);
            visits.push((day, months, (!not_evaluable).then_some(category)));
        }
    }
    let progression =
        found.filter(|day| *day <= last && documented).map(|day| (day, track.progression(visits.len())));
    let mut records = Vec::with_capacity(visits.len() + 1);
    let mut assessed = Vec::with_capacity(visits.len() + 1);
    let criteria = track.criteria;
    let mut before = None;
    for (day, months, category) in visits {
        let pending = s.chance(b.missing_rate());
        let category = category.unwrap_or(Category::Ne);
        assessed.push(Assessed { day, month: Some(months), criteria, category });
        let confirmed = (before == Some(category) && category != Category::Ne).then_some(YesNoUnknown::Yes);
        before = Some(category);
        let category = (!pending).then_some(category);
        let confirmed = confirmed.filter(|_| !pending);
        records.push(record(b, number, after(infused_on, day), track.criteria, category, confirmed));
    }
    if let Some((day, category)) = progression {
        assessed.push(Assessed { day, month: found_in, criteria, category });
        records.push(record(b, number, after(infused_on, day), track.criteria, Some(category), None));
    }
    Some((records, assessed))
}

fn record(
    b: &Baseline,
    number: InfusionNumber,
    date: NaiveDate,
    criteria: Criteria,
    category: Option<Category>,
    confirmed: Option<YesNoUnknown>,
) -> Record {
    let missing =
        if category.is_none() { vec![("reported_category", MissingCode::Pending)] } else { Vec::new() };
    ResponseAssessment {
        patient_id: b.patient_id.clone(),
        infusion_number: number,
        assessment_date: date,
        criteria,
        reported_category: category,
        confirmed,
        confirmed_by: None,
        missing: Missing::new(missing),
    }
    .to_record()
}
