//! The worker: writes queued submissions, one at a time per center, and goes on with those that a crash interrupted.

use super::write::Ended;
use super::{Submission, find_in};
use crate::database::Database;
use crate::error::{Error, Result};
use crate::scope::Scoped;
use sqlx::Connection;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;
use uuid::Uuid;

/// How often the queue is looked at when nobody knocks: for submissions that another server has accepted.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(2);
/// Advisory locks of the worker, apart from those of patients.
const LOCK_CLASS: i32 = 0x5351;

/// Writes submissions in the background.
pub struct Runner {
    pub(super) database: Database,
    /// Where files are spread; cleared at the start.
    pub(super) directory: PathBuf,
    knock: Notify,
    ended: Notify,
    stopping: AtomicBool,
    busy: Mutex<HashSet<String>>,
}

impl Runner {
    /// A worker that keeps its files in `directory`.
    ///
    /// # Errors
    /// The directory cannot be made.
    pub fn new(database: Database, directory: PathBuf) -> Result<Self> {
        let mut private = std::fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(private.recursive(true), 0o700);
        private.create(&directory).map_err(Error::file(&directory))?;
        Ok(Self {
            database,
            directory,
            knock: Notify::new(),
            ended: Notify::new(),
            stopping: AtomicBool::new(false),
            busy: Mutex::default(),
        })
    }

    /// Where files are spread.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where the file of a submission stands on this machine, if it does.
    pub fn local_file(&self, id: Uuid) -> PathBuf {
        self.directory.join(format!("{id}.upload"))
    }

    /// Tells that there is something to do.
    pub fn knock(&self) {
        self.knock.notify_one();
    }

    /// Ends after the parts being written.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.knock.notify_one();
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Waits until a submission has ended, at most so long; returns it as it stands then.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn wait(&self, center: &str, id: Uuid, limit: std::time::Duration) -> Result<Submission> {
        let deadline = tokio::time::Instant::now() + limit;
        let centers = [center.to_owned()];
        loop {
            let ended = self.ended.notified();
            let over = tokio::time::Instant::now() >= deadline;
            match super::find(&self.database, &centers, id).await {
                Ok(now) if now.ended() || over => return Ok(now),
                Ok(_) => {}
                // The file is safe; the database comes back.
                Err(error) if away(&error) && !over => {}
                Err(error) => return Err(error),
            }
            let pause = tokio::time::Instant::now() + std::time::Duration::from_millis(500);
            // Ended, or time to look again: another server may have written it.
            let _ = tokio::time::timeout_at(pause.min(deadline), ended).await;
        }
    }

    /// Works until [`stop`](Self::stop).
    pub async fn run(self: std::sync::Arc<Self>) {
        if let Err(error) = self.sweep().await {
            tracing::warn!(%error, "abandoned uploads could not be removed");
        }
        let mut working = tokio::task::JoinSet::new();
        while !self.stopping.load(Ordering::Relaxed) {
            match self.waiting_centers().await {
                Ok(centers) => {
                    for center in centers {
                        if self.claim(&center) {
                            let runner = std::sync::Arc::clone(&self);
                            working.spawn(async move {
                                runner.work_for(&center).await;
                                runner.release(&center);
                            });
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the queue of submissions cannot be read; it is tried again");
                }
            }
            while working.try_join_next().is_some() {}
            let _ = tokio::time::timeout(LOOK_EVERY, self.knock.notified()).await;
        }
        while working.join_next().await.is_some() {}
    }

    /// Removes what earlier runs left behind: files of this machine, and uploads that never became whole.
    async fn sweep(&self) -> Result<()> {
        for entry in std::fs::read_dir(&self.directory).map_err(Error::file(&self.directory))?.flatten() {
            let _ = std::fs::remove_file(entry.path());
        }
        let stale: Vec<(String, Uuid)> = sqlx::query_as(
            "select center_id, submission_id from submission where state = 'uploading' and created_at < now() - interval '1 day'",
        )
        .fetch_all(&self.database.exporter)
        .await?;
        for (center, id) in stale {
            let mut scoped = Scoped::write(&self.database, &center).await?;
            sqlx::query("delete from submission where submission_id = $1 and state = 'uploading'")
                .bind(id)
                .execute(&mut *scoped.tx)
                .await?;
            scoped.commit().await?;
        }
        Ok(())
    }

    fn claim(&self, center: &str) -> bool {
        self.busy.lock().is_ok_and(|mut busy| busy.len() < 2 && busy.insert(center.to_owned()))
    }

    fn release(&self, center: &str) {
        if let Ok(mut busy) = self.busy.lock() {
            busy.remove(center);
        }
        self.knock.notify_one();
    }

    async fn waiting_centers(&self) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar(
            "select distinct center_id from submission where state in ('queued', 'running') order by 1",
        )
        .fetch_all(&self.database.exporter)
        .await?)
    }

    /// Writes the submissions of a center until there are none, unless another server does.
    async fn work_for(&self, center: &str) {
        let outcome = async {
            // The lock lives with its connection: when this process dies, the next one finds it free.
            let mut holder = self.database.app.acquire().await?.detach();
            let mine: bool = sqlx::query_scalar("select pg_try_advisory_lock($1, hashtext($2))")
                .bind(LOCK_CLASS)
                .bind(center)
                .fetch_one(&mut holder)
                .await?;
            if mine {
                while !self.stopping.load(Ordering::Relaxed) {
                    let Some(next) = self.next_of(center).await? else { break };
                    self.settle(next).await?;
                    self.ended.notify_waiters();
                }
            }
            holder.close().await?;
            Ok::<_, Error>(())
        };
        if let Err(error) = outcome.await {
            tracing::warn!(%error, "writing submissions was interrupted; it is tried again");
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        }
    }

    async fn next_of(&self, center: &str) -> Result<Option<Submission>> {
        let mut tx = Scoped::read(&self.database, &[center.to_owned()]).await?;
        let id: Option<Uuid> = sqlx::query_scalar(
            "select submission_id from submission where state in ('queued', 'running') order by submission_id limit 1",
        )
        .fetch_optional(&mut *tx)
        .await?;
        match id {
            Some(id) => Ok(Some(find_in(&mut tx, id).await?)),
            None => Ok(None),
        }
    }

    /// Writes one submission to its end. An error means that the database is away; nothing is lost, and it is tried again.
    async fn settle(&self, submission: Submission) -> Result<()> {
        let (center, id) = (submission.center_id.clone(), submission.submission_id);
        match self.write(&submission).await {
            Ok(Ended::Done) => tracing::info!(submission = %id, "written"),
            Ok(Ended::Interrupted) => return Ok(()),
            Ok(Ended::Cancelled) => self.close(&center, id, "cancelled", None).await?,
            Err(error) if away(&error) => return Err(error),
            Err(error) => {
                tracing::error!(submission = %id, %error, "a submission failed");
                self.close(&center, id, "failed", Some(&said(&error))).await?;
            }
        }
        let _ = std::fs::remove_file(self.local_file(id));
        Ok(())
    }

    async fn close(&self, center: &str, id: Uuid, state: &str, failure: Option<&str>) -> Result<()> {
        let mut scoped = Scoped::write(&self.database, center).await?;
        sqlx::query(
            "update submission set state = $2, failure = $3, finished_at = $4 where submission_id = $1 and state in ('queued', 'running')",
        )
        .bind(id)
        .bind(state)
        .bind(failure)
        .bind(scoped.now)
        .execute(&mut *scoped.tx)
        .await?;
        scoped.commit().await
    }
}

/// The database is away: nothing is lost, and it is tried again when it is back.
fn away(error: &Error) -> bool {
    match error {
        Error::Database(
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Protocol(_),
        ) => true,
        // Connection exceptions, and a server that shuts down or recovers.
        Error::Database(sqlx::Error::Database(_)) => {
            error.sqlstate().is_some_and(|code| code.starts_with("08") || code.starts_with("57P"))
        }
        _ => false,
    }
}

/// What is told to the center; details of the database are for the log.
fn said(error: &Error) -> String {
    match error {
        Error::Database(_) => match error.sqlstate().as_deref() {
            Some("53100") => {
                "the registry's disk is full; resume the submission when there is room".to_owned()
            }
            _ => "the database refused to go on; resume the submission later, or ask the registry's operator"
                .to_owned(),
        },
        Error::File { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
            "the registry's disk is full; resume the submission when there is room".to_owned()
        }
        other => other.to_string(),
    }
}
