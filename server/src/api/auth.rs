//! Who calls: a program with an API key, or, for reading only, a signed-in person.

use app::context::Current;
use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{Extensions, HeaderMap, header, request::Parts},
};
use service::{Caller, ServiceError};

use super::problem::Problem;
use crate::{
    AppState,
    middleware::{address::ClientAddress, guesses::Secret},
    seat::Seat,
};

/// A caller who is known.
#[derive(Debug, Clone)]
pub struct Authed(pub Caller);

/// The bearer token of a request, if it has one.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Tells that a request was counted against the rate of its key.
#[derive(Debug, Clone, Copy)]
pub struct Counted;

/// Who sent the key of a request. Counts the request, once, against the rate of its key; a wrong key as a guess.
pub async fn key_caller(
    state: &AppState,
    headers: &HeaderMap,
    extensions: &mut Extensions,
) -> Result<Caller, Problem> {
    let token = bearer(headers).ok_or_else(Problem::unauthenticated)?;
    let address = ClientAddress::of(extensions);
    match state.services.caller_of_token(token).await {
        Ok(caller) => {
            Seat::is_of(extensions, &caller);
            if extensions.insert(Counted).is_none() {
                state.limiter.of_caller(&caller)?;
            }
            Ok(caller.at(address.text()))
        }
        Err(error @ ServiceError::Unauthenticated) => {
            // Keys are told from their hash, which costs nothing: all that is counted are the wrong ones, so that
            // programs with right ones are never kept out by others at their address.
            let _stays_counted = state.guesses.guess(Secret::Key, None, address)?;
            Err(error.into())
        }
        Err(error) => Err(error.into()),
    }
}

impl FromRequestParts<AppState> for Authed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let is_safe = parts.method.is_safe();
        // A cookie must not write: a browser sends it along without being asked.
        if is_safe
            && !parts.headers.contains_key(header::AUTHORIZATION)
            && let Some(caller) = parts
                .extensions
                .get::<Current>()
                .and_then(|current| current.caller().cloned())
        {
            Seat::of(&parts.extensions, &caller).await?;
            return Ok(Self(caller));
        }
        let caller = key_caller(state, &parts.headers, &mut parts.extensions).await?;
        if is_safe {
            Seat::of(&parts.extensions, &caller).await?;
        }
        Ok(Self(caller))
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
