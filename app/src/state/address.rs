//! The address bar: its query string is the view, so a link within the page changes it without loading anything.

use leptos::prelude::*;

/// The page's address, as far as it changes while the page stays; cheap to copy.
#[derive(Debug, Clone, Copy)]
pub struct Address(RwSignal<String>);

impl Address {
    /// The address that the server renders.
    pub fn new(query: &str) -> Self {
        Self(RwSignal::new(query.to_owned()))
    }

    /// The query string, without its question mark.
    pub fn query(self) -> Memo<String> {
        Memo::new(move |_| self.0.get())
    }

    /// Only a browser goes anywhere.
    #[cfg(not(feature = "hydrate"))]
    pub fn go(self, _: &str, _: bool) {}
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::{ev, prelude::*};
    use wasm_bindgen::{JsCast, JsValue};

    use super::Address;

    /// Links the browser must follow itself: elsewhere, into a file, or marked as none of ours.
    const FOLLOWED: &str = "a[href]:not([target]):not([download]):not([rel~=external])";

    impl Address {
        /// The address bar's, kept in step with the reader's clicks and the back button.
        ///
        /// It lives as long as the page, so nobody has to stop listening.
        pub fn followed() -> Self {
            let address = Self::new(&query_shown());
            window_event_listener(ev::click, move |event| {
                if let Some(link) = link_within_page(&event) {
                    event.prevent_default();
                    address.go(&(link.pathname() + &link.search()), false);
                    if !link.has_attribute("data-noscroll") {
                        window().scroll_to_with_x_and_y(0.0, 0.0);
                    }
                }
            });
            window_event_listener(ev::popstate, move |_| address.0.set(query_shown()));
            address
        }

        /// Goes to another view of the page; with `replace` the back button skips the one left behind.
        pub fn go(self, href: &str, replace: bool) {
            let query = href.split_once('?').map_or("", |(_, query)| query);
            if self.0.with_untracked(|shown| shown == query) {
                return;
            }
            if let Ok(history) = window().history() {
                let _ = if replace {
                    history.replace_state_with_url(&JsValue::NULL, "", Some(href))
                } else {
                    history.push_state_with_url(&JsValue::NULL, "", Some(href))
                };
            }
            self.0.set(query.to_owned());
        }
    }

    fn query_shown() -> String {
        let search = window().location().search().unwrap_or_default();
        search.trim_start_matches('?').to_owned()
    }

    /// The link that a plain click is on, when it leads to another view of this page.
    fn link_within_page(event: &web_sys::MouseEvent) -> Option<web_sys::HtmlAnchorElement> {
        let is_plain = event.button() == 0
            && !(event.default_prevented()
                || event.meta_key()
                || event.ctrl_key()
                || event.shift_key()
                || event.alt_key());
        if !is_plain {
            return None;
        }
        let clicked = event.target()?.dyn_into::<web_sys::Element>().ok()?;
        let link = clicked.closest(FOLLOWED).ok()??;
        let link = link.dyn_into::<web_sys::HtmlAnchorElement>().ok()?;
        let here = window().location();
        let is_here = link.origin() == here.origin().ok()?
            && link.pathname() == here.pathname().ok()?
            && link.hash().is_empty();
        is_here.then_some(link)
    }
}
