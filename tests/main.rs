//! Black-box tests: the real binary, a real PostgreSQL server, real HTTP.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot read what it asked for has failed")]

mod access;
mod audit;
mod audit_tampering;
mod catalog;
mod crash;
mod credentials;
mod derive;
mod disk;
mod guideline;
mod idempotency;
mod isolation;
mod malformed;
mod malformed_files;
mod operations;
mod records;
mod reports;
mod review;
mod row_security;
mod spec;
mod submissions;
mod support;
