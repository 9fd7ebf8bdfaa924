//! Whole pages.
//!
//! The server finds the page of an address and reads what it begins with; the browser is sent the same beginning, so
//! that it knows the page without routing. Links between pages are plain loads, and every page has a script of its own,
//! so that none carries another one's weight. A new page is a variant of [`Start`] with its arms, a function here, and a
//! crate in `frontend` that calls [`hydrate`] with it.

#[cfg(feature = "ssr")]
mod chart;
#[cfg(feature = "ssr")]
mod found;
mod plans;
#[cfg(feature = "ssr")]
pub mod settings;
#[cfg(feature = "ssr")]
mod sign_in;
mod usage;

#[cfg(feature = "ssr")]
pub use chart::chart;
#[cfg(feature = "ssr")]
pub use found::{Found, find};

use leptos::prelude::*;

use crate::{
    functions::{self, Page},
    state::Address,
};
use plans::PlansPage;
use usage::UsagePage;

/// Id of the element that holds what the page begins with.
const START_ID: &str = "start";

/// A page that lives on in the browser, with what it begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// Billing > AI Credits Usage.
    Usage(Box<Page>),
    /// Billing > Plans & add-ons.
    Plans(Box<functions::PlansPage>),
}

impl Start {
    /// Shows the page.
    pub fn view(self, address: Address) -> AnyView {
        match self {
            Self::Usage(page) => usage(*page, address),
            Self::Plans(page) => plans(*page, address),
        }
    }
}

/// Shows Billing > AI Credits Usage; both sides come through here, so they agree.
pub fn usage(page: Page, address: Address) -> AnyView {
    provide_context(address);
    let query = address.query();
    view! { <UsagePage page query/> }.into_any()
}

/// Shows Billing > Plans & add-ons.
pub fn plans(page: functions::PlansPage, address: Address) -> AnyView {
    provide_context(address);
    let query = address.query();
    view! { <PlansPage page query/> }.into_any()
}

/// Makes the page that the server rendered live, from what it sent along.
#[cfg(feature = "hydrate")]
pub fn hydrate<P: serde::de::DeserializeOwned + 'static>(view: fn(P, Address) -> AnyView) {
    let sent = document()
        .get_element_by_id(START_ID)
        .and_then(|element| element.text_content())
        .and_then(|text| postcard::from_bytes(&crate::packed::from_text(&text)).ok());
    // A page without a beginning is complete as it is.
    if let Some(page) = sent {
        leptos::mount::hydrate_body(move || view(page, Address::followed()));
    }
}
