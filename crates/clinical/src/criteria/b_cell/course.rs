//! Onset and recovery of B-cell aplasia in a series.

use crate::criteria::compare::Verdict;
use crate::criteria::measured::Moment;
use crate::criteria::trace::{At, Trace, criteria};

criteria! {
    NEVER = Proposed("b_cell.course_none", "no aplasia after the infusion", "输注后未发生B细胞缺乏", "catalogue D6");
    ONGOING = Proposed("b_cell.course_ongoing", "aplasia, not recovered in the series", "B细胞缺乏，尚未恢复", "catalogue D6");
    RECOVERED = Proposed("b_cell.course_recovered", "aplasia, then B cells at or above the limit", "B细胞缺乏后恢复", "catalogue D6");
    UNKNOWN = Proposed("b_cell.course_unknown", "no aplasia seen and a count is not known", "未见B细胞缺乏，但有未知计数", "catalogue D6");
}

/// Where the series ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// No aplasia.
    None,
    /// Aplasia without recovery.
    Ongoing,
    /// Aplasia and recovery.
    Recovered,
    /// No aplasia seen, but a count is not known.
    NotEvaluable,
}

/// What [`course`] finds, as positions in the series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Where the series ends.
    pub state: State,
    /// First aplasia.
    pub onset: Option<usize>,
    /// Last aplasia before the recovery, or of the series.
    pub last: Option<usize>,
    /// First count at or above the limit after the onset.
    pub recovery: Option<usize>,
    /// First aplasia after the recovery.
    pub again: Option<usize>,
}

/// Follows aplasia through a series in the order of time. Days before the infusion do not count: lymphodepletion and earlier
/// antibodies lower B cells too. Concludes at [`At::Case`].
pub fn course(series: impl IntoIterator<Item = (Moment, Option<bool>)>, trace: &mut Trace) -> Found {
    let mut found = Found { state: State::None, onset: None, last: None, recovery: None, again: None };
    let mut decided = false;
    let mut unknown = false;
    for (position, (moment, aplasia)) in series.into_iter().enumerate() {
        if moment.day.is_some_and(|day| day < 0) {
            continue;
        }
        decided |= aplasia.is_some();
        match aplasia {
            None => unknown = true,
            Some(true) if found.recovery.is_none() => {
                found.onset = found.onset.or(Some(position));
                found.last = Some(position);
            }
            Some(true) => found.again = found.again.or(Some(position)),
            Some(false) if found.onset.is_some() => found.recovery = found.recovery.or(Some(position)),
            Some(false) => {}
        }
    }
    let (onset, recovery) = (found.onset.is_some(), found.recovery.is_some());
    let unseen = !onset && (unknown || !decided);
    let mut conclude = |criterion, holds: bool, state: State, name: &'static str| {
        if trace.decide(At::Case, criterion, Verdict::from(holds), &[], name).met() {
            found.state = state;
        }
    };
    conclude(&NEVER, !onset && !unseen, State::None, "none");
    conclude(&ONGOING, onset && !recovery, State::Ongoing, "ongoing");
    conclude(&RECOVERED, recovery, State::Recovered, "recovered");
    conclude(&UNKNOWN, unseen, State::NotEvaluable, "not_evaluable");
    found
}
