//! Forms of the page API keys.

use app::{
    KEYS_PATH,
    context::Current,
    forms::{Done, SecretKind},
};
use axum::{Extension, Form, extract::State, response::Response};
use serde::Deserialize;
use service::{
    ServiceError, Services,
    keys::{KeyAsk, MadeKey},
    ports::KeyScope,
};

use super::{
    fields::{Fields, text},
    members::form_page,
    outcome::finish,
    settings::caller,
};
use crate::AppState;

/// For how long a key that was replaced on the page goes on.
const OVERLAP_S: u32 = 86_400;

/// Keys that are looked through for the one that is meant.
const MOST_KEYS: u32 = 1_000;

/// Replaces or revokes a key.
#[derive(Debug, Deserialize)]
pub struct KeyForm {
    account: String,
    prefix: String,
    /// The name that was typed, where revoking it needs that.
    confirm: Option<String>,
    next: Option<String>,
}

/// `POST /settings/keys/make`
pub async fn make(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Form(fields): Form<Fields>,
) -> Response {
    let scopes = [
        ("scope_ingest", KeyScope::Ingest),
        ("scope_check", KeyScope::Check),
        ("scope_read", KeyScope::Read),
    ];
    let is_chosen = |name: &str| fields.iter().any(|(named, _)| named == name);
    let chosen = scopes.into_iter().filter(|(name, _)| is_chosen(name));
    let ask = KeyAsk {
        scopes: chosen.map(|(_, scope)| scope).collect(),
        name: text(&fields, "name").to_owned(),
        expires_in_s: text(&fields, "expires_in_s").parse().ok(),
    };
    let made = async {
        let account = Some(text(&fields, "account"));
        let caller = caller(&current)?;
        let made = state.services.make_key(caller, account, ask).await?;
        Ok(shown(&made, "is created"))
    };
    finish(made.await, Some(&form_page(&fields, KEYS_PATH)))
}

/// What was done to a key, and the key itself, this once.
fn shown(made: &MadeKey, what: &str) -> Done {
    let said = format!("{} {what}.", app::pages::settings::key_name(&made.key));
    Done::said(said).with_secret(SecretKind::Key, made.token.as_str())
}

/// `POST /settings/keys/rotate`
pub async fn rotate(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Form(form): Form<KeyForm>,
) -> Response {
    let made = async {
        let account = Some(form.account.as_str());
        let caller = caller(&current)?;
        let services = &state.services;
        let made = services.rotate_key(caller, account, &form.prefix, OVERLAP_S);
        Ok(shown(
            &made.await?,
            "is rotated: the old key works for one more day",
        ))
    };
    finish(made.await, form.next.as_deref())
}

/// `POST /settings/keys/revoke`
pub async fn revoke(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<KeyForm>,
) -> Response {
    let done = async {
        let (caller, account) = (caller(&current)?, Some(form.account.as_str()));
        let keys = services.keys(caller, account, None, MOST_KEYS).await?;
        let key = keys.into_iter().find(|key| key.prefix == form.prefix);
        let key = key.ok_or(ServiceError::NotFound)?;
        let typed = form.confirm.as_deref().unwrap_or_default().trim();
        let name = app::pages::settings::key_name(&key);
        if app::pages::settings::is_in_use(&key, services.now()) && typed != name {
            return Err(ServiceError::invalid(
                "confirm",
                format!("Type {name} exactly."),
            ));
        }
        services.revoke_key(caller, account, &form.prefix).await?;
        Ok(Done::said(format!(
            "{name} is revoked: requests with it fail from now on."
        )))
    };
    finish(done.await, form.next.as_deref())
}
