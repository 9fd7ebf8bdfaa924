//! Whole pages.
//!
//! The server finds the page of an address and reads what it begins with; the browser is sent the same beginning, so
//! that it knows the page without routing. A new page is a variant of [`Start`] and two arms: one in [`find`], one in
//! [`Start::view`]. Links between pages are plain loads.

#[cfg(feature = "ssr")]
mod found;
mod plans;
#[cfg(feature = "ssr")]
mod sign_in;
mod usage;

#[cfg(feature = "ssr")]
pub use found::{Found, find};

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "hydrate")]
use crate::packed;
use crate::{functions::Page, state::Address};
use plans::PlansPage;
use usage::UsagePage;

/// Id of the element that holds what the page begins with.
const START_ID: &str = "start";

/// A page that lives on in the browser, with what it begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Start {
    /// Billing > AI Credits Usage.
    Usage(Box<Page>),
    /// Billing > Plans & add-ons.
    Plans(Box<crate::functions::PlansPage>),
}

impl Start {
    /// Shows the page; both sides come through here, so they agree.
    pub fn view(self, address: Address) -> AnyView {
        provide_context(address);
        let query = address.query();
        match self {
            Self::Usage(page) => view! { <UsagePage page=*page query/> }.into_any(),
            Self::Plans(page) => view! { <PlansPage page=*page query/> }.into_any(),
        }
    }

    /// What the server sent along with the page.
    #[cfg(feature = "hydrate")]
    pub fn sent() -> Option<Self> {
        let element = document().get_element_by_id(START_ID)?;
        postcard::from_bytes(&packed::from_text(&element.text_content()?)).ok()
    }
}
