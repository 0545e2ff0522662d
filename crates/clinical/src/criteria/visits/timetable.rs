//! A visit timetable: which points, when, with which windows, and what ends it.

use super::months::{add_days, add_months};
use super::parameters::{EndReason, Level, LostVisits, Parameters, Purpose, When};
use crate::codes::Disease;
use crate::criteria::Provenance;
use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// Timetables are expanded no further than this after the infusion.
pub const HORIZON_MONTHS: u16 = 1200;

/// What the number of a [`Code`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CodeUnit {
    /// Days after the infusion, `d`.
    Day,
    /// Calendar months after the infusion, `M`.
    Month,
    /// Assessments, `R`: R2 is the second, whenever it comes.
    Assessment,
}

/// Name of a scheduled point: `d14`, `M3`, `R2`. Text is accepted in any case and with leading zeros (`M03`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code {
    /// What is counted.
    pub unit: CodeUnit,
    /// How many.
    pub number: u16,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = match self.unit {
            CodeUnit::Day => 'd',
            CodeUnit::Month => 'M',
            CodeUnit::Assessment => 'R',
        };
        write!(f, "{letter}{}", self.number)
    }
}

/// The text is not a code of a scheduled point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a code of a scheduled point; expected d, M or R and a number, as in d14, M3, R2")]
pub struct NotACode;

impl FromStr for Code {
    type Err = NotACode;

    fn from_str(text: &str) -> Result<Self, NotACode> {
        let mut characters = text.chars();
        let unit = match characters.next() {
            Some('d' | 'D') => CodeUnit::Day,
            Some('m' | 'M') => CodeUnit::Month,
            Some('r' | 'R') => CodeUnit::Assessment,
            _ => return Err(NotACode),
        };
        let digits = characters.as_str();
        let plain = (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| plain).ok_or(NotACode)?;
        Ok(Self { unit, number })
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(|error| {
            serde::de::Error::custom(format_args!("{:?}: {error}", crate::finding::echo(&text)))
        })
    }
}

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

/// Where the windows come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tolerance {
    /// How far they can be trusted.
    pub provenance: Provenance,
    /// Section or paper.
    pub source: String,
}

/// What ends a part of a timetable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Until {
    /// The best response has been reached.
    BestResponse,
    /// So many consecutive CAR-T results of zero.
    ConsecutiveZeros(u8),
}

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
    Days(u16),
    Months(u16),
}

impl Span {
    pub(super) fn after(self, date: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Days(n) => add_days(date, n.into()),
            Self::Months(n) => add_months(date, n.into()),
        }
    }

    fn before(self, date: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Days(n) => add_days(date, -i32::from(n)),
            Self::Months(n) => add_months(date, -i32::from(n)),
        }
    }
}

/// When a point may be met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WindowRule {
    /// Around the target.
    Around { before: Span, after: Span },
    /// From one day to another, counted from the infusion.
    Days { from: u16, to: u16 },
}

/// What an entry of the file schedules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plan {
    /// One point.
    Point { code: Code, at: Span, window: WindowRule },
    /// Points at regular months; without `to` for ever.
    Series { from: u16, to: Option<u16>, every: u16, window: WindowRule },
    /// Assessments counted from the one before.
    Chain(Chain),
}

/// Assessments that follow each other: the window of each counts from the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chain {
    /// Number of the first.
    pub(super) first: u16,
    /// Months from the one before to the target.
    pub(super) every: u16,
    /// Fewest days from the one before.
    pub(super) min_gap: u16,
    /// Most days from the one before.
    pub(super) max_gap: u16,
    /// No window opens later than so many months after the infusion.
    pub(super) opens_until: Option<u16>,
}

/// An entry of the file with its conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) plan: Plan,
    pub(super) when: When,
    pub(super) until: Option<Until>,
}

/// A point of one patient's timetable. `from <= target <= to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) code: Code,
    pub(super) target: NaiveDate,
    pub(super) from: NaiveDate,
    pub(super) to: NaiveDate,
    pub(super) until: Option<Until>,
}

/// A visit timetable as read from its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timetable {
    /// Stable id.
    pub id: String,
    /// For which disease; absent: for every one.
    pub disease: Option<Disease>,
    /// What it schedules.
    pub purpose: Purpose,
    /// For which of them only; absent: for all.
    pub only: Option<Labels>,
    /// Section of the guideline.
    pub section: String,
    /// Recommendation level, where one is printed.
    pub level: Option<Level>,
    /// How far the points can be trusted.
    pub provenance: Provenance,
    /// Title.
    pub title: Labels,
    /// Remarks.
    pub note: Option<Labels>,
    /// Where the windows come from.
    pub tolerance: Tolerance,
    /// What ends it.
    pub ends_on: Vec<EndReason>,
    /// In order of time.
    pub(super) entries: Vec<Entry>,
}

impl Timetable {
    /// The timetable ends for this reason.
    pub(super) fn ends_for(&self, reason: EndReason, parameters: &Parameters) -> bool {
        let lost = reason == EndReason::Lost && parameters.lost_to_follow_up == LostVisits::Excluded;
        lost || self.ends_on.contains(&reason)
    }

    /// The chain of assessments under these readings with what ends it.
    pub(super) fn chain(&self, parameters: &Parameters) -> Option<(Chain, Option<Until>)> {
        self.entries.iter().filter(|e| e.when.holds(parameters)).find_map(|e| match e.plan {
            Plan::Chain(chain) => Some((chain, e.until)),
            _ => None,
        })
    }

    /// A point of this code, with a window that a tolerance can replace, exists under these readings.
    pub fn schedules(&self, code: Code, parameters: &Parameters) -> bool {
        self.entries.iter().filter(|e| e.when.holds(parameters)).any(|e| match e.plan {
            Plan::Point { code: known, .. } => known == code,
            Plan::Series { from, to, every, .. } => {
                let within = (from..=to.unwrap_or(HORIZON_MONTHS)).contains(&code.number);
                code.unit == CodeUnit::Month && within && (code.number - from).is_multiple_of(every)
            }
            Plan::Chain(_) => false,
        })
    }

    /// The fixed points of one patient in order of time. An endless series goes up to the first point whose window opens after
    /// `until`. Windows never open before the day after the infusion.
    pub(super) fn slots(&self, infusion: NaiveDate, until: NaiveDate, parameters: &Parameters) -> Vec<Slot> {
        let mut slots = Vec::new();
        for entry in self.entries.iter().filter(|e| e.when.holds(parameters)) {
            match entry.plan {
                Plan::Point { code, at, window } => {
                    slots.extend(slot(infusion, code, at, window, entry.until, parameters));
                }
                Plan::Series { from, to, every, window } => {
                    for number in (from..=to.unwrap_or(HORIZON_MONTHS)).step_by(every.into()) {
                        let code = Code { unit: CodeUnit::Month, number };
                        let at = Span::Months(number);
                        let Some(next) = slot(infusion, code, at, window, entry.until, parameters) else {
                            break;
                        };
                        slots.push(next);
                        if to.is_none() && next.from > until {
                            break;
                        }
                    }
                }
                Plan::Chain(_) => {}
            }
        }
        slots
    }
}

/// One point of one patient; `None` beyond the calendar's limits.
fn slot(
    infusion: NaiveDate,
    code: Code,
    at: Span,
    window: WindowRule,
    until: Option<Until>,
    parameters: &Parameters,
) -> Option<Slot> {
    let target = at.after(infusion)?;
    let chosen = parameters.tolerance_days_by_code.get(&code).copied().or(parameters.tolerance_days);
    let window = chosen
        .map_or(window, |days| WindowRule::Around { before: Span::Days(days), after: Span::Days(days) });
    let (from, to) = match window {
        WindowRule::Around { before, after } => (before.before(target), after.after(target)),
        WindowRule::Days { from, to } => (add_days(infusion, from.into()), add_days(infusion, to.into())),
    };
    let first = infusion.succ_opt()?;
    Some(Slot {
        code,
        target,
        from: from.unwrap_or(first).max(first).min(target),
        to: to.unwrap_or(NaiveDate::MAX).max(target),
        until,
    })
}
