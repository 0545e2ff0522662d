//! What can be asked for, and what centers come of it.

use chrono::NaiveDate;
use clinical::form::Form;
use clinical::record::{Entries, Record};
use std::collections::{HashMap, HashSet};
use synth::{Config, ConfigError, MAX_CENTERS, MAX_PATIENTS, Registry};

use crate::support::{context, registry};

fn day(y: i32, m: u32, d: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(y, m, d).expect("a day")
}

#[test]
fn impossible_configurations_are_refused_with_a_reason() {
    let ok = Config::default();
    let refused = |config: Config| Registry::new(&config).expect_err("refused");
    assert_eq!(refused(Config { centers: 0, ..ok }), ConfigError::Centers(0));
    assert_eq!(refused(Config { centers: MAX_CENTERS + 1, ..ok }), ConfigError::Centers(MAX_CENTERS + 1));
    assert_eq!(refused(Config { patients: MAX_PATIENTS + 1, ..ok }), ConfigError::Patients(MAX_PATIENTS + 1));
    for cutoff in [day(2021, 12, 31), day(2101, 1, 1)] {
        let error = refused(Config { data_cutoff: cutoff, ..ok });
        assert_eq!(error, ConfigError::DataCutoff(cutoff));
        assert!(error.to_string().contains(&cutoff.to_string()) && error.to_string().contains("2022-01-01"));
    }
}

#[test]
fn the_limits_themselves_are_possible() {
    let ok = Config::default();
    for cutoff in [day(2022, 1, 1), day(2100, 12, 31)] {
        let registry = Registry::new(&Config { data_cutoff: cutoff, ..ok }).expect("a registry");
        assert_eq!(registry.patients().count(), 600);
        assert!(registry.centers().iter().all(|c| c.joined_on < cutoff));
    }
    let large =
        Registry::new(&Config { centers: MAX_CENTERS, patients: MAX_PATIENTS, ..ok }).expect("a registry");
    let ids: HashSet<&str> = large.centers().iter().map(|c| c.center_id.as_str()).collect();
    assert_eq!(ids.len(), large.centers().len());
    assert!(large.patient(MAX_PATIENTS - 1).is_some());
    assert!(large.patient(MAX_PATIENTS).is_none());
    let empty = Registry::new(&Config { patients: 0, ..ok }).expect("a registry");
    assert_eq!(empty.patients().count(), 0);
}

#[test]
fn centers_are_valid_distinct_and_join_one_by_one() {
    let registry = registry(1, 0);
    let centers = registry.centers();
    assert_eq!(centers.len(), 12);
    assert_eq!(centers[0].center_id.as_str(), "SH-01");
    for center in centers {
        let record = center.to_record();
        let entries = Entries::parse(&record.canonical_bytes()).expect("an object");
        let (read, findings) = Record::from_json(record.form(), &entries, context(registry.config()));
        assert_eq!((read, findings.is_empty()), (Some(record), true), "{findings:?}");
        assert!(center.joined_on <= registry.config().data_cutoff);
    }
    let joined: HashSet<NaiveDate> = centers.iter().map(|c| c.joined_on).collect();
    assert!(joined.len() >= 6, "{joined:?}");
}

#[test]
fn a_center_is_the_same_among_more_centers() {
    let twelve = registry(1, 0);
    let thirty = Registry::new(&Config { centers: 30, ..Config::default() }).expect("a registry");
    assert_eq!(twelve.centers(), &thirty.centers()[..12]);
    assert_eq!(thirty.centers()[24].center_id.as_str(), "SH-02");
}

#[test]
fn every_center_treats_patients_and_none_treats_most() {
    let registry = registry(3, 600);
    let mut patients: HashMap<String, usize> = HashMap::new();
    for p in registry.patients() {
        *patients.entry(p.center_id.as_str().to_owned()).or_default() += 1;
    }
    let known: HashSet<&str> = registry.centers().iter().map(|c| c.center_id.as_str()).collect();
    assert!(patients.keys().all(|id| known.contains(id.as_str())));
    assert_eq!(patients.len(), 12, "{patients:?}");
    assert!(patients.values().all(|n| (5..300).contains(n)), "{patients:?}");
}
