//! Everything beyond the core of a course: the forms that surround, measure and explain what the core decided.
//!
//! Nothing here changes an outcome. Each part draws from a stream of its own, so that a new draw in one leaves the others as they were.

mod center_forms;
mod counts;
mod crs;
mod drugs;
mod event;
mod hepatitis;
mod hyperinflammation;
mod icans;
mod infection;
mod kinetics;
mod long_term;
mod panel;
mod preparation;
mod prior;
mod sheet;
mod stay;
mod tumor;
mod visit;

pub(crate) use center_forms::{Equipment, records as center_records};
pub(crate) use drugs::Pharmacy;

use crate::after;
use crate::baseline::{Baseline, Facts};
use crate::outcome::Outcome;
use crate::random::{Part, Stream};
use crate::response::Assessed;
use crate::toxicity::{Day, Toxicity};
use crate::treatment::Depletion;
use chrono::NaiveDate;
use clinical::codes::{Disease, InfusionNumber, PatientId, YesNoUnknown};
use clinical::form::{Checks, Form};
use clinical::forms::survival_status::Cause;
use clinical::record::Record;

/// Records in the making, their computed fields filled.
#[derive(Debug, Default)]
pub(crate) struct Book(Vec<Record>);

impl Book {
    /// Adds a record.
    pub(crate) fn put<F: Form + Checks>(&mut self, mut form: F) {
        form.compute();
        self.0.push(form.to_record());
    }

    /// Adds finished records.
    pub(crate) fn extend(&mut self, records: Vec<Record>) {
        self.0.extend(records);
    }

    /// The records in the order in which they can be submitted; those of one form stay in the order in which they were added.
    pub(crate) fn in_order(mut self) -> Vec<Record> {
        self.0.sort_by_cached_key(|record| {
            clinical::forms::CLINICAL.iter().position(|form| std::ptr::eq(*form, record.form()))
        });
        self.0
    }
}

/// One infusion with all that is known of it. Days count from the infusion.
pub(crate) struct Course<'a> {
    pub(crate) b: &'a Baseline<'a>,
    pub(crate) facts: Facts,
    pub(crate) number: InfusionNumber,
    /// 0 for the first, 1 for the second infusion.
    pub(crate) index: u8,
    pub(crate) day0: NaiveDate,
    /// False when the infusion fell through: then only its preparation is recorded.
    pub(crate) infused: bool,
    /// Day after which the preparation took place: consent, or the progression after the infusion before.
    pub(crate) floor: i32,
    pub(crate) depletion: &'a [Depletion],
    pub(crate) toxicity: &'a Toxicity,
    pub(crate) days: &'a [Day],
    pub(crate) outcome: Option<Outcome>,
    pub(crate) assessed: &'a [Assessed],
    /// Last day of observation, that of death included.
    pub(crate) end: i32,
    /// Last day for tests and visits: no one is seen on the day of death, nor in the preparation of the next infusion.
    pub(crate) last: i32,
    /// Cause of a death that ended this course.
    pub(crate) death: Option<Cause>,
    /// Day of the next infusion.
    pub(crate) next: Option<i32>,
}

impl Course<'_> {
    fn patient(&self) -> PatientId {
        self.b.patient_id.clone()
    }

    fn disease(&self) -> Disease {
        self.b.profile.disease
    }

    fn part(&self, part: Part) -> Stream {
        self.b.part(part, self.index)
    }

    fn date(&self, day: i32) -> NaiveDate {
        after(self.day0, day)
    }

    /// First day of lymphodepletion, or the day it would usually have been.
    fn depletion_start(&self) -> i32 {
        self.depletion.iter().map(|d| d.start).min().unwrap_or(-5)
    }

    /// Day of the progression, if it was observed.
    fn progression(&self) -> Option<i32> {
        self.outcome.and_then(|o| o.progression).filter(|day| *day <= self.end)
    }

    /// Highest grade of CRS and of ICANS among the days observed.
    fn worst(&self) -> (i32, i32) {
        let highest = |grade: fn(&Day) -> i32| self.days.iter().map(grade).max().unwrap_or(0);
        (highest(|d| d.crs), highest(|d| d.icans))
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the forms' fields are optional")]
fn yes_no(is: bool) -> Option<YesNoUnknown> {
    Some(if is { YesNoUnknown::Yes } else { YesNoUnknown::No })
}

/// Adds the forms of a course, in the order in which one follows from another.
pub(crate) fn write(c: &Course, pharmacy: &mut Pharmacy, book: &mut Book) -> Option<()> {
    let tumor = tumor::Tumor::draw(c)?;
    if c.index == 0 {
        tumor.baseline(c, book)?;
        prior::write(c, &tumor, book)?;
    }
    let plan = preparation::write(c, pharmacy, book)?;
    let mut sheet = sheet::Sheet::new(c);
    let virus = hepatitis::Hepatitis::draw(c)?;
    let mut counts = counts::Counts::draw(c);
    let before = panel::before(c, &plan, &counts, &virus, &tumor, &mut sheet)?;
    let seen = tumor.assess(c, &plan, counts.before, book)?;
    if c.infused {
        let visits = visit::write(c, book)?;
        counts.agree_with(&seen);
        let nadir = counts.write(c, &visits, &mut sheet, book)?;
        crs::write(c, book)?;
        icans::write(c, book)?;
        hyperinflammation::write(c, &counts, before, &mut sheet, pharmacy, book)?;
        let immunity = panel::after(c, &counts, before, &visits, &seen, &mut sheet);
        stay::write(c, book)?;
        infection::write(c, &nadir, pharmacy, book)?;
        infection::covid_after(c, book);
        event::write(c, book)?;
        kinetics::write(c, &visits, book)?;
        long_term::write(c, &immunity, book)?;
        drugs::write(c, &nadir, &immunity, pharmacy)?;
        virus.follow(c, &visits, &mut sheet);
    }
    infection::covid_before(c, &plan, book);
    virus.write(c, &plan, pharmacy, book)?;
    sheet.write(book);
    Some(())
}
