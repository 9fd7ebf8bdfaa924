//! The product's own parts of the page.

mod activity_log;
mod agent_cards;
mod amount;
mod billing_notices;
mod credit_notice;
#[cfg(feature = "ssr")]
pub mod filter_bar;
mod gauge;
mod kept_fields;
#[cfg(feature = "ssr")]
mod page_header;
mod page_notices;
mod problem;
mod receipt;
mod running_calls;
mod sheet;
#[cfg(feature = "ssr")]
mod sidebar;
mod tips;

pub use activity_log::ActivityLog;
pub use agent_cards::AgentCards;
pub use amount::{AlignedAmount, Amount};
pub use billing_notices::BillingNotices;
pub use credit_notice::CreditBanner;
pub use gauge::{Gauge, StateBadge};
pub use kept_fields::KeptFields;
#[cfg(feature = "ssr")]
pub use page_header::{UsageHeader, live_mark};
pub use page_notices::PageNotices;
pub use problem::Problem;
pub use receipt::ReceiptPanel;
pub use running_calls::RunningCalls;
pub use sheet::Sheet;
#[cfg(feature = "ssr")]
pub use sidebar::Sidebar;
pub use tips::{Tips, Warnings};
