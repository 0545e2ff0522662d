//! Areas extrapolated to infinity along the terminal slope, and what follows from them.

use super::Kinetics;

/// Exposure to infinity: everything here rests on the terminal slope beyond the last quantifiable sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exposure {
    /// Area to infinity: `auc_last` + C / λz.
    pub auc: f64,
    /// Part of `auc` beyond `tlast`, in percent.
    pub auc_extrapolated_percent: f64,
    /// First moment to infinity: `aumc_last` + C tlast / λz + C / λz².
    pub aumc: f64,
    /// Part of `aumc` beyond `tlast`, in percent.
    pub aumc_extrapolated_percent: f64,
    /// Mean residence time, `aumc / auc` (includes the mean input time unless the dose is a bolus).
    pub mean_residence_time: f64,
}

impl Exposure {
    /// Clearance (over bioavailability unless intravenous): dose / area.
    pub fn clearance(&self, dose: f64) -> f64 {
        dose / self.auc
    }

    /// Volume of distribution of the terminal phase (over bioavailability unless intravenous): dose / (λz area).
    pub fn terminal_volume(&self, dose: f64, lambda_z: f64) -> f64 {
        dose / (lambda_z * self.auc)
    }

    /// Volume of distribution at steady state after a bolus: clearance x mean residence time.
    pub fn steady_state_volume(&self, dose: f64) -> f64 {
        self.clearance(dose) * self.mean_residence_time
    }
}

impl Kinetics {
    /// Exposure extrapolated from the observed `clast`; `None` without a terminal slope.
    pub fn exposure_observed(&self) -> Option<Exposure> {
        self.exposure(self.clast?)
    }

    /// Exposure extrapolated from the concentration of the terminal line at `tlast`; `None` without a terminal slope.
    pub fn exposure_predicted(&self) -> Option<Exposure> {
        self.exposure(self.terminal?.clast_predicted)
    }

    /// Mean residence time of what was observed: `aumc_last / auc_last`.
    pub fn mean_residence_time_last(&self) -> Option<f64> {
        self.auc_last.filter(|&area| area > 0.0).and_then(|area| self.aumc_last.map(|moment| moment / area))
    }

    fn exposure(&self, last: f64) -> Option<Exposure> {
        let (area, moment, tlast) = (self.auc_last?, self.aumc_last?, self.tlast?);
        let lambda_z = self.terminal?.lambda_z;
        let area_beyond = last / lambda_z;
        let moment_beyond = area_beyond * (tlast + 1.0 / lambda_z);
        let (area, moment) = (area + area_beyond, moment + moment_beyond);
        Some(Exposure {
            auc: area,
            auc_extrapolated_percent: 100.0 * area_beyond / area,
            aumc: moment,
            aumc_extrapolated_percent: 100.0 * moment_beyond / moment,
            mean_residence_time: moment / area,
        })
    }
}
