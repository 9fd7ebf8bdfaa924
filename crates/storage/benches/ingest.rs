//! How fast events are stored and read: `cargo bench -p storage`, or with `-- writing` or `-- reading` one half of it.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench stops at the first failure and prints what it measured"
)]

#[path = "ingest/platform.rs"]
mod platform;
#[path = "ingest/reading.rs"]
mod reading;
#[path = "ingest/writing.rs"]
mod writing;

#[tokio::main]
async fn main() {
    let asked = |half: &str| {
        let mut halves = std::env::args()
            .filter(|argument| ["writing", "reading"].contains(&argument.as_str()))
            .peekable();
        halves.peek().is_none() || halves.any(|argument| argument == half)
    };
    if asked("writing") {
        writing::run().await;
    }
    if asked("reading") {
        reading::run().await;
    }
}
