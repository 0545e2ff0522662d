//! Connections: one pool per database role, none of which can bypass row-level security.

use crate::error::{Error, Result};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, Row};
use std::time::Duration;

/// The database roles of the program, in the order they are created.
pub const ROLES: [&str; 4] = ["sequela_app", "sequela_sealer", "sequela_exporter", "sequela_eraser"];

/// Serializes the bootstrap step of several servers on one cluster.
const BOOTSTRAP_LOCK: i64 = 0x5345_5155_454c_4131;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");

/// Where the database is and how its roles log in.
#[derive(Clone)]
pub struct DatabaseConfig {
    /// Connection of an administrator, used for the bootstrap step and migrations only.
    pub admin: PgConnectOptions,
    /// Password of the program's roles; none where the socket's owner is trusted.
    pub role_password: Option<String>,
    /// Most connections of the application pool.
    pub max_connections: u32,
}

/// Open pools.
#[derive(Debug, Clone)]
pub struct Database {
    /// Reads and writes within a scope.
    pub app: PgPool,
    /// Seals audit blocks.
    pub sealer: PgPool,
    /// Reads everything, writes nothing.
    pub exporter: PgPool,
    /// Erases patients, and writes nothing but the entry that says so.
    pub eraser: PgPool,
    /// The current life of the database.
    pub generation: i32,
}

impl DatabaseConfig {
    fn role(&self, role: &str) -> PgConnectOptions {
        let options = self.admin.clone().username(role).application_name(role);
        match &self.role_password {
            Some(password) => options.password(password),
            None => options,
        }
    }

    /// Creates the roles, applies the migrations and records the generation. Safe to run at every start and from several servers.
    pub async fn migrate(&self) -> Result<i32> {
        let mut admin = PgConnection::connect_with(&self.admin).await?;
        sqlx::query("select pg_advisory_lock($1)").bind(BOOTSTRAP_LOCK).execute(&mut admin).await?;
        let generation = self.migrate_locked(&mut admin).await;
        sqlx::query("select pg_advisory_unlock($1)").bind(BOOTSTRAP_LOCK).execute(&mut admin).await?;
        admin.close().await?;
        generation
    }

    async fn migrate_locked(&self, admin: &mut PgConnection) -> Result<i32> {
        for role in ROLES {
            let exists: bool = sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)")
                .bind(role)
                .fetch_one(&mut *admin)
                .await?;
            if !exists {
                let create = format!(
                    "create role {role} login nosuperuser nobypassrls nocreatedb nocreaterole noinherit"
                );
                admin.execute(AssertSqlSafe(create)).await?;
            }
            if let Some(password) = &self.role_password {
                // ALTER ROLE takes no parameters; format(%L) quotes on the server.
                let alter: String =
                    sqlx::query_scalar("select format('alter role %I password %L', $1::text, $2::text)")
                        .bind(role)
                        .bind(password)
                        .fetch_one(&mut *admin)
                        .await?;
                admin.execute(AssertSqlSafe(alter)).await?;
            }
        }
        let bypass: Option<String> = sqlx::query_scalar(
            "select rolname::text from pg_roles where rolname = any ($1) and (rolsuper or rolbypassrls) limit 1",
        )
        .bind(ROLES.map(str::to_owned).to_vec())
        .fetch_optional(&mut *admin)
        .await?;
        if bypass.is_some() {
            return Err(Error::Refused(
                "a database role of the program may bypass row-level security; revoke SUPERUSER and BYPASSRLS",
            ));
        }
        MIGRATOR.run(&mut *admin).await?;
        current_generation(admin).await
    }

    /// Opens the pools after [`migrate`](Self::migrate).
    pub async fn open(&self) -> Result<Database> {
        let generation = self.migrate().await?;
        let pool = async |role: &str, max: u32| -> Result<PgPool> {
            let options = PgPoolOptions::new().max_connections(max).acquire_timeout(Duration::from_secs(10));
            options.connect_with(self.role(role)).await.map_err(|error| match error.as_database_error().and_then(sqlx::error::DatabaseError::code) {
                // Class 28: invalid authorization.
                Some(code) if code.starts_with("28") => Error::Refused(
                    "the database does not let the program's roles in: give their password as SEQUELA_DB_PASSWORD",
                ),
                _ => error.into(),
            })
        };
        Ok(Database {
            app: pool("sequela_app", self.max_connections).await?,
            sealer: pool("sequela_sealer", 2).await?,
            exporter: pool("sequela_exporter", 3).await?,
            eraser: pool("sequela_eraser", 2).await?,
            generation,
        })
    }
}

/// The generation of this cluster and time line, begun now if it is new.
async fn current_generation(admin: &mut PgConnection) -> Result<i32> {
    let row = sqlx::query(
        "with here as (select (select system_identifier from pg_control_system()) as id, (select timeline_id from pg_control_checkpoint()) as line),
              last as (select * from generation order by generation desc limit 1),
              begun as (
                insert into generation (generation, system_identifier, timeline)
                select coalesce((select generation from last), 0) + 1, id, line from here
                where not exists (select from last where system_identifier = id and timeline = line)
                returning generation)
         select coalesce((select generation from begun), (select generation from last)) as generation",
    )
    .fetch_one(admin)
    .await?;
    Ok(row.try_get("generation")?)
}

impl Database {
    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("select 1").execute(&self.app).await?;
        Ok(())
    }

    /// Closes every pool.
    pub async fn close(&self) {
        self.app.close().await;
        self.sealer.close().await;
        self.exporter.close().await;
        self.eraser.close().await;
    }
}
