//! What the README says about backup and restore, step by step: afterwards every record is there, the log verifies and a new generation
//! has begun.

use crate::support::patients::{complete_patient, ndjson, patient};
use crate::support::sql::{count, execute, texts};
use crate::support::{Instance, wait_for};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;

fn binaries() -> PathBuf {
    cluster::Binaries::find().unwrap().directory().to_owned()
}

#[track_caller]
fn run(command: &mut Command) {
    let done = command.output().unwrap();
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
}

fn socket(instance: &Instance) -> String {
    instance.data_dir().join("postgres/socket").to_str().unwrap().to_owned()
}

fn tool(name: &str, instance: &Instance) -> Command {
    let mut command = Command::new(binaries().join(name));
    command.args(["-h", &socket(instance), "-U", "sequela_admin"]);
    command
}

fn sealed(instance: &Instance) {
    wait_for("everything to be sealed", || Some(instance.verify()).filter(|f| f["unsealed"] == 0));
}

/// Gives a file or directory the owner of another.
fn owned_like(path: &Path, like: &Path) {
    run(Command::new("chown").arg("-R").arg(format!("--reference={}", like.display())).arg(path));
}

#[test]
fn a_dump_is_restored_into_another_server() {
    let mut instance = Instance::new();
    instance.start();
    let center = instance.center();
    center.submitter.submit("", &ndjson(&complete_patient(71).records)).expect(200);
    let at = center.submitter.post("/v1/patients", &patient("P")).expect(201)["location"]
        .as_str()
        .unwrap()
        .to_owned();
    center.submitter.get(&at).expect(200);
    instance.caller("statistician", &[]).post("/v1/snapshots", &json!({})).expect(201);
    sealed(&instance);
    let head = center.submitter.get("/v1/audit/head").expect(200);
    let dump = instance.data_dir().join("registry.dump");
    run(tool("pg_dump", &instance).args(["-d", "postgres", "--format=custom", "--file"]).arg(&dump));
    let (entries, blocks) = (
        count(&instance, "select count(*) from audit_entry"),
        count(&instance, "select count(*) from audit_block"),
    );
    assert!(instance.stop().success());

    // Another server, whose roles the migration has made, and a new data directory with the sealing key and the snapshots.
    let mut server = Instance::empty();
    server.start();
    run(tool("createdb", &server).arg("restored"));
    run(tool("pg_restore", &server).args(["-d", "restored", "--no-owner", "--exit-on-error"]).arg(&dump));
    let restored = Instance::empty();
    std::fs::create_dir_all(restored.data_dir()).unwrap();
    std::fs::copy(instance.data_dir().join("sealing-key.pem"), restored.data_dir().join("sealing-key.pem"))
        .unwrap();
    run(Command::new("cp").arg("-a").arg(instance.data_dir().join("snapshots")).arg(restored.data_dir()));
    std::fs::write(restored.data_dir().join("head.json"), head.to_string()).unwrap();
    let url =
        format!("postgres://sequela_admin@localhost/restored?host={}", socket(&server).replace('/', "%2F"));
    let command = |arguments: &[&str]| restored.command(&[arguments, &["--database-url", &url]].concat());
    let told = |output: &std::process::Output| {
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };

    let before = command(&["doctor"]);
    assert!(told(&before).contains("restored since generation 1"), "{}", told(&before));
    let migrated = command(&["migrate"]);
    assert!(told(&migrated).contains("generation 2"), "{}", told(&migrated));
    let head = restored.data_dir().join("head.json");
    let verified = command(&["audit", "verify", "--head", head.to_str().unwrap()]);
    assert_eq!(verified.status.code(), Some(0), "{}", told(&verified));
    assert!(told(&verified).contains(&format!("entries   {entries:>10}")), "{}", told(&verified));
    let after = command(&["doctor"]);
    assert_eq!(after.status.code(), Some(0), "{}", told(&after));

    // It goes on where it stood: old tokens work, new entries continue the positions.
    let mut restored = restored;
    restored.start_with(&["--database-url", &url]);
    let submitter = center.at(&restored);
    assert_eq!(submitter.get(&at).expect(200)["data"], patient("P"));
    submitter.post("/v1/patients", &patient("AFTER")).expect(201);
    let found = wait_for("everything to be sealed", || {
        let done = restored.command(&["audit", "verify", "--json", "--database-url", &url]);
        let found: serde_json::Value = serde_json::from_slice(&done.stdout).ok()?;
        (found["unsealed"] == 0).then_some(found)
    });
    assert_eq!(found["fault_count"], 0, "{found:#}");
    assert_eq!(found["head"]["position"], found["entries"], "no gap between the generations");
    assert!(found["blocks"].as_i64().unwrap() > blocks);
    assert!(restored.stop().success());
}

#[test]
fn a_base_backup_is_brought_to_a_point_in_time() {
    let mut instance = Instance::new();
    instance.start();
    let center = instance.center();
    let pgdata = instance.data_dir().join("postgres/pgdata");
    let (archive, backup) = (instance.data_dir().join("wal"), instance.data_dir().join("backup"));
    for directory in [&archive, &backup] {
        std::fs::create_dir(directory).unwrap();
        owned_like(directory, &pgdata);
    }
    execute(&instance, "alter system set archive_mode = on");
    execute(
        &instance,
        &format!("alter system set archive_command = 'test ! -f {0}/%f && cp %p {0}/%f'", archive.display()),
    );
    assert!(instance.stop().success());
    instance.start();
    let submitter = center.at(&instance);
    submitter.post("/v1/patients", &patient("IN-THE-BACKUP")).expect(201);
    run(tool("pg_basebackup", &instance)
        .args(["--wal-method=fetch", "--checkpoint=fast", "-D"])
        .arg(&backup));
    submitter.post("/v1/patients", &patient("IN-THE-ARCHIVE")).expect(201);
    sealed(&instance);
    let early = submitter.get("/v1/audit/head").expect(200);
    execute(&instance, "select pg_create_restore_point('before the accident')");
    submitter.post("/v1/patients", &patient("TOO-LATE")).expect(201);
    sealed(&instance);
    let late = submitter.get("/v1/audit/head").expect(200);
    let wal = texts(&instance, "select pg_walfile_name(pg_current_wal_lsn())").remove(0);
    execute(&instance, "select pg_switch_wal()");
    wait_for("the archive", || archive.join(&wal).exists().then_some(()));
    let doctor = instance.command(&["doctor"]);
    assert!(
        String::from_utf8_lossy(&doctor.stdout).contains("ok       postgres.archive"),
        "{}",
        String::from_utf8_lossy(&doctor.stdout)
    );
    assert!(instance.stop().success());

    let mut restored = Instance::empty();
    let cluster = restored.data_dir().join("postgres");
    std::fs::create_dir_all(&cluster).unwrap();
    for directory in [restored.data_dir(), cluster.clone()] {
        std::os::unix::fs::chown(&directory, Some(0), Some(0)).ok();
        std::fs::set_permissions(&directory, std::os::unix::fs::PermissionsExt::from_mode(0o711)).unwrap();
    }
    run(Command::new("cp").arg("-a").arg(&backup).arg(cluster.join("pgdata")));
    let restored_data = cluster.join("pgdata");
    std::fs::write(restored_data.join("recovery.signal"), "").unwrap();
    let settings = format!(
        "restore_command = 'cp {}/%f %p'\nrecovery_target_name = 'before the accident'\nrecovery_target_action = promote\nhot_standby = off\narchive_mode = off\n",
        archive.display()
    );
    let auto = restored_data.join("postgresql.auto.conf");
    let kept = std::fs::read_to_string(&auto).unwrap();
    std::fs::write(&auto, kept + &settings).unwrap();
    owned_like(&restored_data, &pgdata);
    std::fs::set_permissions(&restored_data, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    std::fs::copy(instance.data_dir().join("sealing-key.pem"), restored.data_dir().join("sealing-key.pem"))
        .unwrap();
    restored.start();
    let submitter = center.at(&restored);
    let listed = submitter.get("/v1/patients").expect(200);
    let patients: Vec<&str> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["data"]["patient_id"].as_str().unwrap())
        .collect();
    assert_eq!(patients, ["IN-THE-BACKUP", "IN-THE-ARCHIVE"]);
    assert_eq!(
        count(&restored, "select max(generation)::bigint from generation"),
        2,
        "a new time line is a new generation"
    );
    submitter.post("/v1/patients", &patient("AFTER")).expect(201);
    wait_for("everything to be sealed", || {
        let unsealed = "select count(*) from audit_entry e where not exists (select from audit_block b where b.generation = e.generation and e.xid >= b.xid_from and e.xid < b.xid_until)";
        (count(&restored, unsealed) == 0).then_some(())
    });
    assert!(restored.stop().success());
    let verify = |head: &serde_json::Value| {
        let path = restored.data_dir().join("head.json");
        std::fs::write(&path, head.to_string()).unwrap();
        let done = restored.command(&["audit", "verify", "--head", path.to_str().unwrap()]);
        (done.status.code(), String::from_utf8_lossy(&done.stdout).into_owned())
    };
    let (code, told) = verify(&early);
    assert_eq!(code, Some(0), "{told}");
    let (code, told) = verify(&late);
    assert_eq!(
        code,
        Some(3),
        "what came after the point in time is gone, and a head kept elsewhere shows it: {told}"
    );
    assert!(told.contains("head_missing"), "{told}");
}
