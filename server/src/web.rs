//! Pages, their files, and signing in and out.

pub mod files;
pub mod guard;
pub mod sign_in;

use app::context::Current;
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{Method, StatusCode, Uri, header, request::Parts},
    middleware::from_fn,
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use leptos::prelude::{provide_context, use_context};
use leptos_axum::LeptosRoutes as _;

use crate::AppState;

/// Pages, server functions, signing in and out.
pub fn router(state: &AppState) -> Router<AppState> {
    let shell = {
        let options = state.leptos.clone();
        move || app::shell(options.clone())
    };
    let pages = leptos_axum::generate_route_list(app::App);
    let services = state.services.clone();
    Router::new()
        .leptos_routes_with_context(state, pages, move || provide(&services), shell)
        .route("/", get(|| async { Redirect::to(app::USAGE_PATH) }))
        .layer(from_fn(guard::signed_in))
        .route("/sign-in", post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
}

/// What pages and server functions find in their context besides leptos's own.
fn provide(services: &service::Services) {
    provide_context(services.clone());
    let current =
        use_context::<Parts>().and_then(|parts| parts.extensions.get::<Current>().cloned());
    provide_context(current.unwrap_or_default());
}

/// A file of the site, or the page that says that there is nothing.
pub async fn fallback(State(state): State<AppState>, uri: Uri, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    if let Some(file) = files::find(&uri, request.headers()) {
        return file;
    }
    let wants_page = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|text| text.contains("text/html"));
    if !wants_page || uri.path().starts_with("/pkg/") {
        return StatusCode::NOT_FOUND.into_response();
    }
    let services = state.services.clone();
    let options = state.leptos.clone();
    let render = leptos_axum::render_app_to_stream_with_context(
        move || provide(&services),
        move || app::shell(options.clone()),
    );
    let mut page: Response<Body> = render(request).await.into_response();
    *page.status_mut() = StatusCode::NOT_FOUND;
    page
}
