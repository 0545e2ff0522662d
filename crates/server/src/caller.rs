//! Who sends a request, in which language, under which request id.

use crate::App;
use crate::access;
use crate::observe::Seen;
use crate::oidc::Refusal;
use crate::problem::Problem;
use crate::rate_limit::Who;
use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use clinical::finding::Language;
use registry::principal::{PREFIX, Principal, authenticate};
use registry::scope::Author;
use std::sync::Arc;
use uuid::Uuid;

/// An authenticated request.
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    pub(crate) language: Language,
    pub(crate) request_id: Uuid,
    /// The request, to be told what its answer shows.
    pub(crate) seen: Seen,
}

impl Caller {
    pub(crate) fn author(&self) -> Author {
        Author { actor: self.principal.token_id, request_id: self.request_id }
    }

    pub(crate) fn problem(&self) -> impl Fn(registry::Error) -> Problem + use<> {
        let language = self.language;
        move |error| Problem::of(error, language)
    }
}

/// The first of English and Chinese that `Accept-Language` names.
pub(crate) fn language(headers: &HeaderMap) -> Language {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    for tag in wanted.split(',') {
        let tag = tag.trim().to_ascii_lowercase();
        if tag.starts_with("zh") {
            return Language::Zh;
        }
        if tag.starts_with("en") {
            return Language::En;
        }
    }
    Language::En
}

fn unauthorized(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "A valid token is needed", detail)
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let language = language(&parts.headers);
        let value = parts
            .headers
            .get(header::AUTHORIZATION)
            .ok_or_else(|| unauthorized("Send the header Authorization: Bearer <token>."))?;
        let secret = value
            .to_str()
            .ok()
            .and_then(|v| v.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or_else(|| unauthorized("The Authorization header is not of the form: Bearer <token>."))?;
        let seen = parts.extensions.get::<Seen>().cloned().unwrap_or_default();
        let stranger = Who::Stranger(seen.origin);
        if let Some(wait) = app.rate_limit.look(stranger).and_then(|d| d.retry_after) {
            return Err(Problem::too_many(wait));
        }
        let principal = match principal(app, seen.request_id, secret, language).await {
            Ok(principal) => principal,
            Err(problem) => {
                if problem.status == StatusCode::UNAUTHORIZED.as_u16() {
                    app.rate_limit.take(stranger);
                }
                return Err(problem);
            }
        };
        tracing::Span::current().record("actor", tracing::field::display(principal.token_id));
        if let Some(decision) = app.rate_limit.take(Who::Actor(principal.token_id)) {
            seen.tell(decision);
            if let Some(wait) = decision.retry_after {
                return Err(Problem::too_many(wait));
            }
        }
        let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        access::scoped(&principal, &parts.method, route)?;
        seen.by(&principal);
        Ok(Self { principal, language, request_id: seen.request_id, seen })
    }
}

/// Whose token this is: one of the registry's own, or one of the identity provider.
async fn principal(
    app: &App,
    request_id: Uuid,
    secret: &str,
    language: Language,
) -> Result<Principal, Problem> {
    let unknown = || unauthorized("The token is unknown, expired or revoked.");
    match &app.oidc {
        Some(oidc) if !secret.starts_with(PREFIX) => {
            oidc.authenticate(&app.database, request_id, secret).await.map_err(|refusal| match refusal {
                Refusal::Invalid(what) => unauthorized(&what),
                Refusal::Nobody(what) => Problem::forbidden(what),
                Refusal::Unavailable => Problem::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "unavailable",
                    "The identity provider does not answer",
                    "Its keys are needed to check the token. Send the request again later.",
                ),
                Refusal::Registry(error) => Problem::of(error, language),
            })
        }
        _ => authenticate(&app.database, secret)
            .await
            .map_err(|error| Problem::of(error, language))?
            .ok_or_else(unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_known_language_wins() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, text.parse().unwrap());
            language(&headers)
        };
        assert_eq!(of("zh-CN,zh;q=0.9,en;q=0.8"), Language::Zh);
        assert_eq!(of("en-GB, zh"), Language::En);
        assert_eq!(of("fr, zh-Hans"), Language::Zh);
        assert_eq!(of("fr"), Language::En);
        assert_eq!(language(&HeaderMap::new()), Language::En);
    }
}
