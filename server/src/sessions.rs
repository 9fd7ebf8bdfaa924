//! Browser sessions: the id in a cookie, only its hash in the database.

use std::fmt;

use app::context::Current;
use async_trait::async_trait;
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use domain::{Time, UserId, time::DAY_US};
use service::{
    Caller, ServiceError, ServiceResult, Services,
    ports::{SavedSession, StoreError},
};
use sha2::{Digest, Sha256};
use tower_sessions::{
    Expiry, Session, SessionManagerLayer, SessionStore,
    cookie::SameSite,
    session::{Id, Record},
    session_store,
};

use crate::AppState;

/// How long a session lives without being used.
const IDLE_DAYS: i64 = 14;
/// A session in use is written again this often, which moves its end.
const RENEW_US: i64 = DAY_US;
/// The cookie that carries a session's id.
pub const COOKIE: &str = "creditscope_session";
/// The cookie that carries the choice between light and dark.
const THEME_COOKIE: &str = "theme";

/// Files are the same for everyone.
const FILES: &str = "/pkg/";

const USER: &str = "user";
const RENEWED: &str = "renewed";

/// Keeps sessions where everything else is kept.
#[derive(Clone)]
struct Store(Services);

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sessions::Store")
    }
}

fn id_hash(id: &Id) -> Vec<u8> {
    Sha256::digest(id.to_string().as_bytes()).to_vec()
}

impl Store {
    async fn put(&self, record: &Record, create: bool) -> session_store::Result<bool> {
        let session = SavedSession {
            id_hash: id_hash(&record.id),
            data: serde_json::to_string(&record.data)
                .map_err(|error| session_store::Error::Encode(error.to_string()))?,
            expires_at: self.0.now().plus_micros(IDLE_DAYS * DAY_US),
        };
        self.0.save_session(&session, create).await.map_err(failed)
    }
}

fn failed(error: impl Into<Box<dyn std::error::Error>>) -> session_store::Error {
    session_store::Error::Backend(error.into().to_string())
}

#[async_trait]
impl SessionStore for Store {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        while !self.put(record, true).await? {
            record.id = Id::default();
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> session_store::Result<()> {
        self.put(record, false).await.map(|_| ())
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let Some(saved) = self.0.session(&id_hash(id)).await.map_err(failed)? else {
            return Ok(None);
        };
        let data = serde_json::from_str(&saved.data)
            .map_err(|error| session_store::Error::Decode(error.to_string()))?;
        let expiry_date =
            time::OffsetDateTime::from_unix_timestamp(saved.expires_at.micros() / 1_000_000)
                .map_err(failed)?;
        Ok(Some(Record {
            id: *id,
            data,
            expiry_date,
        }))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        self.0.end_session(&id_hash(id)).await.map_err(failed)
    }
}

/// Puts sessions, and who they belong to, around routes.
pub fn layer(routes: Router<AppState>, state: &AppState) -> Router<AppState> {
    let sessions = SessionManagerLayer::new(Store(state.services.clone()))
        .with_name(COOKIE)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(state.origin.is_https())
        .with_expiry(Expiry::OnInactivity(time::Duration::days(IDLE_DAYS)));
    routes
        .layer(from_fn_with_state(state.clone(), resolve))
        .layer(sessions)
}

/// Signs a person in. The session gets a new id, so that one planted before is worth nothing.
pub async fn begin(session: &Session, user: UserId, now: Time) -> ServiceResult<()> {
    session.cycle_id().await.map_err(broken)?;
    session.insert(USER, user.0).await.map_err(broken)?;
    session.insert(RENEWED, now.micros()).await.map_err(broken)
}

fn broken(error: tower_sessions::session::Error) -> ServiceError {
    StoreError::new(error).into()
}

/// Finds out once per request who looks at the page.
async fn resolve(
    State(services): State<Services>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    let theme = cookie(request.headers(), THEME_COOKIE)
        .filter(|theme| matches!(*theme, "light" | "dark"))
        .map(str::to_owned);
    let mut current = Current {
        theme,
        ..Current::default()
    };
    let is_file = request.uri().path().starts_with(FILES);
    if !is_file && cookie(request.headers(), COOKIE).is_some() {
        match signed_in(&services, &session).await {
            Ok(Some(user)) => {
                current.caller = Some(Caller::from_user(&user));
                current.user = Some(user);
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "a session could not be read"),
        }
    }
    request.extensions_mut().insert(current);
    next.run(request).await
}

async fn signed_in(
    services: &Services,
    session: &Session,
) -> ServiceResult<Option<service::ports::User>> {
    let Some(id) = session.get::<i64>(USER).await.map_err(broken)? else {
        return Ok(None);
    };
    let user = services.signed_in(UserId(id)).await?;
    let renewed = session
        .get::<i64>(RENEWED)
        .await
        .map_err(broken)?
        .unwrap_or(0);
    let now = services.now();
    if user.is_some() && now.micros_since(Time::from_micros(renewed)) > RENEW_US {
        session
            .insert(RENEWED, now.micros())
            .await
            .map_err(broken)?;
    }
    Ok(user)
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
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
