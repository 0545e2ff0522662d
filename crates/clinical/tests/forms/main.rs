//! The forms: what they accept, require and find wrong, and the laboratory units they are read in.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its own input has failed")]

mod catalog;
mod dictionary;
mod follow_up;
mod lab;
mod treatment;
