//! Families of measures: one text, several members.

use crate::file::{MeasureFile, ParameterFile, ParameterValue, Texts};
use std::collections::BTreeMap;
use toml::Spanned;

/// The measures of an entry: itself, or one for each member with the member's values in place of `{name}`.
///
/// The value of each member's names; an error names what is wrong.
pub(super) fn members(measure: MeasureFile) -> Result<Vec<MeasureFile>, String> {
    if measure.each.is_empty() {
        return Ok(vec![measure]);
    }
    let names: Vec<&String> = measure.each.first().map(|m| m.keys().collect()).unwrap_or_default();
    let mut found = Vec::new();
    for (place, member) in measure.each.iter().enumerate() {
        if member.keys().collect::<Vec<_>>() != names {
            return Err(format!(
                "member {} of `each` has other names than the first; expected {}",
                place + 1,
                names.iter().map(|n| n.as_str()).collect::<Vec<_>>().join(", ")
            ));
        }
        let mut values = BTreeMap::new();
        for (name, value) in member {
            let text = match value {
                toml::Value::String(text) => text.clone(),
                toml::Value::Integer(n) => n.to_string(),
                toml::Value::Float(n) => n.to_string(),
                _ => {
                    return Err(format!(
                        "`{name}` of member {} of `each` is neither a text nor a number",
                        place + 1
                    ));
                }
            };
            values.insert(format!("{{{name}}}"), text);
        }
        let mut one = measure.clone();
        one.each = Vec::new();
        fill(&mut one, &values);
        found.push(one);
    }
    for name in names {
        let marker = format!("{{{name}}}");
        let debug = format!("{measure:?}");
        if !debug.contains(&marker) {
            return Err(format!(
                "`{name}` of `each` is used nowhere; expected {marker} in some text of the measure"
            ));
        }
    }
    Ok(found)
}

type Values = BTreeMap<String, String>;

fn replaced(text: &str, values: &Values) -> String {
    values.iter().fold(text.to_owned(), |text, (marker, value)| text.replace(marker, value))
}

fn string(text: &mut String, values: &Values) {
    if text.contains('{') {
        *text = replaced(text, values);
    }
}

fn clause(text: &mut Spanned<String>, values: &Values) {
    string(text.as_mut(), values);
}

fn texts(texts: &mut Texts, values: &Values) {
    string(&mut texts.en, values);
    string(&mut texts.zh, values);
}

fn parameter(parameter: &mut ParameterFile, values: &Values) {
    texts(&mut parameter.note, values);
    let choice = parameter.unit.as_ref().is_some_and(|u| u.get_ref() == "choice");
    for value in std::iter::once(&mut parameter.default).chain(&mut parameter.alternatives) {
        if let ParameterValue::Choice(text) = value.as_mut() {
            string(text, values);
            if let (false, Ok(number)) = (choice, text.parse()) {
                *value.as_mut() = ParameterValue::Number(number);
            }
        }
    }
}

fn fill(measure: &mut MeasureFile, values: &Values) {
    clause(&mut measure.id, values);
    texts(&mut measure.title, values);
    texts(&mut measure.text, values);
    for optional in [&mut measure.remarks, &mut measure.not_computable].into_iter().flatten() {
        texts(optional, values);
    }
    for text in [&mut measure.level_as_printed, &mut measure.wording].into_iter().flatten() {
        string(text, values);
    }
    for section in measure.section.as_mut() {
        string(section, values);
    }
    for optional in [&mut measure.population, &mut measure.numerator].into_iter().flatten() {
        clause(optional, values);
    }
    for exclusion in &mut measure.exclusions {
        clause(&mut exclusion.when, values);
        texts(&mut exclusion.reason, values);
    }
    for shown in measure.shown.values_mut() {
        clause(&mut shown.is, values);
        texts(&mut shown.label, values);
    }
    for one in measure.parameters.values_mut() {
        parameter(one, values);
    }
}
