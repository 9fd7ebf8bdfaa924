//! Filters that a form keeps.

use leptos::prelude::*;

use crate::state::Url;

/// What a form keeps of the view when it is sent without scripts: everything but what it asks for itself.
#[component]
pub fn KeptFields(
    /// The view.
    url: Memo<Url>,
    /// Names of the parameters that the form sets, or that make way for them.
    asked: &'static [&'static str],
) -> impl IntoView {
    let kept = url
        .with_untracked(|url| url.0.pairs())
        .into_iter()
        .filter(|(name, _)| !asked.contains(name));
    kept.map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view()
}
