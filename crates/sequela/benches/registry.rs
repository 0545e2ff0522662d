//! Speed of the registry, as ratios to floors measured in the same run: `make bench`.
//!
//! 1. Bulk submission of validated, audited records over HTTP against a superuser's COPY of the same record and audit rows into the same
//!    tables and indexes of an identical database.
//! 2. A snapshot of a million toxicity rows against `COPY ... TO` of the same table.
//! 3. Kaplan-Meier of a million subjects on integer days against one sort of the same array.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and ends when something fails"
)]

use bytes::Bytes;
use cluster::{Cluster, ClusterConfig};
use futures::TryStreamExt;
use registry::audit::block::SealingKey;
use registry::principal::{Role, TokenRequest, create_token};
use registry::scope::Author;
use registry::{Database, DatabaseConfig};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection, Executor};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use survival::event_table::{EventTable, Subjects};
use uuid::Uuid;

const SUBMITTED: u64 = 100_000;
const SNAPSHOT_ROWS: u64 = 1_000_000;
const KM_ROWS: usize = 1_000_000;
const REPEATS: usize = 5;
const CENTER: &str = "BENCH";

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(run());
}

async fn run() {
    let directory = std::env::temp_dir().join(format!("sequela-bench-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let mut config = ClusterConfig::new(directory.join("postgres"));
    config.settings = vec![
        ("shared_buffers".to_owned(), "512MB".to_owned()),
        ("max_wal_size".to_owned(), "4GB".to_owned()),
    ];
    let cluster = Cluster::start(config).await.unwrap();
    let at = cluster.connection_parameters();
    let admin = PgConnectOptions::new_without_pgpass()
        .socket(&at.socket_directory)
        .port(at.port)
        .username(&at.superuser);
    let mut postgres = PgConnection::connect_with(&admin.clone().database("postgres")).await.unwrap();
    for name in ["submitted", "copied"] {
        postgres.execute(AssertSqlSafe(format!("create database {name}"))).await.unwrap();
    }
    let open = |name: &str| DatabaseConfig {
        admin: admin.clone().database(name),
        role_password: None,
        max_connections: 8,
    };
    let (submitted, copied) = (open("submitted"), open("copied"));
    let (target, floor) = (submitted.open().await.unwrap(), copied.open().await.unwrap());

    println!("cores: {}", std::thread::available_parallelism().unwrap());
    submission(&directory, &submitted, &copied, &target).await;
    snapshot(&directory, &copied, &floor).await;
    kaplan_meier();

    target.close().await;
    floor.close().await;
    postgres.close().await.unwrap();
    cluster.stop().await.unwrap();
    std::fs::remove_dir_all(&directory).unwrap();
}

/// Median of several runs, in seconds.
fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

async fn dump(connection: &mut PgConnection, select: &str) -> Vec<Bytes> {
    connection.copy_out_raw(&format!("copy ({select}) to stdout")).await.unwrap().try_collect().await.unwrap()
}

async fn load(connection: &mut PgConnection, table: &str, rows: &[Bytes]) {
    let mut copy = connection.copy_in_raw(&format!("copy {table} from stdin")).await.unwrap();
    // As psql does it: large messages, not one a row.
    for rows in rows.chunks(1000) {
        copy.send(rows.concat()).await.unwrap();
    }
    copy.finish().await.unwrap();
}

async fn submission(
    directory: &Path,
    submitted: &DatabaseConfig,
    copied: &DatabaseConfig,
    database: &Database,
) {
    let author = Author { actor: Uuid::nil(), request_id: Uuid::now_v7() };
    registry::reference_data::seed_products(database, author).await.unwrap();
    let context = clinical::Context { today: chrono::Utc::now().date_naive() };
    let center = format!(r#"{{"center_id":"{CENTER}","name":"Bench","joined_on":"2020-01-01"}}"#);
    let entries = clinical::record::Entries::parse(center.as_bytes()).unwrap();
    let form = clinical::forms::REFERENCE[0];
    let record = clinical::Record::from_json(form, &entries, context).0.unwrap();
    registry::reference_data::create(database, author, &record).await.unwrap();
    let request = TokenRequest {
        label: "bench".to_owned(),
        role: Role::Lead,
        centers: vec![CENTER.to_owned()],
        products: Vec::new(),
        expires_at: None,
    };
    let (_, token) = create_token(database, author, &request).await.unwrap();

    let synthetic =
        synth::Registry::new(&synth::Config { patients: synth::MAX_PATIENTS, ..synth::Config::default() })
            .unwrap();
    let (mut parents, mut rows) = (Vec::new(), Vec::new());
    for patient in synthetic.toxicity_rows(SUBMITTED) {
        let (toxicity, other): (Vec<_>, Vec<_>) =
            patient.records.into_iter().partition(|r| r.form().name == "daily_toxicity");
        synth::write_ndjson(&other, &mut parents).unwrap();
        synth::write_ndjson(&toxicity, &mut rows).unwrap();
    }
    let app = Arc::new(server::App {
        database: database.clone(),
        sealing_key: SealingKey::load_or_create(&directory.join("key.pem")).unwrap(),
        snapshots: directory.join("snapshots"),
        submission_limit: 1 << 30,
        submission_part_bytes: 8 << 20,
        submissions: Arc::new(
            registry::submission::Runner::new(database.clone(), directory.join("submissions")).unwrap(),
        ),
        report_slots: tokio::sync::Semaphore::new(2),
        metrics: metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder().handle(),
    });
    tokio::spawn(Arc::clone(&app.submissions).run());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/submissions?results=faults", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move { axum::serve(listener, server::router(app)).await });
    let send = move |body: Vec<u8>| {
        let mut response = ureq::post(&url)
            .header("authorization", &format!("Bearer {token}"))
            .header("content-type", "application/x-ndjson")
            .send(&body)
            .unwrap();
        let answer: serde_json::Value = response.body_mut().with_config().limit(1 << 30).read_json().unwrap();
        (answer["created"].as_u64().unwrap(), answer["rejected"].as_u64().unwrap())
    };
    let send = Arc::new(send);

    let sender = Arc::clone(&send);
    tokio::task::spawn_blocking(move || sender(parents)).await.unwrap();
    let begun = Instant::now();
    let (created, rejected) = tokio::task::spawn_blocking(move || send(rows)).await.unwrap();
    let ours = begun.elapsed().as_secs_f64();
    assert_eq!((created, rejected), (SUBMITTED, 0));
    serving.abort();

    let mut from = PgConnection::connect_with(&submitted.admin).await.unwrap();
    let mut to = PgConnection::connect_with(&copied.admin).await.unwrap();
    for table in ["center", "product", "patient", "disease", "lymphodepletion", "infusion"] {
        let rows = dump(&mut from, &format!("select * from {table}")).await;
        load(&mut to, table, &rows).await;
    }
    let toxicity = dump(&mut from, "select * from daily_toxicity").await;
    let entries = dump(&mut from, "select * from audit_entry where subject = 'daily_toxicity'").await;
    let payloads = dump(
        &mut from,
        "select p.* from audit_payload p join audit_entry e using (center_id, record_id, version) where e.subject = 'daily_toxicity'",
    )
    .await;
    assert_eq!((toxicity.len(), entries.len(), payloads.len()), (100_000, 100_000, 100_000));
    let begun = Instant::now();
    to.execute("begin").await.unwrap();
    load(&mut to, "daily_toxicity", &toxicity).await;
    load(&mut to, "audit_entry", &entries).await;
    load(&mut to, "audit_payload", &payloads).await;
    to.execute("commit").await.unwrap();
    let copy = begun.elapsed().as_secs_f64();
    let rate = SUBMITTED as f64 / ours;
    println!(
        "bulk submission   {SUBMITTED} records in {ours:.2} s = {rate:.0} records/s; COPY of the same rows {copy:.2} s; ratio {:.2} (aim 0.35, 8000 records/s)",
        copy / ours
    );
}

async fn snapshot(directory: &Path, copied: &DatabaseConfig, database: &Database) {
    let mut admin = PgConnection::connect_with(&copied.admin).await.unwrap();
    let fill = format!(
        "insert into daily_toxicity (center_id, record_id, version, recorded_at, form_version, patient_id, infusion_number, assessment_date,
           crs_grade, icans_grade, tocilizumab, siltuximab, steroids, anakinra)
         select t.center_id, gen_random_uuid(), 1, t.recorded_at, 1, t.patient_id, t.infusion_number, t.assessment_date - 60 * k,
           coalesce(t.crs_grade, 0), coalesce(t.icans_grade, 0), t.tocilizumab, t.siltuximab, t.steroids, t.anakinra
         from daily_toxicity t, generate_series(1, {}) k",
        SNAPSHOT_ROWS / SUBMITTED - 1
    );
    admin.execute(AssertSqlSafe(fill)).await.unwrap();
    admin.execute("vacuum analyze daily_toxicity").await.unwrap();
    let rows: i64 =
        sqlx::query_scalar("select count(*) from daily_toxicity").fetch_one(&mut admin).await.unwrap();
    let (mut ours, mut copy) = (Vec::new(), Vec::new());
    for _ in 0..REPEATS {
        let begun = Instant::now();
        let manifest = registry::snapshot::take(database, &directory.join("snapshots")).await.unwrap();
        ours.push(begun.elapsed().as_secs_f64());
        assert!(manifest.files.iter().any(|f| f.rows == SNAPSHOT_ROWS));
        let begun = Instant::now();
        let mut stream = admin.copy_out_raw("copy daily_toxicity to stdout").await.unwrap();
        let mut bytes = 0;
        while let Some(message) = stream.try_next().await.unwrap() {
            bytes += message.len();
        }
        drop(stream);
        copy.push(begun.elapsed().as_secs_f64());
        assert!(bytes > 0);
    }
    let (ours, copy) = (median(ours), median(copy));
    println!(
        "snapshot          {rows} toxicity rows in {ours:.2} s; COPY TO of the table {copy:.2} s; ratio {:.2} (aim 0.5)",
        copy / ours
    );
}

/// Days and outcomes without any library: a linear congruential sequence.
fn subjects(n: usize) -> (Vec<i32>, Vec<u8>) {
    let mut state = 1u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    (0..n).map(|_| (i32::try_from(next() % 3650).unwrap(), u8::from(next() % 3 == 0))).unzip()
}

fn kaplan_meier() {
    let (days, events) = subjects(KM_ROWS);
    let (mut ours, mut sort) = (Vec::new(), Vec::new());
    for _ in 0..REPEATS {
        let begun = Instant::now();
        let tables = EventTable::from_days(&Subjects::new(&days, &events), 1, 1).unwrap();
        let curve =
            survival::kaplan_meier::kaplan_meier(&tables[0], &survival::kaplan_meier::KmOptions::default())
                .unwrap()
                .curve();
        ours.push(begun.elapsed().as_secs_f64());
        assert!(!curve.time.is_empty());
        let mut copy = days.clone();
        let begun = Instant::now();
        copy.sort_unstable();
        sort.push(begun.elapsed().as_secs_f64());
        assert!(copy[0] <= copy[KM_ROWS - 1]);
    }
    let (ours, sort) = (median(ours) * 1e3, median(sort) * 1e3);
    println!(
        "Kaplan-Meier      {KM_ROWS} subjects on integer days in {ours:.2} ms; one sort of the days {sort:.2} ms; ratio {:.1}",
        sort / ours
    );
}
