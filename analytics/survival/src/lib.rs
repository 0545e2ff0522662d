//! Survival statistics: slices in, typed results out.
//!
//! No input or output, no clinical words: times, causes, groups and covariates as slices, estimates as plain structures.
//! Every estimator documents its formula, assumptions and source, and an example. What is undefined is `None`, never NaN.
//! Results do not depend on the number of threads.
//!
//! **Conventions.** The risk set at t is `entry < t <= exit`; without entry everybody is at risk from before time 0, so that
//! events on day 0 count; rows with `entry >= exit` are left out and counted. Real-valued times closer than R's `timefix`
//! tolerance are one time. Where the packages differ (scale of limits, variance, ties), the choice is an option and its name
//! is part of the result.
//!
//! **From rows to estimates.** Whole days are counted, never sorted, into an [`event_table::EventTable`] per group; the curves
//! and tests are functions of the tables, and tables of disjoint subjects can be merged.
//!
//! ```
//! use survival::aalen_johansen::{CifOptions, aalen_johansen};
//! use survival::event_table::{EventTable, Subjects};
//! use survival::kaplan_meier::{KmOptions, kaplan_meier, median_follow_up};
//! use survival::log_rank::{Weight, log_rank};
//!
//! # fn main() -> Result<(), survival::error::Error> {
//! // Days to relapse (1) or death without relapse (2), 0 = still followed, in two arms.
//! let days = [30, 65, 65, 90, 180, 200, 365, 400];
//! let cause = [1, 0, 2, 1, 1, 0, 2, 0];
//! let arm = [0, 0, 1, 1, 0, 1, 0, 1];
//! let tables = EventTable::from_days(&Subjects::new(&days, &cause).with_group(&arm), 2, 2)?;
//!
//! let km = kaplan_meier(&tables[0], &KmOptions::default())?;
//! let year = km.at(&[180.0])[0];
//! assert_eq!((year.n_risk, year.surv), (2.0, 0.375));
//! assert_eq!(km.quantiles(&[0.5])?[0].value, Some(180.0));
//! assert_eq!(median_follow_up(&tables[0], &KmOptions::default())?.value, None);
//!
//! let relapse = aalen_johansen(&tables[1], &CifOptions::default())?.at(1, &[365.0])[0];
//! assert!((relapse.cif - 0.25).abs() < 1e-15);
//! assert!(log_rank(&tables, Weight::LogRank)?.p.is_some_and(|p| p > 0.05));
//! # Ok(())
//! # }
//! ```
pub mod special;

mod parallel;
mod pooled;
pub(crate) use parallel::{parallel, threads};

// Non-parametric estimators and tests on event tables.
pub mod aalen_johansen;
pub mod error;
pub mod event_table;
pub mod gray;
pub mod interval;
pub mod kaplan_meier;
pub mod log_rank;
pub mod rates;
pub mod rmst;

// Regression and multistate models.
pub mod concordance;
pub mod cox;
pub mod fine_gray;
pub mod linear;
pub mod multistate;
pub mod recurrent;

// Person-time, standardisation, funnels and kinetics.
pub mod funnel;
pub mod nca;
pub mod person_years;
pub mod sir;
