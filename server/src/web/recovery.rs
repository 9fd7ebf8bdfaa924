//! Back in by email: a forgotten password, and another email address. Looking at a link changes nothing.

use std::sync::Arc;

use app::{
    context::Current,
    pages::{Found, settings::RecoveryPage},
};
use axum::{
    Extension, Form,
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;
use service::{Caller, ServiceError, Services, email_address::normal, recovery::RESET_PATH};
use tokio::sync::Semaphore;

use super::{
    confirm::changed,
    guard::SIGN_IN,
    outcome::go_on,
    password::Typed,
    portal, refused,
    settings::{caller, reason},
    show,
};
use crate::{
    AppState,
    middleware::{address::ClientAddress, guesses::TooMany},
};

/// Emails that are written at once.
const MAX_WRITING: usize = 32;

/// Places to write emails in, for those who are not signed in.
#[derive(Debug, Clone)]
pub struct Recovery {
    writing: Arc<Semaphore>,
}

impl Default for Recovery {
    fn default() -> Self {
        Self {
            writing: Arc::new(Semaphore::new(MAX_WRITING)),
        }
    }
}

/// Whose password is forgotten.
#[derive(Debug, Deserialize)]
pub struct ForgotForm {
    email: String,
}

/// The new password.
#[derive(Deserialize)]
pub struct ResetForm {
    password: String,
}

/// The new address, and the password that shows who asks for it.
#[derive(Deserialize)]
pub struct EmailForm {
    email: String,
    password: String,
    next: Option<String>,
}

/// A page that no cache keeps, and that tells its address to its own server alone.
async fn shown(state: &AppState, current: Current, page: RecoveryPage) -> Response {
    let found = Found::Recovery(Box::new(page));
    private(show(state, current, found).await)
}

fn private(response: Response) -> Response {
    portal::private(response, HeaderValue::from_static("same-origin"))
}

/// Why a link does not work. Used, old and made up are told alike.
async fn not_working(state: &AppState, error: ServiceError) -> Response {
    let error = match error {
        ServiceError::NotFound => ServiceError::Forbidden(
            "This link was used before, or is too old: ask for a new one.".to_owned(),
        ),
        other => other,
    };
    private(refused(state, error).await)
}

/// `GET /forgot-password`
pub async fn forgot(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
) -> Response {
    shown(&state, current, RecoveryPage::Ask).await
}

/// `POST /forgot-password`: answered alike, and at once, for every address. What is done for those that are known is done
/// afterwards.
pub async fn send_reset(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Extension(address): Extension<ClientAddress>,
    Form(form): Form<ForgotForm>,
) -> Response {
    if let Err(TooMany { retry_after_s }) = state.guesses.ask(address) {
        return wait(
            shown(&state, current, RecoveryPage::Wait(retry_after_s)).await,
            retry_after_s,
        );
    }
    let email = normal(&form.email);
    // Somebody who was sent links enough lately is sent no more: the latest still works.
    if let Ok(place) = Arc::clone(&state.recovery.writing).try_acquire_owned() {
        let (services, origin) = (state.services.clone(), state.origin.address().to_owned());
        let network = address.group().map(|network| network.to_string());
        let sending = async move {
            let (text, network) = (address.text(), network.unwrap_or_default());
            let sent = services
                .send_password_reset(&email, text.as_deref(), &network, &origin)
                .await;
            if let Err(error) = sent {
                tracing::error!(%error, "a link for a forgotten password could not be sent");
            }
            drop(place);
        };
        tokio::spawn(service::turn::carried(sending));
    }
    shown(&state, current, RecoveryPage::Sent).await
}

fn wait(mut response: Response, seconds: u32) -> Response {
    let seconds = HeaderValue::from(seconds);
    response.headers_mut().insert(header::RETRY_AFTER, seconds);
    response
}

async fn show_choice(state: &AppState, secret: &str, problem: Option<String>) -> Response {
    match state.services.password_reset(secret).await {
        Ok(about) => {
            let page = RecoveryPage::Choose {
                path: format!("{RESET_PATH}/{secret}"),
                about,
                problem,
            };
            shown(state, Current::default(), page).await
        }
        Err(error) => not_working(state, error).await,
    }
}

/// `GET /reset-password/{secret}`: asks, and changes nothing.
pub async fn show_reset(State(state): State<AppState>, Path(secret): Path<String>) -> Response {
    show_choice(&state, &secret, None).await
}

/// `POST /reset-password/{secret}`: nobody is signed in by it, so that a second factor is asked for as ever.
pub async fn reset(
    State(state): State<AppState>,
    Extension(address): Extension<ClientAddress>,
    Path(secret): Path<String>,
    Form(form): Form<ResetForm>,
) -> Response {
    let (services, address) = (&state.services, address.text());
    let done = services
        .reset_password(
            &secret,
            &form.password,
            address.as_deref(),
            state.origin.address(),
        )
        .await;
    match done {
        Ok(()) => private(Redirect::to(&format!("{SIGN_IN}?done=password")).into_response()),
        Err(error @ ServiceError::Invalid(_)) => show_choice(&state, &secret, reason(&error)).await,
        Err(error) => not_working(&state, error).await,
    }
}

/// `POST /settings/you/email`
pub async fn ask_for_email(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Extension(address): Extension<ClientAddress>,
    Form(form): Form<EmailForm>,
) -> Response {
    let (services, origin) = (&state.services, state.origin.address());
    let typed = Typed {
        state: &state,
        current: &current,
        address,
        next: form.next.as_deref(),
        done: format!(
            "A link is on its way to {}. Your address changes when you follow it.",
            form.email.trim()
        ),
    };
    let act = async |caller: &Caller| {
        services
            .ask_for_email(caller, &form.email, form.password, origin)
            .await
    };
    typed.lets(act).await
}

/// `GET /new-email/{secret}`: asks, and changes nothing.
pub async fn show_new_email(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Path(secret): Path<String>,
) -> Response {
    let about = async {
        let caller = caller(&current)?;
        state.services.new_email(caller, &secret).await
    };
    match about.await {
        Ok(about) => {
            let path = format!("{}/{secret}", service::recovery::CHANGE_PATH);
            shown(&state, current, RecoveryPage::Confirm { path, about }).await
        }
        Err(error) => not_working(&state, error).await,
    }
}

/// `POST /new-email/{secret}`
pub async fn change_email(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Path(secret): Path<String>,
) -> Response {
    let done = async {
        let origin = state.origin.address();
        let caller = caller(&current)?;
        state.services.change_email(caller, &secret, origin).await
    };
    match done.await {
        Ok(()) => changed(private(go_on(
            Ok(()),
            Some(app::YOU_PATH),
            "You sign in with your new address from now on. The old address is told.",
        ))),
        Err(error) => not_working(&state, error).await,
    }
}

/// `GET /undo-email/{secret}`: asks, and changes nothing.
pub async fn show_undo(State(state): State<AppState>, Path(secret): Path<String>) -> Response {
    match state.services.email_undo(&secret).await {
        Ok(about) => {
            let path = format!("{}/{secret}", service::recovery::UNDO_PATH);
            let page = RecoveryPage::Undo { path, about };
            shown(&state, Current::default(), page).await
        }
        Err(error) => not_working(&state, error).await,
    }
}

/// `POST /undo-email/{secret}`: leads to the choice of another password.
pub async fn undo(
    State(services): State<Services>,
    State(state): State<AppState>,
    Extension(address): Extension<ClientAddress>,
    Path(secret): Path<String>,
) -> Response {
    let address = address.text();
    match services.undo_email(&secret, address.as_deref()).await {
        Ok(reset) => private(Redirect::to(&format!("{RESET_PATH}/{reset}")).into_response()),
        Err(error) => not_working(&state, error).await,
    }
}
