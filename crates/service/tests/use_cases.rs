//! The use-cases over a database in memory.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod support;

mod accounts;
mod advice;
mod alerts;
mod digest;
mod forecast;
mod idempotency;
mod ingest;
mod keys;
mod live;
mod log;
mod plans;
mod platform;
mod rates;
mod reconcile;
mod scope;
mod single_sign_on;
mod sources;
mod spikes;
mod sums;
mod tips;
mod trends;
mod users;
mod value;
mod viewers;
mod writer;
