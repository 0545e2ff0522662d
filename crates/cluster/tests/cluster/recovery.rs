//! Starting again after SIGKILL of the program, of the server, of both, and during initdb.

use std::fs;
use std::path::Path;
use std::task::Poll;
use std::time::Duration;

use crate::support::{
    self, Program, Scratch, config, eventually, is_running, psql, psql_command, signal, start,
};
use cluster::{Cluster, Error};
use rustix::process::Signal;

/// A query without an end that never waits for anything, so that its backend does not notice a dead postmaster.
const BUSY: &str = "DO $$ BEGIN LOOP END LOOP; END $$";

fn insert(parameters: &cluster::ConnectionParameters) {
    psql(parameters, "CREATE TABLE IF NOT EXISTS kept (n int); INSERT INTO kept VALUES (1)");
}

async fn assert_rows(data_dir: &Path, rows: &str) {
    let cluster = start(data_dir).await;
    assert_eq!(psql(&cluster.connection_parameters(), "SELECT count(*) FROM kept"), rows);
    cluster.stop().await.expect("a clean stop");
}

/// Starts the busy query and gives the process id of its backend.
async fn busy_backend(cluster: &cluster::ConnectionParameters) -> (std::process::Child, i32) {
    let client = psql_command(cluster, BUSY).spawn().expect("psql");
    let query = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'DO $$%' AND state = 'active'";
    let mut pid = 0;
    eventually("the busy query", || {
        pid = psql(cluster, query).parse().unwrap_or(0);
        pid != 0
    })
    .await;
    (client, pid)
}

fn parameters(data_dir: &Path) -> cluster::ConnectionParameters {
    cluster::ConnectionParameters {
        socket_directory: data_dir.join("socket"),
        port: 5432,
        superuser: "sequela_admin".to_owned(),
        database: "postgres".to_owned(),
    }
}

#[tokio::test]
async fn a_server_left_by_a_killed_program_is_replaced() {
    let scratch = Scratch::new();
    let data_dir = scratch.data();
    let (mut program, server) = Program::serving(&data_dir);
    insert(&parameters(&data_dir));
    program.kill();
    assert!(is_running(server), "SIGKILL leaves the server running");
    let cluster = start(&data_dir).await;
    assert!(!is_running(server), "never two servers");
    assert_ne!(cluster.server_pid().cast_signed(), server);
    insert(&cluster.connection_parameters());
    cluster.stop().await.expect("a clean stop");
    let log = fs::read_to_string(data_dir.join("postgres.log")).expect("the log");
    assert!(!log.contains("not properly shut down"), "it was stopped cleanly: {log}");
    assert_rows(&data_dir, "2").await;
}

#[tokio::test]
async fn a_killed_server_is_reported_and_recovers() {
    let scratch = Scratch::new();
    let data_dir = scratch.data();
    let mut cluster = start(&data_dir).await;
    insert(&cluster.connection_parameters());
    let (mut client, backend) = busy_backend(&cluster.connection_parameters()).await;
    signal(cluster.server_pid().cast_signed(), Signal::KILL);
    eventually("the end of the server", || cluster.check().is_err()).await;
    let error = cluster.stop().await.expect_err("it had ended");
    assert!(matches!(error, Error::Died { .. }), "{error:?}");
    assert!(error.to_string().contains("SIGKILL"), "{error}");
    assert!(data_dir.join("pgdata/postmaster.pid").exists(), "a stale file is left");
    assert!(is_running(backend), "the orphaned backend has not noticed");

    assert_rows(&data_dir, "1").await;
    assert!(!is_running(backend), "the orphan is gone");
    client.wait().expect("psql ends");
}

#[tokio::test]
async fn program_and_server_killed() {
    let scratch = Scratch::new();
    let data_dir = scratch.data();
    let (mut program, server) = Program::serving(&data_dir);
    insert(&parameters(&data_dir));
    let (mut client, backend) = busy_backend(&parameters(&data_dir)).await;
    program.kill();
    signal(server, Signal::KILL);
    eventually("the end of the server", || !is_running(server)).await;
    assert!(is_running(backend));
    assert_rows(&data_dir, "1").await;
    assert!(!is_running(backend), "the orphan is gone");
    client.wait().expect("psql ends");
}

#[tokio::test]
async fn a_reused_process_id_does_not_keep_the_server_from_starting() {
    let scratch = Scratch::new();
    let data_dir = scratch.data();
    let cluster = start(&data_dir).await;
    insert(&cluster.connection_parameters());
    let pgdata = data_dir.join("pgdata");
    let record = fs::read_to_string(pgdata.join("postmaster.pid")).expect("a record");
    cluster.stop().await.expect("a clean stop");

    // A live process of the server's user that is no server, in a place where a shell might well be.
    let mut other = std::process::Command::new("sleep");
    other.arg("600").current_dir(&pgdata);
    if support::is_root() {
        let owner = fs::metadata(&pgdata).expect("the cluster");
        std::os::unix::process::CommandExt::uid(&mut other, std::os::unix::fs::MetadataExt::uid(&owner));
    }
    let mut other = other.spawn().expect("sleep");
    let (_, rest) = record.split_once('\n').expect("several lines");
    let stale = format!("{}\n{rest}", other.id());
    fs::write(pgdata.join("postmaster.pid"), &stale).expect("a stale record");
    fs::write(data_dir.join("socket/.s.PGSQL.5432.lock"), &stale).expect("a stale lock");

    assert_rows(&data_dir, "1").await;
    assert!(other.try_wait().expect("its state").is_none(), "the unrelated process was left alone");
    other.kill().and_then(|()| other.wait()).expect("the end of sleep");
}

#[tokio::test]
async fn a_server_under_repair_is_left_alone() {
    let scratch = Scratch::new();
    let data_dir = scratch.data();
    let (mut program, server) = Program::serving(&data_dir);
    program.kill();
    let path = data_dir.join("pgdata/postmaster.pid");
    let record = fs::read_to_string(&path).expect("a record");
    // What a single-user server writes differs in the sign.
    fs::write(&path, format!("-{record}")).expect("a record");
    let error = Cluster::start(config(&data_dir)).await.expect_err("it must not be interrupted");
    assert!(matches!(error, Error::InUse { .. }), "{error:?}");
    assert!(error.to_string().contains(&format!("process {server}")), "{error}");
    assert!(is_running(server));
    fs::write(&path, record).expect("the record again");
    start(&data_dir).await.stop().await.expect("a clean stop");
    assert!(!is_running(server));
}

#[tokio::test]
async fn a_kill_during_initdb_leaves_nothing_half_made() {
    let unfinished = |data_dir: &Path| {
        let entries = fs::read_dir(data_dir).into_iter().flatten().filter_map(Result::ok);
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("pgdata.new-")).count()
    };
    for delay in [0, 30, 150, 400] {
        let scratch = Scratch::new();
        let data_dir = scratch.data();
        let mut program = Program::spawn(&data_dir);
        eventually("initdb", || unfinished(&data_dir) == 1).await;
        tokio::time::sleep(Duration::from_millis(delay)).await;
        program.kill();
        if delay < 100 {
            assert!(!data_dir.join("pgdata").exists(), "only a complete cluster has this name");
        }
        let cluster = start(&data_dir).await;
        insert(&cluster.connection_parameters());
        assert_eq!(unfinished(&data_dir), 0, "after {delay} ms");
        cluster.stop().await.expect("a clean stop");
        assert_rows(&data_dir, "1").await;
        assert_eq!(unfinished(&data_dir), 0, "an orphaned initdb does not come back");
    }
}

#[tokio::test]
async fn an_abandoned_start_leaves_no_server() {
    let scratch = Scratch::new();
    let data_dir = scratch.data();
    start(&data_dir).await.stop().await.expect("a clean stop");
    let pid_file = data_dir.join("pgdata/postmaster.pid");
    let mut starting = Box::pin(Cluster::start(config(&data_dir)));
    // The server writes its process id before it opens its socket, so the future cannot be ready first.
    let ready = std::future::poll_fn(|context| {
        if pid_file.exists() { Poll::Ready(None) } else { starting.as_mut().poll(context).map(Some) }
    })
    .await;
    assert!(ready.is_none(), "{ready:?}");
    drop(starting);
    assert!(!pid_file.exists(), "dropping the future stopped the server");
    start(&data_dir).await.stop().await.expect("a clean stop");
}
