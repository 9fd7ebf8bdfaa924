//! Signing in and out with a plain form, which works without scripts.

use app::{
    context::Current,
    pages::{Found, RefusedSignIn},
};
use axum::{
    Extension, Form,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;
use service::{ServiceError, Services, ports::User};
use tower_sessions::Session;

use super::{guard::SIGN_IN, second_step, show};
use crate::{
    AppState,
    api::problem::Problem,
    middleware::{address::ClientAddress, guesses::Secret},
    sessions,
};

/// The sign-in form.
#[derive(Deserialize)]
pub struct SignIn {
    email: String,
    password: String,
    #[serde(default)]
    next: Option<String>,
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
    // Counted before anything is hashed: of any number of attempts at once only so many are looked at.
    let email = service::email_address::normal(&form.email);
    let guess = state.guesses.guess(Secret::Password, Some(&email), address);
    let guess = match guess {
        Ok(guess) => guess,
        Err(too_many) => {
            let page = again(&state, &next, form.email, too_many.words()).await;
            return with_status_of(too_many.into_response(), page);
        }
    };
    let attempt = Attempt {
        session: &session,
        address,
        headers: &headers,
    };
    match attempt
        .check(&state.services, &form.email, form.password)
        .await
    {
        Ok(None) => {
            guess.give_back();
            Redirect::to(&next).into_response()
        }
        Ok(Some(user)) => {
            guess.give_back();
            match second_step::begin(&state.services, &state.origin, &user, next).await {
                Ok(asked) => asked,
                Err(error) => Problem::from(error).into_response(),
            }
        }
        Err(ServiceError::Unauthenticated) => {
            let words = "Incorrect email or password.".to_owned();
            let page = again(&state, &next, form.email, words).await;
            with_status_of(StatusCode::UNPROCESSABLE_ENTITY.into_response(), page)
        }
        Err(error) => {
            guess.give_back();
            Problem::from(error).into_response()
        }
    }
}

/// The form again: the address stays in it, and what is wrong stands at the password.
async fn again(state: &AppState, next: &str, email: String, problem: String) -> Response {
    let sign_on = state.sign_on.as_ref();
    let found = Found::SignIn {
        query: form_urlencoded::Serializer::new(String::new())
            .append_pair("next", next)
            .finish(),
        sign_on: sign_on.map(|sign_on| sign_on.name().to_owned()),
        refused: Some(RefusedSignIn { email, problem }),
    };
    show(state, Current::default(), found).await
}

/// A page as the answer that another one would have been.
fn with_status_of(answer: Response, mut page: Response) -> Response {
    let (parts, _) = answer.into_parts();
    *page.status_mut() = parts.status;
    if let Some(wait) = parts.headers.get(header::RETRY_AFTER) {
        page.headers_mut().insert(header::RETRY_AFTER, wait.clone());
    }
    page
}

/// Where a sign-in comes from.
struct Attempt<'a> {
    session: &'a Session,
    address: ClientAddress,
    headers: &'a HeaderMap,
}

impl Attempt<'_> {
    /// Signs somebody in; the person, when a second step is to come first.
    async fn check(
        &self,
        services: &Services,
        email: &str,
        password: String,
    ) -> Result<Option<User>, ServiceError> {
        let address = self.address.text();
        let user = services
            .sign_in(email, password, address.as_deref())
            .await?;
        let now = services.now();
        if user.second_factor.is_set {
            return Ok(Some(user));
        }
        sessions::begin(self.session, user.id, now, self.address, self.headers).await?;
        sessions::confirm(self.session, services, &user).await?;
        Ok(None)
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
