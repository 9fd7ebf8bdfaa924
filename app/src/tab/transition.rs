//! The change from one page to the next, softened where the browser can and the reader wants motion.

use js_sys::{Function, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

/// Changes the page within a view transition, or at once.
pub fn run(change: impl FnOnce() + 'static) {
    let Some(begin) = beginning() else {
        change();
        return;
    };
    let change = Closure::once_into_js(change);
    // Who goes on at once skips it, which rejects promises of it that nobody waits for.
    if let Ok(transition) = begin.call1(&document(), &change) {
        for promise in ["ready", "finished", "updateCallbackDone"] {
            ignore(&transition, promise);
        }
    }
}

/// The browser's function, where motion is wanted.
fn beginning() -> Option<Function> {
    let is_still = window()
        .match_media("(prefers-reduced-motion: reduce)")
        .ok()??
        .matches();
    let begin = Reflect::get(&document(), &"startViewTransition".into()).ok()?;
    begin.dyn_into().ok().filter(|_| !is_still)
}

fn ignore(transition: &JsValue, promise: &str) {
    if let Ok(promise) = Reflect::get(transition, &promise.into())
        && let Ok(promise) = promise.dyn_into::<js_sys::Promise>()
    {
        leptos::task::spawn_local(async move {
            let _ = js_sys::futures::JsFuture::from(promise).await;
        });
    }
}
