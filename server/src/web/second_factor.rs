//! A person's second factor, and who has to have one, as plain forms that work without scripts.

use app::{
    MEMBERS_PATH, SECOND_FACTOR_PATH,
    context::Current,
    pages::{Found, settings::SecondFactorPage},
};
use axum::{
    Extension, Form,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Redirect, Response},
};
use domain::tenancy::Role;
use serde::Deserialize;
use service::{ServiceError, ServiceResult, Services};

use super::{
    billing::{go_on, scope},
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
async fn shown(state: &AppState, current: Current, page: SecondFactorPage) -> Response {
    let mut response = show(state, current, Found::SecondFactor(Box::new(page))).await;
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}

async fn page(
    services: &Services,
    current: &Current,
    secret: Option<String>,
    problem: Option<String>,
) -> ServiceResult<SecondFactorPage> {
    let view = services.second_factor(caller(current)?).await?;
    if view.is_set {
        return Ok(SecondFactorPage::Status { view, problem });
    }
    let secret = secret.unwrap_or_else(Services::new_authenticator_secret);
    Ok(SecondFactorPage::SetUp {
        view,
        secret,
        problem,
    })
}

async fn show_page(
    state: &AppState,
    current: Current,
    secret: Option<String>,
    problem: Option<String>,
) -> Response {
    match page(&state.services, &current, secret, problem).await {
        Ok(page) => shown(state, current, page).await,
        Err(error) => refused(state, error).await,
    }
}

/// `GET /settings/second-factor`: nothing is kept of what it shows before a code proves that an app has it.
pub async fn show_own(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
) -> Response {
    show_page(&state, current, None, None).await
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
        Ok(codes) => shown(&state, current, SecondFactorPage::Codes(codes)).await,
        Err(error) => match reason(&error) {
            Some(problem) => show_page(&state, current, Some(form.secret), Some(problem)).await,
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
        Ok(codes) => shown(&state, current, SecondFactorPage::Codes(codes)).await,
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
        Ok(()) => Redirect::to(SECOND_FACTOR_PATH).into_response(),
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
        "second-factor",
    )
}
