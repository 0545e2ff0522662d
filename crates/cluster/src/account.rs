//! The operating-system user that runs the server.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::Error;

/// Users tried when root starts the program and names none.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// User and group the server runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// The server runs as another user than this program, which is root.
    pub(crate) switched: bool,
}

/// Owner of an existing cluster directory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner<'a> {
    pub(crate) path: &'a Path,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Account {
    /// Chooses the user: the one asked for, else the owner of the existing cluster, else (root only) `postgres` or
    /// `nobody`, else the user of this process.
    pub(crate) fn choose(requested: Option<&str>, owner: Option<Owner<'_>>) -> Result<Self, Error> {
        let chosen = if rustix::process::geteuid().is_root() {
            Self::for_root(requested, owner)?
        } else {
            Self::current(requested)?
        };
        match owner {
            Some(owner) if owner.uid != chosen.uid => Err(Error::WrongOwner {
                path: owner.path.to_owned(),
                owner: name_of(owner.uid),
                user: chosen.name,
            }),
            _ => Ok(chosen),
        }
    }

    fn for_root(requested: Option<&str>, owner: Option<Owner<'_>>) -> Result<Self, Error> {
        let account = match (requested, owner) {
            (Some(name), _) => Self::named(name).ok_or_else(|| Error::UnknownUser(name.to_owned()))?,
            (None, Some(owner)) if owner.uid != 0 => Self {
                name: name_of(owner.uid),
                uid: owner.uid,
                gid: passwd(|entry| entry.uid == owner.uid).map_or(owner.gid, |entry| entry.gid),
                switched: true,
            },
            (None, _) => UNPRIVILEGED.into_iter().find_map(Self::named).ok_or(Error::NoUnprivilegedUser)?,
        };
        if account.uid == 0 {
            return Err(Error::RootUser(account.name));
        }
        Ok(account)
    }

    fn current(requested: Option<&str>) -> Result<Self, Error> {
        let uid = rustix::process::geteuid().as_raw();
        let current =
            Self { name: name_of(uid), uid, gid: rustix::process::getegid().as_raw(), switched: false };
        match requested {
            Some(name) => match Self::named(name) {
                None => Err(Error::UnknownUser(name.to_owned())),
                Some(other) if other.uid != uid => {
                    Err(Error::NotRoot { requested: name.to_owned(), current: current.name })
                }
                Some(_) => Ok(current),
            },
            None => Ok(current),
        }
    }

    /// Looks a user up in `/etc/passwd`, then with `id`, which also knows directory services.
    fn named(name: &str) -> Option<Self> {
        let local = passwd(|entry| entry.name == name).map(|entry| (entry.uid, entry.gid));
        let (uid, gid) = local.or_else(|| Some((id("-u", name)?, id("-g", name)?)))?;
        Some(Self { name: name.to_owned(), uid, gid, switched: true })
    }
}

struct Entry {
    name: String,
    uid: u32,
    gid: u32,
}

fn passwd(wanted: impl Fn(&Entry) -> bool) -> Option<Entry> {
    fs::read_to_string("/etc/passwd").ok()?.lines().filter_map(parse).find(wanted)
}

fn parse(line: &str) -> Option<Entry> {
    let mut fields = line.split(':');
    let name = fields.next().filter(|name| !name.is_empty())?.to_owned();
    let uid = fields.nth(1)?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    Some(Entry { name, uid, gid })
}

fn id(flag: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([flag, "--", name]).output().ok()?;
    String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?.trim().parse().ok()
}

fn name_of(uid: u32) -> String {
    passwd(|entry| entry.uid == uid).map_or_else(|| format!("user id {uid}"), |entry| entry.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwd_lines() {
        let entry = parse("postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash");
        let entry = entry.expect("a complete line");
        assert_eq!((entry.name.as_str(), entry.uid, entry.gid), ("postgres", 101, 104));
        for broken in ["", "# comment", "name:x", "name:x:1", "name:x:one:2:", ":x:1:2:"] {
            assert!(parse(broken).is_none(), "{broken:?}");
        }
    }

    #[test]
    fn unknown_users_and_root_are_refused() {
        assert!(matches!(
            Account::choose(Some("no-such-user-here"), None),
            Err(Error::UnknownUser(name)) if name == "no-such-user-here"
        ));
        let refused = Account::choose(Some("root"), None);
        if rustix::process::geteuid().is_root() {
            assert!(matches!(refused, Err(Error::RootUser(_))), "{refused:?}");
        } else {
            assert!(matches!(refused, Err(Error::NotRoot { .. })), "{refused:?}");
        }
    }

    #[test]
    fn a_cluster_of_someone_else_is_refused_when_a_user_is_fixed() {
        let path = Path::new("/somewhere/pgdata");
        let owner = Owner { path, uid: 54_321, gid: 54_321 };
        if rustix::process::geteuid().is_root() {
            let chosen = Account::choose(None, Some(owner)).expect("root follows the owner");
            assert_eq!((chosen.uid, chosen.gid, chosen.switched), (54_321, 54_321, true));
            let refused = Account::choose(Some("nobody"), Some(owner));
            assert!(matches!(refused, Err(Error::WrongOwner { .. })), "{refused:?}");
            let by_root = Account::choose(None, Some(Owner { path, uid: 0, gid: 0 }));
            assert!(matches!(by_root, Err(Error::WrongOwner { .. })), "{by_root:?}");
        } else {
            let refused = Account::choose(None, Some(owner));
            assert!(matches!(refused, Err(Error::WrongOwner { .. })), "{refused:?}");
        }
    }
}
