//! Which visit meets which point: partitions of E1.1, overlapping windows.

use super::support::{Patient, day, find, plus};
use clinical::criteria::visits::{Parameters, Partition, VisitState};

const FAR: &str = "2034-06-01";

/// E1.1, lenient column: every day belongs to exactly one point.
#[test]
fn lenient_partition_of_kinetic_samples() {
    let expected = |d: i64| match d {
        1..=2 => Some("d1"),
        3..=4 => Some("d3"),
        5..=6 => Some("d5"),
        7..=8 => Some("d7"),
        9..=12 => Some("d10"),
        13..=17 => Some("d14"),
        18..=24 => Some("d21"),
        25..=35 => Some("d28"),
        _ => None,
    };
    check_single_samples(Partition::Lenient, expected);
}

/// E1.1, strict column; a day within two windows goes to the nearer, of two equally near to the earlier point.
#[test]
fn strict_windows_of_kinetic_samples() {
    let expected = |d: i64| match d {
        1..=2 => Some("d1"),
        3..=4 => Some("d3"),
        5..=6 => Some("d5"),
        7..=8 => Some("d7"),
        9..=11 => Some("d10"),
        12..=16 => Some("d14"),
        18..=24 => Some("d21"),
        25..=31 => Some("d28"),
        _ => None,
    };
    check_single_samples(Partition::Strict, expected);
}

fn check_single_samples(partition: Partition, expected: impl Fn(i64) -> Option<&'static str>) {
    let parameters = Parameters { partition, ..Parameters::default() };
    for d in -1..45 {
        let mut patient =
            Patient { parameters: parameters.clone(), ..Patient::new("2024-01-31", "2024-06-01") };
        patient.visits = vec![plus(patient.infusion, d)];
        let met: Vec<String> = patient
            .assess("car-t-kinetics")
            .iter()
            .filter(|v| v.state == VisitState::Met)
            .map(|v| v.code.to_string())
            .collect();
        assert_eq!(met, expected(d).into_iter().collect::<Vec<_>>(), "{partition:?} d{d}");
    }
}

fn kinetics(partition: Partition, days: &[i64]) -> Vec<(String, Option<i64>)> {
    let parameters = Parameters { partition, ..Parameters::default() };
    let mut patient = Patient { parameters, ..Patient::new("2024-01-31", "2024-06-01") };
    patient.visits = days.iter().map(|d| plus(patient.infusion, *d)).collect();
    let infusion = patient.infusion;
    let visits = patient.assess("car-t-kinetics");
    visits.iter().map(|v| (v.code.to_string(), v.visit.map(|x| (x - infusion).num_days()))).collect()
}

fn days(visits: &[(String, Option<i64>)]) -> Vec<Option<i64>> {
    visits.iter().map(|(_, d)| *d).collect()
}

/// Contradiction C18: the list of days is authoritative.
#[test]
fn kinetic_points_are_the_printed_days() {
    let full = kinetics(Partition::Lenient, &[28, 21, 14, 10, 7, 5, 3, 1]);
    let expected: Vec<_> = [1, 3, 5, 7, 10, 14, 21, 28].map(|d| (format!("d{d}"), Some(i64::from(d)))).into();
    assert_eq!(full, expected);
    assert_eq!(kinetics(Partition::Strict, &[1, 3, 5, 7, 10, 14, 21, 28]), expected);
}

#[test]
fn a_sample_fills_one_point_only() {
    let none = None;
    // Day 2 serves day 1 unless day 1 was sampled; then it serves day 3.
    assert_eq!(days(&kinetics(Partition::Strict, &[2]))[..3], [Some(2), none, none]);
    assert_eq!(days(&kinetics(Partition::Strict, &[2, 3]))[..3], [Some(2), Some(3), none]);
    assert_eq!(days(&kinetics(Partition::Strict, &[1, 2]))[..3], [Some(1), Some(2), none]);
    assert_eq!(days(&kinetics(Partition::Lenient, &[1, 2]))[..3], [Some(1), none, none]);
    // Day 4 lies between: it serves day 5 when day 3 has its own sample.
    assert_eq!(days(&kinetics(Partition::Strict, &[4]))[..3], [none, Some(4), none]);
    assert_eq!(days(&kinetics(Partition::Strict, &[3, 4]))[..3], [none, Some(3), Some(4)]);
    assert_eq!(days(&kinetics(Partition::Strict, &[4, 6]))[..4], [none, Some(4), Some(6), none]);
    assert_eq!(days(&kinetics(Partition::Strict, &[4, 5, 6]))[..4], [none, Some(4), Some(5), Some(6)]);
    // The nearest of several, of two equally near the earlier.
    assert_eq!(days(&kinetics(Partition::Lenient, &[9, 11, 12]))[4], Some(9));
    assert_eq!(days(&kinetics(Partition::Lenient, &[11, 12]))[4], Some(11));
    assert_eq!(days(&kinetics(Partition::Lenient, &[27, 29, 34]))[7], Some(27));
}

/// B-ALL: from 70 to 74 days the windows of M2 and M3 overlap. Both points are met when both can be.
#[test]
fn overlapping_windows_meet_as_many_points_as_possible() {
    let met = |offsets: &[i64]| {
        let mut patient = Patient::new("2024-01-31", FAR);
        patient.visits = offsets.iter().map(|d| plus(patient.infusion, *d)).collect();
        let infusion = patient.infusion;
        patient.assess("b-all-follow-up")[1..3]
            .iter()
            .map(|v| v.visit.map(|x| (x - infusion).num_days()))
            .collect::<Vec<_>>()
    };
    // M2 is day 60 (46 to 74), M3 day 90 (69 to 111).
    assert_eq!(met(&[72]), [Some(72), None]);
    assert_eq!(met(&[72, 73]), [Some(72), Some(73)]);
    assert_eq!(met(&[46, 72]), [Some(46), Some(72)], "although day 72 is nearer to M2");
    assert_eq!(met(&[60, 72]), [Some(60), Some(72)]);
    assert_eq!(met(&[72, 90]), [Some(72), Some(90)]);
    assert_eq!(met(&[60, 72, 91]), [Some(60), Some(91)]);
}

/// A wide window further on reaches back over narrow ones; a visit still meets one point only.
#[test]
fn a_wide_window_takes_no_visit_twice() {
    let mut parameters = Parameters { tolerance_days: Some(5), ..Parameters::default() };
    parameters.tolerance_days_by_code.insert("M12".parse().expect("a code"), 360);
    let base = Patient { parameters, ..Patient::new("2024-01-31", FAR) };
    let one = base.clone().visits(&["2024-04-30"]).assess("nhl-follow-up");
    assert_eq!((find(&one, "M3").visit, find(&one, "M12").visit), (Some(day("2024-04-30")), None));
    let two = base.visits(&["2024-04-30", "2024-08-20"]).assess("nhl-follow-up");
    assert_eq!(
        (find(&two, "M3").visit, find(&two, "M12").visit),
        (Some(day("2024-04-30")), Some(day("2024-08-20")))
    );
    assert_eq!(find(&two, "M6").visit, None);
    assert_eq!((find(&two, "M9").window.to - find(&two, "M9").target_date).num_days(), 5);
}
