//! Limits that no vector of the catalogue touches: tolerances, hints on units, what counts as none, and what a trace shows.

mod absence;
mod counts;
mod measurement;
mod response;
mod toxicity;

use clinical::criteria::Trace;
use clinical::criteria::case::{Fault, KINDS};
use serde_json::Value;

fn derive(kind: &str, case: &Value) -> Result<Value, Fault> {
    let kind = KINDS.iter().find(|k| k.name == kind).unwrap();
    (kind.derive)(&case.to_string(), &mut Trace::new()).map(|decided| decided.line)
}

fn result(kind: &str, case: &Value) -> Value {
    derive(kind, case).unwrap_or_else(|fault| panic!("{case}: {fault}"))["result"].clone()
}

fn missing(kind: &str, case: &Value) -> Value {
    derive(kind, case).unwrap()["missing"].clone()
}

fn pointer(kind: &str, case: &Value) -> Option<String> {
    derive(kind, case).err().map(|fault| fault.pointer)
}

/// Verdicts of a rule, in the order of the trace.
fn verdicts(kind: &str, case: &Value, rule: &str) -> Vec<String> {
    let line = derive(kind, case).unwrap();
    let steps = line["trace"].as_array().unwrap().iter().filter(|step| step["rule"] == rule);
    steps.map(|step| step["verdict"].as_str().unwrap().to_owned()).collect()
}
