//! The link in an email that unsubscribes: one request without a question, as RFC 8058 describes. Nobody has to sign in.

use app::{
    context::Current,
    pages::{Found, settings::UnsubscribePage},
};
use axum::{
    Extension,
    extract::{Path, State},
    response::Response,
};

use crate::{AppState, middleware::address::ClientAddress};

async fn show_page(state: &AppState, current: Current, token: &str) -> Response {
    let found = match UnsubscribePage::read(&state.services, token).await {
        Ok(page) => Found::Unsubscribe(Box::new(page)),
        Err(error) => Found::Problem(error),
    };
    super::show(state, current, found).await
}

/// `GET /unsubscribe/{token}`: asks, and changes nothing.
pub async fn show(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Path(token): Path<String>,
) -> Response {
    show_page(&state, current, &token).await
}

/// `POST /unsubscribe/{token}`
pub async fn unsubscribe(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Extension(address): Extension<ClientAddress>,
    Path(token): Path<String>,
) -> Response {
    let address = address.text();
    match state.services.unsubscribe(&token, address.as_deref()).await {
        Ok(_) => show_page(&state, current, &token).await,
        Err(error) => super::refused(&state, error).await,
    }
}
