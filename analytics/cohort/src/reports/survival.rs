//! Overall and progression-free survival: Kaplan-Meier by group.

use super::estimates::{AtRisk, Interval, KaplanMeier, SurvivalAt, kaplan_meier};
use super::grouping::{By, Group, Grouping};
use super::head::Head;
use super::parameters::{SurvivalEndpoint, SurvivalParameters};
use super::{Body, Report, ReportKind};
use crate::definition::CohortDefinition;
use crate::endpoints::survival::{Dates, Observation, RULES_OS, RULES_PFS, dates, excluded};
use crate::error::ReportError;
use crate::render::figure::{Panel, Series, Step};
use crate::render::{Block, EstimateRow, Figure, Table, day_heading, say};
use crate::selection::Cohort;
use crate::snapshot::Snapshot;
use clinical::Language;
use serde::Serialize;
use serde_json::Value;

/// The survival report's result.
#[derive(Debug, Clone, Serialize)]
pub struct SurvivalResult {
    /// What the groups are.
    pub by: By,
    /// One entry per endpoint asked for.
    pub endpoints: Vec<EndpointResult>,
}

/// One endpoint.
#[derive(Debug, Clone, Serialize)]
pub struct EndpointResult {
    /// Which.
    pub endpoint: SurvivalEndpoint,
    /// One entry per group.
    pub groups: Vec<SurvivalGroup>,
}

/// One group of one endpoint.
#[derive(Debug, Clone, Serialize)]
pub struct SurvivalGroup {
    /// The group.
    pub group: Group,
    /// Subjects in the estimate.
    pub n: usize,
    /// Subjects with the event.
    pub events: usize,
    /// Subjects censored on day 0: nothing is known of them after the infusion.
    pub censored_on_day_0: usize,
    /// Sum of the times, in days.
    pub person_days: i64,
    /// The curve: one row per day on which something happened.
    pub curve: KaplanMeier,
    /// Survival at the days asked for; null beyond the group's last day, unless survival is 0 by then.
    pub at: Vec<SurvivalAt>,
    /// Numbers at risk.
    pub at_risk: Vec<AtRisk>,
    /// Median survival, days; null where not reached.
    pub median: Interval,
    /// Median follow-up by the reverse Kaplan-Meier method, days.
    pub median_follow_up: Interval,
}

/// Makes the survival report.
///
/// # Errors
///
/// [`ReportError`] when the snapshot cannot be read.
pub fn run(
    snapshot: &Snapshot,
    definition: &CohortDefinition,
    parameters: &SurvivalParameters,
) -> Result<Report, ReportError> {
    let cohort = Cohort::select(snapshot, definition)?;
    let grouping = Grouping::of(snapshot, &cohort, parameters.by)?;
    let subjects = dates(snapshot, &cohort)?;
    let endpoints = parameters
        .endpoints
        .iter()
        .map(|&endpoint| {
            let groups = grouping
                .split(&subjects)
                .map(|(group, members)| survival_group(group, &members, endpoint, parameters))
                .collect::<Result<_, _>>()?;
            Ok(EndpointResult { endpoint, groups })
        })
        .collect::<Result<Vec<_>, ReportError>>()?;
    let result = SurvivalResult { by: parameters.by, endpoints };
    let head =
        Head::new(ReportKind::Survival, snapshot, definition, &cohort, serde_json::to_value(parameters)?)
            .with_excluded(excluded(&subjects))
            .with_notes(notes(&result, parameters));
    Ok(Report { head, body: Box::new(result) })
}

fn survival_group(
    group: &Group,
    members: &[&Dates],
    endpoint: SurvivalEndpoint,
    parameters: &SurvivalParameters,
) -> Result<SurvivalGroup, ReportError> {
    let observations: Vec<Observation> = members
        .iter()
        .filter(|s| s.contradiction().is_none())
        .map(|s| match endpoint {
            SurvivalEndpoint::Os => s.overall(),
            SurvivalEndpoint::Pfs => s.progression_free(),
        })
        .collect();
    let estimate = kaplan_meier(&observations, parameters.conf_level, &parameters.at, &parameters.at_risk)
        .map_err(|source| ReportError::Statistics {
            what: format!("{} of {}", endpoint.name(), group.label),
            source,
        })?;
    Ok(SurvivalGroup {
        group: group.clone(),
        n: observations.len(),
        events: observations.iter().filter(|o| o.event).count(),
        censored_on_day_0: observations.iter().filter(|o| o.day == 0 && !o.event).count(),
        person_days: observations.iter().map(|o| i64::from(o.day)).sum(),
        curve: estimate.curve,
        at: estimate.at,
        at_risk: estimate.at_risk,
        median: estimate.median,
        median_follow_up: estimate.median_follow_up,
    })
}

impl SurvivalEndpoint {
    /// The abbreviation.
    pub fn name(self) -> &'static str {
        match self {
            Self::Os => "OS",
            Self::Pfs => "PFS",
        }
    }

    fn title(self, language: Language) -> &'static str {
        match self {
            Self::Os => say(language, "Overall survival", "总生存"),
            Self::Pfs => say(language, "Progression-free survival", "无进展生存"),
        }
    }
}

fn notes(result: &SurvivalResult, parameters: &SurvivalParameters) -> Vec<String> {
    let mut notes = Vec::new();
    for endpoint in &parameters.endpoints {
        let rules = match endpoint {
            SurvivalEndpoint::Os => RULES_OS,
            SurvivalEndpoint::Pfs => RULES_PFS,
        };
        notes.push(rules.to_owned());
    }
    notes.push(format!(
        "Survival by Kaplan and Meier (1958); standard error by Greenwood; {} % limits on the log-log scale, log(-log S), undefined once \
         survival is 0. Median: smallest day at which survival is 0.5 or less, the midpoint where it equals 0.5 over an interval; its \
         limits invert those of the curve. Median follow-up by the reverse Kaplan-Meier method. At risk on a day: subjects whose time is \
         that day or later.",
        percent_text(parameters.conf_level)
    ));
    notes.push("Progression and relapse are as the center reports them; nothing is derived.".to_owned());
    for endpoint in &result.endpoints {
        for group in endpoint.groups.iter().filter(|g| g.n == 0) {
            notes.push(format!(
                "{}, {}: every subject is excluded, so nobody is at risk and the estimates are null.",
                endpoint.endpoint.name(),
                group.group.label
            ));
        }
    }
    notes
}

/// A share as a percentage without needless digits.
pub(crate) fn percent_text(share: f64) -> String {
    let text = format!("{:.3}", share * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Body for SurvivalResult {
    fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self)
    }

    fn estimates(&self) -> Vec<EstimateRow> {
        let mut rows = Vec::new();
        for endpoint in &self.endpoints {
            for group in &endpoint.groups {
                let row = |statistic: &'static str, unit: &'static str| {
                    EstimateRow::new(endpoint.endpoint.name(), &group.group.label, statistic, unit)
                };
                rows.push(row("subjects", "subjects").value(group.n as f64).counts(group.n, group.events));
                rows.push(row("events", "subjects").value(group.events as f64).counts(group.n, group.events));
                rows.push(row("median", "days").interval(group.median).counts(group.n, group.events));
                rows.push(
                    row("median_follow_up", "days")
                        .interval(group.median_follow_up)
                        .counts(group.n, group.events),
                );
                for at in &group.at {
                    rows.push(
                        row("survival", "probability")
                            .at(&at.day)
                            .optional(at.survival, at.std_err, at.lower, at.upper)
                            .n(at.n_risk),
                    );
                }
                rows.extend(
                    group
                        .at_risk
                        .iter()
                        .map(|at| row("at_risk", "subjects").at(&at.day).value(at.n_risk as f64)),
                );
                for step in group.curve.steps() {
                    rows.push(
                        row("survival_curve", "probability")
                            .at(&step.day)
                            .optional(Some(step.survival), step.std_err, step.lower, step.upper)
                            .counts(step.n_risk, step.n_event),
                    );
                }
            }
        }
        rows
    }

    fn blocks(&self, language: Language) -> Vec<Block> {
        let mut blocks = Vec::new();
        for endpoint in &self.endpoints {
            let days = endpoint
                .groups
                .first()
                .map(|g| g.at.iter().map(|a| a.day).collect::<Vec<_>>())
                .unwrap_or_default();
            let mut columns = vec![
                say(language, "group", "组").to_owned(),
                "n".to_owned(),
                say(language, "events", "事件").to_owned(),
                say(language, "median, days", "中位数（天）").to_owned(),
            ];
            columns.extend(days.iter().map(|d| day_heading(language, *d)));
            columns.push(say(language, "median follow-up", "中位随访").to_owned());
            let title = match language {
                Language::En => {
                    format!("{}: median, and % on given days (CI)", endpoint.endpoint.title(language))
                }
                Language::Zh => format!("{}：中位数与各日生存率%（CI）", endpoint.endpoint.title(language)),
            };
            let mut table = Table::new(title, columns);
            for group in &endpoint.groups {
                let mut cells = vec![
                    group.group.label.clone(),
                    group.n.to_string(),
                    group.events.to_string(),
                    group.median.days_text(),
                ];
                cells.extend(
                    group.at.iter().map(|a| {
                        Interval { value: a.survival, lower: a.lower, upper: a.upper }.percent_text()
                    }),
                );
                cells.push(group.median_follow_up.days_text());
                table.push(cells);
            }
            blocks.push(Block::Table(table));

            let days = endpoint
                .groups
                .first()
                .map(|g| g.at_risk.iter().map(|a| a.day).collect::<Vec<_>>())
                .unwrap_or_default();
            // Days after everybody's last are in JSON and CSV; a terminal has no room for their zeros.
            let observed = |day: &i32| {
                endpoint.groups.iter().any(|g| g.at_risk.iter().any(|a| a.day == *day && a.n_risk > 0))
            };
            let days: Vec<i32> = days.into_iter().filter(observed).collect();
            let mut columns = vec![say(language, "at risk on day", "各日在险人数").to_owned()];
            columns.extend(days.iter().map(ToString::to_string));
            let mut table = Table::new("", columns);
            for group in &endpoint.groups {
                let mut cells = vec![group.group.label.clone()];
                let shown = group.at_risk.iter().filter(|a| days.contains(&a.day));
                cells.extend(shown.map(|a| a.n_risk.to_string()));
                table.push(cells);
            }
            blocks.push(Block::Table(table));
        }
        blocks
    }

    fn figure(&self, language: Language) -> Option<Figure> {
        let panels = self.endpoints.iter().map(|endpoint| {
            let series = endpoint.groups.iter().map(|group| Series {
                label: format!("{}, n = {}", group.group.label, group.n),
                start: 1.0,
                steps: group
                    .curve
                    .steps()
                    .map(|s| Step {
                        day: s.day,
                        value: s.survival,
                        lower: s.lower,
                        upper: s.upper,
                        censored: s.n_censor > 0,
                    })
                    .collect(),
                at_risk: group.at_risk.iter().map(|a| (a.day, a.n_risk)).collect(),
            });
            Panel {
                title: endpoint.endpoint.title(language).to_owned(),
                x_label: say(language, "days from infusion", "回输后天数").to_owned(),
                y_label: say(language, "probability", "概率").to_owned(),
                at_risk_label: say(language, "at risk", "在险人数").to_owned(),
                last_day: None,
                series: series.collect(),
            }
        });
        Some(Figure {
            title: ReportKind::Survival.title(language).to_owned(),
            description: say(
                language,
                "Kaplan-Meier curves with pointwise confidence bands; ticks mark censored subjects.",
                "Kaplan-Meier曲线及逐点置信带；短竖线表示删失。",
            )
            .to_owned(),
            panels: panels.collect(),
        })
    }
}
