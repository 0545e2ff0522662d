//! Cohort definitions: which infusions a report is about.
//!
//! A JSON object. Every member is optional; `{}` is everybody with a first infusion. All members must hold together.
//!
//! ```json
//! { "name": "LBCL, axi-cel, adults", "disease": ["NHL"], "product": ["axi-cel"], "age_min": 18 }
//! ```

use crate::digest::sha256;
use crate::fault::{Fault, Faults, pointer, read_document, shorten};
use chrono::NaiveDate;
use clinical::codes::{Disease, InfusionNumber};
use clinical::field::{FieldValue, Kind, ValueSet, nearest};
use clinical::forms::patient::Sex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The definition as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    name: Option<String>,
    disease: Option<Vec<String>>,
    product: Option<Vec<String>>,
    center: Option<Vec<String>>,
    infusion_number: Option<i64>,
    infused_from: Option<String>,
    infused_to: Option<String>,
    sex: Option<Vec<String>>,
    age_min: Option<i64>,
    age_max: Option<i64>,
}

/// A cohort of infusions, checked and normalized: lists sorted and without repetitions, defaults filled in. Two
/// definitions that mean the same have the same bytes as JSON, and the same [`sha256`](Self::sha256).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CohortDefinition {
    /// What people call it.
    pub name: String,
    /// Number of the infusion of each patient; 1 unless asked otherwise.
    pub infusion_number: i32,
    /// Codes of products.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<Vec<String>>,
    /// Codes of centers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub center: Option<Vec<String>>,
    /// Codes of diseases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disease: Option<Vec<String>>,
    /// Codes of sexes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sex: Option<Vec<String>>,
    /// Least age at infusion, in years: calendar year of the infusion less year of birth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_min: Option<i32>,
    /// Greatest age at infusion, in years.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_max: Option<i32>,
    /// First day of infusion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub infused_from: Option<NaiveDate>,
    /// Last day of infusion, inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub infused_to: Option<NaiveDate>,
}

impl Default for CohortDefinition {
    fn default() -> Self {
        Self {
            name: "all first infusions".to_owned(),
            infusion_number: 1,
            product: None,
            center: None,
            disease: None,
            sex: None,
            age_min: None,
            age_max: None,
            infused_from: None,
            infused_to: None,
        }
    }
}

impl CohortDefinition {
    /// Reads a definition from JSON text.
    ///
    /// # Errors
    ///
    /// Every fault at once: with line and column when the text is not JSON, with a JSON Pointer otherwise.
    pub fn parse(text: &str) -> Result<Self, Faults> {
        let not_json = |e: serde_json::Error| Faults::one(Fault::new("", format!("this is not JSON: {e}")));
        let value: Value = serde_json::from_str(text).map_err(not_json)?;
        let definition = Self::from_json(&value)?;
        // A `Value` keeps the last of two members with one name; reading the text as the type finds the repetition.
        if value.is_object() {
            serde_json::from_str::<Written>(text).map_err(|e| Faults::one(Fault::new("", e.to_string())))?;
        }
        Ok(definition)
    }

    /// Reads a definition from a JSON value; `null` is the empty definition.
    ///
    /// # Errors
    ///
    /// Every fault at once, each with its JSON Pointer.
    pub fn from_json(value: &Value) -> Result<Self, Faults> {
        let written: Written = read_document(value)?;
        let mut faults = Faults::default();
        let definition = Self {
            name: name(written.name, &mut faults),
            infusion_number: whole_number(
                "infusion_number",
                written.infusion_number,
                InfusionNumber::KIND,
                &mut faults,
            )
            .unwrap_or(1),
            product: codes("product", written.product, None, &mut faults),
            center: codes("center", written.center, None, &mut faults),
            disease: codes("disease", written.disease, Some(Disease::SET), &mut faults),
            sex: codes("sex", written.sex, Some(Sex::SET), &mut faults),
            age_min: whole_number("age_min", written.age_min, AGE, &mut faults),
            age_max: whole_number("age_max", written.age_max, AGE, &mut faults),
            infused_from: date("infused_from", written.infused_from, &mut faults),
            infused_to: date("infused_to", written.infused_to, &mut faults),
        };
        if let (Some(min), Some(max)) = (definition.age_min, definition.age_max)
            && max < min
        {
            faults.0.push(
                Fault::new("/age_max", "the greatest age is below the least")
                    .received(max)
                    .expected(format!("{min} or more")),
            );
        }
        if let (Some(from), Some(to)) = (definition.infused_from, definition.infused_to)
            && to < from
        {
            faults.0.push(
                Fault::new("/infused_to", "the period ends before it starts")
                    .received(to)
                    .expected(format!("{from} or later")),
            );
        }
        faults.into_result(definition)
    }

    /// The normalized definition as compact JSON: what [`sha256`](Self::sha256) is computed over.
    pub fn canonical(&self) -> String {
        // Strings, integers and dates only: there is no value here that JSON cannot hold.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// SHA-256 of [`canonical`](Self::canonical).
    pub fn sha256(&self) -> String {
        sha256(self.canonical().as_bytes())
    }

    /// Whether a criterion needs real calendar dates or the year of birth, which pseudo-anchored patients lack.
    pub fn needs_calendar(&self) -> bool {
        self.age_min.is_some()
            || self.age_max.is_some()
            || self.infused_from.is_some()
            || self.infused_to.is_some()
    }
}

const AGE: Kind = Kind::Integer { min: 0, max: 120 };

fn name(written: Option<String>, faults: &mut Faults) -> String {
    const LONGEST: usize = 200;
    let Some(name) = written else { return CohortDefinition::default().name };
    let length = name.chars().count();
    if name.trim().is_empty() || length > LONGEST || name.chars().any(char::is_control) {
        let fault = Fault::new("/name", "the name is empty, too long or holds control characters")
            .received(shorten(&Value::from(name.clone())))
            .expected(format!("text of 1 to {LONGEST} characters"));
        faults.0.push(fault);
    }
    name.trim().to_owned()
}

fn whole_number(field: &str, written: Option<i64>, kind: Kind, faults: &mut Faults) -> Option<i32> {
    let Kind::Integer { min, max } = kind else { return None };
    let value = written?;
    match i32::try_from(value) {
        Ok(number) if (min..=max).contains(&number) => Some(number),
        _ => {
            let fault = Fault::new(pointer(&[field]), "the number is out of range").received(value);
            faults.0.push(fault.expected(kind.expected()));
            None
        }
    }
}

fn date(field: &str, written: Option<String>, faults: &mut Faults) -> Option<NaiveDate> {
    let text = written?;
    if let Ok(clinical::Cell::Date(date)) = Kind::Date.parse_text(&text) {
        return Some(date);
    }
    let fault =
        Fault::new(pointer(&[field]), "this is not a date that exists").received(shorten(&Value::from(text)));
    faults.0.push(fault.expected(Kind::Date.expected()));
    None
}

fn codes(
    field: &str,
    written: Option<Vec<String>>,
    set: Option<&ValueSet>,
    faults: &mut Faults,
) -> Option<Vec<String>> {
    let mut codes = written?;
    if codes.is_empty() {
        faults.0.push(
            Fault::new(pointer(&[field]), "an empty list selects nobody")
                .received("[]")
                .expected("one code or more, or no such member"),
        );
    }
    for (i, code) in codes.iter().enumerate() {
        let known = set.is_none_or(|set| set.find(code).is_some());
        if known && !code.trim().is_empty() {
            continue;
        }
        let list = set.map_or_else(String::new, |set| {
            let all: Vec<&str> = set.codes.iter().map(|c| c.code).collect();
            let near = nearest(code, all.iter().copied()).map(|near| format!("; did you mean {near}?"));
            format!("one of {}{}", all.join(", "), near.unwrap_or_default())
        });
        let expected = if list.is_empty() { "a code".to_owned() } else { list };
        let place = pointer(&[field, &i.to_string()]);
        faults.0.push(
            Fault::new(place, "there is no such code")
                .received(Value::from(code.as_str()))
                .expected(expected),
        );
    }
    codes.sort();
    codes.dedup();
    Some(codes)
}
