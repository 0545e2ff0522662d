//! The audit log: what verification says of an intact registry, on the command line and while transactions are late.

use crate::support::patients::{ndjson, patient, patients};
use crate::support::{Instance, sql, wait_for};
use clinical::forms::ALL;
use registry::batch::{self, Candidate, Mode, Outcome};
use registry::scope::{Author, Scoped};
use serde_json::Value;
use std::process::Output;
use uuid::Uuid;

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn an_intact_registry_is_verified_on_the_command_line() {
    let mut instance = Instance::new();
    instance.start();
    let center = instance.center();
    let lines: Vec<u8> = patients(71, 3).iter().flat_map(|p| ndjson(&p.records)).collect();
    center.submitter.submit("", &lines).expect(200);
    let at = center.submitter.get("/v1/patients").expect(200)["items"][0].clone();
    let mut data = at["data"].clone();
    data["birth_year"] = 1951.into();
    center.submitter.amend(at["location"].as_str().unwrap(), 1, "typing error", &data).expect(200);
    let entries = sql::count(&instance, "select count(*) from audit_entry");
    let tables: Vec<String> = ALL.iter().map(|f| format!("(select count(*) from {})", f.name)).collect();
    let records = sql::count(&instance, &format!("select {}", tables.join(" + ")));
    assert!(instance.stop().success());

    let verify = |arguments: &[&str]| instance.command(&[&["audit", "verify"], arguments].concat());
    let plain = verify(&[]);
    assert_eq!(plain.status.code(), Some(0), "{}", text(&plain));
    assert!(text(&plain).contains("The log is intact"));
    let json = verify(&["--json"]);
    let found: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(found["entries"].as_i64(), Some(entries));
    assert_eq!(found["records"].as_i64(), Some(records));
    assert_eq!((found["unsealed"].as_i64(), found["fault_count"].as_i64()), (Some(0), Some(0)));
    assert_eq!(
        found["head"]["position"].as_i64(),
        Some(entries),
        "positions count the entries without a gap"
    );

    let printed = text(&plain);
    let after = |word: &str| printed.lines().find_map(|l| l.strip_prefix(word)).unwrap().trim().to_owned();
    let (head, key) = (after("head "), after("key "));
    assert_eq!(verify(&["--head", &head, "--public-key", &key]).status.code(), Some(0));
    let forged = head.replace(head.chars().last().unwrap(), "0").replacen('0', "1", 1);
    assert_eq!(verify(&["--head", &forged]).status.code(), Some(3));
    let other = verify(&["--public-key", &"ab".repeat(32)]);
    assert_eq!(other.status.code(), Some(3));
    assert!(text(&other).contains("signature: block 1"), "{}", text(&other));
    for arguments in
        [["--head", "1:2"], ["--head", "x:y:z"], ["--public-key", "abc"], ["--public-key", &"zz".repeat(32)]]
    {
        assert_eq!(verify(&arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn a_transaction_that_commits_late_is_sealed_later_and_positions_have_no_gap() {
    let mut instance = Instance::new();
    instance.start();
    let (late, early) = (instance.center(), instance.center());
    let records = patients(72, 2).into_iter().flat_map(|p| p.records);
    let candidates: Vec<Candidate> =
        records.map(|record| Candidate { record, findings: clinical::Findings::new(), seen: None }).collect();
    let author = Author { actor: Uuid::nil(), request_id: Uuid::now_v7() };
    let entries_of = |center: &str| {
        sql::count(
            &instance,
            &format!("select count(*) from audit_entry where center_id = '{center}' and subject <> 'center'"),
        )
    };
    let sealed_of = |center: &str| {
        let statement = format!(
            "select count(*) from audit_entry e where center_id = '{center}' and subject <> 'center'
             and exists (select from audit_block b where b.generation = e.generation and e.xid >= b.xid_from and e.xid < b.xid_until)"
        );
        sql::count(&instance, &statement)
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let database = runtime.block_on(sql::database(&instance));
    let mut open = runtime.block_on(Scoped::write(&database, &late.id)).unwrap();
    let outcomes = runtime
        .block_on(batch::write_in(&mut open, &late.id, author, &candidates, Mode::Insert))
        .unwrap()
        .outcomes;
    assert!(outcomes.iter().all(|o| matches!(o, Outcome::Created { .. })));

    for n in 0..5 {
        early.submitter.post("/v1/patients", &patient(&format!("E{n}"))).expect(201);
    }
    let found = instance.verify();
    assert_eq!(found["fault_count"], 0, "{found:#}");
    assert!(
        found["unsealed"].as_i64().unwrap() >= 5,
        "what began after the open transaction waits for it: {found:#}"
    );
    assert_eq!((entries_of(&early.id), sealed_of(&early.id)), (5, 0));
    let before = found["head"]["position"].as_i64().unwrap();

    runtime.block_on(open.commit()).unwrap();
    let written = i64::try_from(candidates.len()).unwrap();
    let found =
        wait_for("everything to be sealed", || Some(instance.verify()).filter(|f| f["unsealed"] == 0));
    assert_eq!(found["fault_count"], 0, "{found:#}");
    assert_eq!((sealed_of(&early.id), sealed_of(&late.id)), (5, written));
    assert!(found["head"]["position"].as_i64().unwrap() >= before + 5 + written);
    assert_eq!(found["head"]["position"], found["entries"]);
    let gaps = "select count(*) from (select first_position, lag(first_position + entries, 1, 1::bigint) over (order by number) as next from audit_block) b
                where first_position <> next";
    assert_eq!(sql::count(&instance, gaps), 0);
    let lost = "select count(*) from audit_entry e where not exists (select from audit_block b
                where b.generation = e.generation and e.xid >= b.xid_from and e.xid < b.xid_until)";
    assert_eq!(sql::count(&instance, lost), 0);
    runtime.block_on(database.close());
}

#[test]
fn a_transaction_that_is_undone_leaves_nothing_and_holds_nothing_back() {
    let mut instance = Instance::new();
    instance.start();
    let center = instance.center();
    let before = sql::count(&instance, "select count(*) from audit_entry");
    let mut invalid = ndjson(&patients(73, 1)[0].records);
    invalid.extend(b"{}\n");
    let refused = center.submitter.submit("?policy=all_or_nothing", &invalid).expect(200);
    assert_eq!(refused["committed"], false);
    assert_eq!(sql::count(&instance, "select count(*) from audit_entry"), before);
    center.submitter.post("/v1/patients", &patient("P")).expect(201);
    wait_for("the sealer", || Some(instance.verify()).filter(|f| f["unsealed"] == 0));
    instance.assert_intact();
}
