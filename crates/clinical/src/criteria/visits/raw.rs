//! The members of a timetable file as written, and how they become entries.

use super::parameters::{EndReason, Level, Purpose, When};
use super::timetable::{Chain, Code, CodeUnit, Entry, HORIZON_MONTHS, Labels, Plan, Span, Until, WindowRule};
use crate::codes::Disease;
use crate::criteria::Provenance;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile {
    pub(super) id: Spanned<String>,
    pub(super) disease: Option<Disease>,
    pub(super) purpose: Purpose,
    pub(super) only: Option<Labels>,
    pub(super) section: String,
    pub(super) level: Option<Level>,
    #[serde(deserialize_with = "provenance")]
    pub(super) provenance: Provenance,
    pub(super) title: Labels,
    pub(super) note: Option<Labels>,
    pub(super) tolerance: RawTolerance,
    pub(super) ends_on: Vec<EndReason>,
    #[serde(default)]
    pub(super) point: Vec<Spanned<RawPoint>>,
    #[serde(default)]
    pub(super) series: Vec<Spanned<RawSeries>>,
    #[serde(default)]
    pub(super) chain: Vec<Spanned<RawChain>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTolerance {
    #[serde(deserialize_with = "provenance")]
    pub(super) provenance: Provenance,
    pub(super) source: String,
}

fn provenance<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Provenance, D::Error> {
    use Provenance::{External, Proposed, Reconstructed, Seed};
    let text = String::deserialize(deserializer)?;
    [Seed, Reconstructed, External, Proposed].into_iter().find(|p| p.name() == text).ok_or_else(|| {
        serde::de::Error::custom(format_args!(
            "{:?} is not a provenance: one of seed, reconstructed, external, proposed",
            crate::finding::echo(&text)
        ))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWindow {
    before_days: Option<u16>,
    before_months: Option<u16>,
    after_days: Option<u16>,
    after_months: Option<u16>,
    from_day: Option<u16>,
    to_day: Option<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPoint {
    code: Code,
    days: Option<u16>,
    months: Option<u16>,
    window: RawWindow,
    #[serde(default)]
    when: When,
    until: Option<Until>,
}

#[derive(Deserialize)]
enum MonthLetter {
    M,
}

#[derive(Deserialize)]
enum AssessmentLetter {
    R,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSeries {
    #[serde(rename = "code")]
    _code: MonthLetter,
    from_months: u16,
    to_months: Option<u16>,
    every_months: u16,
    window: RawWindow,
    #[serde(default)]
    when: When,
    until: Option<Until>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGap {
    min: u16,
    max: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawChain {
    #[serde(rename = "code")]
    _code: AssessmentLetter,
    first_number: u16,
    every_months: u16,
    gap_days: RawGap,
    opens_until_months: Option<u16>,
    #[serde(default)]
    when: When,
    until: Option<Until>,
}

/// A problem of one field of an entry.
pub(super) type Wrong = (&'static str, String);

fn wrong<T>(field: &'static str, problem: impl Into<String>) -> Result<T, Wrong> {
    Err((field, problem.into()))
}

/// Fewest and most days that a length can take, whatever the day it starts from.
pub(super) fn bounds(span: Span) -> (u32, u32) {
    match span {
        Span::Days(n) => (n.into(), n.into()),
        // Any n consecutive months have at least 30n - 2 days; n months have at most 31n.
        Span::Months(0) => (0, 0),
        Span::Months(n) => (u32::from(n) * 30 - 2, u32::from(n) * 31),
    }
}

impl RawWindow {
    fn rule(&self, at: Span) -> Result<WindowRule, Wrong> {
        let span = |days: Option<u16>, months: Option<u16>| match (days, months) {
            (Some(n), None) => Some(Span::Days(n)),
            (None, Some(n)) => Some(Span::Months(n)),
            _ => None,
        };
        let around = (span(self.before_days, self.before_months), span(self.after_days, self.after_months));
        let given = [self.before_days, self.before_months, self.after_days, self.after_months];
        match (around, self.from_day, self.to_day) {
            ((Some(before), Some(after)), None, None) => Ok(WindowRule::Around { before, after }),
            (_, Some(from), Some(to)) if given.iter().all(Option::is_none) => {
                let (least, most) = bounds(at);
                if from == 0 || u32::from(from) > least || u32::from(to) < most {
                    return wrong(
                        "window",
                        format!(
                            "days {from} to {to} do not hold the target, day {least} to {most} after the infusion; expected from_day of 1 or later"
                        ),
                    );
                }
                Ok(WindowRule::Days { from, to })
            }
            _ => wrong(
                "window",
                "expected before_days or before_months with after_days or after_months, or from_day with to_day",
            ),
        }
    }
}

impl RawPoint {
    pub(super) fn entry(self) -> Result<Entry, Wrong> {
        let (at, unit) = match (self.days, self.months) {
            (Some(days), None) => (Span::Days(days), CodeUnit::Day),
            (None, Some(months)) => (Span::Months(months), CodeUnit::Month),
            _ => return wrong("days", "expected either days or months"),
        };
        let (Span::Days(number) | Span::Months(number)) = at;
        if number == 0 || number > HORIZON_MONTHS {
            return wrong("days", format!("{number}: expected days or months from 1 to {HORIZON_MONTHS}"));
        }
        let expected = Code { unit, number };
        if self.code != expected {
            return wrong("code", format!("{}: expected {expected}, as the offset says", self.code));
        }
        let window = self.window.rule(at)?;
        Ok(Entry { plan: Plan::Point { code: self.code, at, window }, when: self.when, until: self.until })
    }
}

impl RawSeries {
    pub(super) fn entry(self) -> Result<Entry, Wrong> {
        let Self { from_months: from, to_months: to, every_months: every, .. } = self;
        let last = to.unwrap_or(HORIZON_MONTHS);
        if every == 0 {
            return wrong("every_months", "0: expected 1 or more");
        }
        if from == 0 || from > last || last > HORIZON_MONTHS {
            return wrong(
                "from_months",
                format!("{from} to {last}: expected 1 <= from <= to <= {HORIZON_MONTHS}"),
            );
        }
        if !(last - from).is_multiple_of(every) && to.is_some() {
            return wrong("to_months", format!("{last} is not reached from {from} in steps of {every}"));
        }
        if self.window.from_day.is_some() || self.window.to_day.is_some() {
            return wrong(
                "window",
                "days from the infusion cannot hold for every point of a series; expected before_... and after_...",
            );
        }
        let window = self.window.rule(Span::Months(from))?;
        Ok(Entry { plan: Plan::Series { from, to, every, window }, when: self.when, until: self.until })
    }
}

impl RawChain {
    pub(super) fn entry(self) -> Result<Entry, Wrong> {
        let every = self.every_months;
        let (least, most) = bounds(Span::Months(every));
        let RawGap { min, max } = self.gap_days;
        if !(1..=HORIZON_MONTHS).contains(&every) {
            return wrong("every_months", format!("{every}: expected 1 to {HORIZON_MONTHS}"));
        }
        // Clamping at the end of a month brings two targets up to three days closer: with four they stay apart.
        if min < 4 || u32::from(min) > least || u32::from(max) < most {
            return wrong(
                "gap_days",
                format!(
                    "{min} to {max}: expected 4 <= min <= {least} and max >= {most}, so that {every} months lie within"
                ),
            );
        }
        let chain = Chain {
            first: self.first_number,
            every,
            min_gap: min,
            max_gap: max,
            opens_until: self.opens_until_months,
        };
        Ok(Entry { plan: Plan::Chain(chain), when: self.when, until: self.until })
    }
}
