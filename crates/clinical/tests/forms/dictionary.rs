//! The data dictionary as rows.

use clinical::dictionary::{entries, rules};

#[test]
fn fields_in_the_order_of_the_forms() {
    let entries = entries();
    let fields: usize = clinical::forms::ALL.iter().map(|form| form.fields.len()).sum();
    assert_eq!(entries.len(), fields);
    let of = |form: &str, field: &str| entries.iter().find(|e| e.form == form && e.field == field).unwrap();
    let flow = of("crs_day", "oxygen_flow_l_min");
    assert_eq!(
        (flow.r#type, flow.unit, flow.accepts.as_str()),
        ("decimal", "L/min", "a number from 0 to 80 L/min")
    );
    let device = of("crs_day", "oxygen_device");
    assert_eq!(device.r#type, "code");
    assert!(device.codes.starts_with("ROOM=") && device.codes.contains("; "), "{}", device.codes);
    assert!(of("crs_day", "patient_id").key && !device.key);
    assert!(
        entries.iter().filter(|e| e.requirement == "conditional").all(|e| e.required_when.contains(" is "))
    );
    assert!(
        entries.iter().any(|e| e.requirement == "conditional") && entries.iter().any(|e| e.r#type == "codes")
    );
}

#[test]
fn rules_by_scope() {
    let rules = rules();
    let scope = |id: &str| rules.iter().find(|r| r.rule == id).map(|r| (r.scope, r.severity));
    assert_eq!(scope("value.range"), Some(("record", "hard")));
    assert_eq!(scope("value.plausible_range"), Some(("record", "soft")));
    assert_eq!(scope("derived.icaht_early"), Some(("review", "soft")));
    assert_eq!(scope("icaht.early_1"), Some(("criterion", "")));
    let criteria = clinical::criteria::all().len();
    assert!(criteria > 200 && rules.len() > criteria);
}
