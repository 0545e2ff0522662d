//! Every report through one door, for the HTTP layer and the command line.

use crate::adherence::{self, AdherenceParameters};
use crate::library::Library;
use clinical::Language;
use cohort::render::{Format, Rendered};
use cohort::reports::parameters::{self, read};
use cohort::reports::{Report, ReportKind, incidence, survival, toxicity};
use cohort::{CohortDefinition, Fault, Faults, ReportError, Snapshot};
use measures::LoadError;
use serde_json::Value;

/// Makes a report with the guidelines that come with the program. `parameters` is a JSON object, or null for the defaults.
///
/// # Errors
///
/// [`ReportError`]: the parameters with every fault at its JSON Pointer, or a snapshot that cannot be read.
pub fn run(
    kind: ReportKind,
    snapshot: &Snapshot,
    definition: &CohortDefinition,
    parameters: &Value,
) -> Result<Report, ReportError> {
    run_with(kind, snapshot, definition, parameters, &Library::shipped)
}

/// Makes a report with guidelines from elsewhere, for example a folder.
///
/// # Errors
///
/// As [`run`]; a guideline that is not found or not valid is a fault at `/guideline`.
pub fn run_with(
    kind: ReportKind,
    snapshot: &Snapshot,
    definition: &CohortDefinition,
    parameters: &Value,
    guidelines: &dyn Fn() -> Result<Library, LoadError>,
) -> Result<Report, ReportError> {
    match kind {
        ReportKind::Survival => {
            survival::run(snapshot, definition, &read::<parameters::SurvivalParameters>(parameters)?)
        }
        ReportKind::Toxicity => {
            toxicity::run(snapshot, definition, &read::<parameters::ToxicityParameters>(parameters)?)
        }
        ReportKind::Incidence => {
            incidence::run(snapshot, definition, &read::<parameters::IncidenceParameters>(parameters)?)
        }
        ReportKind::Adherence => {
            let parameters: AdherenceParameters = read(parameters)?;
            let library = guidelines().map_err(|error| unknown("", &error))?;
            adherence::run(&library, snapshot, definition, &parameters)
        }
    }
}

/// A guideline that is not found or not valid.
pub(crate) fn unknown(id: &str, error: &LoadError) -> ReportError {
    let fault = Fault::new("/guideline", error.to_string()).received(id);
    let expected = "the id of a guideline, or no such member for the version in force on the day of infusion";
    ReportError::Parameters(Faults::one(fault.expected(expected)))
}

/// Renders a report.
///
/// # Errors
///
/// [`ReportError::NoSuchFormat`] for curves of a report that has none.
pub fn render(report: &Report, format: Format, language: Language) -> Result<Rendered, ReportError> {
    cohort::render::render(report, format, language)
}
