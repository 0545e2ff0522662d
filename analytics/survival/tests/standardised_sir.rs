//! Standardised incidence ratios: hand-worked tables, cells without rate or expectation, limits, properties.

#![expect(clippy::float_cmp, reason = "figures that are exact in binary are asserted exactly")]

use proptest::prelude::*;
use survival::error::Error;
use survival::person_years::{Beyond, Clock, day_number};
use survival::sir::{Cohort, Options, RateCell, Ratio, ReferenceRates, byar_limits, mid_p_limits, sir};

const YEARS: Options<'static> =
    Options { clock: Clock::DecimalYears, lag: 0.0, since: &[], conf_level: 0.95, beyond: Beyond::Nearest };

fn cell(sex: u32, age: (f64, f64), period: (f64, f64), rate: f64) -> RateCell {
    RateCell { sex, age: (age.0, Some(age.1)), period: (period.0, Some(period.1)), rate }
}

/// Two sexes, ages 40-49 and 50-59, periods 2000-2004 and 2005-2009.
fn reference() -> ReferenceRates {
    let mut cells = Vec::new();
    for (sex, rates) in [(0, [1.0, 2.0, 3.0, 4.0]), (1, [10.0, 20.0, 30.0, 40.0])] {
        for (i, rate) in rates.into_iter().enumerate() {
            let age = if i < 2 { (40.0, 50.0) } else { (50.0, 60.0) };
            let period = if i % 2 == 0 { (2000.0, 2005.0) } else { (2005.0, 2010.0) };
            cells.push(cell(sex, age, period, rate));
        }
    }
    ReferenceRates::from_cells(&cells, 1000.0).expect("reference")
}

#[test]
fn a_table_worked_by_hand() {
    // A man born 1952.0 followed 2000.0-2007.0: 2 years in 40-49/2000-04, 3 in 50-59/2000-04, 2 in 50-59/2005-09.
    // A woman born 1960.0 followed 2004.0-2012.0: 1 in 40-49/2000-04, 5 in 40-49/2005-09, 2 in 50-59 (after 2010, so
    // at the rate of 2005-09).
    let cohort = Cohort {
        birth: &[1952.0, 1960.0],
        start: &[2000.0, 2004.0],
        end: &[2007.0, 2012.0],
        event: &[true, false],
        sex: Some(&[0, 1]),
        origin: None,
    };
    let result = sir(&cohort, &reference(), &YEARS).expect("sir");
    let man = 2.0 * 1.0 + 3.0 * 3.0 + 2.0 * 4.0;
    let woman = 1.0 * 10.0 + 5.0 * 20.0 + 2.0 * 40.0;
    assert!((result.total.expected - (man + woman) / 1000.0).abs() < 1e-15);
    assert_eq!((result.total.person_years, result.total.observed), (15.0, 1));
    assert!((result.by_sex[0].expected - man / 1000.0).abs() < 1e-15);
    assert_eq!(result.by_sex.iter().map(|r| r.observed).collect::<Vec<_>>(), [1, 0]);
    assert_eq!(result.by_age.iter().map(|r| r.person_years).collect::<Vec<_>>(), [8.0, 7.0]);
    assert_eq!(result.by_period.iter().map(|r| r.person_years).collect::<Vec<_>>(), [6.0, 9.0]);
    assert_eq!((result.beyond_periods, result.beyond_ages), ([0.0, 2.0], [0.0, 0.0]));
    assert_eq!(result.cells.len(), 6);
    assert_eq!(result.by_since.len(), 0);

    let options = Options { beyond: Beyond::Outside, ..YEARS };
    let result = sir(&cohort, &reference(), &options).expect("sir");
    assert_eq!((result.total.person_years, result.outside), (13.0, (2.0, 0)));
    assert!((result.total.expected - (man + woman - 80.0) / 1000.0).abs() < 1e-15);
}

#[test]
fn days_and_decimal_years_agree_on_whole_years() {
    let day = |y| day_number(y, 1, 1);
    let (birth, start, end) = ([day(1952), day(1960)], [day(2000), day(2004)], [day(2007), day(2012)]);
    let cohort = Cohort {
        birth: &birth,
        start: &start,
        end: &end,
        event: &[true, false],
        sex: Some(&[0, 1]),
        origin: None,
    };
    let result = sir(&cohort, &reference(), &Options::default()).expect("sir");
    // 2000-2007 has 2557 days, 2004-2012 has 2922.
    assert_eq!(result.total.person_years, f64::from(2557 + 2922) / 365.25);
    let days = [[731.0, 1096.0, 730.0], [366.0, 1826.0, 730.0]]; // by sex: the cells of the test above, in days
    let rates = [[1.0, 3.0, 4.0], [10.0, 20.0, 40.0]];
    let expected: f64 = days
        .iter()
        .zip(rates)
        .map(|(d, r)| d.iter().zip(r).map(|(d, r)| d * r / 365.25 / 1000.0).sum::<f64>())
        .sum();
    assert!((result.total.expected - expected).abs() < 1e-15);
}

#[test]
fn cells_without_expectation_or_without_rate() {
    // Rate 0 at ages 40-49, none given at 60 and over.
    let cells = [cell(0, (40.0, 50.0), (2000.0, 2010.0), 0.0), cell(0, (50.0, 60.0), (2000.0, 2010.0), 5.0)];
    let mut with_gap = cells.to_vec();
    with_gap.push(cell(0, (60.0, 70.0), (2005.0, 2010.0), 7.0));
    let reference = ReferenceRates::from_cells(&with_gap, 1000.0).expect("reference");
    assert_eq!(reference.period_edges(), [2000.0, 2005.0, 2010.0]);
    assert_eq!(
        (reference.rate(0, 1, 0), reference.rate(0, 2, 0), reference.rate(0, 2, 1)),
        (Some(5.0), None, Some(7.0))
    );
    let cohort = Cohort {
        birth: &[1955.0, 1950.0, 1940.0],
        start: &[2000.0, 2000.0, 2000.0],
        end: &[2005.0, 2004.0, 2006.0],
        event: &[true, true, true],
        sex: None,
        origin: None,
    };
    let result = sir(&cohort, &reference, &YEARS).expect("sir");
    // The event at rate 0 counts as observed; five years at 60-64 before 2005 have no rate and count nowhere.
    assert_eq!(result.without_rate, (5.0, 0));
    assert_eq!((result.total.observed, result.total.person_years), (3, 10.0));
    assert!((result.total.expected - (4.0 * 5.0 + 1.0 * 7.0) / 1000.0).abs() < 1e-15);
    let zero = result.by_age[0];
    assert_eq!(
        (zero.observed, zero.expected, zero.sir, zero.lower, zero.upper, zero.p),
        (1, 0.0, None, None, None, None)
    );
    assert_eq!(zero.excess_per_10000, Some(2000.0));
    let nothing = Ratio::new(0, 0.0, 0.0, 0.95);
    assert_eq!((nothing.sir, nothing.p, nothing.excess_per_10000), (None, None, None));
}

#[test]
fn lag_and_time_since_origin() {
    let cohort = Cohort {
        birth: &[1950.0, 1950.0],
        start: &[2000.0, 2001.0],
        end: &[2004.0, 2001.5],
        event: &[true, true],
        sex: None,
        origin: Some(&[2000.0, 2001.0]),
    };
    let since = [0.0, 2.0, f64::INFINITY];
    let result = sir(&cohort, &reference(), &Options { lag: 1.0, since: &since, ..YEARS }).expect("sir");
    assert_eq!((result.rows_within_lag, result.events_within_lag), (1, 1));
    assert_eq!(
        result.by_since.iter().map(|r| (r.person_years, r.observed)).collect::<Vec<_>>(),
        [(1.0, 0), (2.0, 1)]
    );
    let negative = Cohort { origin: Some(&[1990.0, 2001.0]), ..cohort };
    let result = sir(&negative, &reference(), &Options { lag: 1.0, since: &since, ..YEARS }).expect("sir");
    assert_eq!(result.by_since[1].person_years, 4.0);
}

#[test]
fn limits_of_small_counts() {
    // Two-sided 95 % for no events: -ln(0.025); mid-P: -ln(0.05).
    let none = Ratio::new(0, 1.0, 100.0, 0.95);
    assert_eq!(none.lower, Some(0.0));
    assert!((none.upper.expect("upper") - 3.688_879_454_113_936).abs() < 1e-13);
    assert!((none.p.expect("p") - 2.0 * (-1.0_f64).exp()).abs() < 1e-15);
    assert_eq!(mid_p_limits(0, 0.95).0, 0.0);
    assert!((mid_p_limits(0, 0.95).1 - 2.995_732_273_553_991).abs() < 1e-13);
    assert_eq!(byar_limits(0, 0.95).0, 0.0);
    // The 90 % limits of 10 (Garwood's table): 5.425 and 16.962.
    let ten = Ratio::new(10, 1.0, 1.0, 0.90);
    assert!((ten.lower.expect("lower") - 5.425_405_697_091_12).abs() < 1e-9);
    assert!((ten.upper.expect("upper") - 16.962_219_236_351_5).abs() < 1e-9);
    assert_eq!(Ratio::new(3, 3.0, 1.0, 0.95).p, Some(1.0));
}

#[test]
fn reference_tables_that_are_refused() {
    let fine = cell(0, (40.0, 50.0), (2000.0, 2005.0), 1.0);
    let refused = |cells: &[RateCell]| ReferenceRates::from_cells(cells, 1e5).expect_err("refused");
    assert!(matches!(refused(&[]), Error::Undefined { .. }));
    assert!(ReferenceRates::from_cells(&[fine], 0.0).is_err());
    let overlapping = [fine, cell(0, (45.0, 55.0), (2000.0, 2005.0), 1.0)];
    assert!(matches!(refused(&overlapping), Error::InvalidValue { column: "rate", row: 1, .. }));
    let reversed = [cell(0, (50.0, 40.0), (2000.0, 2005.0), 1.0)];
    assert!(matches!(refused(&reversed), Error::InvalidValue { column: "age", row: 0, .. }));
    let negative = [RateCell { rate: -1.0, ..fine }];
    assert!(matches!(refused(&negative), Error::InvalidValue { column: "rate", .. }));
    let half_years = [cell(0, (40.0, 50.0), (2000.5, 2005.0), 1.0)];
    let reference = ReferenceRates::from_cells(&half_years, 1e5).expect("reference");
    let cohort = Cohort { birth: &[0], start: &[1], end: &[2], event: &[false], sex: None, origin: None };
    assert!(matches!(sir(&cohort, &reference, &Options::default()), Err(Error::InvalidParameter { .. })));
    let unborn = Cohort { birth: &[5], start: &[1], end: &[9], event: &[false], sex: None, origin: None };
    assert!(matches!(sir(&unborn, &reference, &YEARS), Err(Error::InvalidValue { column: "start", .. })));
    let level = Options { conf_level: 1.0, ..YEARS };
    assert!(sir(&cohort, &reference, &level).is_err());
}

#[test]
fn bands_without_an_end_reach_to_the_next() {
    let open = |age, year, rate| RateCell { sex: 0, age: (age, None), period: (year, None), rate };
    let cells =
        [open(60.0, 2000.0, 2.0), open(40.0, 2000.0, 1.0), open(40.0, 1990.0, 3.0), open(60.0, 1990.0, 4.0)];
    let reference = ReferenceRates::from_cells(&cells, 1.0).expect("reference");
    assert_eq!(reference.age_edges(), [40.0, 60.0, f64::INFINITY]);
    assert_eq!(reference.period_edges(), [1990.0, 2000.0, f64::INFINITY]);
    assert_eq!(reference.rate(0, 0, 0), Some(3.0));
    assert_eq!(reference.rate(0, 1, 1), Some(2.0));
    assert_eq!(reference.rate(0, 2, 0), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Limits hold their defining tails; mid-P lies within exact, and both around the count.
    #[test]
    fn tails_at_the_limits(observed in 1..2000_u64, level in 0.5..0.999_f64) {
        use survival::special::{poisson_at_least, poisson_at_most, poisson_pmf};
        let tail = (1.0 - level) / 2.0;
        let ratio = Ratio::new(observed, 1.0, 1.0, level);
        let (low, high) = (ratio.lower.expect("lower"), ratio.upper.expect("upper"));
        prop_assert!((poisson_at_least(observed, low) / tail - 1.0).abs() < 1e-9);
        prop_assert!((poisson_at_most(observed, high) / tail - 1.0).abs() < 1e-9);
        let (mid_low, mid_high) = mid_p_limits(observed, level);
        prop_assert!(low < mid_low && mid_low < observed as f64 && (observed as f64) < mid_high && mid_high < high);
        let lower_tail = poisson_at_least(observed, mid_low) - poisson_pmf(observed, mid_low) / 2.0;
        let upper_tail = poisson_at_most(observed, mid_high) - poisson_pmf(observed, mid_high) / 2.0;
        prop_assert!((lower_tail / tail - 1.0).abs() < 1e-9 && (upper_tail / tail - 1.0).abs() < 1e-9);
        let (byar_low, byar_high) = byar_limits(observed, 0.95);
        let exact = Ratio::new(observed, 1.0, 1.0, 0.95);
        prop_assert!(observed < 5 || (byar_low / exact.lower.expect("lower") - 1.0).abs() < 0.01);
        prop_assert!((byar_high / exact.upper.expect("upper") - 1.0).abs() < 0.01);
    }

    /// Rates per another unit change nothing; doubling the cohort halves no ratio and doubles both counts.
    #[test]
    fn scaling(rows in prop::collection::vec((1940.0..1965.0_f64, 2000.0..2008.0_f64, 0.01..9.0_f64, any::<bool>(), 0..2_u32), 1..20)) {
        let column = |f: fn(&(f64, f64, f64, bool, u32)) -> f64| rows.iter().map(f).collect::<Vec<f64>>();
        let (birth, start) = (column(|r| r.0), column(|r| r.1));
        let end = column(|r| r.1 + r.2);
        let event: Vec<bool> = rows.iter().map(|r| r.3).collect();
        let sex: Vec<u32> = rows.iter().map(|r| r.4).collect();
        let cohort = Cohort { birth: &birth, start: &start, end: &end, event: &event, sex: Some(&sex), origin: None };
        let once = sir(&cohort, &reference(), &YEARS).expect("sir").total;
        let twice = |v: &[f64]| [v, v].concat();
        let (birth, start, end, event, sex) = (twice(&birth), twice(&start), twice(&end), [&event[..], &event].concat(), [&sex[..], &sex].concat());
        let cohort = Cohort { birth: &birth, start: &start, end: &end, event: &event, sex: Some(&sex), origin: None };
        let doubled = sir(&cohort, &reference(), &YEARS).expect("sir").total;
        prop_assert_eq!(doubled.observed, 2 * once.observed);
        prop_assert!((doubled.expected / once.expected - 2.0).abs() < 1e-12);
        prop_assert!((doubled.person_years / once.person_years - 2.0).abs() < 1e-12);
        prop_assert!((doubled.sir.expect("sir") - once.sir.expect("sir")).abs() <= 1e-12 * once.sir.expect("sir"));
    }
}
