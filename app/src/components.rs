//! The product's own parts of the page.

pub(crate) mod activity_log;
#[cfg(feature = "ssr")]
mod agent_cards;
#[cfg(feature = "ssr")]
mod amount;
#[cfg(feature = "ssr")]
#[cfg(feature = "ssr")]
pub mod filter_bar;
#[cfg(feature = "ssr")]
mod gauge;
#[cfg(feature = "ssr")]
mod kept_fields;
#[cfg(feature = "ssr")]
mod link_mark;
#[cfg(feature = "ssr")]
mod notices;
#[cfg(feature = "ssr")]
mod page_header;
#[cfg(feature = "ssr")]
mod pending_line;
#[cfg(feature = "ssr")]
mod picker;
#[cfg(feature = "ssr")]
mod problem;
#[cfg(feature = "ssr")]
mod receipt;
#[cfg(feature = "ssr")]
mod running_calls;
#[cfg(feature = "ssr")]
mod said;
#[cfg(feature = "ssr")]
mod sheet;
#[cfg(feature = "ssr")]
mod sidebar;
#[cfg(feature = "ssr")]
mod tips;

#[cfg(feature = "ssr")]
pub use {
    activity_log::{ActivityLog, activity_items},
    agent_cards::{AgentCards, agent_drawing, table_rows},
    amount::Amount,
    gauge::{CYCLE_MARK, Gauge, StateBadge},
    kept_fields::kept_fields,
    link_mark::{AsOf, LinkMark},
    notices::{Notices, event_notice},
    page_header::{UsageHeader, usage_marks},
    pending_line::pending_line,
    picker::Picker,
    problem::Problem,
    receipt::receipt_html,
    running_calls::running_calls,
    said::Said,
    sheet::{Sheet, Side, sheet_foot},
    sidebar::Sidebar,
    tips::tips,
};
