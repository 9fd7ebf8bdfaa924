//! What every request passes through, from the outside in: id and log, panics, address, headers, compression, limits,
//! rates, origin. After panics, everything but checks and holds goes to threads of its own.

pub mod address;
pub mod at_once;
pub mod bodies;
pub mod buckets;
pub mod cross_site;
pub mod guesses;
pub mod headers;
pub mod lane;
pub mod limits;
pub mod observe;
pub mod panics;
pub mod rates;

use axum::{Router, middleware::from_fn, middleware::from_fn_with_state};
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{CompressionLayer, DefaultPredicate, Predicate, predicate::NotForContentType},
};

use crate::AppState;

/// How hard answers are compressed: of brotli's eleven levels the sixth makes a page 9 % smaller than the fourth, for one
/// or two milliseconds.
const QUALITY: i32 = 6;

/// The page's program is compressed when it is built; a development build is not, and is too large for each load.
fn compression() -> CompressionLayer<impl Predicate> {
    let wanted = DefaultPredicate::new().and(NotForContentType::const_new("application/wasm"));
    let level = CompressionLevel::Precise(QUALITY);
    CompressionLayer::new().quality(level).compress_when(wanted)
}

/// Puts the layers around all routes.
pub fn layer(routes: Router<AppState>, state: &AppState) -> Router<AppState> {
    routes
        .layer(axum::extract::DefaultBodyLimit::disable())
        .layer(from_fn_with_state(state.clone(), cross_site::refuse))
        .layer(from_fn_with_state(state.clone(), rates::limit))
        .layer(from_fn_with_state(state.clone(), at_once::limit))
        .layer(from_fn(limits::time))
        .layer(from_fn_with_state(state.clone(), bodies::bound))
        .layer(compression())
        .layer(from_fn_with_state(state.clone(), headers::secure))
        .layer(from_fn_with_state(state.clone(), address::find))
        .layer(from_fn_with_state(state.clone(), lane::divert))
        .layer(CatchPanicLayer::custom(panics::answer))
        .layer(from_fn(observe::observe))
}
