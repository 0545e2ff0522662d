//! Properties of what is due and of completeness, over histories in any order.

#![expect(clippy::unwrap_used, reason = "a test that cannot read what it asked for has failed")]

use chrono::{Days, NaiveDate};
use clinical::criteria::visits::VisitState;
use clinical::due::{Completeness, completeness, due};
use clinical::form::Context;
use clinical::record::{Entries, Record};
use clinical::review::History;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::HashSet;

fn record(form: &str, content: &Value) -> Record {
    let form = clinical::forms::clinical(form).unwrap().1;
    let at = Context { today: NaiveDate::from_ymd_opt(2040, 1, 1).unwrap() };
    let (record, findings) =
        Record::from_json(form, &Entries::parse(content.to_string().as_bytes()).unwrap(), at);
    record.unwrap_or_else(|| panic!("{}: {findings:?}", form.name))
}

fn day(offset: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 3, 1).unwrap().checked_add_days(Days::new(offset)).unwrap()
}

/// What may happen to a patient infused on day 0.
#[derive(Debug, Clone)]
enum Event {
    Visit(u64),
    Response(u64, &'static str),
    Sample(u64),
    Contact(u64, &'static str),
    SecondInfusion(u64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (1_u64..1500).prop_map(Event::Visit),
        3 => ((1_u64..900), prop::sample::select(vec!["CMR", "PMR", "PMD"])).prop_map(|(d, c)| Event::Response(d, c)),
        4 => (1_u64..40).prop_map(Event::Sample),
        2 => ((1_u64..1500), prop::sample::select(vec!["ALIVE", "LOST", "WITHDRAWN", "DEAD"])).prop_map(|(d, s)| Event::Contact(d, s)),
        1 => (30_u64..600).prop_map(Event::SecondInfusion),
    ]
}

fn infusion(number: i32, date: NaiveDate) -> Record {
    record(
        "infusion",
        &json!({ "patient_id": "P", "infusion_number": number, "infusion_date": date, "product_code": "axi-cel", "weight_kg": 70.5,
            "dose_total_car_t": 1.4e8, "product_conformity": "IN_SPEC", "active_infection": "N", "vasopressor_hypotension": "N" }),
    )
}

/// The records of a patient, one a key.
fn records(events: &[Event]) -> Vec<Record> {
    let mut all = vec![
        record(
            "patient",
            &json!({ "patient_id": "P", "birth_year": 1960, "sex": "F", "consent_registry": "Y", "date_basis": "CALENDAR" }),
        ),
        record(
            "disease",
            &json!({ "patient_id": "P", "disease": "NHL", "diagnosis_date": "2020-02", "extramedullary": "N", "cns_involvement": "NONE", "prior_lines": 3 }),
        ),
        infusion(1, day(0)),
    ];
    let mut dead = false;
    for event in events {
        all.push(match event {
            Event::Visit(d) => record(
                "visit",
                &json!({ "patient_id": "P", "infusion_number": 1, "visit_date": day(*d), "planned_code": "UNSCHEDULED", "mode": "PHONE" }),
            ),
            Event::Response(d, category) => record(
                "response",
                &json!({ "patient_id": "P", "infusion_number": 1, "assessment_date": day(*d), "criteria": "LUGANO_PET", "reported_category": category }),
            ),
            Event::Sample(d) => record(
                "kinetics_sample",
                &json!({ "patient_id": "P", "infusion_number": 1, "collected_date": day(*d), "specimen": "PB", "assay": "QPCR", "sequence_number": 1,
                    "unit": "COPIES_UG", "below_lloq": false, "value": 500.0, "lod": 50.0, "lloq": 100.0 }),
            ),
            Event::Contact(d, "DEAD") if !dead => {
                dead = true;
                record(
                    "survival_status",
                    &json!({ "patient_id": "P", "last_contact": day(*d), "status": "DEAD", "death_date": day(*d), "cause_primary": "OTHER" }),
                )
            }
            Event::Contact(d, status) => {
                let status = if *status == "DEAD" { "ALIVE" } else { status };
                record("survival_status", &json!({ "patient_id": "P", "last_contact": day(*d), "status": status }))
            }
            Event::SecondInfusion(d) => infusion(2, day(*d)),
        });
    }
    let mut seen = HashSet::new();
    all.retain(|r| seen.insert((r.form().name, r.key())));
    all
}

fn history(records: &[Record]) -> History {
    History::new(records.iter().cloned().map(|r| ((), r)).collect()).0
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn states_follow_from_windows_and_the_order_of_records_does_not_matter(
        events in prop::collection::vec(event(), 0..25),
        as_of in 0_u64..2000,
        transferred in prop::option::of(0_u64..2000),
        seed in any::<u64>(),
    ) {
        let as_of = day(as_of);
        let transferred = transferred.map(day);
        let mut all = records(&events);
        let found = due(&history(&all), as_of, transferred);
        prop_assert!(!found.is_empty());
        let (mut named, mut met) = (HashSet::new(), HashSet::new());
        for point in &found {
            prop_assert!(named.insert((point.infusion_number, point.timetable, point.code)), "told twice: {point:?}");
            prop_assert!(point.window.from <= point.target_date && point.target_date <= point.window.to);
            prop_assert!(point.infusion_date <= as_of);
            let right = match point.state {
                VisitState::NotDue => as_of < point.window.from,
                VisitState::Due => point.window.from <= as_of && as_of <= point.target_date,
                VisitState::Overdue => point.target_date < as_of && as_of <= point.window.to,
                VisitState::Missed => point.window.to < as_of,
                VisitState::Met => point.visit.is_some_and(|v| {
                    (point.window.from..=point.window.to).contains(&v) && v <= as_of && met.insert((point.timetable, v))
                }),
                VisitState::Excluded => point.reason.is_some(),
            };
            prop_assert!(right, "{as_of}: {point:?}");
            prop_assert_eq!(point.visit.is_some(), point.state == VisitState::Met);
            prop_assert_eq!(point.reason.is_some(), point.state == VisitState::Excluded);
        }
        // Nothing is asked of anybody after death or transfer.
        let death = all.iter().filter(|r| r.form().name == "survival_status").filter_map(|r| r.to_json()["death_date"].as_str().map(|d| d.parse::<NaiveDate>().unwrap())).min();
        for end in [death, transferred].into_iter().flatten().filter(|e| *e <= as_of) {
            for point in found.iter().filter(|p| p.window.to >= end) {
                prop_assert!(matches!(point.state, VisitState::Met | VisitState::Excluded), "{end}: {point:?}");
            }
        }

        let figures = completeness(&history(&all), &found, as_of, transferred);
        prop_assert!(figures.person_time.observed <= figures.person_time.expected);
        prop_assert!(figures.critical_fields.part <= figures.critical_fields.of);
        if let Some(death) = death.filter(|d| *d <= as_of && transferred.is_none_or(|t| t >= *d)) {
            prop_assert_eq!(figures.person_time.observed, figures.person_time.expected);
            prop_assert_eq!(i64::try_from(figures.person_time.expected).unwrap(), (death - day(0)).num_days());
        }
        let mut twice = Completeness::default();
        twice.add(&figures);
        twice.add(&figures);
        prop_assert_eq!(twice.person_time.expected, 2 * figures.person_time.expected);
        prop_assert_eq!(twice.all_points().of, 2 * figures.all_points().of);

        // Another order of arrival.
        let length = all.len();
        for i in (1..length).rev() {
            let j = usize::try_from(seed.wrapping_mul(i as u64 + 1) >> 7).unwrap() % (i + 1);
            all.swap(i, j);
        }
        prop_assert_eq!(due(&history(&all), as_of, transferred), found);
    }
}
