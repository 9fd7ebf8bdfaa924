//! The style sheet that the usage page does without, loaded before the first other page is shown.

use js_sys::{Promise, futures::JsFuture};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlElement;

/// Marks the sheet's link, once it is loaded.
const MARK: &str = "data-pages";
/// What stands before its address in a document, as `shell` writes it.
const BEFORE: &str = "data-pages=\"\" href=\"";

/// Loads the style sheet that a document names, unless it is there.
pub async fn load(document_text: &str) -> Result<(), JsValue> {
    let named = document_text.split_once(BEFORE);
    let Some((href, _)) = named.and_then(|(_, rest)| rest.split_once('"')) else {
        return Ok(());
    };
    let (page, selector) = (document(), ["[", MARK, "]"].concat());
    let Some(head) = page
        .head()
        .filter(|_| !matches!(page.query_selector(&selector), Ok(Some(_))))
    else {
        return Ok(());
    };
    let link: HtmlElement = page.create_element("link")?.unchecked_into();
    link.set_attribute("rel", "stylesheet")?;
    link.set_attribute("href", href)?;
    head.append_child(&link)?;
    let loaded = Promise::new(&mut |done, failed| {
        link.set_onload(Some(&done));
        link.set_onerror(Some(&failed));
    });
    if let Err(error) = JsFuture::from(loaded).await {
        link.remove();
        return Err(error);
    }
    link.set_attribute(MARK, "")
}
