//! The server from the outside: every endpoint, every refusal, on a real database.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should stop"
)]

mod support;
mod webhooks;
mod webhooks_fair;
mod zones;

mod another_reader;
mod bad_input;
mod bodies;
mod bounds;
mod buying;
mod care;
mod confirm;
mod cross_site;
mod data_folder;
mod demo;
mod device;
mod disputes;
mod editing;
mod editing_forms;
mod emails;
mod endings;
mod enforce;
mod export;
mod filter_bar;
mod finding;
mod floods;
mod forms;
mod functions;
mod guesses;
mod idempotency;
mod import;
mod import_rows;
mod ingest;
mod joining;
mod keys;
mod kill;
mod known_events;
mod ledger;
mod ledger_file;
mod limits;
mod listener;
mod lists;
mod live_access;
mod live_limits;
mod made_up;
mod many_companies;
mod matrix;
mod names;
mod neighbours;
mod openapi;
mod ops;
mod orders;
mod own_sessions;
mod pages;
mod parts;
mod parts_load;
mod passkeys;
mod pictures;
mod places;
mod privacy;
mod provisioning;
mod reading;
mod recovery;
mod refusals;
mod second_factor;
mod secret_addresses;
mod secrets;
mod session_ids;
mod sign_on;
mod strict_json;
mod supervision;
mod trends_page;
mod turns;
mod viewers;
mod whose_mailbox;
