//! What a superuser can do to the tables behind the program's back, and by which fault verification names it.

use crate::support::patients::{complete_patient, ndjson};
use crate::support::sql::{SUPERUSER, block_on, connect, execute};
use crate::support::{Client, Instance, sql, wait_for};
use clinical::forms::ALL;
use registry::audit::block::SealingKey;
use registry::audit::verify::{Head, verify};
use registry::audit::{Entry, Hash};
use serde_json::{Value, json};
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Row};
use std::collections::BTreeSet;
use std::process::ExitStatus;
use uuid::Uuid;

/// The lock under which blocks are sealed: while a test holds it, nothing is sealed beside what is there.
const SEAL_LOCK: i64 = 0x5345_5155_454c_4132;

/// A registry with several blocks, a copy of its tables, and an auditor.
struct Scene {
    instance: Instance,
    auditor: Client,
    tables: Vec<String>,
}

impl Scene {
    fn new() -> Self {
        let mut instance = Instance::new();
        instance.start();
        let center = instance.center();
        let auditor = instance.caller("auditor", &[]);
        let log = ["audit_entry", "audit_payload", "audit_block", "record_query"];
        let tables = log.into_iter().chain(ALL.iter().map(|f| f.name)).map(str::to_owned).collect();
        let this = Self { instance, auditor, tables };
        this.seal();
        for records in complete_patient(81).records.chunks(10) {
            center.submitter.submit("", &ndjson(records)).expect(200);
        }
        this.seal();
        let mut data = crate::support::patients::patient("AMENDED");
        let at = center.submitter.post("/v1/patients", &data).expect(201);
        data["birth_year"] = json!(1951);
        center.submitter.amend(at["location"].as_str().unwrap(), 1, "typing error", &data).expect(200);
        let unknown = json!({ "patient_id": "NK", "sex": "F", "consent_registry": "Y", "date_basis": "CALENDAR", "missing": { "birth_year": "NK" } });
        center.submitter.post("/v1/patients", &unknown).expect(201);
        this.seal();
        center.submitter.post("/v1/patients", &crate::support::patients::patient("LAST")).expect(201);
        this.seal();
        this.copy("create schema kept;", "create table kept.{} as select * from public.{};");
        this
    }

    /// Verifies until everything is in a block.
    fn seal(&self) {
        wait_for("everything to be sealed", || Some(self.verify()).filter(|f| f["unsealed"] == 0));
    }

    fn verify(&self) -> Value {
        self.auditor.post("/v1/audit/verification", &json!({})).expect(200)
    }

    fn kinds(&self) -> BTreeSet<String> {
        let found = self.verify();
        let faults = found["faults"].as_array().unwrap();
        assert_eq!(found["fault_count"], faults.len());
        faults.iter().map(|f| f["kind"].as_str().unwrap().to_owned()).collect()
    }

    fn copy(&self, before: &str, each: &str) {
        let statements: String = self.tables.iter().map(|t| each.replace("{}", t)).collect();
        execute(&self.instance, &format!("{before} {statements}"));
    }

    /// Does something as the superuser, past constraints and triggers.
    fn tamper(&self, statements: &str) {
        execute(
            &self.instance,
            &format!("begin; set local session_replication_role = replica; {statements}; commit"),
        );
    }

    /// Brings the tables back as they were.
    fn restore(&self) {
        let one =
            |t: &String| format!("delete from public.{t}; insert into public.{t} select * from kept.{t}");
        self.tamper(&self.tables.iter().map(one).collect::<Vec<_>>().join("; "));
        assert_eq!(self.kinds(), BTreeSet::new(), "restored");
    }

    fn expect(&self, what: &str, kinds: &[&str]) {
        let expected: BTreeSet<String> = kinds.iter().map(|k| (*k).to_owned()).collect();
        assert_eq!(self.kinds(), expected, "{what}");
    }
}

async fn stop_sealing(instance: &Instance) -> PgConnection {
    let mut holder = connect(instance, SUPERUSER).await;
    sqlx::query("select pg_advisory_lock($1)").bind(SEAL_LOCK).execute(&mut holder).await.unwrap();
    holder
}

/// What a careful forger does after changing an entry: computes its hash anew.
fn rehash(instance: &Instance, condition: &str) {
    block_on(async {
        let mut admin = connect(instance, SUPERUSER).await;
        let statement = format!("select * from audit_entry where {condition}");
        let rows = sqlx::query(sqlx::AssertSqlSafe(statement)).fetch_all(&mut admin).await.unwrap();
        assert!(!rows.is_empty(), "{condition}");
        for row in rows {
            let (center, action, subject): (String, String, String) =
                (row.get("center_id"), row.get("action"), row.get("subject"));
            let reason: Option<String> = row.get("reason");
            let commitment: Vec<u8> = row.get("commitment");
            let entry = Entry {
                center_id: &center,
                record_id: row.get("record_id"),
                version: row.get("version"),
                generation: row.get("generation"),
                xid: row.get("xid"),
                at: row.get("at"),
                actor: row.get("actor"),
                action: &action,
                subject: &subject,
                reason: reason.as_deref(),
                request_id: row.get("request_id"),
                commitment: Hash::try_from(commitment).unwrap(),
            };
            sqlx::query("update audit_entry set entry_hash = $1 where center_id = $2 and record_id = $3 and version = $4")
                .bind(entry.hash().to_vec())
                .bind(entry.center_id)
                .bind(entry.record_id)
                .bind(entry.version)
                .execute(&mut admin)
                .await
                .unwrap();
        }
    });
}

const AMENDED: &str = "record_id = (select record_id from audit_entry where action = 'amend')";
const DAY: &str = "record_id = (select record_id from kept.daily_toxicity order by 1 limit 1)";
const LAST: &str = "record_id = (select record_id from kept.patient where patient_id = 'LAST')";

#[test]
fn each_tampering_is_found_and_named() {
    let scene = Scene::new();
    let holder = block_on(stop_sealing(&scene.instance));
    let cases: Vec<(&str, String, &[&str])> = vec![
        ("a log row is changed", format!("update audit_entry set reason = 'other' where {AMENDED} and version = 2"), &["entries_changed", "entry_changed"]),
        ("the time of a log row is changed", format!("update audit_entry set at = at + interval '1 microsecond' where {AMENDED} and version = 1"), &["entries_changed", "entry_changed"]),
        ("the hash of a log row is changed", format!("update audit_entry set entry_hash = sha256('x') where {DAY}"), &["entry_changed"]),
        ("a log row and its payload are removed", format!("delete from audit_payload where {DAY}; delete from audit_entry where {DAY}"), &["entries_removed_or_added", "record_without_entry"]),
        ("a log row, its payload and its record are removed", format!("delete from audit_payload where {DAY}; delete from audit_entry where {DAY}; delete from daily_toxicity where {DAY}"), &["entries_removed_or_added"]),
        ("log rows of two transactions change places", format!("update audit_entry e set xid = o.xid from audit_entry o
            where (e.{DAY} and o.{LAST}) or (e.{LAST} and o.{DAY})"), &["entries_changed", "entry_changed"]),
        ("a log row is added to a sealed block", format!("insert into audit_entry select center_id, record_id, 99, generation, xid, at, actor, action, subject, reason, request_id, commitment, entry_hash from audit_entry where {DAY}"), &["entries_removed_or_added", "entry_changed", "payload_missing", "record_removed"]),
        ("a payload is changed", format!("update audit_payload set payload = payload || ' '::bytea where {DAY}"), &["payload_changed", "record_changed"]),
        ("the payload of an old version is changed", format!("update audit_payload set payload = payload || ' '::bytea where {AMENDED} and version = 1"), &["payload_changed"]),
        ("the salt of a payload is changed", format!("update audit_payload set salt = decode(repeat('00', 16), 'hex') where {DAY}"), &["payload_changed"]),
        ("a payload is removed", format!("delete from audit_payload where {DAY}"), &["payload_missing"]),
        ("a record is changed", format!("update daily_toxicity set crs_grade = 4 - crs_grade / 4 where {DAY}"), &["record_changed"]),
        ("a record and its payload are changed", "update patient set sex = 'OTHER' where patient_id = 'NK'; update audit_payload p set payload = convert_to(replace(convert_from(payload, 'UTF8'), '\"F\"', '\"OTHER\"'), 'UTF8')
            where record_id = (select record_id from patient where patient_id = 'NK')".to_owned(), &["payload_changed"]),
        ("a missing code is changed", "update patient set missing = '{\"birth_year\":\"NA\"}' where patient_id = 'NK'".to_owned(), &["record_changed"]),
        ("a missing code names no field", "update patient set missing = '{\"birth_year\":\"NK\",\"x\":\"NK\"}' where patient_id = 'NK'".to_owned(), &["record_changed"]),
        ("a record is retracted without a log row", format!("update daily_toxicity set retracted = true where {DAY}"), &["record_changed"]),
        ("a record is redated", format!("update daily_toxicity set recorded_at = recorded_at - interval '1 day' where {DAY}"), &["record_changed"]),
        ("a record gets a version that was never written", format!("update daily_toxicity set version = 2 where {DAY}"), &["record_without_entry"]),
        ("a record goes back to an older version", format!("update patient set version = 1 where {AMENDED}"), &["record_changed", "record_removed"]),
        ("a record moves to another center", "insert into center select gen_random_uuid(), 1, false, recorded_at, form_version, 'X', name, city, province, time_zone, joined_on, left_on, missing from center limit 1;
            update patient set center_id = 'X' where patient_id = 'LAST'".to_owned(), &["record_removed", "record_without_entry"]),
        ("a record is removed", format!("delete from daily_toxicity where {DAY}"), &["record_removed"]),
        ("a record is inserted", "insert into patient select center_id, gen_random_uuid(), version, retracted, recorded_at, form_version, 'GHOST', birth_year, sex, consent_registry, consent_date, withdrawn_on, date_basis, missing from patient limit 1".to_owned(), &["record_without_entry"]),
        ("a center is renamed", "update center set name = 'Elsewhere'".to_owned(), &["record_changed"]),
        ("a product is changed", "update product set target = 'OTHER' where product_code = 'axi-cel'".to_owned(), &["record_changed"]),
        ("a product is removed", "delete from product where product_code = 'axi-cel'".to_owned(), &["record_removed"]),
        ("a root is changed", "update audit_block set root = sha256('x') where number = (select max(number) from audit_block)".to_owned(), &["block_changed", "entries_changed", "signature"]),
        ("a block hash is changed", "update audit_block set block_hash = sha256('x') where number = 1".to_owned(), &["block_changed"]),
        ("a signature is changed", "update audit_block set signature = set_byte(signature, 5, 255 - get_byte(signature, 5)) where number = 1".to_owned(), &["signature"]),
        ("a block is redated", "update audit_block set sealed_at = sealed_at + interval '1 second' where number = (select max(number) from audit_block)".to_owned(), &["block_changed", "signature"]),
        ("a block in the middle is removed", "delete from audit_block where number = 2".to_owned(), &["chain_broken", "entries_outside"]),
        ("a block in the middle is removed with everything it sealed", "delete from audit_payload p using audit_entry e, audit_block b where b.number = 2 and e.xid >= b.xid_from and e.xid < b.xid_until
              and p.record_id = e.record_id and p.version = e.version;
            delete from audit_entry e using audit_block b where b.number = 2 and e.xid >= b.xid_from and e.xid < b.xid_until; delete from audit_block where number = 2".to_owned(), &["chain_broken", "record_without_entry"]),
        ("the first block is removed", "delete from audit_block where number = 1".to_owned(), &["chain_broken", "entries_outside"]),
        ("two blocks change numbers", "update audit_block set number = -1 where number = 1; update audit_block set number = 1 where number = 2; update audit_block set number = 2 where number = -1".to_owned(), &["block_changed", "chain_broken", "signature"]),
    ];
    for (what, statements, kinds) in &cases {
        scene.tamper(statements);
        scene.expect(what, kinds);
        scene.restore();
    }

    // A forger who also computes hashes anew is found by the root, and by the signature when the root is computed anew too.
    scene.tamper(&format!("update audit_entry set reason = 'other' where {AMENDED} and version = 2"));
    rehash(&scene.instance, &format!("{AMENDED} and version = 2"));
    scene.expect("a log row is changed with its hash", &["entries_changed"]);
    scene.restore();
    let swap = "(select record_id, case when row_number() over (order by record_id) = 1 then lead(request_id) over (order by record_id) else lag(request_id) over (order by record_id) end as other
        from (select * from audit_entry where subject = 'daily_toxicity' order by record_id limit 2) two)";
    scene.tamper(&format!("update audit_entry e set request_id = s.other from {swap} s where s.record_id = e.record_id; update audit_entry set actor = gen_random_uuid() where {DAY}"));
    rehash(&scene.instance, "subject = 'daily_toxicity'");
    scene.expect("the contents of log rows change places, with their hashes", &["entries_changed"]);
    scene.restore();
    block_on(holder.close()).unwrap();
}

#[test]
fn the_removal_of_the_newest_part_is_found_with_a_kept_head_only() {
    let mut scene = Scene::new();
    let head: Value = scene.verify()["head"].clone();
    let kept = Head {
        block: head["block"].as_i64().unwrap(),
        position: head["position"].as_i64().unwrap(),
        hash: head["hash"].as_str().unwrap().to_owned(),
    };
    let argument = format!("{}:{}:{}", kept.block, kept.position, kept.hash);
    let holder = block_on(stop_sealing(&scene.instance));
    scene.tamper(&format!(
        "delete from audit_payload where {LAST}; delete from audit_entry where {LAST}; delete from patient where {LAST};
         delete from audit_block where number = {}",
        kept.block
    ));
    scene.expect("nothing in the chain itself shows that its newest part is gone", &[]);
    let key =
        SealingKey::load_or_create(&scene.instance.data_dir().join("sealing-key.pem")).unwrap().public();
    let faults: Vec<&str> = block_on(async {
        let database = sql::database(&scene.instance).await;
        let found = verify(&database, &key, Some(&kept)).await.unwrap();
        database.close().await;
        found.faults.into_iter().map(|f| f.kind).collect()
    });
    assert_eq!(faults, ["head_missing"]);
    block_on(holder.close()).unwrap();

    assert!(scene.instance.stop().success());
    let code = |status: ExitStatus| status.code();
    let without = scene.instance.command(&["audit", "verify"]);
    assert_eq!(code(without.status), Some(0), "{}", String::from_utf8_lossy(&without.stdout));
    let with = scene.instance.command(&["audit", "verify", "--head", &argument]);
    assert_eq!(code(with.status), Some(3));
    assert!(String::from_utf8_lossy(&with.stdout).contains("head_missing: chain"));

    scene.instance.start();
    let day: Vec<String> =
        sql::texts(&scene.instance, "select record_id::text from daily_toxicity order by 1 limit 1");
    let day: Uuid = day[0].parse().unwrap();
    execute(
        &scene.instance,
        &format!("update daily_toxicity set anakinra = anakinra is not true where record_id = '{day}'"),
    );
    assert!(scene.instance.stop().success());
    let changed = scene.instance.command(&["audit", "verify", "--json"]);
    assert_eq!(code(changed.status), Some(3));
    let found: Value = serde_json::from_slice(&changed.stdout).unwrap();
    assert_eq!(found["fault_count"], 1);
    assert_eq!(found["faults"][0]["kind"], "record_changed");
    assert_eq!(found["faults"][0]["place"], format!("daily_toxicity {day}"));
    assert!(
        String::from_utf8_lossy(&scene.instance.command(&["audit", "verify"]).stdout)
            .contains("THE LOG IS NOT INTACT")
    );
}
