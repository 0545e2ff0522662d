//! The command on files and on standard input: reference figures, forms of input, edges, properties.
#![expect(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "tests")]

mod edges;
mod forms;
mod golden;
mod golden_models;
mod properties;
mod support;
mod validation;
