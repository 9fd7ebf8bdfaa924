//! The use-cases over a database in memory.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

mod ingest;
mod sums;
mod log;
mod live;
mod scope;
mod writer;
mod accounts;
mod keys;
mod users;
