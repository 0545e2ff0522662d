//! Late ICAHT, after day 30.

use super::{AT_LATE, EARLY_LAST, Ended, NOT_EVALUABLE, Parameters, grade_code};
use crate::criteria::compare::{above, at_most};
use crate::criteria::trace::{Trace, criteria};

criteria! {
    NO_VALUE = Proposed("icaht.late_no_value", "no ANC after day 30", "30天后无ANC结果", "catalogue D5.1");
    ABOVE = Reconstructed("icaht.late_0", "lowest ANC above 1500/ul after day 30", "30天后最低ANC>1500/μl", "4.5.1; Rejeski, Blood 2023");
    LOW_1500 = Reconstructed("icaht.late_1", "ANC of 1500/ul or less after day 30", "30天后ANC≤1500/μl", "4.5.1; Rejeski, Blood 2023");
    LOW_1000 = Reconstructed("icaht.late_2", "ANC of 1000/ul or less after day 30", "30天后ANC≤1000/μl", "4.5.1; Rejeski, Blood 2023");
    LOW_500 = Reconstructed("icaht.late_3", "ANC of 500/ul or less after day 30", "30天后ANC≤500/μl", "4.5.1; Rejeski, Blood 2023");
    LOW_100 = Reconstructed("icaht.late_4", "ANC of 100/ul or less after day 30", "30天后ANC≤100/μl", "4.5.1; Rejeski, Blood 2023");
    TRANSIENT = Seed("icaht.late_transient", "low on one day only: transient", "仅一个时间点降低：一过性", "4.5.1 note");
    SINGLE = Seed("icaht.late_single", "one value only, two are asked for", "仅一个时间点，需≥2个时间点", "4.5.1 note");
}

/// Late ICAHT with the values it rests on.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Late {
    /// 0 to 4; none without any value.
    pub grade: Option<u8>,
    /// There is one value only.
    pub provisional: bool,
    /// One value was low and the next lowest was not.
    pub transient: bool,
    /// Lowest ANC, /µl.
    pub lowest_anc_ul: Option<f64>,
    /// Its day.
    pub lowest_day: Option<i32>,
    /// Lowest ANC of the other days, /µl.
    pub second_anc_ul: Option<f64>,
    /// Its day.
    pub second_day: Option<i32>,
    /// Days with a value.
    pub window_end_day: i32,
}

/// Grades late ICAHT from ANC values in /µl, each with its day from the infusion, in any order.
///
/// Values count from day 31 to the earliest of the last day of late ICAHT, progression, next therapy, last follow-up and death, that
/// day included, since blood is drawn before a therapy is given. Trace time [`AT_LATE`].
pub fn late<P: IntoIterator<Item = (i32, f64)>>(
    points: P,
    ended: Ended,
    parameters: &Parameters,
    trace: &mut Trace,
) -> Late
where
    P::IntoIter: Clone,
{
    let at = AT_LATE;
    let ends = [ended.death, ended.last, ended.progression, ended.new_therapy];
    let window_end = ends.into_iter().flatten().fold(parameters.late_until_day, i32::min);
    let inside = points.into_iter().filter(|(day, _)| *day > EARLY_LAST && *day <= window_end);
    let lowest_of = |points: &mut dyn Iterator<Item = (i32, f64)>| {
        points.min_by(|(day, anc), (other_day, other)| anc.total_cmp(other).then(day.cmp(other_day)))
    };
    let lowest = lowest_of(&mut inside.clone());
    let second = lowest.and_then(|(day, _)| lowest_of(&mut inside.filter(|(other, _)| *other != day)));
    let mut result = Late {
        grade: None,
        provisional: false,
        transient: false,
        lowest_anc_ul: lowest.map(|(_, anc)| anc),
        lowest_day: lowest.map(|(day, _)| day),
        second_anc_ul: second.map(|(_, anc)| anc),
        second_day: second.map(|(day, _)| day),
        window_end_day: window_end,
    };
    trace.decide(at, &NO_VALUE, lowest.is_none(), &[("window_end_day", window_end.into())], NOT_EVALUABLE);
    let Some((_, anc)) = lowest else {
        trace.miss(at, "anc_10e9_l");
        return result;
    };
    let values = [("lowest_anc_ul", anc.into())];
    let mut grade = 0;
    trace.decide(at, &ABOVE, above(anc, 1500.0), &values, grade_code(grade));
    for (next, criterion, threshold) in
        [(1, &LOW_1500, 1500.0), (2, &LOW_1000, 1000.0), (3, &LOW_500, 500.0), (4, &LOW_100, 100.0)]
    {
        if trace.decide(at, criterion, at_most(anc, threshold), &values, grade_code(next)).met() {
            grade = next;
        }
    }
    let second = result.second_anc_ul;
    let transient = grade > 0 && second.is_some_and(|second| above(second, 1500.0));
    trace.decide(at, &TRANSIENT, transient, &[("second_anc_ul", second.into())], "0");
    trace.judge(at, &SINGLE, second.is_none(), &[]);
    result.transient = transient;
    result.provisional = second.is_none();
    result.grade = Some(if transient { 0 } else { grade });
    result
}
