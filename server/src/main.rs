//! The `creditscope` binary.
#![recursion_limit = "256"] // The type of a page is as deep as its view.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::cli::main()
}
