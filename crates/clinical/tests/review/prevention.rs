//! Hepatitis B, Pneumocystis and live vaccines.

use crate::support::{asked, coded, day, drug, fires, infusion, lab, read, record, silent, with};
use clinical::record::Record;
use serde_json::{Value, json};

const ANTIVIRAL: &str = "treatment.hbv_antiviral_expected";
const DNA: &str = "treatment.hbv_dna_expected";
const STOPPED: &str = "treatment.pneumocystis_stopped";
const LIVE: &str = "treatment.live_vaccine";

fn results(values: &[Value]) -> Vec<Record> {
    let mut records = vec![infusion(1, 0)];
    records.extend(values.iter().map(|v| read("laboratory", v)));
    records
}

fn and(records: &[Record], more: Record) -> Vec<Record> {
    [records, &[more]].concat()
}

fn course(changes: Value) -> Record {
    let none = json!({"na_drug": "NONE", "na_start_date": null, "na_end_date": null});
    record("hbv_course", with(none, changes))
}

#[test]
fn the_surface_antigen_calls_for_an_antiviral() {
    let positive = results(&[coded("HBSAG", -10, "POS")]);
    fires(
        &positive,
        ANTIVIRAL,
        "laboratory/result_code POS",
        "ENTECAVIR, TDF, TAF or another antiviral (HBsAg positive until 2024-03-19",
    );
    assert_eq!(asked(&results(&[coded("HBSAG", 0, "WEAK_POS")]), ANTIVIRAL).len(), 1);
    for silent_result in [coded("HBSAG", -10, "NEG"), coded("HBSAG", -10, "IND"), coded("HBSAG", 1, "POS")] {
        silent(&results(&[silent_result]), ANTIVIRAL);
    }
    // The last result before the infusion counts; two of one day have to agree.
    silent(&results(&[coded("HBSAG", -20, "POS"), coded("HBSAG", -10, "NEG")]), ANTIVIRAL);
    assert_eq!(
        asked(&results(&[coded("HBSAG", -20, "NEG"), coded("HBSAG", -10, "POS")]), ANTIVIRAL).len(),
        1
    );
    let again = with(coded("HBSAG", -10, "NEG"), json!({"sequence_number": 2}));
    silent(&results(&[coded("HBSAG", -10, "POS"), again]), ANTIVIRAL);
    silent(&[read("laboratory", &coded("HBSAG", -10, "POS"))], ANTIVIRAL);
}

#[test]
fn a_number_above_its_limit_is_positive() {
    let number = |value: f64, changes: Value| {
        results(&[with(lab("HBSAG", -10, value, "IU/L"), with(json!({"ref_high": 50.0}), changes))])
    };
    fires(&number(50.1, json!({})), ANTIVIRAL, "laboratory/value 50.1", "HBsAg positive");
    silent(&number(50.0, json!({})), ANTIVIRAL);
    assert_eq!(asked(&number(50.0, json!({"comparator": ">"})), ANTIVIRAL).len(), 1);
    silent(&number(49.0, json!({"comparator": ">"})), ANTIVIRAL);
    silent(&number(60.0, json!({"comparator": "<"})), ANTIVIRAL);
    silent(&number(60.0, json!({"ref_high": null})), ANTIVIRAL);
}

#[test]
fn core_antibody_with_dna_calls_for_an_antiviral() {
    let core = || coded("HBCAB", -10, "POS");
    fires(
        &results(&[core(), coded("HBV_DNA", -10, "POS")]),
        ANTIVIRAL,
        "laboratory/result_code POS",
        "HBcAb and HBV DNA positive until",
    );
    for dna in [coded("HBV_DNA", -10, "NEG"), coded("HBV_DNA", 1, "POS")] {
        silent(&results(&[core(), dna]), ANTIVIRAL);
    }
    silent(&results(&[coded("HBCAB", -10, "NEG"), coded("HBV_DNA", -10, "POS")]), ANTIVIRAL);
    silent(&results(&[core()]), ANTIVIRAL);
    silent(&results(&[coded("HBV_DNA", -10, "POS")]), ANTIVIRAL);
    // A number is detectable from the limit of quantification on.
    let dna = |value: f64, changes: Value| {
        results(&[core(), with(lab("HBV_DNA", -10, value, "IU/mL"), with(json!({"lloq": 20.0}), changes))])
    };
    fires(&dna(20.0, json!({})), ANTIVIRAL, "laboratory/value 20", "HBV DNA positive");
    silent(&dna(19.0, json!({})), ANTIVIRAL);
    silent(&dna(20.0, json!({"comparator": "<"})), ANTIVIRAL);
    silent(&dna(0.0, json!({"lloq": null})), ANTIVIRAL);
    assert_eq!(asked(&dna(1.0, json!({"lloq": null})), ANTIVIRAL).len(), 1);
}

#[test]
fn an_antiviral_of_either_form_answers() {
    let positive = results(&[coded("HBSAG", -10, "POS")]);
    for name in ["ENTECAVIR", "TDF", "TAF", "NA_OTHER", "HIV_ART"] {
        silent(&and(&positive, read("medication", &drug(1, name, -10))), ANTIVIRAL);
    }
    assert_eq!(asked(&and(&positive, read("medication", &drug(1, "ACICLOVIR", -10))), ANTIVIRAL).len(), 1);
    let until =
        |end: i64| read("medication", &with(drug(1, "ENTECAVIR", -10), json!({"end_date": day(end)})));
    silent(&and(&positive, until(0)), ANTIVIRAL);
    assert_eq!(asked(&and(&positive, until(-1)), ANTIVIRAL).len(), 1);

    let given = |end: i64| json!({"hbv_group": "SAG_POS", "na_drug": "TAF", "na_start_date": day(-10), "na_end_date": day(end)});
    silent(&and(&positive, course(given(0))), ANTIVIRAL);
    assert_eq!(asked(&and(&positive, course(given(-1))), ANTIVIRAL), ["hbv_course/na_drug TAF"]);
    // The form asks itself about a group that calls for the drug, and about a drug that is declared missing.
    silent(&and(&positive, course(json!({"hbv_group": "SAG_POS"}))), ANTIVIRAL);
    silent(&and(&positive, course(json!({"hbv_group": "SAG_NEG_CAB_POS_DNA_POS"}))), ANTIVIRAL);
    let missing = json!({"na_drug": null, "missing": {"na_drug": "NK"}});
    silent(&and(&positive, course(missing)), ANTIVIRAL);
    fires(
        &and(&positive, course(json!({"hbv_group": "ALL_NEG"}))),
        ANTIVIRAL,
        "hbv_course/na_drug NONE",
        "HBsAg positive",
    );
    // The course of another infusion is not the one to change.
    let other = course(json!({"hbv_group": "ALL_NEG", "infusion_number": 2}));
    assert_eq!(asked(&and(&positive, other), ANTIVIRAL), ["laboratory/result_code POS"]);
}

#[test]
fn core_antibody_without_dna_is_asked_about() {
    let core = || coded("HBCAB", -10, "POS");
    fires(
        &results(&[core()]),
        DNA,
        "laboratory/result_code POS",
        "an HBV_DNA result until 2024-03-19 (infusion)",
    );
    silent(&results(&[core(), coded("HBV_DNA", 0, "NEG")]), DNA);
    assert_eq!(asked(&results(&[core(), coded("HBV_DNA", 1, "NEG")]), DNA).len(), 1);
    let declared =
        with(coded("HBV_DNA", -10, "NEG"), json!({"result_code": null, "missing": {"value": "ND"}}));
    silent(&results(&[core(), declared]), DNA);
    silent(&results(&[coded("HBCAB", -10, "NEG")]), DNA);
    silent(&results(&[coded("HBCAB", 1, "POS")]), DNA);
    silent(&[read("laboratory", &core())], DNA);
    // The group tells of the DNA.
    let grouped = |group: &str| and(&results(&[core()]), course(json!({"hbv_group": group})));
    silent(&grouped("SAG_NEG_CAB_POS_DNA_NEG"), DNA);
    silent(&grouped("SAG_NEG_CAB_POS_DNA_POS"), DNA);
    assert_eq!(asked(&grouped("UNK"), DNA).len(), 1);
}

fn prophylaxis(number: i32, name: &str, from: i64, to: Option<i64>) -> Record {
    read("medication", &with(drug(number, name, from), json!({"end_date": to.map(day)})))
}

#[test]
fn pneumocystis_prophylaxis_goes_on_while_cd4_is_low() {
    let stopped = |cd4: Value| {
        let mut records = results(&[cd4]);
        records.push(prophylaxis(1, "TMP_SMX", -7, Some(180)));
        records
    };
    let low = |value: f64, changes: Value| stopped(with(lab("CD4", 170, value, "/uL"), changes));
    fires(
        &low(200.0, json!({})),
        STOPPED,
        &format!("medication/end_date {}", day(180)),
        &format!("not before CD4 is above 200/uL (200/uL on {})", day(170)),
    );
    silent(&low(200.1, json!({})), STOPPED);
    assert_eq!(asked(&low(0.2, json!({"unit": "10^9/L"})), STOPPED).len(), 1);
    // Bounds: below 200 is certain, below 300 is not.
    assert_eq!(asked(&low(200.0, json!({"comparator": "<"})), STOPPED).len(), 1);
    silent(&low(300.0, json!({"comparator": "<"})), STOPPED);
    silent(&low(100.0, json!({"comparator": ">"})), STOPPED);
    silent(&stopped(lab("CD4", 181, 100.0, "/uL")), STOPPED);
    silent(&stopped(lab("CD8", 170, 100.0, "/uL")), STOPPED);
    silent(
        &stopped(with(
            lab("CD4", 170, 1.0, "/uL"),
            json!({"value": null, "unit": null, "missing": {"value": "ND"}}),
        )),
        STOPPED,
    );
    // The last count decides, whatever came before.
    let and_later =
        |value: f64| and(&low(100.0, json!({})), read("laboratory", &lab("CD4", 180, value, "/uL")));
    silent(&and_later(250.0), STOPPED);
    assert_eq!(asked(&and_later(150.0), STOPPED).len(), 1);
}

#[test]
fn what_is_no_stop_of_prophylaxis() {
    let cd4 = || results(&[lab("CD4", -20, 100.0, "/uL"), lab("CD4", 170, 100.0, "/uL")]);
    let ended = |changes: Value| {
        let value = with(with(drug(1, "TMP_SMX", -30), json!({"end_date": day(180)})), changes);
        and(&cd4(), read("medication", &value))
    };
    assert_eq!(asked(&ended(json!({})), STOPPED).len(), 1);
    silent(&ended(json!({"end_date": null})), STOPPED);
    silent(&ended(json!({"drug": "ATOVAQUONE"})), STOPPED);
    silent(&ended(json!({"indication": "INFECTION"})), STOPPED);
    // Before the infusion it was another prophylaxis.
    silent(&ended(json!({"end_date": day(-1)})), STOPPED);
    assert_eq!(asked(&ended(json!({"end_date": day(0)})), STOPPED).len(), 1);
    // It goes on with another dose or drug within a week.
    for name in ["TMP_SMX", "PENTAMIDINE", "ATOVAQUONE", "DAPSONE"] {
        silent(&and(&ended(json!({})), prophylaxis(2, name, 187, None)), STOPPED);
        assert_eq!(asked(&and(&ended(json!({})), prophylaxis(2, name, 188, None)), STOPPED).len(), 1);
        assert!(!asked(&and(&ended(json!({})), prophylaxis(2, name, 1, Some(180))), STOPPED).is_empty());
    }
    silent(&and(&ended(json!({})), prophylaxis(2, "ATOVAQUONE", 1, Some(181))), STOPPED);
    assert_eq!(asked(&and(&ended(json!({})), prophylaxis(2, "ACICLOVIR", 181, None)), STOPPED).len(), 1);
    // Death ends everything.
    let dead = |on: i64| {
        let dead = json!({"last_contact": day(on), "death_date": day(on), "status": "DEAD", "cause_primary": "OTHER"});
        and(&ended(json!({})), record("survival_status", dead))
    };
    silent(&dead(187), STOPPED);
    assert_eq!(asked(&dead(188), STOPPED).len(), 1);
}

fn vaccine(on: i64, changes: Value) -> Record {
    let value =
        json!({"vaccination_date": day(on), "vaccine": "ZOSTER", "platform": "LIVE_ATT", "live": "Y"});
    record("vaccination", with(value, changes))
}

fn lymphodepletion(number: i32, start: i64) -> Record {
    record(
        "lymphodepletion",
        json!({"infusion_number": number, "start_date": day(start), "end_date": day(start + 2)}),
    )
}

#[test]
fn no_live_vaccine_from_six_weeks_before_lymphodepletion() {
    let records = |on: i64| vec![infusion(1, 0), lymphodepletion(1, -5), vaccine(on, json!({}))];
    fires(
        &records(-47),
        LIVE,
        &format!("vaccination/vaccination_date {}", day(-47)),
        &format!("before {} (42 days before lymphodepletion on {})", day(-47), day(-5)),
    );
    silent(&records(-48), LIVE);
    assert_eq!(asked(&records(400), LIVE).len(), 1);
    // Without lymphodepletion on record, before the infusion.
    let records = |on: i64| vec![infusion(1, 0), vaccine(on, json!({}))];
    fires(
        &records(-42),
        LIVE,
        &format!("vaccination/vaccination_date {}", day(-42)),
        "42 days before infusion on 2024-03-19",
    );
    silent(&records(-43), LIVE);
    silent(&[lymphodepletion(1, -5), vaccine(-10, json!({}))], LIVE);
    // A course of another infusion does not move the weeks, nor one dated after its infusion.
    silent(&[infusion(1, 0), lymphodepletion(2, -5), vaccine(-43, json!({}))], LIVE);
    assert_eq!(asked(&[infusion(1, 0), lymphodepletion(1, 50), vaccine(-42, json!({}))], LIVE).len(), 1);
}

#[test]
fn only_live_vaccines_are_asked_about() {
    let given = |platform: Value, live: Value| {
        vec![infusion(1, 0), vaccine(10, json!({"platform": platform, "live": live}))]
    };
    assert_eq!(asked(&given(json!("VECTOR_LIVE"), Value::Null), LIVE).len(), 1);
    assert_eq!(asked(&given(Value::Null, json!("Y")), LIVE).len(), 1);
    assert_eq!(asked(&given(json!("OTHER"), json!("Y")), LIVE).len(), 1);
    for (platform, live) in [
        (json!("INACT"), json!("N")),
        (json!("MRNA"), Value::Null),
        (json!("RECOMB"), Value::Null),
        (json!("OTHER"), json!("UNK")),
        (Value::Null, Value::Null),
    ] {
        silent(&given(platform, live), LIVE);
    }
}

#[test]
fn immune_reconstitution_ends_the_wait() {
    let measured = |cd4: f64, cd19: f64, on: i64| {
        let mut records = results(&[lab("CD4", on, cd4, "/uL"), lab("CD19", on, cd19, "/uL")]);
        records.push(vaccine(300, json!({})));
        records
    };
    silent(&measured(200.1, 61.0, 290), LIVE);
    assert_eq!(asked(&measured(200.0, 61.0, 290), LIVE).len(), 1);
    assert_eq!(asked(&measured(200.1, 60.9, 290), LIVE).len(), 1);
    // On or before the day of the vaccine, and after the infusion.
    silent(&measured(250.0, 100.0, 300), LIVE);
    assert_eq!(asked(&measured(250.0, 100.0, 301), LIVE).len(), 1);
    silent(&measured(250.0, 100.0, 1), LIVE);
    assert_eq!(asked(&measured(250.0, 100.0, 0), LIVE).len(), 1);
    // Both have to be shown, and to last.
    let cd4_only = [results(&[lab("CD4", 290, 250.0, "/uL")]), vec![vaccine(300, json!({}))]].concat();
    assert_eq!(asked(&cd4_only, LIVE).len(), 1);
    let fallen = and(&measured(250.0, 100.0, 200), read("laboratory", &lab("CD4", 290, 150.0, "/uL")));
    assert_eq!(asked(&fallen, LIVE).len(), 1);
    // Bounds count as far as they are certain.
    let bound = |comparator: &str| {
        let bounded = |analyte: &str, value: f64| {
            with(lab(analyte, 290, value, "/uL"), json!({"comparator": comparator}))
        };
        let mut records = results(&[bounded("CD4", 200.0), bounded("CD19", 61.0)]);
        records.push(vaccine(300, json!({})));
        records
    };
    silent(&bound(">"), LIVE);
    assert_eq!(asked(&bound("<"), LIVE).len(), 1);
    // A second infusion begins anew.
    let twice = and(&measured(250.0, 100.0, 290), infusion(2, 295));
    fires(&twice, LIVE, &format!("vaccination/vaccination_date {}", day(300)), &day(295));
    assert_eq!(asked(&and(&measured(250.0, 100.0, 290), infusion(2, 343)), LIVE).len(), 0);
    assert_eq!(asked(&and(&measured(250.0, 100.0, 290), infusion(2, 342)), LIVE).len(), 1);
}
