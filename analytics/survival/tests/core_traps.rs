//! Edges: each test names what goes wrong where the edge is missed.
#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::float_cmp, reason = "exact by construction")]

use survival::aalen_johansen::{CifOptions, aalen_johansen};
use survival::error::Error;
use survival::event_table::{EventTable, Subjects};
use survival::gray::gray_test;
use survival::interval::{CifConfType, ConfType, z_of};
use survival::kaplan_meier::{KmOptions, kaplan_meier, landmark};
use survival::log_rank::{Weight, log_rank, log_rank_stratified};
use survival::rates::{
    ProportionMethod, RateMethod, count_limits, proportion, rate, rate_difference, rate_ratio,
};
use survival::rmst::{rmst, rmst_difference, rmst_ratio, time_lost_ratio};

fn days(exit: &[i32], cause: &[u8]) -> EventTable {
    EventTable::from_days(&Subjects::new(exit, cause), 2, 1).unwrap().swap_remove(0)
}

fn times(exit: &[f64]) -> Vec<f64> {
    EventTable::from_times(&Subjects::new(exit, &vec![1; exit.len()]), 1, 1).unwrap()[0].time().to_vec()
}

#[test]
fn near_ties_are_one_time() {
    // Up to a mean of 1 the tolerance is absolute; the chain takes its smallest member.
    assert_eq!(times(&[0.3, 0.1 + 0.2, 0.5]), [0.3, 0.5]);
    assert_eq!(times(&[0.5, 0.5 + 1.4e-8]), [0.5]);
    assert_eq!(times(&[0.5, 0.5 + 1.6e-8]), [0.5, 0.5 + 1.6e-8]);
    assert_eq!(times(&[0.5, 0.5 + 1.2e-8, 0.5 + 2.4e-8]), [0.5]);
    // Above it is relative to the mean of the distinct times.
    assert_eq!(times(&[100.0, 100.0 + 1.4e-6]), [100.0]);
    assert_eq!(times(&[100.0, 100.0 + 1.6e-6]), [100.0, 100.0 + 1.6e-6]);
    // Days converted to months and back in two ways.
    let months: Vec<f64> = [30.0, 61.0].iter().flat_map(|d| [d / 30.4375, d * 12.0 / 365.25]).collect();
    assert_eq!(times(&months).len(), 2);
    // The chain runs over groups: both tables hold the same number.
    let table =
        EventTable::from_times(&Subjects::new(&[0.1 + 0.2, 0.3], &[1, 1]).with_group(&[0, 1]), 1, 2).unwrap();
    assert_eq!((table[0].time(), table[1].time()), ([0.3].as_slice(), [0.3].as_slice()));
}

#[test]
fn an_interval_inside_the_tolerance_is_no_time_at_risk() {
    let subjects =
        Subjects::new(&[5.0, 7.0, 5.0 + 1e-8, 3.0], &[1, 1, 1, 1]).with_entry(&[0.0, 5.0, 5.0, 4.0]);
    let table = &EventTable::from_times(&subjects, 1, 1).unwrap()[0];
    assert_eq!((table.n(), table.excluded()), (2, 2));
    // Entry at the event time is not at risk, exit at it is.
    assert_eq!((table.time(), table.at_risk()), ([0.0, 5.0, 7.0].as_slice(), [0.0, 1.0, 1.0].as_slice()));
}

#[test]
fn time_zero_counts_unless_entry_is_given() {
    let (exit, cause) = ([0, 0, 3], [1, 0, 1]);
    let free = days(&exit, &cause);
    assert_eq!((free.n(), free.excluded(), free.at_risk()), (3, 0, [3.0, 1.0].as_slice()));
    let late = &EventTable::from_days(&Subjects::new(&exit, &cause).with_entry(&[0, 0, 0]), 1, 1).unwrap()[0];
    assert_eq!((late.n(), late.excluded()), (1, 2));
    // An entry before 0 is at risk on day 0, in both kinds of time.
    let early =
        &EventTable::from_days(&Subjects::new(&exit, &cause).with_entry(&[-1, -9, 0]), 1, 1).unwrap()[0];
    assert_eq!((early.n(), early.at_risk()), (3, [2.0, 1.0].as_slice()));
    let real = Subjects::new(&[0.0, 0.0, 3.0], &cause).with_entry(&[-1.0, f64::NEG_INFINITY, 0.0]);
    let real = &EventTable::from_times(&real, 1, 1).unwrap()[0];
    assert_eq!((real.n(), real.at_risk()), (3, [2.0, 1.0].as_slice()));
}

#[test]
fn a_risk_set_that_empties_is_reported() {
    // One early subject has the event before the others enter: S sticks at 0.
    let subjects = Subjects::new(&[3, 9, 12], &[1, 1, 0]).with_entry(&[0, 5, 5]);
    let table = &EventTable::from_days(&subjects, 1, 1).unwrap()[0];
    let km = kaplan_meier(table, &KmOptions::default()).unwrap();
    assert_eq!(km.surv(), [0.0, 0.0, 0.0]);
    assert_eq!(km.risk_set_emptied_at(), Some(3.0));
    let curve = km.curve();
    assert_eq!((curve.std_err, curve.lower), (vec![None; 3], vec![None; 3]));
    let later = km.conditional(5.0).unwrap();
    assert_eq!((later.surv(), later.risk_set_emptied_at()), ([0.5, 0.5].as_slice(), None));
    assert!(km.conditional(12.0).is_err());
    assert!(km.conditional(f64::NAN).is_err());
    // S = 0 at the end of follow-up is not such a case.
    let whole = kaplan_meier(&days(&[1, 2], &[1, 1]), &KmOptions::default()).unwrap();
    assert_eq!(whole.risk_set_emptied_at(), None);
}

#[test]
fn nobody_one_subject_and_nothing_but_censorings() {
    let none = days(&[], &[]);
    let km = kaplan_meier(&none, &KmOptions::default()).unwrap();
    assert!(none.is_empty() && km.curve().time.is_empty());
    assert_eq!(km.quantiles(&[0.5]).unwrap()[0].value, None);
    let at = km.at(&[5.0])[0];
    assert_eq!((at.surv, at.n_risk, at.beyond_follow_up), (1.0, 0.0, true));
    assert!(aalen_johansen(&none, &CifOptions::default()).unwrap().curve(1).unwrap().cif.is_empty());
    let censored = days(&[4, 7], &[0, 0]);
    let aj = aalen_johansen(&censored, &CifOptions::default()).unwrap();
    let curve = aj.curve(2).unwrap();
    assert_eq!((curve.cif, curve.std_err), (vec![0.0; 2], vec![0.0; 2]));
    assert_eq!((curve.lower[0], curve.upper[0]), (Some(0.0), Some(0.0)));
    assert_eq!((aj.curve(0), aj.curve(3)), (None, None));
    // A test without events, and one with a single group at risk, has no statistic.
    let two = [censored.clone(), days(&[5], &[0])];
    assert_eq!(log_rank(&two, Weight::LogRank).unwrap().chisq, None);
    assert_eq!(gray_test(&two, 1, 0.0).unwrap().p, None);
    let lonely = [days(&[4, 7], &[1, 1]), none];
    let test = log_rank(&lonely, Weight::LogRank).unwrap();
    assert_eq!((test.chisq, test.p, test.df), (None, None, 0));
}

#[test]
fn an_empty_group_takes_no_degree_of_freedom() {
    let groups = [days(&[2, 4, 6, 9], &[1, 1, 0, 1]), days(&[], &[]), days(&[3, 5, 8], &[0, 1, 1])];
    let pair = [groups[0].clone(), groups[2].clone()];
    let (three, two) =
        (log_rank(&groups, Weight::LogRank).unwrap(), log_rank(&pair, Weight::LogRank).unwrap());
    assert_eq!((three.df, three.chisq), (1, two.chisq));
    assert_eq!(three.observed[1] + three.expected[1], 0.0);
    let (three, two) = (gray_test(&groups, 1, 0.0).unwrap(), gray_test(&pair, 1, 0.0).unwrap());
    assert_eq!((three.df, three.chisq), (1, two.chisq));
    // A cause nobody has.
    assert_eq!(gray_test(&pair, 2, 0.0).unwrap().chisq, None);
}

#[test]
fn tests_refuse_what_they_cannot_answer() {
    let one = [days(&[2], &[1])];
    assert!(matches!(log_rank(&one, Weight::LogRank), Err(Error::Undefined { .. })));
    assert!(matches!(gray_test(&one, 1, 0.0), Err(Error::Undefined { .. })));
    let two = [days(&[2], &[1]), days(&[3], &[1])];
    assert!(matches!(gray_test(&two, 3, 0.0), Err(Error::InvalidParameter { name: "cause", .. })));
    assert!(matches!(gray_test(&two, 0, 0.0), Err(Error::InvalidParameter { name: "cause", .. })));
    assert!(matches!(gray_test(&two, 1, f64::NAN), Err(Error::InvalidParameter { name: "rho", .. })));
    let negative = Weight::FlemingHarrington { rho: -1.0, gamma: 0.0 };
    assert!(matches!(log_rank(&two, negative), Err(Error::InvalidParameter { name: "rho", .. })));
    let uneven = [two.to_vec(), vec![one[0].clone()]];
    assert!(matches!(log_rank_stratified(&uneven, Weight::LogRank), Err(Error::LengthMismatch { .. })));
    let late =
        EventTable::from_days(&Subjects::new(&[5, 6], &[1, 1]).with_entry(&[1, 2]).with_group(&[0, 1]), 1, 2)
            .unwrap();
    assert!(matches!(gray_test(&late, 1, 0.0), Err(Error::Undefined { .. })));
}

#[test]
fn twenty_groups() {
    let exit: Vec<i32> = (0..400).map(|i| 1 + (i * 37) % 101).collect();
    let cause: Vec<u8> = (0..400).map(|i| u8::from(i % 3 != 0)).collect();
    let group: Vec<u32> = (0..400).map(|i| i % 20).collect();
    let tables = EventTable::from_days(&Subjects::new(&exit, &cause).with_group(&group), 1, 20).unwrap();
    let test = log_rank(&tables, Weight::LogRank).unwrap();
    assert_eq!(test.df, 19);
    assert!((test.observed.iter().sum::<f64>() - test.expected.iter().sum::<f64>()).abs() < 1e-10);
    // One cause without competitors: Gray's test sees the same groups.
    assert_eq!(gray_test(&tables, 1, 0.0).unwrap().df, 19);
}

#[test]
fn values_outside_their_domain_are_named() {
    let fault = |subjects: &Subjects| EventTable::from_days(subjects, 1, 2).unwrap_err();
    assert_eq!(
        fault(&Subjects::new(&[1, -2], &[0, 1])),
        Error::InvalidValue { column: "exit", row: 1, value: -2.0, expected: "a day, 0 or later" }
    );
    assert!(matches!(
        fault(&Subjects::new(&[1, 2], &[0, 2])),
        Error::InvalidValue { column: "cause", row: 1, .. }
    ));
    let base = Subjects::new(&[1, 2], &[0, 1]);
    assert!(matches!(fault(&base.with_group(&[2, 0])), Error::InvalidValue { column: "group", row: 0, .. }));
    for weight in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            fault(&base.with_weight(&[1.0, weight])),
            Error::InvalidValue { column: "weight", row: 1, .. }
        ));
    }
    assert_eq!(
        fault(&base.with_entry(&[0])),
        Error::LengthMismatch { column: "entry", expected: 2, received: 1 }
    );
    // The row is counted over all chunks, whichever thread finds it.
    let mut exit = vec![5; 600_000];
    exit[500_001] = -1;
    let far = EventTable::from_days_on(&Subjects::new(&exit, &vec![0; 600_000]), 1, 1, 4).unwrap_err();
    assert!(matches!(far, Error::InvalidValue { column: "exit", row: 500_001, .. }));
    for exit in [f64::NAN, f64::INFINITY, -0.5] {
        let fault = EventTable::from_times(&Subjects::new(&[1.0, exit], &[0, 1]), 1, 1).unwrap_err();
        assert!(matches!(fault, Error::InvalidValue { column: "exit", row: 1, .. }));
    }
    let nan = Subjects::new(&[1.0], &[0]).with_entry(&[f64::NAN]);
    assert!(matches!(
        EventTable::from_times(&nan, 1, 1),
        Err(Error::InvalidValue { column: "entry", row: 0, .. })
    ));
    assert_eq!(times(&[-0.0, 0.0, 1.0]), [0.0, 1.0]);
}

#[test]
fn a_sentinel_day_costs_no_memory() {
    let subjects =
        Subjects::new(&[3, i32::MAX, 9_000_000, i32::MAX], &[1, 0, 1, 1]).with_entry(&[0, 1, 8_500_000, 2]);
    let table = &EventTable::from_days(&subjects, 1, 1).unwrap()[0];
    assert_eq!(table.time(), [0.0, 1.0, 2.0, 3.0, 8_500_000.0, 9_000_000.0, 2_147_483_647.0]);
    assert_eq!(table.at_risk(), [0.0, 1.0, 2.0, 3.0, 2.0, 3.0, 2.0]);
    assert_eq!((table.n(), table.events(1)[6], table.censored()[6]), (4, 1.0, 1.0));
}

#[test]
fn weights_of_very_different_size_keep_their_digits() {
    let (exit, cause, weight) = ([1, 2, 3, 4], [1, 0, 1, 1], [1e12, 1e12, 1e-3, 2e-3]);
    let table = &EventTable::from_days(&Subjects::new(&exit, &cause).with_weight(&weight), 1, 1).unwrap()[0];
    // Sums from the end: subtracting from the total would leave rounding errors of 1e-4 at the last times.
    assert_eq!(table.at_risk()[2..], [3e-3, 2e-3]);
    let km = kaplan_meier(table, &KmOptions::default()).unwrap();
    assert!((km.surv()[2] / km.surv()[1] - 2.0 / 3.0).abs() < 1e-12);
    assert_eq!(km.surv()[3], 0.0);
    assert_eq!(table.n(), 4);
}

#[test]
fn limits_at_the_ends_of_the_scale() {
    let z = z_of(0.95).unwrap();
    assert!((z - 1.959_963_984_540_054).abs() < 1e-15);
    assert!(z_of(0.0).is_err() && z_of(1.0).is_err() && z_of(f64::NAN).is_err());
    for scale in [ConfType::LogLog, ConfType::Log, ConfType::Plain, ConfType::Logit, ConfType::Arcsin] {
        assert_eq!(scale.limits(1.0, 0.0, z), Some((1.0, 1.0)));
        assert_eq!(scale.limits(0.0, f64::INFINITY, z), None);
        let (low, high) = scale.limits(0.99, 4.0, z).unwrap();
        assert!((0.0..0.99).contains(&low) && 0.99 < high && high <= 1.0, "{scale:?}");
    }
    assert_eq!(CifConfType::Cloglog.limits(0.0, 0.0, z), Some((0.0, 0.0)));
    assert_eq!(CifConfType::LogLog.limits(0.0, 0.0, z), None);
    assert_eq!(CifConfType::Cloglog.limits(1.0, 0.1, z), None);
    assert_eq!(CifConfType::Plain.limits(0.95, 0.1, z), Some((0.95 - z * 0.1, 1.0)));
    // The two scales called log-log are not the same.
    let (a, b) = (
        CifConfType::Cloglog.limits(0.7, 0.05, z).unwrap(),
        CifConfType::LogLog.limits(0.7, 0.05, z).unwrap(),
    );
    assert!((a.0 - b.0).abs() > 1e-3);
}

#[test]
fn the_horizon_of_a_restricted_mean() {
    let km = |exit: &[i32], cause: &[u8]| kaplan_meier(&days(exit, cause), &KmOptions::default()).unwrap();
    let open = km(&[2, 5], &[1, 0]);
    assert_eq!(rmst(&open, 5.0).unwrap().value, 2.0 + 0.5 * 3.0);
    assert!(matches!(rmst(&open, 5.000_001), Err(Error::InvalidParameter { name: "tau", .. })));
    assert!(rmst(&open, 0.0).is_err() && rmst(&open, f64::NAN).is_err());
    // After a last event S is 0 and the area is known.
    let closed = rmst(&km(&[2, 4], &[1, 1]), 10.0).unwrap();
    assert_eq!((closed.value, closed.time_lost), (3.0, 7.0));
    let (a, b) = (rmst(&open, 4.0).unwrap(), rmst(&open, 5.0).unwrap());
    assert!(rmst_difference(&a, &b).is_err());
    let certain = rmst(&km(&[6, 7], &[0, 0]), 5.0).unwrap();
    assert_eq!((certain.value, certain.std_err), (5.0, 0.0));
    assert_eq!(rmst_difference(&certain, &certain).unwrap().p, None);
    assert_eq!(rmst_ratio(&certain, &certain).unwrap().value, 1.0);
    assert!(matches!(time_lost_ratio(&certain, &b), Err(Error::Undefined { .. })));
}

#[test]
fn quantiles_meet_their_plateaus() {
    let km = kaplan_meier(&days(&[1, 2, 3, 4], &[1, 1, 0, 0]), &KmOptions::default()).unwrap();
    let q = km.quantiles(&[0.0, 0.25, 0.3, 0.5, 0.51, 1.0]).unwrap();
    let values: Vec<Option<f64>> = q.iter().map(|q| q.value).collect();
    assert_eq!(values, [Some(0.0), Some(1.5), Some(2.0), Some(3.0), None, None]);
    assert!(km.quantiles(&[1.1]).is_err() && km.quantiles(&[f64::NAN]).is_err());
}

#[test]
fn landmarks_keep_who_is_at_risk_after_them() {
    let l = landmark(None, &[29, 30, 31], 30).unwrap();
    assert_eq!((l.rows, l.left_before, l.entered_after), (vec![2], 2, 0));
    let l = landmark(Some(&[0.0, 30.0, 30.5]), &[40.0, 40.0, 40.0], 30.0).unwrap();
    assert_eq!((l.rows, l.left_before, l.entered_after), (vec![0, 1], 0, 1));
    assert!(landmark(Some(&[1]), &[2, 3], 1).is_err());
}

#[test]
fn columns_from_elsewhere_are_checked() {
    let build = |initial, entered: &[f64], events: &[f64]| {
        EventTable::from_columns(
            initial,
            vec![1.0, 2.0],
            entered.to_vec(),
            vec![events.to_vec()],
            vec![1.0, 0.0],
        )
    };
    let table = build(3.0, &[], &[1.0, 1.0]).unwrap();
    assert_eq!((table.n(), table.at_risk(), table.person_time()), (3, [3.0, 1.0].as_slice(), 4.0));
    assert_eq!(build(2.0, &[1.0, 0.0], &[1.0, 1.0]).unwrap().at_risk(), [2.0, 1.0]);
    assert!(matches!(
        build(2.0, &[], &[1.0, 1.0]),
        Err(Error::InvalidValue { column: "events", row: 1, .. })
    ));
    assert!(matches!(build(4.0, &[], &[1.0, 1.0]), Err(Error::InvalidParameter { name: "initial", .. })));
    assert!(matches!(build(3.0, &[], &[1.0]), Err(Error::LengthMismatch { column: "events", .. })));
    assert!(matches!(
        build(3.0, &[], &[1.0, -1.0]),
        Err(Error::InvalidValue { column: "events", row: 1, .. })
    ));
    let descending =
        EventTable::from_columns(2.0, vec![2.0, 2.0], vec![], vec![vec![1.0, 1.0]], vec![0.0, 0.0]);
    assert!(matches!(descending, Err(Error::InvalidValue { column: "time", row: 1, .. })));
}

#[test]
fn rates_at_their_edges() {
    let close = |a: f64, b: f64, tolerance: f64| assert!((a - b).abs() < tolerance, "{a} {b}");
    // No event: the two-sided exact limit is -ln 0.025, the mid-P limit -ln 0.05.
    let (low, high) = count_limits(0, RateMethod::Exact, 0.95).unwrap();
    assert_eq!(low, 0.0);
    close(high, -(0.025_f64.ln()), 1e-14);
    let (low, high) = count_limits(0, RateMethod::MidP, 0.95).unwrap();
    assert_eq!(low, 0.0);
    close(high, 20.0_f64.ln(), 1e-12);
    let (low, high) = count_limits(0, RateMethod::Byar, 0.95).unwrap();
    assert_eq!(low, 0.0);
    close(high, 3.668_011_832_2, 1e-9);
    assert_eq!(count_limits(0, RateMethod::Score, 0.95).unwrap().0, 0.0);
    // Ten events, the worked example of the epidemiology textbooks: exact 4.80 to 18.39, Byar 4.79 to 18.39.
    let (low, high) = count_limits(10, RateMethod::Exact, 0.95).unwrap();
    close(low, 4.795_389, 1e-6);
    close(high, 18.390_356, 1e-6);
    let (low, high) = count_limits(10, RateMethod::Byar, 0.95).unwrap();
    close(low, 4.787_449_914_0, 1e-9);
    close(high, 18.391_458_605_8, 1e-9);
    // mid-P lies inside the exact limits and solves its equation.
    let (low, high) = count_limits(10, RateMethod::MidP, 0.95).unwrap();
    close(low, 5.079_521_847_217, 1e-11);
    close(high, 17.824_853_696_570, 1e-9);
    assert!(
        rate(1, 0.0, RateMethod::Exact, 0.95).is_err() && rate(1, f64::NAN, RateMethod::Exact, 0.95).is_err()
    );
    assert!(rate(1, 10.0, RateMethod::Exact, 95.0).is_err());
    let none = rate_ratio((0, 10.0), (0, 10.0), 0.95).unwrap();
    assert_eq!((none.value, none.p, none.upper), (None, None, None));
    let zero = rate_ratio((0, 10.0), (4, 10.0), 0.95).unwrap();
    assert_eq!((zero.value, zero.lower), (Some(0.0), Some(0.0)));
    assert_eq!(rate_ratio((4, 10.0), (0, 10.0), 0.95).unwrap().upper, None);
    let even = rate_ratio((5, 10.0), (5, 10.0), 0.95).unwrap();
    assert_eq!((even.value, even.p, even.p_doubled), (Some(1.0), Some(1.0), Some(1.0)));
    let difference = rate_difference((4, 10.0), (1, 10.0), 0.95).unwrap();
    close(difference.std_err, 0.05_f64.sqrt(), 1e-15);
    close(difference.value, 0.3, 1e-15);
    assert_eq!(rate_difference((0, 10.0), (0, 10.0), 0.95).unwrap().p, None);
    assert!(matches!(proportion(0, 0, ProportionMethod::Wilson, 0.95), Err(Error::Undefined { .. })));
    assert!(proportion(3, 2, ProportionMethod::Wilson, 0.95).is_err());
    assert_eq!(proportion(0, 9, ProportionMethod::Wilson, 0.95).unwrap().lower, 0.0);
    assert_eq!(proportion(9, 9, ProportionMethod::Wilson, 0.95).unwrap().upper, 1.0);
}
