//! The guideline's definitions as pure functions: observations in, a decision with its trace out.
//!
//! Every decision follows three conventions. A condition that cannot be judged is [`Verdict::Undecided`], never taken as normal.
//! Every condition looked at leaves a [`Step`] in the [`Trace`], so that the trace alone reproduces the decision
//! ([`Trace::conclusion`]). Every [`Criterion`] says where it comes from and how far it can be trusted ([`Provenance`]).

pub mod b_all;
pub mod b_cell;
pub mod carac;
pub mod case;
pub mod compare;
pub mod crs;
pub mod dose;
pub mod expansion;
pub mod hbv;
pub mod hematotox;
pub mod icaht;
pub mod icans;
pub mod iec_hs;
pub mod imwg;
pub mod infection_risk;
pub mod lugano;
pub mod mrd;
pub mod trace;
pub mod vasopressor;
pub mod visits;

pub use compare::Verdict;
pub use trace::{At, Criterion, Provenance, Quantity, Step, Trace};

/// The criteria of every topic.
pub static ALL: &[&[&Criterion]] = &[];
