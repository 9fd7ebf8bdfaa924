//! The server from the outside: every endpoint, every refusal, on a real database.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should stop")]

mod support;

mod ingest;
mod bad_input;
mod reading;
mod export;
mod provisioning;
mod keys;
mod idempotency;
mod refusals;
mod ops;
mod openapi;
mod pages;
mod import;
mod demo;
mod listener;
