//! What the page knows in the browser, in plain structs and signals.

mod address;
mod bar;
mod credit_notice;
mod live;
mod page;
mod permalink;
mod plans;
mod reading;
mod running;
mod scroll;
mod url;

pub use address::Address;
pub use bar::{Bar, Piece};
pub use credit_notice::{CreditNotice, Remedy};
pub use live::{Followed, Link, follow_live};
pub use page::{LogState, PageState, ROWS_ABOVE};
pub use permalink::{EVENT, EventRef, permalink};
pub use plans::PlansState;
pub use reading::Reading;
pub use running::{SHOWN_CALLS, ahead_us, calls, duration, more, reserved};
pub use scroll::Scroll;
pub use url::{Url, period_name, use_go};
