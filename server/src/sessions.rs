//! Browser sessions: the id in a cookie, only its hash in the database.

mod portal;
mod store;

use app::context::{Current, Elsewhere, Person};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use domain::{
    Time, UserId,
    time::{DAY_US, MINUTE_US, SECOND_US},
};
pub use portal::{begin as begin_portal, end as end_portal, is_of_link as is_of_portal_link};
use service::{
    ServiceError, ServiceResult, Services,
    ports::{StoreError, User},
    sessions::fields,
};
use store::Store;
use tower_sessions::{Expiry, Session, SessionManagerLayer, cookie::SameSite, session::Id};

use crate::{
    AppState,
    middleware::{address::ClientAddress, cross_site::is_for_keys},
    seat::Seat,
    state::Origin,
};

/// How long a session lives without being used.
const IDLE_DAYS: i64 = 14;
/// How long it lives at most.
const LONGEST_DAYS: i64 = 90;
/// A session in use is written again this often, which moves its end.
const RENEW_US: i64 = 10 * MINUTE_US;
/// For how long sensitive acts take for granted who somebody has shown that they are.
const CONFIRMED_US: i64 = 15 * MINUTE_US;
/// The cookie that carries a session's id where browsers come without TLS.
pub const COOKIE: &str = "creditscope_session";
/// The same over TLS: no other host, and no part of this one, can set it.
pub const HOST_COOKIE: &str = "__Host-creditscope_session";
/// The cookie that carries the choice between light and dark.
const THEME_COOKIE: &str = "theme";
/// Longest description of a browser that is kept, in characters.
const MAX_BROWSER_CHARS: usize = 200;

/// Files are the same for everyone.
const FILES: &str = "/pkg/";

/// The name of the session's cookie.
pub fn cookie_name(origin: &Origin) -> &'static str {
    if origin.is_https() {
        HOST_COOKIE
    } else {
        COOKIE
    }
}

/// Puts sessions, and who they belong to, around routes.
pub fn layer(routes: Router<AppState>, state: &AppState) -> Router<AppState> {
    let sessions = SessionManagerLayer::new(Store(state.services.clone()))
        .with_name(cookie_name(&state.origin))
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(state.origin.is_https())
        .with_expiry(Expiry::OnInactivity(time::Duration::days(IDLE_DAYS)));
    routes
        .layer(from_fn_with_state(state.clone(), resolve))
        .layer(sessions)
        .layer(from_fn_with_state(state.clone(), tell_renamed))
}

/// Signs a person in. The session gets a new id, so that one planted before is worth nothing.
pub async fn begin(
    session: &Session,
    user: UserId,
    now: Time,
    address: ClientAddress,
    headers: &HeaderMap,
) -> ServiceResult<()> {
    let browser = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok());
    let browser: String = browser
        .unwrap_or_default()
        .chars()
        .take(MAX_BROWSER_CHARS)
        .collect();
    session.cycle_id().await.map_err(broken)?;
    session.insert(fields::USER, user.0).await.map_err(broken)?;
    session
        .insert(fields::BEGUN, now.micros())
        .await
        .map_err(broken)?;
    session
        .insert(fields::RENEWED, now.micros())
        .await
        .map_err(broken)?;
    session
        .insert(fields::CONFIRMED, now.micros())
        .await
        .map_err(broken)?;
    session
        .insert(fields::ELSEWHERE, false)
        .await
        .map_err(broken)?;
    session
        .insert(fields::ADDRESS, address.text())
        .await
        .map_err(broken)?;
    session
        .insert(fields::BROWSER, browser)
        .await
        .map_err(broken)
}

/// Says that a provider of single sign-on vouched for the person of a session, and when it asked them who they are. One
/// that does not say when may have asked them days ago: a sensitive act asks again.
pub async fn vouched(session: &Session, shown_at: Option<Time>) -> ServiceResult<()> {
    let shown_at = shown_at.map_or(0, Time::micros);
    session
        .insert(fields::CONFIRMED, shown_at)
        .await
        .map_err(broken)?;
    let done = session.insert(fields::ELSEWHERE, true);
    done.await.map_err(broken)
}

/// Says that the person of a session has just shown who they are.
pub async fn confirmed(session: &Session, now: Time) -> ServiceResult<()> {
    let done = session.insert(fields::CONFIRMED, now.micros());
    done.await.map_err(broken)
}

/// What an answer tells the browser of a session that may have another id.
#[derive(Debug, Clone, Copy)]
pub enum Renamed {
    /// It has this one.
    To(Id),
    /// It has ended, or was given another one by a request before or at the same moment, whose answer tells that.
    Elsewhere,
}

/// Gives a person's session another id, with which the one before is worth nothing: after somebody has shown again who
/// they are, and after what they may do or how they sign in has changed. Sessions that have ended meanwhile do not come
/// back. None when there is nothing to tell: nobody is signed in, or the id is a new one anyway.
pub async fn renew(session: &Session, services: &Services) -> ServiceResult<Option<Renamed>> {
    let user = session.get::<i64>(fields::USER).await.map_err(broken)?;
    let Some(before) = session.id().filter(|_| user.is_some()) else {
        return Ok(None);
    };
    session.save().await.map_err(broken)?;
    let now = Id::default();
    let hashes = [before, now].map(|id| store::id_hash(&id));
    let is_renamed = services.rename_session(&hashes[0], &hashes[1]).await?;
    Ok(Some(if is_renamed {
        Renamed::To(now)
    } else {
        Renamed::Elsewhere
    }))
}

/// Tells the browser the id that a session was given, in the place of the one that it came with.
async fn tell_renamed(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let Some(renamed) = response.extensions_mut().remove::<Renamed>() else {
        return response;
    };
    let name = cookie_name(&state.origin);
    let is_of_session = |value: &&HeaderValue| {
        let value = value.as_bytes().strip_prefix(name.as_bytes());
        value.is_some_and(|rest| rest.starts_with(b"="))
    };
    let headers = response.headers_mut();
    let all: Vec<_> = headers.get_all(header::SET_COOKIE).iter().collect();
    let others = all.into_iter().filter(|one| !is_of_session(one)).cloned();
    let mut set: Vec<_> = others.collect();
    if let Renamed::To(id) = renamed {
        let seconds = IDLE_DAYS * DAY_US / SECOND_US;
        let secure = if state.origin.is_https() {
            "; Secure"
        } else {
            ""
        };
        let cookie =
            format!("{name}={id}; HttpOnly; SameSite=Lax{secure}; Path=/; Max-Age={seconds}");
        set.extend(HeaderValue::from_str(&cookie));
    }
    headers.remove(header::SET_COOKIE);
    for cookie in set {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

/// Whose password or second factors were replaced while they were checked, or who was disabled, is not signed in: what
/// ended their sessions could not know of this one, which is stored by now.
pub async fn confirm(session: &Session, services: &Services, user: &User) -> ServiceResult<()> {
    session.save().await.map_err(broken)?;
    let current = services.signed_in(user.id).await?;
    let is_same = |current: &User| {
        current.password_hash == user.password_hash
            && current.second_factor.has_app == user.second_factor.has_app
            && current.second_factor.passkeys == user.second_factor.passkeys
    };
    if current.as_ref().is_some_and(is_same) {
        return Ok(());
    }
    session.flush().await.map_err(broken)?;
    Err(ServiceError::Unauthenticated)
}

pub(crate) fn broken(error: tower_sessions::session::Error) -> ServiceError {
    StoreError::new(error).into()
}

/// Finds out once per request who looks at the page.
async fn resolve(
    State(state): State<AppState>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    let address = ClientAddress::of(request.extensions());
    Seat::comes_from(request.extensions(), address);
    let headers = request.headers();
    let theme = cookie(headers, THEME_COOKIE)
        .filter(|theme| matches!(*theme, "light" | "dark"))
        .map(str::to_owned);
    let mut current = Current {
        theme,
        ..Current::default()
    };
    let path = request.uri().path();
    // Where a key decides, a cookie that came along says nothing.
    let is_for_key = is_for_keys(path) && headers.contains_key(header::AUTHORIZATION);
    if !path.starts_with(FILES) && !is_for_key {
        match known(&state, &session, headers).await {
            Ok(known) => current.known = known,
            Err(error) => tracing::error!(%error, "a session could not be read"),
        }
    }
    if let Some(known) = &mut current.known {
        Seat::is_of(request.extensions(), &known.caller);
        known.caller = known.caller.clone().at(address.text());
        if known.person.is_portal {
            current.frame_ancestors = embedders(&state);
        }
    }
    let is_unknown = current.known.is_none();
    request.extensions_mut().insert(current);
    let response = next.run(request).await;
    if is_unknown && session.is_empty().await {
        return keeping_the_cookie(response);
    }
    response
}

/// An answer that leaves the browser the cookie it has: it came with an id that is worth nothing any more, and may have
/// been told another one meanwhile.
fn keeping_the_cookie(mut response: Response) -> Response {
    response.extensions_mut().insert(Renamed::Elsewhere);
    response
}

/// The origins that may show the pages of their users in a frame; none may when there are none.
pub fn embedders(state: &AppState) -> Option<String> {
    let origins = &state.embed_origins;
    (!origins.is_empty()).then(|| origins.join(" "))
}

/// Who it is: a person who signed in, or a user of the platform who came by one of its links.
async fn known(
    state: &AppState,
    session: &Session,
    headers: &HeaderMap,
) -> ServiceResult<Option<app::context::Known>> {
    if cookie(headers, cookie_name(&state.origin)).is_some()
        && let Some(known) = signed_in(&state.services, session).await?
    {
        return Ok(Some(known));
    }
    match cookie(headers, portal::COOKIE) {
        Some(secret) => portal::known(&state.services, secret).await,
        None => Ok(None),
    }
}

async fn signed_in(
    services: &Services,
    session: &Session,
) -> ServiceResult<Option<app::context::Known>> {
    let Some(id) = session.get::<i64>(fields::USER).await.map_err(broken)? else {
        return Ok(None);
    };
    let time = async |name| -> ServiceResult<i64> {
        Ok(session.get::<i64>(name).await.map_err(broken)?.unwrap_or(0))
    };
    let now = services.now();
    let (begun, renewed) = (time(fields::BEGUN).await?, time(fields::RENEWED).await?);
    let begun = Time::from_micros(begun);
    let age = now.micros_since(begun);
    if age > LONGEST_DAYS * DAY_US {
        session.flush().await.map_err(broken)?;
        return Ok(None);
    }
    let Some(user) = services.signed_in(UserId(id)).await? else {
        return Ok(None);
    };
    if now.micros_since(Time::from_micros(renewed)) > RENEW_US {
        session
            .insert(fields::RENEWED, now.micros())
            .await
            .map_err(broken)?;
    }
    let is_elsewhere = session.get::<bool>(fields::ELSEWHERE).await;
    let is_elsewhere = is_elsewhere.map_err(broken)?.unwrap_or(false);
    let confirmed = session
        .get::<i64>(fields::CONFIRMED)
        .await
        .map_err(broken)?;
    let since_us = now.micros_since(Time::from_micros(confirmed.unwrap_or(begun.micros())));
    let (caller, owes_second_factor) = services.caller_of(&user, is_elsewhere);
    let caller = match session.id() {
        Some(id) => caller.in_session(store::id_hash(&id)),
        None => caller,
    };
    let person = Person {
        is_staff: user.platform_role.is_some(),
        is_portal: false,
        name: user.name.clone(),
        email: user.email.clone(),
    };
    Ok(Some(app::context::Known {
        caller,
        person,
        user: Some(user),
        is_confirmed: since_us < CONFIRMED_US,
        elsewhere: is_elsewhere.then(|| Elsewhere {
            is_lately: (0..CONFIRMED_US).contains(&age),
            is_untimed: confirmed == Some(0),
        }),
        owes_second_factor,
    }))
}

pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    all.flat_map(|text| text.split(';')).find_map(|pair| {
        pair.trim()
            .split_once('=')
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| value)
    })
}
