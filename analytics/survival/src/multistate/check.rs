//! Checks of the rows and the initial distribution.

use super::{Initial, MultistateData, MultistateOptions};
use crate::cox::check_length;
use crate::cox::timeline::Timeline;
use crate::error::Error;

// Matrices are dense and their variances take k^4 operations per time.
const MOST_STATES: usize = 64;

pub(super) fn rows(data: &MultistateData<'_>, line: &Timeline) -> Result<(), Error> {
    let rows = data.stop.len();
    check_length("id", rows, data.id.len())?;
    check_length("from", rows, data.from.len())?;
    check_length("to", rows, data.to.len())?;
    if data.states == 0 || data.states > MOST_STATES {
        return Err(Error::InvalidParameter {
            name: "states",
            value: data.states as f64,
            expected: "from 1 to 64 states",
        });
    }
    for (row, (&from, to)) in data.from.iter().zip(data.to).enumerate() {
        for (column, state) in [("from", Some(from)), ("to", *to)] {
            if let Some(state) = state
                && state as usize >= data.states
            {
                let value = f64::from(state);
                return Err(Error::InvalidValue { column, row, value, expected: "a state below `states`" });
            }
        }
        if *to == Some(from) {
            let value = f64::from(from);
            return Err(Error::InvalidValue {
                column: "to",
                row,
                value,
                expected: "a state other than `from`",
            });
        }
    }
    let mut order: Vec<usize> = (0..rows).collect();
    order.sort_by_key(|row| (data.id[*row], line.exit[*row]));
    for pair in order.windows(2) {
        let (before, after) = (pair[0], pair[1]);
        if data.id[before] != data.id[after] {
            continue;
        }
        let entered = line.entry.as_ref().map(|e| e[after]);
        if entered.is_none_or(|e| e < line.exit[before]) {
            return Err(Error::InvalidValue {
                column: "start",
                row: after,
                value: data.start.and_then(|s| s.get(after)).unwrap_or(f64::NEG_INFINITY),
                expected: "rows of one subject that do not overlap",
            });
        }
        let expected = data.to[before].unwrap_or(data.from[before]);
        // After a gap the subject may be found anywhere; without one it is where it went.
        if entered == Some(line.exit[before]) && data.from[after] != expected {
            return Err(Error::InvalidValue {
                column: "from",
                row: after,
                value: f64::from(data.from[after]),
                expected: "the state that the subject's previous row ends in",
            });
        }
    }
    Ok(())
}

/// Earliest start, or 0 without starts (or without rows).
pub(super) fn earliest(data: &MultistateData<'_>) -> f64 {
    let starts = data.start.map(|s| (0..s.len()).filter_map(|k| s.get(k)).fold(f64::INFINITY, f64::min));
    starts.filter(|s| s.is_finite()).unwrap_or(0.0)
}

/// Initial probabilities, and the number of subjects they are estimated from.
pub(super) fn initial(
    data: &MultistateData<'_>,
    options: &MultistateOptions<'_>,
    from_time: f64,
) -> Result<(Vec<f64>, Option<f64>), Error> {
    let mut p = vec![0.0; data.states];
    match options.initial {
        Initial::State(state) => {
            let Some(one) = p.get_mut(state as usize) else {
                let value = f64::from(state);
                return Err(Error::InvalidParameter {
                    name: "initial",
                    value,
                    expected: "a state below `states`",
                });
            };
            *one = 1.0;
            Ok((p, None))
        }
        Initial::Known(known) => {
            check_length("initial", data.states, known.len())?;
            let sum: f64 = known.iter().sum();
            if known.iter().any(|v| *v < 0.0 || v.is_nan()) || (sum - 1.0).abs() > 1e-9 {
                return Err(Error::InvalidParameter {
                    name: "initial",
                    value: sum,
                    expected: "probabilities that sum to 1",
                });
            }
            Ok((known.to_vec(), None))
        }
        Initial::Observed => {
            let mut n = 0.0;
            for (row, &state) in data.from.iter().enumerate() {
                let started = data.start.and_then(|s| s.get(row)).is_none_or(|s| s <= from_time);
                // Without starts everyone is at risk from before the first time.
                let going = data.start.is_none() || data.stop.get(row).is_some_and(|t| t > from_time);
                if started && going {
                    p[state as usize] += 1.0;
                    n += 1.0;
                }
            }
            if n == 0.0 {
                return Err(Error::Undefined {
                    reason: "nobody is under observation just after the starting time: give the initial distribution",
                });
            }
            for v in &mut p {
                *v /= n;
            }
            Ok((p, Some(n)))
        }
    }
}
