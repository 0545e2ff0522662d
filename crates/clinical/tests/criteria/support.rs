//! Runs a case through its public door.

use clinical::criteria::case::{Case, Fault, derive};
use clinical::criteria::{At, Provenance, Trace};
use serde_json::Value;

/// The printed line and the trace of a case.
pub(crate) struct Line {
    pub(crate) value: Value,
    pub(crate) trace: Trace,
    pub(crate) unknown: Vec<String>,
}

pub(crate) fn try_run<C: Case>(case: &Value) -> Result<Line, Fault> {
    let mut trace = Trace::new();
    let decided = derive::<C>(&case.to_string(), &mut trace)?;
    Ok(Line { value: decided.line, trace, unknown: decided.unknown })
}

pub(crate) fn run<C: Case>(case: &Value) -> Line {
    let line = try_run::<C>(case).unwrap_or_else(|fault| panic!("{case}: {fault}"));
    assert_eq!(line.unknown, Vec::<String>::new(), "{case}");
    line
}

pub(crate) fn fault<C: Case>(case: &Value) -> Fault {
    match try_run::<C>(case) {
        Ok(line) => panic!("{case} was accepted: {}", line.value),
        Err(fault) => fault,
    }
}

impl Line {
    /// The result, or a member of it by JSON Pointer.
    pub(crate) fn result(&self, pointer: &str) -> &Value {
        self.value
            .pointer(&format!("/result{pointer}"))
            .unwrap_or_else(|| panic!("{pointer}: {}", self.value))
    }

    pub(crate) fn missing(&self) -> Vec<&str> {
        self.value["missing"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
    }

    pub(crate) fn conclusion(&self, at: At) -> Option<&'static str> {
        self.trace.conclusion(at)
    }

    /// What the steps of one question conclude.
    pub(crate) fn conclusion_of(&self, question: &str) -> Option<&'static str> {
        let dotted = format!("{question}.");
        let of = self.trace.steps().iter().filter(|step| step.criterion.id.starts_with(&dotted));
        of.filter_map(|step| step.concludes).next_back()
    }

    /// Provenance of a step that was looked at.
    pub(crate) fn provenance(&self, rule: &str) -> Option<Provenance> {
        self.trace.steps().iter().find(|step| step.criterion.id == rule).map(|step| step.criterion.provenance)
    }

    pub(crate) fn verdict(&self, rule: &str) -> Option<&'static str> {
        self.trace.steps().iter().find(|step| step.criterion.id == rule).map(|step| step.verdict.name())
    }
}
