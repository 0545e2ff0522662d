//! Person-time against a day-by-day reference, both sides of every boundary, and properties.

#![expect(clippy::float_cmp, reason = "figures that are exact in binary are asserted exactly")]

use proptest::prelude::*;
use survival::error::Error;
use survival::person_years::{
    Beyond, Clock, FollowUp, FollowUps, PersonTime, Reckoning, Scale, birthday, civil_date, day_number, split,
};

const AGES: [f64; 5] = [0.0, 18.0, 50.0, 65.0, f64::INFINITY];

fn years() -> Vec<f64> {
    [1990, 1995, 2000, 2001, 2010].iter().map(|y| f64::from(day_number(*y, 1, 1))).collect()
}

#[derive(Debug)]
struct Rows {
    birth: Vec<i32>,
    start: Vec<i32>,
    end: Vec<i32>,
    event: Vec<bool>,
    sex: Vec<u32>,
    origin: Vec<i32>,
}

fn age_and_year(rows: &Rows, beyond: Beyond, lag: f64) -> PersonTime {
    let follow_ups = FollowUps {
        start: &rows.start,
        end: &rows.end,
        event: &rows.event,
        stratum: Some(&rows.sex),
        origin: Some(&rows.origin),
    };
    let (below, above) = (beyond, beyond);
    let years = years();
    let scales = [
        Scale { origin: Some(&rows.birth), edges: &AGES, reckoning: Reckoning::Birthdays, below, above },
        Scale { origin: None, edges: &years, reckoning: Reckoning::Elapsed, below, above },
    ];
    split(&follow_ups, 2, &scales, lag).expect("table")
}

/// Dates by stepping through the calendar one day at a time from 1 January 1900.
fn calendar(days: usize) -> Vec<(i32, i32, i32)> {
    let (mut y, mut m, mut d) = (1900, 1, 1);
    let mut dates = Vec::with_capacity(days);
    for _ in 0..days {
        dates.push((y, m, d));
        let leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
        let length = match m {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        d += 1;
        if d > length {
            (m, d) = (m + 1, 1);
        }
        if m > 12 {
            (y, m) = (y + 1, 1);
        }
    }
    dates
}

/// 1 January 1900 as days since 1970.
const FIRST: i32 = -25_567;

fn age_on(birth: (i32, i32, i32), on: (i32, i32, i32)) -> i32 {
    on.0 - birth.0 - i32::from((on.1, on.2) < (birth.1, birth.2))
}

#[test]
fn calendar_arithmetic() {
    let dates = calendar(80_000);
    for (i, &(y, m, d)) in dates.iter().enumerate() {
        let day = FIRST + i32::try_from(i).expect("small");
        assert_eq!(day_number(y, m, d), day);
        assert_eq!(civil_date(day), (y, m, d));
    }
    assert_eq!(day_number(1970, 1, 1), 0);
    assert_eq!(day_number(2000, 2, 29) + 1, day_number(2000, 3, 1));
    assert_eq!(day_number(1900, 2, 28) + 1, day_number(1900, 3, 1));
    assert_eq!(day_number(2023, 13, 1), day_number(2024, 1, 1));
    assert_eq!(civil_date(day_number(-400, 3, 1)), (-400, 3, 1));
    for extreme in [i32::MIN, i32::MAX] {
        let (y, m, d) = civil_date(extreme);
        assert_eq!(day_number(y, m, d), extreme);
    }
    // A leap-day birth completes a year on 1 March, on 29 February in leap years.
    assert_eq!(birthday(day_number(2000, 2, 29), 1), day_number(2001, 3, 1));
    assert_eq!(birthday(day_number(2000, 2, 29), 4), day_number(2004, 2, 29));
}

fn subjects() -> impl Strategy<Value = Rows> {
    let row = (8_000..30_000_i32, 0..9_000_i32, -50..9_000_i32, any::<bool>(), 0..2_u32, 0..700_i32);
    prop::collection::vec(row, 1..12).prop_map(|rows| {
        let mut out =
            Rows { birth: vec![], start: vec![], end: vec![], event: vec![], sex: vec![], origin: vec![] };
        for (birth, to_start, length, event, sex, back) in rows {
            let (birth, start) = (FIRST + birth, FIRST + birth + to_start);
            out.birth.push(birth);
            out.start.push(start);
            out.end.push(start + length);
            out.event.push(event);
            out.sex.push(sex);
            out.origin.push(start - back);
        }
        out
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every cell equals the count of days that start in it, exactly.
    #[test]
    fn equal_to_counting_days(rows in subjects(), nearest in any::<bool>(), lag in 0..400_i32) {
        let dates = calendar(60_000);
        let date = |day: i32| dates[usize::try_from(day - FIRST).expect("after 1900")];
        let beyond = if nearest { Beyond::Nearest } else { Beyond::Outside };
        let table = age_and_year(&rows, beyond, f64::from(lag));
        let mut time = vec![0.0; 2 * 4 * 4];
        let mut events = vec![0; 2 * 4 * 4];
        let (mut outside, mut early, mut late) = (0.0, 0.0, 0.0);
        let (mut empty, mut within, mut events_within, mut events_outside) = (0, 0, 0, 0);
        for i in 0..rows.birth.len() {
            if rows.end[i] <= rows.start[i] {
                empty += 1;
                continue;
            }
            let begin = rows.start[i].max(rows.origin[i] + lag);
            if begin >= rows.end[i] {
                within += 1;
                events_within += u64::from(rows.event[i]);
                continue;
            }
            for day in begin..rows.end[i] {
                let age = age_on(date(rows.birth[i]), date(day));
                let age_band = [18, 50, 65].iter().filter(|a| age >= **a).count();
                let year = date(day).0;
                let year_band = match year {
                    ..1990 => { early += 1.0; nearest.then_some(0) }
                    1990..1995 => Some(0),
                    1995..2000 => Some(1),
                    2000 => Some(2),
                    2001..2010 => Some(3),
                    _ => { late += 1.0; nearest.then_some(3) }
                };
                let happened = u64::from(rows.event[i] && day + 1 == rows.end[i]);
                if let Some(band) = year_band {
                    let cell = (rows.sex[i] as usize * 4 + age_band) * 4 + band;
                    time[cell] += 1.0;
                    events[cell] += happened;
                } else {
                    outside += 1.0;
                    events_outside += happened;
                }
            }
        }
        prop_assert_eq!(&table.time, &time);
        prop_assert_eq!(&table.events, &events);
        prop_assert_eq!(table.outside_time, outside);
        prop_assert_eq!(table.outside_events, events_outside);
        prop_assert_eq!(&table.beyond, &[[0.0, 0.0], [early, late]]);
        prop_assert_eq!((table.empty_rows, table.rows_within_lag, table.events_within_lag), (empty, within, events_within));
        prop_assert_eq!(table.shape, [2, 4, 4]);
    }

    /// Cutting every subject into two rows at any day changes no cell.
    #[test]
    fn cutting_rows_changes_nothing(rows in subjects(), cut in 0.0..1.0_f64, lag in 0..400_i32) {
        let whole = age_and_year(&rows, Beyond::Nearest, f64::from(lag));
        let mut cut_rows = Rows { birth: vec![], start: vec![], end: vec![], event: vec![], sex: vec![], origin: vec![] };
        for i in (0..rows.birth.len()).rev() {
            #[expect(clippy::cast_possible_truncation, reason = "within the interval")]
            let at = rows.start[i] + (f64::from(rows.end[i] - rows.start[i]) * cut) as i32;
            for (start, end, event) in [(at, rows.end[i], rows.event[i]), (rows.start[i], at, false)] {
                cut_rows.birth.push(rows.birth[i]);
                cut_rows.start.push(start);
                cut_rows.end.push(end);
                cut_rows.event.push(event);
                cut_rows.sex.push(rows.sex[i]);
                cut_rows.origin.push(rows.origin[i]);
            }
        }
        let pieces = age_and_year(&cut_rows, Beyond::Nearest, f64::from(lag));
        prop_assert_eq!(whole.time, pieces.time);
        prop_assert_eq!(whole.events, pieces.events);
        prop_assert_eq!(whole.beyond, pieces.beyond);
    }

    /// Stretching all times and edges by a factor stretches person-time by it and moves no event.
    #[test]
    fn scaling_time(rows in subjects(), factor in 2..9_i32) {
        let table = |by: i32| {
            let times = |v: &[i32]| v.iter().map(|t| t * by).collect::<Vec<i32>>();
            let edges: Vec<f64> = [0.0, 4000.0, 9000.0, 15000.0].iter().map(|e| e * f64::from(by)).collect();
            let (birth, start, end) = (times(&rows.birth), times(&rows.start), times(&rows.end));
            let follow_ups = FollowUps { start: &start, end: &end, event: &rows.event, stratum: None, origin: None };
            let scale = Scale {
                origin: Some(&birth), edges: &edges, reckoning: Reckoning::Elapsed,
                below: Beyond::Outside, above: Beyond::Outside,
            };
            split(&follow_ups, 1, &[scale], 0.0).expect("table")
        };
        let (one, many) = (table(1), table(factor));
        prop_assert_eq!(one.time.iter().map(|t| t * f64::from(factor)).collect::<Vec<_>>(), many.time);
        prop_assert_eq!(one.events, many.events);
        prop_assert_eq!(one.outside_time * f64::from(factor), many.outside_time);
    }
}

fn one(start: i32, end: i32, event: bool) -> PersonTime {
    let birth = day_number(1950, 6, 15);
    let rows = Rows {
        birth: vec![birth],
        start: vec![start],
        end: vec![end],
        event: vec![event],
        sex: vec![0],
        origin: vec![start],
    };
    age_and_year(&rows, Beyond::Outside, 0.0)
}

#[test]
fn both_sides_of_a_birthday_and_of_new_year() {
    let cell = |age: usize, year: usize| age * 4 + year;
    let birthday = day_number(2000, 6, 15); // the 50th
    let before = one(birthday - 1, birthday, true);
    assert_eq!((before.time[cell(1, 2)], before.events[cell(1, 2)]), (1.0, 1));
    assert_eq!(before.total_time(), 1.0);
    let on = one(birthday, birthday + 1, true);
    assert_eq!((on.time[cell(2, 2)], on.events[cell(2, 2)]), (1.0, 1));
    let across = one(birthday - 3, birthday + 2, true);
    assert_eq!((across.time[cell(1, 2)], across.time[cell(2, 2)]), (3.0, 2.0));
    assert_eq!((across.events[cell(1, 2)], across.events[cell(2, 2)]), (0, 1));

    let new_year = day_number(2001, 1, 1);
    assert_eq!(one(new_year - 1, new_year, false).time[cell(2, 2)], 1.0);
    assert_eq!(one(new_year, new_year + 1, false).time[cell(2, 3)], 1.0);
    // First and last day of the table, and one day beyond either.
    let (first, last) = (day_number(1990, 1, 1), day_number(2010, 1, 1));
    assert_eq!(one(first, first + 1, false).outside_time, 0.0);
    let early = one(first - 1, first, true);
    assert_eq!((early.outside_time, early.outside_events, early.beyond[1]), (1.0, 1, [1.0, 0.0]));
    assert_eq!(one(last - 1, last, true).outside_time, 0.0);
    let late = one(last, last + 1, true);
    assert_eq!((late.outside_time, late.outside_events, late.beyond[1]), (1.0, 1, [0.0, 1.0]));
}

#[test]
fn lag_on_both_sides() {
    let (start, end) = (day_number(1996, 1, 1), day_number(1996, 3, 1)); // 60 days
    let rows = |end| Rows {
        birth: vec![0],
        start: vec![start],
        end: vec![end],
        event: vec![true],
        sex: vec![0],
        origin: vec![start],
    };
    let at = |lag| age_and_year(&rows(end), Beyond::Nearest, lag);
    assert_eq!((at(0.0).total_time(), at(0.0).total_events()), (60.0, 1));
    assert_eq!((at(59.0).total_time(), at(59.0).total_events()), (1.0, 1));
    let all = at(60.0);
    assert_eq!(
        (all.total_time(), all.total_events(), all.rows_within_lag, all.events_within_lag),
        (0.0, 0, 1, 1)
    );
}

#[test]
fn exposure_ends_at_the_first_of_event_death_contact_and_closing() {
    let follow = |event, death, contact, closing| FollowUp::new(0, event, death, contact, closing);
    let at = |end, event| Some(FollowUp { start: 0, end, event });
    assert_eq!(follow(Some(5), Some(9), None, None), at(5, true));
    assert_eq!(follow(Some(9), Some(9), None, None), at(9, true));
    assert_eq!(follow(Some(10), Some(9), None, None), at(9, false));
    assert_eq!(follow(None, Some(9), Some(7), Some(8)), at(7, false));
    assert_eq!(follow(Some(8), None, None, Some(8)), at(8, true));
    assert_eq!(follow(Some(9), None, None, Some(8)), at(8, false));
    assert_eq!(follow(Some(3), None, None, None), at(3, true));
    assert_eq!(follow(None, None, None, None), None);
}

#[test]
fn decimal_years_reach_boundaries_up_to_rounding() {
    // 0.1 + 0.2 is a hair over 0.3: an exit there is an exit at 0.3, its event belongs to the band before.
    let scale = |edges| Scale::<f64> {
        origin: None,
        edges,
        reckoning: Reckoning::Elapsed,
        below: Beyond::Outside,
        above: Beyond::Outside,
    };
    let edges = [0.0, 0.3, 1.0];
    for (start, end) in [(0.0, 0.1 + 0.2), (0.0, 0.3)] {
        let rows = FollowUps { start: &[start], end: &[end], event: &[true], stratum: None, origin: None };
        let table = split(&rows, 1, &[scale(&edges)], 0.0).expect("table");
        assert_eq!((table.events[0], table.time[1]), (1, 0.0));
    }
    let rows =
        FollowUps { start: &[0.1 + 0.2 - 1e-16], end: &[0.5], event: &[true], stratum: None, origin: None };
    let table = split(&rows, 1, &[scale(&edges)], 0.0).expect("table");
    assert_eq!((table.time[0], table.events[1]), (0.0, 1));
    assert_eq!(Clock::DecimalYears.years(2.5), 2.5);
    assert_eq!(Clock::CivilDays.year_start(2000.5), None);
}

#[test]
fn input_that_is_refused() {
    let fine = [1.0, 2.0];
    let rows =
        |end: &'static [f64]| FollowUps { start: &[0.0], end, event: &[true], stratum: None, origin: None };
    let scale = |edges| Scale::<f64> {
        origin: None,
        edges,
        reckoning: Reckoning::Elapsed,
        below: Beyond::Nearest,
        above: Beyond::Nearest,
    };
    assert!(matches!(
        split(&rows(&[]), 1, &[scale(&fine)], 0.0),
        Err(Error::LengthMismatch { column: "end", .. })
    ));
    let nan = split(&rows(&[f64::NAN]), 1, &[scale(&fine)], 0.0);
    assert!(matches!(nan, Err(Error::InvalidValue { column: "end", row: 0, .. })));
    for edges in [&[1.0][..], &[2.0, 1.0], &[1.0, 1.0], &[f64::NAN, 1.0]] {
        assert!(matches!(split(&rows(&[1.0]), 1, &[scale(edges)], 0.0), Err(Error::InvalidParameter { .. })));
    }
    assert!(split(&rows(&[1.0]), 0, &[scale(&fine)], 0.0).is_err());
    assert!(split(&rows(&[1.0]), 1, &[scale(&fine)], -1.0).is_err());
    let sex = FollowUps { start: &[0.0], end: &[1.0], event: &[true], stratum: Some(&[1]), origin: None };
    assert!(matches!(
        split(&sex, 1, &[scale(&fine)], 0.0),
        Err(Error::InvalidValue { column: "stratum", .. })
    ));
    let birthdays = Scale { reckoning: Reckoning::Birthdays, ..scale(&fine) };
    assert!(split(&rows(&[1.0]), 1, &[birthdays], 0.0).is_err());
    let nobody = FollowUps::<f64> { start: &[], end: &[], event: &[], stratum: None, origin: None };
    assert_eq!(split(&nobody, 1, &[scale(&fine)], 0.0).expect("table").time, [0.0]);
}
