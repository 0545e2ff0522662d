//! The interval at risk of one subject, from the dates that can end it.

/// The interval at risk of one subject and whether the event of interest ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowUp {
    /// First day at risk.
    pub start: i32,
    /// First day no longer at risk.
    pub end: i32,
    /// Whether the event of interest ended the interval.
    pub event: bool,
}

impl FollowUp {
    /// Exposure from `start` to the first of: the event, a competing death, the last contact, the closing date.
    ///
    /// The event counts when it happened no later than the others; an event on the day of death or of last contact
    /// counts. `None` when nothing bounds the follow-up.
    pub fn new(
        start: i32,
        event: Option<i32>,
        death: Option<i32>,
        last_contact: Option<i32>,
        closing: Option<i32>,
    ) -> Option<Self> {
        let other = [death, last_contact, closing].into_iter().flatten().min();
        match (event, other) {
            (Some(event), other) if other.is_none_or(|o| event <= o) => {
                Some(Self { start, end: event, event: true })
            }
            (_, Some(end)) => Some(Self { start, end, event: false }),
            _ => None,
        }
    }
}
