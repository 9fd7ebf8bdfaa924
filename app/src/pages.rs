//! One module a route.

pub mod not_found;
pub mod sign_in;
pub mod usage;
