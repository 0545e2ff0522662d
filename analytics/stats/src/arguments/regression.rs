//! Options of `cox` and `fine-gray`.

use super::{Observation, Source, finite};
use clap::{Args, ValueEnum};

/// What regressions share.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Regression {
    /// Input and output.
    #[command(flatten)]
    pub source: Source,
    /// Columns of the observations.
    #[command(flatten)]
    pub observation: Observation,
    /// Covariates: a numeric column, or `COL=REF` for a factor with its reference level.
    #[arg(long, value_name = "COL[=REF]", value_delimiter = ',', required = true)]
    pub covariates: Vec<String>,
    /// Columns of the strata, each with a baseline of its own.
    #[arg(long, value_name = "COL", value_delimiter = ',')]
    pub strata: Vec<String>,
    /// Column of the clusters of the robust variance.
    #[arg(long, value_name = "COL")]
    pub cluster: Option<String>,
    /// Times at which to report the baseline.
    #[arg(long, value_name = "T", value_delimiter = ',', value_parser = finite, allow_hyphen_values = true)]
    pub at: Vec<f64>,
}

/// Options of `cox`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct CoxArguments {
    /// What regressions share.
    #[command(flatten)]
    pub regression: Regression,
    /// Column of the event: 0, 1, true or false.
    #[arg(long, value_name = "COL")]
    pub event: String,
    /// Tied events.
    #[arg(long, value_enum, default_value_t = TieRule::Efron)]
    pub ties: TieRule,
    /// Test proportional hazards.
    #[arg(long)]
    pub zph: bool,
}

/// How tied events enter the partial likelihood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "the names of the rules")]
pub enum TieRule {
    Efron,
    Breslow,
}

/// Options of `fine-gray`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct FineGrayArguments {
    /// What regressions share.
    #[command(flatten)]
    pub regression: Regression,
    /// Column of the cause: 0 = censored, 1.. = causes.
    #[arg(long, value_name = "COL")]
    pub cause: String,
    /// The cause of interest.
    #[arg(long, value_name = "CAUSE", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..))]
    pub of: u8,
    /// Tied events.
    #[arg(long, value_enum, default_value_t = TieRule::Breslow)]
    pub ties: TieRule,
}
