//! Killing the server, PostgreSQL and single backends in the middle of a bulk submission: what was accepted is written as a whole, without
//! being sent again; what was not leaves nothing.

use crate::support::instance::{running, signal, tell};
use crate::support::patients::bulk;
use crate::support::sql::{SUPERUSER, block_on, connect};
use crate::support::{Answer, Center, Client, Instance, Seeded, sql, wait_for};
use clinical::forms::CLINICAL;
use sqlx::Row;
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

/// Rows of a batch: about as many as a center brings when it joins with its whole past.
const ROWS: usize = 30_000;

/// When to strike.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// After a share of the time that an undisturbed submission takes, in percent.
    After(u32),
    /// While the application's backend runs a statement that begins so.
    During(&'static str),
}

/// Fixed statements and seeded shares, so that kills fall before, into and after the writing.
fn moments(seed: u64) -> Vec<Moment> {
    let mut seeded = Seeded(seed);
    let mut share = || Moment::After(u32::try_from(seeded.below(110)).unwrap());
    vec![
        Moment::During("insert into patient"),
        share(),
        Moment::During("insert into daily_toxicity"),
        share(),
        Moment::During("insert into audit_entry"),
        share(),
        Moment::During("insert into audit_payload"),
    ]
}

/// A submission sent by another thread; no answer is one that broke off.
fn submit_beside(client: Client, body: &[u8]) -> JoinHandle<Option<Answer>> {
    let body = body.to_vec();
    std::thread::spawn(move || {
        let headers = [("content-type", "application/x-ndjson")];
        client.try_send("POST", "/v1/submissions?results=faults", &headers, &body).ok()
    })
}

/// The process id of the application's backend whose statement begins as asked; `None` when the submission ended first.
fn backend(instance: &Instance, statement: &str, submission: &JoinHandle<Option<Answer>>) -> Option<u32> {
    block_on(async {
        let mut admin = connect(instance, SUPERUSER).await;
        while !submission.is_finished() {
            let found = sqlx::query(
                "select pid from pg_stat_activity where usename = 'sequela_app' and state = 'active' and starts_with(query, $1) limit 1",
            )
            .bind(statement)
            .fetch_optional(&mut admin)
            .await
            .unwrap();
            if let Some(row) = found {
                return u32::try_from(row.get::<i32, _>(0)).ok();
            }
        }
        None
    })
}

/// Records, log entries and payloads of a center.
fn kept(instance: &Instance, center: &Center) -> (i64, i64, i64) {
    let of = |table: &str| format!("(select count(*) from {table} where center_id = '{}')", center.id);
    let records: Vec<String> = CLINICAL.iter().map(|f| of(f.name)).collect();
    let one = |expression: &str| sql::count(instance, &format!("select {expression}"));
    let forms: Vec<String> = CLINICAL.iter().map(|f| format!("'{}'", f.name)).collect();
    let logged = |join: &str| {
        let (center, forms) = (&center.id, forms.join(", "));
        format!(
            "(select count(*) from audit_entry {join} where center_id = '{center}' and subject in ({forms}))"
        )
    };
    let payload = logged("join audit_payload using (center_id, record_id, version)");
    (one(&records.join(" + ")), one(&logged("")), one(&payload))
}

/// One installation, one batch, and how long it takes undisturbed.
struct Scene {
    instance: Instance,
    body: Vec<u8>,
    rows: i64,
    undisturbed: Duration,
}

impl Scene {
    fn new(rows: usize) -> Self {
        let mut instance = Instance::new();
        instance.start();
        let (body, rows) = bulk(91, rows);
        let rows = i64::try_from(rows).unwrap();
        let center = instance.center();
        let begun = Instant::now();
        let view = center.submitter.submit("?results=faults", &body).expect(200);
        let undisturbed = begun.elapsed();
        assert_eq!((view["created"].as_i64(), view["rejected"].as_i64()), (Some(rows), Some(0)));
        assert_eq!(kept(&instance, &center), (rows, rows, rows));
        Self { instance, body, rows, undisturbed }
    }

    /// Submits to a center and strikes at the moment; `strike` is told the backend that was at work. True when it hit the writing.
    fn disturb(
        &mut self,
        center: &Center,
        moment: Moment,
        strike: impl FnOnce(&mut Instance, Option<u32>),
    ) -> (Option<Answer>, bool) {
        let submission = submit_beside(center.at(&self.instance), &self.body);
        let found = match moment {
            Moment::After(share) => {
                sleep(self.undisturbed * share / 100);
                None
            }
            Moment::During(statement) => backend(&self.instance, statement, &submission),
        };
        let under_way = found.is_some() || !submission.is_finished();
        strike(&mut self.instance, found);
        (submission.join().unwrap(), under_way)
    }

    /// Waits until nothing is left to write for the center; all rows are there then, or none. True when all.
    fn all_or_none(&self, center: &Center, moment: Moment) -> bool {
        let waiting = format!(
            "select count(*) from submission where center_id = '{}' and state in ('queued', 'running')",
            center.id
        );
        wait_for("the end of the submission", || (sql::count(&self.instance, &waiting) == 0).then_some(()));
        let found = kept(&self.instance, center);
        assert!(found == (0, 0, 0) || found == (self.rows, self.rows, self.rows), "{moment:?}: {found:?}");
        found.0 > 0
    }

    /// Kills at every moment. What was accepted is written without being sent again; what was not leaves nothing.
    fn run(
        &mut self,
        seed: u64,
        mut round: impl FnMut(&mut Self, &Center, Moment) -> (Option<Answer>, bool),
    ) {
        let mut center = self.instance.center();
        let (mut kills, mut hits) = (0, 0);
        for moment in moments(seed) {
            let (answer, hit) = round(self, &center, moment);
            kills += 1;
            hits += i32::from(hit);
            let all = self.all_or_none(&center, moment);
            if let Some(answer) = answer {
                answer.check();
                match answer.status {
                    200 | 202 => assert!(all, "{moment:?}: the batch was accepted and is not there"),
                    status => assert_eq!(status, 503, "{moment:?}: {}", answer.text()),
                }
            }
            if all {
                center = self.instance.center();
            }
        }
        tell(&format!("{kills} kills, {hits} while a batch was being written"));
        assert!(hits >= 4, "the kills came too late to show anything");
        let client = center.at(&self.instance);
        let complete = client.submit("?results=faults", &self.body).expect(200);
        assert_eq!(complete["created"].as_i64(), Some(self.rows));
        let again = client.submit("?results=faults", &self.body).expect(200);
        assert_eq!(again["unchanged"].as_i64(), Some(self.rows));
        assert_eq!(kept(&self.instance, &center), (self.rows, self.rows, self.rows));
        self.instance.assert_intact();
    }
}

/// Waits until the database answers and goes on answering: PostgreSQL notices the loss of a backend a moment later, and only then ends
/// all others and recovers.
fn wait_until_ready(instance: &Instance) {
    let mut in_a_row = 0;
    wait_for("readiness", || {
        let ready = instance
            .anonymous()
            .try_send("GET", "/health/ready", &[], &[])
            .is_ok_and(|answer| answer.status == 200);
        in_a_row = if ready { in_a_row + 1 } else { 0 };
        (in_a_row >= 60).then_some(())
    });
}

#[test]
fn killing_the_server_leaves_whole_batches() {
    let mut scene = Scene::new(ROWS);
    scene.run(1, |scene, center, moment| {
        let answer = scene.disturb(center, moment, |instance, _| instance.kill());
        scene.instance.start();
        answer
    });
}

#[test]
fn killing_postgres_leaves_whole_batches() {
    let mut scene = Scene::new(ROWS);
    scene.run(2, |scene, center, moment| {
        let answer = scene.disturb(center, moment, |instance, _| signal(instance.postmaster(), "KILL"));
        // The server notices that its database has died and starts it again.
        wait_until_ready(&scene.instance);
        answer
    });
}

#[test]
fn killing_a_backend_leaves_whole_batches() {
    let mut scene = Scene::new(ROWS / 3);
    scene.run(3, |scene, center, moment| {
        let moment = if let Moment::After(share) = moment {
            Moment::During(if share % 2 == 0 { "insert into response" } else { "insert into record_query" })
        } else {
            moment
        };
        let postmaster = scene.instance.postmaster();
        let answer = scene.disturb(center, moment, |_, backend| {
            if let Some(backend) = backend {
                signal(backend, "KILL");
            }
        });
        wait_until_ready(&scene.instance);
        assert!(running(postmaster), "PostgreSQL itself survives the loss of a backend");
        answer
    });
}

#[test]
fn a_request_under_way_is_finished_before_the_server_stops() {
    let mut instance = Instance::new();
    instance.start();
    let center = instance.center();
    let (body, rows) = bulk(92, 10_000);
    let submission = submit_beside(center.at(&instance), &body);
    let found = backend(&instance, "insert into daily_toxicity", &submission);
    assert!(found.is_some(), "the submission was over before the server could be asked to stop");
    let postmaster = instance.postmaster();
    instance.ask_to_stop();
    let answer = submission.join().unwrap().expect("the request under way was broken off");
    assert_eq!(answer.expect(200)["created"], rows);
    assert!(instance.wait().success(), "{}", instance.log());
    assert!(!running(postmaster), "PostgreSQL was left running");
    instance.start();
    let rows = i64::try_from(rows).unwrap();
    assert_eq!(kept(&instance, &center), (rows, rows, rows));
    let verified = instance.verify();
    assert_eq!(verified["fault_count"], 0, "{verified:#}");
}
