//! The database role of the application, by SQL, with every kind of scope: what the program cannot do by mistake.

use crate::support::patients::{complete_patient, ndjson};
use crate::support::sql::{block_on, connect, texts};
use crate::support::{Center, shared};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Row};

/// Tables whose rows belong to a center, from the catalog.
fn center_tables() -> Vec<String> {
    texts(
        shared(),
        "select c.table_name::text from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
         where c.table_schema = 'public' and c.column_name = 'center_id' and t.table_type = 'BASE TABLE' and c.table_name <> 'center'
         order by 1",
    )
}

/// Two centers that have rows in every table with a center.
/// Tables that a submission does not fill; what they hold is tested where it is made.
const NOT_FILLED: [&str; 6] =
    ["erasure", "patient_enrolment", "patient_token", "patient_transfer", "record_lock", "record_signature"];
/// Tables of which the application may change no row it has written.
const WRITTEN_ONCE: [&str; 5] =
    ["audit_entry", "audit_payload", "patient_enrolment", "query_event", "record_signature"];
/// Tables that the application only reads.
const READ_ONLY: [&str; 1] = ["erasure"];

fn two_centers() -> (Center, Center) {
    let centers = (shared().center(), shared().center());
    for center in [&centers.0, &centers.1] {
        let headers = [("content-type", "application/x-ndjson"), ("idempotency-key", "first")];
        let mut lines = ndjson(&complete_patient(51).records);
        lines.extend(br#"{"form":"patient","patient_id":"Q","birth_year":1960,"sex":"F","consent_registry":"UNK","date_basis":"CALENDAR"}
{"form":"patient","patient_id":"R"}"#);
        center.submitter.send("POST", "/v1/submissions", &headers, &lines).expect(200);
    }
    centers
}

async fn scoped(connection: &mut PgConnection, scope: Option<&str>) {
    sqlx::query("rollback").execute(&mut *connection).await.unwrap();
    sqlx::query("begin").execute(&mut *connection).await.unwrap();
    if let Some(scope) = scope {
        sqlx::query("select set_config('sequela.centers', $1, true)")
            .bind(scope)
            .execute(connection)
            .await
            .unwrap();
    }
}

async fn rows_by_center(connection: &mut PgConnection, table: &str) -> Vec<(String, i64)> {
    let statement =
        format!("select center_id, count(*) from {table} group by 1 order by center_id collate \"C\"");
    let rows = sqlx::query(AssertSqlSafe(statement)).fetch_all(connection).await.unwrap();
    rows.iter().map(|r| (r.get(0), r.get(1))).collect()
}

/// SQLSTATE of a statement that must fail.
async fn refusal(connection: &mut PgConnection, statement: &str) -> String {
    sqlx::query("savepoint here").execute(&mut *connection).await.unwrap();
    let done = sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut *connection).await;
    sqlx::query("rollback to here").execute(connection).await.unwrap();
    match done {
        Err(sqlx::Error::Database(error)) => error.code().unwrap().into_owned(),
        other => panic!("{statement}: {other:?}"),
    }
}

#[test]
fn the_application_role_sees_its_scope_and_nothing_else() {
    let (a, b) = two_centers();
    let tables = center_tables();
    assert!(tables.len() >= 11, "{tables:?}");
    block_on(async {
        let mut app = connect(shared(), "sequela_app").await;
        for table in &tables {
            for scope in [None, Some("")] {
                scoped(&mut app, scope).await;
                assert_eq!(rows_by_center(&mut app, table).await, [], "{table} with scope {scope:?}");
            }
            if NOT_FILLED.contains(&table.as_str()) {
                continue;
            }
            scoped(&mut app, Some(&a.id)).await;
            let own = rows_by_center(&mut app, table).await;
            assert!(own.len() == 1 && own[0].0 == a.id && own[0].1 > 0, "{table}: {own:?}");
            scoped(&mut app, Some(&format!("{},{}", a.id, b.id))).await;
            let both: Vec<String> =
                rows_by_center(&mut app, table).await.into_iter().map(|(c, _)| c).collect();
            let mut expected = [a.id.clone(), b.id.clone()];
            expected.sort();
            assert_eq!(both, expected, "{table}");
            let quoted = format!("{{{},{}}}", a.id, b.id);
            let padded = format!(" {}", a.id);
            let lower = a.id.to_lowercase();
            let hostile = [
                "A' or '1'='1",
                "%",
                "T-",
                "NULL",
                "{}",
                quoted.as_str(),
                padded.as_str(),
                lower.as_str(),
                "\"",
                "true",
                ",",
                ",,",
            ];
            for scope in hostile {
                scoped(&mut app, Some(scope)).await;
                assert_eq!(rows_by_center(&mut app, table).await, [], "{table} with scope {scope:?}");
            }
            // The registry's own scope holds what belongs to no center.
            scoped(&mut app, Some("*")).await;
            let registry = rows_by_center(&mut app, table).await;
            assert!(registry.iter().all(|(center, _)| center == "*"), "{table}: {registry:?}");
        }
        // A scope lasts as long as its transaction.
        scoped(&mut app, Some(&a.id)).await;
        sqlx::query("commit").execute(&mut app).await.unwrap();
        assert_eq!(rows_by_center(&mut app, "patient").await, []);
    });
}

#[test]
fn the_application_role_writes_no_row_of_another_center() {
    let (a, b) = two_centers();
    let tables = center_tables();
    block_on(async {
        let mut app = connect(shared(), "sequela_app").await;
        let mut admin = connect(shared(), crate::support::sql::SUPERUSER).await;
        for table in tables {
            scoped(&mut app, Some(&a.id)).await;
            let columns: Vec<String> = sqlx::query_scalar(
                "select column_name::text from information_schema.columns where table_schema = 'public' and table_name = $1
                 and column_name <> 'center_id' order by ordinal_position",
            )
            .bind(&table)
            .fetch_all(&mut admin)
            .await
            .unwrap();
            let columns = columns.join(", ");
            let filled = !NOT_FILLED.contains(&table.as_str());
            let read_only = READ_ONLY.contains(&table.as_str());
            let row = format!("from {table} where center_id = '{}' limit 1", a.id);
            // A copy of an own row under the other center's name.
            let copy =
                format!("insert into {table} (center_id, {columns}) select '{}', {columns} {row}", b.id);
            if filled || read_only {
                assert_eq!(refusal(&mut app, &copy).await, "42501", "{table}: insert");
            }
            for scope in [None, Some(""), Some(b.id.as_str())].into_iter().filter(|_| !read_only) {
                scoped(&mut app, scope).await;
                let nothing =
                    format!("insert into {table} (center_id, {columns}) select center_id, {columns} {row}");
                let done = sqlx::query(AssertSqlSafe(nothing)).execute(&mut app).await.unwrap();
                assert_eq!(
                    done.rows_affected(),
                    0,
                    "{table}: rows of {} were seen with scope {scope:?}",
                    a.id
                );
            }
            scoped(&mut app, Some(&a.id)).await;
            let log = read_only || WRITTEN_ONCE.contains(&table.as_str());
            let moved = format!("update {table} set center_id = '{}' where center_id = '{}'", b.id, a.id);
            if filled || log {
                assert_eq!(refusal(&mut app, &moved).await, "42501", "{table}: moving a row away");
            }
            if table == "derived_value" || table.starts_with("submission") {
                // Derived values are recomputed, files of submissions are no longer needed: those of the scope may go.
                sqlx::query("savepoint before").execute(&mut app).await.unwrap();
                let own = rows_by_center(&mut app, &table).await;
                assert!(own.iter().all(|(center, _)| *center == a.id), "{own:?}");
                let gone = sqlx::query(AssertSqlSafe(format!("delete from {table}")))
                    .execute(&mut app)
                    .await
                    .unwrap();
                assert_eq!(
                    i64::try_from(gone.rows_affected()).unwrap(),
                    own.iter().map(|(_, n)| n).sum::<i64>()
                );
                sqlx::query("rollback to before").execute(&mut app).await.unwrap();
            } else {
                assert_eq!(
                    refusal(&mut app, &format!("delete from {table}")).await,
                    "42501",
                    "{table}: delete"
                );
            }
            assert_eq!(
                refusal(&mut app, &format!("truncate {table} cascade")).await,
                "42501",
                "{table}: truncate"
            );
            let all = format!("update {table} set center_id = center_id where center_id = '{}'", b.id);
            if log {
                assert_eq!(refusal(&mut app, &all).await, "42501", "{table}: update");
            } else {
                let done = sqlx::query(AssertSqlSafe(all)).execute(&mut app).await.unwrap();
                assert_eq!(done.rows_affected(), 0, "{table}: rows of another center were updated");
            }
        }
    });
}

#[test]
fn no_program_role_can_lift_its_own_limits() {
    let role = "select rolname::text from pg_roles where rolname = any (array['sequela_app','sequela_sealer','sequela_exporter','sequela_eraser'])";
    assert_eq!(texts(shared(), role).len(), 4);
    let strong = format!(
        "{role} and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication or rolinherit)"
    );
    assert_eq!(texts(shared(), &strong), Vec::<String>::new());
    let members = "select m.member::regrole::text from pg_auth_members m where m.member::regrole::text like 'sequela\\_%' and m.member::regrole::text <> 'sequela_admin'";
    assert_eq!(texts(shared(), members), Vec::<String>::new());
    let owned = "select relname::text from pg_class where relowner in (select oid from pg_roles where rolname like 'sequela\\_%' and not rolsuper)";
    assert_eq!(texts(shared(), owned), Vec::<String>::new());
    block_on(async {
        for role in registry::database::ROLES {
            let mut connection = connect(shared(), role).await;
            sqlx::query("begin").execute(&mut connection).await.unwrap();
            for statement in [
                "set role sequela_admin",
                "set session authorization sequela_admin",
                "alter role current_user bypassrls",
                "alter table patient disable row level security",
                "alter table patient no force row level security",
                "drop policy patient_scope on patient",
                "create policy open on patient using (true)",
                "create table public.mine (x integer)",
                "create function public.mine() returns text[] language sql as 'select null::text[]'",
                "create or replace function sequela_scope() returns text[] language sql as 'select array[''*'']'",
                "set session_replication_role = replica",
                "alter table audit_entry drop constraint audit_entry_pk",
                "update audit_entry set reason = 'x'",
                "delete from audit_entry",
                "update audit_block set entries = 0",
                "delete from audit_block",
                "update audit_payload set salt = ''",
                "delete from patient",
                "update api_token set role = 'admin'",
                "delete from api_token",
                "insert into generation (generation, system_identifier, timeline) values (99, 1, 1)",
                "copy patient to program 'cat'",
                "select pg_read_file('PG_VERSION')",
            ] {
                let code = refusal(&mut connection, statement).await;
                // The eraser takes rows away, but never what others stand on.
                let erases = role == "sequela_eraser" && statement == "delete from patient";
                assert_eq!(code, if erases { "23503" } else { "42501" }, "{role}: {statement}");
            }
            if role != "sequela_app" {
                for statement in [
                    "insert into patient default values",
                    "select * from api_token",
                    "select * from idempotent_answer",
                ] {
                    if role == "sequela_eraser" && statement.ends_with("idempotent_answer") {
                        continue;
                    }
                    assert_eq!(refusal(&mut connection, statement).await, "42501", "{role}: {statement}");
                }
            }
            if role != "sequela_sealer" {
                assert_eq!(
                    refusal(&mut connection, "insert into audit_block default values").await,
                    "42501",
                    "{role}"
                );
            }
            connection.close().await.unwrap();
        }
        // COPY FROM is not available under row-level security, which is why batches are inserted.
        let mut app = connect(shared(), "sequela_app").await;
        sqlx::query("begin").execute(&mut app).await.unwrap();
        assert_eq!(refusal(&mut app, "copy patient from stdin").await, "0A000");
        let mut sealer = connect(shared(), "sequela_sealer").await;
        sqlx::query("begin").execute(&mut sealer).await.unwrap();
        assert_eq!(refusal(&mut sealer, "select * from patient").await, "42501");
        assert_eq!(refusal(&mut sealer, "select * from audit_payload").await, "42501");
    });
}
