//! Credits as people read them, exact to the last digit.

use domain::{Credits, number};
use leptos::prelude::*;

/// Splits `61,240.5` into what is read first and the quiet rest.
fn split(amount: Credits) -> (String, String) {
    let text = number::credits(amount);
    match text.split_once('.') {
        Some((whole, fraction)) => (whole.to_owned(), format!(".{fraction}")),
        None => (text, String::new()),
    }
}

/// A large exact amount: the whole part stands out, the decimals are quiet.
#[component]
pub fn Amount(
    /// How much.
    #[prop(into)]
    credits: Signal<Credits>,
) -> impl IntoView {
    view! {
        <span class="amount">
            {move || split(credits.get()).0}
            <span class="amount-fraction">{move || split(credits.get()).1}</span>
        </span>
    }
}

/// An exact amount whose decimal point stands below the one above.
#[component]
pub fn AlignedAmount(
    /// How much; nothing while a row is loading.
    #[prop(into)]
    credits: Signal<Option<Credits>>,
) -> impl IntoView {
    let parts = move || credits.get().map(split).unwrap_or_default();
    view! {
        <span class="aligned-whole">{move || parts().0}</span>
        <span class="aligned-fraction">{move || parts().1}</span>
    }
}
