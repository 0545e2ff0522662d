//! Options of `km`, `logrank` and `cuminc`.

use super::{Observation, Source, finite, probability};
use clap::{Args, ValueEnum};

/// Options of `km`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct KmArguments {
    /// Input and output.
    #[command(flatten)]
    pub source: Source,
    /// Columns of the observations.
    #[command(flatten)]
    pub observation: Observation,
    /// Column of the event: 0, 1, true or false.
    #[arg(long, value_name = "COL")]
    pub event: String,
    /// Column of the groups to estimate apart.
    #[arg(long, value_name = "COL")]
    pub group: Option<String>,
    /// Scale of the limits.
    #[arg(long, value_enum, default_value_t = SurvivalScale::LogLog)]
    pub conf_type: SurvivalScale,
    /// Times to report.
    #[arg(long, value_name = "T", value_delimiter = ',', value_parser = finite, allow_hyphen_values = true)]
    pub at: Vec<f64>,
    /// Quantiles of survival time.
    #[arg(long, value_name = "P", value_delimiter = ',', value_parser = probability, default_value = "0.25,0.5,0.75")]
    pub quantiles: Vec<f64>,
    /// Horizon of the restricted mean.
    #[arg(long, value_name = "TAU", value_parser = finite, allow_negative_numbers = true)]
    pub rmst: Option<f64>,
    /// Survival conditional on surviving to this time.
    #[arg(long, value_name = "S", value_parser = finite, allow_negative_numbers = true)]
    pub from: Option<f64>,
    /// Draw the curves.
    #[arg(long, value_name = "FILE.svg")]
    pub plot: Option<std::path::PathBuf>,
}

/// Scale of the limits of a survival probability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "the names of the scales")]
pub enum SurvivalScale {
    LogLog,
    Log,
    Plain,
    Logit,
    Arcsin,
}

/// Options of `logrank`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct LogrankArguments {
    /// Input and output.
    #[command(flatten)]
    pub source: Source,
    /// Columns of the observations.
    #[command(flatten)]
    pub observation: Observation,
    /// Column of the event: 0, 1, true or false.
    #[arg(long, value_name = "COL")]
    pub event: String,
    /// Column of the groups to compare.
    #[arg(long, value_name = "COL")]
    pub group: String,
    /// Columns of the strata.
    #[arg(long, value_name = "COL", value_delimiter = ',')]
    pub strata: Vec<String>,
    /// Which test of the family.
    #[arg(long, value_enum, default_value_t = RankTest::Logrank)]
    pub test: RankTest,
    /// Power of S(t-) in the weight of `fh`.
    #[arg(long, value_parser = finite, allow_negative_numbers = true)]
    pub rho: Option<f64>,
    /// Power of 1 - S(t-) in the weight of `fh`.
    #[arg(long, value_parser = finite, allow_negative_numbers = true)]
    pub gamma: Option<f64>,
}

/// Tests of the log-rank family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "the names of the tests")]
pub enum RankTest {
    Logrank,
    Gehan,
    TaroneWare,
    PetoPeto,
    ModifiedPetoPeto,
    /// Fleming-Harrington.
    Fh,
}

/// Options of `cuminc`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct CumincArguments {
    /// Input and output.
    #[command(flatten)]
    pub source: Source,
    /// Columns of the observations.
    #[command(flatten)]
    pub observation: Observation,
    /// Column of the cause: 0 = censored, 1.. = causes.
    #[arg(long, value_name = "COL")]
    pub cause: String,
    /// Column of the groups to estimate apart and to compare by Gray's test.
    #[arg(long, value_name = "COL")]
    pub group: Option<String>,
    /// Columns of the strata of Gray's test.
    #[arg(long, value_name = "COL", value_delimiter = ',', requires = "group")]
    pub strata: Vec<String>,
    /// Estimate of the variance.
    #[arg(long, value_enum, default_value_t = IncidenceVariance::Aalen)]
    pub variance: IncidenceVariance,
    /// Scale of the limits.
    #[arg(long, value_enum, default_value_t = IncidenceScale::Cloglog)]
    pub conf_type: IncidenceScale,
    /// Times to report.
    #[arg(long, value_name = "T", value_delimiter = ',', value_parser = finite, allow_hyphen_values = true)]
    pub at: Vec<f64>,
    /// Power of the weight of Gray's test.
    #[arg(long, value_parser = finite, default_value_t = 0.0, allow_negative_numbers = true)]
    pub rho: f64,
    /// Draw the curves.
    #[arg(long, value_name = "FILE.svg")]
    pub plot: Option<std::path::PathBuf>,
}

/// Estimates of the variance of a cumulative incidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "the names of the estimates")]
pub enum IncidenceVariance {
    Aalen,
    Greenwood,
}

/// Scale of the limits of a cumulative incidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum IncidenceScale {
    /// 1-(1-F)^exp.
    Cloglog,
    /// F^exp.
    LogLog,
    /// F and a multiple of its standard error.
    Plain,
}
