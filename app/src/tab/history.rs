//! The entries of the back button, and how far each was scrolled.

use js_sys::Array;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::ScrollRestoration;

/// Entries whose place is remembered besides in the browser's own memory.
const REMEMBERED: usize = 100;

/// Name of an entry: the millisecond it was made in, or a later one.
type Name = i64;

/// The entries; cheap to copy.
#[derive(Clone, Copy)]
pub struct History {
    /// Name of the entry that is gone to.
    shown: StoredValue<Name>,
    /// Name of the entry whose page is there: behind, while that of another is waited for.
    there: StoredValue<Name>,
    /// Entries that were left by the back button, and how far they were scrolled then.
    left: StoredValue<Vec<(Name, f64)>>,
    /// How far the page was scrolled before it was loaded again.
    reloaded_at: StoredValue<f64>,
}

/// What the browser keeps with an entry: its name, and how far it was scrolled.
fn kept() -> Option<(Name, f64)> {
    let state = window().history().ok()?.state().ok()?;
    let state = state.dyn_into::<Array>().ok()?;
    Some((whole(state.get(0).as_f64()?), state.get(1).as_f64()?))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "milliseconds of any date fit"
)]
const fn whole(number: f64) -> Name {
    number as Name
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of any date are exact"
)]
fn to_keep(name: Name, y: f64) -> JsValue {
    Array::of2(&(name as f64).into(), &y.into()).into()
}

/// How far the page is scrolled, in CSS pixels.
pub fn scroll_y() -> f64 {
    window().scroll_y().unwrap_or_default()
}

/// A name that no earlier entry of the tab has, also of the time before a reload.
fn new_name(after: Name) -> Name {
    whole(js_sys::Date::now()).max(after + 1)
}

impl History {
    /// Takes the entries over from the browser.
    pub fn begin() -> Self {
        if let Ok(history) = window().history() {
            let _ = history.set_scroll_restoration(ScrollRestoration::Manual);
        }
        let kept = kept();
        let (name, y) = kept.unwrap_or((new_name(0), 0.0));
        let this = Self {
            shown: StoredValue::new(name),
            there: StoredValue::new(name),
            left: StoredValue::new(Vec::new()),
            reloaded_at: StoredValue::new(y),
        };
        if kept.is_none() {
            this.keep(scroll_y(), None);
        }
        this
    }

    /// Name of the entry that is shown.
    pub fn entry(self) -> Name {
        self.shown.get_value()
    }

    /// Goes back to where the reader was before the page was loaded again.
    pub fn restore_after_reload(self) {
        let y = self.reloaded_at.get_value();
        if y > 0.0 && window().location().hash().unwrap_or_default().is_empty() {
            window().scroll_to_with_x_and_y(0.0, y);
        }
    }

    fn keep(self, y: f64, href: Option<&str>) {
        if let Ok(history) = window().history() {
            let state = to_keep(self.shown.get_value(), y);
            let _ = history.replace_state_with_url(&state, "", href);
        }
    }

    /// The page of the entry is there.
    pub fn is_there(self) {
        self.there.set_value(self.shown.get_value());
    }

    /// Remembers how far the entry that is shown is scrolled, if what is scrolled is its page.
    pub fn remember(self) {
        if self.there.get_value() == self.shown.get_value() {
            self.keep(scroll_y(), None);
        }
    }

    /// A new entry, which the back button leaves for the one that is shown now.
    pub fn push(self, href: &str) {
        self.remember();
        self.shown.update_value(|shown| *shown = new_name(*shown));
        if let Ok(history) = window().history() {
            let state = to_keep(self.shown.get_value(), 0.0);
            let _ = history.push_state_with_url(&state, "", Some(href));
        }
    }

    /// Another address for the entry that is shown.
    pub fn replace(self, href: &str) {
        self.keep(scroll_y(), Some(href));
    }

    /// The browser has gone to another entry; says how far that one was scrolled, unless it is new.
    pub fn moved(self) -> Option<f64> {
        let left = (self.there.get_value(), scroll_y());
        self.left.update_value(|places| {
            places.retain(|(name, _)| *name != left.0);
            places.push(left);
            if places.len() > REMEMBERED {
                places.remove(0);
            }
        });
        let Some((name, y)) = kept() else {
            // An entry of a hash link: it has no state until now.
            self.shown.update_value(|shown| *shown = new_name(*shown));
            self.keep(scroll_y(), None);
            return None;
        };
        self.shown.set_value(name);
        let remembered = self
            .left
            .with_value(|places| places.iter().find(|(of, _)| *of == name).copied());
        Some(remembered.map_or(y, |(_, y)| y))
    }
}
