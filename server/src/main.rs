//! The `creditscope` binary.
#![recursion_limit = "256"] // The type of a page is as deep as its view.

use std::process::ExitCode;

/// Hands freed memory back to the system. The C library keeps a heap for nearly every thread, each as large as its
/// largest batch; `override` in Cargo.toml puts SQLite's memory in here as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    server::privacy::keep_to_ourselves();
    server::cli::main()
}
