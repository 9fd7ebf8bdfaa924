//! Whole pages.
//!
//! The server finds the page of an address and reads what it begins with; the browser is sent the same beginning, so
//! that it makes the page live without asking again. What does not live on is complete as it is sent.

#[cfg(feature = "ssr")]
mod chart;
#[cfg(feature = "ssr")]
mod company_options;
#[cfg(feature = "ssr")]
mod found;
#[cfg(feature = "ssr")]
pub mod settings;
#[cfg(feature = "ssr")]
mod sign_in;
mod usage;

#[cfg(feature = "ssr")]
pub use chart::chart;
#[cfg(feature = "ssr")]
pub use company_options::find_companies;
#[cfg(feature = "ssr")]
pub use found::{Followed, Found, find, since};
#[cfg(feature = "ssr")]
pub use sign_in::RefusedSignIn;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{functions::Page, state::Address};
use usage::UsagePage;

/// Id of the element that holds the page.
#[cfg(any(feature = "ssr", feature = "hydrate"))]
pub(crate) const PAGE_ID: &str = "page";
/// Id of the element that holds the parts of a page that live on, where it has others.
#[cfg(any(feature = "ssr", feature = "hydrate"))]
pub(crate) const LIVE_ID: &str = "live";
/// Id of the element that holds what the page begins with.
#[cfg(any(feature = "ssr", feature = "hydrate"))]
pub(crate) const START_ID: &str = "start";

/// A page that lives on in the browser, with what it begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Start {
    /// Billing > AI Credits Usage.
    Usage(Box<Page>),
}

impl Start {
    /// Shows the page; both sides come through here, so they agree.
    pub fn view(self, address: Address) -> AnyView {
        provide_context(address);
        match self {
            Self::Usage(page) => view! { <UsagePage page=*page address/> }.into_any(),
        }
    }
}
