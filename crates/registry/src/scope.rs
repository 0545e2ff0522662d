//! A transaction that sees the centers it was opened for, and nothing else.

use crate::database::Database;
use crate::error::Result;
use chrono::{DateTime, SubsecRound, Utc};
use sqlx::{Postgres, Row, Transaction};
use uuid::Uuid;

/// A transaction of the database.
pub type Tx = Transaction<'static, Postgres>;

/// Who acts, in which request.
#[derive(Debug, Clone, Copy)]
pub struct Author {
    /// The token.
    pub actor: Uuid,
    /// The request.
    pub request_id: Uuid,
}

/// A transaction of the application role with its row scope set.
pub struct Scoped {
    /// The transaction.
    pub tx: Transaction<'static, Postgres>,
    /// Its id.
    pub xid: i64,
    /// The database's generation.
    pub generation: i32,
    /// When it began, to the microsecond as stored.
    pub now: DateTime<Utc>,
}

impl Scoped {
    /// Begins a transaction that reads the rows of `centers`.
    pub async fn read(database: &Database, centers: &[String]) -> Result<Transaction<'static, Postgres>> {
        let mut tx = database.app.begin().await?;
        sqlx::query("select set_config('sequela.centers', $1, true)")
            .bind(centers.join(","))
            .execute(&mut *tx)
            .await?;
        Ok(tx)
    }

    /// Begins a transaction that reads and writes the rows of one center (or of the registry itself).
    pub async fn write(database: &Database, center: &str) -> Result<Self> {
        let mut tx = database.app.begin().await?;
        let row = sqlx::query(
            "select set_config('sequela.centers', $1, true), pg_current_xact_id()::text::bigint as xid",
        )
        .bind(center)
        .fetch_one(&mut *tx)
        .await?;
        let xid = row.try_get("xid")?;
        Ok(Self { tx, xid, generation: database.generation, now: Utc::now().trunc_subsecs(6) })
    }

    /// Begins a transaction of the eraser.
    pub(crate) async fn erase(database: &Database) -> Result<Self> {
        let mut tx = database.eraser.begin().await?;
        let xid = sqlx::query_scalar("select pg_current_xact_id()::text::bigint").fetch_one(&mut *tx).await?;
        Ok(Self { tx, xid, generation: database.generation, now: Utc::now().trunc_subsecs(6) })
    }

    /// Commits.
    pub async fn commit(self) -> Result<()> {
        Ok(self.tx.commit().await?)
    }

    /// Undoes everything.
    pub async fn rollback(self) -> Result<()> {
        Ok(self.tx.rollback().await?)
    }
}
