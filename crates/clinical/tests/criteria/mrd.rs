//! MRD of myeloma and B-ALL (catalogue C1.1, C3 row MRD-negative, G6 R16).

use chrono::NaiveDate;
use clinical::codes::assessment::MrdMethod;
use clinical::criteria::mrd::{
    MrdCourse, MrdImaging, MrdParameters, MrdPoint, MrdReading, MrdState, MrdTest, follow, read_all,
};
use clinical::criteria::{At, Trace, Verdict};
use proptest::prelude::*;
use serde_json::{Value, json};

const MM: MrdParameters = MrdParameters::MYELOMA;
const ALL: MrdParameters = MrdParameters::B_ALL;

fn test(value: Value) -> MrdTest {
    serde_json::from_value(value).unwrap()
}

fn read(with: &MrdParameters, value: Value) -> (MrdReading, Vec<&'static str>) {
    let mut trace = Trace::new();
    let reading = test(value).read(At::Case, with, &mut trace);
    (reading, trace.missing().iter().map(|(_, name)| *name).collect())
}

fn state(with: &MrdParameters, value: Value) -> MrdState {
    read(with, value).0.state
}

fn negative(method: &str, sensitivity: f64) -> Value {
    json!({ "method": method, "sensitivity": sensitivity, "result": "NEG", "specimen": "BM" })
}

fn over(base: &Value, name: &str, value: Value) -> Value {
    let mut merged = base.clone();
    merged[name] = value;
    merged
}

#[test]
fn r16_sensitivity() {
    for (with, limit) in [(MM, 1e-5), (ALL, 1e-4)] {
        let at = |sensitivity: f64| read(&with, negative("NGS", sensitivity)).0;
        assert_eq!((at(limit).state, at(limit).insufficient_sensitivity), (MrdState::Negative, false));
        let above = at(limit * 1.01);
        assert_eq!((above.state, above.insufficient_sensitivity), (MrdState::Insufficient, true));
        assert!(!above.sequencing_negative);
        assert_eq!(at(limit / 10.0).state, MrdState::Negative);
    }
    assert_eq!((MM.sensitivity, ALL.sensitivity), (1e-5, 1e-4));
}

#[test]
fn c1_1_methods_of_myeloma() {
    let at = |method: &str| {
        let reading = read(&MM, negative(method, 1e-6)).0;
        (reading.state, reading.flow_negative, reading.sequencing_negative)
    };
    assert_eq!(at("FLOW_NGF"), (MrdState::Negative, true, false));
    assert_eq!(at("NGS"), (MrdState::Negative, false, true));
    for method in ["FLOW_OTHER", "RQ_PCR", "IG_PCR", "DPCR", "BCR_ABL"] {
        assert_eq!(at(method), (MrdState::Insufficient, false, false), "{method}");
    }
}

#[test]
fn c3_methods_of_b_all() {
    for method in MrdMethod::ALL {
        let reading = read(&ALL, negative(method.code(), 1e-4)).0;
        assert_eq!(reading.state, MrdState::Negative, "{method:?}");
        assert_eq!(reading.flow_negative, matches!(method, MrdMethod::FlowNgf | MrdMethod::FlowOther));
        assert_eq!(reading.sequencing_negative, *method == MrdMethod::Ngs);
    }
}

#[test]
fn specimen_and_what_is_absent() {
    let full = negative("NGS", 1e-6);
    for with in [MM, ALL] {
        for specimen in ["PB", "CSF"] {
            assert_eq!(state(&with, over(&full, "specimen", json!(specimen))), MrdState::Insufficient);
            let positive = over(&over(&full, "specimen", json!(specimen)), "result", json!("POS"));
            assert_eq!(state(&with, positive), MrdState::Positive);
        }
        for name in ["method", "specimen", "sensitivity", "result"] {
            let (reading, missing) = read(&with, over(&full, name, Value::Null));
            assert_eq!((reading.state, reading.insufficient_sensitivity), (MrdState::NotEvaluable, false));
            assert_eq!(missing, [format!("mrd.{name}")]);
            assert!(!reading.sequencing_negative && !reading.flow_negative);
        }
        // What is known not to suffice decides before what is missing.
        let coarse = over(&over(&full, "sensitivity", json!(1e-3)), "specimen", Value::Null);
        assert_eq!(read(&with, coarse), (read(&with, over(&full, "sensitivity", json!(1e-3))).0, vec![]));
    }
}

#[test]
fn a_share_below_the_limit_is_negative_in_b_all_only() {
    use MrdState::{Negative, NotEvaluable, Positive};
    let at = |with: &MrdParameters, result: Value, level: Value, loq: Value| {
        let o = json!({ "method": "FLOW_OTHER", "sensitivity": 1e-5, "specimen": "BM", "result": result, "level": level, "loq": loq });
        state(with, if with == &MM { over(&o, "method", json!("NGS")) } else { o })
    };
    let none = || Value::Null;
    for (result, level, loq, mm, all) in [
        (json!("POS"), json!(9.9e-5), none(), Positive, Negative),
        (json!("POS"), json!(1e-4), none(), Positive, Positive),
        (json!("POS"), none(), none(), Positive, Positive),
        (json!("BELOW_LOQ"), none(), json!(1e-4), Positive, Negative),
        (json!("BELOW_LOQ"), none(), json!(1.1e-4), Positive, NotEvaluable),
        (json!("BELOW_LOQ"), none(), none(), Positive, NotEvaluable),
        (json!("BELOW_LOQ"), json!(5e-5), none(), Positive, Negative),
        (none(), json!(5e-5), none(), Positive, Negative),
        (none(), json!(2e-4), none(), Positive, Positive),
        (none(), json!(0.0), none(), Negative, Negative),
        (none(), none(), none(), NotEvaluable, NotEvaluable),
    ] {
        assert_eq!(at(&MM, result.clone(), level.clone(), loq.clone()), mm, "MM {result} {level} {loq}");
        assert_eq!(at(&ALL, result.clone(), level.clone(), loq.clone()), all, "ALL {result} {level} {loq}");
    }
    let (_, missing) = read(&ALL, json!({ "result": "BELOW_LOQ" }));
    assert_eq!(missing, ["mrd.level"]);
}

#[test]
fn several_tests_of_one_day() {
    let good = test(negative("NGS", 1e-6));
    let coarse = test(negative("FLOW_NGF", 1e-4));
    let open = test(json!({}));
    let positive = test(json!({ "result": "POS" }));
    let all = |tests: &[MrdTest]| read_all(tests, At::Case, &MM, &mut Trace::new()).map(|r| r.state);
    assert_eq!(all(&[]), None);
    assert_eq!(all(&[coarse, good]), Some(MrdState::Negative));
    assert_eq!(all(&[good, coarse, open]), Some(MrdState::Negative));
    assert_eq!(all(&[good, positive]), Some(MrdState::Positive));
    assert_eq!(all(&[positive, good]), Some(MrdState::Positive));
    assert_eq!(all(&[coarse, open]), Some(MrdState::NotEvaluable));
    assert_eq!(all(&[coarse, coarse]), Some(MrdState::Insufficient));
    let both = read_all(&[coarse, good], At::Case, &MM, &mut Trace::new()).unwrap();
    assert!(both.insufficient_sensitivity && both.sequencing_negative && !both.flow_negative);
}

#[test]
fn impossible_tests() {
    let pointer =
        |with: &MrdParameters, value: Value| test(value).check("/mrd", with).err().map(|f| f.pointer);
    for (name, low, high) in [("sensitivity", 0.9e-7, 1.1e-2), ("loq", 0.9e-7, 1.1e-2), ("level", -0.1, 1.1)]
    {
        for value in [low, high] {
            assert_eq!(pointer(&MM, json!({ name: value })), Some(format!("/mrd/{name}")));
        }
    }
    for name in ["sensitivity", "loq"] {
        assert_eq!(pointer(&MM, json!({ name: 1e-7 })), None);
        assert_eq!(pointer(&MM, json!({ name: 1e-2 })), None);
    }
    let level = |with: &MrdParameters, level: f64| {
        pointer(with, json!({ "result": "NEG", "sensitivity": 1e-5, "level": level }))
    };
    assert_eq!((level(&MM, 1e-5), level(&MM, 1.1e-5)), (None, Some("/mrd/level".to_owned())));
    assert_eq!((level(&ALL, 1e-4), level(&ALL, 1.1e-4)), (None, Some("/mrd/level".to_owned())));
    assert_eq!(pointer(&MM, json!({ "result": "NEG", "level": 1e-6 })), Some("/mrd/level".to_owned()));
    let infinite = MrdTest { sensitivity: Some(f64::INFINITY), ..MrdTest::default() };
    assert!(infinite.check("", &MM).is_err());
    let nothing = MrdTest { level: Some(f64::NAN), ..MrdTest::default() };
    assert!(nothing.check("", &MM).is_err());
}

#[test]
fn c1_1_imaging() {
    let read = |negative, lesion, pool, tissue| {
        MrdImaging { negative, suv_lesion: lesion, suv_mediastinum: pool, suv_surrounding: tissue }
            .read(At::Case, &mut Trace::new())
    };
    assert_eq!(
        read(Some(true), Some(9.0), Some(1.0), Some(1.0)),
        Verdict::Met,
        "the reader's conclusion stands"
    );
    assert_eq!(read(Some(false), Some(0.1), Some(1.0), Some(1.0)), Verdict::NotMet);
    assert_eq!(read(None, Some(1.9), Some(2.0), None), Verdict::Met);
    assert_eq!(read(None, Some(1.9), None, Some(2.0)), Verdict::Met);
    assert_eq!(read(None, Some(2.0), Some(2.0), Some(2.0)), Verdict::NotMet);
    assert_eq!(read(None, Some(2.0), Some(2.0), None), Verdict::Undecided);
    assert_eq!(read(None, None, Some(2.0), Some(2.0)), Verdict::Undecided);
}

fn point(date: &str, state: Option<MrdState>, imaging: Verdict) -> MrdPoint {
    MrdPoint { date: date.parse().unwrap(), state, imaging_negative: imaging, other_relapse: Verdict::NotMet }
}

fn course(with: &MrdParameters, points: &[MrdPoint]) -> MrdCourse {
    follow(points, with, &mut Trace::new())
}

fn day(text: &str) -> Option<NaiveDate> {
    text.parse().ok()
}

const NEG: Option<MrdState> = Some(MrdState::Negative);
const POS: Option<MrdState> = Some(MrdState::Positive);

#[test]
fn c1_1_sustained_for_a_calendar_year() {
    let pair = |with: &MrdParameters, first: &str, second: &str| {
        course(with, &[point(first, NEG, Verdict::Met), point(second, NEG, Verdict::Met)])
            .sustained_negative_date
    };
    assert_eq!(pair(&MM, "2023-03-01", "2024-03-01"), day("2024-03-01"));
    assert_eq!(pair(&MM, "2023-03-01", "2024-02-29"), None, "365 days in a leap year are not yet a year");
    assert_eq!(pair(&MM, "2024-02-29", "2025-02-28"), day("2025-02-28"));
    assert_eq!(pair(&MM, "2024-02-29", "2025-02-27"), None);
    let between = |middle: MrdPoint| {
        let series = [
            point("2023-01-01", NEG, Verdict::Met),
            middle,
            point("2024-01-01", NEG, Verdict::Met),
            point("2024-07-01", NEG, Verdict::Met),
        ];
        course(&MM, &series).sustained_negative_date
    };
    assert_eq!(between(point("2023-07-01", NEG, Verdict::Met)), day("2024-01-01"));
    assert_eq!(between(point("2023-07-01", NEG, Verdict::Undecided)), day("2024-01-01"));
    assert_eq!(
        between(point("2023-07-01", Some(MrdState::Insufficient), Verdict::Undecided)),
        day("2024-01-01")
    );
    assert_eq!(between(point("2023-07-01", None, Verdict::Undecided)), day("2024-01-01"));
    assert_eq!(between(point("2023-07-01", POS, Verdict::Met)), None);
    assert_eq!(between(point("2023-07-01", NEG, Verdict::NotMet)), None);
    assert_eq!(between(point("2023-07-01", None, Verdict::NotMet)), None);
    let relapsed = MrdPoint { other_relapse: Verdict::Met, ..point("2023-07-01", NEG, Verdict::Met) };
    assert_eq!(between(relapsed), None);
    let later = [
        point("2023-01-01", NEG, Verdict::Met),
        point("2023-06-01", POS, Verdict::Met),
        point("2023-07-01", NEG, Verdict::Met),
        point("2024-06-30", NEG, Verdict::Met),
        point("2024-07-01", NEG, Verdict::Met),
        point("2026-07-01", NEG, Verdict::Met),
    ];
    assert_eq!(course(&MM, &later).sustained_negative_date, day("2024-07-01"));
}

#[test]
fn c1_1_sustained_needs_imaging_in_myeloma() {
    let series = |imaging| [point("2023-01-01", NEG, imaging), point("2024-01-01", NEG, imaging)];
    for imaging in [Verdict::Undecided, Verdict::NotMet] {
        assert_eq!(course(&MM, &series(imaging)).sustained_negative_date, None);
        let unasked = MrdParameters { sustained_needs_imaging: false, ..MM };
        assert_eq!(course(&unasked, &series(imaging)).sustained_negative_date, day("2024-01-01"));
        assert_eq!(course(&ALL, &series(imaging)).sustained_negative_date, day("2024-01-01"));
    }
    assert_eq!(course(&MM, &series(Verdict::Met)).imaging_plus_negative_date, day("2023-01-01"));
    assert_eq!(course(&MM, &series(Verdict::NotMet)).imaging_plus_negative_date, None);
    let positive = [point("2023-01-01", POS, Verdict::Met), point("2024-01-01", POS, Verdict::Met)];
    assert_eq!(course(&MM, &positive), MrdCourse::default());
}

#[test]
fn c1_1_relapse_from_negativity() {
    let relapse = |points: &[MrdPoint]| course(&MM, points).relapse_from_negative_date;
    let start = point("2024-01-01", NEG, Verdict::Met);
    assert_eq!(relapse(&[start, point("2024-02-01", POS, Verdict::Met)]), day("2024-02-01"));
    assert_eq!(relapse(&[start, point("2024-02-01", NEG, Verdict::Met)]), None);
    assert_eq!(relapse(&[start, point("2024-02-01", Some(MrdState::Insufficient), Verdict::Met)]), None);
    assert_eq!(relapse(&[start, point("2024-02-01", None, Verdict::NotMet)]), day("2024-02-01"));
    let unclear = point("2024-01-01", NEG, Verdict::NotMet);
    assert_eq!(
        relapse(&[unclear, point("2024-02-01", NEG, Verdict::NotMet)]),
        None,
        "imaging was never negative"
    );
    let sign = MrdPoint { other_relapse: Verdict::Met, ..point("2024-02-01", None, Verdict::Undecided) };
    assert_eq!(relapse(&[start, sign]), day("2024-02-01"));
    assert_eq!(relapse(&[sign]), None, "there was no negativity before");
    assert_eq!(relapse(&[point("2024-01-01", POS, Verdict::Met), start]), None);
    let twice = [start, point("2024-02-01", POS, Verdict::Met), point("2024-03-01", POS, Verdict::Met)];
    assert_eq!(relapse(&twice), day("2024-02-01"));
    assert_eq!(course(&MM, &twice).first_negative_date, day("2024-01-01"));
}

#[test]
fn the_trace_tells_the_course() {
    let verdict = |points: &[MrdPoint], rule: &str| {
        let mut trace = Trace::new();
        follow(points, &MM, &mut trace);
        trace.steps().iter().rev().find(|s| s.criterion.id == rule).map(|s| (s.at, s.verdict))
    };
    let first = point("2023-01-01", NEG, Verdict::Met);
    let second = point("2024-01-01", NEG, Verdict::Met);
    assert_eq!(
        verdict(&[first, second], "mrd.sustained_negative"),
        Some((At::Date(second.date), Verdict::Met))
    );
    assert_eq!(verdict(&[first], "mrd.sustained_negative"), Some((At::Case, Verdict::NotMet)));
    assert_eq!(verdict(&[], "mrd.sustained_negative"), None);
    assert_eq!(verdict(&[first, second], "mrd.relapse_test"), Some((At::Date(second.date), Verdict::NotMet)));
    assert_eq!(verdict(&[first], "mrd.imaging_plus_negative"), Some((At::Date(first.date), Verdict::Met)));
}

proptest! {
    #[test]
    fn a_coarser_test_is_never_better(sensitivity in -7.0f64..-2.0, coarser in 0.0f64..5.0, result in prop::sample::select(vec!["NEG", "POS", "BELOW_LOQ"]), all in any::<bool>()) {
        let with = if all { ALL } else { MM };
        let weight = |s: f64| {
            let o = json!({ "method": "NGS", "sensitivity": 10f64.powf(s), "result": result, "specimen": "BM" });
            u8::from(state(&with, o) == MrdState::Negative)
        };
        prop_assert!(weight((sensitivity + coarser).min(-2.0)) <= weight(sensitivity));
    }

    #[test]
    fn any_test_is_read_or_refused(sensitivity in any::<f64>(), level in any::<f64>(), loq in any::<f64>()) {
        let odd = MrdTest { sensitivity: Some(sensitivity), level: Some(level), loq: Some(loq), ..MrdTest::default() };
        if odd.check("", &MM).is_ok() {
            prop_assert!((1e-8..=0.1).contains(&sensitivity) && (0.0..=1.1).contains(&level));
        }
        odd.read(At::Case, &ALL, &mut Trace::new());
    }
}

#[test]
fn criteria_are_listed_once() {
    let all = clinical::criteria::mrd::CRITERIA;
    let mut ids: Vec<_> = all.iter().map(|c| c.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all.len());
    assert!(all.iter().all(|c| c.id.starts_with("mrd.")));
}
