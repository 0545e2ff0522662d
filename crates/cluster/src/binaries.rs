//! Finding the `PostgreSQL` server binaries of the system.

use std::cmp::Reverse;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;

const OVERRIDE: &str = "SEQUELA_PG_BIN";

/// Directories where packages put the binaries, relative to the root; `*` stands for a version and occurs once.
const PACKAGED: [&str; 9] = [
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "usr/lib/postgresql*/bin",
    "usr/libexec/postgresql*",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
    "home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
    "usr/local/pgsql*/bin",
];

/// A version as `postgres --version` prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// As `PG_VERSION` of a cluster holds it: `15`, and `9.6` before version 10.
    pub major: String,
    /// In full, e.g. `15.8` or `17beta1`.
    pub full: String,
}

impl Version {
    /// Reads the output of `postgres --version`, e.g. `postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)`.
    pub fn parse(output: &str) -> Option<Self> {
        let full = output.split_once("(PostgreSQL)")?.1.split_whitespace().next()?;
        let numbers: Vec<&str> = full.split('.').map(leading_digits).take(2).collect();
        let first: u32 = numbers.first()?.parse().ok()?;
        let major = match numbers.get(1) {
            Some(second) if first < 10 => format!("{first}.{second}"),
            _ => first.to_string(),
        };
        Some(Self { major, full: full.to_owned() })
    }
}

/// A directory that holds `initdb` and `postgres` of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    directory: PathBuf,
    version: Version,
}

impl Binaries {
    /// Finds the binaries: `SEQUELA_PG_BIN` (and nothing else when it is set), then `PATH`, then
    /// `pg_config --bindir`, then the newest version in the directories of the usual packages.
    pub fn find() -> Result<Self, Error> {
        Self::find_with(|name| std::env::var_os(name), Path::new("/"))
    }

    /// [`Binaries::find`] with the environment looked up by `environment` and packages searched below `root`.
    pub fn find_with(environment: impl Fn(&str) -> Option<OsString>, root: &Path) -> Result<Self, Error> {
        Self::search(&environment, root, None)
    }

    /// Prefers binaries of the major version of an existing cluster: a newer version installed beside the old one
    /// must not make the cluster unusable. Falls back on what [`Binaries::find`] would give.
    pub(crate) fn find_for(major: Option<&str>) -> Result<Self, Error> {
        Self::search(&|name| std::env::var_os(name), Path::new("/"), major)
    }

    fn search(
        environment: &dyn Fn(&str) -> Option<OsString>,
        root: &Path,
        major: Option<&str>,
    ) -> Result<Self, Error> {
        let mut searched = Vec::new();
        let mut first = None;
        for (source, directory) in candidates(environment, root, &mut searched) {
            match Self::at(&directory) {
                Ok(found) if major.is_none_or(|major| found.version.major == major) => return Ok(found),
                Ok(found) => first = first.or(Some(found)),
                Err(missing) if source.is_empty() => searched.push(missing),
                Err(missing) => searched.push(format!("{source}: {missing}")),
            }
        }
        first.ok_or_else(|| Error::BinariesNotFound { searched, hint: Self::install_hint() })
    }

    /// The binaries in `directory`, or what is missing there.
    fn at(directory: &Path) -> Result<Self, String> {
        for name in ["postgres", "initdb"] {
            if !is_executable(&directory.join(name)) {
                return Err(format!("{} has no executable {name}", directory.display()));
            }
        }
        // Symbolic links in a PATH directory seldom cover psql and its like.
        let directory = fs::canonicalize(directory.join("postgres"))
            .ok()
            .and_then(|real| real.parent().map(Path::to_owned))
            .filter(|real| is_executable(&real.join("initdb")) && is_executable(&real.join("postgres")))
            .unwrap_or_else(|| directory.to_owned());
        let program = directory.join("postgres");
        let output = Command::new(&program)
            .arg("--version")
            .env_clear()
            .envs(crate::environment::for_server())
            .output()
            .map_err(|error| format!("{} cannot be run: {error}", program.display()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let version = Version::parse(&text)
            .ok_or_else(|| format!("{} --version prints {:?}", program.display(), text.trim()))?;
        Ok(Self { directory, version })
    }

    /// The directory that holds them.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Their version.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// Path of one program of the directory.
    pub fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// How to install the server on this system, in one sentence.
    pub fn install_hint() -> String {
        const COMMANDS: [(&str, &str); 7] = [
            ("usr/bin/apt-get", "apt-get install postgresql"),
            ("usr/bin/dnf", "dnf install postgresql-server"),
            ("usr/bin/zypper", "zypper install postgresql-server"),
            ("sbin/apk", "apk add postgresql"),
            ("usr/bin/pacman", "pacman -S postgresql"),
            ("opt/homebrew/bin/brew", "brew install postgresql@17"),
            ("usr/local/bin/brew", "brew install postgresql@17"),
        ];
        let command = COMMANDS
            .iter()
            .find(|(manager, _)| Path::new("/").join(manager).exists())
            .map_or("apt-get install postgresql", |(_, command)| command);
        format!(
            "Install the server with: {command}; or set {OVERRIDE} to the directory that holds initdb and postgres."
        )
    }
}

/// Directories to try, in order, each with the name of its source; sources without a directory go to `searched`.
fn candidates(
    environment: &dyn Fn(&str) -> Option<OsString>,
    root: &Path,
    searched: &mut Vec<String>,
) -> Vec<(&'static str, PathBuf)> {
    if let Some(directory) = environment(OVERRIDE).filter(|value| !value.is_empty()) {
        return vec![(OVERRIDE, directory.into())];
    }
    searched.push(format!("{OVERRIDE}: not set"));
    let path: Vec<PathBuf> = environment("PATH")
        .map(|path| std::env::split_paths(&path).filter(|part| part.is_absolute()).collect())
        .unwrap_or_default();
    let mut found: Vec<(&'static str, PathBuf)> = path
        .iter()
        .filter(|part| is_executable(&part.join("postgres")) && is_executable(&part.join("initdb")))
        .map(|part| ("PATH", part.clone()))
        .collect();
    if found.is_empty() {
        searched.push("PATH: no directory with both initdb and postgres".to_owned());
    }
    match path.iter().map(|part| part.join("pg_config")).find(|program| is_executable(program)) {
        Some(program) => match configured(&program) {
            Some(directory) => found.push(("pg_config --bindir", directory)),
            None => searched.push(format!("{} --bindir: no answer", program.display())),
        },
        None => searched.push("pg_config: not in PATH".to_owned()),
    }
    let mut packaged: Vec<PathBuf> =
        PACKAGED.iter().flat_map(|pattern| expand(root, pattern)).filter(|path| path.is_dir()).collect();
    packaged.sort_by_key(|path| Reverse(numbers(path)));
    if packaged.is_empty() {
        let patterns: Vec<String> =
            PACKAGED.iter().map(|pattern| root.join(pattern).display().to_string()).collect();
        searched.push(format!("none of {}", patterns.join(", ")));
    }
    found.extend(packaged.into_iter().map(|path| ("", path)));
    found
}

fn configured(program: &Path) -> Option<PathBuf> {
    let output = Command::new(program).arg("--bindir").output().ok().filter(|o| o.status.success())?;
    let mut line = output.stdout;
    line.truncate(line.trim_ascii_end().len());
    Some(PathBuf::from(OsString::from_vec(line))).filter(|path| path.is_absolute())
}

/// Paths that match a pattern with one `*`, which does not match a separator.
fn expand(root: &Path, pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return vec![root.join(pattern)];
    };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let Ok(entries) = fs::read_dir(root.join(parent)) else {
        return Vec::new();
    };
    entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path().join(after.trim_start_matches('/')))
        .collect()
}

/// All numbers in a path, so that 17 sorts after 9.6.
fn numbers(path: &Path) -> Vec<u32> {
    path.to_string_lossy()
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect()
}

fn leading_digits(text: &str) -> &str {
    text.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default()
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn major(output: &str) -> Option<String> {
        Version::parse(output).map(|version| version.major)
    }

    #[test]
    fn versions_of_releases_betas_and_distributions() {
        assert_eq!(major("postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)\n").as_deref(), Some("15"));
        assert_eq!(major("postgres (PostgreSQL) 17beta1").as_deref(), Some("17"));
        assert_eq!(major("postgres (PostgreSQL) 18devel").as_deref(), Some("18"));
        assert_eq!(major("postgres (PostgreSQL) 10.23").as_deref(), Some("10"));
        assert_eq!(major("postgres (PostgreSQL) 9.6.24").as_deref(), Some("9.6"));
        assert_eq!(major("psql 15.8"), None);
        assert_eq!(major("postgres (PostgreSQL) devel"), None);
        assert_eq!(major("postgres (PostgreSQL)"), None);
    }

    #[test]
    fn the_newest_version_is_compared_as_a_number() {
        let mut paths = vec![PathBuf::from("/usr/lib/postgresql/9.6/bin"), "/usr/pgsql-15/bin".into()];
        paths.push("/usr/lib/postgresql/16/bin".into());
        paths.sort_by_key(|path| Reverse(numbers(path)));
        assert_eq!(paths[0], Path::new("/usr/lib/postgresql/16/bin"));
        assert_eq!(paths[2], Path::new("/usr/lib/postgresql/9.6/bin"));
    }
}
