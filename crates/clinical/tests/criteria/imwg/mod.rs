//! Myeloma response: CSCO 2024 §2.8 as printed and IMWG 2016 (catalogue C1, C1.2, I3.4).

mod course;
mod input;
mod progression;
mod properties;
mod relapse;
mod response;
mod support;
mod vectors;
