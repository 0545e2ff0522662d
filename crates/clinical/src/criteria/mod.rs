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
pub mod measured;
pub mod mrd;
pub mod tls;
pub mod trace;
pub mod vasopressor;
pub mod visits;

pub use compare::Verdict;
pub use trace::{At, Criterion, Provenance, Quantity, Step, Trace};

/// The criteria of every topic, each id once.
pub fn all() -> Vec<&'static Criterion> {
    let listed = [
        b_all::CRITERIA,
        carac::CRITERIA,
        crs::CRITERIA,
        expansion::CRITERIA,
        hematotox::CRITERIA,
        icans::CRITERIA,
        iec_hs::CRITERIA,
        imwg::CRITERIA,
        lugano::CRITERIA,
        mrd::CRITERIA,
        tls::CRITERIA,
        vasopressor::CRITERIA,
        visits::CRITERIA,
    ];
    let mut all: Vec<&Criterion> = listed.into_iter().flatten().copied().collect();
    all.extend(b_cell::criteria().chain(dose::criteria()).chain(hbv::criteria()));
    all.extend(icaht::criteria().chain(infection_risk::criteria()));
    all.sort_by_key(|c| c.id);
    all
}

#[cfg(test)]
mod tests {
    #[test]
    fn ids_are_unique_and_both_languages_are_written() {
        let all = super::all();
        for pair in all.windows(2) {
            assert_ne!(pair[0].id, pair[1].id);
        }
        for c in all {
            assert!(c.id.split_once('.').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty()), "{}", c.id);
            assert!(!c.en.is_empty() && !c.source.is_empty() && !c.zh.is_empty(), "{}", c.id);
        }
    }
}
