//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Multicenter registry and cohort analytics for CAR-T cell therapy.
///
/// Exit codes: 0 success, 1 the program or the database failed, 2 bad arguments or rejected input, 3 verification found faults.
#[derive(Debug, Parser)]
#[command(name = "sequela", version, propagate_version = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) storage: Storage,
    /// How to write the log on standard error.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, env = "SEQUELA_LOG_FORMAT")]
    pub(crate) log_format: LogFormat,
    /// What to log, for example `info` or `registry=debug`.
    #[arg(long, global = true, env = "SEQUELA_LOG", default_value = "warn")]
    pub(crate) log: String,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Where the data live.
#[derive(Debug, Clone, Args)]
pub(crate) struct Storage {
    /// Directory of the private database, the sealing key and the snapshots.
    #[arg(long, global = true, env = "SEQUELA_DATA_DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Administrative connection to an existing PostgreSQL server. Without it Sequela runs its own private cluster.
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// Password of the database roles that the server uses on an existing server.
    #[arg(long, global = true, env = "SEQUELA_DB_PASSWORD", hide_env_values = true)]
    pub(crate) database_role_password: Option<String>,
}

/// A running server and a token for it.
#[derive(Debug, Clone, Args)]
pub(crate) struct Remote {
    /// URL of the server.
    #[arg(long, env = "SEQUELA_URL", default_value = "http://127.0.0.1:8080")]
    pub(crate) url: String,
    /// Access token.
    #[arg(long, env = "SEQUELA_TOKEN", hide_env_values = true)]
    pub(crate) token: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server.
    Serve(ServeArguments),
    /// Run the server with a synthetic registry: submit it, take a snapshot, print the reports, stay up.
    Demo(DemoArguments),
    /// Create the database roles and bring the schema up to date.
    Migrate,
    /// Make, list and revoke access tokens, directly in the database.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Send a file of records to a server: NDJSON, CSV of one form, or a spreadsheet with a mapping.
    Submit(SubmitArguments),
    /// Take and list snapshots of a server's registry.
    #[command(subcommand)]
    Snapshot(SnapshotCommand),
    /// Run a report on a snapshot.
    Report(ReportArguments),
    /// Check the audit log.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Survival statistics on any table, and their validation. Needs no server.
    #[command(subcommand)]
    Stats(stats::StatsCommand),
    /// Apply the guideline's criteria to observations: NDJSON in, one decision with its trace per line out. Needs no server.
    Derive(DeriveArguments),
    /// Check, show and explain the measures of a guideline. Needs no server.
    #[command(subcommand)]
    Guideline(GuidelineCommand),
    /// Print the OpenAPI document.
    Openapi,
    /// Write the OpenAPI document, the data dictionary and example payloads into a directory.
    Spec {
        /// Where to write them.
        #[arg(default_value = "api-spec")]
        directory: PathBuf,
    },
    /// Tools for those who add a form.
    #[command(subcommand)]
    Forms(FormsCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum GuidelineCommand {
    /// Check the files of guidelines, and their fixtures. Exit code 3 when something is wrong.
    Lint {
        /// Folders; without any, the guidelines that come with the program.
        folders: Vec<PathBuf>,
    },
    /// Show a guideline's measures, or one of them with its clauses and parameters.
    Show {
        /// Id of a measure; all when left out.
        measure: Option<String>,
        #[command(flatten)]
        which: WhichGuideline,
    },
    /// Print how a measure judges an infusion of a snapshot: each clause, its values, the rows that decided, the verdict.
    Explain(ExplainArguments),
}

/// Which guideline, and how to write what it says.
#[derive(Debug, Args)]
pub(crate) struct WhichGuideline {
    /// Folder of a guideline; without it, those that come with the program.
    #[arg(long)]
    pub(crate) folder: Option<PathBuf>,
    /// Id of a guideline; without it, the newest, or the version in force on the day of the infusion.
    #[arg(long)]
    pub(crate) guideline: Option<String>,
    /// Language of titles and texts.
    #[arg(long, value_enum, default_value_t = GuidelineLanguage::En)]
    pub(crate) language: GuidelineLanguage,
    /// For people, or one JSON document.
    #[arg(long, value_enum, default_value_t = GuidelineFormat::Text)]
    pub(crate) format: GuidelineFormat,
}

/// Language of a guideline's texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GuidelineLanguage {
    /// English.
    En,
    /// Chinese.
    Zh,
}

/// Format of what a guideline says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GuidelineFormat {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// Directory of a snapshot.
    #[arg(long)]
    pub(crate) snapshot: PathBuf,
    /// The infusion: CENTER/PATIENT/NUMBER.
    #[arg(long)]
    pub(crate) infusion: String,
    /// Id of a measure; may be repeated. All that are about the infusion when left out.
    #[arg(long)]
    pub(crate) measure: Vec<String>,
    /// Another value of a parameter: NAME=VALUE or MEASURE.NAME=VALUE; may be repeated.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(crate) settings: Vec<String>,
    /// Data cutoff, YYYY-MM-DD; the day the snapshot was taken when left out.
    #[arg(long)]
    pub(crate) cutoff: Option<chrono::NaiveDate>,
    #[command(flatten)]
    pub(crate) which: WhichGuideline,
}

#[derive(Debug, Args)]
pub(crate) struct DeriveArguments {
    /// What to derive; `list` names them all.
    pub(crate) what: String,
    /// File of cases, one JSON object a line; `-` is standard input.
    #[arg(default_value = "-")]
    pub(crate) input: PathBuf,
    /// How to write the decisions.
    #[arg(long, value_enum, default_value_t = DeriveFormat::Json)]
    pub(crate) format: DeriveFormat,
    /// Refuse cases with members that the kind of case does not have, instead of noting them.
    #[arg(long)]
    pub(crate) strict: bool,
}

/// Format of decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DeriveFormat {
    /// One JSON object a line, with the trace.
    Json,
    /// One row a case: the scalars of the result, and what is missing.
    Csv,
    /// For people.
    Text,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Address to listen on. Put a TLS proxy in front of anything but the loopback interface.
    #[arg(long, env = "SEQUELA_LISTEN", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Largest bulk submission, in MiB.
    #[arg(long, env = "SEQUELA_SUBMISSION_MIB", default_value_t = 256)]
    pub(crate) submission_mib: usize,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Number of synthetic patients.
    #[arg(long, default_value_t = 600)]
    pub(crate) patients: u64,
    /// Number of synthetic centers.
    #[arg(long, default_value_t = 12)]
    pub(crate) centers: u32,
    /// Seed of the synthetic registry: the same seed gives the same patients.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Stop after the reports.
    #[arg(long)]
    pub(crate) exit: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token and print it; it is not stored and cannot be shown again.
    Create {
        /// Who gets it.
        #[arg(long)]
        label: String,
        /// submitter, lead, monitor, statistician, sponsor, auditor or admin.
        #[arg(long)]
        role: String,
        /// Center of a submitter or lead; centers assigned to a monitor.
        #[arg(long = "center")]
        centers: Vec<String>,
        /// Products of a sponsor.
        #[arg(long = "product")]
        products: Vec<String>,
        /// Days until it expires; without it, it does not.
        #[arg(long)]
        days: Option<u32>,
    },
    /// List tokens.
    List,
    /// Revoke a token.
    Revoke {
        /// Its id.
        token_id: uuid::Uuid,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SubmitArguments {
    #[command(flatten)]
    pub(crate) remote: Remote,
    /// File of records: `.ndjson`/`.jsonl`, or `.csv`.
    pub(crate) file: PathBuf,
    /// Form of the rows; required for CSV without a mapping.
    #[arg(long, conflicts_with = "mapping")]
    pub(crate) form: Option<String>,
    /// Mapping of a spreadsheet's columns to forms, in TOML.
    #[arg(long)]
    pub(crate) mapping: Option<PathBuf>,
    /// Check everything, keep nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Keep nothing unless every row is valid.
    #[arg(long)]
    pub(crate) all_or_nothing: bool,
    /// Most faults to print.
    #[arg(long, default_value_t = 50)]
    pub(crate) show: usize,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotCommand {
    /// Take a snapshot now.
    Take(Remote),
    /// List snapshots, oldest first.
    List(Remote),
}

#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    #[command(flatten)]
    pub(crate) remote: Remote,
    /// survival, toxicity, incidence or adherence.
    pub(crate) report: String,
    /// Snapshot id, or `latest`.
    #[arg(long, default_value = "latest")]
    pub(crate) snapshot: String,
    /// Cohort definition, a JSON file; without it, every first infusion.
    #[arg(long)]
    pub(crate) cohort: Option<PathBuf>,
    /// Parameters of the report as JSON, for example '{"by":"disease"}'.
    #[arg(long)]
    pub(crate) parameters: Option<String>,
    /// text, json, csv or svg.
    #[arg(long, default_value = "text")]
    pub(crate) format: String,
    /// Where to write it; standard output if not given.
    #[arg(long, short)]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Recompute the whole log and compare every record with it.
    Verify(VerifyArguments),
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// Public half of the sealing key in hexadecimal; without it, that of the data directory's key.
    #[arg(long)]
    pub(crate) public_key: Option<String>,
    /// A head printed earlier and kept elsewhere, as BLOCK:POSITION:HASH; the log must still contain it.
    #[arg(long)]
    pub(crate) head: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FormsCommand {
    /// Print the SQL with which a migration declares a form's table.
    Ddl {
        /// Name of the form.
        form: String,
    },
}
