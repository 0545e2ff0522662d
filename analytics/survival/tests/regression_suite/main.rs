//! Regression and multistate models against R, closed forms and slow reference implementations.

mod bmt;
mod book;
mod ebmt;
mod myeloma;
mod simulated;
mod support;
