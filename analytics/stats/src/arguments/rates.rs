//! Options of `rate`, `proportion` and `sir`.

use super::{Source, not_negative, positive};
use clap::{Args, ValueEnum};

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
