//! What the page knows in the browser, in plain structs and signals.

mod account_line;
#[cfg(feature = "hydrate")]
mod address;
mod bar;
mod cards;
#[cfg(feature = "ssr")]
mod credit_notice;
#[cfg(feature = "ssr")]
mod filters;
#[cfg(feature = "hydrate")]
mod live;
mod log;
#[cfg(feature = "hydrate")]
mod page;
mod permalink;
mod running;
mod scroll;
#[cfg(feature = "ssr")]
mod url;

#[cfg(test)]
pub mod fixture;

pub use account_line::AccountLine;
#[cfg(feature = "hydrate")]
pub use address::Address;
pub use bar::{Bar, Piece};
pub use cards::{CardFigures, CardSum};
#[cfg(feature = "ssr")]
pub use credit_notice::{CreditNotice, Remedy};
#[cfg(feature = "ssr")]
pub use filters::{Filters, is_date};
#[cfg(feature = "hydrate")]
pub use live::{Connection, Link, follow_live};
pub use log::{Anchor, LogState, OpenRow, ROWS_ABOVE};
#[cfg(feature = "hydrate")]
pub use page::PageState;
#[cfg(feature = "ssr")]
pub use permalink::permalink;
pub use permalink::{EVENT, EventRef, event_href, view_href, view_of};
#[cfg(feature = "hydrate")]
pub use running::ahead_us;
#[cfg(feature = "ssr")]
pub use running::{SHOWN_CALLS, more};
pub use running::{SINCE, calls, duration};
pub use scroll::Scroll;
#[cfg(feature = "ssr")]
pub use url::{BACK, Url, bar_page};

/// Where the rows of the log are.
pub const LOG_ANCHOR: &str = "log-title";

/// The marked part that holds the forecast, for the figures that follow from it.
pub const FORECAST: &str = "forecast";
/// Its attribute that says it.
pub const FORECAST_SAID: &str = "data-said";
