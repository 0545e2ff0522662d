//! Parameters of the adherence report, and the measures they choose.

use crate::library::{DEFAULT_GUIDELINE, Guideline};
use crate::measure::{Measure, Settings, Value};
use cohort::reports::parameters::{Checked, conf_level};
use cohort::{Fault, Faults, fault};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Parameters of the adherence report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdherenceParameters {
    /// Which guideline.
    pub guideline: String,
    /// Ids of measures; all of the guideline when absent.
    pub measures: Option<Vec<String>>,
    /// Values of parameters, by measure and name; what is absent takes its default.
    pub parameters: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
    /// Confidence level of every interval.
    pub conf_level: f64,
}

impl Default for AdherenceParameters {
    fn default() -> Self {
        Self {
            guideline: DEFAULT_GUIDELINE.to_owned(),
            measures: None,
            parameters: BTreeMap::new(),
            conf_level: 0.95,
        }
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

/// The measures asked for with the values of their parameters.
pub(super) fn choose<'a>(
    guideline: &'a Guideline,
    parameters: &AdherenceParameters,
) -> Result<Vec<(&'a Measure, Settings)>, Faults> {
    let mut faults = Faults::default();
    let known = || guideline.measures.iter().map(|m| m.id.as_str()).collect::<Vec<_>>().join(", ");
    if let Some(ids) = &parameters.measures {
        for (i, id) in ids.iter().enumerate().filter(|(_, id)| guideline.measure(id).is_none()) {
            let place = fault::pointer(&["measures", &i.to_string()]);
            faults.0.push(
                Fault::new(place, "the guideline has no such measure")
                    .received(id)
                    .expected(format!("one of {}", known())),
            );
        }
    }
    for (id, values) in &parameters.parameters {
        let Some(measure) = guideline.measure(id) else {
            let place = fault::pointer(&["parameters", id]);
            faults.0.push(
                Fault::new(place, "the guideline has no such measure")
                    .received(id)
                    .expected(format!("one of {}", known())),
            );
            continue;
        };
        for (name, value) in values {
            let place = fault::pointer(&["parameters", id, name]);
            let Some(parameter) = measure.parameters.get(name) else {
                let names: Vec<&str> = measure.parameters.keys().map(String::as_str).collect();
                let fault = Fault::new(place, "the measure has no such parameter").received(name);
                faults.0.push(fault.expected(format!("one of {}", names.join(", "))));
                continue;
            };
            if !read(value).is_some_and(|v| parameter.unit.accepts(&v)) {
                let fault =
                    Fault::new(place, "the value does not fit the parameter").received(fault::shorten(value));
                faults.0.push(fault.expected(parameter.unit.expected()));
            }
        }
    }
    let asked = |measure: &Measure| parameters.measures.as_ref().is_none_or(|ids| ids.contains(&measure.id));
    let mut chosen = Vec::new();
    for measure in guideline.measures.iter().filter(|m| asked(m)) {
        let mut settings = measure.defaults();
        for (name, value) in parameters.parameters.get(&measure.id).into_iter().flatten() {
            if let (Some(place), Some(value)) = (settings.get_mut(name), read(value)) {
                *place = value;
            }
        }
        let refused = faults
            .0
            .iter()
            .any(|f| f.pointer.starts_with(&format!("{}/", fault::pointer(&["parameters", &measure.id]))));
        if !refused && measure.window(&settings).is_impossible() {
            let place = fault::pointer(&["parameters", &measure.id]);
            faults.0.push(
                Fault::new(place, "the window ends before it starts")
                    .expected("the greatest interval no less than the least"),
            );
        }
        chosen.push((measure, settings));
    }
    faults.into_result(chosen)
}

fn read(value: &serde_json::Value) -> Option<Value> {
    match value {
        serde_json::Value::String(text) => Some(Value::Reading(text.clone())),
        serde_json::Value::Number(number) => {
            number.as_i64().and_then(|n| i32::try_from(n).ok()).map(Value::Number)
        }
        _ => None,
    }
}
