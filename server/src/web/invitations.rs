//! The link of an invitation.

use app::{
    context::Current,
    pages::{Found, settings::WelcomePage},
};
use axum::{
    Extension, Form,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;
use service::ServiceResult;
use tower_sessions::Session;

use super::{confirm::changed, settings::reason};
use crate::{AppState, middleware::address::ClientAddress, sessions};

/// What someone new says of themselves; nothing when they are signed in.
#[derive(Deserialize)]
pub struct AcceptForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
}

async fn show_welcome(
    state: &AppState,
    current: Current,
    secret: &str,
    problem: Option<String>,
) -> Response {
    let page = WelcomePage::read(&state.services, &current, secret, problem).await;
    let found = match page {
        Ok(page) => Found::Welcome(Box::new(page)),
        Err(error) => Found::Problem(error),
    };
    super::show(state, current, found).await
}

/// Where a link leads whom it made a member already, and who is signed in: into their account.
async fn joined(state: &AppState, current: &Current, secret: &str) -> Option<Response> {
    let user = current.known.as_ref()?.user.as_ref()?;
    match state.services.joined_by(user, secret).await {
        Ok(account) => Some(to_account(&account?)),
        Err(error) => Some(super::refused(state, error).await),
    }
}

fn to_account(account: &str) -> Response {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("account", account);
    Redirect::to(&format!("{}?{}", app::USAGE_PATH, query.finish())).into_response()
}

/// `GET /invitations/{secret}`: asks, and changes nothing.
pub async fn show(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Path(secret): Path<String>,
) -> Response {
    if let Some(joined) = joined(&state, &current, &secret).await {
        return joined;
    }
    show_welcome(&state, current, &secret, None).await
}

/// `POST /invitations/{secret}`
pub async fn accept(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Extension(address): Extension<ClientAddress>,
    Path(secret): Path<String>,
    headers: HeaderMap,
    session: Session,
    Form(form): Form<AcceptForm>,
) -> Response {
    if let Some(joined) = joined(&state, &current, &secret).await {
        return joined;
    }
    let joining = Joining {
        state: &state,
        current: &current,
        address,
        headers: &headers,
        session: &session,
    };
    match joining.join(&secret, form).await {
        Ok(account) => changed(to_account(&account)),
        Err(error) => match reason(&error) {
            Some(problem) => show_welcome(&state, current, &secret, Some(problem)).await,
            None => super::refused(&state, error).await,
        },
    }
}

/// Someone who accepts an invitation.
struct Joining<'a> {
    state: &'a AppState,
    current: &'a Current,
    address: ClientAddress,
    headers: &'a HeaderMap,
    session: &'a Session,
}

impl Joining<'_> {
    /// Joins, and returns the key of the account.
    async fn join(&self, secret: &str, form: AcceptForm) -> ServiceResult<String> {
        let (services, address) = (&self.state.services, self.address.text());
        let signed_in = self.current.known.as_ref();
        let before = services.welcome(secret).await?;
        if let Some(user) = signed_in.and_then(|known| known.user.as_ref()) {
            services.accept_as(user, secret, address.as_deref()).await?;
        } else {
            let (name, password) = (form.name, form.password);
            let user = services
                .accept_as_new(secret, &name, password, address.as_deref())
                .await?;
            let now = services.now();
            sessions::begin(self.session, user.id, now, self.address, self.headers).await?;
        }
        Ok(before.account.key)
    }
}
