//! Options of `recurrent`, `multistate` and `nca`.

use super::{Source, finite};
use clap::{Args, ValueEnum};

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
