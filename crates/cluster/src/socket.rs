//! The private directory of the Unix socket.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::account::Account;
use crate::data_directory::make_private;

/// Bytes of a socket path: `sun_path` less the closing zero.
const LONGEST_PATH: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// Port number in the name of the socket; nothing else can be in the directory, so it never changes.
pub(crate) const PORT: u16 = 5432;

/// Where the server's socket is.
#[derive(Debug)]
pub(crate) struct SocketDirectory {
    pub(crate) path: PathBuf,
    /// It lies outside the data directory and goes away with the server.
    outside: bool,
}

impl SocketDirectory {
    /// Makes the directory: `socket` in the data directory when its path is usable, otherwise one in
    /// `$XDG_RUNTIME_DIR` (passed as `runtime`) or `/tmp` whose name depends on user and data directory.
    pub(crate) fn prepare(
        data_dir: &Path,
        account: &Account,
        runtime: Option<OsString>,
    ) -> Result<Self, Error> {
        let inside = data_dir.join("socket");
        let (path, outside) = if is_usable(&inside) {
            (inside, false)
        } else {
            let name = format!("sequela-{}-{:016x}", account.uid, fingerprint(data_dir));
            let in_runtime = runtime
                .map(PathBuf::from)
                .filter(|base| !account.switched && is_own_directory(base, account.uid))
                .map(|base| base.join(&name))
                .filter(|path| is_usable(path));
            (in_runtime.unwrap_or_else(|| Path::new("/tmp").join(&name)), true)
        };
        make_private(&path, account)?;
        Ok(Self { path, outside })
    }

    /// Path of the socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.path.join(format!(".s.PGSQL.{PORT}"))
    }

    /// Removes what a killed server left: its lock file names a process id that may belong to another process now.
    /// Only when no server of the cluster runs.
    pub(crate) fn clear(&self) -> Result<(), Error> {
        for path in [self.socket(), self.path.join(format!(".s.PGSQL.{PORT}.lock"))] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::io("remove", &path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes the directory if it is outside the data directory and empty.
    pub(crate) fn remove(&self) {
        if self.outside
            && let Err(error) = fs::remove_dir(&self.path)
        {
            tracing::debug!(path = %self.path.display(), %error, "the socket directory stays");
        }
    }
}

/// The socket path is short enough, and neither libpq nor the server would take it for a list or a quoted name.
fn is_usable(directory: &Path) -> bool {
    let bytes = directory.as_os_str().as_bytes();
    let name = format!("/.s.PGSQL.{PORT}");
    bytes.len() + name.len() <= LONGEST_PATH && !bytes.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n'))
}

fn is_own_directory(path: &Path, uid: u32) -> bool {
    path.is_absolute() && fs::metadata(path).is_ok_and(|meta| meta.is_dir() && meta.uid() == uid)
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo): the same in every build, unlike the hashers of the standard library.
pub(crate) fn fingerprint(path: &Path) -> u64 {
    path.as_os_str().as_bytes().iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_usable_path() {
        let name = "/.s.PGSQL.5432".len();
        let longest = format!("/{}", "d".repeat(LONGEST_PATH - name - 1));
        assert!(is_usable(Path::new(&longest)));
        assert!(!is_usable(Path::new(&format!("{longest}d"))));
        assert!(is_usable(Path::new("/with blank")));
        assert!(!is_usable(Path::new("/with,comma")));
        assert!(!is_usable(Path::new("/with\"quote")));
    }

    #[test]
    fn a_runtime_directory_is_used_and_kept_private() {
        use std::os::unix::fs::PermissionsExt as _;

        let uid = rustix::process::geteuid().as_raw();
        let gid = rustix::process::getegid().as_raw();
        let account = Account { name: "ann".to_owned(), uid, gid, switched: false };
        let runtime = std::env::temp_dir().join(format!("sequela-runtime-{}", std::process::id()));
        fs::create_dir_all(&runtime).expect("a directory");
        let data_dir = runtime.join("d".repeat(LONGEST_PATH));
        let prepare = |runtime: &Path| {
            SocketDirectory::prepare(&data_dir, &account, Some(runtime.into())).expect("a directory")
        };

        let socket = prepare(&runtime);
        assert_eq!(socket.path.parent(), Some(&*runtime));
        let mode = || fs::metadata(&socket.path).expect("the directory").mode() & 0o777;
        assert_eq!(mode(), 0o700);
        fs::set_permissions(&socket.path, fs::Permissions::from_mode(0o755)).expect("its permissions");
        assert_eq!(prepare(&runtime).path, socket.path, "the same for the same data directory");
        assert_eq!(mode(), 0o700, "opened by someone, closed again");
        socket.remove();
        assert!(!socket.path.exists());

        let without = prepare(Path::new("relative"));
        assert_eq!(without.path.parent(), Some(Path::new("/tmp")));
        without.remove();
        fs::remove_dir(&runtime).expect("nothing is left");
    }

    #[test]
    fn fingerprints_are_fnv_1a() {
        assert_eq!(fingerprint(Path::new("")), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fingerprint(Path::new("a")), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fingerprint(Path::new("foobar")), 0x8594_4171_f739_67e8);
    }
}
