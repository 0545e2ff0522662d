//! Connections to an instance's database, as any of its roles.

use super::instance::Instance;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection, Executor};
use std::time::{Duration, Instant};

/// The superuser of the private cluster.
pub(crate) const SUPERUSER: &str = "sequela_admin";

/// Runs asynchronous work to its end.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// How a role connects.
pub(crate) fn options(instance: &Instance, role: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(instance.data_dir().join("postgres/socket"))
        .port(5432)
        .username(role)
        .database("postgres")
}

/// A connection as a role. A server that is recovering from a crash is waited for; the bound only turns a hang into a failure.
pub(crate) async fn connect(instance: &Instance, role: &str) -> PgConnection {
    let begun = Instant::now();
    loop {
        match PgConnection::connect_with(&options(instance, role)).await {
            Ok(connection) => return connection,
            Err(error) if passes(&error) && begun.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
            Err(error) => panic!("{role}: {error}"),
        }
    }
}

const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(50);

/// The server crashes, recovers or starts: it will answer soon.
fn passes(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code.starts_with("57P")),
        sqlx::Error::Io(_) => true,
        _ => false,
    }
}

/// Reads as the superuser, again when a crash of the server comes in between.
async fn read<T>(
    instance: &Instance,
    query: &str,
    ask: impl AsyncFn(&mut PgConnection) -> sqlx::Result<T>,
) -> T {
    let begun = Instant::now();
    loop {
        let mut admin = connect(instance, SUPERUSER).await;
        match ask(&mut admin).await {
            Ok(answer) => return answer,
            Err(error) if passes(&error) && begun.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
            Err(error) => panic!("{query}: {error}"),
        }
    }
}

/// The pools of the program, opened by a test.
pub(crate) async fn database(instance: &Instance) -> registry::Database {
    let admin = options(instance, SUPERUSER);
    registry::DatabaseConfig { admin, role_password: None, max_connections: 4 }.open().await.unwrap()
}

/// Runs statements as the superuser; how many rows the last one touched.
#[track_caller]
pub(crate) fn execute(instance: &Instance, statements: &str) -> u64 {
    block_on(async {
        let mut admin = connect(instance, SUPERUSER).await;
        let done = admin.execute(sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))).await;
        done.unwrap_or_else(|e| panic!("{statements}: {e}")).rows_affected()
    })
}

/// One number, as the superuser.
#[track_caller]
pub(crate) fn count(instance: &Instance, query: &str) -> i64 {
    block_on(async {
        read(instance, query, async |admin| {
            sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(admin).await
        })
        .await
    })
}

/// One column of text, as the superuser.
#[track_caller]
pub(crate) fn texts(instance: &Instance, query: &str) -> Vec<String> {
    block_on(async {
        read(instance, query, async |admin| {
            sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_all(admin).await
        })
        .await
    })
}
