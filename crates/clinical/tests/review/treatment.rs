//! Lymphodepletion, prior lines, age, BCR-ABL and pregnancy.

use crate::support::{asked, coded, day, disease, fires, infusion, read, record, silent, with};
use clinical::record::Record;
use serde_json::{Value, json};

const GAP: &str = "treatment.lymphodepletion_gap";

fn course(number: i32, end: i64) -> Record {
    record(
        "lymphodepletion",
        json!({"course_number": number, "start_date": day(end - 2), "end_date": day(end)}),
    )
}

#[test]
fn the_gap_from_lymphodepletion_to_infusion_depends_on_the_disease() {
    // Disease, days that are usual, days on either side that are not.
    for (code, usual, unusual) in [
        ("NHL", [2, 21], vec![1, 22]),
        ("MM", [1, 7], vec![8]),
        ("B_ALL", [2, 7], vec![1, 8]),
        ("OTHER", [1, 60], vec![]),
    ] {
        for days in usual {
            silent(&[disease(code), course(1, -days), infusion(1, 0)], GAP);
        }
        for days in unusual {
            fires(
                &[disease(code), course(1, -days), infusion(1, 0)],
                GAP,
                &format!("lymphodepletion/end_date {}", day(-days)),
                &format!("{} to {} days before 2024-03-19 (infusion 1, {code})", usual[0], usual[1]),
            );
        }
    }
}

#[test]
fn a_course_that_ends_with_the_infusion_or_later_is_asked_about_once() {
    for end in [0, 3] {
        let records = [disease("NHL"), course(1, end), infusion(1, 0)];
        silent(&records, GAP);
        assert_eq!(asked(&records, "chronology.lymphodepletion_after_infusion").len(), 1);
    }
}

#[test]
fn the_last_course_of_the_infusion_counts() {
    silent(&[disease("NHL"), course(1, -40), course(2, -3), infusion(1, 0)], GAP);
    assert_eq!(
        asked(&[disease("NHL"), course(1, -40), course(2, -22), infusion(1, 0)], GAP),
        [format!("lymphodepletion/end_date {}", day(-22))]
    );
    silent(&[disease("NHL"), course(1, -40), infusion(2, 0)], GAP);
    silent(&[course(1, -40), infusion(1, 0)], GAP);
    silent(&[disease("NHL"), course(1, -40)], GAP);
    // A second course of which the end is not known may have ended in time, but not earlier than the first.
    let unknown = record(
        "lymphodepletion",
        json!({"course_number": 2, "start_date": day(-10), "end_date": null, "missing": {"end_date": "NK"}}),
    );
    silent(&[disease("NHL"), course(1, -40), unknown.clone(), infusion(1, 0)], GAP);
    assert_eq!(asked(&[disease("NHL"), course(1, -1), unknown, infusion(1, 0)], GAP).len(), 1);
    // A course that was not given has no end.
    let none = record(
        "lymphodepletion",
        json!({"course_number": 2, "regimen": "NONE", "start_date": null, "end_date": null, "missing": {"start_date": "NA", "end_date": "NA"}}),
    );
    assert_eq!(asked(&[disease("NHL"), course(1, -40), none, infusion(1, 0)], GAP).len(), 1);
}

fn lines(classes: &[&str]) -> Vec<Record> {
    let line = |(number, class): (usize, &&str)| {
        record(
            "prior_line",
            json!({"line_number": number + 1, "drug_classes": class.split(';').collect::<Vec<_>>()}),
        )
    };
    classes.iter().enumerate().map(line).collect()
}

fn myeloma(prior_lines: i32) -> Record {
    record(
        "disease",
        json!({"disease": "MM", "stage_system": null, "stage": null, "prior_lines": prior_lines}),
    )
}

#[test]
fn the_prior_lines_are_those_recorded() {
    let rule = "treatment.prior_lines";
    let stated = |number: i32| vec![record("disease", json!({"prior_lines": number}))];
    let recorded = |number: i32, more: Vec<Record>| [stated(number), lines(&["CD20", "CD20"]), more].concat();
    silent(&recorded(2, vec![]), rule);
    for number in [1, 3] {
        fires(
            &recorded(number, vec![]),
            rule,
            &format!("disease/prior_lines {number}"),
            "2 (prior lines recorded",
        );
    }
    let third = |bridging: Value, missing: Value| {
        vec![record("prior_line", json!({"line_number": 3, "is_bridging": bridging, "missing": missing}))]
    };
    // Bridging is no line, and what may be bridging counts as one or none.
    silent(&recorded(2, third(json!(true), json!({}))), rule);
    assert_eq!(asked(&recorded(2, third(json!(false), json!({}))), rule).len(), 1);
    let unknown = third(Value::Null, json!({"is_bridging": "NK"}));
    silent(&recorded(2, unknown.clone()), rule);
    silent(&recorded(3, unknown.clone()), rule);
    fires(&recorded(4, unknown.clone()), rule, "disease/prior_lines 4", "2 to 3");
    fires(&recorded(1, unknown), rule, "disease/prior_lines 1", "2 to 3");
    fires(&[stated(2), lines(&["CD20"])].concat(), rule, "disease/prior_lines 2", "1 (prior lines");
    // Lines that nobody has entered yet say nothing, nor does a number that is not known.
    silent(&stated(2), rule);
    silent(&[stated(2), third(json!(true), json!({}))].concat(), rule);
    let missing = record("disease", json!({"prior_lines": null, "missing": {"prior_lines": "NK"}}));
    silent(&[vec![missing], lines(&["CD20"])].concat(), rule);
}

#[test]
fn myeloma_is_treated_after_three_lines() {
    let rule = "treatment.myeloma_lines";
    fires(&[myeloma(2)], rule, "disease/prior_lines 2", "at least 3");
    silent(&[myeloma(3)], rule);
    silent(&[record("disease", json!({"prior_lines": 2}))], rule);
    let trial = |answer: &str| record("infusion", json!({"infusion_date": day(0), "clinical_trial": answer}));
    silent(&[myeloma(2), trial("Y")], rule);
    assert_eq!(asked(&[myeloma(2), trial("UNK")], rule).len(), 1);
}

#[test]
fn myeloma_is_treated_after_proteasome_inhibitor_and_imid() {
    let rule = "treatment.myeloma_exposure";
    let with_lines = |classes: &[&str]| [vec![myeloma(3)], lines(classes)].concat();
    silent(&with_lines(&["PI", "IMID", "CD38"]), rule);
    silent(&with_lines(&["PI;IMID", "CD38", "CD38"]), rule);
    fires(
        &with_lines(&["PI", "CD38", "CD38;OTHER"]),
        rule,
        "prior_line/drug_classes CD38;OTHER",
        "IMID in one of the 3 prior lines",
    );
    fires(&with_lines(&["IMID", "CD38", "CD38"]), rule, "prior_line/drug_classes CD38", "PI in one of");
    fires(
        &with_lines(&["CD38", "CD38", "CD38"]),
        rule,
        "prior_line/drug_classes CD38",
        "PI and IMID in one of",
    );
    // Lines that are not all recorded may hold them.
    silent(&with_lines(&["PI", "CD38"]), rule);
    let unknown = record(
        "prior_line",
        json!({"line_number": 3, "drug_classes": null, "missing": {"drug_classes": "NK"}}),
    );
    silent(&[with_lines(&["PI", "CD38"]), vec![unknown]].concat(), rule);
    // Of bridging nothing counts.
    let bridging =
        record("prior_line", json!({"line_number": 4, "drug_classes": ["IMID"], "is_bridging": true}));
    assert_eq!(asked(&[with_lines(&["PI", "CD38", "CD38"]), vec![bridging]].concat(), rule).len(), 1);
    silent(
        &[vec![record("disease", json!({"prior_lines": 3}))], lines(&["PI", "CD38", "CD38"])].concat(),
        rule,
    );
}

#[test]
fn b_all_is_treated_from_eighteen_years_on() {
    let rule = "treatment.b_all_age";
    let born = |year: i32| record("patient", json!({"birth_year": year}));
    // In 2024 who was born in 2007 is 16 or 17, who was born in 2006 may be 18.
    fires(
        &[born(2007), disease("B_ALL"), infusion(1, 0)],
        rule,
        "patient/birth_year 2007",
        "2006 or earlier: 18 years on 2024-03-19",
    );
    silent(&[born(2006), disease("B_ALL"), infusion(1, 0)], rule);
    // Level II above 65 is covered.
    silent(&[born(1940), disease("B_ALL"), infusion(1, 0)], rule);
    silent(&[born(2007), disease("NHL"), infusion(1, 0)], rule);
    silent(&[born(2007), disease("B_ALL")], rule);
    // Age at the first infusion; not after it was born.
    assert_eq!(asked(&[born(2007), disease("B_ALL"), infusion(1, 0), infusion(2, 700)], rule).len(), 1);
    assert_eq!(asked(&[born(2024), disease("B_ALL"), infusion(1, 0)], rule).len(), 1);
    silent(&[born(2025), disease("B_ALL"), infusion(1, 0)], rule);
    let anchored = record("patient", json!({"birth_year": 2007, "date_basis": "PSEUDO_ANCHOR"}));
    silent(&[anchored, disease("B_ALL"), infusion(1, 0)], rule);
    let unknown = record("patient", json!({"birth_year": null, "missing": {"birth_year": "NK"}}));
    silent(&[unknown, disease("B_ALL"), infusion(1, 0)], rule);
    let trial = record("infusion", json!({"clinical_trial": "Y"}));
    silent(&[born(2007), disease("B_ALL"), trial], rule);
}

#[test]
fn a_ph_positive_leukemia_is_tested_for_bcr_abl() {
    let rule = "treatment.bcr_abl_test";
    let baseline = |ph: &str| {
        let genes = if ph == "Y" { json!(["BCR_ABL1"]) } else { Value::Null };
        record("b_all_baseline", json!({"ph_positive": ph, "fusion_genes": genes}))
    };
    let test = |method: &str| record("mrd", json!({"method": method, "sensitivity": 1e-5}));
    fires(&[baseline("Y"), infusion(1, 0)], rule, "b_all_baseline/ph_positive Y", "BCR_ABL");
    silent(&[baseline("Y"), infusion(1, 0), test("BCR_ABL")], rule);
    assert_eq!(asked(&[baseline("Y"), infusion(1, 0), test("NGS")], rule).len(), 1);
    silent(&[baseline("Y")], rule);
    silent(&[baseline("N"), infusion(1, 0)], rule);
    silent(&[baseline("UNK"), infusion(1, 0)], rule);
}

const TEST: &str = "treatment.pregnancy_test_expected";

fn woman(birth_year: i32) -> Record {
    record("patient", json!({"birth_year": birth_year, "sex": "F"}))
}

fn status(changes: Value) -> Record {
    let all = with(json!({"childbearing_potential": null}), changes);
    record("pretreatment_status", all)
}

#[test]
fn women_of_child_bearing_age_are_tested_for_pregnancy() {
    // On 2024-03-19: born in 2008, 15 or 16; in 2009, 14 or 15; in 1974, 49 or 50; in 1973, 50 or 51.
    for year in [2008, 1974] {
        fires(
            &[woman(year), infusion(1, 0)],
            TEST,
            "infusion/ ",
            "a pregnancy test until 2024-03-19 (infusion 1; aged",
        );
    }
    for year in [2009, 1973] {
        silent(&[woman(year), infusion(1, 0)], TEST);
    }
    silent(&[woman(1990)], TEST);
    silent(&[record("patient", json!({"birth_year": 1990, "sex": "M"})), infusion(1, 0)], TEST);
    silent(&[record("patient", json!({"birth_year": 1990, "sex": "UNK"})), infusion(1, 0)], TEST);
    let anchored = record("patient", json!({"birth_year": 1990, "sex": "F", "date_basis": "PSEUDO_ANCHOR"}));
    silent(&[anchored, infusion(1, 0)], TEST);
    let unknown = record("patient", json!({"birth_year": null, "sex": "F", "missing": {"birth_year": "NK"}}));
    silent(&[unknown, infusion(1, 0)], TEST);
}

#[test]
fn a_test_or_its_denial_answers() {
    let infused = || vec![woman(1990), infusion(1, 0)];
    let and = |more: Record| [infused(), vec![more]].concat();
    fires(&and(status(json!({}))), TEST, "pretreatment_status/pregnancy_test ", "childbearing_potential N");
    silent(&and(status(json!({"childbearing_potential": "N"}))), TEST);
    silent(&and(status(json!({"childbearing_potential": "Y", "pregnancy_test": "NEG"}))), TEST);
    silent(&and(status(json!({"childbearing_potential": "Y", "missing": {"pregnancy_test": "ND"}}))), TEST);
    assert_eq!(asked(&and(status(json!({"childbearing_potential": "UNK"}))), TEST).len(), 1);
    // The status of another infusion does not answer for this one.
    assert_eq!(
        asked(&and(status(json!({"infusion_number": 2, "childbearing_potential": "N"}))), TEST),
        ["infusion/ "]
    );
    silent(&and(read("laboratory", &coded("HCG", 0, "NEG"))), TEST);
    assert_eq!(asked(&and(read("laboratory", &coded("HCG", 1, "NEG"))), TEST).len(), 1);
    assert_eq!(asked(&and(read("laboratory", &coded("HBCAB", 0, "NEG"))), TEST).len(), 1);
}

#[test]
fn a_pregnancy_after_the_infusion_is_reported() {
    let rule = "treatment.pregnancy_after_infusion";
    let test =
        |on: i64, code: &str| vec![woman(1990), infusion(1, 0), read("laboratory", &coded("HCG", on, code))];
    let place = "laboratory/result_code POS";
    fires(&test(1, "POS"), rule, place, "an adverse event that reports the pregnancy of 2024-03-20");
    silent(&test(0, "POS"), rule);
    silent(&test(1, "NEG"), rule);
    assert_eq!(asked(&test(1, "WEAK_POS"), rule).len(), 1);
    silent(&[woman(1990), read("laboratory", &coded("HCG", 1, "POS"))], rule);
    // In a man another cause is looked for.
    let of = |sex: &str| {
        let mut records = test(1, "POS");
        records[0] = record("patient", json!({"birth_year": 1990, "sex": sex}));
        records
    };
    silent(&of("M"), rule);
    assert_eq!(asked(&of("UNK"), rule).len(), 1);
    let event = |term: &str| record("adverse_event", json!({"term": term}));
    for term in ["Pregnancy", "Unintended pregnancy", "妊娠"] {
        silent(&[test(1, "POS"), vec![event(term)]].concat(), rule);
    }
    assert_eq!(asked(&[test(1, "POS"), vec![event("Rash")]].concat(), rule).len(), 1);
    // The test before a second infusion is one after the first.
    let second = |on: i64| {
        status(json!({"infusion_number": 2, "pregnancy_test": "POS", "pregnancy_test_date": day(on)}))
    };
    fires(
        &[woman(1990), infusion(1, 0), second(200)],
        rule,
        "pretreatment_status/pregnancy_test POS",
        "an adverse event",
    );
    silent(&[woman(1990), infusion(1, 0), second(0)], rule);
}
