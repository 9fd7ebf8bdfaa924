//! Pure rules and shared types of Creditscope: no IO, no async, no clock of its own; compiles to wasm.

pub mod agent;
pub mod credits;
pub mod quantity;
pub mod time;
pub mod ids;
pub mod tenancy;
pub mod error;
pub mod event;
pub mod rate;
pub mod filter;
pub mod ledger;
pub mod usage;
pub mod activity;
pub mod live;
pub mod cursor;
pub mod number;

#[cfg(feature = "calendar")]
pub mod calendar;

pub use agent::Agent;
pub use credits::Credits;
pub use error::{FieldError, Invalid};
pub use ids::{AccountId, CompanyId, CompanyKey, Seq, UserId};
pub use quantity::Quantity;
pub use time::{Time, TimeRange};
