//! One program per data directory.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

use rustix::fs::FlockOperation;
use rustix::io::Errno;

use crate::Error;
use crate::data_directory::open_private;

/// An exclusive `flock`; the kernel releases it when the process ends in whatever way.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock of `data_dir` without waiting and writes the process id of this program into it.
    pub(crate) fn take(data_dir: &Path) -> Result<Self, Error> {
        let path = data_dir.join("cluster.lock");
        let mut file = open_private(&path, false)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                return Err(Error::Locked { data_dir: data_dir.to_owned(), pid: holder(&mut file) });
            }
            Err(error) => return Err(Error::io("lock", &path)(error.into())),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(Error::io("write", &path))?;
        Ok(Self { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A process id left behind would be shown to someone who meets the next holder before it wrote its own.
        if let Err(error) = self.file.set_len(0) {
            tracing::debug!(%error, "the lock file could not be emptied");
        }
    }
}

/// Process id in the lock file, unless that process is gone (or lives in another container).
fn holder(file: &mut File) -> Option<i32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    let pid = text.trim().parse().ok()?;
    crate::processes::is_alive(pid).then_some(pid)
}
