//! Filters that a form keeps.

use leptos::prelude::*;

use crate::state::Url;

/// What a form keeps of the view when it is sent: everything but what it asks for itself, or what makes way for that.
pub fn kept_fields(url: &Url, asked: &[&str]) -> AnyView {
    let kept = url.0.pairs().into_iter();
    let kept = kept.filter(|(name, _)| !asked.contains(name));
    kept.map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view()
        .into_any()
}
