//! Days.

use super::gap_text;
use super::interpret::{Interpreter, Member};
use crate::ir::{Day, DayKind};
use crate::known::{DayOf, Gap, Length, Truth, date_of, epoch_day};
use crate::library::SharedClause;

impl Interpreter<'_> {
    pub(super) fn day(&mut self, day: &Day) -> DayOf {
        match &day.kind {
            DayKind::Field(field) => {
                self.row(*field).map_or(DayOf::None(Gap::Unknown), |row| Self::day_of(row, field.field))
            }
            DayKind::Pick(select, which, field) => self.quietly(|this| match this.pick(select, *which) {
                Ok((Member::Row(row), others)) => {
                    let picked = Self::day_of(row, *field);
                    let agree = others.iter().all(|other| Self::day_of(other, *field) == picked);
                    if agree { picked } else { DayOf::None(Gap::Unknown) }
                }
                Ok((Member::Day(day), _)) => DayOf::exact(day),
                Err(gap) => DayOf::None(gap),
            }),
            DayKind::Offset(day, offset) => {
                let length = Length::of(offset, |index| self.settings.number(index));
                self.day(day).plus(length)
            }
            DayKind::Extreme(which, days) => {
                let known: Vec<DayOf> =
                    days.iter().map(|d| self.day(d)).filter(|d| matches!(d, DayOf::Span { .. })).collect();
                crate::known::extreme(*which, &known)
            }
            DayKind::Cutoff => DayOf::exact(epoch_day(self.dossier.cutoff)),
            DayKind::FollowUpEnd => {
                let cutoff = epoch_day(self.dossier.cutoff);
                DayOf::exact(self.ended.map_or(cutoff, |(day, _)| day.min(cutoff)))
            }
            DayKind::If(condition, yes, no) => match self.quietly(|this| this.truth(condition)) {
                Truth::Yes => self.day(yes),
                Truth::No => self.day(no),
                Truth::Open(gap) => {
                    let (yes, no) = (self.day(yes), self.day(no));
                    if yes == no { yes } else { DayOf::None(gap) }
                }
            },
            DayKind::Shared(index) => match self.guideline.shared.get(*index).map(|s| &s.value) {
                Some(SharedClause::Day(clause)) => self.alone(|this| this.day(clause)),
                _ => DayOf::None(Gap::Unknown),
            },
            DayKind::Enclosing(depth) => match self.members.get(usize::from(*depth)) {
                Some(Member::Day(day)) => DayOf::exact(*day),
                _ => DayOf::None(Gap::Unknown),
            },
        }
    }
}

/// A day in words.
pub(super) fn day_text(day: DayOf) -> String {
    let text = |day: i32| date_of(day).map_or_else(|| "no end".to_owned(), |d| d.to_string());
    match day {
        DayOf::NotDone => "not done".to_owned(),
        DayOf::None(gap) => gap_text(gap).to_owned(),
        DayOf::Span { low, high, minute: Some(m), .. } if low == high => {
            format!("{} {:02}:{:02}", text(low), m / 60, m % 60)
        }
        DayOf::Span { low, high, .. } if low == high => text(low),
        DayOf::Span { low, high, .. } => format!("{} to {}", text(low), text(high)),
    }
}
