//! Options of `sequela stats`.

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

/// Options of `rate`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct RateArguments {
    /// Input and output.
    #[command(flatten)]
    pub source: Source,
    /// Column of the event of a subject: 0, 1, true or false.
    #[arg(long, value_name = "COL", required_unless_present = "events", conflicts_with = "events")]
    pub event: Option<String>,
    /// Column of numbers of events.
    #[arg(long, value_name = "COL")]
    pub events: Option<String>,
    /// Column of person-time.
    #[arg(long, value_name = "COL", required_unless_present = "time", conflicts_with = "time")]
    pub person_time: Option<String>,
    /// Column of the end of observation, in the place of person-time.
    #[arg(long, value_name = "COL")]
    pub time: Option<String>,
    /// Column of the start of observation; observation before time 0 does not count.
    #[arg(long, value_name = "COL", requires = "time")]
    pub entry: Option<String>,
    /// Column of the groups.
    #[arg(long, value_name = "COL")]
    pub group: Option<String>,
    /// Person-time that rates refer to.
    #[arg(long, default_value_t = 100.0, value_parser = positive, allow_negative_numbers = true)]
    pub per: f64,
    /// Limits of the rates.
    #[arg(long, value_enum, default_value_t = RateLimits::Exact)]
    pub method: RateLimits,
}

/// Limits of a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RateLimits {
    /// Garwood.
    Exact,
    /// Byar's approximation.
    Byar,
    /// Score limits.
    Wilson,
    /// Exact tails with half the probability of the count itself.
    MidP,
}

/// Options of `proportion`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct ProportionArguments {
    /// Input and output.
    #[command(flatten)]
    pub source: Source,
    /// Column of the event of a subject: 0, 1, true or false.
    #[arg(long, value_name = "COL")]
    pub event: String,
    /// Column of the groups.
    #[arg(long, value_name = "COL")]
    pub group: Option<String>,
    /// Limits.
    #[arg(long, value_enum, default_value_t = ProportionLimits::ClopperPearson)]
    pub method: ProportionLimits,
}

/// Limits of a proportion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "the names of the limits")]
pub enum ProportionLimits {
    ClopperPearson,
    Wilson,
}

/// Options of `sir`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct SirArguments {
    /// Input and output.
    #[command(flatten)]
    pub source: Source,
    /// Column of the date of birth: dates, or calendar years with decimals.
    #[arg(long, value_name = "COL")]
    pub birth: String,
    /// Column of the sex, in the words of the reference.
    #[arg(long, value_name = "COL")]
    pub sex: Option<String>,
    /// Column of the start of observation.
    #[arg(long, value_name = "COL")]
    pub start: String,
    /// Column of the end of observation.
    #[arg(long, value_name = "COL")]
    pub end: String,
    /// Column of the event that ended the observation: 0, 1, true or false.
    #[arg(long, value_name = "COL")]
    pub event: String,
    /// Reference rates: sex, `age_from`, `age_to`, `year_from`, `year_to`, rate; an empty end is an open band.
    #[arg(long, value_name = "FILE")]
    pub reference: String,
    /// Person-years that the rates of the reference refer to.
    #[arg(long, default_value_t = 1.0, value_parser = positive, allow_negative_numbers = true)]
    pub rate_per: f64,
    /// Time after the start before which nothing counts: days where the columns are dates, else years.
    #[arg(long, default_value_t = 0.0, value_parser = not_negative, allow_negative_numbers = true)]
    pub lag: f64,
}

/// Options of `recurrent`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct RecurrentArguments {
    /// Input and output.
    #[command(flatten)]
    pub source: Source,
    /// Column of the subject.
    #[arg(long, value_name = "COL")]
    pub id: String,
    /// Column of the start of the row.
    #[arg(long, value_name = "COL")]
    pub start: String,
    /// Column of the end of the row.
    #[arg(long, value_name = "COL")]
    pub stop: String,
    /// Column of the event at the end of the row: 0, 1, true or false.
    #[arg(long, value_name = "COL")]
    pub event: String,
    /// Column of the groups to estimate apart.
    #[arg(long, value_name = "COL")]
    pub group: Option<String>,
    /// Times to report.
    #[arg(long, value_name = "T", value_delimiter = ',', value_parser = finite, allow_hyphen_values = true)]
    pub at: Vec<f64>,
}

/// Options of `multistate`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct MultistateArguments {
    /// Input and output.
    #[command(flatten)]
    pub source: Source,
    /// Column of the subject.
    #[arg(long, value_name = "COL")]
    pub id: String,
    /// Column of the state during the row.
    #[arg(long, value_name = "COL")]
    pub from: String,
    /// Column of the state entered at the end of the row; the same state where the row ended without a transition.
    #[arg(long, value_name = "COL")]
    pub to: String,
    /// Column of the start of the row.
    #[arg(long, value_name = "COL")]
    pub start: String,
    /// Column of the end of the row.
    #[arg(long, value_name = "COL")]
    pub stop: String,
    /// State in which all subjects begin; without it, the states that are observed at the starting time.
    #[arg(long, value_name = "STATE")]
    pub initial: Option<String>,
    /// Starting time; the earliest start without it.
    #[arg(long, value_name = "S", value_parser = finite, allow_negative_numbers = true)]
    pub from_time: Option<f64>,
    /// End of the window of the expected length of stay; the last time without it.
    #[arg(long, value_name = "T", value_parser = finite, allow_negative_numbers = true)]
    pub until: Option<f64>,
    /// Times to report.
    #[arg(long, value_name = "T", value_delimiter = ',', value_parser = finite, allow_hyphen_values = true)]
    pub at: Vec<f64>,
}

/// Options of `nca`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct NcaArguments {
    /// Input and output.
    #[command(flatten)]
    pub source: Source,
    /// Column of the subject.
    #[arg(long, value_name = "COL")]
    pub id: String,
    /// Column of the time since administration.
    #[arg(long, value_name = "COL")]
    pub time: String,
    /// Column of the concentration.
    #[arg(long, value_name = "COL")]
    pub conc: String,
    /// Lower limit of quantification: a number, or a column.
    #[arg(long, value_name = "COL|VALUE")]
    pub lloq: Option<String>,
    /// Trapezoidal rule.
    #[arg(long, value_enum, default_value_t = AreaRule::Linear)]
    pub auc_method: AreaRule,
    /// What a sample below quantification counts as.
    #[arg(long, value_enum, default_value_t = BelowRule::Drop)]
    pub blq: BelowRule,
    /// Window of the partial area.
    #[arg(long, value_name = "START,END", value_delimiter = ',', value_parser = finite, allow_hyphen_values = true)]
    pub window: Vec<f64>,
}

/// Trapezoidal rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AreaRule {
    /// Straight lines.
    Linear,
    /// Straight lines up, exponential decay down.
    LinUpLogDown,
}

/// Values below quantification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BelowRule {
    /// 0.
    Zero,
    /// Ignored between quantifiable samples, 0 after the last.
    Drop,
    /// Half the limit.
    Half,
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
    text.trim().parse().ok().filter(|value: &f64| value.is_finite() && valid(*value)).ok_or_else(|| format!("expected {rule}"))
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
