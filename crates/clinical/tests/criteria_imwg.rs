//! Myeloma response: CSCO 2024 §2.8 as printed and IMWG 2016 (catalogue C1, C1.2, I3.4).
#![expect(clippy::unwrap_used, reason = "a test that cannot read its own input has failed")]

#[path = "imwg/course.rs"]
mod course;
#[path = "imwg/input.rs"]
mod input;
#[path = "imwg/progression.rs"]
mod progression;
#[path = "imwg/properties.rs"]
mod properties;
#[path = "imwg/relapse.rs"]
mod relapse;
#[path = "imwg/response.rs"]
mod response;
#[path = "imwg/support.rs"]
mod support;
#[path = "imwg/vectors.rs"]
mod vectors;
