//! Regression and multistate models against R, closed forms and slow reference implementations.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "codes and days of test data are small"
)]
#![expect(clippy::many_single_char_names, clippy::similar_names, reason = "the symbols of the definitions")]
#![expect(clippy::float_cmp, reason = "exact values are meant")]

mod bmt;
mod book;
mod ebmt;
mod edges;
mod myeloma;
mod properties;
mod reference;
mod simulated;
mod support;
