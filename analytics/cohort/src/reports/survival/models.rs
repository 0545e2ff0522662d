//! Tests of groups and regressions of an endpoint.

use super::Outcomes;
use crate::endpoints::{Cause, Endpoint, Estimate};
use crate::error::ReportError;
use crate::reports::covariates::Design;
use crate::reports::estimates::{Interval, table};
use crate::reports::grouping::Grouping;
use crate::reports::parameters::GroupTest;
use serde::Serialize;
use survival::cox::{
    CoefficientState, Convergence, CoxData, CoxFit, CoxModel, FitOptions, Ties, TimeTransform, Times,
};
use survival::error::Error;
use survival::event_table::EventTable;
use survival::fine_gray::{FineGrayData, FineGrayModel, FineGrayOptions};
use survival::gray::gray_test;
use survival::log_rank::{Weight, log_rank};

/// A test that compares groups.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TestResult {
    /// Name of the test.
    pub test: &'static str,
    /// The statistic; null when fewer than two groups can be compared.
    pub chisq: Option<f64>,
    /// Degrees of freedom.
    pub df: usize,
    /// Two-sided p.
    pub p: Option<f64>,
    /// Events observed, by group.
    pub observed: Vec<f64>,
    /// Events expected under equal hazards, by group; of the log-rank family.
    pub expected: Vec<f64>,
}

/// A regression.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Model {
    /// `cox`, `cause_specific_cox` or `fine_gray`.
    pub model: &'static str,
    /// Subjects with every covariate.
    pub n: usize,
    /// Of them, subjects with the event.
    pub events: usize,
    /// Subjects left out because a covariate is missing.
    pub missing: usize,
    /// Why there is no fit; null when there is one.
    pub undefined: Option<String>,
    /// One entry per term.
    pub terms: Vec<ModelTerm>,
    /// Newton's method came to rest.
    pub converged: bool,
    /// Test of proportional hazards over all terms (Grambsch and Therneau), for Cox models: chi-square, df, p.
    pub proportional_hazards: Option<(f64, usize, Option<f64>)>,
}

/// One coefficient of a regression.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelTerm {
    /// Covariate, or covariate=level.
    pub term: String,
    /// Log hazard ratio.
    pub coefficient: Option<f64>,
    /// Its standard error.
    pub std_err: Option<f64>,
    /// Hazard ratio; of the subdistribution in a Fine-Gray model.
    pub hazard_ratio: Interval,
    /// Two-sided p of Wald's test.
    pub p: Option<f64>,
    /// `finite`, `infinite`, `aliased` or `undetermined`.
    pub state: &'static str,
}

/// Compares the groups of an endpoint.
pub(super) fn test(
    asked: GroupTest,
    endpoint: &Endpoint,
    outcomes: &Outcomes,
    grouping: &Grouping,
) -> Result<TestResult, ReportError> {
    let causes = if endpoint.estimate == Estimate::Survival { 1 } else { 2 };
    let tables = grouping.split(outcomes).map(|(_, members)| {
        let members: Vec<_> = members.into_iter().flatten().collect();
        let days: Vec<i32> = members.iter().map(|o| o.day).collect();
        let cause: Vec<u8> = members.iter().map(|o| o.cause.number()).collect();
        table(&days, &cause, causes)
    });
    let failed = |source| ReportError::Statistics { what: format!("test of {}", endpoint.label), source };
    let tables: Vec<EventTable> = tables.collect::<Result<_, Error>>().map_err(failed)?;
    if endpoint.estimate == Estimate::Incidence {
        let gray = gray_test(&tables, 1, 0.0).map_err(failed)?;
        let observed = tables.iter().map(|t| t.events(1).iter().sum()).collect();
        return Ok(TestResult {
            test: "gray",
            chisq: gray.chisq,
            df: gray.df,
            p: gray.p,
            observed,
            expected: Vec::new(),
        });
    }
    let weight = match asked {
        GroupTest::Logrank => Weight::LogRank,
        GroupTest::Gehan => Weight::Gehan,
        GroupTest::TaroneWare => Weight::TaroneWare,
        GroupTest::PetoPeto => Weight::PetoPeto,
        GroupTest::ModifiedPetoPeto => Weight::ModifiedPetoPeto,
    };
    let result = log_rank(&tables, weight).map_err(failed)?;
    Ok(TestResult {
        test: weight.name(),
        chisq: result.chisq,
        df: result.df,
        p: result.p,
        observed: result.observed,
        expected: result.expected,
    })
}

/// The complete cases of a regression.
struct Cases {
    day: Vec<i32>,
    cause: Vec<Cause>,
    columns: Vec<Vec<f64>>,
    missing: usize,
}

impl Cases {
    fn of(outcomes: &Outcomes, design: &Design) -> Self {
        let mut cases = Self {
            day: Vec::new(),
            cause: Vec::new(),
            columns: vec![Vec::new(); design.columns.len()],
            missing: 0,
        };
        for (i, outcome) in outcomes.iter().enumerate() {
            let Some(outcome) = outcome else { continue };
            let values: Option<Vec<f64>> =
                design.columns.iter().map(|column| column.get(i).copied().flatten()).collect();
            let Some(values) = values else {
                cases.missing += 1;
                continue;
            };
            cases.day.push(outcome.day);
            cases.cause.push(outcome.cause);
            for (column, value) in cases.columns.iter_mut().zip(values) {
                column.push(value);
            }
        }
        cases
    }
}

/// Cox for a survival endpoint; cause-specific Cox and Fine-Gray for an incidence.
pub(super) fn models(
    endpoint: &Endpoint,
    outcomes: &Outcomes,
    design: &Design,
    conf_level: f64,
) -> Vec<Model> {
    let cases = Cases::of(outcomes, design);
    let columns: Vec<&[f64]> = cases.columns.iter().map(Vec::as_slice).collect();
    let event: Vec<bool> = cases.cause.iter().map(|cause| *cause == Cause::Event).collect();
    let cox = || {
        let data = CoxData {
            time: Times::Days(&cases.day),
            event: &event,
            covariates: &columns,
            ..CoxData::default()
        };
        let model = CoxModel::new(&data, Ties::Efron)?;
        let fit = model.fit(&FitOptions::default())?;
        let test = model.proportional_hazards(&fit, &[], TimeTransform::KaplanMeier).ok();
        let global = test.map(|test| (test.global.chisq, test.global.df, test.global.p));
        Ok::<_, Error>((fit, global))
    };
    let fine_gray = || {
        let kinds: Vec<u8> = cases.cause.iter().map(|cause| cause.number()).collect();
        let data = FineGrayData {
            time: Times::Days(&cases.day),
            cause: &kinds,
            of: 1,
            covariates: &columns,
            ..FineGrayData::default()
        };
        let model = FineGrayModel::new(&data, &FineGrayOptions::default())?;
        let fit = model.fit(&FitOptions::default())?;
        Ok::<_, Error>((model.with_crr_variance(fit)?, None))
    };
    let finish = |name: &'static str, fitted: Result<(CoxFit, Option<(f64, usize, Option<f64>)>), Error>| {
        let mut model = Model {
            model: name,
            n: cases.day.len(),
            events: event.iter().filter(|e| **e).count(),
            missing: cases.missing,
            undefined: None,
            terms: Vec::new(),
            converged: false,
            proportional_hazards: None,
        };
        match fitted {
            Err(error) => model.undefined = Some(error.to_string()),
            Ok((fit, test)) => {
                model.converged = matches!(fit.convergence, Convergence::Converged);
                model.terms = terms(&fit, design, conf_level);
                model.proportional_hazards = test;
            }
        }
        model
    };
    if endpoint.estimate == Estimate::Survival {
        vec![finish("cox", cox())]
    } else {
        vec![finish("cause_specific_cox", cox()), finish("fine_gray", fine_gray())]
    }
}

fn terms(fit: &CoxFit, design: &Design, conf_level: f64) -> Vec<ModelTerm> {
    let named = design.terms.iter().zip(&fit.coefficients);
    named
        .map(|(term, coefficient)| {
            let limits = coefficient.hazard_ratio_interval(conf_level);
            ModelTerm {
                term: term.clone(),
                coefficient: coefficient.estimate,
                std_err: coefficient.reported_std_err(),
                hazard_ratio: Interval {
                    value: coefficient.estimate.map(f64::exp),
                    lower: limits.map(|l| l.0),
                    upper: limits.map(|l| l.1),
                },
                p: coefficient.p(),
                state: match coefficient.state {
                    CoefficientState::Finite => "finite",
                    CoefficientState::Aliased => "aliased",
                    CoefficientState::PlusInfinity | CoefficientState::MinusInfinity => "infinite",
                    CoefficientState::Undetermined => "undetermined",
                },
            }
        })
        .collect()
}
