//! The directory that holds the cluster, and who may pass through it.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown,
};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::account::Account;
use crate::{Binaries, Error};

const FOR_ROOT: &str = "/var/lib/sequela";

/// Where the data belong unless the person says otherwise: `/var/lib/sequela` for root, whose home the server's user
/// cannot enter; otherwise `$XDG_DATA_HOME/sequela`, or `~/.local/share/sequela` (XDG Base Directory Specification).
pub fn default_data_dir() -> Result<PathBuf, Error> {
    default_data_dir_with(|name| std::env::var_os(name), rustix::process::geteuid().is_root())
}

/// [`default_data_dir`] with the environment looked up by `environment`; `root` tells whether root asks.
pub fn default_data_dir_with(
    environment: impl Fn(&str) -> Option<OsString>,
    root: bool,
) -> Result<PathBuf, Error> {
    if root {
        return Ok(PathBuf::from(FOR_ROOT));
    }
    let absolute = |name| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
        .map(|base| base.join("sequela"))
        .ok_or(Error::NoDataHome)
}

/// Absolute path without symbolic links in the part that exists, and the deepest directory that exists.
pub(crate) fn resolve(path: &Path) -> Result<(PathBuf, PathBuf), Error> {
    let absolute = std::path::absolute(path).map_err(Error::io("find", path))?;
    for ancestor in absolute.ancestors() {
        match fs::canonicalize(ancestor) {
            Ok(existing) => {
                let rest = absolute.strip_prefix(ancestor).unwrap_or(Path::new(""));
                let whole = if rest.as_os_str().is_empty() { existing.clone() } else { existing.join(rest) };
                return Ok((whole, existing));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(Error::io("find", ancestor)(error)),
        }
    }
    Err(Error::io("find", path)(ErrorKind::NotFound.into()))
}

/// Creates the directory and its missing parents. Explicit modes, because a umask of 077 would close them to the
/// server's user; what exists already is left as it is.
pub(crate) fn create(path: &Path, account: &Account) -> Result<(), Error> {
    let (parents, own) = if account.switched { (0o755, 0o711) } else { (0o700, 0o700) };
    let missing: Vec<&Path> = path.ancestors().take_while(|ancestor| !ancestor.exists()).collect();
    for directory in missing.into_iter().rev() {
        let mode = if directory == path { own } else { parents };
        match DirBuilder::new().mode(mode).create(directory) {
            Ok(()) => fs::set_permissions(directory, fs::Permissions::from_mode(mode))
                .map_err(Error::io("set the permissions of", directory))?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::io("create the directory", directory)(error)),
        }
    }
    if path.is_dir() { Ok(()) } else { Err(Error::io("use", path)(ErrorKind::NotADirectory.into())) }
}

/// Makes or adopts a 0700 directory of the server's user. An existing one must belong to that user, or to the user
/// of this program, who may have been killed between making it and giving it away.
pub(crate) fn make_private(path: &Path, account: &Account) -> Result<(), Error> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(Error::io("create the directory", path)(error));
        }
        _ => {}
    }
    // Through a descriptor: the path could be exchanged for a symbolic link between check and change.
    let flags = OFlags::NOFOLLOW | OFlags::DIRECTORY;
    let directory =
        OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path).map_err(
            |error| match Errno::from_io_error(&error) {
                Some(Errno::LOOP | Errno::NOTDIR) => {
                    Error::SocketDirectory { path: path.to_owned(), reason: "it is not a directory" }
                }
                _ => Error::io("open", path)(error),
            },
        )?;
    let found = directory.metadata().map_err(Error::io("read", path))?;
    if found.uid() != account.uid {
        if !(account.switched && found.uid() == 0) {
            return Err(Error::SocketDirectory {
                path: path.to_owned(),
                reason: "it belongs to another user",
            });
        }
        fchown(&directory, Some(account.uid), Some(account.gid)).map_err(Error::io("give away", path))?;
    }
    if found.mode() & 0o777 != 0o700 {
        directory
            .set_permissions(fs::Permissions::from_mode(0o700))
            .map_err(Error::io("set the permissions of", path))?;
    }
    Ok(())
}

/// Opens a 0600 file of the data directory for reading and writing. A symbolic link is refused, because root may
/// open a file in a directory of someone else, and a file made by root belongs to the owner of the directory.
pub(crate) fn open_private(path: &Path, append: bool) -> Result<File, Error> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .append(append)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)
        .map_err(Error::io("open", path))?;
    if rustix::process::geteuid().is_root()
        && let Some(parent) = path.parent()
    {
        let owner = fs::metadata(parent).map_err(Error::io("read", parent))?;
        fchown(&file, Some(owner.uid()), Some(owner.gid())).map_err(Error::io("give away", path))?;
    }
    Ok(file)
}

/// Writes the entries of a directory to disk.
pub(crate) fn sync(directory: &Path) -> Result<(), Error> {
    File::open(directory).and_then(|open| open.sync_all()).map_err(Error::io("write to disk", directory))
}

/// Finds out whether the server's user can work in `existing`, on the way to `wanted`, and run the binaries. Done by
/// trying, since mode bits do not tell of access control lists; the bits are read afterwards to name the obstacle.
pub(crate) fn check_reachable(
    account: &Account,
    binaries: &Binaries,
    existing: &Path,
    wanted: &Path,
) -> Result<(), Error> {
    if !account.switched {
        return Ok(());
    }
    let program = binaries.program("postgres");
    let tried = Command::new(&program)
        .arg("--version")
        .env_clear()
        .envs(crate::environment::for_server())
        .current_dir(existing)
        .uid(account.uid)
        .gid(account.gid)
        .stdin(Stdio::null())
        .output();
    let Err(error) = tried else { return Ok(()) };
    let denied = Errno::from_io_error(&error) == Some(Errno::ACCESS);
    if denied && let Some(directory) = closed_to(account, existing) {
        return Err(Error::ClosedDirectory {
            directory,
            user: account.name.clone(),
            wanted: wanted.to_owned(),
            alternative: PathBuf::from(FOR_ROOT),
        });
    }
    let source = match closed_to(account, binaries.directory()).filter(|_| denied) {
        Some(closed) => io::Error::new(
            ErrorKind::PermissionDenied,
            format!("{} is closed to this user", closed.display()),
        ),
        None => error,
    };
    Err(Error::Run { program, user: account.name.clone(), source })
}

/// The topmost directory on the way whose mode bits keep the user out.
fn closed_to(account: &Account, directory: &Path) -> Option<PathBuf> {
    let way: Vec<&Path> = directory.ancestors().collect();
    way.into_iter().rev().find(|step| !may_enter(account, step)).map(Path::to_owned)
}

fn may_enter(account: &Account, directory: &Path) -> bool {
    let Ok(meta) = fs::metadata(directory) else { return false };
    let bit = if meta.uid() == account.uid {
        0o100
    } else if meta.gid() == account.gid {
        0o010
    } else {
        0o001
    };
    meta.mode() & bit != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(variables: &[(&str, &str)], root: bool) -> Option<PathBuf> {
        let look_up = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, v)| v.into());
        default_data_dir_with(look_up, root).ok()
    }

    #[test]
    fn default_places() {
        let both = [("HOME", "/home/ann"), ("XDG_DATA_HOME", "/data")];
        assert_eq!(chosen(&both, true), Some("/var/lib/sequela".into()));
        assert_eq!(chosen(&both, false), Some("/data/sequela".into()));
        assert_eq!(chosen(&both[..1], false), Some("/home/ann/.local/share/sequela".into()));
        // The specification has relative paths ignored.
        let relative = [("HOME", "/home/ann"), ("XDG_DATA_HOME", "data")];
        assert_eq!(chosen(&relative, false), Some("/home/ann/.local/share/sequela".into()));
        assert_eq!(chosen(&[], false), None);
        assert_eq!(chosen(&[("HOME", "")], false), None);
    }
}
