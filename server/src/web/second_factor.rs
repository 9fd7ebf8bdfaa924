//! A person's second factor, and who has to have one, as plain forms that work without scripts.

use app::{
    MEMBERS_PATH, SECOND_FACTOR_PATH,
    context::Current,
    forms::{Done, SecretKind},
    pages::{Found, settings::SecondFactorPage},
};
use axum::{
    Extension, Form,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Redirect, Response},
};
use domain::tenancy::Role;
use serde::Deserialize;
use service::{ServiceError, ServiceResult, Services};

use super::{
    billing::scope,
    confirm::changed,
    outcome::{self, finish, go_on},
    refused,
    settings::{back, caller, reason},
    show,
};
use crate::AppState;

/// The code that proves an app, and what it was computed from.
#[derive(Deserialize)]
pub struct SetForm {
    secret: String,
    code: String,
}

/// Which roles of an account need a second factor.
#[derive(Debug, Deserialize)]
pub struct DemandForm {
    account: String,
    role_owner: Option<String>,
    role_billing_admin: Option<String>,
    role_analyst: Option<String>,
    role_client: Option<String>,
}

/// A page with a secret in it, which no cache keeps.
pub(super) async fn shown(state: &AppState, current: Current, page: SecondFactorPage) -> Response {
    let mut response = show(state, current, Found::SecondFactor(Box::new(page))).await;
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}

async fn page(
    state: &AppState,
    current: &Current,
    secret: Option<String>,
    problem: Option<String>,
) -> ServiceResult<SecondFactorPage> {
    let (services, site) = (&state.services, state.origin.passkeys());
    let (caller, can_add) = (caller(current)?, site.is_some());
    let view = services.second_factor(caller).await?;
    if view.is_set && secret.is_none() {
        let passkeys = services.passkeys(caller, site.as_ref()).await?;
        return Ok(SecondFactorPage::Status {
            view,
            passkeys,
            can_add,
            problem,
        });
    }
    let secret = secret.unwrap_or_else(Services::new_authenticator_secret);
    Ok(SecondFactorPage::SetUp {
        view,
        secret,
        can_add,
        problem,
    })
}

/// The page of what the person has; with a secret, the one that sets up an app with it.
pub(super) async fn show_page(
    state: &AppState,
    current: Current,
    secret: Option<String>,
    problem: Option<String>,
) -> Response {
    match page(state, &current, secret, problem).await {
        Ok(page) => shown(state, current, page).await,
        Err(error) => refused(state, error).await,
    }
}

/// On to the page that shows recovery codes this once. Loaded again it does not make others.
pub(super) fn with_codes(codes: &[String], said: &str) -> Response {
    let done = Done::said(said).with_secret(SecretKind::RecoveryCodes, codes.join("\n"));
    finish(Ok(done), Some(SECOND_FACTOR_PATH))
}

/// `GET /settings/second-factor`: nothing is kept of what it shows before a code proves that an app has it.
pub async fn show_own(
    State(state): State<AppState>,
    Extension(mut current): Extension<Current>,
    headers: HeaderMap,
) -> Response {
    let done = outcome::told(&state, &current, &headers, SECOND_FACTOR_PATH).await;
    let Some(done) = done else {
        return show_page(&state, current, None, None).await;
    };
    if let Some(secret) = &done.secret {
        let codes = secret.text.lines().map(str::to_owned).collect();
        let page = shown(&state, current, SecondFactorPage::Codes(codes)).await;
        return outcome::was_told(&state, page);
    }
    current.sent.done = Some(done);
    outcome::was_told(&state, show_page(&state, current, None, None).await)
}

/// `GET /settings/second-factor/app`: an app for somebody who has passkeys.
pub async fn show_app(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
) -> Response {
    let view = async { state.services.second_factor(caller(&current)?).await };
    match view.await {
        Ok(view) if view.has_app => Redirect::to(SECOND_FACTOR_PATH).into_response(),
        Ok(_) => {
            let secret = Services::new_authenticator_secret();
            show_page(&state, current, Some(secret), None).await
        }
        Err(error) => refused(&state, error).await,
    }
}

/// `POST /settings/second-factor/set`
pub async fn set(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Form(form): Form<SetForm>,
) -> Response {
    let done = async {
        let caller = caller(&current)?;
        let services = &state.services;
        services
            .set_authenticator(caller, &form.secret, &form.code)
            .await
    };
    match done.await {
        Ok(Some(codes)) => changed(with_codes(&codes, "Two-step sign-in is on.")),
        Ok(None) => changed(Redirect::to(SECOND_FACTOR_PATH).into_response()),
        Err(error) => match reason(&error) {
            Some(problem) => {
                let may_try = !matches!(error, ServiceError::Conflict(_));
                let secret = may_try.then_some(form.secret);
                show_page(&state, current, secret, Some(problem)).await
            }
            None => refused(&state, error).await,
        },
    }
}

/// `POST /settings/second-factor/codes`
pub async fn renew_codes(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
) -> Response {
    let done = async { state.services.renew_recovery_codes(caller(&current)?).await };
    match done.await {
        Ok(codes) => with_codes(
            &codes,
            "Your recovery codes are new: the old ones no longer work.",
        ),
        Err(error) => refused(&state, error).await,
    }
}

/// `POST /settings/second-factor/app/remove`
pub async fn remove_app(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
) -> Response {
    let done = async { state.services.remove_authenticator(caller(&current)?).await };
    match done.await {
        Ok(()) => changed(Redirect::to(SECOND_FACTOR_PATH).into_response()),
        Err(error) => refused(&state, error).await,
    }
}

/// `POST /settings/second-factor/remove`
pub async fn remove(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
) -> Response {
    let done = async { state.services.remove_second_factor(caller(&current)?).await };
    match done.await {
        Ok(()) => changed(Redirect::to(SECOND_FACTOR_PATH).into_response()),
        Err(error) => refused(&state, error).await,
    }
}

/// `POST /settings/members/second-factor`
pub async fn demand(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<DemandForm>,
) -> Response {
    let chosen = [
        (form.role_owner, Role::Owner),
        (form.role_billing_admin, Role::BillingAdmin),
        (form.role_analyst, Role::Analyst),
        (form.role_client, Role::Client),
    ];
    let chosen = chosen.into_iter().filter(|(chosen, _)| chosen.is_some());
    let roles: Vec<_> = chosen.map(|(_, role)| role).collect();
    let done = async {
        let scope = scope(&services, &current, &form.account).await?;
        services.set_second_factor_demands(&scope, &roles).await
    };
    let done: Result<(), ServiceError> = done.await;
    go_on(
        done,
        Some(&back(MEMBERS_PATH, &form.account)),
        "Members with these roles set up two-step sign-in before they do anything else.",
    )
}
