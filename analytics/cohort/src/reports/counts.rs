//! Blood counts and immunity after infusion: medians over time, and recovery.

use super::assessments::numbers;
use super::grouping::{By, Group, Grouping};
use super::head::Head;
use super::parameters::{Checked, SurvivalParameters, conf_level, endpoints};
use super::summary::Summary;
use super::survival::{self, EndpointResult};
use super::timepoints::{self, TimePoint};
use super::{Body, Report, ReportKind};
use crate::condition::{Condition, Test};
use crate::definition::CohortDefinition;
use crate::endpoints::{Evaluation, FollowUps};
use crate::error::ReportError;
use crate::fault::{Fault, Faults};
use crate::records::{Basis, RecordQuery};
use crate::render::figure::{LineSeries, Lines, Part};
use crate::render::{Block, EstimateRow, Figure, Table, say};
use crate::selection::Cohort;
use crate::snapshot::Snapshot;
use clinical::Language;
use clinical::form::Form;
use clinical::forms::laboratory::LaboratoryResult;
use clinical::lab::Analyte;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Parameters of the counts report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CountsParameters {
    /// Groups to compare.
    pub by: By,
    /// Analytes whose course is shown.
    pub analytes: Vec<String>,
    /// Points in time.
    pub timepoints: Vec<TimePoint>,
    /// Recoveries.
    pub endpoints: Vec<Value>,
    /// Days at which the cumulative incidence of recovery is given.
    pub at: Vec<i32>,
    /// Confidence level.
    pub conf_level: f64,
}

impl Default for CountsParameters {
    fn default() -> Self {
        Self {
            by: By::Product,
            analytes: ["ANC", "HB", "PLT", "CD4", "CD19", "IGG"].map(str::to_owned).into(),
            timepoints: timepoints::kinetics(),
            endpoints: ["neutrophil_recovery", "platelet_recovery", "b_cell_recovery", "igg_recovery"]
                .map(Value::from)
                .into(),
            at: vec![28, 60, 100, 180, 365],
            conf_level: 0.95,
        }
    }
}

impl Checked for CountsParameters {
    fn check(&mut self, faults: &mut Faults) {
        timepoints::check(&self.timepoints, faults);
        conf_level(self.conf_level, faults);
        endpoints("endpoints", &self.endpoints, faults);
        for (i, analyte) in self.analytes.iter().enumerate().filter(|(_, a)| Analyte::SET.find(a).is_none()) {
            let fault = Fault::new(format!("/analytes/{i}"), "there is no such analyte").received(analyte);
            faults.0.push(fault.expected("a code of the laboratory form, for example ANC"));
        }
    }
}

/// The counts report's result.
#[derive(Debug, Clone, Serialize)]
pub struct CountsResult {
    /// What the groups are.
    pub by: By,
    /// The course of each analyte.
    pub analytes: Vec<AnalyteCourse>,
    /// Recoveries.
    pub recoveries: Vec<EndpointResult>,
}

/// The course of one analyte, in its canonical unit.
#[derive(Debug, Clone, Serialize)]
pub struct AnalyteCourse {
    /// Its code.
    pub analyte: String,
    /// One entry per group: the group, and name, day and summary at each point.
    pub groups: Vec<(Group, Vec<(String, i32, Summary)>)>,
}

/// Makes the counts report.
///
/// # Errors
///
/// [`ReportError`] when the snapshot cannot be read.
pub fn run(
    snapshot: &Snapshot,
    definition: &CohortDefinition,
    parameters: &CountsParameters,
) -> Result<Report, ReportError> {
    let cohort = Cohort::select(snapshot, definition)?;
    let grouping = Grouping::of(snapshot, &cohort, parameters.by)?;
    let follow_ups = FollowUps::of_cohort(snapshot, &cohort)?;
    let mut analytes = Vec::new();
    for analyte in &parameters.analytes {
        let form = LaboratoryResult::DESCRIPTOR;
        let condition =
            form.field("analyte").map(|(_, f)| Condition::new(f, Test::In(vec![analyte.clone()])));
        let query = RecordQuery {
            form,
            date: Some("collected_date"),
            value: Some("canonical_value"),
            conditions: condition.into_iter().collect(),
            all: false,
            basis: Basis::Reported,
        };
        let mut values = numbers(snapshot, &cohort, &query, true)?;
        for (own, member) in values.iter_mut().zip(&cohort.members) {
            own.retain(|(day, _)| member.next.is_none_or(|next| day + member.index <= next));
        }
        let groups = grouping.split(&values).map(|(group, members)| {
            let points = parameters.timepoints.iter().map(|point| {
                let seen = members.iter().filter_map(|own| point.choose(own, |v| v.0)).map(|v| Some(v.1));
                (point.name.clone(), point.day, Summary::of(seen))
            });
            (group.clone(), points.collect())
        });
        analytes.push(AnalyteCourse { analyte: analyte.clone(), groups: groups.collect() });
    }
    let curves = SurvivalParameters {
        by: parameters.by,
        at: parameters.at.clone(),
        at_risk: parameters.at.clone(),
        conf_level: parameters.conf_level,
        ..SurvivalParameters::default()
    };
    let mut recoveries = Vec::new();
    let mut rules = Vec::new();
    for asked in &parameters.endpoints {
        let endpoint = survival::endpoint(asked)?;
        rules.push(endpoint.rule.clone());
        let evaluation = Evaluation::of(snapshot, &cohort, &follow_ups, endpoint)?;
        let design = super::covariates::Design::default();
        recoveries.push(survival::endpoint_result(
            &cohort,
            &follow_ups,
            &evaluation,
            &grouping,
            &curves,
            &design,
        )?);
    }
    let result = CountsResult { by: parameters.by, analytes, recoveries };
    let head = Head::new(ReportKind::Counts, snapshot, definition, &cohort, serde_json::to_value(parameters)?)
        .with_excluded(follow_ups.excluded(&cohort))
        .with_notes(rules)
        .with_notes([
            "Courses: the value nearest to each point within its window, in the canonical unit; of two on one day the lower. Sampling is more frequent in the sick, \
             so medians at late points are of those still followed.",
        ]);
    Ok(Report { head, body: Box::new(result) })
}

impl Body for CountsResult {
    fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self)
    }

    fn estimates(&self) -> Vec<EstimateRow> {
        let mut rows = Vec::new();
        for course in &self.analytes {
            for (group, points) in &course.groups {
                for (name, _, summary) in points {
                    let row =
                        EstimateRow::new(&course.analyte, &group.label, "median", "canonical unit").at(name);
                    rows.push(row.optional(summary.median, None, summary.q1, summary.q3).n(summary.n));
                }
            }
        }
        rows.extend(survival::rows_of(&self.recoveries));
        rows
    }

    fn blocks(&self, language: Language) -> Vec<Block> {
        let mut blocks = Vec::new();
        for course in &self.analytes {
            let mut columns =
                vec![say(language, "median (quartiles), n", "中位数（四分位数），例数").to_owned()];
            columns.extend(course.groups.iter().map(|(group, _)| group.label.clone()));
            let mut table = Table::new(course.analyte.clone(), columns);
            let points = course.groups.first().map(|g| g.1.len()).unwrap_or_default();
            for place in 0..points {
                let name = course.groups.first().and_then(|g| g.1.get(place)).map_or("", |p| &p.0);
                let cell = |g: &(Group, Vec<(String, i32, Summary)>)| {
                    g.1.get(place).map_or_else(String::new, |p| format!("{}, {}", p.2.text(), p.2.n))
                };
                table.push(std::iter::once(name.to_owned()).chain(course.groups.iter().map(cell)).collect());
            }
            blocks.push(Block::Table(table));
        }
        blocks.extend(survival::blocks_of(&self.recoveries, language));
        blocks
    }

    fn figure(&self, language: Language) -> Option<Figure> {
        let lines = self.analytes.iter().map(|course| {
            let series = course.groups.iter().map(|(group, points)| LineSeries {
                label: group.label.clone(),
                points: points
                    .iter()
                    .filter_map(|(_, day, s)| Some((f64::from(*day), s.median?, s.q1?, s.q3?)))
                    .collect(),
            });
            Part::Lines(Lines {
                title: course.analyte.clone(),
                x_label: say(language, "days from infusion", "回输后天数").to_owned(),
                y_label: say(language, "median and quartiles", "中位数与四分位数").to_owned(),
                logarithmic: false,
                series: series.collect(),
            })
        });
        let parts = lines.chain(survival::parts_of(&self.recoveries, language)).collect();
        Some(Figure {
            title: ReportKind::Counts.title(language).to_owned(),
            description: say(
                language,
                "Medians with quartiles of blood counts over time; cumulative incidence of recovery with death competing.",
                "血细胞计数随时间的中位数与四分位数；恢复的累积发生率（死亡为竞争风险）。",
            )
            .to_owned(),
            parts,
        })
    }
}
