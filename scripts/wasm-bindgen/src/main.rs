//! Turns the page's compiled wasm into the module and the script a browser loads.
//!
//! This is the part of `wasm-bindgen-cli` that a build needs: compiling the whole of that program
//! takes several times as long, most of it for a test runner's HTTP client and server.

use anyhow::{Context as _, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

const USAGE: &str = "usage: creditscope-wasm-bindgen INPUT.wasm OUT_DIR OUT_NAME";

/// Writes `OUT_DIR/OUT_NAME.js` and `OUT_DIR/OUT_NAME_bg.wasm`.
///
/// The functions keep their names, so that a browser's stack trace can be read.
fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [input, out_dir, out_name] = args.as_slice() else {
        bail!(USAGE);
    };

    Bindgen::new()
        .input_path(input)
        .out_name(out_name)
        .web(true)?
        .typescript(false)
        .remove_producers_section(true)
        .generate(out_dir)
        .with_context(|| format!("cannot write the JavaScript for {input}"))
}
