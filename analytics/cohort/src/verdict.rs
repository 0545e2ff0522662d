//! Three-valued verdicts: true, false, and unknown where the records do not say.

use crate::definition::RecordCriterion;
use crate::records::Records;
use crate::selection::Member;

/// Whether a subject has enough records that meet the conditions within the window.
pub(crate) fn has_records(
    member: &Member,
    records: &Records,
    asked: &RecordCriterion,
    one: bool,
) -> Option<bool> {
    let (mut surely, mut perhaps, mut any) = (0, 0, false);
    for entry in records.of(member.patient).iter().filter(|e| member.owns(e, asked.of_patient)) {
        any = true;
        let within = asked.window.as_ref().map_or(Some(true), |window| {
            let zero = if window.from_index { Some(member.index) } else { member.infused };
            let day = entry.day? - zero?;
            Some(window.from.is_none_or(|from| day >= from) && window.to.is_none_or(|to| day <= to))
        });
        match and(entry.holds, within) {
            Some(true) => surely += 1,
            Some(false) => {}
            None => perhaps += 1,
        }
    }
    if surely >= asked.at_least {
        return Some(true);
    }
    // Without an infusion there is no window to be in.
    let no_zero = asked.window.as_ref().is_some_and(|w| !w.from_index) && member.infused.is_none();
    if surely + perhaps >= asked.at_least || (one && !any) || (no_zero && any) {
        return None;
    }
    Some(false)
}

/// Kleene's conjunction.
pub(crate) fn and(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// Kleene's disjunction.
pub(crate) fn or(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}
