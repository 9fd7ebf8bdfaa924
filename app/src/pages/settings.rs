//! Pages that are complete as the server sends them: plain forms, no scripts.

mod accounts;
mod advice;
mod alerts;
mod audit;
mod brand;
mod companies;
mod confirm;
mod endings;
mod enter;
mod frame;
mod framed;
mod go;
mod keys;
mod members;
mod passkeys;
mod plans;
mod platform;
mod recovery;
mod refunds;
mod refused;
mod review;
mod second_factor;
mod stale;
mod trend_parts;
mod trends;
mod unsubscribe;
mod value;
mod welcome;
mod you;

pub use accounts::AccountsPage;
pub use advice::AdvicePage;
pub use alerts::{AlertsPage, threshold_of};
pub use brand::BrandPage;
pub use companies::CompaniesPage;
pub use confirm::ConfirmPage;
pub use enter::EnterPage;
pub use go::GoPage;
pub use keys::{KeysPage, is_in_use, key_name};
pub use members::{MembersPage, role_words};
pub use plans::{
    DisputeLine, GrantLine, GrantStatus, LedgerLine, Offer, OrderLine, PlansPage, Progress,
    Standing, order_words,
};
pub use platform::PlatformPage;
pub use recovery::RecoveryPage;
pub use refunds::RefundsPage;
pub use refused::RefusedPage;
pub use review::{ReviewPage, hours_of, week_address};
pub use second_factor::SecondFactorPage;
pub use stale::{StaleField, StalePage};
pub use trends::TrendsPage;
pub use unsubscribe::UnsubscribePage;
pub use value::ValuePage;
pub use welcome::WelcomePage;
pub use you::{YouPage, browser};

pub use audit::AuditPage;
pub use frame::{Ask, Frame};
pub(in crate::pages) use framed::is_remembered;
pub use framed::{FramedPage, Settings};
pub(crate) use trend_parts::AGAINST;
