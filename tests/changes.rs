//! The change feed: every committed version once, in an order that never changes, whatever is written or killed meanwhile.

use crate::support::patients::{bulk, infusion, patient};
use crate::support::{Client, Instance, shared, sql};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

/// Reads on from a cursor until the feed is up to date.
fn read(client: &Client, cursor: &mut String, limit: usize) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let page = client.get(&format!("/v1/changes?limit={limit}&since={cursor}")).expect(200);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        all.extend(items.iter().cloned());
        page["next_cursor"].as_str().unwrap().clone_into(cursor);
        if page["up_to_date"] == true {
            return all;
        }
    }
}

fn name(change: &Value) -> String {
    format!(
        "{} {} {}",
        change["record_id"].as_str().unwrap(),
        change["version"],
        change["action"].as_str().unwrap()
    )
}

/// The versions of a center's records in the log.
fn logged(instance: &Instance, center: &str) -> BTreeSet<String> {
    let query = format!(
        "select record_id || ' ' || version || ' ' || action from audit_entry
         where center_id = '{center}' and action not in ('read', 'export') and subject not in ('center', 'record_query', 'record_lock', 'record_signature')"
    );
    sql::texts(instance, &query).into_iter().collect()
}

#[test]
fn the_feed_tells_new_records_corrections_and_retractions_with_what_changed() {
    let center = shared().center();
    let client = &center.submitter;
    let mut cursor = String::new();
    assert_eq!(read(client, &mut cursor, 100), Vec::<Value>::new());
    let made = client.post("/v1/patients", &patient("F")).expect(201);
    let at = made["location"].as_str().unwrap();
    let first = crate::support::wait_for("the record to be sealed", || {
        Some(read(client, &mut cursor, 100)).filter(|all| !all.is_empty())
    });
    assert_eq!(first.len(), 1);
    assert_eq!(
        (
            &first[0]["action"],
            &first[0]["form"],
            &first[0]["record_id"],
            &first[0]["data"],
            &first[0]["changes"]
        ),
        (&json!("create"), &json!("patient"), &made["record_id"], &made["data"], &Value::Null)
    );
    let mut data = patient("F");
    data["birth_year"] = json!(1961);
    client.amend(at, 1, "typing error", &data).expect(200);
    client.retract(at, 2, "entered twice").expect(200);
    let mut rest = Vec::new();
    crate::support::wait_for("the changes to be sealed", || {
        rest.extend(read(client, &mut cursor, 1));
        (rest.len() >= 2).then_some(())
    });
    assert_eq!(rest.len(), 2);
    assert_eq!(
        (&rest[0]["action"], &rest[0]["reason"], &rest[0]["changes"]),
        (
            &json!("amend"),
            &json!("typing error"),
            &json!({ "birth_year": { "before": 1960, "after": 1961 } })
        )
    );
    assert_eq!((&rest[1]["action"], &rest[1]["version"]), (&json!("retract"), &json!(3)));
    // From the beginning again: the same, in the same order; another center and other roles see nothing of it.
    let mut again = String::new();
    let all = read(client, &mut again, 2);
    assert_eq!(
        all.iter().map(name).collect::<Vec<_>>(),
        [&first[..], &rest[..]].concat().iter().map(name).collect::<Vec<_>>()
    );
    assert_eq!(again, cursor);
    let form = client.get("/v1/changes?form=infusion").expect(200);
    assert_eq!(form["items"], json!([]));
    assert_eq!(read(&shared().center().submitter, &mut String::new(), 10), Vec::<Value>::new());
    assert_eq!(read(&shared().center().submitter, &mut cursor, 10), Vec::<Value>::new());
    for wrong in ["since=1", "since=zz", "limit=0", "form=nothing", "before=x"] {
        client.get(&format!("/v1/changes?{wrong}")).expect(400);
    }
    shared().caller("auditor", &[]).get("/v1/changes").expect(403);
}

#[test]
fn nothing_is_lost_and_nothing_told_twice_while_writers_write_and_are_killed() {
    let mut instance = Instance::new();
    instance.start();
    let center = instance.center();
    let client = &center.submitter;
    let writing = AtomicBool::new(true);
    let mut seen: Vec<String> = Vec::new();
    std::thread::scope(|scope| {
        let mut writers = Vec::new();
        for writer in 0..4_u64 {
            writers.push(scope.spawn(move || {
                for step in 0..12_u64 {
                    let id = format!("W{writer}-{step}");
                    let made = client.post("/v1/patients", &patient(&id));
                    if made.status == 201 {
                        let mut data = patient(&id);
                        data["birth_year"] = json!(1950 + step);
                        client.amend(made.json()["location"].as_str().unwrap(), 1, "typing error", &data);
                        client.post("/v1/infusions", &infusion(&id));
                    }
                    if step % 4 == 0 {
                        // A long transaction: it takes its id early and commits after many others.
                        client.submit("", &bulk(writer * 100 + step, 120).0);
                    }
                }
            }));
        }
        let killer = scope.spawn(|| {
            while writing.load(Ordering::Relaxed) {
                sql::execute(
                    &instance,
                    "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'sequela_app' and xact_start is not null
                     order by random() limit 1",
                );
                std::thread::sleep(std::time::Duration::from_millis(300));
            }
        });
        let reader = scope.spawn(|| {
            let (mut all, mut cursor, mut last) = (Vec::new(), String::new(), false);
            loop {
                // Killed in the middle, a page is asked for again from the same cursor.
                let page = client.get(&format!("/v1/changes?limit=17&since={cursor}"));
                if page.status == 200 {
                    let page = page.json();
                    all.extend(page["items"].as_array().unwrap().iter().map(name));
                    page["next_cursor"].as_str().unwrap().clone_into(&mut cursor);
                    if last && page["up_to_date"] == true {
                        return (all, cursor);
                    }
                }
                last = !writing.load(Ordering::Relaxed);
            }
        });
        for writer in writers {
            writer.join().unwrap();
        }
        writing.store(false, Ordering::Relaxed);
        killer.join().unwrap();
        let (all, mut cursor) = reader.join().unwrap();
        seen = all;
        // What was committed last may have been sealed after the reader's last page.
        let expected = logged(&instance, &center.id);
        crate::support::wait_for("everything to be sealed", || {
            seen.extend(read(client, &mut cursor, 500).iter().map(name));
            (seen.len() >= expected.len()).then_some(())
        });
    });
    let expected = logged(&instance, &center.id);
    assert!(expected.len() > 150, "{}", expected.len());
    let once: BTreeSet<String> = seen.iter().cloned().collect();
    assert_eq!(once.len(), seen.len(), "told twice");
    assert_eq!(once, expected);
    // Within a record the versions come in order.
    let mut versions: std::collections::BTreeMap<&str, i64> = std::collections::BTreeMap::new();
    for change in &seen {
        let mut parts = change.split(' ');
        let (record, version) = (parts.next().unwrap(), parts.next().unwrap().parse::<i64>().unwrap());
        assert_eq!(versions.insert(record, version).unwrap_or(0) + 1, version, "{change}");
    }
    instance.assert_intact();
}
