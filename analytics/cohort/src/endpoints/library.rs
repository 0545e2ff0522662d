//! The endpoint files: those that come with the program, or others.

use super::definition::{Endpoint, resolve};
use super::source::Source;
use crate::document::Placed;
use crate::error::ReportError;
use crate::fault::{Fault, Faults, pointer, shorten};
use clinical::field::{Kind, ValueSet};
use serde_json::{Map, Value, json};
use std::sync::OnceLock;

macro_rules! embedded {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../../definitions/endpoints/", $name, ".toml")))),+]
    };
}

/// The files that come with the program, in the order in which they are listed.
const EMBEDDED: &[(&str, &str)] = embedded![
    "sources",
    "os",
    "pfs",
    "efs",
    "dor",
    "ttnt",
    "nrm",
    "relapse",
    "progression",
    "next_line",
    "crs",
    "icans",
    "icaht",
    "infection",
    "second_malignancy",
    "hbv_reactivation",
    "b_cell_recovery",
    "neutrophil_recovery",
    "platelet_recovery",
    "igg_recovery",
    "mrd_negativity",
    "clfs",
];

/// One endpoint file.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// Its name.
    pub id: String,
    pub(super) document: Value,
}

/// Endpoint definitions and the sources they share.
#[derive(Debug, Clone, PartialEq)]
pub struct Library {
    sources: Vec<Source>,
    files: Vec<File>,
}

/// The library that comes with the program.
///
/// # Errors
///
/// [`ReportError::Endpoints`] when its files have faults; a test keeps them free of any.
pub fn library() -> Result<&'static Library, ReportError> {
    static LIBRARY: OnceLock<Result<Library, Faults>> = OnceLock::new();
    let read = LIBRARY.get_or_init(|| Library::from_files(EMBEDDED));
    read.as_ref().map_err(|faults| ReportError::Endpoints(faults.clone()))
}

impl Library {
    /// A library from the texts of `sources` and of endpoint files, by name.
    ///
    /// # Errors
    ///
    /// Every fault of every file, with the file and the JSON Pointer of the value.
    pub fn from_files(files: &[(&str, &str)]) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let mut library = Self { sources: Vec::new(), files: Vec::new() };
        for (name, text) in files {
            let document: Value = match toml::from_str(text) {
                Ok(document) => document,
                Err(error) => {
                    faults.0.push(Fault::new(*name, error.to_string()));
                    continue;
                }
            };
            if *name == "sources" {
                let sources = document.get("source").and_then(Value::as_object).into_iter().flatten();
                for (source, value) in sources {
                    let place = format!("{name}{}", pointer(&["source", source]));
                    library.sources.extend(Source::read(source, &Placed { value, place }, &mut faults));
                }
            } else {
                library.files.push(File { id: (*name).to_owned(), document });
            }
        }
        // Each endpoint is read with its defaults, so that a fault shows when the files are loaded.
        for file in &library.files {
            let asked = json!(file.id);
            let mut own = Faults::default();
            let _ = resolve(&library, &Placed { value: &asked, place: String::new() }, &mut own);
            faults.0.extend(own.0.into_iter().map(|mut fault| {
                fault.pointer = format!("{}{}", file.id, fault.pointer);
                fault
            }));
        }
        faults.into_result(library)
    }

    /// The ids of the endpoints.
    pub fn ids(&self) -> Vec<&str> {
        self.files.iter().map(|file| file.id.as_str()).collect()
    }

    /// A shared source.
    ///
    /// # Errors
    ///
    /// [`ReportError::Endpoints`] when there is none of that name.
    pub fn source(&self, name: &str) -> Result<&Source, ReportError> {
        self.sources.iter().find(|source| source.name == name).ok_or_else(|| {
            ReportError::Endpoints(Faults::one(Fault::new("sources", format!("there is no source `{name}`"))))
        })
    }

    /// An endpoint with the defaults of its parameters.
    ///
    /// # Errors
    ///
    /// [`ReportError::Parameters`] for an id there is none of.
    pub fn endpoint(&self, id: &str) -> Result<Endpoint, ReportError> {
        self.resolve(&json!(id), "/endpoint").map_err(ReportError::Parameters)
    }

    /// An endpoint as a request names it: its id, or an object of `endpoint`, `basis` and its parameters.
    ///
    /// # Errors
    ///
    /// Every fault, below `place`.
    pub fn resolve(&self, asked: &Value, place: &str) -> Result<Endpoint, Faults> {
        let mut faults = Faults::default();
        match resolve(self, &Placed { value: asked, place: place.to_owned() }, &mut faults) {
            Some(endpoint) => faults.into_result(endpoint),
            None => Err(faults),
        }
    }

    pub(super) fn file(&self, id: &str) -> Option<&File> {
        self.files.iter().find(|file| file.id == id)
    }

    pub(super) fn sources(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter()
    }
}

impl File {
    /// The parameters of a request, defaults filled in, each checked against its declaration.
    pub(super) fn parameters(
        &self,
        asked: &Map<String, Value>,
        place: &str,
        faults: &mut Faults,
    ) -> Option<Map<String, Value>> {
        let none = Map::new();
        let declared = self.document.get("parameter").and_then(Value::as_object).unwrap_or(&none);
        let before = faults.0.len();
        let mut filled = Map::new();
        for (name, declaration) in declared {
            let default = declaration.get("default").cloned().unwrap_or(Value::Null);
            let value = match asked.get(name).filter(|value| !value.is_null()) {
                None => default,
                Some(value) => {
                    let place = format!("{place}{}", pointer(&[name]));
                    match check(declaration, value) {
                        Ok(value) => value,
                        Err(expected) => {
                            let fault =
                                Fault::new(place, "the parameter is not accepted").received(shorten(value));
                            faults.0.push(fault.expected(expected));
                            continue;
                        }
                    }
                }
            };
            filled.insert(name.clone(), value);
        }
        for (name, value) in asked {
            if !declared.contains_key(name) && !matches!(name.as_str(), "endpoint" | "basis") {
                let known: Vec<&str> =
                    ["endpoint", "basis"].into_iter().chain(declared.keys().map(String::as_str)).collect();
                let fault = Fault::new(
                    format!("{place}{}", pointer(&[name])),
                    format!("endpoint `{}` has no parameter `{name}`", self.id),
                );
                faults
                    .0
                    .push(fault.received(shorten(value)).expected(format!("one of {}", known.join(", "))));
            }
        }
        (faults.0.len() == before).then_some(filled)
    }
}

/// The value of a parameter in normal form, or what would be accepted.
fn check(declaration: &Value, value: &Value) -> Result<Value, String> {
    if let Some(choices) = declaration.get("choices").and_then(Value::as_array) {
        let names: Vec<&str> = choices.iter().filter_map(Value::as_str).collect();
        return if choices.contains(value) {
            Ok(value.clone())
        } else {
            Err(format!("one of {}", names.join(", ")))
        };
    }
    if let Some(path) = declaration.get("codes").and_then(Value::as_str) {
        let set = value_set(path).ok_or_else(|| format!("nothing: `{path}` has no codes"))?;
        let all: Vec<&str> = set.codes.iter().map(|c| c.code).collect();
        let expected = || format!("a list of {}", all.join(", "));
        let mut codes = match value {
            Value::String(code) => vec![code.clone()],
            Value::Array(items) if !items.is_empty() => items
                .iter()
                .map(|i| i.as_str().map(str::to_owned))
                .collect::<Option<Vec<_>>>()
                .ok_or_else(expected)?,
            _ => return Err(expected()),
        };
        if codes.iter().any(|code| set.find(code).is_none()) {
            return Err(expected());
        }
        codes.sort();
        codes.dedup();
        return Ok(json!(codes));
    }
    let bound = |name: &str| declaration.get(name).and_then(Value::as_f64).unwrap_or_default();
    let (min, max) = (bound("min"), bound("max"));
    let whole = declaration.get("min").is_some_and(Value::is_i64);
    let fits = value.as_f64().is_some_and(|number| (min..=max).contains(&number))
        && (!whole || value.is_i64() || value.is_u64());
    if fits {
        Ok(value.clone())
    } else {
        Err(format!("a {} from {min} to {max}", if whole { "whole number" } else { "number" }))
    }
}

fn value_set(path: &str) -> Option<&'static ValueSet> {
    let (form, field) = path.split_once('.')?;
    let form = clinical::forms::CLINICAL.iter().find(|f| f.name == form)?;
    match form.field(field)?.1.kind {
        Kind::Coded(set) | Kind::Codes(set) => Some(set),
        _ => None,
    }
}
