//! Signing in and out with a plain form, which works without scripts.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use axum::{
    Extension, Form,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use domain::{Time, time::MINUTE_US};
use serde::Deserialize;
use service::{ServiceError, Services, ports::User};
use tower_sessions::Session;

use super::guard::{SIGN_IN, sign_in_path};
use crate::{AppState, api::problem::Problem, middleware::address::ClientAddress, sessions};

/// Failed sign-ins of one address for one email address that a minute may see.
const MAX_FAILURES: u32 = 10;
/// Failed sign-ins of one address for anyone: behind it may be a whole office.
const MAX_FAILURES_OF_ADDRESS: u32 = 60;
/// Names remembered: past it the oldest minute's are let go.
const MAX_NAMES: usize = 20_000;

/// The sign-in form.
#[derive(Deserialize)]
pub struct SignIn {
    email: String,
    password: String,
    #[serde(default)]
    next: Option<String>,
}

/// Failed sign-ins of the running minute.
#[derive(Debug, Default)]
pub struct Attempts(Mutex<HashMap<Name, (Time, u32)>>);

/// An email address, or none for all of them, and where it was typed.
type Name = (String, Option<IpAddr>);

impl Attempts {
    /// How many seconds to wait, when there were too many failures.
    fn wait_s(&self, name: &Name, now: Time) -> Option<u32> {
        let most = if name.0.is_empty() {
            MAX_FAILURES_OF_ADDRESS
        } else {
            MAX_FAILURES
        };
        let failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) = failures.get(name)?;
        let left_us = MINUTE_US - now.micros_since(*since);
        (*count >= most && left_us > 0)
            .then(|| u32::try_from(left_us / 1_000_000 + 1).unwrap_or(60))
    }

    fn failed(&self, name: Name, now: Time) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= MAX_NAMES {
            failures.retain(|_, (since, _)| now.micros_since(*since) < MINUTE_US);
        }
        let entry = failures.entry(name).or_insert((now, 0));
        *entry = if now.micros_since(entry.0) >= MINUTE_US {
            (now, 1)
        } else {
            (entry.0, entry.1 + 1)
        };
    }
}

/// A path on this server to go on to; anything else leads home.
pub fn local(next: Option<&str>) -> String {
    let is_local = |path: &&str| {
        path.starts_with('/')
            && !path.starts_with("//")
            && !path.contains('\\')
            && !path.chars().any(char::is_control)
            && !path.starts_with(SIGN_IN)
    };
    next.filter(is_local).unwrap_or("/").to_owned()
}

/// `POST /sign-in`
pub async fn sign_in(
    State(state): State<AppState>,
    Extension(address): Extension<ClientAddress>,
    headers: HeaderMap,
    session: Session,
    Form(form): Form<SignIn>,
) -> Response {
    let next = local(form.next.as_deref());
    let now = state.services.now();
    let name = (service::email_address::normal(&form.email), address.0);
    let everyone = (String::new(), address.0);
    let waits = [&name, &everyone].map(|name| state.attempts.wait_s(name, now));
    if let Some(seconds) = waits.into_iter().flatten().max() {
        let text = format!("Too many attempts: try again in {seconds} s.\n");
        return (
            StatusCode::TOO_MANY_REQUESTS,
            [(header::RETRY_AFTER, seconds.to_string())],
            text,
        )
            .into_response();
    }
    let attempt = Attempt {
        session: &session,
        address,
        headers: &headers,
    };
    match attempt
        .check(&state.services, &form.email, form.password)
        .await
    {
        Ok(()) => Redirect::to(&next).into_response(),
        Err(ServiceError::Unauthenticated) => {
            state.attempts.failed(name, now);
            state.attempts.failed(everyone, now);
            Redirect::to(&sign_in_path(&next, true)).into_response()
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

/// Where a sign-in comes from.
struct Attempt<'a> {
    session: &'a Session,
    address: ClientAddress,
    headers: &'a HeaderMap,
}

impl Attempt<'_> {
    async fn check(
        &self,
        services: &Services,
        email: &str,
        password: String,
    ) -> Result<(), ServiceError> {
        let address = self.address.text();
        let user = services
            .sign_in(email, password, address.as_deref())
            .await?;
        let now = services.now();
        sessions::begin(self.session, user.id, now, self.address, self.headers).await?;
        self.confirm(services, &user).await
    }

    /// Whose password was replaced while it was checked, or who was disabled, is not signed in: what ended their sessions
    /// could not know of this one, which is stored by now.
    async fn confirm(&self, services: &Services, user: &User) -> Result<(), ServiceError> {
        self.session.save().await.map_err(sessions::broken)?;
        let current = services.signed_in(user.id).await?;
        if current.is_some_and(|current| current.password_hash == user.password_hash) {
            return Ok(());
        }
        self.session.flush().await.map_err(sessions::broken)?;
        Err(ServiceError::Unauthenticated)
    }
}

/// `POST /sign-out`
pub async fn sign_out(
    State(services): State<Services>,
    session: Session,
    headers: HeaderMap,
) -> Response {
    let ended = async {
        session.flush().await.map_err(sessions::broken)?;
        sessions::end_portal(&services, &headers).await
    };
    let mut response = Redirect::to(SIGN_IN).into_response();
    match ended.await {
        Ok(forget) => {
            if let Some(forget) = forget {
                response.headers_mut().append(header::SET_COOKIE, forget);
            }
            response
        }
        Err(error) => {
            tracing::error!(%error, "a session could not be ended");
            Problem::internal().into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_server_are_gone_on_to() {
        assert_eq!(
            local(Some("/billing/usage?period=7d")),
            "/billing/usage?period=7d"
        );
        for elsewhere in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "evil",
            "",
            "/a\r\nb",
            "/sign-in",
        ] {
            assert_eq!(local(Some(elsewhere)), "/", "{elsewhere}");
        }
    }
}
