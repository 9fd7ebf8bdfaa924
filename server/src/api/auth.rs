//! Who calls: a program with an API key, or, for reading only, a signed-in person.

use app::context::Current;
use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, header, request::Parts},
};
use service::{Caller, Services};

use super::problem::Problem;
use crate::{AppState, middleware::address::ClientAddress};

/// A caller who is known.
#[derive(Debug, Clone)]
pub struct Authed(pub Caller);

/// The bearer token of a request, if it has one.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Who sent the key of a request.
pub async fn key_caller(services: &Services, headers: &HeaderMap) -> Result<Caller, Problem> {
    let token = bearer(headers).ok_or_else(Problem::unauthenticated)?;
    Ok(services.caller_of_token(token).await?)
}

impl FromRequestParts<AppState> for Authed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        // A cookie must not write: a browser sends it along without being asked.
        if parts.method.is_safe()
            && !parts.headers.contains_key(header::AUTHORIZATION)
            && let Some(caller) = parts
                .extensions
                .get::<Current>()
                .and_then(|current| current.caller().cloned())
        {
            return Ok(Self(caller));
        }
        let address = ClientAddress::of(&parts.extensions);
        match key_caller(&state.services, &parts.headers).await {
            Ok(caller) => {
                state.limiter.of_caller(&caller)?;
                Ok(Self(caller.at(address.text())))
            }
            Err(problem) if bearer(&parts.headers).is_some() && problem.is_unauthenticated() => {
                state.limiter.wrong_key(address)?;
                Err(problem)
            }
            Err(problem) => Err(problem),
        }
    }
}

impl OptionalFromRequestParts<AppState> for Authed {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Option<Self>, Self::Rejection> {
        Ok(
            <Self as FromRequestParts<AppState>>::from_request_parts(parts, state)
                .await
                .ok(),
        )
    }
}
