//! One line of NDJSON in, one line out: what `sequela derive` runs.

mod alias;

use super::b_all::BAll;
use super::b_cell::BCellCase;
use super::carac::CaracCase;
use super::crs::CrsCase;
use super::dose::DoseCase;
use super::expansion::ExpansionCase;
use super::hbv::HbvCase;
use super::hematotox::HematotoxCase;
use super::icaht::IcahtCase;
use super::icans::IcansCase;
use super::iec_hs::IecHsCase;
use super::imwg::ImwgCase;
use super::infection_risk::InfectionRiskCase;
use super::lugano::Lugano;
use super::tls::TlsCase;
use super::trace::{At, Step, Trace};
use super::vasopressor::VasopressorCase;
use super::visits::VisitsCase;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A kind of case: reads the observations, decides, and shows the decision.
///
/// Implementors are the parsed cases. Field names are those of the forms with the unit at the end (`serum_m_protein_g_l`); the short
/// names of the data dictionary are accepted as aliases. A field that no case knows is reported, not fatal: its absence then
/// shows as "not evaluable", never as a normal value.
pub trait Case: DeserializeOwned {
    /// The decision, as shown.
    type Result: Serialize;
    /// Decides. What was looked at and what was absent goes to `trace`, which is empty on entry.
    ///
    /// # Errors
    /// When observations contradict each other or lie outside what is possible.
    fn derive(&self, trace: &mut Trace) -> Result<Self::Result, Fault>;
}

/// Why a case cannot be judged at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {problem}; expected {expected}")]
pub struct Fault {
    /// JSON Pointer to the value.
    pub pointer: String,
    /// What is wrong with it, with the value received.
    pub problem: String,
    /// What would be accepted.
    pub expected: String,
}

impl Fault {
    /// A fault at a JSON Pointer.
    pub fn new(pointer: impl Into<String>, problem: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), problem: problem.into(), expected: expected.into() }
    }
}

/// A decided case.
#[derive(Debug)]
pub struct Decided {
    /// The line to print.
    pub line: Value,
    /// JSON Pointers of members that this kind of case does not have.
    pub unknown: Vec<String>,
}

#[derive(Serialize)]
struct MissingEntry {
    #[serde(skip_serializing_if = "Option::is_none")]
    day: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    name: &'static str,
}

/// The names of missing observations; those of a day or date are told with it in `missing_at`.
fn missing(trace: &Trace) -> (Vec<&'static str>, Vec<MissingEntry>) {
    let mut names: Vec<&'static str> = Vec::new();
    let mut entries = Vec::new();
    for (at, name) in trace.missing() {
        if !names.contains(name) {
            names.push(name);
        }
        let (day, date) = match at {
            At::Case => (None, None),
            At::Day(day) => (Some(*day), None),
            At::Date(date) => (None, Some(date.to_string())),
        };
        entries.push(MissingEntry { day, date, name });
    }
    (names, entries)
}

/// One line of output.
#[derive(Serialize)]
struct Line<'a, R> {
    id: Value,
    result: R,
    trace: &'a [Step],
    missing: Vec<&'static str>,
    missing_at: Vec<MissingEntry>,
}

#[derive(serde::Deserialize)]
struct Identified {
    #[serde(default)]
    id: Value,
}

/// What a case of text decides, and the JSON Pointers of members that this kind of case does not have.
struct Judged<R> {
    id: Value,
    result: R,
    unknown: Vec<String>,
}

fn judge<C: Case>(text: &str, trace: &mut Trace) -> Result<Judged<C::Result>, Fault> {
    let malformed = |error: &serde_json::Error| Fault::new("", error.to_string(), "one JSON object per line");
    let mut unknown = Vec::new();
    let mut reader = serde_json::Deserializer::from_str(text);
    let mut place = serde_path_to_error::Track::new();
    let deserializer = serde_path_to_error::Deserializer::new(&mut reader, &mut place);
    let read: Result<C, _> = serde_ignored::deserialize(deserializer, |path| {
        let path = format!("/{}", path.to_string().replace('.', "/").replace("?/", ""));
        if path != "/id" {
            unknown.push(path);
        }
    });
    let case = read.map_err(|error| {
        let path = place.path().to_string();
        let pointer = if path == "." {
            String::new()
        } else {
            format!("/{}", path.replace(['.', '['], "/").replace(']', ""))
        };
        if let Some(fault) = alias::given_twice::<C>(text, &pointer, &error.to_string()) {
            return fault;
        }
        Fault::new(
            pointer,
            error.to_string(),
            "the members that crates/clinical/README.md lists for this kind of case",
        )
    })?;
    reader.end().map_err(|error| malformed(&error))?;
    let id = serde_json::from_str::<Identified>(text).map_err(|error| malformed(&error))?.id;
    trace.clear();
    Ok(Judged { id, result: case.derive(trace)?, unknown })
}

fn unwritable(error: &serde_json::Error) -> Fault {
    Fault::new("", error.to_string(), "a decision that JSON can hold")
}

/// Judges one case given as JSON text and appends the decision to `out` as one line of JSON, without the line end. Returns the JSON
/// Pointers of members that this kind of case does not have.
///
/// # Errors
/// When the text is not one JSON object, a member has the wrong type, or the observations are impossible. `out` is then unchanged.
pub fn write<C: Case>(text: &str, trace: &mut Trace, out: &mut Vec<u8>) -> Result<Vec<String>, Fault> {
    let Judged { id, result, unknown } = judge::<C>(text, trace)?;
    let (missing, missing_at) = missing(trace);
    let before = out.len();
    let line = Line { id, result, trace: trace.steps(), missing, missing_at };
    serde_json::to_writer(&mut *out, &line).map_err(|error| {
        out.truncate(before);
        unwritable(&error)
    })?;
    Ok(unknown)
}

/// As [`write`], with the line as a value.
///
/// # Errors
/// As [`write`].
pub fn derive<C: Case>(text: &str, trace: &mut Trace) -> Result<Decided, Fault> {
    let Judged { id, result, unknown } = judge::<C>(text, trace)?;
    let (missing, missing_at) = missing(trace);
    let line = Line { id, result, trace: trace.steps(), missing, missing_at };
    Ok(Decided { line: serde_json::to_value(line).map_err(|error| unwritable(&error))?, unknown })
}

/// See [`write`].
pub type Write = fn(&str, &mut Trace, &mut Vec<u8>) -> Result<Vec<String>, Fault>;

/// See [`derive`].
pub type Derive = fn(&str, &mut Trace) -> Result<Decided, Fault>;

/// A kind of case by name, for callers that choose it at run time.
#[derive(Debug)]
pub struct Kind {
    /// Name on the command line.
    pub name: &'static str,
    /// What it decides, in one sentence.
    pub about: &'static str,
    /// See [`write`].
    pub write: Write,
    /// See [`derive`].
    pub derive: Derive,
}

/// Every kind of case.
pub static KINDS: &[Kind] = &[
    Kind {
        name: "imwg",
        about: "myeloma response: IMWG 2016, or as the guideline prints it",
        write: write::<ImwgCase>,
        derive: derive::<ImwgCase>,
    },
    Kind {
        name: "lugano",
        about: "lymphoma response by PET-CT or CT: Lugano 2014, LYRIC as an option",
        write: write::<Lugano>,
        derive: derive::<Lugano>,
    },
    Kind {
        name: "b_all",
        about: "B-ALL response, relapse, MRD and CNS status",
        write: write::<BAll>,
        derive: derive::<BAll>,
    },
    Kind {
        name: "crs",
        about: "cytokine release syndrome: daily ASTCT grades and episodes",
        write: write::<CrsCase>,
        derive: derive::<CrsCase>,
    },
    Kind {
        name: "icans",
        about: "ICANS: daily ASTCT grades, onset and maximum",
        write: write::<IcansCase>,
        derive: derive::<IcansCase>,
    },
    Kind {
        name: "iec_hs",
        about: "IEC-HS: criteria present and grade",
        write: write::<IecHsCase>,
        derive: derive::<IecHsCase>,
    },
    Kind {
        name: "icaht",
        about: "ICAHT: early and late grade from neutrophil counts",
        write: write::<IcahtCase>,
        derive: derive::<IcahtCase>,
    },
    Kind {
        name: "hematotox",
        about: "CAR-HEMATOTOX score before lymphodepletion",
        write: write::<HematotoxCase>,
        derive: derive::<HematotoxCase>,
    },
    Kind {
        name: "hbv_reactivation",
        about: "HBV group, prophylaxis and reactivation",
        write: write::<HbvCase>,
        derive: derive::<HbvCase>,
    },
    Kind {
        name: "b_cell_aplasia",
        about: "B-cell aplasia, hypogammaglobulinemia and immunoglobulin replacement",
        write: write::<BCellCase>,
        derive: derive::<BCellCase>,
    },
    Kind {
        name: "car_t_expansion",
        about: "abnormal CAR-T expansion",
        write: write::<ExpansionCase>,
        derive: derive::<ExpansionCase>,
    },
    Kind {
        name: "visits",
        about: "scheduled visits, assessments and samples, and what became of each",
        write: write::<VisitsCase>,
        derive: derive::<VisitsCase>,
    },
    Kind {
        name: "vasopressor",
        about: "norepinephrine equivalent and high-dose vasopressors",
        write: write::<VasopressorCase>,
        derive: derive::<VasopressorCase>,
    },
    Kind {
        name: "carac",
        about: "CAR-T associated coagulopathy: DIC score, bleeding, management by CRS grade",
        write: write::<CaracCase>,
        derive: derive::<CaracCase>,
    },
    Kind {
        name: "infection_risk",
        about: "risk classes of fungal and other infection, COVID-19 pause, live vaccines",
        write: write::<InfectionRiskCase>,
        derive: derive::<InfectionRiskCase>,
    },
    Kind {
        name: "dose",
        about: "doses of lymphodepletion, tocilizumab, immunoglobulin, G-CSF and the product",
        write: write::<DoseCase>,
        derive: derive::<DoseCase>,
    },
    Kind {
        name: "tls",
        about: "laboratory tumor lysis syndrome",
        write: write::<TlsCase>,
        derive: derive::<TlsCase>,
    },
];
