//! Every credit-consuming event, newest first, however many there are.

#[cfg(feature = "hydrate")]
mod actions;
#[cfg(feature = "hydrate")]
mod drawn;
#[cfg(feature = "ssr")]
mod empty;
mod line;
#[cfg(feature = "hydrate")]
mod pool;
#[cfg(feature = "ssr")]
mod shown;
#[cfg(feature = "ssr")]
mod toolbar;

use domain::activity::PAGE_ROWS;

#[cfg(feature = "hydrate")]
pub use actions::{Asking, LogActions};
#[cfg(feature = "ssr")]
pub use shown::ActivityLog;
#[cfg(feature = "ssr")]
pub use toolbar::activity_items;

/// Rows that exist in the document, however long the log is. As many as the server renders first.
const POOL: u64 = PAGE_ROWS as u64;
/// Rows kept above the view, so that a quick scroll never shows a gap.
const ABOVE: u64 = 8;
