//! Minimal residual disease: negativity ever, at points in time and sustained, by the sensitivity of the method.

use super::assessments::{is_complete, responses};
use super::estimates::proportion;
use super::grouping::{By, Group, Grouping};
use super::head::Head;
use super::parameters::{Checked, ProportionInterval, conf_level};
use super::response::Share;
use super::timepoints::{self, TimePoint};
use super::{Body, Report, ReportKind};
use crate::condition::{Condition, Test};
use crate::definition::CohortDefinition;
use crate::endpoints::FollowUps;
use crate::error::ReportError;
use crate::fault::{Fault, Faults};
use crate::records::{Basis, RecordQuery};
use crate::render::{Block, EstimateRow, Figure, Table, say};
use crate::selection::Cohort;
use crate::snapshot::Snapshot;
use clinical::Language;
use clinical::form::Form;
use clinical::forms::mrd::Mrd;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Parameters of the MRD report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MrdParameters {
    /// Groups to compare.
    pub by: By,
    /// Least sensitivity of a test that counts: share of nucleated cells it can still find.
    pub sensitivity: f64,
    /// Points in time.
    pub timepoints: Vec<TimePoint>,
    /// Days between the tests of a sustained negativity.
    pub sustained_days: i32,
    /// Confidence level.
    pub conf_level: f64,
}

impl Default for MrdParameters {
    fn default() -> Self {
        Self {
            by: By::Product,
            sensitivity: 1e-5,
            timepoints: timepoints::months(),
            sustained_days: 365,
            conf_level: 0.95,
        }
    }
}

impl Checked for MrdParameters {
    fn check(&mut self, faults: &mut Faults) {
        timepoints::check(&self.timepoints, faults);
        conf_level(self.conf_level, faults);
        super::parameters::number("sustained_days", self.sustained_days, 1, 36_525, faults);
        if !(1e-7..=1e-2).contains(&self.sensitivity) {
            let fault =
                Fault::new("/sensitivity", "the sensitivity is out of range").received(self.sensitivity);
            faults.0.push(fault.expected("a share of nucleated cells from 1e-7 to 1e-2"));
        }
    }
}

/// The MRD report's result.
#[derive(Debug, Clone, Serialize)]
pub struct MrdResult {
    /// What the groups are.
    pub by: By,
    /// One entry per group.
    pub groups: Vec<MrdGroup>,
}

/// One group.
#[derive(Debug, Clone, Serialize)]
pub struct MrdGroup {
    /// The group.
    pub group: Group,
    /// Subjects.
    pub n: usize,
    /// Subjects tested with the sensitivity on or after day 0.
    pub tested: usize,
    /// Tests after day 0 left out because their sensitivity is too low or not recorded.
    pub insensitive_tests: usize,
    /// Ever negative: of the tested, and of all subjects.
    pub negative: (Share, Share),
    /// Negative with a complete response on or before the test, of the tested.
    pub negative_in_complete_response: Share,
    /// Negative twice, at least so many days apart and not positive in between, of the tested.
    pub sustained: Share,
    /// At the points in time: tested, and negative of them.
    pub timepoints: Vec<(String, Share)>,
}

/// Makes the MRD report.
///
/// # Errors
///
/// [`ReportError`] when the snapshot cannot be read.
pub fn run(
    snapshot: &Snapshot,
    definition: &CohortDefinition,
    parameters: &MrdParameters,
) -> Result<Report, ReportError> {
    let cohort = Cohort::select(snapshot, definition)?;
    let grouping = Grouping::of(snapshot, &cohort, parameters.by)?;
    let follow_ups = FollowUps::of_cohort(snapshot, &cohort)?;
    let courses = responses(snapshot, &cohort, Basis::Reported)?;
    let (tests, insensitive) = tests(snapshot, &cohort, parameters.sensitivity)?;
    let subjects: Vec<Subject> = follow_ups
        .contradictions(&cohort)
        .zip(tests)
        .zip(insensitive)
        .zip(courses)
        .map(|(((contradiction, tests), insensitive), course)| Subject {
            usable: contradiction.is_none(),
            tests,
            insensitive,
            complete: course.iter().find(|(_, category)| is_complete(*category)).map(|(day, _)| *day),
        })
        .collect();
    let groups = grouping.split(&subjects).map(|(group, members)| {
        let members: Vec<&Subject> = members.into_iter().filter(|s| s.usable).collect();
        mrd_group(group, &members, parameters)
    });
    let result = MrdResult { by: parameters.by, groups: groups.collect() };
    let head = Head::new(ReportKind::Mrd, snapshot, definition, &cohort, serde_json::to_value(parameters)?)
        .with_excluded(follow_ups.excluded(&cohort))
        .with_notes([
            format!(
                "Tests on or after day 0 until the next infusion, whose recorded sensitivity is {} of nucleated cells or better; a result below the limit of quantification \
                 is positive. Of several on one day a positive one counts.",
                parameters.sensitivity
            ),
            "Whoever was not tested is in no denominator but that of all subjects; cumulative incidence with progression and death competing: the survival report with the endpoint mrd_negativity.".to_owned(),
        ]);
    Ok(Report { head, body: Box::new(result) })
}

/// The tests of one subject: day, and whether negative; one a day.
struct Subject {
    usable: bool,
    tests: Vec<(i32, bool)>,
    insensitive: usize,
    complete: Option<i32>,
}

type Tests = (Vec<Vec<(i32, bool)>>, Vec<usize>);

fn tests(snapshot: &Snapshot, cohort: &Cohort, sensitivity: f64) -> Result<Tests, ReportError> {
    let form = Mrd::DESCRIPTOR;
    let negative = |all: bool| {
        let field = form.field("result").map(|(_, field)| field);
        let conditions = field.map(|field| Condition::new(field, Test::In(vec!["NEG".to_owned()])));
        RecordQuery {
            form,
            date: Some("assessment_date"),
            value: Some("sensitivity"),
            conditions: conditions.into_iter().collect(),
            all,
            basis: Basis::Reported,
        }
    };
    let records = snapshot.records(&negative(true))?;
    let mut all = Vec::with_capacity(cohort.len());
    let mut left_out = Vec::with_capacity(cohort.len());
    for member in &cohort.members {
        let (mut own, mut insensitive) = (Vec::new(), 0);
        for entry in records.of(member.patient).iter().filter(|e| member.owns(e, false)) {
            let (Some(day), Some(negative)) = (entry.day, entry.holds) else { continue };
            let end = member.next.unwrap_or(i32::MAX).min(cohort.cutoff.unwrap_or(i32::MAX));
            if day < member.index || day > end {
                continue;
            }
            // Unknown is not sensitive enough: the comparison fails for NaN.
            if entry.value <= sensitivity * (1.0 + 1e-9) {
                own.push((day - member.index, negative));
            } else {
                insensitive += 1;
            }
        }
        own.sort_unstable();
        own.dedup_by_key(|(day, _)| *day);
        all.push(own);
        left_out.push(insensitive);
    }
    Ok((all, left_out))
}

fn sustained(tests: &[(i32, bool)], days: i32) -> bool {
    let mut since: Option<i32> = None;
    for (day, negative) in tests {
        since = if *negative { since.or(Some(*day)) } else { None };
        if since.is_some_and(|since| day - since >= days) {
            return true;
        }
    }
    false
}

fn mrd_group(group: &Group, members: &[&Subject], parameters: &MrdParameters) -> MrdGroup {
    let share = |n: usize, of: usize| Share {
        n,
        of,
        share: proportion(n, of, ProportionInterval::ClopperPearson, parameters.conf_level),
    };
    let tested = members.iter().filter(|m| !m.tests.is_empty()).count();
    let count = |holds: &dyn Fn(&Subject) -> bool| members.iter().filter(|m| holds(m)).count();
    let negative = count(&|m| m.tests.iter().any(|t| t.1));
    let in_complete =
        count(&|m| m.tests.iter().any(|(day, negative)| *negative && m.complete.is_some_and(|c| c <= *day)));
    let timepoints = parameters.timepoints.iter().map(|point| {
        let seen: Vec<bool> =
            members.iter().filter_map(|m| point.choose(&m.tests, |t| t.0)).map(|t| t.1).collect();
        (point.name.clone(), share(seen.iter().filter(|negative| **negative).count(), seen.len()))
    });
    MrdGroup {
        group: group.clone(),
        n: members.len(),
        tested,
        insensitive_tests: members.iter().map(|m| m.insensitive).sum(),
        negative: (share(negative, tested), share(negative, members.len())),
        negative_in_complete_response: share(in_complete, tested),
        sustained: share(count(&|m| sustained(&m.tests, parameters.sustained_days)), tested),
        timepoints: timepoints.collect(),
    }
}

impl Body for MrdResult {
    fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self)
    }

    fn estimates(&self) -> Vec<EstimateRow> {
        let mut rows = Vec::new();
        for group in &self.groups {
            let row = |statistic: &str| EstimateRow::new("MRD", &group.group.label, statistic, "share");
            let shared =
                |row: EstimateRow, share: &Share| row.interval(share.share).counts(share.of, share.n);
            rows.push(shared(row("negative").at(&"of tested"), &group.negative.0));
            rows.push(shared(row("negative").at(&"of all"), &group.negative.1));
            rows.push(shared(row("negative_in_complete_response"), &group.negative_in_complete_response));
            rows.push(shared(row("sustained"), &group.sustained));
            rows.extend(
                group.timepoints.iter().map(|(name, share)| shared(row("negative_at").at(name), share)),
            );
        }
        rows
    }

    fn blocks(&self, language: Language) -> Vec<Block> {
        let mut columns = vec![String::new()];
        columns.extend(self.groups.iter().map(|g| format!("{}, n = {}", g.group.label, g.n)));
        let mut table = Table::new(
            say(language, "MRD negative: n/tested, % (CI)", "MRD阴性：例数/检测，%（CI）"),
            columns,
        );
        let mut line = |label: &str, of: &dyn Fn(&MrdGroup) -> Option<Share>| {
            let text = |g: &MrdGroup| {
                of(g).map_or_else(String::new, |s| format!("{}/{}, {}", s.n, s.of, s.share.percent_text()))
            };
            table.push(std::iter::once(label.to_owned()).chain(self.groups.iter().map(text)).collect());
        };
        line(say(language, "ever", "任意时间"), &|g| Some(g.negative.0));
        line(say(language, "with complete response", "伴完全缓解"), &|g| {
            Some(g.negative_in_complete_response)
        });
        line(say(language, "sustained", "持续阴性"), &|g| Some(g.sustained));
        let points: Vec<String> = self
            .groups
            .first()
            .map(|g| g.timepoints.iter().map(|p| p.0.clone()).collect())
            .unwrap_or_default();
        for (place, name) in points.iter().enumerate() {
            line(name, &|g| g.timepoints.get(place).map(|p| p.1));
        }
        vec![Block::Table(table)]
    }

    fn figure(&self, _: Language) -> Option<Figure> {
        None
    }
}
