//! The head of the usage page, what can be said of its figures, and whether a page is live.

#[cfg(feature = "ssr")]
pub use usage::{UsageHeader, usage_marks};

#[cfg(feature = "ssr")]
mod usage;
