//! Calls of the `survival` kernels.

use super::{IncidenceEstimate, Interval, SurvivalEstimate};
use crate::endpoints::survival::Observation;
use crate::endpoints::toxicity::Ending;
use crate::reports::parameters::ProportionInterval;
use survival::error::Error;

/// Kaplan-Meier.
pub fn kaplan_meier(_: &[Observation], _: f64, _: &[i32], _: &[i32]) -> Result<SurvivalEstimate, Error> {
    Ok(SurvivalEstimate::default())
}

/// Aalen-Johansen.
pub fn aalen_johansen(_: &[(i32, Ending)], _: f64, _: &[i32]) -> Result<IncidenceEstimate, Error> {
    Ok(IncidenceEstimate::default())
}

/// Share.
pub fn proportion(_: usize, _: usize, _: ProportionInterval, _: f64) -> Interval {
    Interval::default()
}

/// Rate.
pub fn poisson_rate(_: usize, _: f64, _: f64, _: f64) -> Result<Interval, Error> {
    Ok(Interval::default())
}
