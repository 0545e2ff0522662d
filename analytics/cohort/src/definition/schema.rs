//! The JSON schema of cohort definitions.

use super::features::{HIGH_RISK, TRANSPLANTS};
use super::{AGE, EndAt, FARTHEST, LINES};
use clinical::codes::Disease;
use clinical::codes::treatment::DrugClass;
use clinical::field::{Kind, ValueSet};
use clinical::form::FormDescriptor;
use clinical::forms::disease::{Stage, StageSystem};
use clinical::forms::patient::Sex;
use serde_json::{Map, Value, json};

/// Where the schema is published.
pub const ID: &str = "https://sequela.dev/schema/cohort-1.json";

fn codes(set: &ValueSet) -> Value {
    let codes: Vec<&str> = set.codes.iter().map(|c| c.code).collect();
    json!({ "type": "array", "minItems": 1, "items": { "enum": codes } })
}

fn names(list: &[&str]) -> Value {
    json!({ "type": "array", "minItems": 1, "items": { "enum": list } })
}

fn closed(properties: &Value) -> Value {
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

fn whole((min, max): (i32, i32)) -> Value {
    json!({ "type": "integer", "minimum": min, "maximum": max })
}

fn bounds(range: (i32, i32)) -> Value {
    json!({ "oneOf": [whole(range), closed(&json!({ "min": whole(range), "max": whole(range) }))] })
}

/// What may be asked of a field.
fn test(kind: &Kind) -> Value {
    let known = json!({ "type": "boolean" });
    match kind {
        Kind::Integer { .. } | Kind::Decimal { .. } => {
            let number = json!({ "type": "number" });
            json!({ "oneOf": [number, closed(&json!({ "min": number, "max": number, "known": known }))] })
        }
        Kind::Flag => json!({ "oneOf": [known, closed(&json!({ "known": known }))] }),
        Kind::Date | Kind::PartialDate => {
            let date = json!({ "type": "string", "format": "date" });
            closed(&json!({ "from": date, "to": date, "known": known }))
        }
        Kind::Coded(set) | Kind::Codes(set) => {
            let list = codes(set);
            json!({ "oneOf": [list["items"], list, closed(&json!({ "in": list, "known": known }))] })
        }
        Kind::Text { .. } => {
            let list = json!({ "type": "array", "minItems": 1, "items": { "type": "string" } });
            json!({ "oneOf": [{ "type": "string" }, list, closed(&json!({ "in": list, "known": known }))] })
        }
        Kind::Time => closed(&json!({ "known": known })),
    }
}

/// Records of one form.
fn records(form: &FormDescriptor) -> Value {
    let day = whole((-FARTHEST, FARTHEST));
    let dates: Vec<&str> = form
        .fields
        .iter()
        .filter(|f| matches!(f.kind, Kind::Date | Kind::PartialDate))
        .map(|f| f.name)
        .collect();
    let asked: Map<String, Value> = form.fields.iter().map(|f| (f.name.to_owned(), test(&f.kind))).collect();
    let mut properties = json!({
        "form": { "const": form.name },
        "where": closed(&Value::Object(asked)),
        "at_least": { "type": "integer", "minimum": 1, "maximum": 10_000 },
        "of": { "enum": ["patient", "infusion"] },
    });
    if !dates.is_empty() {
        properties["window"] = closed(&json!({
            "from": day, "to": day, "relative_to": { "enum": ["infusion", "index"] }, "date": { "enum": dates },
        }));
    }
    let mut object = closed(&properties);
    object["title"] = json!(form.en);
    object["required"] = json!(["form"]);
    object
}

/// The schema of cohort definitions, JSON Schema 2020-12.
pub fn schema() -> Value {
    let forms: Vec<&FormDescriptor> =
        clinical::forms::CLINICAL.iter().copied().filter(|f| f.field("patient_id").is_some()).collect();
    let single =
        forms.iter().filter(|f| f.key.iter().all(|key| matches!(*key, "patient_id" | "infusion_number")));
    let fields: Vec<String> =
        single.flat_map(|f| f.fields.iter().map(|field| format!("{}.{}", f.name, field.name))).collect();
    let criterion = json!({ "$ref": "#/$defs/criterion" });
    let list = json!({ "type": "array", "minItems": 1, "items": criterion });
    let of_records = json!({ "oneOf": forms.iter().map(|f| records(f)).collect::<Vec<_>>() });
    let only = |name: &str, value: &Value| {
        let mut object = closed(&json!({ name: value }));
        object["required"] = json!([name]);
        object
    };
    let therapies: Vec<&str> =
        DrugClass::SET.codes.iter().map(|c| c.code).chain(TRANSPLANTS.map(|(name, _)| name)).collect();
    let therapies = names(&therapies);
    let date = json!({ "type": "string", "format": "date" });
    let texts = json!({ "type": "array", "minItems": 1, "items": { "type": "string", "minLength": 1 } });
    let number = json!({ "type": "number" });
    let infusions = super::members::infusion_numbers();
    let properties = json!({
        "$schema": { "type": "string" },
        "version": { "const": 1 },
        "name": { "type": "string", "minLength": 1, "maxLength": 200, "description": "What people call the cohort." },
        "description": { "type": "string" },
        "infusion_number": { "type": "integer", "minimum": infusions.min, "maximum": infusions.max, "default": 1 },
        "disease": codes(Disease::SET),
        "product": texts,
        "center": texts,
        "sex": codes(Sex::SET),
        "age": bounds(AGE), "age_min": whole(AGE), "age_max": whole(AGE),
        "period": closed(&json!({ "from": date, "to": date })), "infused_from": date, "infused_to": date,
        "line": bounds((1, LINES.1 + 1)), "prior_lines": bounds(LINES), "prior_lines_min": whole(LINES), "prior_lines_max": whole(LINES),
        "stage_system": codes(StageSystem::SET),
        "stage": codes(Stage::SET),
        "high_risk": names(&HIGH_RISK.map(|(name, _, _)| name)),
        "prior_therapy": { "oneOf": [therapies, closed(&json!({ "any": therapies, "all": therapies, "none": therapies }))] },
        "index": { "oneOf": [{ "enum": ["infusion", "apheresis"] }, only("landmark", &whole((1, FARTHEST)))] },
        "criteria": { "oneOf": [criterion, list] },
        "definitions": { "type": "object", "additionalProperties": criterion },
        "follow_up": closed(&json!({ "max_days": whole((1, FARTHEST)), "end_at": names(&EndAt::ALL.map(|(_, name)| name)) })),
        "data_cutoff": date,
    });
    let field = json!({
        "type": "object", "additionalProperties": false, "required": ["field"],
        "properties": {
            "field": { "enum": fields }, "in": { "type": "array", "minItems": 1 }, "min": number, "max": number,
            "from": date, "to": date, "known": { "type": "boolean" },
        },
    });
    let mut schema = closed(&properties);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["$id"] = json!(ID);
    schema["title"] = json!("Cohort definition");
    schema["$defs"] = json!({
        "criterion": { "oneOf": [
            only("all", &list), only("any", &list), only("none", &list),
            only("has", &json!({ "$ref": "#/$defs/records" })), only("has_not", &json!({ "$ref": "#/$defs/records" })),
            field, only("ref", &json!({ "type": "string" })),
        ] },
        "records": of_records,
    });
    schema
}
