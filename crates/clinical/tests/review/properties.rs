//! A review depends on the set of records, not on their order.

use crate::examples::by_patient;
use crate::support::{Asked, all_asked, coded, day, drug, form, infusion, lab, read, record, with};
use clinical::record::Record;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

/// The examples of one patient, and records that break every part of the review beside them.
fn pool() -> Vec<Record> {
    let mut records = by_patient().remove("P-0001").unwrap();
    records.extend([
        record("patient", json!({"birth_year": 2007})),
        record("disease", json!({"disease": "MM", "stage_system": null, "stage": null, "prior_lines": 2})),
        record("myeloma_baseline", json!({"m_type": "IgA"})),
        record("b_all_baseline", json!({"ph_positive": "Y", "fusion_genes": ["BCR_ABL1"]})),
        record("prior_line", json!({"line_number": 2, "drug_classes": ["PI"]})),
        record("lymphodepletion", json!({"course_number": 2, "start_date": day(-1), "end_date": day(0)})),
        infusion(2, -1),
        infusion(3, 100),
        record("infusion", json!({"infusion_number": 5, "dose_total_car_t": 1e9, "dose_per_kg_reported": null})),
        record("crs_episode", json!({"episode_number": 2, "max_grade": 5})),
        record("iec_hs", json!({"diagnosis_date": day(8), "items": ["TRANSAMINASES"], "ferritin_ug_l": null, "missing": {"ferritin_ug_l": "ND"}})),
        record("infection", json!({"episode_number": 2, "outcome": "DEATH"})),
        record("adverse_event", json!({"event_number": 2, "ctcae_grade": 5})),
        record("response", json!({"assessment_date": day(10), "reported_category": "PMD", "confirmed": "N", "confirmed_by": null})),
        record("response", json!({"assessment_date": day(200), "confirmed": "N", "confirmed_by": null})),
        record("subsequent_therapy", json!({"start_date": "2024-05"})),
        record("mrd", json!({"sensitivity": 1e-4})),
        record("vaccination", json!({"vaccination_date": day(50), "vaccine": "MMR", "platform": "LIVE_ATT", "live": "Y"})),
        record("survival_status", json!({"last_contact": day(90), "death_date": day(90), "status": "DEAD", "cause_primary": "SPM"})),
        record("survival_status", json!({"last_contact": day(300), "status": "LOST"})),
        read("medication", &with(drug(20, "GM_CSF", 5), json!({}))),
        read("medication", &with(drug(21, "TMP_SMX", -7), json!({"end_date": day(60)}))),
    ]);
    let tocilizumab = json!({"dose_value": 8.0, "dose_unit": "MG_KG", "start_time": "10:00"});
    records
        .extend((30..36).map(|n| read("medication", &with(drug(n, "TOCILIZUMAB", 3), tocilizumab.clone()))));
    records.extend(
        [
            coded("HBSAG", -10, "POS"),
            coded("HBCAB", -10, "POS"),
            coded("HCG", 30, "POS"),
            lab("CD4", 50, 100.0, "/uL"),
            lab("IGG", 50, 90.0, "g/L"),
            lab("WBC", 7, 0.3, "10^9/L"),
            lab("ALC", 7, 0.4, "10^9/L"),
            lab("LYMPH_PERCENT", 7, 50.0, "%"),
            lab("CD19_PERCENT", 7, 50.0, "%"),
            lab("CD19", 7, 150.0, "/uL"),
            with(lab("ALT", 8, 50.0, "U/L"), json!({"ref_high": 40.0})),
        ]
        .iter()
        .map(|value| read("laboratory", value)),
    );
    // One record of a key, the later one.
    let mut seen = BTreeSet::new();
    records.reverse();
    records.retain(|r| seen.insert((r.form().name, r.key())));
    records
}

#[test]
fn the_pool_breaks_most_rules() {
    let broken: BTreeSet<&str> = all_asked(&pool()).iter().map(|a| a.rule).collect();
    assert!(broken.len() >= 20, "{broken:?}");
}

fn subset_in_any_order() -> impl Strategy<Value = (Vec<Record>, Vec<Record>)> {
    let pool = pool();
    let size = pool.len();
    prop::sample::subsequence(pool, 1..=size)
        .prop_flat_map(|records| (Just(records.clone()), Just(records).prop_shuffle()))
}

fn sorted(mut asked: Vec<Asked>) -> Vec<Asked> {
    asked.sort();
    asked
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_arrival_does_not_matter((records, shuffled) in subset_in_any_order()) {
        let asked = all_asked(&records);
        prop_assert_eq!(&asked, &all_asked(&shuffled));
        prop_assert_eq!(sorted(asked.clone()), sorted(all_asked(&shuffled)));
    }

    #[test]
    fn what_is_asked_can_be_shown_at_its_record((records, _) in subset_in_any_order()) {
        let asked = all_asked(&records);
        let mut places = BTreeSet::new();
        for a in &asked {
            prop_assert!(a.field.is_empty() || form(a.form).field(a.field).is_some(), "{:?}", a);
            prop_assert!(a.expected.as_deref().is_some_and(|e| !e.is_empty()), "{:?}", a);
            prop_assert!(places.insert((a.rule, a.form, &a.key, a.field)), "asked twice: {:?}", a);
        }
    }

    #[test]
    fn days_that_are_far_off_do_not_panic(year in 1i32..=2026, records in subset_in_any_order()) {
        let moved = records.0.iter().map(|r| {
            let mut value = r.to_json();
            for (field, member) in value.as_object_mut().unwrap() {
                if field.ends_with("_date") && member.as_str().is_some_and(|d| d.len() == 10) {
                    *member = json!(format!("{year:04}-01-01"));
                }
            }
            let entries = clinical::record::Entries::parse(value.to_string().as_bytes()).unwrap();
            clinical::record::Record::from_json(r.form(), &entries, crate::support::context()).0
        });
        let moved: Vec<Record> = moved.flatten().collect();
        let _ = all_asked(&moved);
    }
}
