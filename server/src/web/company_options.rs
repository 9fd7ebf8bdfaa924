//! The companies that a filter offers for what somebody types: a piece of a page.

use app::pages::{Found, find_companies, settings::Ask};
use axum::{
    extract::{Request, State},
    response::{Html, IntoResponse as _, Response},
};

use super::{current, show, turn};
use crate::AppState;

/// `GET /companies/options`: the address of a page, with the page's path in `on` and the text in `find`.
pub async fn show_options(State(state): State<AppState>, request: Request) -> Response {
    let (asked, _) = request.into_parts();
    let current = current(&asked.extensions);
    let found = match turn(&asked.extensions).await {
        Ok(()) => {
            let ask = Ask {
                services: &state.services,
                current: &current,
                query: asked.uri.query().unwrap_or_default(),
            };
            find_companies(&ask).await
        }
        Err(busy) => Err(busy.into()),
    };
    match found {
        Ok(options) => Html(options).into_response(),
        Err(error) => show(&state, current, Found::Problem(error)).await,
    }
}
