//! Pure rules and shared types of Creditscope: no IO, no async, no clock of its own; compiles to wasm.

pub mod activity;
pub mod advice;
pub mod agent;
pub mod bounds;
pub mod brand;
pub mod credits;
pub mod cursor;
pub mod ending;
pub mod error;
pub mod event;
pub mod filter;
pub mod ids;
pub mod json;
pub mod lead;
pub mod ledger;
pub mod live;
pub mod number;
pub mod quantity;
pub mod rate;
pub mod source;
pub mod tenancy;
pub mod time;
pub mod usage;

#[cfg(feature = "calendar")]
pub mod alert;
#[cfg(feature = "calendar")]
pub mod calendar;
#[cfg(feature = "fold")]
pub mod fold;
#[cfg(feature = "calendar")]
pub mod forecast;
#[cfg(feature = "calendar")]
pub mod spike;

pub use agent::Agent;
pub use credits::Credits;
pub use error::{FieldError, Invalid};
pub use ids::{AccountId, CompanyId, CompanyKey, Seq, UserId};
pub use json::Json;
pub use quantity::Quantity;
pub use time::{Time, TimeRange};
