//! Confidence limits of survival probabilities and of cumulative incidences on the usual scales.
//!
//! The scale changes the limits a lot in small samples and the defaults of the packages differ (R: `log`, SAS and
//! lifelines: `log-log`), so results carry the name of the one used.

use crate::error::Error;
use crate::special::normal_quantile;

/// Scale of the limits of a survival probability S with `v` = Var(ln S) (Greenwood's sum).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConfType {
    /// S^exp(± z √v / ln S): stays in [0, 1] and behaves well at small n (Kalbfleisch and Prentice 1980).
    #[default]
    LogLog,
    /// S exp(± z √v), upper limit cut at 1; R's default.
    Log,
    /// S ± z S √v, cut at 0 and 1.
    Plain,
    /// On the log odds.
    Logit,
    /// On arcsin √S.
    Arcsin,
}

impl ConfType {
    /// The name, as in R's `conf.type`.
    pub fn name(self) -> &'static str {
        match self {
            Self::LogLog => "log-log",
            Self::Log => "log",
            Self::Plain => "plain",
            Self::Logit => "logit",
            Self::Arcsin => "arcsin",
        }
    }

    /// Limits of S at the normal quantile `z`. S = 1 gives \[1, 1\]; at S = 0 the variance, and with it the limits, are
    /// undefined.
    pub fn limits(self, surv: f64, var_log: f64, z: f64) -> Option<(f64, f64)> {
        if surv >= 1.0 {
            return Some((1.0, 1.0));
        }
        if surv <= 0.0 || !var_log.is_finite() {
            return None;
        }
        let half = z * libm::sqrt(var_log);
        Some(match self {
            Self::LogLog => {
                let log = libm::log(surv);
                let factor = libm::exp(half / -log);
                (libm::exp(log * factor), libm::exp(log / factor))
            }
            Self::Log => (surv * libm::exp(-half), (surv * libm::exp(half)).min(1.0)),
            Self::Plain => ((surv - surv * half).max(0.0), (surv + surv * half).min(1.0)),
            Self::Logit => {
                let odds = surv / (1.0 - surv);
                let factor = libm::exp(half / (1.0 - surv));
                let back = |odds: f64| if odds.is_finite() { odds / (1.0 + odds) } else { 1.0 };
                (back(odds / factor), back(odds * factor))
            }
            Self::Arcsin => {
                let angle = libm::asin(libm::sqrt(surv));
                let half = 0.5 * half * libm::sqrt(surv / (1.0 - surv));
                let back = |angle: f64| libm::sin(angle) * libm::sin(angle);
                (back((angle - half).max(0.0)), back((angle + half).min(core::f64::consts::FRAC_PI_2)))
            }
        })
    }
}

/// Scale of the limits of a cumulative incidence F. Two different ones are called "log-log" in the literature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CifConfType {
    /// 1 - (1 - F)^exp(± z se / ((1 - F) ln(1 - F))), the log-log scale of 1 - F (R `etm`'s `cloglog`).
    #[default]
    Cloglog,
    /// F^exp(± z se / (F ln F)), the log-log scale of F (SAS, R `survfit`, scikit-survival).
    LogLog,
    /// F ± z se, cut at 0 and 1.
    Plain,
}

impl CifConfType {
    /// The name used in output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cloglog => "cloglog",
            Self::LogLog => "log-log",
            Self::Plain => "plain",
        }
    }

    /// Limits of F at the normal quantile `z`. F = 0 gives \[0, 0\] on the `Cloglog` and `Plain` scales and is undefined on
    /// the `LogLog` scale; F = 1 is undefined on the scales that take its logarithm.
    pub fn limits(self, cif: f64, std_err: f64, z: f64) -> Option<(f64, f64)> {
        if !std_err.is_finite() {
            return None;
        }
        match self {
            Self::Plain => Some(((cif - z * std_err).max(0.0), (cif + z * std_err).min(1.0))),
            Self::Cloglog => {
                if cif <= 0.0 {
                    return Some((0.0, 0.0));
                }
                let log = libm::log1p(-cif);
                if !log.is_finite() || log == 0.0 {
                    return None;
                }
                let factor = libm::exp(z * std_err / ((1.0 - cif) * -log));
                Some((-libm::expm1(log / factor), -libm::expm1(log * factor)))
            }
            Self::LogLog => {
                if cif <= 0.0 || cif >= 1.0 {
                    return None;
                }
                let log = libm::log(cif);
                let factor = libm::exp(z * std_err / (cif * -log));
                Some((libm::exp(log * factor), libm::exp(log / factor)))
            }
        }
    }
}

/// The normal quantile of a two-sided confidence level: 1.96 for 0.95.
///
/// # Errors
/// A level outside (0, 1).
pub fn z_of(conf_level: f64) -> Result<f64, Error> {
    if !(conf_level > 0.0 && conf_level < 1.0) {
        let expected = "a level between 0 and 1, for example 0.95";
        return Err(Error::InvalidParameter { name: "conf_level", value: conf_level, expected });
    }
    Ok(-normal_quantile(0.5 * (1.0 - conf_level)))
}
