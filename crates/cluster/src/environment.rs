//! The environment the server's programs run in.

use std::env;
use std::ffi::OsString;

/// Variables that reach the server: how to find libraries and programs, nothing else. The rest of the program's
/// environment may hold secrets (visible to the server's user in `/proc`) and `PG*` variables that change defaults.
const KEPT: [&str; 4] = ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"];

/// Complete environment for `initdb` and `postgres`; messages in English, because a few are recognised.
pub(crate) fn for_server() -> impl Iterator<Item = (OsString, OsString)> {
    KEPT.into_iter()
        .filter_map(|name| Some((name.into(), env::var_os(name)?)))
        .chain([("LC_ALL".into(), "C".into())])
}
