//! Being in a state that may be left and regained: a multistate model over each subject's sojourns.

use crate::endpoints::{Evaluation, FollowUps, Verdict};
use crate::reports::estimates::Interval;
use crate::reports::grouping::Group;
use crate::reports::parameters::SurvivalParameters;
use crate::selection::Cohort;
use serde::Serialize;
use survival::cox::Times;
use survival::error::Error;
use survival::interval::z_of;
use survival::multistate::{Initial, MultistateData, MultistateOptions, aalen_johansen};

/// The states in order: before the state was first entered, in it, after it was left, dead.
pub(super) const STATES: [&str; 4] = ["before_response", "in_response", "after_relapse", "dead"];
const IN: u32 = 1;

/// Probability of being in the state, of one group.
#[derive(Debug, Clone, Serialize)]
pub struct CurrentGroup {
    /// The group.
    pub group: Group,
    /// Subjects.
    pub n: usize,
    /// Subjects who were ever in the state.
    pub entered: usize,
    /// Subjects who died.
    pub deaths: usize,
    /// Names of the states, in the order of the probabilities.
    pub states: [&'static str; 4],
    /// Days on which somebody moved.
    pub day: Vec<i32>,
    /// Probability of each state from each day on, by state.
    pub probability: Vec<Vec<f64>>,
    /// Standard errors of being in the state.
    pub std_err: Vec<f64>,
    /// At the days asked for: the day, and the probability with plain limits; null beyond the last day of follow-up.
    pub at: Vec<(i32, Interval)>,
}

/// One stay of a subject in a state: days after `start` until `stop`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sojourn {
    from: u32,
    to: Option<u32>,
    start: i32,
    stop: i32,
}

/// The stays of each subject; `None` for one left out. Time 0 lies before day 0, so that moves on day 0 count. Of several
/// moves on one day the last in the order response, relapse, death decides.
pub(super) fn sojourns(
    cohort: &Cohort,
    follow_ups: &FollowUps,
    evaluation: &Evaluation,
) -> Vec<Option<Vec<Sojourn>>> {
    let rows = evaluation.verdicts.iter().zip(&follow_ups.seen).enumerate();
    rows.map(|(subject, (verdict, seen))| {
        let Verdict::Observed(outcome) = verdict else { return None };
        let entered = evaluation.entries(cohort, seen, subject).into_iter().map(|day| (day, 1));
        let left = evaluation.every_event(cohort, seen, subject).into_iter().map(|day| (day, 2));
        let died = seen.death_day().map(|day| day - outcome.origin).filter(|day| *day <= outcome.until);
        let mut moves: Vec<(i32, u32)> = entered.chain(left).chain(died.map(|day| (day, 3))).collect();
        moves.retain(|(day, _)| *day <= outcome.until);
        moves.sort_unstable();
        Some(stays(&moves, outcome.until))
    })
    .collect()
}

fn stays(moves: &[(i32, u32)], until: i32) -> Vec<Sojourn> {
    let (mut stays, mut state, mut start) = (Vec::new(), 0, -1);
    for of_day in moves.chunk_by(|a, b| a.0 == b.0) {
        let Some(&(day, to)) = of_day.last() else { continue };
        if to != state {
            stays.push(Sojourn { from: state, to: Some(to), start, stop: day });
            (state, start) = (to, day);
        }
    }
    if state != 3 && until > start {
        stays.push(Sojourn { from: state, to: None, start, stop: until });
    }
    stays
}

/// Estimates one group.
pub(super) fn group(
    group: &Group,
    members: &[&Option<Vec<Sojourn>>],
    parameters: &SurvivalParameters,
) -> Result<CurrentGroup, Error> {
    let members: Vec<&Vec<Sojourn>> = members.iter().copied().flatten().collect();
    let ever = |state: u32| members.iter().filter(|m| m.iter().any(|s| s.to == Some(state))).count();
    let mut result = CurrentGroup {
        group: group.clone(),
        n: members.len(),
        entered: ever(IN),
        deaths: ever(3),
        states: STATES,
        day: Vec::new(),
        probability: vec![Vec::new(); STATES.len()],
        std_err: Vec::new(),
        at: parameters.at.iter().map(|day| (*day, Interval::default())).collect(),
    };
    let rows: Vec<(u32, Sojourn)> =
        members.iter().zip(0_u32..).flat_map(|(m, id)| m.iter().map(move |s| (id, *s))).collect();
    if rows.is_empty() {
        return Ok(result);
    }
    let id: Vec<u32> = rows.iter().map(|r| r.0).collect();
    let from: Vec<u32> = rows.iter().map(|r| r.1.from).collect();
    let to: Vec<Option<u32>> = rows.iter().map(|r| r.1.to).collect();
    let start: Vec<i32> = rows.iter().map(|r| r.1.start).collect();
    let stop: Vec<i32> = rows.iter().map(|r| r.1.stop).collect();
    let data = MultistateData {
        states: STATES.len(),
        id: &id,
        from: &from,
        to: &to,
        start: Some(Times::Days(&start)),
        stop: Times::Days(&stop),
    };
    let last = stop.iter().copied().max().unwrap_or(0);
    let times: Vec<f64> = parameters.at.iter().map(|day| f64::from(*day)).collect();
    let options =
        MultistateOptions { initial: Initial::State(0), at: &times, ..MultistateOptions::default() };
    let fit = aalen_johansen(&data, &options)?;
    let z = z_of(parameters.conf_level)?;
    for (asked, matrix) in result.at.iter_mut().zip(&fit.at) {
        let value = matrix.occupation.get(IN as usize).copied();
        let error = matrix.occupation_std_err.get(IN as usize).copied();
        if let (Some(value), Some(error)) = (value.filter(|_| asked.0 <= last), error) {
            asked.1 = Interval {
                value: Some(value),
                lower: Some((value - z * error).max(0.0)),
                upper: Some((value + z * error).min(1.0)),
            };
        }
    }
    result.day = fit.time.iter().map(|day| whole(*day)).collect();
    result.std_err = fit.std_err.get(IN as usize).cloned().unwrap_or_default();
    result.probability = fit.occupation;
    Ok(result)
}

#[expect(clippy::cast_possible_truncation, reason = "the days went in as i32")]
fn whole(day: f64) -> i32 {
    day as i32
}
