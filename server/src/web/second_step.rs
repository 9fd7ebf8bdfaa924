//! The second step of signing in: a passkey, the code of a person's app, or a recovery code.
//!
//! Between the steps nobody is sealed in and nothing is stored: the browser keeps what it has shown, sealed, for
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
    ServiceError, ServiceResult, Services,
    ports::{PasskeyPurpose, User},
    sessions::UnderWay,
    tries::{TriedCode, TriedPasskey},
};
use sha2::{Digest as _, Sha256};
use tower_sessions::Session;

use super::{
    guard::SIGN_IN,
    kept::{SealedCookie, short},
    passkeys, refused, show,
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

/// A code, or what the browser answers with a passkey.
#[derive(Deserialize)]
pub struct CodeForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    passkey: String,
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

async fn ask(state: &AppState, user: &User, problem: Option<String>) -> Response {
    let page = SecondFactorPage::Step {
        has_passkey: passkeys::has_passkey(state, user).await,
        has_app: user.second_factor.has_app,
        problem,
    };
    let page = Found::SecondFactor(Box::new(page));
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
        Ok(Some((_, user))) => ask(&state, &user, None).await,
        Ok(None) => Redirect::to(SIGN_IN).into_response(),
        Err(error) => refused(&state, error).await,
    }
}

/// `POST /sign-in/passkey`: what a passkey signs, for somebody whose password was right.
pub async fn ask_passkey(State(state): State<AppState>, headers: HeaderMap) -> Response {
    match pending(&state.services, &state.origin, &headers).await {
        Ok(Some((_, user))) => passkeys::asked(&state, user.id, PasskeyPurpose::SignIn).await,
        Ok(None) => Problem::from(ServiceError::Unauthenticated).into_response(),
        Err(error) => Problem::from(error).into_response(),
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
    let proof = if form.passkey.is_empty() {
        Proof::Code(&form.code)
    } else {
        Proof::Passkey(PasskeyPurpose::SignIn, &form.passkey)
    };
    match try_proof(&state, &user, proof, address).await {
        Ok(Tried::Right) => {}
        Ok(Tried::Wrong(problem)) => return ask(&state, &user, Some(problem)).await,
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

/// What somebody shows of their second factor.
#[derive(Clone, Copy)]
pub enum Proof<'a> {
    /// A code of their app, or a recovery code.
    Code(&'a str),
    /// What their browser answers with a passkey, asked for this purpose.
    Passkey(PasskeyPurpose, &'a str),
}

/// What trying it came to.
pub enum Tried {
    /// It is right, and used up.
    Right,
    /// It is not, or it was not looked at; why, for the person.
    Wrong(String),
}

/// Tries what a person shows. It is counted before it is looked at: for the address here, and for the person where
/// everything is kept.
pub async fn try_proof(
    state: &AppState,
    user: &User,
    proof: Proof<'_>,
    address: ClientAddress,
) -> ServiceResult<Tried> {
    let guess = match state.guesses.guess(Secret::Code, None, address) {
        Ok(guess) => guess,
        Err(too_many) => return Ok(Tried::Wrong(too_many.words())),
    };
    let text = address.text();
    let (tried, was_looked_at) = match proof {
        Proof::Code(code) => code_tried(state, user, code, text.as_deref()).await?,
        Proof::Passkey(purpose, answer) => {
            passkey_tried(state, user, purpose, answer, text.as_deref()).await?
        }
    };
    if matches!(tried, Tried::Right) || !was_looked_at {
        guess.give_back();
    }
    Ok(tried)
}

/// What trying a code came to, and whether it was looked at.
async fn code_tried(
    state: &AppState,
    user: &User,
    code: &str,
    address: Option<&str>,
) -> ServiceResult<(Tried, bool)> {
    Ok(match state.services.try_code(user.id, code, address).await? {
        TriedCode::Right => (Tried::Right, true),
        TriedCode::Wrong => (Tried::Wrong("Incorrect code.".to_owned()), true),
        TriedCode::Wait(retry_after_s) => (Tried::Wrong(TooMany { retry_after_s }.words()), false),
        TriedCode::Spent => (
            Tried::Wrong(
                "Too many attempts today: use a passkey or a recovery code, or try again tomorrow."
                    .to_owned(),
            ),
            false,
        ),
    })
}

/// What trying a passkey came to, and whether it was looked at.
async fn passkey_tried(
    state: &AppState,
    user: &User,
    purpose: PasskeyPurpose,
    answer: &str,
    address: Option<&str>,
) -> ServiceResult<(Tried, bool)> {
    let Some(site) = state.origin.passkeys() else {
        let text = "Passkeys are not available at this address.";
        return Ok((Tried::Wrong(text.to_owned()), false));
    };
    let services = &state.services;
    let tried = services.try_passkey(user, purpose, &site, answer, address);
    Ok(match tried.await? {
        TriedPasskey::Right => (Tried::Right, true),
        TriedPasskey::Refused(why) => (Tried::Wrong(why.text().to_owned()), true),
        TriedPasskey::Wait(retry_after_s) => {
            (Tried::Wrong(TooMany { retry_after_s }.words()), false)
        }
    })
}
