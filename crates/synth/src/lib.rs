//! A seeded, clinically coherent synthetic registry: for the demo, for benchmarks and for tests.
//!
//! Every patient has a random stream of its own, derived from the seed and the patient's number. So patient `k` is the same whatever the
//! number of patients and in whatever order they are made, and a registry of any size streams through bounded memory.
//!
//! All clinical figures are invented; see the table in the source file `assumptions.rs`.
//!
//! ```
//! let registry = synth::Registry::new(&synth::Config { patients: 3, ..synth::Config::default() })?;
//! let mut lines = Vec::new();
//! for patient in registry.patients() {
//!     synth::write_ndjson(&patient.records, &mut lines)?;
//! }
//! assert!(lines.starts_with(br#"{"form":"patient","#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod assumptions;
mod baseline;
mod center;
mod detail;
mod follow_up;
mod gaps;
mod history;
mod ndjson;
mod outcome;
mod random;
mod response;
mod toxicity;
mod treatment;

pub use ndjson::{ndjson_value, write_ndjson};

use center::Site;
use chrono::{NaiveDate, TimeDelta};
use clinical::codes::{CenterId, InfusionNumber, PatientId};
use clinical::forms::center::Center;
use clinical::record::Record;
use history::Scope;
use std::fmt;
use std::ops::RangeInclusive;

/// Most patients of one registry: pseudonyms have 40 bits.
pub const MAX_PATIENTS: u64 = 1 << 40;
/// Most centers of one registry.
pub const MAX_CENTERS: u32 = 2_000;
/// Data cutoffs that are possible: half a year after the first infusion, to the end of the century.
const CUTOFF_YEARS: RangeInclusive<i32> = 2022..=2100;

/// What to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Everything follows from it.
    pub seed: u64,
    /// Number of centers, 1 to [`MAX_CENTERS`].
    pub centers: u32,
    /// Number of patients, at most [`MAX_PATIENTS`].
    pub patients: u64,
    /// Last day known: no date of any record lies after it. From 2022-01-01 on.
    pub data_cutoff: NaiveDate,
}

impl Default for Config {
    /// 600 patients of 12 centers, known until the end of 2025.
    fn default() -> Self {
        Self {
            seed: 1,
            centers: 12,
            patients: 600,
            data_cutoff: NaiveDate::from_ymd_opt(2025, 12, 31).unwrap_or_default(),
        }
    }
}

/// A configuration that describes no registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigError {
    /// Number of centers out of range.
    Centers(u32),
    /// Number of patients out of range.
    Patients(u64),
    /// Data cutoff out of range.
    DataCutoff(NaiveDate),
    /// A table of this crate holds a value that the forms refuse.
    Tables,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Centers(n) => write!(f, "{n} centers asked for; 1 to {MAX_CENTERS} are possible"),
            Self::Patients(n) => write!(f, "{n} patients asked for; at most {MAX_PATIENTS} are possible"),
            Self::DataCutoff(d) => write!(f, "data cutoff {d}; 2022-01-01 to 2100-12-31 are possible"),
            Self::Tables => f.write_str("the synthetic registry's own tables do not fit the forms"),
        }
    }
}

impl std::error::Error for ConfigError {}

/// All records of one patient.
#[derive(Debug, Clone, PartialEq)]
pub struct PatientRecords {
    /// The treating center.
    pub center_id: CenterId,
    /// The patient's pseudonym.
    pub patient_id: PatientId,
    /// The records in an order in which they can be submitted: parents before children, forms in the order of
    /// [`clinical::forms::CLINICAL`].
    pub records: Vec<Record>,
}

/// The records of one center that belong to no patient.
#[derive(Debug, Clone, PartialEq)]
pub struct CenterRecords {
    /// The center.
    pub center_id: CenterId,
    /// Its reference ranges and assays.
    pub records: Vec<Record>,
}

/// A synthetic registry; its patients are made when asked for.
#[derive(Debug, Clone)]
pub struct Registry {
    config: Config,
    sites: Vec<Site>,
    centers: Vec<Center>,
    numbers: [InfusionNumber; 2],
}

impl Registry {
    /// The registry of a configuration. Cheap: only centers are made here.
    ///
    /// # Errors
    /// When a number or the cutoff is out of range.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        use chrono::Datelike;
        if !(1..=MAX_CENTERS).contains(&config.centers) {
            return Err(ConfigError::Centers(config.centers));
        }
        if config.patients > MAX_PATIENTS {
            return Err(ConfigError::Patients(config.patients));
        }
        if !CUTOFF_YEARS.contains(&config.data_cutoff.year()) {
            return Err(ConfigError::DataCutoff(config.data_cutoff));
        }
        let sites: Option<Vec<Site>> =
            (0..config.centers).map(|i| center::site(config.seed, i, config.data_cutoff)).collect();
        let sites = sites.ok_or(ConfigError::Tables)?;
        let centers = sites.iter().map(|s| s.form.clone()).collect();
        let (Some(first), Some(second)) = (InfusionNumber::new(1), InfusionNumber::new(2)) else {
            return Err(ConfigError::Tables);
        };
        Ok(Self { config: *config, sites, centers, numbers: [first, second] })
    }

    /// What was asked for.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The centers.
    pub fn centers(&self) -> &[Center] {
        &self.centers
    }

    /// The records of each center beside its own form: reference ranges and assays. They are the center's, submitted like a patient's
    /// records and before them.
    pub fn center_records(&self) -> impl Iterator<Item = CenterRecords> + '_ {
        self.sites.iter().filter_map(|site| {
            Some(CenterRecords {
                center_id: site.form.center_id.clone(),
                records: detail::center_records(&site.equipment, site.form.joined_on)?,
            })
        })
    }

    /// The records of patient `index`, which may lie beyond the configured number; `None` from [`MAX_PATIENTS`] on.
    pub fn patient(&self, index: u64) -> Option<PatientRecords> {
        if index >= MAX_PATIENTS {
            return None;
        }
        history::assemble(self, index, Scope::Full)
    }

    /// All patients in order, made one at a time.
    pub fn patients(&self) -> impl Iterator<Item = PatientRecords> + '_ {
        (0..self.config.patients).filter_map(|index| self.patient(index))
    }

    /// Exactly `rows` records of daily toxicity with the patients and infusions they hang on, whatever the configured number of patients:
    /// the patients of [`patients`](Self::patients), forms other than patient, infusion and daily toxicity left out, the last one cut.
    pub fn toxicity_rows(&self, rows: u64) -> impl Iterator<Item = PatientRecords> + '_ {
        const FORMS: [&str; 3] = ["patient", "infusion", "daily_toxicity"];
        let mut left = rows;
        (0..MAX_PATIENTS)
            .map_while(move |index| {
                if left == 0 {
                    return None;
                }
                let mut patient = history::assemble(self, index, Scope::Core)?;
                let mut infused = false;
                patient.records.retain(|r| {
                    let name = r.form().name;
                    infused |= name == "infusion";
                    if name == "daily_toxicity" {
                        let wanted = left > 0;
                        left -= u64::from(wanted);
                        return wanted;
                    }
                    FORMS.contains(&name)
                });
                Some(infused.then_some(patient))
            })
            .flatten()
    }
}

/// The day `offset` days after `day`; the last day of the calendar when there is none.
fn after(day: NaiveDate, offset: i32) -> NaiveDate {
    day.checked_add_signed(TimeDelta::days(i64::from(offset))).unwrap_or(NaiveDate::MAX)
}

/// Days from `from` to `to`.
fn days_between(from: NaiveDate, to: NaiveDate) -> i32 {
    i32::try_from((to - from).num_days()).unwrap_or(i32::MAX)
}
