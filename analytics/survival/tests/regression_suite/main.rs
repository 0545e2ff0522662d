//! Regression and multistate models against R, closed forms and slow reference implementations.

mod bmt;
mod book;
mod ebmt;
mod edges;
mod myeloma;
mod properties;
mod reference;
mod simulated;
mod support;
