//! The same seed gives the same bytes, in any order and among any number of patients.

use crate::support::registry;
use clinical::Form;
use clinical::forms::infusion::Infusion;
use std::collections::{BTreeMap, HashSet};
use synth::{Config, PatientRecords, Registry, ndjson_value, write_ndjson};

fn lines(patients: impl IntoIterator<Item = PatientRecords>) -> Vec<u8> {
    let mut out = Vec::new();
    for p in patients {
        out.extend_from_slice(p.center_id.as_str().as_bytes());
        out.push(b'\n');
        write_ndjson(&p.records, &mut out).expect("memory takes it");
    }
    out
}

#[test]
fn one_seed_gives_the_same_bytes_and_another_seed_others() {
    let first = lines(registry(7, 150).patients());
    assert!(first == lines(registry(7, 150).patients()));
    assert!(first != lines(registry(8, 150).patients()));
}

#[test]
fn a_patient_depends_neither_on_order_nor_on_the_number_of_patients_nor_on_threads() {
    let small = registry(5, 60);
    let forward: Vec<PatientRecords> = small.patients().collect();
    let large = registry(5, 1_000_000);
    let mut backward: Vec<PatientRecords> = (0..60).rev().filter_map(|k| large.patient(k)).collect();
    backward.reverse();
    assert!(forward == backward);
    assert!(forward.iter().eq(large.patients().take(60).collect::<Vec<_>>().iter()));
    let threaded: Vec<PatientRecords> = std::thread::scope(|scope| {
        let halves = [(0..30), (30..60)].map(|range| {
            let registry = &large;
            scope.spawn(move || range.filter_map(|k| registry.patient(k)).collect::<Vec<_>>())
        });
        halves.into_iter().flat_map(|h| h.join().expect("a thread")).collect()
    });
    assert!(forward == threaded);
}

/// Records of each form among the 600 patients of seed 1.
const FORMS: [&str; 43] = [
    "adverse_event 648",
    "apheresis 606",
    "b_all_baseline 70",
    "bridging 606",
    "coagulopathy 67",
    "covid_test 520",
    "crs_day 1842",
    "crs_episode 438",
    "daily_toxicity 9369",
    "disease 600",
    "hbv_course 606",
    "hospital_stay 718",
    "icaht 505",
    "icans_day 1600",
    "icans_episode 197",
    "iec_hs 15",
    "immunoglobulin 342",
    "infection 409",
    "infusion 597",
    "kinetics_sample 5936",
    "laboratory 77941",
    "lesion 3073",
    "leukemia_assessment 289",
    "lymphodepletion 602",
    "lymphodepletion_dose 3517",
    "lymphoma_assessment 1543",
    "medication 5416",
    "mrd 546",
    "myeloma_assessment 704",
    "myeloma_baseline 160",
    "nhl_baseline 370",
    "patient 600",
    "pretreatment_item 5148",
    "pretreatment_status 606",
    "prior_hct 153",
    "prior_line 1808",
    "response 1930",
    "second_malignancy 6",
    "subsequent_therapy 184",
    "survival_status 993",
    "transfusion 636",
    "vaccination 197",
    "visit 2439",
];

/// Changes when any draw changes: deliberate changes update it, accidental ones are found.
#[test]
fn the_registry_of_seed_1_is_the_known_one() {
    let registry = Registry::new(&Config::default()).expect("a registry");
    let mut forms: BTreeMap<&str, u32> = BTreeMap::new();
    for patient in registry.patients() {
        for record in &patient.records {
            *forms.entry(record.form().name).or_default() += 1;
        }
    }
    let counted: Vec<String> = forms.iter().map(|(form, n)| format!("{form} {n}")).collect();
    assert_eq!(counted, FORMS);
    let patient = registry.patient(0).expect("a patient");
    let infusion = patient.records.iter().find(|r| r.form().name == "infusion").expect("an infusion");
    assert_eq!(
        ndjson_value(infusion).to_string(),
        concat!(
            r#"{"form":"infusion","patient_id":"PDDSXN25B","infusion_number":1,"infusion_date":"2025-07-10","#,
            r#""product_code":"brexu-cel","batch":"BR25-13750","weight_kg":65.1,"dose_total_car_t":108000000.0,"viability_percent":86.5,"#,
            r#""product_conformity":"EXPANDED_ACCESS","active_infection":"N","vasopressor_hypotension":"N","thaw_to_infuse_min":9,"#,
            r#""start_time":"11:15","end_time":"11:30","ecog":1,"clinical_trial":"N"}"#,
        )
    );
}

#[test]
fn a_line_names_its_form_first_and_ends_with_a_line_feed() {
    let patient = registry(1, 1).patient(0).expect("a patient");
    let mut out = Vec::new();
    let written = write_ndjson(&patient.records, &mut out).expect("memory takes it");
    let text = String::from_utf8(out).expect("UTF-8");
    assert_eq!((written, text.lines().count()), (patient.records.len(), patient.records.len()));
    assert!(text.ends_with("}\n"));
    for (line, record) in text.lines().zip(&patient.records) {
        assert!(line.starts_with(&format!(r#"{{"form":"{}","patient_id":"#, record.form().name)), "{line}");
    }
}

#[test]
fn toxicity_rows_are_exactly_as_many_as_asked_for_with_their_parents() {
    let registry = registry(2, 3);
    for rows in [0_usize, 1, 14, 15, 16, 2_000] {
        let patients: Vec<PatientRecords> = registry.toxicity_rows(rows as u64).collect();
        let mut counted = 0;
        for patient in &patients {
            let mut infusions = HashSet::new();
            assert_eq!(patient.records[0].form().name, "patient");
            for record in &patient.records[1..] {
                let number = record.integer("infusion_number").expect("a number");
                if let Some(infusion) = Infusion::from_record(record) {
                    infusions.insert(infusion.infusion_number.get());
                } else {
                    assert_eq!(record.form().name, "daily_toxicity");
                    assert!(infusions.contains(&number));
                    counted += 1;
                }
            }
            assert!(!infusions.is_empty());
        }
        assert_eq!(counted, rows);
    }
}
