//! What the page knows in the browser, in plain structs and signals.

mod account_line;
mod address;
mod bar;
mod cards;
mod credit_notice;
#[cfg(feature = "ssr")]
mod filters;
mod live;
mod log;
mod page;
mod permalink;
mod reading;
mod running;
mod scroll;
mod url;

#[cfg(test)]
pub mod fixture;

pub use account_line::AccountLine;
pub use address::Address;
pub use bar::{Bar, Piece};
pub use cards::{CardFigures, CardSum};
pub use credit_notice::{CreditNotice, Remedy};
#[cfg(feature = "ssr")]
pub use filters::{Filters, is_date};
#[cfg(feature = "hydrate")]
pub use live::Connection;
pub use live::{Followed, Link, follow_live};
pub use log::{Anchor, LogState, OpenRow, ROWS_ABOVE};
pub use page::{FORECAST, FORECAST_SAID, PageState};
pub use permalink::{EVENT, EventRef, event_href, permalink, view_href};
pub use reading::{FailedView, Reading};
pub use running::{SHOWN_CALLS, ahead_us, calls, duration, more};
pub use scroll::Scroll;
pub use url::{BACK, LOG_ANCHOR, Url, bar_page, differ_in_log_only, use_go, view_of};
