//! Newton-Raphson on the log partial likelihood, and what to say when it has no finite maximum.

use super::kernel::{Evaluation, Kernel, Workspace};
use super::separation;
use crate::linear::{Ldl, dot};

/// What is known about one coefficient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoefficientState {
    /// The likelihood has a maximum in it.
    Finite,
    /// The covariate is constant within the risk sets or a combination of earlier ones: nothing can be estimated.
    Aliased,
    /// The likelihood keeps growing as the coefficient does (monotone likelihood, separation).
    PlusInfinity,
    /// The likelihood keeps growing as the coefficient falls (monotone likelihood, separation).
    MinusInfinity,
    /// Not estimated, because another coefficient is infinite by so small differences of its covariate that no floating
    /// number can follow it. Leave that covariate out, or stratify by it, to estimate this one.
    Undetermined,
}

/// How the iteration ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Convergence {
    /// The last step gained less than one part in 10^12 of a log likelihood unit; one more step was taken after it.
    Converged,
    /// The likelihood is monotone in at least one direction; see [`CoefficientState`]. The log likelihood is its limit.
    Separated,
    /// The iteration limit was reached first; the coefficients are not a maximum.
    IterationLimit,
}

/// End of an iteration.
#[derive(Debug, Clone)]
pub(crate) struct Solution {
    pub(crate) beta: Vec<f64>,
    pub(crate) state: Vec<CoefficientState>,
    pub(crate) initial: Evaluation,
    pub(crate) last: Evaluation,
    pub(crate) iterations: u32,
    pub(crate) convergence: Convergence,
}

// The expected gain of the last step, in units of log likelihood: quadratic convergence makes the error of the
// coefficients after one more step about this size in units of their standard error.
const NEGLIGIBLE: f64 = 1e-12;
const HALVINGS: u32 = 40;
// A last step that moves no linear predictor by more than this leaves likelihood and information as they were evaluated.
const UNMOVED: f64 = 1e-10;

/// Maximizes from zero. The kernel must hold at least one event.
pub(crate) fn maximize(kernel: &Kernel<'_>, work: &mut Workspace, max_iterations: u32) -> Option<Solution> {
    let p = kernel.width;
    let mut beta = vec![0.0; p];
    let initial = kernel.evaluate(&beta, work)?;
    let aliased = Ldl::factor(&initial.information, &initial.scale, &[]).aliased();
    let mut state: Vec<CoefficientState> = aliased
        .iter()
        .map(|a| if *a { CoefficientState::Aliased } else { CoefficientState::Finite })
        .collect();
    let mut last = initial.clone();
    let mut iterations = 0;
    let mut convergence = Convergence::IterationLimit;
    if aliased.iter().all(|a| *a) {
        convergence = Convergence::Converged;
        return Some(Solution { beta, state, initial, last, iterations, convergence });
    }
    while iterations < max_iterations {
        let factor = Ldl::factor(&last.information, &last.scale, &aliased);
        let step = factor.solve(&last.score);
        let gain = dot(&step, &last.score);
        let vanished: Vec<bool> =
            factor.aliased().iter().zip(&aliased).map(|(now, first)| *now && !first).collect();
        let finished = gain <= NEGLIGIBLE || vanished.contains(&true);
        if finished && mark_infinite(&mut state, &beta, &step, &vanished, &initial, &last) {
            convergence = Convergence::Separated;
            break;
        }
        let trial: Vec<f64> = beta.iter().zip(&step).map(|(b, s)| b + s).collect();
        if kernel.too_wide(&trial)
            && let Some(limit) = mark_monotone(kernel, &mut state, &trial)
        {
            last.loglik = limit;
            convergence = Convergence::Separated;
            break;
        }
        if finished && moved(kernel, &step) <= UNMOVED {
            for (b, s) in beta.iter_mut().zip(&step) {
                *b += s;
            }
            iterations += 1;
            convergence = Convergence::Converged;
            break;
        }
        let halvings = if finished { 0 } else { HALVINGS };
        let accepted = advance(kernel, work, &mut beta, &step, &mut last, halvings);
        iterations += 1;
        if finished {
            convergence = Convergence::Converged;
            break;
        }
        if !accepted {
            break;
        }
    }
    Some(Solution { beta, state, initial, last, iterations, convergence })
}

/// Largest change that `step` can make to a linear predictor.
fn moved(kernel: &Kernel<'_>, step: &[f64]) -> f64 {
    step.iter().zip(&kernel.spread).map(|(s, x)| s.abs() * x).sum()
}

/// Takes `step`, or the largest of its halves that does not lower the likelihood.
fn advance(
    kernel: &Kernel<'_>,
    work: &mut Workspace,
    beta: &mut Vec<f64>,
    step: &[f64],
    last: &mut Evaluation,
    halvings: u32,
) -> bool {
    // Rounding of the log likelihood must not look like a descent.
    let slack = 1e-11 * last.loglik.abs() + 1e-12;
    let mut factor = 1.0;
    for _ in 0..=halvings {
        let trial: Vec<f64> = beta.iter().zip(step).map(|(b, s)| b + factor * s).collect();
        if let Some(evaluation) = kernel.evaluate(&trial, work)
            && (halvings == 0 || evaluation.loglik >= last.loglik - slack)
        {
            *beta = trial;
            *last = evaluation;
            return true;
        }
        factor /= 2.0;
    }
    // Leave the workspace at the coefficients that are returned.
    if let Some(evaluation) = kernel.evaluate(beta, work) {
        *last = evaluation;
    }
    false
}

/// Looks for directions of monotone likelihood when the coefficients run away: single covariates first, then all
/// together. Returns the limit of the likelihood, at zero for the coefficients that are left undetermined.
fn mark_monotone(kernel: &Kernel<'_>, state: &mut [CoefficientState], trial: &[f64]) -> Option<f64> {
    let reach: Vec<f64> = trial.iter().zip(&kernel.spread).map(|(b, s)| b.abs() * s).collect();
    let farthest = reach.iter().copied().fold(0.0, f64::max);
    let infinite = |b: f64| {
        if b < 0.0 { CoefficientState::MinusInfinity } else { CoefficientState::PlusInfinity }
    };
    for j in (0..trial.len()).filter(|j| reach[*j] > 0.1 * farthest) {
        let mut direction = vec![0.0; trial.len()];
        direction[j] = trial[j];
        if let Some(limit) = separation::limit(kernel, &direction) {
            for state in state.iter_mut().filter(|s| **s == CoefficientState::Finite) {
                *state = CoefficientState::Undetermined;
            }
            state[j] = infinite(trial[j]);
            return Some(limit);
        }
    }
    let limit = separation::limit(kernel, trial)?;
    for (state, b) in state.iter_mut().zip(trial) {
        if *state == CoefficientState::Finite {
            *state = infinite(*b);
        }
    }
    Some(limit)
}

/// Recognizes a monotone likelihood where the gain has vanished: the step stays as large as before because the
/// information along it has vanished as well (Heinze & Schemper 2001, Biometrics 57:114-119).
fn mark_infinite(
    state: &mut [CoefficientState],
    beta: &[f64],
    step: &[f64],
    vanished: &[bool],
    initial: &Evaluation,
    last: &Evaluation,
) -> bool {
    let start = initial.information.diagonal();
    let along = last.information.quadratic(step);
    let along_start = initial.information.quadratic(step);
    let largest = step.iter().zip(&start).map(|(s, i)| s * s * i).fold(0.0, f64::max);
    let flat = along <= 1e-6 * along_start;
    let mut found = false;
    for (j, state) in state.iter_mut().enumerate() {
        let moving =
            flat && step[j].abs() > 1e-3 * beta[j].abs() && step[j] * step[j] * start[j] > 1e-6 * largest;
        if *state == CoefficientState::Finite && (vanished[j] || moving) {
            let direction = if vanished[j] { beta[j] } else { step[j] };
            *state = if direction < 0.0 {
                CoefficientState::MinusInfinity
            } else {
                CoefficientState::PlusInfinity
            };
            found = true;
        }
    }
    found
}
