//! Infinitesimal jackknife variances for weights that are not numbers of subjects.

use crate::event_table::{Column, EventTable};

/// Var(ln S) and Var(H) at each row: Σ over subjects of (w ∂/∂w)².
///
/// With A(t) = Σ d / (n (n - d)) and B(t) = Σ d / n² up to t, the derivatives for a subject that leaves at x are
///
/// ```text
///             event at x        censored at x    still at risk
/// ln S(t)     A(x-) - 1/n(x)    A(x)             A(t)
/// H(t)        1/n(x) - B(x)     -B(x)            -B(t)
/// ```
///
/// All subjects that leave at one time with one status share it, so that sums of squared weights are enough. (R. G. Miller,
/// *Survival Analysis* (1981), section 3.2; T. M. Therneau, P. M. Grambsch (2000), section 7.2.)
pub(super) fn variances(
    table: &EventTable,
    from: Option<f64>,
    (time, n_risk, n_event): (&Column, &Column, &Column),
    surv: &[f64],
) -> Option<(Vec<f64>, Vec<f64>)> {
    let squares = table.squares.as_ref().filter(|_| table.entered.is_empty())?.any_cause();
    let events = squares.events.first()?;
    let mut rows =
        (0..squares.time.len()).filter(|&row| from.is_none_or(|from| squares.time.get(row) > Some(&from)));
    let (mut var_log, mut var_hazard) = (Vec::with_capacity(time.len()), Vec::with_capacity(time.len()));
    let (mut a, mut b) = (0.0, 0.0);
    let (mut left_log, mut left_hazard) = (0.0, 0.0);
    for ((&n, &d), &s) in n_risk.iter().zip(n_event.iter()).zip(surv) {
        let row = rows.next()?;
        let of = |column: &Column| column.get(row).copied().unwrap_or(0.0);
        let (own, censored) = (of(events), of(&squares.censored));
        let remaining = (of(&squares.at_risk) - own - censored).max(0.0);
        if d > 0.0 && n > 0.0 {
            left_log += own * (a - 1.0 / n) * (a - 1.0 / n);
            b += d / (n * n);
            left_hazard += own * (1.0 / n - b) * (1.0 / n - b);
            if s > 0.0 {
                a += d / (n * (n - d));
            }
        }
        left_log += censored * a * a;
        left_hazard += censored * b * b;
        var_log.push(if s > 0.0 { left_log + remaining * a * a } else { f64::INFINITY });
        var_hazard.push(left_hazard + remaining * b * b);
    }
    Some((var_log, var_hazard))
}
