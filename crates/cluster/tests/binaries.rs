//! Where the server binaries are looked for.
#![cfg(unix)]

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use cluster::{Binaries, Error};

/// A file system with programs that only know their version. One at a time: a process that another test starts while
/// a program is written inherits the open file for a moment, and the program cannot be executed meanwhile.
struct Root(PathBuf, #[expect(dead_code, reason = "held until the end of the test")] MutexGuard<'static, ()>);

impl Root {
    fn new(name: &str) -> Self {
        static ONE: Mutex<()> = Mutex::new(());
        let guard = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let path = std::env::temp_dir().join(format!("cluster-binaries-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory");
        Self(fs::canonicalize(path).expect("a path"), guard)
    }

    fn script(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its permissions");
    }

    fn install(&self, directory: &str, version: &str) -> PathBuf {
        self.script(&format!("{directory}/postgres"), &format!("echo 'postgres (PostgreSQL) {version}'"));
        self.script(&format!("{directory}/initdb"), "exit 0");
        self.0.join(directory)
    }

    fn find(&self, variables: &[(&str, &Path)]) -> Result<Binaries, Error> {
        let look_up = |name: &str| -> Option<OsString> {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_os_str().to_owned())
        };
        Binaries::find_with(look_up, &self.0)
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_override_comes_first_and_is_final() {
    let root = Root::new("override");
    let path = root.install("path", "14.1");
    let wanted = root.install("wanted", "16.2");
    let found = root.find(&[("SEQUELA_PG_BIN", &wanted), ("PATH", &path)]).expect("found");
    assert_eq!(found.directory(), wanted);
    assert_eq!((found.version().major.as_str(), found.version().full.as_str()), ("16", "16.2"));

    let nowhere = root.0.join("nowhere");
    let error = root.find(&[("SEQUELA_PG_BIN", &nowhere), ("PATH", &path)]).expect_err("it is wrong");
    let message = error.to_string();
    assert!(message.contains(&format!("SEQUELA_PG_BIN: {}", nowhere.display())), "{message}");
    // An empty value is as good as none.
    let found = root.find(&[("SEQUELA_PG_BIN", Path::new("")), ("PATH", &path)]).expect("found");
    assert_eq!(found.directory(), path);
}

#[test]
fn path_then_pg_config_then_the_newest_package() {
    let root = Root::new("order");
    root.install("usr/lib/postgresql/9.6/bin", "9.6.24");
    root.install("usr/lib/postgresql/15/bin", "15.8");
    let newest = root.install("usr/pgsql-16/bin", "16.4");
    let tools = root.0.join("tools");
    assert_eq!(root.find(&[]).expect("a package").directory(), newest);

    // postgres alone (a client package's link, say) is not enough.
    root.script("tools/postgres", "echo 'postgres (PostgreSQL) 13.1'");
    assert_eq!(root.find(&[("PATH", &tools)]).expect("a package").directory(), newest);

    let configured = root.install("configured", "14.9");
    root.script("tools/pg_config", &format!("echo '{}'", configured.display()));
    assert_eq!(root.find(&[("PATH", &tools)]).expect("pg_config").directory(), configured);

    root.install("tools", "13.1");
    assert_eq!(root.find(&[("PATH", &tools)]).expect("PATH").directory(), tools);
}

#[test]
fn links_lead_to_the_real_directory() {
    let root = Root::new("links");
    let real = root.install("real", "15.8");
    let links = root.0.join("links");
    fs::create_dir(&links).expect("a directory");
    for name in ["postgres", "initdb"] {
        std::os::unix::fs::symlink(real.join(name), links.join(name)).expect("a link");
    }
    assert_eq!(root.find(&[("PATH", &links)]).expect("found").directory(), real);
}

#[test]
fn a_broken_installation_does_not_hide_a_working_one() {
    let root = Root::new("broken");
    root.script("usr/lib/postgresql/17/bin/postgres", "exit 127");
    root.script("usr/lib/postgresql/17/bin/initdb", "exit 127");
    let working = root.install("usr/lib/postgresql/15/bin", "15.8");
    assert_eq!(root.find(&[]).expect("found").directory(), working);
}

#[test]
fn a_vain_search_says_where_and_what_to_do() {
    let root = Root::new("vain");
    fs::create_dir_all(root.0.join("usr/lib/postgresql/15/bin")).expect("a directory");
    let error = root.find(&[("PATH", Path::new("/nonexistent"))]).expect_err("nothing is there");
    assert!(matches!(error, Error::BinariesNotFound { .. }), "{error:?}");
    let message = error.to_string();
    for part in [
        "SEQUELA_PG_BIN: not set",
        "PATH",
        "pg_config",
        "usr/lib/postgresql/15/bin has no",
        "Install the server",
    ] {
        assert!(message.contains(part), "{part} is missing in: {message}");
    }
    assert!(message.ends_with(&Binaries::install_hint()), "{message}");
    assert!(Binaries::install_hint().contains("postgresql"));
}

#[test]
fn the_system_has_a_server() {
    let found = Binaries::find().expect("PostgreSQL is installed");
    assert!(found.program("initdb").is_file());
    assert!(found.version().full.starts_with(&found.version().major));
}
