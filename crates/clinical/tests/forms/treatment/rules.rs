//! Every rule fires on its side and not on the other.

use super::{EXAMPLES, form, found, pair, with};
use serde_json::Value;

/// `(changes that break the rule, rule, field, changes just on the other side)`.
pub(crate) type Case = (Value, &'static str, &'static str, Value);

pub(crate) fn check(name: &str, cases: &[Case]) {
    for (broken, rule, field, kept) in cases {
        assert_eq!(found(name, &with(name, broken)), vec![pair(rule, field)], "{name} {broken}");
        assert_eq!(found(name, &with(name, kept)), vec![], "{name} {kept}");
    }
    if SHARED.contains(&name) {
        return;
    }
    let mut told: Vec<&str> = cases.iter().map(|c| c.1).collect();
    told.sort_unstable();
    told.dedup();
    let mut rules: Vec<&str> = form(name).rules.iter().map(|r| r.id).collect();
    rules.sort_unstable();
    assert_eq!(told, rules, "every rule of {name} has a case");
}

/// Forms whose earlier rules have their cases elsewhere, and the forms whose rules are all here.
const SHARED: &[&str] = &["patient", "disease", "infusion", "lymphodepletion", "center", "product"];
const HERE: &[&str] = &[
    "lab_reference_range",
    "center_assay",
    "nhl_baseline",
    "myeloma_baseline",
    "b_all_baseline",
    "prior_line",
    "prior_hct",
    "pretreatment_item",
    "pretreatment_status",
    "apheresis",
    "bridging",
    "lymphodepletion_dose",
    "medication",
    "hospital_stay",
];

#[test]
fn every_form_has_its_cases() {
    let listed = EXAMPLES.iter().map(|(name, _)| *name).filter(|name| !SHARED.contains(name));
    assert_eq!(listed.collect::<Vec<_>>(), HERE);
}

#[test]
fn which_rules_only_query() {
    let soft: Vec<&str> = HERE
        .iter()
        .chain(["patient", "disease", "infusion"].iter())
        .flat_map(|name| form(name).rules)
        .filter(|r| r.severity == clinical::rule::Severity::Soft)
        .map(|r| r.id)
        .collect();
    let expected = [
        "nhl_baseline.double_hit",
        "myeloma_baseline.below_measurable",
        "myeloma_baseline.other_compartment",
        "myeloma_baseline.normal_ratio",
        "myeloma_baseline.non_secretory",
        "myeloma_baseline.plasmacytoma_without_emd",
        "b_all_baseline.blasts_in_remission",
        "prior_hct.gvhd_after_autologous",
        "pretreatment_status.low_lvef",
        "pretreatment_status.pregnant",
        "pretreatment_status.uncontrolled_infection",
        "apheresis.active_infection",
        "apheresis.count_old",
        "lymphodepletion_dose.dose_plausible",
        "lymphodepletion_dose.unit_unusual",
        "medication.tocilizumab_plausible",
        "medication.g_csf_plausible",
        "patient.consent_unknown",
        "patient.pseudo_anchor",
        "disease.system_of_disease",
        "disease.burden_undefined",
        "disease.early_diagnosis",
        "infusion.active_infection",
        "infusion.vasopressor_hypotension",
        "infusion.long_infusion",
        "infusion.dose_per_kg",
    ];
    assert_eq!(soft, expected);
}
