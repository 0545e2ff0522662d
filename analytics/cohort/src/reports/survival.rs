//! Time to event: curves by group, tests, and regressions, of any endpoint of the library.

use super::covariates::{Covariate, Design};
use super::estimates::{
    AtRisk, CumulativeIncidence, CumulativeIncidenceAt, Interval, KaplanMeier, SurvivalAt, SurvivalQuantile,
    Wanted, aalen_johansen, kaplan_meier,
};
use super::grouping::{By, Group, Grouping};
use super::head::Head;
use super::parameters::SurvivalParameters;
use super::{Body, Report, ReportKind};
use crate::definition::CohortDefinition;
use crate::endpoints::source::Texts;
use crate::endpoints::{
    Cause, Endpoint, Estimate, Evaluation, Excluded, FollowUps, Outcome, Verdict, library,
};
use crate::error::ReportError;
use crate::fault::Faults;
use crate::render::figure::Part;
use crate::render::{Block, EstimateRow, Figure};
use crate::selection::Cohort;
use crate::snapshot::Snapshot;
use clinical::Language;
use serde::Serialize;
use serde_json::Value;

mod current;
mod models;
mod notes;
mod tables;

pub use current::CurrentGroup;
pub use models::{Model, ModelTerm, TestResult};

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
    pub endpoint: String,
    /// For people.
    pub title: Texts,
    /// For tables.
    pub label: String,
    /// Parameters of the endpoint and whether values are reported or derived.
    pub definition: Value,
    /// How it is estimated.
    pub estimate: Estimate,
    /// Subjects left out of this endpoint beyond those whose dates contradict each other.
    pub excluded: Vec<Excluded>,
    /// Outcomes whose day was imputed from a date known to the month or year.
    pub imputed: usize,
    /// One entry per group.
    pub groups: Vec<GroupResult>,
    /// The test of the groups, when asked for.
    pub test: Option<TestResult>,
    /// Regressions, when asked for.
    pub models: Vec<Model>,
}

/// One group of one endpoint.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum GroupResult {
    /// Kaplan-Meier.
    Survival(Box<SurvivalGroup>),
    /// Aalen-Johansen.
    Incidence(Box<IncidenceGroup>),
    /// A state that may be left and regained.
    Current(Box<CurrentGroup>),
}

/// Kaplan-Meier of one group.
#[derive(Debug, Clone, Serialize)]
pub struct SurvivalGroup {
    /// The group.
    pub group: Group,
    /// Subjects in the estimate.
    pub n: usize,
    /// Subjects with the event.
    pub events: usize,
    /// Subjects censored on day 0: nothing is known of them after the origin.
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
    /// The quantiles asked for.
    pub quantiles: Vec<SurvivalQuantile>,
    /// Restricted mean with its horizon, when asked for; null values where follow-up is too short.
    pub rmst: Option<RestrictedMean>,
    /// Median follow-up by the reverse Kaplan-Meier method, days.
    pub median_follow_up: Interval,
}

/// A restricted mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RestrictedMean {
    /// Horizon, days.
    pub tau: i32,
    /// Mean time free of the event until then, days.
    pub mean: Interval,
    /// Its standard error.
    pub std_err: Option<f64>,
}

/// Aalen-Johansen of one group.
#[derive(Debug, Clone, Serialize)]
pub struct IncidenceGroup {
    /// The group.
    pub group: Group,
    /// Subjects in the estimate.
    pub n: usize,
    /// Subjects with the event.
    pub events: usize,
    /// Subjects with a competing event first.
    pub competing: usize,
    /// Sum of the times, in days.
    pub person_days: i64,
    /// The curve: one row per day on which something happened.
    pub curve: CumulativeIncidence,
    /// Cumulative incidence at the days asked for.
    pub at: Vec<CumulativeIncidenceAt>,
    /// Numbers at risk.
    pub at_risk: Vec<AtRisk>,
}

/// The outcome of each subject; `None` for one left out.
pub(crate) type Outcomes = Vec<Option<Outcome>>;

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
    let follow_ups = FollowUps::of_cohort(snapshot, &cohort)?;
    let mut faults = Faults::default();
    let covariates: Vec<Covariate> =
        parameters.covariates.iter().filter_map(|c| Covariate::read(c, "/covariates", &mut faults)).collect();
    let design = Design::of(snapshot, &cohort, &covariates)?;
    let mut endpoints = Vec::new();
    let mut rules = Vec::new();
    for asked in &parameters.endpoints {
        let endpoint = library()?.resolve(asked, "/endpoints").map_err(ReportError::Parameters)?;
        rules.push(endpoint.rule.clone());
        let evaluation = Evaluation::of(snapshot, &cohort, &follow_ups, endpoint)?;
        endpoints.push(endpoint_result(&cohort, &follow_ups, &evaluation, &grouping, parameters, &design)?);
    }
    let result = SurvivalResult { by: parameters.by, endpoints };
    let head =
        Head::new(ReportKind::Survival, snapshot, definition, &cohort, serde_json::to_value(parameters)?)
            .with_excluded(follow_ups.excluded(&cohort))
            .with_notes(notes::notes(&result, rules, parameters, &design));
    Ok(Report { head, body: Box::new(result) })
}

/// Estimates one endpoint in every group.
pub(crate) fn endpoint_result(
    cohort: &Cohort,
    follow_ups: &FollowUps,
    evaluation: &Evaluation,
    grouping: &Grouping,
    parameters: &SurvivalParameters,
    design: &Design,
) -> Result<EndpointResult, ReportError> {
    let endpoint = &evaluation.endpoint;
    let outcomes = outcomes(evaluation);
    let failed = |group: &Group| {
        let what = format!("{} of {}", endpoint.label, group.label);
        move |source| ReportError::Statistics { what, source }
    };
    let groups = match endpoint.estimate {
        Estimate::Survival => grouping
            .split(&outcomes)
            .map(|(group, members)| {
                let group_result = survival_group(group, &members, parameters).map_err(failed(group))?;
                Ok(GroupResult::Survival(Box::new(group_result)))
            })
            .collect::<Result<_, ReportError>>()?,
        Estimate::Incidence => grouping
            .split(&outcomes)
            .map(|(group, members)| {
                let group_result = incidence_group(group, &members, parameters).map_err(failed(group))?;
                Ok(GroupResult::Incidence(Box::new(group_result)))
            })
            .collect::<Result<_, ReportError>>()?,
        Estimate::Current => {
            let sojourns = current::sojourns(cohort, follow_ups, evaluation);
            grouping
                .split(&sojourns)
                .map(|(group, members)| {
                    let group_result = current::group(group, &members, parameters).map_err(failed(group))?;
                    Ok(GroupResult::Current(Box::new(group_result)))
                })
                .collect::<Result<_, ReportError>>()?
        }
    };
    let compared = endpoint.estimate != Estimate::Current;
    let test = parameters.test.filter(|_| compared && grouping.groups.len() > 1);
    let test = test.map(|test| models::test(test, endpoint, &outcomes, grouping)).transpose()?;
    let models = if design.terms.is_empty() || !compared {
        Vec::new()
    } else {
        models::models(endpoint, &outcomes, design, parameters.conf_level)
    };
    Ok(EndpointResult {
        endpoint: endpoint.id.clone(),
        title: endpoint.title.clone(),
        label: endpoint.label.clone(),
        definition: endpoint.json(),
        estimate: endpoint.estimate,
        excluded: of_endpoint(evaluation, follow_ups, cohort),
        imputed: outcomes.iter().flatten().filter(|o| o.imputed()).count(),
        groups,
        test,
        models,
    })
}

/// Exclusions of the endpoint beyond contradictions among dates, which are of the report.
pub(crate) fn of_endpoint(evaluation: &Evaluation, follow_ups: &FollowUps, cohort: &Cohort) -> Vec<Excluded> {
    let general = follow_ups.excluded(cohort);
    evaluation.excluded().into_iter().filter(|e| !general.contains(e)).collect()
}

/// The outcomes in the order of the subjects.
pub(crate) fn outcomes(evaluation: &Evaluation) -> Outcomes {
    let verdicts = evaluation.verdicts.iter();
    verdicts.map(|v| if let Verdict::Observed(outcome) = v { Some(*outcome) } else { None }).collect()
}

fn survival_group(
    group: &Group,
    members: &[&Option<Outcome>],
    parameters: &SurvivalParameters,
) -> Result<SurvivalGroup, survival::error::Error> {
    let observed: Vec<(i32, bool)> =
        members.iter().copied().flatten().map(|o| (o.day, o.cause == Cause::Event)).collect();
    let wanted = Wanted {
        conf_level: parameters.conf_level,
        at: &parameters.at,
        at_risk: &parameters.at_risk,
        quantiles: &parameters.quantiles,
        rmst: parameters.rmst,
    };
    let estimate = kaplan_meier(&observed, &wanted)?;
    let mean = estimate.rmst;
    Ok(SurvivalGroup {
        group: group.clone(),
        n: observed.len(),
        events: observed.iter().filter(|o| o.1).count(),
        censored_on_day_0: observed.iter().filter(|o| **o == (0, false)).count(),
        person_days: observed.iter().map(|o| i64::from(o.0)).sum(),
        curve: estimate.curve,
        at: estimate.at,
        at_risk: estimate.at_risk,
        median: estimate.median,
        quantiles: estimate.quantiles,
        rmst: parameters.rmst.map(|tau| RestrictedMean {
            tau,
            mean: mean.map_or_else(Interval::default, |m| Interval {
                value: Some(m.value),
                lower: Some(m.lower),
                upper: Some(m.upper),
            }),
            std_err: mean.map(|m| m.std_err),
        }),
        median_follow_up: estimate.median_follow_up,
    })
}

fn incidence_group(
    group: &Group,
    members: &[&Option<Outcome>],
    parameters: &SurvivalParameters,
) -> Result<IncidenceGroup, survival::error::Error> {
    let observed: Vec<(i32, Cause)> = members.iter().copied().flatten().map(|o| (o.day, o.cause)).collect();
    let estimate = aalen_johansen(&observed, parameters.conf_level, &parameters.at, &parameters.at_risk)?;
    let count = |cause: Cause| observed.iter().filter(|o| o.1 == cause).count();
    Ok(IncidenceGroup {
        group: group.clone(),
        n: observed.len(),
        events: count(Cause::Event),
        competing: count(Cause::Competing),
        person_days: observed.iter().map(|o| i64::from(o.0)).sum(),
        curve: estimate.curve,
        at: estimate.at,
        at_risk: estimate.at_risk,
    })
}

/// Endpoints as rows, for reports that hold some.
pub(crate) fn rows_of(endpoints: &[EndpointResult]) -> Vec<EstimateRow> {
    tables::rows(endpoints)
}

/// Endpoints as tables.
pub(crate) fn blocks_of(endpoints: &[EndpointResult], language: Language) -> Vec<Block> {
    tables::blocks(endpoints, language)
}

/// Endpoints as charts.
pub(crate) fn parts_of(endpoints: &[EndpointResult], language: Language) -> Vec<Part> {
    tables::parts(endpoints, language)
}

/// A share as a percentage without needless digits.
pub(crate) fn percent_text(share: f64) -> String {
    let text = format!("{:.3}", share * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl EndpointResult {
    pub(crate) fn title(&self, language: Language) -> &str {
        match language {
            Language::En => &self.title.en,
            Language::Zh => &self.title.zh,
        }
    }
}

/// The endpoint of an id, for reports of one endpoint.
pub(crate) fn endpoint(asked: &Value) -> Result<Endpoint, ReportError> {
    library()?.resolve(asked, "/endpoint").map_err(ReportError::Parameters)
}

impl Body for SurvivalResult {
    fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self)
    }

    fn estimates(&self) -> Vec<EstimateRow> {
        tables::rows(&self.endpoints)
    }

    fn blocks(&self, language: Language) -> Vec<Block> {
        tables::blocks(&self.endpoints, language)
    }

    fn figure(&self, language: Language) -> Option<Figure> {
        Some(Figure {
            title: ReportKind::Survival.title(language).to_owned(),
            description: crate::render::say(
                language,
                "Kaplan-Meier curves with pointwise confidence bands; ticks mark censored subjects.",
                "Kaplan-Meier曲线及逐点置信带；短竖线表示删失。",
            )
            .to_owned(),
            parts: tables::parts(&self.endpoints, language),
        })
    }
}
