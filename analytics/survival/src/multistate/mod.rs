//! Multistate models without covariates: Nelson-Aalen per transition, Aalen-Johansen transition probabilities, state
//! occupation and expected length of stay.
//!
//! Subjects move between `states`; a row says that a subject was in state `from` on `(start, stop]` and then moved to
//! `to`, or was censored. States may be left and entered again. The transition matrix is the product integral
//! `P(s, t) = prod (I + dA(u))` over the event times in `(s, t]`, `dA_hj = dN_hj / Y_h`.
//!
//! * Assumptions: independent censoring and entry; for transition probabilities that start after the origin, that the
//!   process is Markov. State occupation does not need it (Datta & Satten 2001).
//! * Variance: Greenwood type, the recursion of Andersen, Borgan, Gill & Keiding (1993), *Statistical Models Based on
//!   Counting Processes*, equations 4.4.18 to 4.4.20, which is also that of R `etm`. An initial distribution that is
//!   observed adds its multinomial variance.
//! * Reference: Aalen & Johansen (1978) Scand. J. Statist. 5:141; Putter, Fiocco & Geskus (2007) Stat. Med. 26:2389.
//!
//! # Worked example
//! ```
//! use survival::cox::Times;
//! use survival::multistate::{Initial, MultistateData, MultistateOptions, aalen_johansen};
//! // Healthy (0), ill (1), dead (2): one falls ill at 1 and dies at 3, one dies at 2, one is censored healthy at 4.
//! let fit = aalen_johansen(
//!     &MultistateData {
//!         states: 3,
//!         id: &[1, 1, 2, 3],
//!         from: &[0, 1, 0, 0],
//!         to: &[Some(1), Some(2), Some(2), None],
//!         start: Some(Times::Days(&[0, 1, 0, 0])),
//!         stop: Times::Days(&[1, 3, 2, 4]),
//!     },
//!     &MultistateOptions { initial: Initial::State(0), ..MultistateOptions::default() },
//! )?;
//! let last = fit.time.len() - 1;
//! assert!((fit.occupation[0][last] - 1.0 / 3.0).abs() < 1e-15);
//! assert!((fit.occupation[2][last] - 2.0 / 3.0).abs() < 1e-15);
//! # Ok::<(), survival::error::Error>(())
//! ```

mod check;
mod product;

use crate::cox::radix;
use crate::cox::timeline::{Timeline, Times};
use crate::error::Error;
use crate::linear::Matrix;
use product::Walk;

/// Sojourns of subjects. All columns have one value per row.
#[derive(Debug, Clone, Copy)]
pub struct MultistateData<'a> {
    /// Number of states, at most 64; states are numbered from 0.
    pub states: usize,
    /// Label of the subject.
    pub id: &'a [u32],
    /// State during the row.
    pub from: &'a [u32],
    /// State entered at the end of the row; `None` when censored.
    pub to: &'a [Option<u32>],
    /// Start of the row, exclusive; without it each subject has one row, from the beginning.
    pub start: Option<Times<'a>>,
    /// End of the row, inclusive.
    pub stop: Times<'a>,
}

/// Where subjects are at the starting time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Initial<'a> {
    /// All in one state.
    State(u32),
    /// As those that are under observation just after the starting time; estimated, so it adds to the variance.
    Observed,
    /// Known probabilities, one per state.
    Known(&'a [f64]),
}

/// Settings of [`aalen_johansen`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MultistateOptions<'a> {
    /// Where subjects are at the starting time.
    pub initial: Initial<'a>,
    /// Starting time `s`; the earliest start of a row without it. Moves at or before it are left out of the product.
    pub from_time: Option<f64>,
    /// Times at which transition matrices are wanted, in any order.
    pub at: &'a [f64],
    /// End of the window of the expected length of stay; the last end of a row without it.
    pub until: Option<f64>,
}

impl Default for MultistateOptions<'_> {
    fn default() -> Self {
        Self { initial: Initial::Observed, from_time: None, at: &[], until: None }
    }
}

/// Nelson-Aalen estimate of one transition, over all times.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// State left.
    pub from: u32,
    /// State entered.
    pub to: u32,
    /// Number of moves.
    pub n: u64,
    /// Times of the moves, ascending.
    pub time: Vec<f64>,
    /// Cumulative hazard, the sum of `dN / Y`.
    pub cumhaz: Vec<f64>,
    /// Standard error by Aalen's variance, the sum of `dN / Y^2`.
    pub std_err: Vec<f64>,
    /// Standard error by the Greenwood-type variance, the sum of `(Y - dN) dN / Y^3`.
    pub greenwood_std_err: Vec<f64>,
}

/// Transition matrix from the starting time to one time.
#[derive(Debug, Clone, PartialEq)]
pub struct TransitionMatrix {
    /// End time.
    pub time: f64,
    /// `probability.get(h, j)`: in `j` at `time` given in `h` at the starting time.
    pub probability: Matrix,
    /// Greenwood-type standard errors.
    pub std_err: Matrix,
    /// State occupation probabilities from the initial distribution.
    pub occupation: Vec<f64>,
    /// Their standard errors.
    pub occupation_std_err: Vec<f64>,
}

/// Expected time in each state between the starting time and `until`, from the initial distribution.
#[derive(Debug, Clone, PartialEq)]
pub struct LengthOfStay {
    /// End of the window.
    pub until: f64,
    /// Expected time, per state; the sum is the length of the window.
    pub expected: Vec<f64>,
    /// Greenwood-type standard error.
    pub std_err: Vec<f64>,
}

/// Result of [`aalen_johansen`].
#[derive(Debug, Clone, PartialEq)]
pub struct AalenJohansen {
    /// One per transition that was seen, ordered by `from` and `to`.
    pub transitions: Vec<Transition>,
    /// Starting time.
    pub from_time: f64,
    /// Distinct times of moves after the starting time, ascending.
    pub time: Vec<f64>,
    /// Initial distribution.
    pub initial: Vec<f64>,
    /// Occupation probabilities `[state][time]`, constant between the times.
    pub occupation: Vec<Vec<f64>>,
    /// Their standard errors `[state][time]`.
    pub std_err: Vec<Vec<f64>>,
    /// Subjects at risk in each state just before each time, `[state][time]`.
    pub n_risk: Vec<Vec<u64>>,
    /// One per requested time, in the order requested.
    pub at: Vec<TransitionMatrix>,
    /// Expected length of stay.
    pub length_of_stay: LengthOfStay,
    /// States with positive probability, left at other times, in which nobody was at risk at a time of moves: (state,
    /// first such time). Estimates after it rest on the assumption that nobody left the state meanwhile.
    pub emptied: Vec<(u32, f64)>,
}

/// Estimates the multistate model.
///
/// `O(n log n + m k^4)` operations for `m` distinct times of moves and `k` states.
///
/// # Errors
/// Columns of unequal length; a state that does not exist; a move to the same state; a start that is not before its
/// stop; rows of one subject that overlap or do not continue in the state entered; an initial distribution that is not
/// one, or nobody under observation to estimate it from.
pub fn aalen_johansen(
    data: &MultistateData<'_>,
    options: &MultistateOptions<'_>,
) -> Result<AalenJohansen, Error> {
    let line = Timeline::new(data.start, data.stop)?;
    check::rows(data, &line)?;
    let from_time = match options.from_time {
        Some(s) if s.is_finite() => s,
        Some(value) => {
            return Err(Error::InvalidParameter { name: "from_time", value, expected: "a finite time" });
        }
        None => check::earliest(data),
    };
    let (initial, sampled) = check::initial(data, options, from_time)?;
    let exits = radix::sort(line.exit.iter().map(|r| u64::from(*r)));
    let entries = line.entry.as_ref().map(|e| radix::sort(e.iter().map(|r| u64::from(*r))));
    let last = exits.last().map_or(from_time, |(r, _)| line.time(u32::try_from(*r).unwrap_or(u32::MAX)));
    let until = options.until.unwrap_or(last);
    if until.is_nan() || until < from_time {
        return Err(Error::InvalidParameter {
            name: "until",
            value: until,
            expected: "a time after the start",
        });
    }
    let mut walk = Walk::new(data.states, from_time, until, initial, sampled, options.at)?;
    let mut at_risk = vec![0_u64; data.states];
    if entries.is_none() {
        for &state in data.from {
            at_risk[state as usize] += 1;
        }
    }
    let mut entry_at = 0;
    let mut moves: Vec<(u32, u32)> = Vec::new();
    for group in exits.chunk_by(|a, b| a.0 == b.0) {
        let rank = group[0].0;
        if let Some(entries) = &entries {
            while entry_at < entries.len() && entries[entry_at].0 < rank {
                at_risk[data.from[entries[entry_at].1 as usize] as usize] += 1;
                entry_at += 1;
            }
        }
        moves.clear();
        moves.extend(group.iter().filter_map(|(_, row)| {
            let row = *row as usize;
            data.to[row].map(|to| (data.from[row], to))
        }));
        if !moves.is_empty() {
            moves.sort_unstable();
            walk.step(line.time(u32::try_from(rank).unwrap_or(u32::MAX)), &at_risk, &moves);
        }
        for (_, row) in group {
            at_risk[data.from[*row as usize] as usize] -= 1;
        }
    }
    Ok(walk.finish())
}
