//! Laboratory results beside each other and beside IEC-HS.

use crate::support::{asked, day, disease, fires, lab, read, record, silent, with};
use clinical::record::Record;
use serde_json::{Value, json};

fn results(values: &[Value]) -> Vec<Record> {
    values.iter().map(|v| read("laboratory", v)).collect()
}

#[test]
fn the_b_cell_count_is_that_of_the_percentages() {
    let rule = "laboratory.b_cell_count";
    // 5 x 1000 x 20 % x 10 % = 100 per uL.
    let parts = || {
        vec![
            lab("WBC", 5, 5.0, "10^9/L"),
            lab("LYMPH_PERCENT", 5, 20.0, "%"),
            lab("CD19_PERCENT", 5, 10.0, "%"),
        ]
    };
    let counted = |count: Value| results(&[parts(), vec![count]].concat());
    let of = |count: f64| counted(lab("CD19", 5, count, "/uL"));
    silent(&of(120.0), rule);
    silent(&of(80.0), rule);
    fires(&of(120.1), rule, "laboratory/value 120.1 /uL", "100.0 /uL within 20 %");
    fires(&of(79.9), rule, "laboratory/value 79.9 /uL", "of 2024-03-24");
    // In any unit, on the same day only, of exact values only, of blood.
    assert_eq!(asked(&counted(lab("CD19", 5, 0.15, "10^9/L")), rule), ["laboratory/value 0.15 10^9/L"]);
    silent(&counted(lab("CD19", 6, 150.0, "/uL")), rule);
    silent(&counted(with(lab("CD19", 5, 150.0, "/uL"), json!({"comparator": "<"}))), rule);
    assert_eq!(
        asked(&counted(with(lab("CD19", 5, 150.0, "/uL"), json!({"comparator": "="}))), rule).len(),
        1
    );
    for (index, analyte) in ["WBC", "LYMPH_PERCENT", "CD19_PERCENT"].into_iter().enumerate() {
        let mut without = parts();
        without.remove(index);
        without.push(lab("CD19", 5, 150.0, "/uL"));
        silent(&results(&without), rule);
        let mut bound = [parts(), vec![lab("CD19", 5, 150.0, "/uL")]].concat();
        bound[index] = with(bound[index].clone(), json!({"comparator": "<"}));
        silent(&results(&bound), rule);
        if analyte != "CD19_PERCENT" {
            let mut marrow = [parts(), vec![lab("CD19", 5, 150.0, "/uL")]].concat();
            marrow[index] = with(marrow[index].clone(), json!({"specimen": "BM"}));
            silent(&results(&marrow), rule);
        }
    }
}

#[test]
fn several_results_of_a_day_leave_room() {
    let rule = "laboratory.b_cell_count";
    let second = |value: Value| with(value, json!({"sequence_number": 2}));
    let of = |count: f64| {
        results(&[
            lab("WBC", 5, 5.0, "10^9/L"),
            second(lab("WBC", 5, 10.0, "10^9/L")),
            lab("LYMPH_PERCENT", 5, 20.0, "%"),
            lab("CD19_PERCENT", 5, 10.0, "%"),
            lab("CD19", 5, count, "/uL"),
        ])
    };
    silent(&of(80.0), rule);
    silent(&of(240.0), rule);
    fires(&of(241.0), rule, "laboratory/value 241 /uL", "200.0 /uL");
    fires(&of(79.0), rule, "laboratory/value 79 /uL", "100.0 /uL");
}

#[test]
fn a_difference_of_one_b_cell_is_rounding() {
    let rule = "laboratory.b_cell_count";
    // 1 x 1000 x 10 % x 1 % = 1 per uL.
    let of = |count: f64, share: f64| {
        results(&[
            lab("WBC", 5, 1.0, "10^9/L"),
            lab("LYMPH_PERCENT", 5, 10.0, "%"),
            lab("CD19_PERCENT", 5, share, "%"),
            lab("CD19", 5, count, "/uL"),
        ])
    };
    silent(&of(2.0, 1.0), rule);
    silent(&of(0.0, 1.0), rule);
    assert_eq!(asked(&of(2.1, 1.0), rule).len(), 1);
    assert_eq!(asked(&of(0.0, 1.1), rule).len(), 1);
    silent(&of(0.6, 1.5), rule);
    silent(&of(0.0, 0.0), rule);
    silent(&of(1.0, 0.0), rule);
    assert_eq!(asked(&of(1.5, 0.0), rule).len(), 1);
}

#[test]
fn a_high_igg_is_of_an_igg_myeloma() {
    let rule = "laboratory.igg_without_igg_myeloma";
    let igg = |value: f64, changes: Value| read("laboratory", &with(lab("IGG", 5, value, "g/L"), changes));
    let plain = |value: f64| igg(value, json!({}));
    fires(&[disease("NHL"), plain(30.1)], rule, "laboratory/value 30.1 g/L", "at most 30 g/L (disease NHL)");
    silent(&[disease("NHL"), plain(30.0)], rule);
    assert_eq!(asked(&[disease("NHL"), igg(3010.0, json!({"unit": "mg/dL"}))], rule).len(), 1);
    silent(&[disease("NHL"), igg(3000.0, json!({"unit": "mg/dL"}))], rule);
    assert_eq!(
        asked(&[disease("NHL"), igg(30.0, json!({"comparator": ">"}))], rule),
        ["laboratory/value >30 g/L"]
    );
    silent(&[disease("NHL"), igg(29.0, json!({"comparator": ">"}))], rule);
    silent(&[disease("NHL"), igg(40.0, json!({"comparator": "<"}))], rule);
    silent(&[disease("NHL"), read("laboratory", &lab("IGA", 5, 40.0, "g/L"))], rule);
    silent(&[plain(40.0)], rule);
    let baseline = |isotype: &str| record("myeloma_baseline", json!({"m_type": isotype}));
    silent(&[disease("MM"), baseline("IgG"), plain(40.0)], rule);
    silent(&[disease("MM"), plain(40.0)], rule);
    let unknown = record("myeloma_baseline", json!({"m_type": null, "missing": {"m_type": "NK"}}));
    silent(&[disease("MM"), unknown, plain(40.0)], rule);
    fires(
        &[disease("MM"), baseline("IgA"), plain(40.0)],
        rule,
        "laboratory/value 40 g/L",
        "M-protein type IgA",
    );
}

const NEUTROPHILS: &str = "laboratory.neutrophils_above_leukocytes";
const LYMPHOCYTES: &str = "laboratory.lymphocytes_above_leukocytes";
const DIFFERENTIAL: &str = "laboratory.differential_above_leukocytes";

fn counts(anc: f64, alc: f64, wbc: f64) -> [Value; 3] {
    [lab("ANC", 5, anc, "10^9/L"), lab("ALC", 5, alc, "10^9/L"), lab("WBC", 5, wbc, "10^9/L")]
}

#[test]
fn no_part_exceeds_the_leukocytes() {
    silent(&results(&counts(4.0, 0.1, 4.0)), NEUTROPHILS);
    fires(
        &results(&counts(4.1, 0.1, 4.0)),
        NEUTROPHILS,
        "laboratory/value 4.1 10^9/L",
        "at most the leukocytes of the sample, 4 10^9/L",
    );
    silent(&results(&counts(0.1, 4.0, 4.0)), LYMPHOCYTES);
    fires(&results(&counts(0.1, 4.1, 4.0)), LYMPHOCYTES, "laboratory/value 4.1 10^9/L", "4 10^9/L");
    // Units do not matter.
    let [anc, _, wbc] = counts(1.0, 0.0, 1.0);
    let per_ul = |value: f64| with(anc.clone(), json!({"value": value, "unit": "/uL"}));
    silent(&results(&[per_ul(1000.0), wbc.clone()]), NEUTROPHILS);
    assert_eq!(asked(&results(&[per_ul(1001.0), wbc]), NEUTROPHILS), ["laboratory/value 1001 /uL"]);
}

#[test]
fn the_parts_together_exceed_the_leukocytes_by_ten_percent_at_most() {
    silent(&results(&counts(3.0, 1.4, 4.0)), DIFFERENTIAL);
    fires(
        &results(&counts(3.0, 1.41, 4.0)),
        DIFFERENTIAL,
        "laboratory/value 4 10^9/L",
        "neutrophils and lymphocytes of the sample, 4.410 10^9/L",
    );
    // What one part already shows is not asked twice.
    silent(&results(&counts(4.1, 1.0, 4.0)), DIFFERENTIAL);
    silent(&results(&counts(1.0, 4.1, 4.0)), DIFFERENTIAL);
    let [anc, alc, wbc] = counts(3.0, 3.0, 4.0);
    silent(&results(&[anc.clone(), wbc.clone()]), DIFFERENTIAL);
    silent(&results(&[alc.clone(), wbc]), DIFFERENTIAL);
    silent(&results(&[anc, alc]), DIFFERENTIAL);
}

#[test]
fn counts_are_compared_within_a_sample() {
    let [anc, _, wbc] = counts(5.0, 0.0, 4.0);
    assert_eq!(asked(&results(&[anc.clone(), wbc.clone()]), NEUTROPHILS).len(), 1);
    for other in
        [json!({"collected_date": day(6)}), json!({"sequence_number": 2}), json!({"specimen": "SERUM"})]
    {
        silent(&results(&[anc.clone(), with(wbc.clone(), other)]), NEUTROPHILS);
    }
    let timed = |value: &Value, time: &str| with(value.clone(), json!({"collected_time": time}));
    silent(&results(&[timed(&anc, "06:00"), timed(&wbc, "18:00")]), NEUTROPHILS);
    assert_eq!(asked(&results(&[timed(&anc, "06:00"), timed(&wbc, "06:00")]), NEUTROPHILS).len(), 1);
    assert_eq!(asked(&results(&[timed(&anc, "06:00"), wbc.clone()]), NEUTROPHILS).len(), 1);
    // A time that differs takes the part out of the sum as well.
    let [anc, alc, wbc] = counts(3.0, 3.0, 4.0);
    silent(&results(&[timed(&anc, "06:00"), timed(&alc, "18:00"), timed(&wbc, "18:00")]), DIFFERENTIAL);
}

#[test]
fn bounds_contradict_only_when_certain() {
    let [anc, _, wbc] = counts(5.0, 0.0, 4.0);
    let bound = |value: &Value, comparator: &str| with(value.clone(), json!({"comparator": comparator}));
    silent(&results(&[bound(&anc, "<"), wbc.clone()]), NEUTROPHILS);
    assert_eq!(
        asked(&results(&[bound(&anc, ">"), wbc.clone()]), NEUTROPHILS),
        ["laboratory/value >5 10^9/L"]
    );
    silent(&results(&[anc.clone(), bound(&wbc, ">")]), NEUTROPHILS);
    assert_eq!(asked(&results(&[anc.clone(), bound(&wbc, "<")]), NEUTROPHILS).len(), 1);
    let missing = json!({"value": null, "unit": null, "missing": {"value": "ND"}});
    silent(&results(&[with(anc.clone(), missing.clone()), wbc.clone()]), NEUTROPHILS);
    silent(&results(&[anc, with(wbc, missing)]), NEUTROPHILS);
}

fn iec_hs(changes: Value) -> Record {
    let base = json!({"diagnosis_date": day(20), "end_date": null, "items": ["CYTOPENIA"]});
    record("iec_hs", with(base, changes))
}

#[test]
fn iec_hs_rests_on_a_ferritin() {
    let rule = "laboratory.ferritin_expected";
    let without = |code: &str| iec_hs(json!({"ferritin_ug_l": null, "missing": {"ferritin_ug_l": code}}));
    fires(
        &[without("ND")],
        rule,
        "iec_hs/ferritin_ug_l ND",
        &format!("a ferritin within 3 days of {}", day(20)),
    );
    silent(&[iec_hs(json!({}))], rule);
    silent(&[without("PEND")], rule);
    let measured =
        |analyte: &str, on: i64| [without("NK"), read("laboratory", &lab(analyte, on, 900.0, "ug/L"))];
    for (on, near) in [(16, false), (17, true), (20, true), (23, true), (24, false)] {
        assert_eq!(asked(&measured("FERRITIN", on), rule).is_empty(), near, "day {on}");
    }
    assert_eq!(asked(&measured("PCT", 20), rule).len(), 1);
    let missing = with(
        lab("FERRITIN", 20, 1.0, "ug/L"),
        json!({"value": null, "unit": null, "missing": {"value": "ND"}}),
    );
    assert_eq!(asked(&[without("NK"), read("laboratory", &missing)], rule).len(), 1);
}

#[test]
fn the_transaminase_item_is_five_times_the_reference() {
    let rule = "laboratory.transaminases_of_iec_hs";
    let item = || iec_hs(json!({"items": ["TRANSAMINASES", "CYTOPENIA"]}));
    let enzyme = |analyte: &str, on: i64, value: f64, changes: Value| {
        read("laboratory", &with(with(lab(analyte, on, value, "U/L"), json!({"ref_high": 40.0})), changes))
    };
    let alt = |value: f64| enzyme("ALT", 20, value, json!({}));
    fires(
        &[item(), alt(200.0)],
        rule,
        "iec_hs/items TRANSAMINASES",
        &format!("highest 5.0 times, ALT of {}", day(20)),
    );
    silent(&[item(), alt(200.1)], rule);
    silent(&[iec_hs(json!({})), alt(100.0)], rule);
    silent(&[item()], rule);
    // Either enzyme suffices, and the highest is told.
    silent(&[item(), alt(100.0), enzyme("AST", 21, 300.0, json!({}))], rule);
    fires(
        &[item(), alt(100.0), enzyme("AST", 21, 120.0, json!({}))],
        rule,
        "iec_hs/items TRANSAMINASES",
        &format!("highest 3.0 times, AST of {}", day(21)),
    );
    for (on, near) in [(16, false), (17, true), (23, true), (24, false)] {
        assert_eq!(
            asked(&[item(), enzyme("ALT", on, 100.0, json!({}))], rule).len(),
            usize::from(near),
            "day {on}"
        );
    }
    // What cannot be compared may be above.
    silent(&[item(), alt(100.0), enzyme("AST", 21, 120.0, json!({"ref_high": null}))], rule);
    silent(&[item(), enzyme("ALT", 20, 100.0, json!({"comparator": ">"}))], rule);
    assert_eq!(asked(&[item(), enzyme("ALT", 20, 100.0, json!({"comparator": "<"}))], rule).len(), 1);
    silent(&[item(), enzyme("ALT", 20, 0.0, json!({"ref_high": 0.0}))], rule);
    silent(&[item(), enzyme("LDH", 20, 100.0, json!({}))], rule);
}
