//! Response: best, at points in time, depth as a waterfall, and the moves between states of response.

use super::assessments::{RANKS, is_complete, is_response, rank, responses};
use super::estimates::{Interval, proportion};
use super::grouping::{By, Group, Grouping};
use super::head::Head;
use super::parameters::{Checked, ProportionInterval, conf_level};
use super::summary::Summary;
use super::timepoints::{self, TimePoint};
use super::{Body, Report, ReportKind};
use crate::definition::CohortDefinition;
use crate::endpoints::FollowUps;
use crate::error::ReportError;
use crate::fault::Faults;
use crate::records::Basis;
use crate::render::{Block, EstimateRow, Figure};
use crate::selection::Cohort;
use crate::snapshot::Snapshot;
use clinical::Language;
use clinical::codes::assessment::Category;
use serde::{Deserialize, Serialize};
use serde_json::Value;

mod depth;
mod tables;

pub use depth::Depth;

/// Parameters of the response report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResponseParameters {
    /// Groups to compare.
    pub by: By,
    /// Categories as reported or as derived.
    pub basis: Basis,
    /// Points in time.
    pub timepoints: Vec<TimePoint>,
    /// Interval of proportions.
    pub proportion_interval: ProportionInterval,
    /// Confidence level.
    pub conf_level: f64,
}

impl Default for ResponseParameters {
    fn default() -> Self {
        Self {
            by: By::Product,
            basis: Basis::Reported,
            timepoints: timepoints::months(),
            proportion_interval: ProportionInterval::ClopperPearson,
            conf_level: 0.95,
        }
    }
}

impl Checked for ResponseParameters {
    fn check(&mut self, faults: &mut Faults) {
        timepoints::check(&self.timepoints, faults);
        conf_level(self.conf_level, faults);
    }
}

/// The response report's result.
#[derive(Debug, Clone, Serialize)]
pub struct ResponseResult {
    /// What the groups are.
    pub by: By,
    /// One entry per group.
    pub groups: Vec<ResponseGroup>,
    /// Best change of measured disease, one entry per subject with a baseline, from most growth to deepest.
    pub depth: Vec<Depth>,
    /// States at the points in time, and moves between them, of everybody.
    pub states: States,
}

/// A share with its counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// Subjects with it.
    pub n: usize,
    /// Of so many.
    pub of: usize,
    /// The share.
    pub share: Interval,
}

/// One group.
#[derive(Debug, Clone, Serialize)]
pub struct ResponseGroup {
    /// The group.
    pub group: Group,
    /// Subjects.
    pub n: usize,
    /// Subjects with an evaluable assessment on or after day 0.
    pub evaluable: usize,
    /// Subjects by best category; of the evaluable.
    pub best: Vec<(String, Share)>,
    /// Partial response or better: of the evaluable, and of all subjects.
    pub overall_response: (Share, Share),
    /// Complete response: of the evaluable, and of all subjects.
    pub complete_response: (Share, Share),
    /// Days to the first response of responders.
    pub time_to_response: Summary,
    /// Days to the best category.
    pub time_to_best: Summary,
    /// At the points in time.
    pub timepoints: Vec<AtTime>,
}

/// Response at one point in time.
#[derive(Debug, Clone, Serialize)]
pub struct AtTime {
    /// The point.
    pub name: String,
    /// Subjects assessed in its window.
    pub assessed: usize,
    /// Partial response or better, of the assessed.
    pub response: Share,
    /// Complete response, of the assessed.
    pub complete: Share,
    /// Subjects by category.
    pub categories: Vec<(String, usize)>,
}

/// States of response over time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct States {
    /// Names of the points.
    pub points: Vec<String>,
    /// Names of the states.
    pub states: [&'static str; 6],
    /// Subjects in each state at each point.
    pub counts: Vec<Vec<usize>>,
    /// Subjects moving between two points: point, from, to, subjects.
    pub moves: Vec<(usize, usize, usize, usize)>,
}

/// States shown over time. Dead is known at every point after death; progression lasts until another category is seen.
const STATES: [&str; 6] = [
    "complete response",
    "partial response",
    "stable disease",
    "progression or relapse",
    "dead",
    "not assessed",
];

/// Makes the response report.
///
/// # Errors
///
/// [`ReportError`] when the snapshot cannot be read.
pub fn run(
    snapshot: &Snapshot,
    definition: &CohortDefinition,
    parameters: &ResponseParameters,
) -> Result<Report, ReportError> {
    let cohort = Cohort::select(snapshot, definition)?;
    let grouping = Grouping::of(snapshot, &cohort, parameters.by)?;
    let follow_ups = FollowUps::of_cohort(snapshot, &cohort)?;
    let mut courses = responses(snapshot, &cohort, parameters.basis)?;
    for ((course, member), contradiction) in
        courses.iter_mut().zip(&cohort.members).zip(follow_ups.contradictions(&cohort))
    {
        // What happens after the next infusion is its own.
        course.retain(|(day, _)| {
            contradiction.is_none() && member.next.is_none_or(|next| day + member.index <= next)
        });
    }
    let usable: Vec<bool> = follow_ups.contradictions(&cohort).map(|c| c.is_none()).collect();
    let subjects: Vec<(bool, &Vec<(i32, Category)>)> = usable.iter().copied().zip(&courses).collect();
    let groups = grouping
        .split(&subjects)
        .map(|(group, members)| {
            let members: Vec<&Vec<(i32, Category)>> = members.iter().filter(|m| m.0).map(|m| m.1).collect();
            response_group(group, &members, parameters)
        })
        .collect();
    let result = ResponseResult {
        by: parameters.by,
        groups,
        depth: depth::depth(snapshot, &cohort, &courses, &usable)?,
        states: states(&cohort, &follow_ups, &courses, &usable, &parameters.timepoints),
    };
    let head =
        Head::new(ReportKind::Response, snapshot, definition, &cohort, serde_json::to_value(parameters)?)
            .with_excluded(follow_ups.excluded(&cohort))
            .with_notes(notes(parameters));
    Ok(Report { head, body: Box::new(result) })
}

fn notes(parameters: &ResponseParameters) -> Vec<String> {
    let basis = match parameters.basis {
        Basis::Reported => "as the center reports it",
        Basis::Derived => {
            "as the criteria derive it; where they cannot decide the assessment is not evaluable"
        }
    };
    vec![
        format!(
            "Response {basis}, of assessments on or after day 0 until the next infusion; NE is no assessment. Of two on one day the worse counts. \
             Best response before progression and after it alike; partial response or better: sCR, CR, CMR, CRh, CRi, VGPR, PR, PMR; complete response: sCR, CR, CMR, CRh, CRi."
        ),
        "At a point in time the assessment nearest to its day within its window counts, of two as near the earlier; whoever was not assessed there is in no denominator. \
         Duration of response: the survival report with the endpoint dor."
            .to_owned(),
        "Depth: smallest value of measured disease after day 0 against the baseline, in percent: serum M-protein of myeloma (baseline form), sum of the products of the \
         diameters of target lesions of lymphoma (last assessment on or before day 0). Subjects without a baseline above 0 or without a later value are not shown."
            .to_owned(),
    ]
}

fn share(n: usize, of: usize, parameters: &ResponseParameters) -> Share {
    Share { n, of, share: proportion(n, of, parameters.proportion_interval, parameters.conf_level) }
}

/// The best assessment: best category, the earliest of equals.
fn best(course: &[(i32, Category)]) -> Option<(i32, Category)> {
    course.iter().copied().min_by_key(|(day, category)| (rank(*category), *day))
}

fn response_group(
    group: &Group,
    members: &[&Vec<(i32, Category)>],
    parameters: &ResponseParameters,
) -> ResponseGroup {
    let bests: Vec<(i32, Category)> = members.iter().filter_map(|course| best(course)).collect();
    let (n, evaluable) = (members.len(), bests.len());
    let both = |holds: fn(Category) -> bool| {
        let count = bests.iter().filter(|(_, category)| holds(*category)).count();
        (share(count, evaluable, parameters), share(count, n, parameters))
    };
    let of_category = |category: Category| bests.iter().filter(|(_, c)| *c == category).count();
    let first = members.iter().filter_map(|course| course.iter().find(|(_, c)| is_response(*c)));
    let timepoints = parameters.timepoints.iter().map(|point| {
        let seen: Vec<Category> = members
            .iter()
            .filter_map(|course| point.choose(course, |(day, _)| *day))
            .map(|(_, c)| *c)
            .collect();
        let count = |holds: fn(Category) -> bool| seen.iter().filter(|c| holds(**c)).count();
        let categories = RANKS.iter().map(|c| (c.code().to_owned(), seen.iter().filter(|s| *s == c).count()));
        AtTime {
            name: point.name.clone(),
            assessed: seen.len(),
            response: share(count(is_response), seen.len(), parameters),
            complete: share(count(is_complete), seen.len(), parameters),
            categories: categories.filter(|(_, n)| *n > 0).collect(),
        }
    });
    ResponseGroup {
        group: group.clone(),
        n,
        evaluable,
        best: RANKS
            .iter()
            .map(|c| (c.code().to_owned(), share(of_category(*c), evaluable, parameters)))
            .filter(|(_, share)| share.n > 0)
            .collect(),
        overall_response: both(is_response),
        complete_response: both(is_complete),
        time_to_response: Summary::of(first.map(|(day, _)| Some(f64::from(*day)))),
        time_to_best: Summary::of(bests.iter().map(|(day, _)| Some(f64::from(*day)))),
        timepoints: timepoints.collect(),
    }
}

fn state_of(category: Category) -> usize {
    if is_complete(category) {
        0
    } else if is_response(category) {
        1
    } else if category.is_progression() {
        3
    } else {
        2
    }
}

fn states(
    cohort: &Cohort,
    follow_ups: &FollowUps,
    courses: &[Vec<(i32, Category)>],
    usable: &[bool],
    points: &[TimePoint],
) -> States {
    let mut counts = vec![vec![0; STATES.len()]; points.len()];
    let mut moves = vec![vec![vec![0_usize; STATES.len()]; STATES.len()]; points.len().saturating_sub(1)];
    let rows = cohort.members.iter().zip(&follow_ups.seen).zip(courses).zip(usable);
    for (((member, seen), course), _) in rows.filter(|(_, usable)| **usable) {
        let death = seen.death_day().map(|day| day - member.index);
        let mut before: Option<usize> = None;
        for (place, point) in points.iter().enumerate() {
            let dead = death.is_some_and(|day| day <= point.day);
            let seen = point.choose(course, |(day, _)| *day).map(|(_, category)| state_of(*category));
            let state = match seen {
                _ if dead => 4,
                Some(state) => state,
                None if before == Some(3) => 3,
                None => 5,
            };
            if let Some(count) = counts.get_mut(place).and_then(|c| c.get_mut(state)) {
                *count += 1;
            }
            let cell =
                before.and_then(|from| moves.get_mut(place.checked_sub(1)?)?.get_mut(from)?.get_mut(state));
            if let Some(cell) = cell {
                *cell += 1;
            }
            before = Some(state);
        }
    }
    let mut flat = Vec::new();
    for (place, from_to) in moves.iter().enumerate() {
        for (from, to) in from_to.iter().enumerate() {
            flat.extend(to.iter().enumerate().filter(|(_, n)| **n > 0).map(|(to, n)| (place, from, to, *n)));
        }
    }
    States { points: points.iter().map(|p| p.name.clone()).collect(), states: STATES, counts, moves: flat }
}

impl Body for ResponseResult {
    fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self)
    }

    fn estimates(&self) -> Vec<EstimateRow> {
        tables::rows(self)
    }

    fn blocks(&self, language: Language) -> Vec<Block> {
        tables::blocks(self, language)
    }

    fn figure(&self, language: Language) -> Option<Figure> {
        Some(tables::figure(self, language))
    }
}
