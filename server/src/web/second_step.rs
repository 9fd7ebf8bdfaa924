//! The second step of signing in: the code of a person's app, or a recovery code.
//!
//! Between password and code nobody is signed in and nothing is stored: the browser keeps what it has shown, signed, for
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
use domain::{
    Time, UserId,
    time::{MINUTE_US, SECOND_US},
};
use serde::{Deserialize, Serialize};
use service::{
    ServiceError, ServiceResult, Services,
    ports::{StoreError, User},
};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tower_sessions::Session;

use super::{guard::SIGN_IN, refused, show};
use crate::{
    AppState,
    api::problem::Problem,
    middleware::address::ClientAddress,
    sessions::{self, cookie},
    state::Origin,
};

/// Where the code is asked for.
pub const SECOND_STEP: &str = "/sign-in/code";
/// How long somebody may take for it.
const LIFE_US: i64 = 5 * MINUTE_US;
/// Codes that a person may try in a while, wherever they are typed.
pub const CODES: (u32, i64) = (5, 5 * MINUTE_US);
/// Where browsers come without TLS.
const COOKIE: &str = "creditscope_second_step";
/// The same over TLS: no other host, and no part of this one, can set it.
const HOST_COOKIE: &str = "__Host-creditscope_second_step";
/// Longest address to go on to, in bytes: browsers drop a cookie that is too large.
const MAX_NEXT_BYTES: usize = 1_500;

/// Somebody whose password was right.
#[derive(Serialize, Deserialize)]
struct Pending {
    user: i64,
    /// A hash of their password's hash: another password, and this is worth nothing.
    password: String,
    next: String,
    ends_at: i64,
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
    let is_short = next.len() <= MAX_NEXT_BYTES;
    let pending = Pending {
        user: user.id.0,
        password: fingerprint(user),
        next: if is_short { next } else { "/".to_owned() },
        ends_at: services.now().plus_micros(LIFE_US).micros(),
    };
    let json = serde_json::to_vec(&pending).map_err(StoreError::new)?;
    let payload = URL_SAFE_NO_PAD.encode(json);
    let mac = services.second_step_mac(&payload).await?;
    let kept = set(origin, &format!("{payload}.{mac}"), LIFE_US / SECOND_US);
    let kept = HeaderValue::from_str(&kept).map_err(StoreError::new)?;
    Ok(([(header::SET_COOKIE, kept)], Redirect::to(SECOND_STEP)).into_response())
}

/// Who is between the steps; nobody when that is too long ago, or their password is another one by now.
async fn pending(
    services: &Services,
    origin: &Origin,
    headers: &HeaderMap,
) -> ServiceResult<Option<(Pending, User)>> {
    let kept = cookie(headers, name(origin)).and_then(|kept| kept.split_once('.'));
    let Some((payload, mac)) = kept else {
        return Ok(None);
    };
    let right = services.second_step_mac(payload).await?;
    if !bool::from(right.as_bytes().ct_eq(mac.as_bytes())) {
        return Ok(None);
    }
    let json = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
    let now: Time = services.now();
    let pending: Option<Pending> = serde_json::from_slice(&json).ok();
    let Some(pending) = pending.filter(|pending| pending.ends_at > now.micros()) else {
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
    if let Ok(forget) = HeaderValue::from_str(&set(origin, "", 0)) {
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

/// Tries a code of a person: counted before it is looked at, wherever it is typed. When all tries are used up the person
/// is told.
pub async fn try_code(
    state: &AppState,
    user: UserId,
    code: &str,
    address: ClientAddress,
) -> ServiceResult<Tried> {
    let (services, name) = (&state.services, user.0.to_string());
    if let Err(wait_s) = state.codes.take(&name, services.now()) {
        return Ok(Tried::Wrong(format!(
            "Too many attempts: try again in {wait_s} s."
        )));
    }
    let text = address.text();
    if services.check_code(user, code, text.as_deref()).await? {
        state.codes.forget(&name);
        return Ok(Tried::Right);
    }
    if state.codes.is_full(&name) {
        services.tell_wrong_codes(user).await?;
    }
    Ok(Tried::Wrong("Incorrect code.".to_owned()))
}

fn name(origin: &Origin) -> &'static str {
    if origin.is_https() {
        HOST_COOKIE
    } else {
        COOKIE
    }
}

fn set(origin: &Origin, value: &str, seconds: i64) -> String {
    let name = name(origin);
    let secure = if origin.is_https() { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}
