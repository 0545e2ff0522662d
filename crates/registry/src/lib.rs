//! How records get in and out of PostgreSQL: access, batches, amendments, queries, the audit log and snapshots.
//!
//! Every read and write of a center's rows happens in a [`scope::Scoped`] transaction under row-level security; every write appends to the
//! audit log in the same transaction. Nothing here knows HTTP or Polars.

pub mod audit;
pub mod batch;
pub mod changes;
pub mod database;
pub mod ddl;
pub mod due;
mod duplicate;
pub mod erasure;
pub mod error;
pub mod idempotency;
pub mod linkage;
pub mod principal;
pub mod query;
pub mod record_store;
pub mod reference_data;
pub mod review;
pub mod scope;
pub mod signature;
pub mod snapshot;
mod sql;
pub mod submission;
mod trail;
pub mod transfer;

pub use database::{Database, DatabaseConfig};
pub use error::{Error, Result};
pub use sql::Stored;
