//! Credits as people read them in headings and cards: whole, and exact on hover and focus.

use domain::{Credits, number};
use leptos::prelude::*;

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
    let text =
        move || shown.map_or_else(|| number::short_credits(credits.get()), |shown| shown.get());
    let exact = move || number::credits(credits.get());
    let differs = move || text() != exact();
    let size = move || size(&text());
    view! {
        <span
            class="amount"
            data-size=size
            data-exact=move || differs().then(exact)
            tabindex=move || differs().then_some("0")
            aria-label=move || differs().then(|| format!("{} credits", exact()))
            role=move || differs().then_some("note")
        >
            {text}
        </span>
    }
}

/// How a figure is made to fit: a number is never broken between its digits, so a long one is written smaller.
fn size(text: &str) -> Option<&'static str> {
    match text.chars().count() {
        0..=9 => None,
        10..=13 => Some("long"),
        _ => Some("longest"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_figure_is_written_smaller() {
        assert_eq!(size("75,000"), None);
        assert_eq!(size("99,999,999"), Some("long"));
        let largest = number::whole_credits(Credits::MAX);
        assert_eq!(largest, "9,223,372,036,855");
        assert_eq!(size(&largest), Some("longest"));
    }
}
