//! The API, readable: a page made from the OpenAPI description that needs no script and nothing from elsewhere.

mod render;

use std::sync::LazyLock;

use axum::{
    extract::Path,
    http::{HeaderName, header},
    response::{IntoResponse as _, Redirect, Response},
};

use super::{
    openapi,
    problem::{Answer, Kind, Problem},
};

/// The page brings its own style and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /api/docs`
pub async fn page() -> Response {
    static PAGE: LazyLock<String> = LazyLock::new(|| render::page(openapi::description()));
    let headers: [(HeaderName, &str); 3] = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, PAGE.as_str()).into_response()
}

/// `GET /api/docs/style.css`
pub async fn style() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, include_str!("docs/style.css")).into_response()
}

/// `GET /problems/{name}`: where a problem's `type` leads.
pub async fn problem(Path(name): Path<String>) -> Answer<Redirect> {
    let is_known = Kind::ALL.iter().any(|kind| kind.words().0 == name);
    if is_known {
        Ok(Redirect::to(&format!("/api/docs#problem-{name}")))
    } else {
        Err(Problem::not_found())
    }
}
