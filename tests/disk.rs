//! A disk that fills up in the middle of a submission.

use crate::support::instance::tell;
use crate::support::patients::bulk;
use crate::support::{Instance, sql, wait_for};
use clinical::forms::CLINICAL;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Size of the file system; the cluster and its first write-ahead log need less.
const MEBIBYTES: u32 = 400;

/// Mounts a small file system for the data directory; false where that is not allowed.
fn mount(directory: &Path) -> bool {
    fs::create_dir(directory).unwrap();
    let options = format!("size={MEBIBYTES}m,mode=0711");
    let mounted =
        Command::new("mount").args(["-t", "tmpfs", "-o", &options, "sequela-test"]).arg(directory).output();
    mounted.is_ok_and(|done| done.status.success())
}

fn kept(instance: &Instance, center: &str) -> Vec<i64> {
    let tables = CLINICAL.iter().map(|f| f.name).chain(["audit_entry", "audit_payload", "record_query"]);
    tables
        .map(|t| sql::count(instance, &format!("select count(*) from {t} where center_id = '{center}'")))
        .collect()
}

#[test]
fn a_full_disk_loses_and_doubles_nothing() {
    let mut instance = Instance::empty();
    if !mount(&instance.data_dir()) {
        tell("skipped: mounting a small file system needs root and the right to mount");
        return;
    }
    instance.fill();
    let ballast = instance.data_dir().join("ballast");
    fs::write(&ballast, vec![0; 200 << 20]).unwrap();
    instance.start();
    let (body, rows) = bulk(93, 12_000);
    let headers = [("content-type", "application/x-ndjson")];
    let mut whole = Vec::new();
    let (center, refused) = loop {
        let center = instance.center();
        let nothing = kept(&instance, &center.id);
        let answer =
            center.submitter.try_send("POST", "/v1/submissions?results=faults", &headers, &body).unwrap();
        answer.check();
        if answer.status != 200 {
            assert_eq!(nothing.iter().sum::<i64>(), 2, "the entry of the center and its payload");
            break (center, answer);
        }
        whole.push(center);
        assert!(whole.len() < 40, "the disk does not fill up");
    };
    // Refused, or accepted and waiting for room: both are honest, losing or doubling rows is not.
    assert!(matches!(refused.status, 202 | 503), "{}", refused.text());
    assert_eq!(instance.anonymous().get("/health/live").status, 200, "the server survives");
    tell(&format!("the disk was full after {} batches: {}", whole.len(), refused.status));

    fs::remove_file(&ballast).unwrap();
    wait_for("the database", || (instance.anonymous().get("/health/ready").status == 200).then_some(()));
    let view = wait_for("the same batch to be taken", || {
        let answer =
            center.submitter.try_send("POST", "/v1/submissions?results=faults", &headers, &body).ok()?;
        answer.check();
        (answer.status == 200).then_some(answer)
    });
    let view = view.expect(200);
    let taken = view["created"].as_u64().unwrap() + view["unchanged"].as_u64().unwrap();
    assert_eq!(usize::try_from(taken).unwrap(), rows);
    let records: i64 = kept(&instance, &center.id)[..CLINICAL.len()].iter().sum();
    assert_eq!(usize::try_from(records).unwrap(), rows);
    for center in &whole {
        let records: i64 = kept(&instance, &center.id)[..CLINICAL.len()].iter().sum();
        assert_eq!(usize::try_from(records).unwrap(), rows);
    }
    instance.assert_intact();
}
