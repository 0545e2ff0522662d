//! Survival statistics: slices in, typed results out.
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
