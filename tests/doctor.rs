//! `sequela doctor`: a sound installation is called sound, and each fault is named with what to do about it.

use crate::support::patients::patient;
use crate::support::sql::{SUPERUSER, block_on, connect, execute};
use crate::support::{Instance, wait_for};
use registry::audit::block::SealingKey;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;

fn doctor(instance: &Instance, more: &[&str]) -> (Option<i32>, Value) {
    let done = instance.command(&[&["doctor", "--json"], more].concat());
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    (done.status.code(), serde_json::from_slice(&done.stdout).unwrap_or_else(|e| panic!("{e}: {told}")))
}

fn check(document: &Value, name: &str) -> Value {
    let checks = document["checks"].as_array().unwrap();
    checks.iter().find(|c| c["check"] == name).unwrap_or_else(|| panic!("{name} in {document:#}")).clone()
}

#[test]
fn a_sound_installation_is_called_sound_while_it_runs_and_while_it_does_not() {
    let mut instance = Instance::new();
    instance.start();
    instance.center().submitter.post("/v1/patients", &patient("P")).expect(201);
    wait_for("the sealer", || Some(instance.verify()).filter(|f| f["unsealed"] == 0));
    for running in [true, false] {
        let (code, document) = doctor(&instance, &[]);
        assert_eq!(code, Some(0), "{document:#}");
        for name in [
            "postgres.version",
            "postgres.fsync",
            "postgres.full_page_writes",
            "postgres.synchronous_commit",
            "postgres.data_checksums",
            "postgres.encoding",
            "clock",
            "postgres.connections",
            "roles",
            "migrations",
            "row_security",
            "generation",
            "sealer",
            "audit.signature",
            "sealing_key",
        ] {
            assert_eq!(check(&document, name)["status"], "ok", "{name}: {document:#}");
        }
        assert_eq!(check(&document, "postgres.archive")["status"], "warning");
        assert_eq!(check(&document, "backups")["status"], "unknown");
        assert_eq!(document["status"], "warning");
        assert_eq!(doctor(&instance, &["--strict"]).0, Some(3), "the missing archive is a warning");
        if running {
            assert!(instance.stop().success());
        }
    }
    let text = instance.command(&["doctor"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.lines().any(|l| l.starts_with("ok       postgres.fsync")), "{text}");
    assert!(text.lines().any(|l| l.starts_with("WARNING  postgres.archive")), "{text}");
}

#[test]
fn each_fault_of_the_database_is_named() {
    let mut instance = Instance::new();
    instance.start();
    instance.center();
    for (what, break_it, name, status, mend_it) in [
        (
            "a role gets past row security",
            "alter role sequela_app bypassrls",
            "roles",
            "failure",
            "alter role sequela_app nobypassrls",
        ),
        (
            "a role is a member of another",
            "grant sequela_admin to sequela_exporter",
            "roles",
            "failure",
            "revoke sequela_admin from sequela_exporter",
        ),
        (
            "a role cannot log in",
            "alter role sequela_sealer nologin",
            "roles",
            "failure",
            "alter role sequela_sealer login",
        ),
        (
            "a table is open",
            "alter table patient disable row level security",
            "row_security",
            "failure",
            "alter table patient enable row level security",
        ),
        (
            "a table is open to its owner",
            "alter table audit_payload no force row level security",
            "row_security",
            "failure",
            "alter table audit_payload force row level security",
        ),
        (
            "a migration is missing",
            "update _sqlx_migrations set version = -version where version = 21",
            "migrations",
            "failure",
            "update _sqlx_migrations set version = 21 where version = -21",
        ),
        (
            "a migration was another",
            "update _sqlx_migrations set checksum = 'x' where version = 1; create table kept as select 1",
            "migrations",
            "failure",
            "drop table kept",
        ),
    ] {
        let kept = "create schema if not exists doctor; drop table if exists doctor.m; create table doctor.m as select * from _sqlx_migrations";
        execute(&instance, kept);
        execute(&instance, break_it);
        let (code, document) = doctor(&instance, &[]);
        assert_eq!(check(&document, name)["status"], status, "{what}: {document:#}");
        assert!(check(&document, name)["advice"].is_string(), "{what}");
        assert_eq!(code, Some(3), "{what}");
        execute(&instance, mend_it);
        execute(
            &instance,
            "delete from _sqlx_migrations; insert into _sqlx_migrations select * from doctor.m",
        );
        assert_eq!(doctor(&instance, &[]).0, Some(0), "mended: {what}");
    }
    execute(&instance, "drop schema doctor cascade");
    for (name, check_name) in [
        ("fsync", "postgres.fsync"),
        ("full_page_writes", "postgres.full_page_writes"),
        ("synchronous_commit", "postgres.synchronous_commit"),
    ] {
        execute(&instance, &format!("alter system set {name} = off"));
        execute(&instance, "select pg_reload_conf()");
        let found = wait_for("the setting", || {
            let (code, document) = doctor(&instance, &[]);
            (code == Some(3)).then_some(document)
        });
        assert_eq!(check(&found, check_name)["status"], "failure", "{found:#}");
        execute(&instance, &format!("alter system reset {name}"));
        execute(&instance, "select pg_reload_conf()");
        wait_for("the setting before", || (doctor(&instance, &[]).0 == Some(0)).then_some(()));
    }
}

#[test]
fn a_transaction_that_holds_the_sealer_back_is_named() {
    let mut instance = Instance::new();
    instance.start();
    let center = instance.center();
    wait_for("the sealer", || Some(instance.verify()).filter(|f| f["unsealed"] == 0));
    let (holder, pid) = block_on(async {
        let mut holder = connect(&instance, SUPERUSER).await;
        sqlx::query("begin").execute(&mut holder).await.unwrap();
        sqlx::query("select pg_current_xact_id()").execute(&mut holder).await.unwrap();
        let pid: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut holder).await.unwrap();
        (holder, pid)
    });
    center.submitter.post("/v1/patients", &patient("WAITS")).expect(201);
    let (_, early) = doctor(&instance, &[]);
    assert_eq!(check(&early, "sealer")["status"], "ok", "seconds are no lag: {early:#}");
    execute(
        &instance,
        "update audit_entry set at = at - interval '1 hour' where action = 'create' and subject = 'patient'",
    );
    let (code, late) = doctor(&instance, &[]);
    let sealer = check(&late, "sealer");
    assert_eq!((&sealer["status"], code), (&json!("warning"), Some(0)), "{late:#}");
    assert!(sealer["found"].as_str().unwrap().contains(&format!("process {pid} ")), "{sealer}");
    assert!(sealer["advice"].as_str().unwrap().contains(&format!("pg_terminate_backend({pid})")), "{sealer}");
    drop(holder);
    wait_for("the sealer", || (check(&doctor(&instance, &[]).1, "sealer")["status"] == "ok").then_some(()));
}

#[test]
fn faults_of_files_are_named_and_nothing_is_created() {
    let empty = Instance::empty();
    let (code, document) = doctor(&empty, &[]);
    assert_eq!(code, Some(3));
    assert!(check(&document, "database")["found"].as_str().unwrap().contains("holds no registry yet"));
    assert!(!empty.data_dir().exists(), "a diagnosis changes nothing");

    let mut instance = Instance::new();
    instance.start();
    instance.center();
    wait_for("the sealer", || Some(instance.verify()).filter(|f| f["unsealed"] == 0));
    let key = instance.data_dir().join("sealing-key.pem");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (code, document) = doctor(&instance, &[]);
    assert_eq!((check(&document, "sealing_key")["status"].as_str(), code), (Some("failure"), Some(3)));
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    let own = std::fs::read(&key).unwrap();
    let other = instance.data_dir().join("other-key.pem");
    SealingKey::load_or_create(&other).unwrap();
    std::fs::copy(&other, &key).unwrap();
    let (code, document) = doctor(&instance, &[]);
    assert_eq!((check(&document, "audit.signature")["status"].as_str(), code), (Some("failure"), Some(3)));
    std::fs::write(&key, "nonsense").unwrap();
    assert_eq!(check(&doctor(&instance, &[]).1, "sealing_key")["status"], "failure");
    std::fs::remove_file(&key).unwrap();
    assert_eq!(check(&doctor(&instance, &[]).1, "sealing_key")["status"], "failure");
    assert!(!key.exists(), "a diagnosis makes no key");
    std::fs::write(&key, &own).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(doctor(&instance, &[]).0, Some(0));

    let backups = instance.data_dir().join("backups");
    let backups_of = |instance: &Instance| {
        check(&doctor(instance, &["--backups", backups.to_str().unwrap()]).1, "backups")
    };
    assert_eq!(backups_of(&instance)["status"], "failure", "no such directory");
    std::fs::create_dir(&backups).unwrap();
    assert_eq!(backups_of(&instance)["status"], "failure", "empty");
    let file = std::fs::File::create(backups.join("registry.dump")).unwrap();
    assert_eq!(backups_of(&instance)["status"], "ok");
    for (hours, status) in [(26, "ok"), (28, "warning"), (170, "failure")] {
        file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(hours * 3600))
            .unwrap();
        assert_eq!(backups_of(&instance)["status"], status, "{hours} h");
    }
}
