//! "No recurrence for 4 weeks" after a remission (C3).

use super::rules;
use super::{BAllAssessed, BAllCategory};
use crate::criteria::{At, Trace, Verdict};

/// Four weeks, in days.
const WEEKS_4: i64 = 28;

/// Marks the remissions. A recurrence within 4 weeks refutes whatever the flag says; otherwise the flag decides, and without one a
/// remission still there 4 weeks later.
pub(super) fn confirm(assessments: &mut [BAllAssessed], flags: &[Option<bool>], trace: &mut Trace) {
    for i in 0..assessments.len() {
        let Some((first, later)) = assessments.get_mut(i..).and_then(<[_]>::split_first_mut) else { return };
        if !first.category.is_remission() {
            continue;
        }
        let days = |a: &BAllAssessed| (a.date - first.date).num_days();
        let end = later.iter().find(|a| a.category == BAllCategory::Relapse).map(days);
        let lasted = later.iter().any(|a| a.category.is_remission() && days(a) >= WEEKS_4);
        let verdict = match (end, flags.get(i).copied().flatten()) {
            (Some(end), _) if end < WEEKS_4 => Verdict::NotMet,
            (_, Some(flag)) => flag.into(),
            (Some(_), None) => Verdict::Met,
            (None, None) if lasted => Verdict::Met,
            (None, None) => Verdict::Undecided,
        };
        let values = [("recurrence_after_days", end.and_then(|d| i32::try_from(d).ok()).into())];
        let verdict = trace.judge(At::Date(first.date), &rules::CONFIRMED, verdict, &values);
        first.confirmed = match verdict {
            Verdict::Met => Some(true),
            Verdict::NotMet => Some(false),
            Verdict::Undecided => None,
        };
    }
}
