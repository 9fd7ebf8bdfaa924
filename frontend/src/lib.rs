//! The script of every page: makes what the server rendered live, and goes from page to page.
#![recursion_limit = "256"]

use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the page's script once the module is loaded.
#[wasm_bindgen]
pub fn hydrate() {
    // A release has no words for panics: scripts/prune.mjs takes them out.
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
    app::tab::start();
}
