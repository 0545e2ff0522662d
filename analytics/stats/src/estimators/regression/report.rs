//! The report of a regression.

use super::Design;
use crate::output::{self, Body, Cell, Head, Layout, Sheet, brief, significant};
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write as _;
use std::io;
use survival::cox::{CoefficientState, Convergence, CoxFit, TestStatistic};

/// The report of a regression.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) events: usize,
    pub(crate) coefficients: Vec<Coefficient>,
    /// The covariance that `z` and `p` rest on.
    pub(crate) variance: Vec<Vec<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model_variance: Option<Vec<Vec<f64>>>,
    pub(crate) loglik: Loglik,
    pub(crate) tests: Tests,
    pub(crate) concordance: Concordance,
    pub(crate) iterations: u32,
    pub(crate) converged: bool,
    pub(crate) baseline: Option<Baseline>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) at: Vec<BaselineAt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) zph: Option<Vec<TermTest>>,
    #[serde(skip)]
    pub(crate) level: f64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Coefficient {
    term: String,
    variable: String,
    level: Option<String>,
    coef: Option<f64>,
    exp_coef: Option<f64>,
    std_err: Option<f64>,
    robust_std_err: Option<f64>,
    z: Option<f64>,
    p: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    /// finite, aliased, `plus_infinity`, `minus_infinity` or undetermined.
    state: &'static str,
}

#[derive(Debug, Serialize)]
pub(crate) struct Loglik {
    null: f64,
    model: f64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Tests {
    likelihood_ratio: Test,
    score: Test,
    wald: Test,
    #[serde(skip_serializing_if = "Option::is_none")]
    robust_score: Option<Test>,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Test {
    pub(crate) chisq: Option<f64>,
    pub(crate) df: usize,
    pub(crate) p: Option<f64>,
}

impl From<TestStatistic> for Test {
    fn from(test: TestStatistic) -> Self {
        Self { chisq: (test.df > 0 && test.chisq.is_finite()).then_some(test.chisq), df: test.df, p: test.p }
    }
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct Concordance {
    pub(crate) value: Option<f64>,
    pub(crate) std_err: Option<f64>,
}

/// Step functions of the strata one after the other.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Baseline {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) stratum: Vec<String>,
    pub(crate) time: Vec<f64>,
    pub(crate) cumhaz: Vec<f64>,
    /// Cumulative incidence, of a subdistribution.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) cif: Vec<f64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct BaselineAt {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stratum: Option<String>,
    pub(crate) time: f64,
    pub(crate) cumhaz: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) surv: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cif: Option<f64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct TermTest {
    pub(crate) term: String,
    #[serde(flatten)]
    pub(crate) test: Test,
}

impl Report {
    pub(crate) fn new(fit: &CoxFit, design: &Design, level: f64, head: &mut Head) -> Self {
        let coefficients = fit.coefficients.iter().zip(&design.columns).map(|(c, column)| {
            let limits = c.hazard_ratio_interval(level);
            let finite = |value: Option<f64>| value.filter(|v| v.is_finite());
            let state = match c.state {
                CoefficientState::Finite => "finite",
                CoefficientState::Aliased => "aliased",
                CoefficientState::PlusInfinity => "plus_infinity",
                CoefficientState::MinusInfinity => "minus_infinity",
                CoefficientState::Undetermined => "undetermined",
            };
            match c.state {
                CoefficientState::Finite => {}
                CoefficientState::Aliased => head.warn(format!(
                    "{} is constant, or a combination of other covariates: no coefficient can be estimated", column.name
                )),
                CoefficientState::Undetermined => head.warn(format!(
                    "the coefficient of {} cannot be estimated beside an infinite one: leave that covariate out, or stratify by it", column.name
                )),
                CoefficientState::PlusInfinity | CoefficientState::MinusInfinity => head.warn(format!(
                    "the likelihood has no maximum in the coefficient of {} (separation): it grows without limit {}",
                    column.name,
                    if c.state == CoefficientState::PlusInfinity { "upwards" } else { "downwards" }
                )),
            }
            Coefficient {
                term: column.name.clone(),
                variable: column.variable.clone(),
                level: column.level.clone(),
                coef: finite(c.estimate),
                exp_coef: finite(c.estimate.map(f64::exp)),
                std_err: finite(c.std_err),
                robust_std_err: finite(c.robust_std_err),
                z: finite(c.z()),
                p: finite(c.p()),
                lower: finite(limits.map(|l| l.0)),
                upper: finite(limits.map(|l| l.1)),
                state,
            }
        });
        let coefficients = coefficients.collect();
        if fit.convergence == Convergence::IterationLimit {
            head.warn("the iteration ended before it converged: the coefficients are not a maximum");
        }
        Self {
            events: fit.n_events,
            coefficients,
            variance: fit.reported_variance().to_rows(),
            model_variance: fit.robust_variance.as_ref().map(|_| fit.variance.to_rows()),
            loglik: Loglik { null: fit.loglik_null, model: fit.loglik },
            tests: Tests {
                likelihood_ratio: fit.likelihood_ratio.into(),
                score: fit.score.into(),
                wald: fit.wald.into(),
                robust_score: fit.robust_score.map(Test::from),
            },
            concordance: Concordance::default(),
            iterations: fit.iterations,
            converged: fit.convergence == Convergence::Converged,
            baseline: None,
            at: Vec::new(),
            zph: None,
            level,
        }
    }
}

impl Body for Report {
    fn csv(&self, sheet: &mut Sheet<'_>) -> io::Result<()> {
        sheet.header(&[
            "term",
            "coef",
            "exp_coef",
            "std_err",
            "robust_std_err",
            "z",
            "p",
            "lower",
            "upper",
        ])?;
        for c in &self.coefficients {
            sheet.row(&[
                Cell::Text(&c.term),
                Cell::Maybe(c.coef),
                Cell::Maybe(c.exp_coef),
                Cell::Maybe(c.std_err),
                Cell::Maybe(c.robust_std_err),
                Cell::Maybe(c.z),
                Cell::Maybe(c.p),
                Cell::Maybe(c.lower),
                Cell::Maybe(c.upper),
            ])?;
        }
        Ok(())
    }

    fn text(&self, head: &Head) -> String {
        let column = |f: fn(&Coefficient) -> Option<f64>| self.coefficients.iter().map(f).collect::<Vec<_>>();
        let terms = || self.coefficients.iter().map(|c| c.term.clone()).collect::<Vec<_>>();
        let ties = head.parameters.get("ties").and_then(Value::as_str).unwrap_or_default();
        let name = if head.estimator == "cox" { "Cox regression" } else { "Fine-Gray regression" };
        let mut out =
            format!("{name}, {ties} ties\n\n  n= {}, number of events= {}\n\n", head.n, self.events);
        // R gives the coefficients four significant digits each, in one common format per column.
        let mut layout = Layout::default().left("", terms()).numbers("coef", column(|c| c.coef), 4);
        layout = layout.numbers("exp(coef)", column(|c| c.exp_coef), 4).numbers(
            "se(coef)",
            column(|c| c.std_err),
            4,
        );
        if self.coefficients.iter().any(|c| c.robust_std_err.is_some()) {
            layout = layout.numbers("robust se", column(|c| c.robust_std_err), 4);
        }
        let stars = |c: &Coefficient| match c.p {
            Some(p) if p < 0.001 => "***",
            Some(p) if p < 0.01 => "**",
            Some(p) if p < 0.05 => "*",
            Some(p) if p < 0.1 => ".",
            _ => "",
        };
        layout = layout
            .numbers("z", column(|c| c.z), 4)
            .right("Pr(>|z|)", self.coefficients.iter().map(|c| output::p_value(c.p, 3)).collect())
            .left("", self.coefficients.iter().map(|c| stars(c).to_owned()).collect());
        out.push_str(&layout.render());
        out.push_str("---\nSignif. codes:  0 '***' 0.001 '**' 0.01 '*' 0.05 '.' 0.1 ' ' 1\n\n");
        let inverse = self
            .coefficients
            .iter()
            .map(|c| c.exp_coef.filter(|v| *v > 0.0).map(|v| 1.0 / v))
            .collect::<Vec<_>>();
        let level = output::shortest(self.level);
        let level = level.trim_start_matches('0');
        out.push_str(
            &Layout::default()
                .left("", terms())
                .numbers("exp(coef)", column(|c| c.exp_coef), 4)
                .right("exp(-coef)", significant(&inverse, 4))
                .numbers(&format!("lower {level}"), column(|c| c.lower), 4)
                .numbers(&format!("upper {level}"), column(|c| c.upper), 4)
                .render(),
        );
        out.push('\n');
        if let (Some(value), std_err) = (self.concordance.value, self.concordance.std_err) {
            let _ = writeln!(out, "Concordance= {}  (se = {} )", brief(Some(value), 3), brief(std_err, 2));
        }
        let mut line = |name: &str, test: &Test| {
            let chisq = test.chisq.map_or_else(|| "NA".to_owned(), |v| format!("{v:.2}"));
            let _ = writeln!(out, "{name}= {chisq}  on {} df,   p={}", test.df, output::p_value(test.p, 1));
        };
        line("Likelihood ratio test", &self.tests.likelihood_ratio);
        line("Wald test            ", &self.tests.wald);
        line("Score (logrank) test ", &self.tests.score);
        if let Some(robust) = &self.tests.robust_score {
            line("Robust score test    ", robust);
        }
        if let Some(zph) = &self.zph {
            out.push_str("\nProportional hazards:\n");
            out.push_str(
                &Layout::default()
                    .left("", zph.iter().map(|t| t.term.clone()).collect())
                    .numbers("chisq", zph.iter().map(|t| t.test.chisq), 3)
                    .right("df", zph.iter().map(|t| t.test.df.to_string()).collect())
                    .right("p", zph.iter().map(|t| output::p_value(t.test.p, 2)).collect())
                    .render(),
            );
        }
        out
    }
}
