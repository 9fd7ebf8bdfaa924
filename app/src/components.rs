//! The product's own parts of the page.

mod activity_log;
mod agent_cards;
mod amount;
mod credit_notice;
mod filters;
mod gauge;
mod page_header;
mod page_notices;
mod plans;
mod problem;
mod receipt;
mod running_calls;
mod sidebar;
mod tips;

pub use activity_log::ActivityLog;
pub use agent_cards::AgentCards;
pub use amount::{AlignedAmount, Amount};
pub use credit_notice::CreditBanner;
pub use filters::{CompanyFilter, KeptFields, PeriodFilter};
pub use gauge::Gauge;
pub use page_header::{LiveMark, PageHeader};
pub use page_notices::PageNotices;
pub use plans::{BillingNotices, Disputes, GrantTable, LedgerTable, Offers, Orders, PlanSummary};
pub use problem::Problem;
pub use receipt::ReceiptPanel;
pub use running_calls::RunningCalls;
pub use sidebar::Sidebar;
pub use tips::{Tips, Warnings};
