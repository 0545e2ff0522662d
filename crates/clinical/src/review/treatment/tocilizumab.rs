//! How often tocilizumab was given (G6 R23). The size of a single dose is judged on its own record.

use crate::codes::InfusionNumber;
use crate::codes::treatment::{Drug, Frequency};
use crate::form::Context;
use crate::forms::infusion::Infusion;
use crate::forms::medication::Medication;
use crate::moment::Moment;
use crate::review::{Entry, History, Review};
use crate::rule::rules;
use chrono::{Days, NaiveDate, TimeDelta};
use std::collections::{BTreeMap, BTreeSet};

rules! {
    /// R23 (4.1.2, 4.2.2).
    INTERVAL = soft("treatment.tocilizumab_interval", "tocilizumab was given again within 8 hours", "托珠单抗两次给药间隔不足8小时");
    /// R23 (4.1.2).
    IN_A_DAY = soft("treatment.tocilizumab_in_a_day", "tocilizumab was given more than 3 times within 24 hours", "24小时内托珠单抗给药超过3次");
    /// R23 (4.1.2).
    TOTAL = soft("treatment.tocilizumab_total", "tocilizumab was given more than 4 times after one infusion", "单次回输后托珠单抗给药超过4次");
}

/// Shortest time between two doses.
const INTERVAL_HOURS: i64 = 8;
/// Most doses within 24 hours.
const MOST_IN_A_DAY: usize = 3;
/// Most doses after one infusion.
const MOST: usize = 4;
/// Days between the first and the last of a record that are looked at: enough to pass every limit.
const DAYS_BETWEEN: usize = 7;

/// A dose that was surely given, and the record that says so.
#[derive(Clone, Copy)]
struct Dose {
    at: Moment,
    entry: Entry,
    /// The field that tells when: the first or the last day.
    field: &'static str,
}

/// Applies the rules.
pub(in crate::review) fn review(history: &History, _: Context, review: &mut Review) {
    let infusions = history.of::<Infusion>();
    let mut doses: Vec<Dose> = Vec::new();
    let mut after: BTreeMap<InfusionNumber, Vec<Dose>> = BTreeMap::new();
    for (entry, medication) in history.of::<Medication>() {
        if medication.drug != Some(Drug::Tocilizumab) {
            continue;
        }
        if let Some(frequency) =
            medication.frequency.filter(|f| hours(*f).is_some_and(|h| h < INTERVAL_HOURS))
        {
            let expected = "Q8H or less often".to_owned();
            review.at(&INTERVAL, entry, "frequency", frequency.code().to_owned(), expected);
        }
        let given = given(entry, &medication);
        if let Some(number) = infusion_of(&medication, &infusions) {
            after.entry(number).or_default().extend(&given);
        }
        doses.extend(given);
    }
    doses.sort_by_key(|d| (d.at.earliest(), d.at.latest(), d.entry));
    interval(&doses, review);
    in_a_day(&doses, review);
    for (number, mut given) in after {
        given.sort_by_key(|d| (d.at.earliest(), d.at.latest(), d.entry));
        if let Some(dose) = given.get(MOST) {
            let received = format!("{} (dose {} of {} at least)", dose.at.date, MOST + 1, given.len());
            let expected = format!("at most {MOST} doses after infusion {}", number.get());
            review.at(&TOTAL, dose.entry, "start_date", received, expected);
        }
    }
}

/// Hours between the doses of a schedule; `None` when it tells of one dose only.
fn hours(frequency: Frequency) -> Option<i64> {
    match frequency {
        Frequency::Daily => Some(24),
        Frequency::Q12h => Some(12),
        Frequency::Q8h => Some(8),
        Frequency::Q6h => Some(6),
        Frequency::Q4h => Some(4),
        Frequency::Once | Frequency::Continuous | Frequency::AsNeeded => None,
    }
}

/// The doses that a record surely tells of: the first, the last, and those of every whole day between them. How many more there were on the
/// first and the last day depends on the hour, and a drug given on some days of the week was given on others.
fn given(entry: Entry, medication: &Medication) -> Vec<Dose> {
    let Some(first) = Moment::new(medication.start_date, medication.start_time) else { return Vec::new() };
    let start = |at| Dose { at, entry, field: "start_date" };
    let mut given = vec![start(first)];
    let Some(interval) = medication.frequency.and_then(hours) else { return given };
    let Some(last) = Moment::new(medication.end_date, medication.end_time) else { return given };
    if medication.days_per_week.is_none_or(|days| days.get() == 7) {
        for day in days_between(first.date, last.date).take(DAYS_BETWEEN) {
            given.extend((0..24 / interval).map(|_| start(Moment { date: day, time: None })));
        }
    }
    if first.surely_before(last) {
        given.push(Dose { at: last, entry, field: "end_date" });
    }
    given
}

fn days_between(first: NaiveDate, last: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    (1..).map_while(move |n| first.checked_add_days(Days::new(n))).take_while(move |day| *day < last)
}

/// The infusion a drug belongs to: the one it names, or the last that was not after it.
fn infusion_of(medication: &Medication, infusions: &[(Entry, Infusion)]) -> Option<InfusionNumber> {
    medication.infusion_number.or_else(|| {
        let start = medication.start_date?;
        let before = infusions.iter().filter(|(_, i)| i.infusion_date <= start);
        before.max_by_key(|(entry, i)| (i.infusion_date, *entry)).map(|(_, i)| i.infusion_number)
    })
}

/// Only doses of which the time is known can be too close for certain.
fn interval(doses: &[Dose], review: &mut Review) {
    let timed: Vec<&Dose> = doses.iter().filter(|d| d.at.time.is_some()).collect();
    for pair in timed.windows(2) {
        let [before, dose] = pair else { continue };
        let passed = dose.at.earliest() - before.at.latest();
        if passed < TimeDelta::hours(INTERVAL_HOURS) {
            let expected = format!(
                "{INTERVAL_HOURS} hours or more after {}",
                before.at.earliest().format("%Y-%m-%d %H:%M")
            );
            let received = dose.at.earliest().format("%Y-%m-%d %H:%M").to_string();
            review.at(&INTERVAL, dose.entry, dose.field, received, expected);
        }
    }
}

/// A dose is one too many when it and three others surely lie within 24 hours, whatever the unknown hours are.
fn in_a_day(doses: &[Dose], review: &mut Review) {
    let mut asked: BTreeSet<Entry> = BTreeSet::new();
    for (index, first) in doses.iter().enumerate() {
        let end = first.at.earliest() + TimeDelta::hours(24);
        let possible = doses.iter().skip(index).take_while(|d| d.at.earliest() < end);
        let within: Vec<&Dose> = possible.filter(|d| d.at.latest() < end).collect();
        for dose in within.iter().skip(MOST_IN_A_DAY) {
            if asked.insert(dose.entry) {
                let received = format!("{} (dose {} in 24 hours)", dose.at.date, within.len());
                let expected =
                    format!("at most {MOST_IN_A_DAY} doses within 24 hours from {}", first.at.date);
                review.at(&IN_A_DAY, dose.entry, "start_date", received, expected);
            }
        }
    }
}
