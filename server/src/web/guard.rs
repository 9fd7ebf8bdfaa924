//! Pages are for signed-in people; everyone else is asked to sign in first.

use app::context::Current;
use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
};

/// The page that asks who someone is.
pub const SIGN_IN: &str = "/sign-in";
/// Says who read the page that a request comes from.
const READER: &str = "x-reader";
/// Where server functions live; they refuse in their own words.
const FUNCTIONS: &str = "/api/fn/";

/// Sends people who are not signed in to the sign-in page, and back afterwards.
pub async fn signed_in(request: Request, next: Next) -> Response {
    let is_known = request
        .extensions()
        .get::<Current>()
        .is_some_and(|current| current.known.is_some());
    let path = request.uri().path();
    let owes = request
        .extensions()
        .get::<Current>()
        .is_some_and(|current| {
            let known = current.known.as_ref();
            known.is_some_and(|known| known.owes_second_factor)
        });
    if owes && path != SIGN_IN && !path.starts_with(app::SECOND_FACTOR_PATH) {
        // A stream and a function have no words for it.
        if request.headers().contains_key(header::UPGRADE) || path.starts_with(FUNCTIONS) {
            return StatusCode::FORBIDDEN.into_response();
        }
        return Redirect::to(app::SECOND_FACTOR_PATH).into_response();
    }
    if is_of_another_reader(&request) {
        return refused_to_another(path);
    }
    match (is_known, path == SIGN_IN) {
        // A stream has no words before it is one.
        (false, _) if request.headers().contains_key(header::UPGRADE) => {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        _ if path.starts_with(FUNCTIONS) => {}
        (true, true) => {
            return Redirect::to(&super::sign_in::local(next_of(&request).as_deref()))
                .into_response();
        }
        (false, false) => {
            let wanted = request
                .uri()
                .path_and_query()
                .map_or("/", |path| path.as_str());
            return Redirect::to(&sign_in_path(wanted)).into_response();
        }
        _ => {}
    }
    let mut response = next.run(request).await;
    // What one person saw must not be shown to the next one from a cache; the browser's own back button may.
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("private, no-cache"));
    response
}

/// Whether what is sent comes from a page that somebody else read, who was signed in before in the same browser.
fn is_of_another_reader(request: &Request) -> bool {
    let said = request.headers().get(READER);
    let said = said.and_then(|reader| reader.to_str().ok());
    let current = request.extensions().get::<Current>();
    said.zip(current)
        .is_some_and(|(reader, current)| is_another(reader, current))
}

/// Whether somebody else is signed in than a page says. Nobody is nobody else.
pub fn is_another(reader: &str, current: &Current) -> bool {
    let known = current.known.as_ref();
    known.is_some_and(|known| known.mark() != reader)
}

/// Nothing is done in the name of somebody who did not see the page: it is loaded again.
fn refused_to_another(path: &str) -> Response {
    if path.starts_with(FUNCTIONS) {
        return super::signed_out();
    }
    let home = HeaderValue::from_static("/");
    (StatusCode::OK, [(super::visits::ELSEWHERE, home)]).into_response()
}

fn next_of(request: &Request) -> Option<String> {
    let query = request.uri().query()?;
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "next")
        .map(|(_, value)| value.into_owned())
}

/// The sign-in page's address.
pub fn sign_in_path(next: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if next != "/" {
        query.append_pair("next", next);
    }
    let query = query.finish();
    if query.is_empty() {
        SIGN_IN.to_owned()
    } else {
        format!("{SIGN_IN}?{query}")
    }
}
