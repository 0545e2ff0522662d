//! A swimmer plot: each subject's time with response, progression, therapy and death. Subjects are numbered, not named.

use super::assessments::{is_complete, is_response, of_source, responses};
use super::grouping::{By, Grouping};
use super::head::Head;
use super::parameters::{Checked, number};
use super::{Body, Report, ReportKind};
use crate::definition::CohortDefinition;
use crate::endpoints::FollowUps;
use crate::error::ReportError;
use crate::fault::Faults;
use crate::records::Basis;
use crate::render::figure::{Lane, Part, Swimmer};
use crate::render::{Block, EstimateRow, Figure, Table, say};
use crate::selection::Cohort;
use crate::snapshot::Snapshot;
use clinical::Language;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Parameters of the swimmer plot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SwimmerParameters {
    /// What the lanes are labelled by.
    pub by: By,
    /// Responses as reported or derived.
    pub basis: Basis,
    /// Most subjects shown, those followed longest first.
    pub most: i32,
}

impl Default for SwimmerParameters {
    fn default() -> Self {
        Self { by: By::Product, basis: Basis::Reported, most: 60 }
    }
}

impl Checked for SwimmerParameters {
    fn check(&mut self, faults: &mut Faults) {
        number("most", self.most, 1, 1000, faults);
    }
}

const STATES: [&str; 4] = [
    "before the first assessment or no response",
    "partial response",
    "complete response",
    "after progression",
];
const MARKS: [&str; 4] = ["progression or relapse", "next therapy", "next infusion", "death"];

/// The swimmer plot's result.
#[derive(Debug, Clone, Serialize)]
pub struct SwimmerResult {
    /// Subjects whose dates do not contradict each other.
    pub n: usize,
    /// Names of the states.
    pub states: [&'static str; 4],
    /// Names of the marks.
    pub marks: [&'static str; 4],
    /// The subjects shown.
    pub subjects: Vec<SubjectCourse>,
}

/// One subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SubjectCourse {
    /// Its group.
    pub group: String,
    /// Days under observation.
    pub days: i32,
    /// Still alive at the end of them.
    pub alive: bool,
    /// First day, last day, position of the state.
    pub stretches: Vec<(i32, i32, usize)>,
    /// Day, position of the mark.
    pub events: Vec<(i32, usize)>,
}

/// Makes the swimmer plot.
///
/// # Errors
///
/// [`ReportError`] when the snapshot cannot be read.
pub fn run(
    snapshot: &Snapshot,
    definition: &CohortDefinition,
    parameters: &SwimmerParameters,
) -> Result<Report, ReportError> {
    let cohort = Cohort::select(snapshot, definition)?;
    let grouping = Grouping::of(snapshot, &cohort, parameters.by)?;
    let follow_ups = FollowUps::of_cohort(snapshot, &cohort)?;
    let courses = responses(snapshot, &cohort, parameters.basis)?;
    let therapies = of_source(snapshot, &cohort, &follow_ups, "new_therapy")?;
    let mut subjects = Vec::new();
    let rows = cohort.members.iter().zip(&follow_ups.seen).zip(courses.iter().zip(&therapies)).enumerate();
    for (place, ((member, seen), (course, therapies))) in rows {
        if seen.contradiction(member).is_some() {
            continue;
        }
        let death = seen.death_day().map(|day| day - member.index);
        let days = death.unwrap_or(seen.alive - member.index).max(0);
        let (mut stretches, mut events) = (Vec::new(), Vec::new());
        let (mut state, mut since) = (0, 0);
        for (day, category) in course.iter().filter(|(day, _)| *day <= days) {
            let next = if is_complete(*category) {
                2
            } else if is_response(*category) {
                1
            } else if category.is_progression() {
                events.push((*day, 0));
                3
            } else if state == 3 {
                3
            } else {
                0
            };
            if next != state {
                if *day > since {
                    stretches.push((since, *day, state));
                }
                (state, since) = (next, *day);
            }
        }
        stretches.push((since, days, state));
        events.extend(therapies.iter().filter(|day| **day <= days).map(|day| (*day, 1)));
        events
            .extend(member.next.map(|day| day - member.index).filter(|day| *day <= days).map(|day| (day, 2)));
        events.extend(death.map(|day| (day, 3)));
        events.sort_unstable();
        let group = grouping.of_subject.get(place).and_then(|g| grouping.groups.get(*g));
        subjects.push(SubjectCourse {
            group: group.map(|g| g.code.clone().unwrap_or_default()).unwrap_or_default(),
            days,
            alive: death.is_none(),
            stretches,
            events,
        });
    }
    // By length, not in the order of the patients, so that a place in the list names nobody.
    subjects.sort_by(|a, b| b.days.cmp(&a.days).then_with(|| a.cmp(b)));
    let n = subjects.len();
    subjects.truncate(usize::try_from(parameters.most).unwrap_or(usize::MAX));
    let shown = subjects.len();
    let result = SwimmerResult { n, states: STATES, marks: MARKS, subjects };
    let head = Head::new(ReportKind::Swimmer, snapshot, definition, &cohort, serde_json::to_value(parameters)?)
        .with_excluded(follow_ups.excluded(&cohort))
        .with_notes([format!(
            "{shown} of {n} subjects, those under observation longest first, numbered in that order. A state lasts from the assessment that showed it to the next that shows another."
        )]);
    Ok(Report { head, body: Box::new(result) })
}

impl Body for SwimmerResult {
    fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self)
    }

    fn estimates(&self) -> Vec<EstimateRow> {
        let mut rows = Vec::new();
        for (place, subject) in self.subjects.iter().enumerate() {
            let number = format!("subject {}", place + 1);
            let row = |statistic: &str| EstimateRow::new(&number, &subject.group, statistic, "days");
            rows.push(row("observed").value(f64::from(subject.days)));
            for (from, to, state) in &subject.stretches {
                let name = self.states.get(*state).copied().unwrap_or_default();
                rows.push(row(name).at(from).value(f64::from(to - from)));
            }
            for (day, mark) in &subject.events {
                rows.push(row(self.marks.get(*mark).copied().unwrap_or_default()).value(f64::from(*day)));
            }
        }
        rows
    }

    fn blocks(&self, language: Language) -> Vec<Block> {
        let columns = ["", "group", "days", "course"].map(str::to_owned);
        let mut table = Table::new(say(language, "Course of each subject", "各例病程"), columns.into());
        for (place, subject) in self.subjects.iter().enumerate() {
            let letters = ["·", "P", "C", "X"];
            let course: Vec<String> = subject
                .stretches
                .iter()
                .map(|(from, to, state)| {
                    format!("{}{from}-{to}", letters.get(*state).copied().unwrap_or("?"))
                })
                .collect();
            let end = if subject.alive { "" } else { " †" };
            table.push(vec![
                (place + 1).to_string(),
                subject.group.clone(),
                subject.days.to_string(),
                format!("{}{end}", course.join(" ")),
            ]);
        }
        vec![Block::Table(table)]
    }

    fn figure(&self, language: Language) -> Option<Figure> {
        let lanes = self.subjects.iter().enumerate().map(|(place, subject)| Lane {
            label: format!("{} {}", place + 1, subject.group),
            stretches: subject.stretches.clone(),
            marks: subject.events.clone(),
        });
        Some(Figure {
            title: ReportKind::Swimmer.title(language).to_owned(),
            description: say(
                language,
                "One lane per subject: states of response as colored stretches, events as marks.",
                "每例一条泳道：疗效状态以颜色表示，事件以符号表示。",
            )
            .to_owned(),
            parts: vec![Part::Swimmer(Swimmer {
                title: String::new(),
                x_label: say(language, "days from infusion", "回输后天数").to_owned(),
                states: self.states.map(str::to_owned).into(),
                marks: self.marks.map(str::to_owned).into(),
                lanes: lanes.collect(),
            })],
        })
    }
}
