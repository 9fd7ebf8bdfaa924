//! The second step of signing in: the code of a person's app, or a recovery code.
//!
//! Between password and code nobody is signed in and nothing is stored: the browser keeps what it has shown, sealed, for
//! five minutes.

use app::{
    context::Current,
    pages::{Found, settings::SecondFactorPage},
};
use axum::{
    Extension, Form,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Redirect, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{UserId, time::MINUTE_US};
use serde::{Deserialize, Serialize};
use service::{
    ServiceError, ServiceResult, Services, ports::User, sessions::UnderWay, tries::TriedCode,
};
use sha2::{Digest as _, Sha256};
use tower_sessions::Session;

use super::{
    guard::SIGN_IN,
    kept::{SealedCookie, short},
    refused, show,
};
use crate::{
    AppState,
    api::problem::Problem,
    middleware::{
        address::ClientAddress,
        guesses::{Secret, TooMany},
    },
    sessions,
    state::Origin,
};

/// Where the code is asked for.
pub const SECOND_STEP: &str = "/sign-in/code";
/// Kept for as long as somebody may take for the code.
const COOKIE: SealedCookie = SealedCookie {
    waits: UnderWay::SecondStep,
    plain: "creditscope_second_step",
    host: "__Host-creditscope_second_step",
    life_us: 5 * MINUTE_US,
};

/// Somebody whose password was right.
#[derive(Serialize, Deserialize)]
struct Pending {
    user: i64,
    /// A hash of their password's hash: another password, and this is worth nothing.
    password: String,
    next: String,
}

/// The code.
#[derive(Deserialize)]
pub struct CodeForm {
    code: String,
}

/// Sends somebody whose password was right on to the second step.
pub async fn begin(
    services: &Services,
    origin: &Origin,
    user: &User,
    next: String,
) -> ServiceResult<Response> {
    let pending = Pending {
        user: user.id.0,
        password: fingerprint(user),
        next: short(next),
    };
    let kept = COOKIE.keep(services, origin, &pending).await?;
    Ok(([(header::SET_COOKIE, kept)], Redirect::to(SECOND_STEP)).into_response())
}

/// Who is between the steps; nobody when that is too long ago, or their password is another one by now.
async fn pending(
    services: &Services,
    origin: &Origin,
    headers: &HeaderMap,
) -> ServiceResult<Option<(Pending, User)>> {
    let pending: Option<Pending> = COOKIE.of(services, origin, headers).await?;
    let Some(pending) = pending else {
        return Ok(None);
    };
    let user = services.signed_in(UserId(pending.user)).await?;
    let user = user.filter(|user| fingerprint(user) == pending.password);
    Ok(user.map(|user| (pending, user)))
}

fn fingerprint(user: &User) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(user.password_hash.as_bytes()))
}

async fn ask(state: &AppState, problem: Option<String>) -> Response {
    let page = Found::SecondFactor(Box::new(SecondFactorPage::Step { problem }));
    let mut response = show(state, Current::default(), page).await;
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}

/// `GET /sign-in/code`
pub async fn show_step(State(state): State<AppState>, headers: HeaderMap) -> Response {
    match pending(&state.services, &state.origin, &headers).await {
        Ok(Some(_)) => ask(&state, None).await,
        Ok(None) => Redirect::to(SIGN_IN).into_response(),
        Err(error) => refused(&state, error).await,
    }
}

/// `POST /sign-in/code`
pub async fn check(
    State(state): State<AppState>,
    Extension(address): Extension<ClientAddress>,
    headers: HeaderMap,
    session: Session,
    Form(form): Form<CodeForm>,
) -> Response {
    let (services, origin) = (&state.services, &state.origin);
    let (pending, user) = match pending(services, origin, &headers).await {
        Ok(Some(found)) => found,
        Ok(None) => return Redirect::to(SIGN_IN).into_response(),
        Err(error) => return Problem::from(error).into_response(),
    };
    match try_code(&state, user.id, &form.code, address).await {
        Ok(Tried::Right) => {}
        Ok(Tried::Wrong(problem)) => return ask(&state, Some(problem)).await,
        Err(error) => return Problem::from(error).into_response(),
    }
    let done = async {
        sessions::begin(&session, user.id, services.now(), address, &headers).await?;
        sessions::confirm(&session, services, &user).await?;
        services
            .record_sign_in(&user, address.text().as_deref())
            .await;
        Ok::<_, ServiceError>(())
    };
    if done.await.is_err() {
        return Redirect::to(SIGN_IN).into_response();
    }
    let mut response = Redirect::to(&pending.next).into_response();
    if let Some(forget) = COOKIE.forget(origin) {
        response.headers_mut().append(header::SET_COOKIE, forget);
    }
    response
}

/// What trying a code came to.
pub enum Tried {
    /// It is right, and used up.
    Right,
    /// It is not, or it was not looked at; why, for the person.
    Wrong(String),
}

/// Tries a code of a person. It is counted before it is looked at: for the address here, and for the person where
/// everything is kept.
pub async fn try_code(
    state: &AppState,
    user: UserId,
    code: &str,
    address: ClientAddress,
) -> ServiceResult<Tried> {
    let guess = match state.guesses.guess(Secret::Code, None, address) {
        Ok(guess) => guess,
        Err(too_many) => return Ok(Tried::Wrong(too_many.words())),
    };
    let text = address.text();
    let tried = state.services.try_code(user, code, text.as_deref()).await;
    if !matches!(tried, Ok(TriedCode::Wrong)) {
        // It was right, or nothing was looked at.
        guess.give_back();
    }
    Ok(match tried? {
        TriedCode::Right => Tried::Right,
        TriedCode::Wrong => Tried::Wrong("Incorrect code.".to_owned()),
        TriedCode::Wait(retry_after_s) => Tried::Wrong(TooMany { retry_after_s }.words()),
        TriedCode::Spent => Tried::Wrong(
            "Too many attempts today: enter a recovery code, or try again tomorrow.".to_owned(),
        ),
    })
}
