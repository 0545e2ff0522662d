//! What a token is limited to, beside its role.

use std::fmt;
use std::str::FromStr;

/// Part of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// Records, submissions and queries: everything that is not listed below.
    Records,
    /// Reports and snapshots.
    Reports,
    /// The audit log.
    Audit,
    /// Tokens, centers and products.
    Administration,
}

/// What is done there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing in the registry changes but its audit log.
    Read,
    /// Something changes.
    Write,
}

/// One scope: `read`, `write`, or either of one area, for example `records:read`. Writing does not include reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenScope {
    area: Option<Area>,
    access: Access,
}

const AREAS: [(Area, &str); 4] = [
    (Area::Records, "records"),
    (Area::Reports, "reports"),
    (Area::Audit, "audit"),
    (Area::Administration, "administration"),
];

impl TokenScope {
    /// What a scope may look like, for messages.
    pub const ACCEPTED: &str =
        "read, write, or either of records, reports, audit and administration, for example records:read";

    fn permits(self, area: Area, access: Access) -> bool {
        self.access == access && self.area.is_none_or(|a| a == area)
    }

    fn includes(self, other: Self) -> bool {
        self.access == other.access && (self.area.is_none() || self.area == other.area)
    }
}

/// True when scopes permit this; none at all leave everything to the role.
pub fn permitted(scopes: &[TokenScope], area: Area, access: Access) -> bool {
    scopes.is_empty() || scopes.iter().any(|s| s.permits(area, access))
}

/// True when `wanted` permits nothing that `own` does not.
pub fn within(wanted: &[TokenScope], own: &[TokenScope]) -> bool {
    own.is_empty() || (!wanted.is_empty() && wanted.iter().all(|w| own.iter().any(|o| o.includes(*w))))
}

impl Area {
    /// As written in a scope.
    pub fn code(self) -> &'static str {
        AREAS.iter().find(|(area, _)| *area == self).map_or("", |(_, code)| *code)
    }
}

impl Access {
    /// As written in a scope.
    pub fn code(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

impl fmt::Display for TokenScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.area {
            Some(area) => write!(f, "{}:{}", area.code(), self.access.code()),
            None => f.write_str(self.access.code()),
        }
    }
}

impl FromStr for TokenScope {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (area, access) = match text.split_once(':') {
            Some((area, access)) => (Some(AREAS.iter().find(|(_, code)| *code == area).ok_or(())?.0), access),
            None => (None, text),
        };
        let access = [Access::Read, Access::Write].into_iter().find(|a| a.code() == access).ok_or(())?;
        Ok(Self { area, access })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(texts: &[&str]) -> Vec<TokenScope> {
        texts.iter().map(|t| t.parse().unwrap()).collect()
    }

    #[test]
    fn scopes_are_read_as_they_are_written() {
        for text in ["read", "write", "records:read", "reports:write", "audit:read", "administration:write"] {
            assert_eq!(text.parse::<TokenScope>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "all",
            "Read",
            "read ",
            "records",
            "records:",
            ":read",
            "records:all",
            "*:read",
            "records:read:x",
        ] {
            assert!(text.parse::<TokenScope>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_scope_permits_its_part_only() {
        let of = |texts: &[&str], area, access| permitted(&scopes(texts), area, access);
        assert!(of(&[], Area::Audit, Access::Write), "no scope is no limit");
        assert!(of(&["read"], Area::Records, Access::Read) && of(&["read"], Area::Audit, Access::Read));
        assert!(!of(&["read"], Area::Records, Access::Write));
        assert!(!of(&["write"], Area::Records, Access::Read), "writing does not include reading");
        assert!(of(&["records:read"], Area::Records, Access::Read));
        assert!(!of(&["records:read"], Area::Reports, Access::Read));
        assert!(of(&["records:read", "reports:write"], Area::Reports, Access::Write));
    }

    #[test]
    fn a_token_makes_none_that_may_more_than_itself() {
        let of = |wanted: &[&str], own: &[&str]| within(&scopes(wanted), &scopes(own));
        assert!(of(&["read"], &[]) && of(&[], &[]));
        assert!(!of(&[], &["read"]), "a token without scopes may everything");
        assert!(of(&["records:read"], &["read"]) && of(&["read"], &["read", "write"]));
        assert!(!of(&["read"], &["records:read"]) && !of(&["records:write"], &["read"]));
        assert!(!of(&["read", "write"], &["read"]));
    }
}
