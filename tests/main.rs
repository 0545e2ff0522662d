//! Black-box tests: the real binary, a real PostgreSQL server, real HTTP.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot read what it asked for has failed")]

mod access;
mod audit;
mod audit_documents;
mod audit_export;
mod audit_reads;
mod audit_tampering;
mod backup;
mod catalog;
mod changes;
mod crash;
mod credentials;
mod derive;
mod disk;
mod doctor;
mod due;
mod evolution;
mod foreign;
mod front;
mod guideline;
mod idempotency;
mod isolation;
mod jobs;
mod malformed;
mod malformed_files;
mod openid;
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
mod token_scopes;
mod transfers;
mod withdrawal;
