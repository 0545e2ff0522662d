//! Reading synthetic patients back as typed forms.

use chrono::NaiveDate;
use clinical::codes::Disease;
use clinical::forms::daily_toxicity::DailyToxicity;
use clinical::forms::disease::DiseaseBaseline;
use clinical::forms::infusion::Infusion;
use clinical::forms::lymphodepletion::Lymphodepletion;
use clinical::forms::patient::Patient;
use clinical::forms::response::ResponseAssessment;
use clinical::forms::survival_status::{Status, SurvivalStatus};
use clinical::{Context, Form};
use std::sync::OnceLock;
use synth::{Config, PatientRecords, Registry};

/// One patient, typed.
pub(crate) struct Typed {
    pub(crate) center: String,
    pub(crate) patient: Patient,
    pub(crate) disease: DiseaseBaseline,
    pub(crate) courses: Vec<Lymphodepletion>,
    pub(crate) infusions: Vec<Infusion>,
    pub(crate) days: Vec<DailyToxicity>,
    pub(crate) responses: Vec<ResponseAssessment>,
    pub(crate) contacts: Vec<SurvivalStatus>,
}

/// The records of a form, typed.
pub(crate) fn all<F: Form>(records: &PatientRecords) -> Vec<F> {
    records.records.iter().filter_map(F::from_record).collect()
}

impl Typed {
    pub(crate) fn of(records: &PatientRecords) -> Self {
        Self {
            center: records.center_id.as_str().to_owned(),
            patient: all(records).pop().expect("one"),
            disease: all(records).pop().expect("one"),
            courses: all(records),
            infusions: all(records),
            days: all(records),
            responses: all(records),
            contacts: all(records),
        }
    }

    /// Product of the first infusion.
    pub(crate) fn product(&self) -> Option<&str> {
        self.infusions.first().map(|i| i.product_code.as_str())
    }

    /// Days from the first infusion.
    pub(crate) fn since(&self, date: NaiveDate) -> Option<i64> {
        self.infusions.first().map(|i| (date - i.infusion_date).num_days())
    }

    /// The last contact.
    pub(crate) fn end(&self) -> &SurvivalStatus {
        self.contacts.last().expect("a contact")
    }

    pub(crate) fn died(&self) -> bool {
        self.end().status == Status::Dead
    }

    pub(crate) fn is(&self, disease: Disease) -> bool {
        self.disease.disease == disease
    }
}

pub(crate) fn registry(seed: u64, patients: u64) -> Registry {
    Registry::new(&Config { seed, patients, ..Config::default() }).expect("a registry")
}

pub(crate) fn context(config: &Config) -> Context {
    Context { today: config.data_cutoff }
}

/// Kaplan-Meier estimate at `day` from pairs of time and event.
pub(crate) fn survival_at(day: i64, subjects: &[(i64, bool)]) -> f64 {
    let mut times: Vec<i64> = subjects.iter().filter(|s| s.1 && s.0 <= day).map(|s| s.0).collect();
    times.sort_unstable();
    times.dedup();
    times.iter().fold(1.0, |s, t| {
        let risk = subjects.iter().filter(|x| x.0 >= *t).count() as f64;
        let deaths = subjects.iter().filter(|x| x.0 == *t && x.1).count() as f64;
        s * (1.0 - deaths / risk)
    })
}

/// 4,000 patients of seed 1, made once.
pub(crate) fn cohort() -> &'static [Typed] {
    static COHORT: OnceLock<Vec<Typed>> = OnceLock::new();
    COHORT.get_or_init(|| registry(1, 4_000).patients().map(|p| Typed::of(&p)).collect())
}
