//! What the page knows in the browser, in plain structs and signals.

mod address;
mod live;
mod page;
mod plans;
mod scroll;
mod url;

pub use address::Address;
pub use live::{Followed, Link, follow_live};
pub use page::{LogState, PageState};
pub use plans::PlansState;
pub use scroll::Scroll;
pub use url::{Url, period_name, use_go};
