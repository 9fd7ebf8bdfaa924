//! A person's passkeys, as forms: a small script puts in what the browser answers.

use app::{
    SECOND_FACTOR_PATH,
    context::Current,
    pages::settings::{SecondFactorPage, browser},
};
use axum::{
    Extension, Form,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use domain::UserId;
use serde::Deserialize;
use service::{
    ServiceError, ServiceResult,
    passkeys::{MAX_PASSKEY_NAME_CHARS, PasskeySite},
    ports::{PasskeyPurpose, User},
};

use super::{
    confirm::changed,
    refused,
    second_factor::{show_page, shown, with_codes},
    settings::{caller, reason},
};
use crate::{AppState, api::problem::Problem};

/// A passkey that a browser has made, and what it is called.
#[derive(Deserialize)]
pub struct AddForm {
    name: String,
    passkey: String,
}

/// One of the person's passkeys.
#[derive(Deserialize)]
pub struct RemoveForm {
    passkey: String,
}

/// Where passkeys work; a refusal where they do not.
fn site(state: &AppState) -> ServiceResult<PasskeySite> {
    let site = state.origin.passkeys();
    site.ok_or_else(|| {
        ServiceError::Conflict("Passkeys are not available at this address.".to_owned())
    })
}

/// `POST /settings/second-factor/passkeys/new`: names a passkey and makes it.
pub async fn new(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    headers: HeaderMap,
) -> Response {
    ask(&state, current, name_for(&headers), None).await
}

/// What a passkey is called until the person says otherwise: the browser that makes it.
fn name_for(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT);
    let agent = agent.and_then(|agent| agent.to_str().ok());
    let name = agent.map_or_else(|| "Passkey".to_owned(), browser);
    name.chars().take(MAX_PASSKEY_NAME_CHARS).collect()
}

async fn ask(
    state: &AppState,
    current: Current,
    name: String,
    problem: Option<String>,
) -> Response {
    let asked = async {
        let (site, caller) = (site(state)?, caller(&current)?);
        state.services.ask_new_passkey(caller, &site).await
    };
    match asked.await {
        Ok(options) => {
            let page = SecondFactorPage::AddPasskey {
                options,
                name,
                problem,
            };
            shown(state, current, page).await
        }
        Err(error) => told(state, current, error).await,
    }
}

/// The person's page, with why something did not work.
async fn told(state: &AppState, current: Current, error: ServiceError) -> Response {
    match reason(&error) {
        Some(problem) => show_page(state, current, None, Some(problem)).await,
        None => refused(state, error).await,
    }
}

/// `POST /settings/second-factor/passkeys/add`
pub async fn add(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Form(form): Form<AddForm>,
) -> Response {
    let done = async {
        let (site, caller) = (site(&state)?, caller(&current)?);
        let services = &state.services;
        services
            .add_passkey(caller, &site, &form.name, &form.passkey)
            .await
    };
    match done.await {
        Ok(Some(codes)) => changed(with_codes(&codes, "Your passkey is added.")),
        Ok(None) => changed(Redirect::to(SECOND_FACTOR_PATH).into_response()),
        // The question is used up: the page asks another one.
        Err(error) => match reason(&error) {
            Some(problem) => ask(&state, current, form.name, Some(problem)).await,
            None => refused(&state, error).await,
        },
    }
}

/// `POST /settings/second-factor/passkeys/remove`
pub async fn remove(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Form(form): Form<RemoveForm>,
) -> Response {
    let done = async {
        let caller = caller(&current)?;
        state.services.remove_passkey(caller, &form.passkey).await
    };
    match done.await {
        Ok(()) => changed(Redirect::to(SECOND_FACTOR_PATH).into_response()),
        Err(error) => refused(&state, error).await,
    }
}

/// `POST /settings/second-factor/passkeys/ask`: what a passkey signs before a sensitive act.
pub async fn ask_again(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
) -> Response {
    let known = current.known.as_ref();
    let Some(user) = known.and_then(|known| known.user.as_ref()) else {
        return Problem::from(ServiceError::Unauthenticated).into_response();
    };
    asked(&state, user.id, PasskeyPurpose::Confirm).await
}

/// What a script hands to the browser, which no cache keeps.
pub(super) async fn asked(state: &AppState, user: UserId, purpose: PasskeyPurpose) -> Response {
    let options = async {
        let site = site(state)?;
        let options = state.services.ask_passkey(user, purpose, &site).await?;
        options.ok_or(ServiceError::NotFound)
    };
    match options.await {
        Ok(options) => {
            let kind = HeaderValue::from_static("application/json");
            let no_store = HeaderValue::from_static("no-store");
            let headers = [
                (header::CONTENT_TYPE, kind),
                (header::CACHE_CONTROL, no_store),
            ];
            (StatusCode::OK, headers, options).into_response()
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

/// Whether somebody may use a passkey here.
pub(super) async fn has_passkey(state: &AppState, user: &User) -> bool {
    let site = state.origin.passkeys();
    let Some(site) = site.filter(|_| user.second_factor.passkeys > 0) else {
        return false;
    };
    let usable = state.services.has_passkey_for(user.id, &site).await;
    usable.unwrap_or_else(|error| {
        tracing::error!(%error, "a person's passkeys could not be read");
        false
    })
}
