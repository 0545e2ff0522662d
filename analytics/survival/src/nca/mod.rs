//! Non-compartmental analysis of a concentration-time profile: peak, last quantifiable value, areas, terminal half-life.
//!
//! Nothing is assumed about the shape of the curve except in two places, both stated in the result: between samples it
//! follows the declared trapezoidal rule, and the terminal slope is the log-linear regression of the last quantifiable
//! samples. What happens to a value below quantification is a declared rule ([`BelowQuantification`]), never a default
//! hidden in the arithmetic.
//!
//! | figure | definition |
//! |---|---|
//! | `cmax`, `tmax` | largest quantifiable concentration and the *first* time it is reached |
//! | `clast`, `tlast` | last quantifiable concentration and its time |
//! | `auc_last` | area from the first sample to `tlast` |
//! | `auc_all` | `auc_last` plus the segment down to the first sample below quantification after `tlast` |
//! | window area | area over `[start, end]` of the profile under the declared rules, samples after `tlast` included |
//! | `lambda_z` | minus the slope of ln C over the terminal samples, see [`Terminal`] |
//!
//! The window area therefore includes the descent from the last quantifiable sample to a sample below quantification
//! inside the window, which `auc_last` does not. A window that ends after the last sample is not estimable: its area is
//! `None` and `covered` is false; nothing is extrapolated.
//!
//! Sources: Gibaldi & Perrier, *Pharmacokinetics*, 2nd ed. 1982, ch. 11 and appendix D; Gabrielsson & Weiner,
//! *Pharmacokinetic and Pharmacodynamic Data Analysis*, 5th ed. 2016, section 2.8. The choice of the number of terminal
//! samples (best adjusted R², within 10⁻⁴ the larger number) is the one `WinNonlin` documents.
//!
//! # Example
//!
//! ```
//! use survival::nca::{self, Lloq, Options, Samples};
//!
//! // Copies of a transgene per µg of DNA on days 0 to 60; below 50 is not quantifiable.
//! let samples = Samples {
//!     time: &[0.0, 3.0, 7.0, 10.0, 14.0, 28.0, 60.0],
//!     concentration: &[0.0, 500.0, 40_000.0, 40_000.0, 12_000.0, 2_000.0, 300.0],
//!     lloq: Lloq::Constant(50.0),
//! };
//! let options = Options { window: Some((0.0, 28.0)), ..Options::default() };
//! let kinetics = nca::analyse(&samples, &options)?;
//! assert_eq!(kinetics.tmax, Some(7.0)); // the first of the two equal peaks
//! assert_eq!(kinetics.window.and_then(|w| w.area), Some(403_750.0));
//! assert_eq!(kinetics.terminal.map(|t| t.points), Some(3));
//! # Ok::<(), survival::error::Error>(())
//! ```

mod area;
mod exposure;
mod profile;
mod terminal;

pub use exposure::Exposure;
pub use terminal::Terminal;

use crate::error::Error;
use profile::Profile;

/// Trapezoidal rule between neighbouring samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AucMethod {
    /// Straight line between samples.
    #[default]
    Linear,
    /// Straight line where the concentration rises, stays equal, or touches zero; exponential decay where it falls
    /// between two positive values.
    LinearUpLogDown,
}

/// What a sample below quantification counts as.
///
/// Before the first quantifiable sample it counts as 0 under every rule; the rules differ between quantifiable samples
/// and after the last one. `cmax`, `tlast` and the terminal slope use quantifiable samples only, whatever the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BelowQuantification {
    /// 0 everywhere.
    Zero,
    /// Between quantifiable samples the sample is ignored; after the last one it counts as 0.
    #[default]
    Drop,
    /// Half the limit of quantification of that sample, between and after. Needs the limit to be known.
    Half,
}

/// Lower limit of quantification. A sample is below quantification when its concentration is under the limit, or 0.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Lloq<'a> {
    /// Not known: only a concentration of 0 is below quantification.
    #[default]
    Unknown,
    /// One limit for all samples, in the unit of the concentration.
    Constant(f64),
    /// One limit per sample, as long as `time`.
    PerSample(&'a [f64]),
}

/// What is known of the concentration at time 0 when the first sample is later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Origin {
    /// Nothing enters `auc_last`; a window that starts before the first sample starts at concentration 0.
    #[default]
    Unobserved,
    /// Intravenous bolus: the concentration at time 0 is extrapolated log-linearly from the first two samples when both
    /// are positive and the second is smaller, otherwise it equals the first sample; it enters every area.
    Bolus,
}

/// Samples of one subject; the slices have one length and may come in any order of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Samples<'a> {
    /// Time since administration, any unit; finite and distinct.
    pub time: &'a [f64],
    /// Concentration, finite and not negative.
    pub concentration: &'a [f64],
    /// Limit of quantification.
    pub lloq: Lloq<'a>,
}

/// Declared rules of the analysis.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Options {
    /// Trapezoidal rule.
    pub auc_method: AucMethod,
    /// Rule for values below quantification.
    pub below_quantification: BelowQuantification,
    /// Start and end of the window of the partial area, in the unit of time.
    pub window: Option<(f64, f64)>,
    /// Concentration at time 0.
    pub origin: Origin,
    /// Whether the sample of the peak may belong to the terminal slope (usual only after a bolus).
    pub terminal_from_peak: bool,
}

/// Area over a declared window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WindowArea {
    /// Start of the window.
    pub start: f64,
    /// End of the window.
    pub end: f64,
    /// Area, unit concentration x time; `None` when the samples do not reach the end of the window.
    pub area: Option<f64>,
    /// Whether the samples reach the end of the window, with at least one of them not after it.
    pub covered: bool,
    /// Whether the window starts before the first sample, so that concentration 0 was assumed at its start.
    pub start_assumed_zero: bool,
}

/// Kinetics of one profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Kinetics {
    /// Samples analysed.
    pub samples: usize,
    /// Of these, below quantification.
    pub below_quantification: usize,
    /// Largest quantifiable concentration; 0 when no sample is quantifiable, `None` without samples.
    pub cmax: Option<f64>,
    /// First time of `cmax`; `None` when no sample is quantifiable.
    pub tmax: Option<f64>,
    /// Last quantifiable concentration; 0 when no sample is quantifiable, `None` without samples.
    pub clast: Option<f64>,
    /// Time of `clast`; `None` when no sample is quantifiable.
    pub tlast: Option<f64>,
    /// Time of the sample before the first quantifiable one (the first sample's time when that is quantifiable).
    pub tlag: Option<f64>,
    /// Concentration at time 0 extrapolated under [`Origin::Bolus`].
    pub initial_concentration: Option<f64>,
    /// Area from the first sample to `tlast`.
    pub auc_last: Option<f64>,
    /// `auc_last` plus the segment to the first sample below quantification after `tlast`, if there is one.
    pub auc_all: Option<f64>,
    /// First moment (time x concentration) from the first sample to `tlast`.
    pub aumc_last: Option<f64>,
    /// Area over the window, when one was declared.
    pub window: Option<WindowArea>,
    /// Terminal slope; `None` when fewer than three quantifiable samples follow the peak or none of the slopes falls.
    pub terminal: Option<Terminal>,
}

/// Analyses one profile.
///
/// # Errors
///
/// [`Error::LengthMismatch`] when the slices differ in length; [`Error::InvalidValue`] for a time that is not finite or
/// occurs twice, or a concentration or limit that is negative or not finite; [`Error::InvalidParameter`] for a window
/// that is not finite or empty; [`Error::Undefined`] when [`BelowQuantification::Half`] meets a sample whose limit is
/// not known.
pub fn analyse(samples: &Samples<'_>, options: &Options) -> Result<Kinetics, Error> {
    if let Some((start, end)) = options.window {
        if !start.is_finite() {
            return Err(Error::InvalidParameter {
                name: "window start",
                value: start,
                expected: "a finite time",
            });
        }
        if !end.is_finite() || end <= start {
            return Err(Error::InvalidParameter {
                name: "window end",
                value: end,
                expected: "a finite time after the start of the window",
            });
        }
    }
    let profile = Profile::new(samples, options)?;
    let method = options.auc_method;
    let to_last = profile.to_last();
    let auc_last = (profile.samples > 0).then(|| area::auc(to_last, method));
    Ok(Kinetics {
        samples: profile.samples,
        below_quantification: profile.below,
        cmax: profile.peak_or_zero().map(|p| p.concentration),
        tmax: profile.peak.map(|p| p.time),
        clast: profile.last_or_zero().map(|p| p.concentration),
        tlast: profile.last.map(|p| p.time),
        tlag: profile.lag,
        initial_concentration: profile.initial,
        auc_last,
        auc_all: auc_last.map(|a| a + area::auc(profile.descent(), method)),
        aumc_last: (profile.samples > 0).then(|| area::aumc(to_last, method)),
        window: options.window.map(|(start, end)| area::window(&profile.points, start, end, method)),
        terminal: terminal::fit(&profile, options.terminal_from_peak),
    })
}
