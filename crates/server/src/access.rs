//! Who may do what: the access table of ARCHITECTURE.md. Anything not granted here is refused.

use crate::problem::Problem;
use axum::http::{Method, StatusCode};
use registry::principal::{Principal, Role};
use registry::token_scope::{Access, Area, permitted};

/// Which part of the interface a route belongs to, and whether it changes anything.
fn kind(method: &Method, route: &str) -> (Area, Access) {
    let reading = matches!(*method, Method::GET | Method::HEAD);
    let begins = |prefixes: &[&str]| prefixes.iter().any(|p| route.starts_with(p));
    // Centers and products are needed to make sense of records.
    let area = if begins(&["/v1/tokens"]) || (!reading && begins(&["/v1/centers", "/v1/products"])) {
        Area::Administration
    } else if begins(&["/v1/audit"]) {
        Area::Audit
    } else if begins(&["/v1/reports", "/v1/snapshots"]) {
        Area::Reports
    } else {
        Area::Records
    };
    // Some questions are too long for a URL.
    let question = matches!(route, "/v1/reports" | "/v1/audit/verification");
    (area, if reading || question { Access::Read } else { Access::Write })
}

/// Refuses what the scopes of a token leave out, whatever its role.
pub(crate) fn scoped(principal: &Principal, method: &Method, route: &str) -> Result<(), Problem> {
    let (area, access) = kind(method, route);
    if permitted(&principal.scopes, area, access) {
        return Ok(());
    }
    let own: Vec<String> = principal.scopes.iter().map(ToString::to_string).collect();
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "scope",
        "The token does not cover this",
        format!("The token is limited to {}; this needs {}:{}.", own.join(", "), area.code(), access.code()),
    ))
}

/// The center a caller writes to.
pub(crate) fn writes(principal: &Principal) -> Result<&str, Problem> {
    principal.own_center().ok_or_else(|| {
        Problem::forbidden(format!(
            "A {} does not write clinical records; only a center's submitter or lead does.",
            principal.role.code()
        ))
    })
}

/// The centers whose clinical rows a caller reads.
pub(crate) fn reads(principal: &Principal) -> Result<&[String], Problem> {
    match principal.readable_centers() {
        [] => Err(Problem::forbidden(format!("A {} has no access to patient rows.", principal.role.code()))),
        centers => Ok(centers),
    }
}

/// The rows a caller's reports rest on: `None` for all centers.
pub(crate) fn reports(principal: &Principal) -> Result<Option<&[String]>, Problem> {
    match principal.role {
        Role::Submitter | Role::Lead | Role::Monitor => Ok(Some(&principal.centers)),
        Role::Statistician => Ok(None),
        Role::Sponsor => {
            Err(Problem::forbidden("Sponsors receive no report until disclosure control exists."))
        }
        Role::Auditor | Role::Admin => {
            Err(Problem::forbidden(format!("A {} receives no reports.", principal.role.code())))
        }
    }
}

/// Refuses every role but those listed.
pub(crate) fn only(principal: &Principal, roles: &[Role]) -> Result<(), Problem> {
    if roles.contains(&principal.role) {
        return Ok(());
    }
    let may: Vec<&str> = roles.iter().map(|r| r.code()).collect();
    Err(Problem::forbidden(format!(
        "A {} may not do this; accepted: {}.",
        principal.role.code(),
        may.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(role: Role) -> Principal {
        let centers = if matches!(role, Role::Submitter | Role::Lead | Role::Monitor) {
            vec!["A".to_owned()]
        } else {
            Vec::new()
        };
        Principal {
            token_id: uuid::Uuid::nil(),
            label: String::new(),
            role,
            centers,
            products: vec!["axi-cel".to_owned()],
            scopes: Vec::new(),
        }
    }

    #[test]
    fn routes_fall_under_the_scope_that_their_name_says() {
        let of = |method: Method, route: &str| {
            let (area, access) = kind(&method, route);
            format!("{}:{}", area.code(), access.code())
        };
        assert_eq!(of(Method::GET, "/v1/patients/{record_id}"), "records:read");
        assert_eq!(of(Method::PUT, "/v1/patients/{record_id}"), "records:write");
        assert_eq!(of(Method::POST, "/v1/submissions"), "records:write");
        assert_eq!(of(Method::GET, "/v1/centers"), "records:read");
        assert_eq!(of(Method::POST, "/v1/centers"), "administration:write");
        assert_eq!(of(Method::GET, "/v1/tokens"), "administration:read");
        assert_eq!(of(Method::DELETE, "/v1/tokens/{token_id}"), "administration:write");
        assert_eq!(of(Method::POST, "/v1/reports"), "reports:read");
        assert_eq!(of(Method::POST, "/v1/snapshots"), "reports:write");
        assert_eq!(of(Method::GET, "/v1/audit/export"), "audit:read");
        assert_eq!(of(Method::POST, "/v1/audit/verification"), "audit:read");
    }

    #[test]
    fn each_role_gets_exactly_its_row_of_the_table() {
        let granted = |role: Role| {
            let p = principal(role);
            (writes(&p).is_ok(), reads(&p).is_ok(), reports(&p).is_ok())
        };
        assert_eq!(granted(Role::Submitter), (true, true, true));
        assert_eq!(granted(Role::Lead), (true, true, true));
        assert_eq!(granted(Role::Monitor), (false, true, true));
        assert_eq!(granted(Role::Statistician), (false, false, true));
        assert_eq!(granted(Role::Sponsor), (false, false, false));
        assert_eq!(granted(Role::Auditor), (false, false, false));
        assert_eq!(granted(Role::Admin), (false, false, false));
    }

    #[test]
    fn only_the_statistician_reports_over_all_centers() {
        assert_eq!(reports(&principal(Role::Statistician)).ok(), Some(None));
        assert_eq!(reports(&principal(Role::Lead)).ok(), Some(Some(&["A".to_owned()][..])));
    }
}
