//! The Leptos user interface: pages, components, charts, live updates and server functions.
//!
//! Server functions only translate to the service; nothing here knows a database.

#[cfg(feature = "ssr")]
pub mod charts;
#[cfg(feature = "ssr")]
pub mod context;
#[cfg(feature = "ssr")]
mod shell;

pub mod components;
pub mod error;
pub mod functions;
pub mod pages;
pub mod state;
pub mod ui;

#[cfg(feature = "ssr")]
pub use shell::shell;

use leptos::prelude::*;
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

use crate::pages::{not_found::NotFound, sign_in::SignIn, usage::UsagePage};

/// Where the AI Credits Usage page lives.
pub const USAGE_PATH: &str = "/billing/usage";

/// The whole application.
#[component]
pub fn App() -> impl IntoView {
    view! {
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/billing/usage") view=UsagePage ssr=SsrMode::Async/>
                <Route path=path!("/sign-in") view=SignIn/>
            </Routes>
        </Router>
    }
}
