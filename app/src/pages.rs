//! Whole pages.
//!
//! The server finds the page of an address, reads it, and renders it whole. What changes are taken into is sent along.

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
#[cfg(feature = "ssr")]
mod usage;

#[cfg(feature = "ssr")]
pub use chart::chart;
#[cfg(feature = "ssr")]
pub use company_options::find_companies;
#[cfg(feature = "ssr")]
pub use found::{Followed, Found, find, since};
#[cfg(feature = "ssr")]
pub use sign_in::RefusedSignIn;

/// Id of the element that holds the page.
#[cfg(any(feature = "ssr", feature = "hydrate"))]
pub(crate) const PAGE_ID: &str = "page";
/// Id of the element that holds what the page begins with.
#[cfg(any(feature = "ssr", feature = "hydrate"))]
pub(crate) const START_ID: &str = "start";
