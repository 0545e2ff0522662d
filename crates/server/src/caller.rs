//! Who sends a request, in which language, under which request id.

use crate::App;
use crate::observe::RequestId;
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use clinical::finding::Language;
use registry::principal::{Principal, authenticate};
use registry::scope::Author;
use std::sync::Arc;
use uuid::Uuid;

/// An authenticated request.
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    pub(crate) language: Language,
    pub(crate) request_id: Uuid,
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
        let principal = authenticate(&app.database, secret)
            .await
            .map_err(|error| Problem::of(error, language))?
            .ok_or_else(|| unauthorized("The token is unknown, expired or revoked."))?;
        let request_id = parts.extensions.get::<RequestId>().map_or_else(Uuid::now_v7, |id| id.0);
        tracing::Span::current().record("actor", tracing::field::display(principal.token_id));
        Ok(Self { principal, language, request_id })
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
