//! Links and forms of the filter bar, kept in step with the filters of the log, which change without a visit.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, Url, UrlSearchParams};

/// Filters of the log.
const OF_LOG: [&str; 3] = ["agent", "activity", "q"];
/// Links that lead to a view or its files.
const LINKS: &str = ".filter-bar a[href]:not([data-fixed])";
/// Forms that ask for a view.
const FORMS: &str = ".filter-bar form";

/// Makes links and forms keep the filters of a query string.
pub fn keep(query: &str) {
    let Ok(shown) = UrlSearchParams::new_with_str(query) else {
        return;
    };
    each(LINKS, |link| keep_in_link(link, &shown));
    each(FORMS, |form| keep_in_form(form, &shown));
}

fn each(selector: &str, mut act: impl FnMut(&Element) -> Option<()>) {
    let Ok(found) = document().query_selector_all(selector) else {
        return;
    };
    for index in 0..found.length() {
        if let Some(element) = found.item(index)
            && let Ok(element) = element.dyn_into()
        {
            act(&element);
        }
    }
}

/// The values of a name.
fn values(shown: &UrlSearchParams, name: &str) -> impl Iterator<Item = String> {
    shown
        .get_all(name)
        .iter()
        .filter_map(|value| value.as_string())
        .collect::<Vec<_>>()
        .into_iter()
}

fn keep_in_link(link: &Element, shown: &UrlSearchParams) -> Option<()> {
    let href = link.get_attribute("href")?;
    let url = Url::new_with_base(&href, &document().base_uri().ok()??).ok()?;
    let asked = url.search_params();
    for name in OF_LOG {
        asked.delete(name);
        for value in values(shown, name) {
            asked.append(name, &value);
        }
    }
    link.set_attribute("href", &(url.pathname() + &url.search()))
        .ok()
}

fn keep_in_form(form: &Element, shown: &UrlSearchParams) -> Option<()> {
    for name in OF_LOG {
        let kept = ["input[type=hidden][name=\"", name, "\"]"].concat();
        while let Some(field) = form.query_selector(&kept).ok()? {
            field.remove();
        }
        for value in values(shown, name) {
            let field = document().create_element("input").ok()?;
            field.set_attribute("type", "hidden").ok()?;
            field.set_attribute("name", name).ok()?;
            field.set_attribute("value", &value).ok()?;
            form.append_child(&field).ok()?;
        }
    }
    Some(())
}
