//! Black-box tests: the real binary, a real PostgreSQL server, real HTTP.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot read what it asked for has failed")]

mod access;
mod audit;
mod audit_tampering;
mod catalog;
mod changes;
mod crash;
mod credentials;
mod derive;
mod disk;
mod due;
mod evolution;
mod guideline;
mod idempotency;
mod isolation;
mod jobs;
mod malformed;
mod malformed_files;
mod operations;
mod queries;
mod records;
mod reports;
mod review;
mod row_security;
mod signatures;
mod spec;
mod submissions;
mod support;
mod transfers;
mod withdrawal;
