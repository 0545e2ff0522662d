//! What must be given, what may be declared missing, and what depends on another field.

use super::{EXAMPLES, example, form, found, pair, with};
use clinical::Kind;
use clinical::MissingCode;
use clinical::form::Requirement;
use serde_json::{Value, json};

/// `form: required fields`.
const REQUIRED: &[(&str, &str)] = &[
    ("lab_reference_range", ""),
    ("center_assay", "lloq"),
    ("nhl_baseline", "histology path_date cd19_result gi_involved"),
    ("myeloma_baseline", "m_type light_chain measurable_type emd_type"),
    ("b_all_baseline", "ph_positive blast_percent disease_status cns_status"),
    ("prior_line", "start_date end_date drug_classes best_response is_bridging"),
    ("prior_hct", "hct_type hct_date"),
    ("pretreatment_item", "done"),
    ("pretreatment_status", "assessment_date ecog life_expectancy_wk ice_baseline"),
    ("apheresis", "apheresis_date alc active_infection outcome"),
    ("bridging", "given"),
    ("lymphodepletion_dose", "given"),
    ("medication", "drug indication start_date"),
    ("hospital_stay", "ward admission_date discharge_date"),
    ("infusion", "weight_kg dose_total_car_t product_conformity active_infection vasopressor_hypotension"),
];

const DOSED: &str = "TOCILIZUMAB DEXAMETHASONE METHYLPREDNISOLONE PREDNISONE HYDROCORTISONE ANAKINRA G_CSF IVIG FLUDARABINE CYCLOPHOSPHAMIDE BENDAMUSTINE";

/// `(form, field, other field, its values)`.
const CONDITIONAL: &[(&str, &str, &str, &str)] = &[
    ("nhl_baseline", "fl_grade", "histology", "FL_1_3A FL_3B"),
    ("myeloma_baseline", "baseline_m_serum", "measurable_type", "SERUM BOTH"),
    ("myeloma_baseline", "baseline_m_urine", "measurable_type", "URINE BOTH"),
    ("myeloma_baseline", "baseline_kappa", "measurable_type", "FLC_ONLY"),
    ("myeloma_baseline", "baseline_lambda", "measurable_type", "FLC_ONLY"),
    ("myeloma_baseline", "baseline_bmpc", "measurable_type", "MARROW_ONLY"),
    ("myeloma_baseline", "baseline_circulating_pc", "measurable_type", "CIRC_PC_ONLY"),
    ("myeloma_baseline", "plasmacytoma_spd", "measurable_type", "PLASMACYTOMA_ONLY"),
    ("prior_line", "relapse_date", "relapsed", "Y"),
    ("prior_hct", "gvhd_active", "hct_type", "ALLO"),
    ("prior_hct", "immunosuppression", "hct_type", "ALLO"),
    ("pretreatment_item", "assessment_date", "done", "Y"),
    ("pretreatment_status", "pregnancy_test", "childbearing_potential", "Y"),
    ("bridging", "modalities", "given", "Y"),
    ("bridging", "start_date", "given", "Y"),
    ("bridging", "end_date", "given", "Y"),
    ("lymphodepletion_dose", "dose_value", "given", "Y"),
    ("lymphodepletion_dose", "dose_unit", "given", "Y"),
    ("medication", "dose_value", "drug", DOSED),
    ("medication", "dose_unit", "drug", DOSED),
    ("medication", "drug_name", "drug", "OTHER"),
];

#[test]
fn the_requirements_are_the_catalogue_s() {
    let mut conditional = Vec::new();
    for (name, required) in REQUIRED {
        let fields = form(name).fields;
        let of = |r: Requirement| fields.iter().filter(move |f| f.requirement == r).map(|f| f.name);
        assert_eq!(of(Requirement::Required).collect::<Vec<_>>().join(" "), *required, "{name}");
        for field in fields {
            if let Requirement::Conditional(when) = field.requirement {
                conditional.push((*name, field.name, when.field, when.values.join(" ")));
            }
        }
    }
    let expected: Vec<_> = CONDITIONAL.iter().map(|(a, b, c, d)| (*a, *b, *c, (*d).to_owned())).collect();
    assert_eq!(conditional, expected);
}

fn without(name: &str, field: &str, missing: Option<&str>, changes: &Value) -> Vec<(String, String)> {
    let mut value = with(name, changes);
    value.as_object_mut().unwrap().shift_remove(field);
    if let Some(code) = missing {
        value["missing"] = json!({field: code});
    }
    found(name, &value)
}

#[test]
fn mandatory_required_and_optional_fields() {
    for (name, _) in EXAMPLES {
        for field in form(name).fields {
            let absent = without(name, field.name, None, &json!({}));
            let of = |rule: &str| pair(rule, field.name);
            match field.requirement {
                Requirement::Mandatory => {
                    assert_eq!(absent, vec![of("value.mandatory")], "{name}.{}", field.name);
                    let coded = without(name, field.name, Some("NK"), &json!({}));
                    assert_eq!(coded, vec![of("value.mandatory")], "{name}.{}", field.name);
                }
                Requirement::Required => {
                    assert!(absent.contains(&of("value.required")), "{name}.{}", field.name);
                    for code in MissingCode::ALL {
                        let coded = without(name, field.name, Some(code.code()), &json!({}));
                        assert!(coded.contains(&of("completeness.missing")), "{name}.{}", field.name);
                        assert!(!coded.contains(&of("value.required")), "{name}.{}", field.name);
                    }
                    if !example(name)[field.name].is_null() {
                        let both = with(name, &json!({"missing": {field.name: "NK"}}));
                        assert!(found(name, &both).contains(&of("value.missing_with_value")));
                    }
                }
                Requirement::Optional | Requirement::Computed | Requirement::Conditional(_) => {
                    assert!(!absent.contains(&of("value.mandatory")), "{name}.{}", field.name);
                    let conditional = matches!(field.requirement, Requirement::Conditional(_));
                    assert!(conditional || !absent.contains(&of("value.required")), "{name}.{}", field.name);
                }
            }
        }
    }
}

#[test]
fn conditional_fields_are_required_under_their_condition_only() {
    for (name, field, other, values) in CONDITIONAL {
        let values: Vec<&str> = values.split(' ').collect();
        let (_, decider) = form(name).field(other).unwrap();
        let Kind::Coded(set) = decider.kind else { panic!("{name}.{other} is not coded") };
        let (required, declared) = (pair("value.required", field), pair("completeness.missing", field));
        for code in set.codes {
            let changes = json!({*other: code.code});
            let absent = without(name, field, None, &changes);
            assert_eq!(
                absent.contains(&required),
                values.contains(&code.code),
                "{name}.{field} {}",
                code.code
            );
            let coded = without(name, field, Some("ND"), &changes);
            assert!(!coded.contains(&required) && coded.contains(&declared), "{name}.{field}");
        }
        let undecided = without(name, field, None, &json!({*other: null}));
        assert!(!undecided.contains(&required), "{name}.{field} without {other}");
    }
}

#[test]
fn a_missing_code_stands_in_the_cell_of_a_csv_file() {
    let form = form("apheresis");
    let columns: Vec<usize> = (0..form.fields.len()).collect();
    let row = ["P-0001", "1", "1", "2024-02-20", "ND", "", "", "", "", "N", "PEND", ""];
    let (record, findings) = clinical::Record::from_text(form, &columns, row.into_iter(), super::context());
    assert_eq!(findings.iter().map(clinical::Finding::pointer).collect::<Vec<_>>(), ["/alc", "/outcome"]);
    assert_eq!(record.unwrap().to_json()["missing"], json!({"alc": "ND", "outcome": "PEND"}));
}
