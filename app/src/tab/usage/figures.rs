//! Figures, written over what the server rendered when they say something else.

use leptos::prelude::*;
use web_sys::Element;

use crate::{
    figures::{FIGURE, Figure, Shown, figures},
    pages::PAGE_ID,
    state::PageState,
    tab::parts::write_attribute,
};

/// Keeps the page's figures in step with what it holds.
pub fn follow(state: PageState) {
    Effect::new(move |before: Option<Vec<Figure>>| {
        let now = state.dashboard.with(|dashboard| {
            state.forecast.with(|forecast| {
                figures(Shown {
                    dashboard,
                    forecast: forecast.as_ref(),
                })
            })
        });
        // What the server rendered says the same as what it sent along.
        let before = before.unwrap_or_default();
        for (was, now) in before.iter().zip(&now) {
            if was != now {
                write(was, now);
            }
        }
        now
    });
}

fn write(was: &Figure, now: &Figure) {
    let selector = ["#", PAGE_ID, " [", FIGURE, "=\"", &now.name, "\"]"].concat();
    let Ok(Some(element)) = document().query_selector(&selector) else {
        return;
    };
    write_inner(&element, was, now);
    for (name, value) in &now.attributes {
        write_attribute(&element, name, value.as_deref());
    }
}

fn write_inner(element: &Element, was: &Figure, now: &Figure) {
    if was.inner != now.inner
        && let Some(inner) = &now.inner
    {
        element.set_inner_html(inner);
    }
}
