//! Parameters of the adherence report, and the measures they choose.

use chrono::NaiveDate;
use cohort::reports::parameters::{Checked, conf_level};
use cohort::{Fault, Faults, fault};
use measures::Guideline;
use measures::evaluate::Settings;
use measures::file::ParameterValue;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name under which a run sets the parameters that several measures share.
pub const SHARED: &str = "guideline";

/// Parameters of the adherence report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdherenceParameters {
    /// Which guideline; the version in force on the day of each infusion when absent.
    pub guideline: Option<String>,
    /// Ids of measures; all of the guideline when absent.
    pub measures: Option<Vec<String>>,
    /// Values of parameters, by measure and name, those that measures share under `guideline`; what is absent takes its default.
    pub parameters: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
    /// Data cutoff; the day the snapshot was taken when absent.
    pub cutoff: Option<NaiveDate>,
    /// Confidence level of every interval.
    pub conf_level: f64,
}

impl Default for AdherenceParameters {
    fn default() -> Self {
        Self { guideline: None, measures: None, parameters: BTreeMap::new(), cutoff: None, conf_level: 0.95 }
    }
}

impl Checked for AdherenceParameters {
    fn check(&mut self, faults: &mut Faults) {
        conf_level(self.conf_level, faults);
        if self.measures.as_ref().is_some_and(Vec::is_empty) {
            let fault = Fault::new("/measures", "an empty list asks for nothing").received("[]");
            faults.0.push(fault.expected("ids of measures, or no such member"));
        }
    }
}

/// The numbers of the measures asked for, and the parameters of the run.
///
/// A measure that another of `guidelines` has is no fault: infusions of one report may be judged by several versions.
pub(super) fn choose(
    guideline: &Guideline,
    guidelines: &[&Guideline],
    parameters: &AdherenceParameters,
) -> Result<(Vec<usize>, Settings), Faults> {
    let mut faults = Faults::default();
    let known = || guideline.measures.iter().map(|m| m.id.as_str()).collect::<Vec<_>>().join(", ");
    let somewhere = |id: &str| guidelines.iter().any(|g| g.measure(id).is_some());
    for (i, id) in parameters.measures.iter().flatten().enumerate().filter(|(_, id)| !somewhere(id)) {
        let fault =
            Fault::new(fault::pointer(&["measures", &i.to_string()]), "the guideline has no such measure");
        faults.0.push(fault.received(id).expected(format!("one of {}", known())));
    }
    let mut settings = Settings::defaults(guideline);
    for (id, values) in &parameters.parameters {
        let place = fault::pointer(&["parameters", id]);
        if id != SHARED && guideline.measure(id).is_none() {
            if !somewhere(id) {
                let fault = Fault::new(place, "the guideline has no such measure").received(id);
                faults.0.push(fault.expected(format!("{SHARED}, or one of {}", known())));
            }
            continue;
        }
        let before = faults.0.len();
        for (name, value) in values {
            set(guideline, &mut settings, (id, name), value, guidelines, &mut faults);
        }
        let impossible = guideline.measure(id).and_then(|m| measures::bounds::impossible(m, &settings));
        if let (Some(_), true) = (impossible, faults.0.len() == before) {
            let fault = Fault::new(place, "no number can keep both bounds of the measure");
            faults.0.push(fault.expected("the greatest value no less than the least"));
        }
    }
    let asked = |id: &String| parameters.measures.as_ref().is_none_or(|ids| ids.contains(id));
    let chosen =
        guideline.measures.iter().enumerate().filter(|(_, m)| asked(&m.id)).map(|(number, _)| number);
    faults.into_result((chosen.collect(), settings))
}

fn set(
    guideline: &Guideline,
    settings: &mut Settings,
    (id, name): (&str, &str),
    value: &serde_json::Value,
    guidelines: &[&Guideline],
    faults: &mut Faults,
) {
    let place = fault::pointer(&["parameters", id, name]);
    let full = if id == SHARED { name.to_owned() } else { format!("{id}.{name}") };
    let Some(index) = guideline.parameter(&full) else {
        if guidelines.iter().any(|g| g.parameter(&full).is_some()) {
            return;
        }
        let own = guideline
            .parameters
            .iter()
            .filter(|p| p.measure.as_deref() == Some(id).filter(|id| *id != SHARED));
        let names: Vec<&str> = own.map(|p| p.name.as_str()).collect();
        let expected = if names.is_empty() {
            "no parameters".to_owned()
        } else {
            format!("one of {}", names.join(", "))
        };
        faults
            .0
            .push(Fault::new(place, "the measure has no such parameter").received(name).expected(expected));
        return;
    };
    let read = match value {
        serde_json::Value::String(text) => Some(ParameterValue::Choice(text.clone())),
        serde_json::Value::Number(number) => number.as_f64().map(ParameterValue::Number),
        _ => None,
    };
    let refusal = match read {
        Some(value) => settings.set(guideline, index, value).err(),
        None => Some("expected a number or the name of a reading".to_owned()),
    };
    if let Some(expected) = refusal {
        let fault = Fault::new(place, "the value does not fit the parameter").received(fault::shorten(value));
        faults.0.push(fault.expected(expected));
    }
}
