//! Server settings of the caller, and those on which the privacy of the cluster rests.

use std::ffi::OsString;
use std::path::Path;

use crate::Error;
use crate::socket::fingerprint;

/// Settings that decide who can connect and where things are; [`arguments`] fixes them.
const FIXED: [&str; 14] = [
    "cluster_name",
    "listen_addresses",
    "unix_socket_directories",
    "unix_socket_permissions",
    "unix_socket_group",
    "port",
    "data_directory",
    "config_file",
    "hba_file",
    "ident_file",
    "external_pid_file",
    "logging_collector",
    "log_destination",
    "event_source",
];

/// Checks the names and values of the caller's settings.
pub(crate) fn check(settings: &[(String, String)]) -> Result<(), Error> {
    let refuse = |name: &String, reason| Err(Error::Setting { name: name.clone(), reason });
    for (name, value) in settings {
        let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !starts_well || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.') {
            return refuse(name, "a name has letters, digits, underscores and dots only");
        }
        if FIXED.iter().any(|fixed| fixed.eq_ignore_ascii_case(name)) {
            return refuse(name, "the private cluster decides it");
        }
        if value.contains('\0') {
            return refuse(name, "its value has a zero byte");
        }
    }
    Ok(())
}

/// Checks the name of the bootstrap superuser.
pub(crate) fn check_superuser(name: &str) -> Result<(), Error> {
    let refuse = |reason| Err(Error::Superuser { name: name.to_owned(), reason });
    match name {
        "" => refuse("it is empty"),
        _ if name.len() > 63 => refuse("a role name has at most 63 bytes"),
        _ if name.starts_with("pg_") => refuse("names that begin with pg_ are reserved by PostgreSQL"),
        _ if name.contains('\0') => refuse("it has a zero byte"),
        _ => Ok(()),
    }
}

/// Name that the server shows in the titles of its processes, one for each place of a cluster.
pub(crate) fn cluster_name(pgdata: &Path) -> String {
    format!("sequela-{:016x}", fingerprint(pgdata))
}

/// Command line of `postgres`; the last occurrence of a setting counts, so the fixed ones come last.
pub(crate) fn arguments(
    pgdata: &Path,
    socket_directory: &Path,
    port: u16,
    settings: &[(String, String)],
) -> Vec<OsString> {
    let mut all: Vec<OsString> = vec!["timezone=UTC".into(), "log_timezone=UTC".into()];
    all.extend(settings.iter().map(|(name, value)| format!("{name}={value}").into()));
    all.extend(["listen_addresses=", "unix_socket_permissions=0700", "unix_socket_group="].map(Into::into));
    all.extend(["logging_collector=off", "log_destination=stderr"].map(Into::into));
    all.push(format!("port={port}").into());
    all.push(format!("cluster_name={}", cluster_name(pgdata)).into());
    // The value is a list: quotes keep blanks, and a comma or a quote in the path was excluded with the directory.
    let mut directories = OsString::from("unix_socket_directories=\"");
    directories.push(socket_directory);
    directories.push("\"");
    all.push(directories);

    let mut arguments = vec!["-D".into(), pgdata.as_os_str().to_owned()];
    for setting in all {
        arguments.extend(["-c".into(), setting]);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(name: &str, value: &str) -> bool {
        check(&[(name.to_owned(), value.to_owned())]).is_ok()
    }

    #[test]
    fn settings_that_open_the_cluster_are_refused() {
        assert!(checked("shared_buffers", "64MB"));
        assert!(checked("sequela.center", ""));
        assert!(!checked("listen_addresses", "*"));
        assert!(!checked("Listen_Addresses", "*"));
        // postgres reads a hyphen in a name as an underscore.
        assert!(!checked("listen-addresses", "*"));
        assert!(!checked("hba_file", "/tmp/open"));
        assert!(!checked("", "1"));
        assert!(!checked("a=b", "1"));
        assert!(!checked("work_mem", "1\0"));
    }

    #[test]
    fn superuser_names() {
        for good in ["sequela_admin", "a", &"a".repeat(63), "päivi"] {
            assert!(check_superuser(good).is_ok(), "{good}");
        }
        for bad in ["", "pg_admin", &"a".repeat(64), "a\0b"] {
            assert!(check_superuser(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn fixed_settings_come_last() {
        let settings = [("work_mem".to_owned(), "8MB".to_owned())];
        let arguments = arguments(Path::new("/d/pgdata"), Path::new("/d/so cket"), 5432, &settings);
        let at = |text: &str| arguments.iter().position(|a| a == text).expect(text);
        assert!(at("work_mem=8MB") < at("listen_addresses="));
        assert!(at("timezone=UTC") < at("work_mem=8MB"));
        assert!(arguments.iter().any(|a| a == "unix_socket_directories=\"/d/so cket\""));
    }
}
