//! What people do on the settings pages, as plain forms that work without scripts.

use app::{
    KEYS_PATH, MEMBERS_PATH,
    context::Current,
    pages::{
        Found,
        settings::{Ask, Settings},
    },
};
use axum::{
    Extension, Form,
    extract::State,
    http::{HeaderValue, header},
    response::Response,
};
use domain::UserId;
use serde::Deserialize;
use service::{
    Caller, Scope, ServiceError, ServiceResult, Services, keys::KeyAsk, members::Place,
    ports::KeyScope,
};

use super::{
    billing::{go_on, scope},
    refused, show,
    stale::{self, Outdated},
};
use crate::{AppState, state::Origin};

/// For how long a key that was replaced on the page goes on.
const OVERLAP_S: u32 = 86_400;

/// Invites someone.
#[derive(Debug, Deserialize)]
pub struct InviteForm {
    account: String,
    email: String,
    role: String,
    #[serde(default)]
    companies: String,
}

/// Changes what a member may do.
#[derive(Debug, Deserialize)]
pub struct MemberForm {
    account: String,
    member: i64,
    #[serde(default)]
    role: String,
    #[serde(default)]
    companies: String,
    /// The version that the form shows.
    version: Option<String>,
    next: Option<String>,
}

/// Takes an invitation back.
#[derive(Debug, Deserialize)]
pub struct InvitationForm {
    account: String,
    invitation: String,
    next: Option<String>,
}

/// Makes a key.
#[derive(Debug, Deserialize)]
pub struct MakeKeyForm {
    account: String,
    name: String,
    scope_ingest: Option<String>,
    scope_check: Option<String>,
    scope_read: Option<String>,
    #[serde(default)]
    expires_in_s: String,
}

/// Replaces or revokes a key.
#[derive(Debug, Deserialize)]
pub struct KeyForm {
    account: String,
    prefix: String,
    next: Option<String>,
}

/// Ends one of the reader's own sessions.
#[derive(Debug, Deserialize)]
pub struct SessionForm {
    session: String,
    next: Option<String>,
}

/// Ends all others.
#[derive(Debug, Deserialize)]
pub struct NextForm {
    next: Option<String>,
}

fn place(role: &str, companies: &str) -> ServiceResult<Place> {
    let role = role
        .parse()
        .map_err(|rule| ServiceError::invalid("role", rule))?;
    let keys = companies.split([',', ' ', '\n']).map(str::trim);
    let companies = keys
        .filter(|key| !key.is_empty())
        .map(str::to_owned)
        .collect();
    Ok(Place { role, companies })
}

pub(super) fn caller(current: &Current) -> ServiceResult<&Caller> {
    current.caller().ok_or(ServiceError::Unauthenticated)
}

/// Why something did not work, in words for the page; none for what is no one's fault there.
pub(super) fn reason(error: &ServiceError) -> Option<String> {
    match error {
        ServiceError::Invalid(domain::Invalid(errors)) => {
            let texts: Vec<_> = errors
                .iter()
                .map(|error| format!("{} {}", error.field.replace('_', " "), error.message))
                .collect();
            Some(texts.join("; "))
        }
        ServiceError::Conflict(text) | ServiceError::Forbidden(text) => Some(text.clone()),
        _ => None,
    }
}

/// Shows a page with what was just made, which is shown this once.
pub(super) async fn with_secret(
    state: &AppState,
    current: Current,
    path: &str,
    account: &str,
    secret: &str,
) -> Response {
    let query = query_of(account);
    let ask = Ask {
        services: &state.services,
        current: &current,
        query: &query,
        secret: Some(secret),
    };
    let found = Settings::read(path, &ask).await.map(Found::of_settings);
    match found {
        Some(found) => {
            let mut page = show(state, current, found).await;
            // Shown once, and kept by nobody on the way.
            let no_store = HeaderValue::from_static("no-store");
            page.headers_mut().insert(header::CACHE_CONTROL, no_store);
            page
        }
        None => refused(state, ServiceError::NotFound).await,
    }
}

pub(super) fn back(path: &str, account: &str) -> String {
    format!("{path}?{}", query_of(account))
}

fn query_of(account: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("account", account);
    query.finish()
}

/// `POST /settings/members/invite`
pub async fn invite(
    State(state): State<AppState>,
    State(origin): State<Origin>,
    Extension(current): Extension<Current>,
    Form(form): Form<InviteForm>,
) -> Response {
    let url = origin.address().to_owned();
    let made = async {
        let scope = scope(&state.services, &current, &form.account).await?;
        let place = place(&form.role, &form.companies)?;
        state
            .services
            .invite(&scope, &form.email, &place, &url)
            .await
    };
    match made.await {
        Ok(made) => {
            let link = format!("{url}{}", made.path);
            with_secret(&state, current, MEMBERS_PATH, &form.account, &link).await
        }
        Err(error) => go_on::<()>(Err(error), Some(&back(MEMBERS_PATH, &form.account)), ""),
    }
}

/// `POST /settings/members/change`
pub async fn change_member(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Form(form): Form<MemberForm>,
) -> Response {
    let services = &state.services;
    let done = async {
        let scope = scope(services, &current, &form.account).await?;
        let place = place(&form.role, &form.companies)?;
        let expected = stale::version(form.version.as_deref())?;
        let changed = services.change_member(&scope, UserId(form.member), &place, expected);
        Ok(match changed.await {
            Err(ServiceError::Stale) => Some(stale_member(services, &scope, &form, &place).await?),
            changed => changed.map(|()| None)?,
        })
    }
    .await;
    stale::go_on(&state, current, done, form.next.as_deref(), "changed").await
}

/// What a member may do by now, beside what was sent.
async fn stale_member(
    services: &Services,
    scope: &Scope,
    form: &MemberForm,
    place: &Place,
) -> ServiceResult<Outdated> {
    let members = services.members(scope).await?;
    let now = members
        .into_iter()
        .find(|member| member.id == UserId(form.member))
        .ok_or(ServiceError::NotFound)?;
    let keys: Vec<_> = now.companies.into_iter().map(|one| one.key).collect();
    Ok(Outdated {
        what: now.name,
        action: "/settings/members/change",
        has_files: false,
        fields: vec![
            stale::field("Role", place.role.to_string(), now.role.to_string()),
            stale::field(
                "Company access",
                place.companies.join(", "),
                keys.join(", "),
            ),
        ],
        sent: vec![
            ("account".to_owned(), form.account.clone()),
            ("member".to_owned(), form.member.to_string()),
            ("role".to_owned(), form.role.clone()),
            ("companies".to_owned(), form.companies.clone()),
        ],
        version: now.version,
    })
}

/// `POST /settings/members/remove`
pub async fn remove_member(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<MemberForm>,
) -> Response {
    let done = async {
        let scope = scope(&services, &current, &form.account).await?;
        services.remove_member(&scope, UserId(form.member)).await
    };
    go_on(done.await, form.next.as_deref(), "removed")
}

/// `POST /settings/members/revoke`
pub async fn revoke_invitation(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<InvitationForm>,
) -> Response {
    let done = async {
        let scope = scope(&services, &current, &form.account).await?;
        services.revoke_invitation(&scope, &form.invitation).await
    };
    go_on(done.await, form.next.as_deref(), "revoked")
}

/// `POST /settings/keys/make`
pub async fn make_key(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Form(form): Form<MakeKeyForm>,
) -> Response {
    let scopes = [
        (form.scope_ingest, KeyScope::Ingest),
        (form.scope_check, KeyScope::Check),
        (form.scope_read, KeyScope::Read),
    ];
    let chosen = scopes.into_iter().filter(|(chosen, _)| chosen.is_some());
    let ask = KeyAsk {
        scopes: chosen.map(|(_, scope)| scope).collect(),
        name: form.name.trim().to_owned(),
        expires_in_s: form.expires_in_s.parse().ok(),
    };
    let made = async {
        let account = Some(form.account.as_str());
        let caller = caller(&current)?;
        state.services.make_key(caller, account, ask).await
    };
    match made.await {
        Ok(made) => with_secret(&state, current, KEYS_PATH, &form.account, &made.token).await,
        Err(error) => go_on::<()>(Err(error), Some(&back(KEYS_PATH, &form.account)), ""),
    }
}

/// `POST /settings/keys/rotate`
pub async fn rotate_key(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Form(form): Form<KeyForm>,
) -> Response {
    let made = async {
        let account = Some(form.account.as_str());
        let caller = caller(&current)?;
        state
            .services
            .rotate_key(caller, account, &form.prefix, OVERLAP_S)
            .await
    };
    match made.await {
        Ok(made) => with_secret(&state, current, KEYS_PATH, &form.account, &made.token).await,
        Err(error) => go_on::<()>(Err(error), Some(&back(KEYS_PATH, &form.account)), ""),
    }
}

/// `POST /settings/keys/revoke`
pub async fn revoke_key(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<KeyForm>,
) -> Response {
    let done = async {
        let account = Some(form.account.as_str());
        services
            .revoke_key(caller(&current)?, account, &form.prefix)
            .await
    };
    go_on(done.await, form.next.as_deref(), "revoked")
}

/// `POST /settings/you/end`
pub async fn end_session(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<SessionForm>,
) -> Response {
    let done = async {
        services
            .end_own_session(caller(&current)?, &form.session)
            .await
    };
    go_on(done.await, form.next.as_deref(), "ended")
}

/// `POST /settings/you/end-others`
pub async fn end_other_sessions(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<NextForm>,
) -> Response {
    let done = async { services.end_other_sessions(caller(&current)?).await };
    go_on(done.await, form.next.as_deref(), "ended")
}
