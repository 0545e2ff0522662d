//! Doses of the product, GM-CSF and tocilizumab.

use crate::support::{asked, day, drug, fires, infusion, read, record, silent, with};
use clinical::record::Record;
use serde_json::{Value, json};

const DOSE: &str = "treatment.product_dose";

fn infused(product: &str, weight: f64, cells: f64) -> Vec<Record> {
    let dose = json!({"product_code": product, "weight_kg": weight, "dose_total_car_t": cells, "dose_per_kg_reported": null});
    vec![record("infusion", dose)]
}

#[test]
fn the_dose_lies_within_the_range_of_the_product() {
    // Product, weight, doses on the bounds, doses just outside.
    let cases: [(&str, f64, &[f64], &[f64]); 9] = [
        ("axi-cel", 68.5, &[1.37e8, 1e6], &[1.371e8]),
        // The cap: 2e6/kg would be 2.4e8.
        ("axi-cel", 120.0, &[2e8], &[2.001e8]),
        ("relma-cel", 70.0, &[1e8, 1e6], &[1.001e8]),
        ("brexu-cel", 50.0, &[1e8], &[1.001e8]),
        // By weight up to 50 kg, above it 0.1 to 2.5e8 cells.
        ("tisa-cel", 40.0, &[8e6, 2e8], &[7.99e6, 2.01e8]),
        ("tisa-cel", 50.0, &[1e7, 2.5e8], &[9.99e6, 2.501e8]),
        ("tisa-cel", 90.0, &[1e7, 2.5e8], &[9.99e6, 2.501e8]),
        ("inati-cel", 60.0, &[2e7, 6e7], &[1.99e7, 6.01e7]),
        ("eque-cel", 33.3, &[3.33e7], &[3.34e7]),
    ];
    for (product, weight, inside, outside) in cases {
        for cells in inside {
            silent(&infused(product, weight, *cells), DOSE);
        }
        for cells in outside {
            let found = infused(product, weight, *cells);
            fires(
                &found,
                DOSE,
                &format!("infusion/dose_total_car_t {cells}"),
                &format!("({product} at {weight} kg)"),
            );
        }
    }
    fires(
        &infused("zevor-cel", 60.0, 1.51e8),
        DOSE,
        "infusion/dose_total_car_t 151000000",
        "at most 150000000 cells",
    );
    fires(
        &infused("tisa-cel", 40.0, 7e6),
        DOSE,
        "infusion/dose_total_car_t 7000000",
        "at least 8000000 and at most 200000000 cells",
    );
}

#[test]
fn a_dose_that_cannot_be_judged_is_not() {
    // No dose of the product is known, or no product.
    silent(&infused("liso-cel", 60.0, 1e10), DOSE);
    silent(&infused("unheard-of", 60.0, 1e10), DOSE);
    let unknown = |product: &str, cells: f64| {
        let dose = json!({"product_code": product, "weight_kg": null, "dose_total_car_t": cells, "dose_per_kg_reported": null, "missing": {"weight_kg": "NK"}});
        vec![record("infusion", dose)]
    };
    silent(&unknown("axi-cel", 2e8), DOSE);
    silent(&unknown("tisa-cel", 1e5), DOSE);
    // The cap holds for every weight.
    fires(&unknown("axi-cel", 2.01e8), DOSE, "infusion/dose_total_car_t 201000000", "(axi-cel)");
    let missing = json!({"dose_total_car_t": null, "dose_per_kg_reported": null, "missing": {"dose_total_car_t": "NK"}});
    silent(&[record("infusion", missing)], DOSE);
    let trial = json!({"dose_total_car_t": 5e8, "dose_per_kg_reported": null, "clinical_trial": "Y"});
    silent(&[record("infusion", trial)], DOSE);
}

#[test]
fn gm_csf_is_stopped_before_the_infusion() {
    let rule = "treatment.gm_csf";
    let given = |changes: Value| {
        let value = with(with(drug(1, "GM_CSF", -10), json!({"indication": "CYTOPENIA"})), changes);
        vec![infusion(1, 0), read("medication", &value)]
    };
    let stopped = "stopped before 2024-03-19 (infusion)";
    fires(&given(json!({"start_date": day(0)})), rule, "medication/start_date 2024-03-19", stopped);
    silent(&given(json!({"start_date": day(-1)})), rule);
    fires(&given(json!({"end_date": day(0)})), rule, "medication/end_date 2024-03-19", stopped);
    silent(&given(json!({"end_date": day(-1)})), rule);
    fires(&given(json!({"ongoing": true})), rule, "medication/ongoing true", stopped);
    silent(&given(json!({"ongoing": false})), rule);
    let unknown = json!({"start_date": null, "missing": {"start_date": "NK"}});
    silent(&given(unknown), rule);
    silent(&given(json!({"start_date": day(5), "drug": "PEG_G_CSF"})), rule);
    silent(&given(json!({"start_date": day(5)}))[1..], rule);
    // From the first infusion on, whichever comes later.
    assert_eq!(
        asked(&[given(json!({"start_date": day(5)})), vec![infusion(2, 100)]].concat(), rule).len(),
        1
    );
}

fn tocilizumab(number: i32, on: i64, changes: Value) -> Record {
    let base = json!({"indication": "CRS", "dose_value": 8.0, "dose_unit": "MG_KG", "weight_kg": 68.5, "frequency": "ONCE"});
    read("medication", &with(with(drug(number, "TOCILIZUMAB", on), base), changes))
}

fn at(number: i32, on: i64, time: &str) -> Record {
    tocilizumab(number, on, json!({"start_time": time}))
}

const INTERVAL: &str = "treatment.tocilizumab_interval";
const IN_A_DAY: &str = "treatment.tocilizumab_in_a_day";
const TOTAL: &str = "treatment.tocilizumab_total";

#[test]
fn doses_of_tocilizumab_are_eight_hours_apart() {
    fires(
        &[at(1, 3, "10:00"), at(2, 3, "17:59")],
        INTERVAL,
        "medication/start_date 2024-03-22 17:59",
        "8 hours or more after 2024-03-22 10:00",
    );
    silent(&[at(1, 3, "10:00"), at(2, 3, "18:00")], INTERVAL);
    assert_eq!(asked(&[at(1, 3, "20:00"), at(2, 4, "03:59")], INTERVAL).len(), 1);
    silent(&[at(1, 3, "20:00"), at(2, 4, "04:00")], INTERVAL);
    // Without the hours nothing is certain.
    silent(&[at(1, 3, "10:00"), tocilizumab(2, 3, json!({}))], INTERVAL);
    // The last dose of a record counts as well.
    let course = |end: &str| {
        tocilizumab(
            1,
            3,
            json!({"start_time": "01:00", "end_date": day(3), "end_time": end, "frequency": "Q8H"}),
        )
    };
    silent(&[course("09:00")], INTERVAL);
    fires(&[course("08:59")], INTERVAL, "medication/end_date 2024-03-22 08:59", "after 2024-03-22 01:00");
    assert_eq!(
        asked(&[course("17:00"), at(2, 4, "00:59")], INTERVAL),
        ["medication/start_date 2024-03-23 00:59"]
    );
    // Another drug is not counted.
    let other = read("medication", &with(drug(2, "SILTUXIMAB", 3), json!({"start_time": "11:00"})));
    silent(&[at(1, 3, "10:00"), other], INTERVAL);
}

#[test]
fn a_schedule_of_tocilizumab_is_every_eight_hours_at_most() {
    for (frequency, often) in [
        ("Q4H", true),
        ("Q6H", true),
        ("Q8H", false),
        ("Q12H", false),
        ("QD", false),
        ("ONCE", false),
        ("PRN", false),
    ] {
        let found = asked(&[tocilizumab(1, 3, json!({"frequency": frequency}))], INTERVAL);
        let expected = if often { vec![format!("medication/frequency {frequency}")] } else { vec![] };
        assert_eq!(found, expected);
    }
}

#[test]
fn tocilizumab_is_given_three_times_a_day_at_most() {
    let doses = |last: (i64, &str)| {
        vec![at(1, 3, "00:00"), at(2, 3, "08:00"), at(3, 3, "16:00"), at(4, last.0, last.1)]
    };
    fires(
        &doses((3, "23:59")),
        IN_A_DAY,
        "medication/start_date 2024-03-22 (dose 4 in 24 hours)",
        "at most 3 doses within 24 hours from 2024-03-22",
    );
    silent(&doses((4, "00:00")), IN_A_DAY);
    // Any four doses within 24 hours, not only of a calendar day.
    let night = [at(1, 3, "12:00"), at(2, 3, "20:00"), at(3, 4, "04:00"), at(4, 4, "11:59")];
    assert_eq!(asked(&night, IN_A_DAY).len(), 1);
    // On days only, four on one day are certain, and four on two days are not.
    let on_day = |number: i32, on: i64| tocilizumab(number, on, json!({}));
    assert_eq!(asked(&[on_day(1, 3), on_day(2, 3), on_day(3, 3), on_day(4, 3)], IN_A_DAY).len(), 1);
    silent(&[on_day(1, 3), on_day(2, 3), on_day(3, 3), on_day(4, 4)], IN_A_DAY);
    // Each record that is one too many is asked once.
    let six: Vec<Record> = (1..=6).map(|n| on_day(n, 3)).collect();
    assert_eq!(asked(&six, IN_A_DAY).len(), 3);
}

#[test]
fn tocilizumab_is_given_four_times_at_most() {
    let apart = |number: i32| tocilizumab(number, i64::from(number) * 2, json!({}));
    let four: Vec<Record> = [vec![infusion(1, 0)], (1..=4).map(apart).collect()].concat();
    silent(&four, TOTAL);
    let and = |more: Vec<Record>| [four.clone(), more].concat();
    fires(
        &and(vec![apart(5)]),
        TOTAL,
        "medication/start_date 2024-03-29 (dose 5 of 5 at least)",
        "at most 4 doses after infusion 1",
    );
    assert_eq!(
        asked(&and(vec![apart(5), apart(6)]), TOTAL),
        ["medication/start_date 2024-03-29 (dose 5 of 6 at least)"]
    );
    // Of another infusion, by its day or by its number, or before the first.
    silent(&and(vec![infusion(2, 9), apart(5)]), TOTAL);
    assert_eq!(asked(&and(vec![infusion(2, 10), apart(5)]), TOTAL).len(), 0);
    assert_eq!(asked(&and(vec![infusion(2, 11), apart(5)]), TOTAL).len(), 1);
    silent(&and(vec![tocilizumab(5, 10, json!({"infusion_number": 2}))]), TOTAL);
    assert_eq!(asked(&and(vec![tocilizumab(5, -1, json!({"infusion_number": 1}))]), TOTAL).len(), 1);
    silent(&and(vec![tocilizumab(5, -1, json!({}))]), TOTAL);
    let unknown = json!({"start_date": null, "infusion_number": 1, "missing": {"start_date": "NK"}});
    silent(&and(vec![tocilizumab(5, 10, unknown)]), TOTAL);
}

#[test]
fn a_schedule_tells_of_the_doses_that_are_certain() {
    // Of a course: the first dose, the last, and those of whole days between them.
    let course = |frequency: &str, last: i64, changes: Value| {
        let all = with(json!({"frequency": frequency, "end_date": day(last)}), changes);
        vec![infusion(1, 0), tocilizumab(1, 1, all)]
    };
    silent(&course("QD", 4, json!({})), TOTAL);
    assert_eq!(asked(&course("QD", 5, json!({})), TOTAL).len(), 1);
    silent(&course("Q12H", 2, json!({})), TOTAL);
    assert_eq!(asked(&course("Q12H", 4, json!({})), TOTAL).len(), 1);
    silent(&course("Q8H", 2, json!({})), TOTAL);
    assert_eq!(asked(&course("Q8H", 3, json!({})), TOTAL).len(), 1);
    // One dose a week, or one at all, has no days between.
    silent(&course("QD", 30, json!({"days_per_week": 6})), TOTAL);
    assert_eq!(asked(&course("QD", 30, json!({"days_per_week": 7})), TOTAL).len(), 1);
    silent(&course("ONCE", 30, json!({})), TOTAL);
    silent(&course("PRN", 30, json!({})), TOTAL);
    silent(&course("QD", 30, json!({"frequency": null})), TOTAL);
    silent(&course("QD", 30, json!({"end_date": null})), TOTAL);
    // A day with four doses in a schedule, and a course that never ends.
    assert_eq!(asked(&course("Q6H", 3, json!({})), IN_A_DAY).len(), 1);
    silent(&course("Q8H", 3, json!({})), IN_A_DAY);
    let long = vec![infusion(1, 0), tocilizumab(1, 1, json!({"frequency": "QD", "end_date": "2026-06-30"}))];
    assert_eq!(asked(&long, TOTAL), ["medication/start_date 2024-03-24 (dose 5 of 9 at least)"]);
}
