//! The Leptos user interface: pages, components, charts, live updates and server functions.
//!
//! Server functions only translate to the service; nothing here knows a database.

#[cfg(feature = "ssr")]
pub mod charts;
#[cfg(feature = "ssr")]
pub mod context;
#[cfg(feature = "ssr")]
pub mod forms;
#[cfg(feature = "ssr")]
mod shell;

pub mod components;
pub mod error;
pub mod figures;
pub mod functions;
pub mod packed;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod parts;
pub mod state;
#[cfg(feature = "hydrate")]
pub mod tab;
pub mod ui;

#[cfg(feature = "ssr")]
pub use shell::shell;

/// Where the AI Credits Usage page lives.
pub const USAGE_PATH: &str = "/billing/usage";
/// Where the Plans & add-ons page lives.
pub const PLANS_PATH: &str = "/billing/plans";
/// Where pages, companies and actions are found by their names.
pub const GO_PATH: &str = "/go";
/// Where somebody switches to another account.
pub const ACCOUNTS_PATH: &str = "/accounts";
/// Where trends are.
pub const TRENDS_PATH: &str = "/billing/trends";
/// What usage brought in.
pub const VALUE_PATH: &str = "/billing/value";
/// What is watched, and what was told.
pub const ALERTS_PATH: &str = "/billing/alerts";
/// What was unusual in a week.
pub const REVIEW_PATH: &str = "/billing/review";
/// Which plan would have cost least.
pub const ADVICE_PATH: &str = "/billing/advice";
/// Usage across all accounts.
pub const PLATFORM_PATH: &str = "/platform/trends";
/// Requests for refunds of all accounts.
pub const REFUNDS_PATH: &str = "/platform/refunds";
/// Where the board of companies lives.
pub const COMPANIES_PATH: &str = "/companies";
/// Where the companies that a filter offers are found.
pub const COMPANY_OPTIONS_PATH: &str = "/companies/options";
/// Where members are.
pub const MEMBERS_PATH: &str = "/settings/members";
/// Where API keys are.
pub const KEYS_PATH: &str = "/settings/keys";
/// Where the audit log is.
pub const AUDIT_PATH: &str = "/settings/audit";
/// Where an agency chooses what its clients see.
pub const BRAND_PATH: &str = "/settings/brand";
/// Where everyone finds their own password and sessions.
pub const YOU_PATH: &str = "/settings/you";
/// Where a link in an email leads to unsubscribe; its token follows.
pub const UNSUBSCRIBE_PATH: &str = "/unsubscribe";
/// Where a person sets up and removes their second factor.
pub const SECOND_FACTOR_PATH: &str = "/settings/second-factor";
/// Where a browser asks what a passkey is to sign, after the password.
pub const SIGN_IN_PASSKEY_PATH: &str = "/sign-in/passkey";
/// Where it asks that before a sensitive act.
pub const CONFIRM_PASSKEY_PATH: &str = "/settings/second-factor/passkeys/ask";
/// Where somebody who signed in again elsewhere comes back to.
pub const AGAIN_PATH: &str = "/sign-in/again";
/// Where people sign in.
pub const SIGN_IN_PATH: &str = "/sign-in";
/// Where somebody who forgot their password asks for a link.
pub const FORGOT_PATH: &str = "/forgot-password";
