//! Real clusters: creating, starting, stopping, refusing, and starting again after SIGKILL.
//!
//! They need the server binaries. Tests of the change of users run when root runs the tests and say so otherwise.
#![cfg(unix)]

mod lifecycle;
#[cfg(target_os = "linux")]
mod recovery;
mod support;

/// The other program of the tests that need one: see [`support::Program`].
#[tokio::test]
async fn hold_cluster() {
    support::hold().await;
}
