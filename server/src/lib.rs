//! The `creditscope` server: configuration, command line, HTTP API, sessions, pages and telemetry.
//!
//! Handlers are thin: they read a request, make one service call, and write the answer.
#![recursion_limit = "256"] // The type of a page is as deep as its view.

pub mod api;
mod chain;
pub mod cli;
pub mod config;
pub mod courier;
pub mod demo;
mod hex;
mod housekeeping;
pub mod listener;
pub mod mail;
pub mod middleware;
pub mod privacy;
mod seat;
pub mod sessions;
pub mod state;
pub mod telemetry;
pub mod turns;
pub mod web;

pub use state::AppState;

use axum::Router;

/// Everything the server answers.
pub fn router(state: &AppState) -> Router {
    let api = Router::new()
        .merge(api::ops::router())
        .merge(api::router(state));
    let routes = Router::new()
        .merge(api)
        .merge(web::router(state))
        .fallback(web::fallback);
    let routes = sessions::layer(routes, state);
    middleware::layer(routes, state).with_state(state.clone())
}
