//! T-ICAHT: early thrombocytopenia. Not in the guideline.

use super::series::{Daily, Fill, Runs, runs};
use super::{AT_PLATELETS, EARLY_LAST, Ended, NORMAL, NOT_EVALUABLE, Parameters};
use crate::criteria::compare::{Verdict, at_least, below};
use crate::criteria::trace::{Trace, criteria};

criteria! {
    NEVER_LOW = External("t_icaht.early_0", "no day with platelets below 50 x10^9/L from day 0 to 30", "0~30天血小板始终≥50×10^9/L", "T-ICAHT; catalogue D5.1");
    LOW = External("t_icaht.early_1", "platelets below 50 x10^9/L for at least 1 day", "血小板<50×10^9/L，≥1天", "T-ICAHT; catalogue D5.1");
    LOW_7 = External("t_icaht.early_2", "platelets below 50 x10^9/L for at least 7 days", "血小板<50×10^9/L，≥7天", "T-ICAHT; catalogue D5.1");
    DEEP = External("t_icaht.early_3", "platelets below 20 x10^9/L for at least 1 day", "血小板<20×10^9/L，≥1天", "T-ICAHT; catalogue D5.1");
    DEEP_14 = External("t_icaht.early_4", "platelets below 20 x10^9/L for at least 14 days", "血小板<20×10^9/L，≥14天", "T-ICAHT; catalogue D5.1");
    UNKNOWN_DAYS = Proposed("t_icaht.early_unknown_days", "too many days without a value, and they could change the grade", "缺失天数过多且可改变分级", "catalogue D5.1, R32");
}

/// Early T-ICAHT with the days it rests on. The days of all runs count, recoveries of fewer than 3 days included.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Platelets {
    /// 0 to 4; none when too many days are unknown and they could change it.
    pub grade: Option<u8>,
    /// The grade if platelets were normal on every unknown day.
    pub at_least: u8,
    /// The grade if platelets were below 20 x10^9/L on every unknown day.
    pub at_most: u8,
    /// Days below 50 x10^9/L.
    pub days_50: u8,
    /// Days below 20 x10^9/L.
    pub days_20: u8,
    /// Days with a measured value.
    pub days_measured: u8,
    /// Days interpolated.
    pub days_interpolated: u8,
    /// Days to which the first or last value was carried.
    pub days_carried: u8,
    /// Days measured or filled among the days observed, in percent.
    pub coverage_percent: f64,
}

fn grade(low: Runs, deep: Runs) -> u8 {
    if deep.total >= 14 {
        4
    } else if deep.total >= 1 {
        3
    } else if low.total >= 7 {
        2
    } else {
        u8::from(low.total >= 1)
    }
}

/// Grades early T-ICAHT from platelets in 10^9/L, each with its day from the infusion, in any order. Trace time [`AT_PLATELETS`].
pub fn platelets(
    points: impl IntoIterator<Item = (i32, f64)>,
    ended: Ended,
    parameters: &Parameters,
    trace: &mut Trace,
) -> Platelets {
    let at = AT_PLATELETS;
    let window_end = [ended.death, ended.last].into_iter().flatten().fold(EARLY_LAST, i32::min);
    let fill =
        Fill { longest: parameters.interpolate_days, outward: parameters.carry_outward, round_to_10: false };
    let daily = Daily::new(points, window_end, fill);
    let below_of = |unknown: f64, threshold: f64| {
        let low = daily.values().map(|value| below(value.unwrap_or(unknown), threshold));
        runs(low, parameters.join_gap_days)
    };
    let (low, deep) = (below_of(NORMAL, 50.0), below_of(NORMAL, 20.0));
    let (low_worst, deep_worst) = (below_of(0.0, 50.0), below_of(0.0, 20.0));
    let covered =
        daily.known() > 0 && at_least(daily.coverage_percent(), parameters.minimum_coverage_percent);
    let reached = |best: Runs, worst: Runs, least: u8| -> Verdict {
        if best.total >= least {
            Verdict::Met
        } else if worst.total >= least && !covered {
            Verdict::Undecided
        } else {
            Verdict::NotMet
        }
    };
    let days_50 = [("days_50", i32::from(low.total).into())];
    let days_20 = [("days_20", i32::from(deep.total).into())];
    trace.decide(at, &NEVER_LOW, !reached(low, low_worst, 1), &days_50, "0");
    trace.decide(at, &LOW, reached(low, low_worst, 1), &days_50, "1");
    trace.decide(at, &LOW_7, reached(low, low_worst, 7), &days_50, "2");
    trace.decide(at, &DEEP, reached(deep, deep_worst, 1), &days_20, "3");
    trace.decide(at, &DEEP_14, reached(deep, deep_worst, 14), &days_20, "4");
    let (at_least, at_most) = (grade(low, deep), grade(low_worst, deep_worst));
    let open = daily.known() == 0 || (!covered && at_least != at_most);
    let coverage = daily.coverage_percent();
    trace.decide(at, &UNKNOWN_DAYS, open, &[("coverage_percent", coverage.into())], NOT_EVALUABLE);
    if open {
        trace.miss(at, "platelets_10e9_l");
    }
    Platelets {
        grade: (!open).then_some(at_least),
        at_least,
        at_most,
        days_50: low.total,
        days_20: deep.total,
        days_measured: daily.measured,
        days_interpolated: daily.interpolated,
        days_carried: daily.carried,
        coverage_percent: coverage,
    }
}
