//! The criteria, each through its public door.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its own input has failed")]

mod b_all;
mod b_cell;
mod carac;
mod crs;
mod dose;
mod dose_lymphodepletion;
mod dose_supportive;
mod edges;
mod expansion;
mod hbv;
mod hematotox;
mod icaht;
mod icaht_late;
mod icans;
mod iec_hs;
mod imwg;
mod infection_risk;
mod lugano;
mod months;
mod mrd;
mod names;
mod ranges;
mod support;
mod tls;
mod vasopressor;
mod visits;
