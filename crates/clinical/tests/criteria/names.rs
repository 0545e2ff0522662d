//! Names of members: the short ones of the data dictionary, and two names of one member in one case.

use crate::support::{fault, run};
use clinical::criteria::b_all::BAll;
use clinical::criteria::carac::CaracCase;
use clinical::criteria::case::Case;
use clinical::criteria::hematotox::HematotoxCase;
use clinical::criteria::icaht::IcahtCase;
use clinical::criteria::iec_hs::IecHsCase;
use clinical::criteria::vasopressor::VasopressorCase;
use serde_json::{Value, json};

fn same<C: Case>(one: &Value, other: &Value) {
    assert_eq!(run::<C>(one).value, run::<C>(other).value, "{one} {other}");
}

#[test]
fn platelets_by_every_name() {
    for name in ["plt", "platelets", "plt_10e9_l"] {
        let mut row = json!({"day": 3, "anc": 1.0});
        row[name] = json!(40);
        let mut main = json!({"day": 3, "anc_10e9_l": 1.0, "platelets_10e9_l": 40});
        same::<IcahtCase>(&json!({"days": [row]}), &json!({"days": [main]}));
        same::<HematotoxCase>(&json!({name: 40}), &json!({"platelets_10e9_l": 40}));
        same::<CaracCase>(
            &json!({"days": [{"day": 3, name: 40}]}),
            &json!({"days": [{"day": 3, "platelets_10e9_l": 40}]}),
        );
        same::<IecHsCase>(
            &json!({"days": [{"day": 3, name: 40}]}),
            &json!({"days": [{"day": 3, "platelets_10e9_l": 40}]}),
        );
        row = json!({"date": "2024-03-01", name: 40});
        main = json!({"date": "2024-03-01", "platelets_10e9_l": 40});
        same::<BAll>(&json!({"assessments": [row]}), &json!({"assessments": [main]}));
    }
}

#[test]
fn the_start_of_lymphodepletion_by_every_name() {
    let labs = json!([{"day": -6, "plt": 100}, {"day": -4, "plt": 20}]);
    for name in ["ld_start_day", "lymphodepletion_start_day", "lymphodepletion_day", "ld_day"] {
        let line = run::<HematotoxCase>(&json!({"labs": labs, name: -5}));
        assert_eq!(line.result("/points/platelets"), 1, "{name}");
    }
    for name in ["ld_start_date", "lymphodepletion_start_date", "lymphodepletion_date", "ld_start", "ld_date"]
    {
        let line =
            run::<HematotoxCase>(&json!({"labs": labs, "infusion_date": "2024-03-06", name: "2024-03-01"}));
        assert_eq!(line.result("/points/platelets"), 1, "{name}");
    }
}

#[test]
fn two_names_of_one_member_are_both_told() {
    let two =
        fault::<HematotoxCase>(&json!({"anc": 1.0, "plt": 40, "hb": 90, "platelets_10e9_l": 40, "crp": 3}));
    assert_eq!(two.pointer, "/platelets_10e9_l");
    assert_eq!(two.problem, "plt and platelets_10e9_l are two names of platelets_10e9_l");
    assert_eq!(two.expected, "one of the two");
    let row = fault::<IcahtCase>(
        &json!({"days": [{"day": 1, "anc": 1.0}, {"day": 2, "anc": 1.0, "platelets": 40, "plt": 40}]}),
    );
    assert_eq!(row.pointer, "/days/1/plt");
    assert_eq!(row.problem, "platelets and plt are two names of platelets_10e9_l");
    let list = fault::<IcahtCase>(&json!({"labs": [], "days": [], "death_day": 3}));
    assert_eq!(
        (list.pointer.as_str(), list.problem.as_str()),
        ("/days", "labs and days are two names of days")
    );
    let agent = fault::<VasopressorCase>(&json!({"vasopressors": [{"drug": "NE", "agent": "NE"}]}));
    assert_eq!(agent.problem, "drug and agent are two names of drug");
    let three = fault::<HematotoxCase>(&json!({"plt": 40, "platelets": 40, "plt_10e9_l": 40}));
    assert_eq!(three.problem, "plt and platelets are two names of platelets_10e9_l");
}

#[test]
fn one_name_twice_is_told() {
    let mut trace = clinical::criteria::Trace::new();
    let text = r#"{"hb": 90, "plt": 40, "plt": 50}"#;
    let twice = clinical::criteria::case::derive::<HematotoxCase>(text, &mut trace).unwrap_err();
    assert_eq!((twice.pointer.as_str(), twice.expected.as_str()), ("/platelets_10e9_l", "one value"));
    assert_eq!(twice.problem, "platelets_10e9_l is given twice");
}
