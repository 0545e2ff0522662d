//! Table one: who the subjects are, with what is missing.

use super::covariates::{Covariate, Values};
use super::estimates::{Interval, proportion};
use super::grouping::{By, Group, Grouping};
use super::head::Head;
use super::parameters::{Checked, ProportionInterval};
use super::summary::Summary;
use super::{Body, Report, ReportKind};
use crate::definition::CohortDefinition;
use crate::error::ReportError;
use crate::fault::{Fault, Faults};
use crate::render::{Block, EstimateRow, Figure, Table, say};
use crate::selection::Cohort;
use crate::snapshot::Snapshot;
use clinical::Language;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Parameters of the description.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DescriptionParameters {
    /// Groups to describe.
    pub by: By,
    /// What is described: `age`, strata such as `sex`, or `form.field` of forms of which a subject has one record.
    pub variables: Vec<String>,
}

impl Default for DescriptionParameters {
    fn default() -> Self {
        let variables = [
            "age",
            "sex",
            "disease",
            "product",
            "year",
            "disease.stage",
            "disease.prior_lines",
            "disease.extramedullary",
            "disease.cns_involvement",
            "disease.tumor_burden_high",
            "infusion.weight_kg",
            "infusion.dose_total_car_t",
            "pretreatment_status.ecog",
        ];
        Self { by: By::None, variables: variables.map(str::to_owned).into() }
    }
}

impl Checked for DescriptionParameters {
    fn check(&mut self, faults: &mut Faults) {
        if self.variables.is_empty() || self.variables.len() > 200 {
            let fault = Fault::new("/variables", "the number of variables is out of range");
            faults.0.push(fault.received(self.variables.len()).expected("1 to 200 variables"));
        }
        for (i, variable) in self.variables.iter().enumerate() {
            let _ = Covariate::read(&Value::from(variable.as_str()), &format!("/variables/{i}"), faults);
        }
    }
}

/// The description's result.
#[derive(Debug, Clone, Serialize)]
pub struct DescriptionResult {
    /// What the groups are.
    pub by: By,
    /// The groups with their sizes, then everybody when there are groups.
    pub groups: Vec<GroupSize>,
    /// One entry per variable.
    pub variables: Vec<Variable>,
}

/// A group and its size.
#[derive(Debug, Clone, Serialize)]
pub struct GroupSize {
    /// The group.
    pub group: Group,
    /// Subjects.
    pub n: usize,
}

/// One variable in each group.
#[derive(Debug, Clone, Serialize)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// For a number: its summary in each group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numbers: Option<Vec<Summary>>,
    /// For a category: its levels, that of subjects without one last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<Level>,
}

/// One level of a category.
#[derive(Debug, Clone, Serialize)]
pub struct Level {
    /// Its code; null for subjects without one.
    pub level: Group,
    /// In each group: subjects, and their share of those whose level is known; of the missing, their share of all.
    pub counts: Vec<(usize, Interval)>,
}

/// Makes the description.
///
/// # Errors
///
/// [`ReportError`] when the snapshot cannot be read.
pub fn run(
    snapshot: &Snapshot,
    definition: &CohortDefinition,
    parameters: &DescriptionParameters,
) -> Result<Report, ReportError> {
    let cohort = Cohort::select(snapshot, definition)?;
    let grouping = Grouping::of(snapshot, &cohort, parameters.by)?;
    let mut groups: Vec<(Group, Vec<usize>)> = grouping
        .groups
        .iter()
        .enumerate()
        .map(|(place, group)| {
            let own = grouping.of_subject.iter().enumerate().filter(|(_, of)| **of == place);
            (group.clone(), own.map(|(subject, _)| subject).collect())
        })
        .collect();
    if parameters.by != By::None {
        groups.push((Group::everybody(), (0..cohort.len()).collect()));
    }
    let mut variables = Vec::new();
    for name in &parameters.variables {
        let mut faults = Faults::default();
        let Some(covariate) = Covariate::read(&Value::from(name.as_str()), "/variables", &mut faults) else {
            return Err(ReportError::Parameters(faults));
        };
        variables.push(match covariate.values(snapshot, &cohort)? {
            Values::Numbers(values) => {
                let of = |subjects: &Vec<usize>| {
                    Summary::of(subjects.iter().map(|subject| values.get(*subject).copied().flatten()))
                };
                let numbers = groups.iter().map(|(_, subjects)| of(subjects)).collect();
                Variable { name: name.clone(), numbers: Some(numbers), levels: Vec::new() }
            }
            Values::Levels(levels) => {
                Variable { name: name.clone(), numbers: None, levels: of_levels(&levels, &groups) }
            }
        });
    }
    let groups = groups.into_iter().map(|(group, subjects)| GroupSize { group, n: subjects.len() }).collect();
    let result = DescriptionResult { by: parameters.by, groups, variables };
    let head = Head::new(ReportKind::Description, snapshot, definition, &cohort, serde_json::to_value(parameters)?)
        .with_notes([
            "Numbers: median and quartiles by linear interpolation (type 7). Shares are of the subjects whose value is recorded; \
             \"not recorded\" is shown with its share of all. A value the center reports as unknown (UNK) is a level of its own.",
        ]);
    Ok(Report { head, body: Box::new(result) })
}

fn of_levels(levels: &Grouping, groups: &[(Group, Vec<usize>)]) -> Vec<Level> {
    let count = |subjects: &Vec<usize>, place: usize| {
        subjects.iter().filter(|subject| levels.of_subject.get(**subject) == Some(&place)).count()
    };
    let missing = levels.groups.iter().position(|group| group.code.is_none());
    let level = |(place, level): (usize, &Group)| {
        let counts = groups.iter().map(|(_, subjects)| {
            let n = count(subjects, place);
            let known = subjects.len() - missing.map_or(0, |missing| count(subjects, missing));
            let of = if level.code.is_none() { subjects.len() } else { known };
            (n, proportion(n, of, ProportionInterval::Wilson, 0.95))
        });
        Level { level: level.clone(), counts: counts.collect() }
    };
    levels.groups.iter().enumerate().map(level).collect()
}

impl Body for DescriptionResult {
    fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self)
    }

    fn estimates(&self) -> Vec<EstimateRow> {
        let mut rows = Vec::new();
        for variable in &self.variables {
            for (place, group) in self.groups.iter().enumerate() {
                let row = |statistic: &str, unit| {
                    EstimateRow::new(&variable.name, &group.group.label, statistic, unit)
                };
                if let Some(summary) = variable.numbers.as_ref().and_then(|numbers| numbers.get(place)) {
                    for (name, value) in summary.figures() {
                        rows.push(row(name, "").optional(value, None, None, None).n(summary.n));
                    }
                    rows.push(row("missing", "subjects").value(summary.missing as f64).n(group.n));
                }
                for level in &variable.levels {
                    let Some((n, share)) = level.counts.get(place) else { continue };
                    rows.push(
                        row("share", "share").at(&level.level.label).interval(*share).counts(group.n, *n),
                    );
                }
            }
        }
        rows
    }

    fn blocks(&self, language: Language) -> Vec<Block> {
        let mut columns = vec![String::new()];
        columns.extend(self.groups.iter().map(|g| format!("{}, n = {}", g.group.label, g.n)));
        let mut table = Table::new(say(language, "Description of the cohort", "队列描述"), columns);
        for variable in &self.variables {
            if let Some(numbers) = &variable.numbers {
                let name = format!(
                    "{}, {}",
                    variable.name,
                    say(language, "median (quartiles)", "中位数（四分位数）")
                );
                let mut cells = vec![name];
                cells.extend(numbers.iter().map(Summary::text));
                table.push(cells);
                let mut cells = vec![format!("  {}", say(language, "not recorded", "未记录"))];
                cells.extend(numbers.iter().map(|s| s.missing.to_string()));
                table.push(cells);
                continue;
            }
            table.push(
                std::iter::once(variable.name.clone())
                    .chain(self.groups.iter().map(|_| String::new()))
                    .collect(),
            );
            for level in &variable.levels {
                let mut cells = vec![format!("  {}", level.level.label)];
                cells.extend(level.counts.iter().map(|(n, share)| match share.value {
                    Some(share) => format!("{n} ({:.1} %)", 100.0 * share),
                    None => n.to_string(),
                }));
                table.push(cells);
            }
        }
        vec![Block::Table(table)]
    }

    fn figure(&self, _: Language) -> Option<Figure> {
        None
    }
}
