//! Early ICAHT, day 0 to 30.

use super::series::{Daily, Fill, Runs, runs};
use super::{AT_EARLY, CountMode, EARLY_LAST, Ended, NORMAL, NOT_EVALUABLE, Parameters, grade_code};
use crate::criteria::compare::{Verdict, above, at_least, at_most};
use crate::criteria::trace::{Trace, criteria};

criteria! {
    NEVER_LOW = Reconstructed("icaht.early_0", "no day with ANC of 500/ul or less from day 0 to 30", "0~30天ANC始终>500/μl", "4.5.1; Rejeski, Blood 2023");
    LOW = Reconstructed("icaht.early_1", "ANC of 500/ul or less for at least 1 day", "ANC≤500/μl，≥1天", "4.5.1; Rejeski, Blood 2023");
    LOW_7 = Reconstructed("icaht.early_2", "ANC of 500/ul or less for at least 7 days", "ANC≤500/μl，≥7天", "4.5.1; Rejeski, Blood 2023");
    LOW_14 = Reconstructed("icaht.early_3", "ANC of 500/ul or less for at least 14 days", "ANC≤500/μl，≥14天", "4.5.1; Rejeski, Blood 2023");
    DEEP_7 = Reconstructed("icaht.early_3_profound", "ANC of 100/ul or less for at least 7 days", "ANC≤100/μl，≥7天", "4.5.1; Rejeski, Blood 2023");
    DEEP_14 = Reconstructed("icaht.early_4_profound", "ANC of 100/ul or less for at least 14 days", "ANC≤100/μl，≥14天", "4.5.1; Rejeski, Blood 2023");
    NEVER_ABOVE = Reconstructed("icaht.early_4_never_above_500", "ANC never above 500/ul from day 0 to 30", "0~30天ANC从未>500/μl", "4.5.1; Rejeski, Blood 2023");
    NO_RECOVERY = External("icaht.early_4_no_recovery", "ANC of 500/ul or less from day 3 or earlier to the last value", "自第3天或更早起至末次检测ANC持续≤500/μl", "Liang et al., published implementation; catalogue Q16");
    UNKNOWN_DAYS = Proposed("icaht.early_unknown_days", "too many days without a value, and they could change the grade", "缺失天数过多且可改变分级", "catalogue D5.1, R32");
}

const LOW_UL: f64 = 500.0;
const DEEP_UL: f64 = 100.0;
/// A run that starts on this day or earlier began with the lymphodepletion.
const NADIR_BY: usize = 3;

/// Early ICAHT with the days it rests on.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Early {
    /// 0 to 4; none when too many days are unknown and they could change it.
    pub grade: Option<u8>,
    /// The grade if the ANC was above 500/µl on every unknown day.
    pub at_least: u8,
    /// The grade if the ANC was 100/µl or less on every unknown day.
    pub at_most: u8,
    /// Days at 500/µl or less that the grade counts: of the longest run or of all, as the parameter says.
    pub days_500: u8,
    /// Days at 100/µl or less that the grade counts.
    pub days_100: u8,
    /// Days of the longest run at 500/µl or less.
    pub longest_run_500: u8,
    /// Days of the longest run at 100/µl or less.
    pub longest_run_100: u8,
    /// Days of all runs at 500/µl or less.
    pub cumulative_500: u8,
    /// Days of all runs at 100/µl or less.
    pub cumulative_100: u8,
    /// The run at 500/µl or less starts by day 3 and lasts to the last value; none when the unknown days leave it open.
    pub no_recovery: Option<bool>,
    /// Days with a measured value.
    pub days_measured: u8,
    /// Days interpolated.
    pub days_interpolated: u8,
    /// Days to which the first or last value was carried.
    pub days_carried: u8,
    /// Days measured or filled among the days observed, in percent.
    pub coverage_percent: f64,
    /// Last day observed: 30, or the day of death or of the last follow-up.
    pub window_end_day: i32,
    /// Observed to day 30 or to death.
    pub complete: bool,
}

/// One reading of the unknown days.
struct Reading {
    low: u8,
    deep: u8,
    low_runs: Runs,
    deep_runs: Runs,
    never_above: bool,
    no_recovery: bool,
}

impl Reading {
    /// `unknown` is the ANC taken for every unknown day, `last` the day to which a run must last to be without recovery.
    fn of(daily: &Daily, unknown: f64, last: Option<usize>, whole: bool, parameters: &Parameters) -> Self {
        let below = |threshold: f64| {
            let low = daily.values().map(move |value| at_most(value.unwrap_or(unknown), threshold));
            runs(low, parameters.join_gap_days)
        };
        let (low_runs, deep_runs) = (below(LOW_UL), below(DEEP_UL));
        let count = |runs: Runs| match parameters.count_mode {
            CountMode::LongestRun => runs.longest,
            CountMode::Cumulative => runs.total,
        };
        Self {
            low: count(low_runs),
            deep: count(deep_runs),
            never_above: whole && daily.values().all(|value| at_most(value.unwrap_or(unknown), LOW_UL)),
            no_recovery: low_runs.last.is_some_and(|(start, end)| start <= NADIR_BY && Some(end) == last),
            low_runs,
            deep_runs,
        }
    }

    fn grade(&self, parameters: &Parameters) -> u8 {
        if self.deep >= 14 || self.never_above || (self.no_recovery && parameters.no_recovery_is_grade_4) {
            4
        } else if self.deep >= 7 || self.low >= 14 {
            3
        } else if self.low >= 7 {
            2
        } else {
            u8::from(self.low >= 1)
        }
    }
}

/// Grades early ICAHT from ANC values in /µl, each with its day from the infusion, in any order.
///
/// Unknown days are disregarded when enough days are known ([`Parameters::minimum_coverage_percent`]); otherwise there is a grade only
/// if no value on the unknown days could change it. Trace time [`AT_EARLY`].
pub fn early<P: IntoIterator<Item = (i32, f64)> + Clone>(
    points: P,
    ended: Ended,
    parameters: &Parameters,
    trace: &mut Trace,
) -> Early {
    let at = AT_EARLY;
    let window_end = [ended.death, ended.last].into_iter().flatten().fold(EARLY_LAST, i32::min);
    let fill = Fill {
        longest: parameters.interpolate_days,
        outward: parameters.carry_outward,
        round_to_10: parameters.round_to_10,
    };
    let daily = Daily::new(points.clone(), window_end, fill);
    let whole = window_end == EARLY_LAST;
    let final_day = daily.length().checked_sub(1);
    let last_value = daily.values().rposition(|value| value.is_some());
    let best = Reading::of(&daily, NORMAL, final_day, whole, parameters);
    let worst = Reading::of(&daily, 0.0, final_day, whole, parameters);
    let covered =
        daily.known() > 0 && at_least(daily.coverage_percent(), parameters.minimum_coverage_percent);
    // With enough days known, what counts as the end is the last value, and as "never above" that no value is above.
    let seen_no_recovery = Reading::of(&daily, NORMAL, last_value, whole, parameters).no_recovery;
    let seen_never_above = whole && !daily.values().flatten().any(|value| above(value, LOW_UL));

    let between = |best: bool, worst: bool| -> Verdict {
        if best {
            Verdict::Met
        } else if worst {
            Verdict::Undecided
        } else {
            Verdict::NotMet
        }
    };
    let reached = |days: fn(&Reading) -> u8, least: u8| between(days(&best) >= least, days(&worst) >= least);
    let low: fn(&Reading) -> u8 = |reading| reading.low;
    let deep: fn(&Reading) -> u8 = |reading| reading.deep;
    let never_above =
        if covered { seen_never_above.into() } else { between(best.never_above, worst.never_above) };
    let no_recovery =
        if covered { seen_no_recovery.into() } else { between(best.no_recovery, worst.no_recovery) };

    let days_500 = [("days_500", i32::from(best.low).into())];
    let days_100 = [("days_100", i32::from(best.deep).into())];
    let coverage = ("coverage_percent", daily.coverage_percent().into());
    let known_days = ("days_known", i32::from(daily.known()).into());
    let none_low = !reached(low, 1);
    trace.decide(at, &NEVER_LOW, if covered { (best.low == 0).into() } else { none_low }, &days_500, "0");
    trace.decide(at, &LOW, reached(low, 1), &days_500, "1");
    trace.decide(at, &LOW_7, reached(low, 7), &days_500, "2");
    trace.decide(at, &LOW_14, reached(low, 14), &days_500, "3");
    trace.decide(at, &DEEP_7, reached(deep, 7), &days_100, "3");
    trace.decide(at, &DEEP_14, reached(deep, 14), &days_100, "4");
    trace.decide(at, &NEVER_ABOVE, never_above, &[coverage, known_days], "4");
    let last = ("last_value_day", last_value.and_then(|day| i32::try_from(day).ok()).into());
    let start = best.low_runs.last.and_then(|(start, _)| i32::try_from(start).ok());
    let values = [("last_run_start_day", start.into()), last];
    if parameters.no_recovery_is_grade_4 {
        trace.decide(at, &NO_RECOVERY, no_recovery, &values, "4");
    } else {
        trace.judge(at, &NO_RECOVERY, no_recovery, &values);
    }

    let (at_least, at_most) = (best.grade(parameters), worst.grade(parameters));
    let open = daily.known() == 0 || (!covered && at_least != at_most);
    trace.decide(at, &UNKNOWN_DAYS, open, &[coverage, known_days], NOT_EVALUABLE);
    let grade = if open {
        trace.miss(at, "anc_10e9_l");
        // Someone who died at the last value has no unknown days after it.
        if let Some(day) = last_value.and_then(|day| i32::try_from(day).ok())
            && ended.death.is_none()
            && early(points, Ended { death: Some(day), ..ended }, parameters, &mut Trace::new())
                .grade
                .is_some()
        {
            trace.miss(at, "death_day");
        }
        None
    } else {
        let four = never_above.met() || (no_recovery.met() && parameters.no_recovery_is_grade_4);
        Some(if four { 4 } else { at_least })
    };
    debug_assert!(grade.is_none_or(|grade| trace.conclusion(at) == Some(grade_code(grade))));
    Early {
        grade,
        at_least,
        at_most,
        days_500: best.low,
        days_100: best.deep,
        longest_run_500: best.low_runs.longest,
        longest_run_100: best.deep_runs.longest,
        cumulative_500: best.low_runs.total,
        cumulative_100: best.deep_runs.total,
        no_recovery: crate::criteria::measured::known(no_recovery),
        days_measured: daily.measured,
        days_interpolated: daily.interpolated,
        days_carried: daily.carried,
        coverage_percent: daily.coverage_percent(),
        window_end_day: window_end,
        complete: whole || ended.death.is_some_and(|death| death <= window_end),
    }
}
