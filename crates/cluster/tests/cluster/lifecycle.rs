//! Creating, starting, stopping and refusing real clusters.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{self, Program, Scratch, config, is_root, psql, start, status_line};
use cluster::{Binaries, Cluster, ClusterConfig, Error};

#[tokio::test]
async fn data_survive_a_restart() {
    let scratch = Scratch::new();
    let cluster = start(&scratch.data()).await;
    let parameters = cluster.connection_parameters();
    psql(&parameters, "CREATE TABLE kept (note text); INSERT INTO kept VALUES ('päivää')");
    let identifier = psql(&parameters, "SELECT system_identifier FROM pg_control_system()");
    cluster.stop().await.expect("a clean stop");
    assert!(!scratch.data().join("pgdata/postmaster.pid").exists());

    let mut cluster = start(&scratch.data()).await;
    let parameters = cluster.connection_parameters();
    assert_eq!(psql(&parameters, "SELECT note, length(note) FROM kept"), "päivää|6");
    assert_eq!(psql(&parameters, "SELECT system_identifier FROM pg_control_system()"), identifier);
    cluster.check().expect("it runs");
    drop(cluster);
    assert!(!scratch.data().join("pgdata/postmaster.pid").exists(), "a drop stops the server");
    let log = fs::read_to_string(scratch.data().join("postgres.log")).expect("the log");
    assert_eq!(log.matches("database system is shut down").count(), 2, "{log}");
    assert!(!log.contains("not properly shut down"), "{log}");
}

#[tokio::test]
async fn the_cluster_is_private_and_portable() {
    let scratch = Scratch::new();
    let mut config = config(&scratch.data());
    config.superuser = "owner of all".to_owned();
    config.settings.push(("work_mem".to_owned(), "7MB".to_owned()));
    let cluster = Cluster::start(config).await.expect("it starts");
    let parameters = cluster.connection_parameters();
    let show = |name: &str| psql(&parameters, &format!("SHOW {name}"));
    assert_eq!(show("listen_addresses"), "");
    assert_eq!(show("unix_socket_permissions"), "0700");
    assert_eq!(show("data_checksums"), "on");
    assert_eq!(show("server_encoding"), "UTF8");
    assert_eq!(show("TimeZone"), "UTC");
    assert_eq!(show("work_mem"), "7MB");
    assert_eq!(psql(&parameters, "SELECT current_user"), "owner of all");
    assert!(["C.UTF-8", "C"].contains(&show("lc_collate").as_str()), "{}", show("lc_collate"));
    let open = "SELECT count(*) FROM pg_hba_file_rules WHERE type <> 'local' AND auth_method <> 'reject'";
    assert_eq!(psql(&parameters, open), "0");

    let mode = |path: &Path| fs::metadata(path).expect("it exists").permissions().mode() & 0o777;
    assert_eq!(mode(&parameters.socket_directory), 0o700);
    assert_eq!(mode(&scratch.data().join("pgdata")), 0o700);
    assert_eq!(mode(cluster.log_file()), 0o600);
    assert_eq!(mode(&scratch.data()), if is_root() { 0o711 } else { 0o700 });

    let hint = cluster.psql_hint();
    let output = Command::new("sh").args(["-c", &format!("{hint} -Atc 'SELECT 41 + 1'")]).output();
    assert_eq!(String::from_utf8_lossy(&output.expect("psql runs").stdout).trim(), "42", "{hint}");
    cluster.stop().await.expect("a clean stop");
}

#[tokio::test]
async fn stop_does_not_wait_for_clients() {
    let scratch = Scratch::new();
    let cluster = start(&scratch.data()).await;
    let parameters = cluster.connection_parameters();
    let mut client = support::psql_command(&parameters, "SELECT pg_sleep(600)").spawn().expect("psql");
    let count = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)'";
    support::eventually("the query", || psql(&parameters, count) == "1").await;
    let begin = Instant::now();
    cluster.stop().await.expect("a clean stop");
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    assert!(!client.wait().expect("psql ends").success());
}

#[tokio::test]
async fn a_second_program_is_refused() {
    let scratch = Scratch::new();
    let (first, _) = Program::serving(&scratch.data());
    let refused = Cluster::start(config(&scratch.data())).await.expect_err("the directory is in use");
    assert!(matches!(refused, Error::Locked { pid: Some(pid), .. } if pid == first.pid()), "{refused:?}");
    let message = refused.to_string();
    assert!(message.contains(&format!("process {}", first.pid())), "{message}");

    // The same program is refused as well.
    let other = Scratch::new();
    let cluster = start(&other.data()).await;
    let refused = Cluster::start(config(&other.data())).await.expect_err("the directory is in use");
    assert!(matches!(refused, Error::Locked { .. }), "{refused:?}");
    cluster.stop().await.expect("a clean stop");
    start(&other.data()).await.stop().await.expect("the lock was released");
    drop(first);
    start(&scratch.data()).await.stop().await.expect("a clean end of what was left");
}

#[tokio::test]
async fn a_cluster_of_another_major_version_is_refused() {
    let scratch = Scratch::new();
    start(&scratch.data()).await.stop().await.expect("a clean stop");
    let version = scratch.data().join("pgdata/PG_VERSION");
    let real = fs::read_to_string(&version).expect("a version");
    fs::write(&version, "9.6\n").expect("another version");
    let refused = Cluster::start(config(&scratch.data())).await.expect_err("versions differ");
    let message = refused.to_string();
    for part in ["PostgreSQL 9.6", &format!("version {}", real.trim()), "pg_upgrade", "SEQUELA_PG_BIN"] {
        assert!(message.contains(part), "{part} is missing in: {message}");
    }
    fs::write(&version, real).expect("the version again");
    start(&scratch.data()).await.stop().await.expect("a clean stop");
}

#[tokio::test]
async fn foreign_directories_are_left_alone() {
    let scratch = Scratch::new();
    let pgdata = scratch.data().join("pgdata");
    fs::create_dir_all(&pgdata).expect("a directory");
    fs::write(pgdata.join("thesis.txt"), "precious").expect("a file");
    let refused = Cluster::start(config(&scratch.data())).await.expect_err("not a cluster");
    assert!(matches!(refused, Error::NotACluster(_)), "{refused:?}");
    assert!(pgdata.join("thesis.txt").exists());
}

#[tokio::test]
async fn a_server_that_dies_early_is_reported_with_its_log() {
    let scratch = Scratch::new();
    let mut config = config(&scratch.data());
    config.settings.push(("shared_buffers".to_owned(), "many".to_owned()));
    let begin = Instant::now();
    let error = Cluster::start(config).await.expect_err("the setting is wrong");
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
    assert!(matches!(error, Error::Died { .. }), "{error:?}");
    let message = error.to_string();
    assert!(message.contains("invalid value for parameter \"shared_buffers\""), "{message}");
    start(&scratch.data()).await.stop().await.expect("nothing is in the way");
}

#[tokio::test]
async fn another_superuser_is_refused_by_the_server() {
    let scratch = Scratch::new();
    start(&scratch.data()).await.stop().await.expect("a clean stop");
    let mut config = config(&scratch.data());
    config.superuser = "somebody".to_owned();
    let error = Cluster::start(config).await.expect_err("no such role");
    assert!(matches!(error, Error::Refused { .. }), "{error:?}");
    assert!(error.to_string().contains("role \"somebody\" does not exist"), "{error}");
    assert!(!scratch.data().join("pgdata/postmaster.pid").exists(), "the server was stopped");
}

#[tokio::test]
async fn long_and_awkward_paths() {
    for name in ["x".repeat(120), "comma, quote\" and 'blank".to_owned()] {
        let scratch = Scratch::new();
        let data_dir = scratch.0.join(&name);
        let cluster = start(&data_dir).await;
        let parameters = cluster.connection_parameters();
        let directory = parameters.socket_directory.clone();
        assert!(!directory.starts_with(&data_dir), "{directory:?}");
        let meta = fs::metadata(&directory).expect("the socket directory");
        assert_eq!(meta.permissions().mode() & 0o777, 0o700);
        let owner = fs::metadata(data_dir.join("pgdata")).expect("the cluster").uid();
        assert_eq!(meta.uid(), owner);
        assert_eq!(psql(&parameters, "SHOW data_directory"), data_dir.join("pgdata").display().to_string());
        cluster.stop().await.expect("a clean stop");
        assert!(!directory.exists(), "the socket directory goes with the server");

        // Someone else's directory of the expected name is not used.
        let elsewhere = scratch.0.join("elsewhere");
        fs::create_dir(&elsewhere).expect("a directory");
        std::os::unix::fs::symlink(&elsewhere, &directory).expect("a link");
        let error = Cluster::start(config(&data_dir)).await.expect_err("a link is no private directory");
        fs::remove_file(&directory).expect("the link goes");
        assert!(matches!(error, Error::SocketDirectory { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_large_log_is_emptied() {
    let scratch = Scratch::new();
    start(&scratch.data()).await.stop().await.expect("a clean stop");
    let log = scratch.data().join("postgres.log");
    let limit = 10 * 1024 * 1024;
    for (size, kept) in [(limit, true), (limit + 1, false)] {
        let file = fs::OpenOptions::new().write(true).open(&log).expect("the log");
        file.set_len(size).expect("a large log");
        start(&scratch.data()).await.stop().await.expect("a clean stop");
        assert_eq!(fs::metadata(&log).expect("the log").len() > limit, kept, "{size}");
    }
}

#[tokio::test]
async fn settings_that_open_the_cluster_are_refused() {
    let scratch = Scratch::new();
    let mut open = config(&scratch.data());
    open.settings.push(("listen_addresses".to_owned(), "*".to_owned()));
    let error = Cluster::start(open).await.expect_err("it must stay private");
    assert!(matches!(error, Error::Setting { .. }), "{error:?}");
    assert!(!scratch.data().exists());
}

#[tokio::test]
async fn root_runs_the_server_without_privileges() {
    if !is_root() {
        eprint("skipped: only root can run the server as another user");
        return;
    }
    let scratch = Scratch::new();
    let mut asked = config(&scratch.data());
    asked.user = Some("nobody".to_owned());
    let cluster = Cluster::start(asked.clone()).await.expect("it starts");
    let nobody = fs::metadata(scratch.data().join("pgdata")).expect("the cluster").uid();
    let ids = status_line(cluster.server_pid(), "Uid:");
    assert!(ids.split_whitespace().all(|id| id == nobody.to_string()), "{ids}");
    assert_ne!(nobody, 0);
    assert!(status_line(cluster.server_pid(), "Gid:").split_whitespace().all(|id| id != "0"));
    assert_eq!(status_line(cluster.server_pid(), "Groups:"), "");
    // The server's user cannot exchange the files that root opens.
    assert_eq!(fs::metadata(scratch.data()).expect("the directory").uid(), 0);
    cluster.stop().await.expect("a clean stop");

    asked.user = Some("postgres".to_owned());
    let error = Cluster::start(asked).await.expect_err("the cluster belongs to nobody");
    assert!(matches!(error, Error::WrongOwner { .. } | Error::UnknownUser(_)), "{error:?}");
    // Without a name it runs as its owner.
    let cluster = start(&scratch.data()).await;
    assert_eq!(status_line(cluster.server_pid(), "Uid:"), ids);
    cluster.stop().await.expect("a clean stop");
}

#[tokio::test]
async fn directories_closed_to_the_servers_user() {
    if !is_root() {
        eprint("skipped: without root the server runs as the user who owns the directories");
        return;
    }
    let scratch = Scratch::new();
    let closed = scratch.0.join("closed");
    fs::create_dir(&closed).expect("a directory");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).expect("its permissions");
    let wanted = closed.join("deeper/data");
    let error = Cluster::start(config(&wanted)).await.expect_err("nobody else can enter");
    assert!(matches!(&error, Error::ClosedDirectory { directory, .. } if *directory == closed), "{error:?}");
    let message = error.to_string();
    for part in [closed.to_str().expect("text"), "/var/lib/sequela", "chmod o+x"] {
        assert!(message.contains(part), "{part} is missing in: {message}");
    }
    assert!(!closed.join("deeper").exists(), "nothing was created in vain");

    // Binaries out of reach are named too.
    let real = Binaries::find().expect("PostgreSQL is installed");
    let copies = closed.join("bin");
    fs::create_dir(&copies).expect("a directory");
    for name in ["postgres", "initdb"] {
        copy(&real.program(name), &copies.join(name));
    }
    let look_up = |name: &str| (name == "SEQUELA_PG_BIN").then(|| copies.clone().into_os_string());
    let mut config = ClusterConfig::new(scratch.data());
    config.binaries = Some(Binaries::find_with(look_up, Path::new("/")).expect("root can run them"));
    let error = Cluster::start(config).await.expect_err("the server's user cannot run them");
    assert!(matches!(error, Error::Run { .. }), "{error:?}");
    assert!(error.to_string().contains(&format!("{} is closed", closed.display())), "{error}");
}

#[tokio::test]
async fn an_unprivileged_user_has_a_cluster_of_its_own() {
    if !is_root() {
        eprint("skipped: the other tests show it when root does not run them");
        return;
    }
    let scratch = Scratch::new();
    // The build directory may be closed to other users.
    let program = scratch.0.join("test-program");
    copy(&std::env::current_exe().expect("the test binary"), &program);
    let nobody = fs::read_to_string("/etc/passwd")
        .expect("users")
        .lines()
        .find_map(|line| line.strip_prefix("nobody:")?.split(':').nth(1)?.parse().ok())
        .expect("nobody exists");
    let output = std::os::unix::process::CommandExt::uid(&mut Command::new(&program), nobody)
        .args([
            "--exact",
            "lifecycle::data_survive_a_restart",
            "lifecycle::the_cluster_is_private_and_portable",
        ])
        .current_dir("/")
        .output()
        .expect("the tests run");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("2 passed"), "{text}");
}

fn eprint(line: &str) {
    std::io::Write::write_all(&mut std::io::stderr(), format!("{line}\n").as_bytes()).expect("stderr");
}

/// Copies a program. In a process of its own, so that no other test's child has the copy open while it is executed.
fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").args([from, to]).status().expect("cp runs").success());
    fs::set_permissions(to, fs::Permissions::from_mode(0o755)).expect("its permissions");
}
