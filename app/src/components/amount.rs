//! Credits as people read them in headings and cards: whole, and exact on hover and focus.

use domain::{Credits, number};
use leptos::prelude::*;

use crate::figures::amount_attributes;

/// A large amount in whole credits, shortened when it is very long; its exact figure shows on hover and focus.
#[component]
pub fn Amount(
    /// How much.
    #[prop(into)]
    credits: Signal<Credits>,
    /// What is shown instead of the rounded amount: a part rounded so that all parts add up ([`number::whole_parts`]).
    #[prop(optional, into)]
    shown: Option<Signal<String>>,
) -> impl IntoView {
    let text = shown.map_or_else(
        || number::short_credits(credits.get_untracked()),
        |shown| shown.get_untracked(),
    );
    let [size, exact, tabindex, label, role] =
        amount_attributes(credits.get_untracked(), &text).map(|(_, value)| value);
    view! {
        <span class="amount" data-size=size data-exact=exact tabindex=tabindex aria-label=label role=role>{text}</span>
    }
}
