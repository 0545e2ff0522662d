//! The server's log file.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::data_directory::open_private;

/// A log larger than this is emptied at the next start.
const KEPT_BYTES: u64 = 10 * 1024 * 1024;
const TAIL_BYTES: u64 = 4096;
const TAIL_LINES: usize = 25;

/// The log of one run of the server.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) path: PathBuf,
    begin: u64,
}

impl Log {
    /// Opens the log for appending and notes where this run begins; the file is for the server's output.
    pub(crate) fn open(data_dir: &Path) -> Result<(Self, File), Error> {
        let path = data_dir.join("postgres.log");
        let file = open_private(&path, true)?;
        let mut begin = file.metadata().map_err(Error::io("read", &path))?.len();
        if begin > KEPT_BYTES {
            file.set_len(0).map_err(Error::io("empty", &path))?;
            begin = 0;
        }
        Ok((Self { path, begin }, file))
    }

    /// The last lines of this run, or why they cannot be read.
    pub(crate) fn tail(&self) -> String {
        match self.read() {
            Ok(text) if text.trim().is_empty() => "(the log is empty)".to_owned(),
            Ok(text) => last_lines(&text),
            Err(error) => format!("(the log cannot be read: {error})"),
        }
    }

    fn read(&self) -> std::io::Result<String> {
        let mut file = File::open(&self.path)?;
        let begin = self.begin.max(file.metadata()?.len().saturating_sub(TAIL_BYTES));
        file.seek(SeekFrom::Start(begin))?;
        let mut bytes = Vec::new();
        file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// The last [`TAIL_LINES`] lines.
pub(crate) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines.iter().skip(lines.len().saturating_sub(TAIL_LINES)).copied().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_has_the_last_lines() {
        let text = (1..=TAIL_LINES + 1).map(|n| format!("line {n}")).collect::<Vec<_>>().join("\n");
        let tail = last_lines(&text);
        assert!(tail.starts_with("line 2\n"), "{tail}");
        assert!(tail.ends_with(&format!("line {}", TAIL_LINES + 1)), "{tail}");
        assert_eq!(last_lines("one\ntwo\n"), "one\ntwo");
    }
}
