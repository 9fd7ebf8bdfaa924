//! How fast events are stored and read: `cargo bench -p storage`, or with `-- writing`, `-- reading` or `-- across` one part of it.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench stops at the first failure and prints what it measured"
)]

#[path = "ingest/across.rs"]
mod across;
#[path = "ingest/platform.rs"]
mod platform;
#[path = "ingest/reading.rs"]
mod reading;
#[path = "ingest/writing.rs"]
mod writing;

#[tokio::main]
async fn main() {
    let asked = |part: &str| {
        let mut parts = std::env::args()
            .filter(|argument| ["writing", "reading", "across"].contains(&argument.as_str()))
            .peekable();
        parts.peek().is_none() || parts.any(|argument| argument == part)
    };
    if asked("writing") {
        writing::run().await;
    }
    if asked("reading") {
        reading::run().await;
    }
    if asked("across") {
        across::run().await;
    }
}
