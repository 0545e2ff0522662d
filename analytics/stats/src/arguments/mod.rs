//! Options of `sequela stats`.

mod curves;
mod histories;
mod rates;
mod regression;

pub use curves::{
    CumincArguments, IncidenceScale, IncidenceVariance, KmArguments, LogrankArguments, RankTest,
    SurvivalScale,
};
pub use histories::{AreaRule, BelowRule, MultistateArguments, NcaArguments, RecurrentArguments};
pub use rates::{ProportionArguments, ProportionLimits, RateArguments, RateLimits, SirArguments};
pub use regression::{CoxArguments, FineGrayArguments, Regression, TieRule};

use clap::{Args, Subcommand, ValueEnum};

/// An estimator with its input and options, or the validation. To be flattened into a program's command line.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum StatsCommand {
    /// Kaplan-Meier curves, Nelson-Aalen hazards, quantiles, restricted means.
    Km(KmArguments),
    /// Log-rank test and its weighted relatives.
    Logrank(LogrankArguments),
    /// Cumulative incidence with competing causes (Aalen-Johansen), Gray's test.
    Cuminc(CumincArguments),
    /// Cox proportional hazards regression.
    Cox(CoxArguments),
    /// Fine-Gray regression of the subdistribution hazard.
    FineGray(FineGrayArguments),
    /// Event rates per person-time, their ratio and difference.
    Rate(RateArguments),
    /// Proportions with an event.
    Proportion(ProportionArguments),
    /// Standardised incidence ratio against reference rates.
    Sir(SirArguments),
    /// Mean cumulative function of recurrent events.
    Recurrent(RecurrentArguments),
    /// State occupation and transition hazards of a multistate model.
    Multistate(MultistateArguments),
    /// Non-compartmental analysis of concentrations.
    Nca(NcaArguments),
    /// Run the estimators on the reference cases that ship with the program; exit code 1 if a figure differs.
    Validate(ValidateArguments),
}

/// Form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// One object with everything.
    #[default]
    Json,
    /// The main table.
    Csv,
    /// In the layout of R.
    Text,
}

/// Input and output.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Source {
    /// CSV (header row), Parquet or Arrow IPC; `-` is standard input.
    pub input: String,
    /// Form of the output.
    #[arg(long, value_enum, default_value_t = Format::Json)]
    pub format: Format,
    /// Two-sided confidence level.
    #[arg(long, default_value_t = 0.95, value_parser = level, allow_negative_numbers = true)]
    pub conf_level: f64,
}

/// Columns of observations that end with an event or a censoring.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Observation {
    /// Column of the end of observation, 0 or later.
    #[arg(long, value_name = "COL")]
    pub time: String,
    /// Column of the start of observation (delayed entry); without it everyone is at risk from before time 0.
    #[arg(long, value_name = "COL")]
    pub entry: Option<String>,
    /// Column of case weights.
    #[arg(long, value_name = "COL")]
    pub weight: Option<String>,
    /// Column of the subject, where one has several rows: they must not overlap.
    #[arg(long, value_name = "COL")]
    pub id: Option<String>,
}

/// Options of `validate`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct ValidateArguments {
    /// Cases to run; all without any.
    pub cases: Vec<String>,
    /// Form of the output.
    #[arg(long, value_enum, default_value_t = Format::Json)]
    pub format: Format,
}

fn number(text: &str, rule: &str, valid: impl Fn(f64) -> bool) -> Result<f64, String> {
    text.trim()
        .parse()
        .ok()
        .filter(|value: &f64| value.is_finite() && valid(*value))
        .ok_or_else(|| format!("expected {rule}"))
}

fn finite(text: &str) -> Result<f64, String> {
    number(text, "a finite number", |_| true)
}

fn positive(text: &str) -> Result<f64, String> {
    number(text, "a finite number above 0", |value| value > 0.0)
}

fn not_negative(text: &str) -> Result<f64, String> {
    number(text, "a finite number of 0 or more", |value| value >= 0.0)
}

fn level(text: &str) -> Result<f64, String> {
    number(text, "a level between 0 and 1, for example 0.95", |value| value > 0.0 && value < 1.0)
}

fn probability(text: &str) -> Result<f64, String> {
    number(text, "a probability between 0 and 1", |value| (0.0..=1.0).contains(&value))
}
