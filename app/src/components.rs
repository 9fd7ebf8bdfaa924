//! The product's own parts of the page.

mod activity_log;
mod agent_cards;
mod amount;
mod billing_notices;
#[cfg(feature = "ssr")]
pub mod filter_bar;
mod gauge;
mod kept_fields;
mod link_mark;
mod notices;
#[cfg(feature = "ssr")]
mod page_header;
#[cfg(feature = "ssr")]
mod pending_line;
mod picker;
mod problem;
#[cfg(feature = "ssr")]
mod receipt;
mod running_calls;
#[cfg(feature = "ssr")]
mod sheet;
#[cfg(feature = "ssr")]
mod sidebar;
mod tips;

pub use activity_log::{ActivityLog, Asking as LogAsking};
pub use agent_cards::AgentCards;
#[cfg(feature = "ssr")]
pub use agent_cards::chart_mark;
pub use amount::Amount;
pub use billing_notices::BillingNotices;
#[cfg(feature = "ssr")]
pub use gauge::CYCLE_MARK;
pub use gauge::{Gauge, StateBadge};
pub use kept_fields::KeptFields;
#[cfg(feature = "ssr")]
pub use link_mark::{AsOf, LinkMark};
pub use notices::Notices;
#[cfg(feature = "ssr")]
pub use page_header::{UsageHeader, usage_marks};
#[cfg(feature = "ssr")]
pub use pending_line::pending_line;
pub use picker::Picker;
pub use problem::Problem;
#[cfg(feature = "ssr")]
pub use receipt::{RefundOutcome, receipt_html};
pub use running_calls::RunningCalls;
#[cfg(feature = "ssr")]
pub use sheet::{Sheet, Side, sheet_foot};
#[cfg(feature = "ssr")]
pub use sidebar::Sidebar;
pub use tips::Tips;
