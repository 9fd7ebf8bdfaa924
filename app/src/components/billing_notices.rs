//! What a form came to, said at the top of a page that lives on.

use domain::filter::ViewQuery;
use leptos::prelude::*;

use crate::ui::{Notice, Tone};

/// What a form on the page came to, as the address tells it.
#[component]
pub fn BillingNotices(
    /// The address's query string.
    query: Memo<String>,
) -> impl IntoView {
    let value = move |name: &str| {
        query.with(|query| {
            let (_, others) = ViewQuery::parse(query).ok()?;
            others
                .into_iter()
                .find(|(named, _)| named == name)
                .map(|(_, value)| value)
        })
    };
    let done = move || {
        let text = match value("done")?.as_str() {
            "disputed" => "The platform decides. The receipt shows the decision.",
            "refunded" => "The credits are refunded: log, cards and balance show it.",
            "supported" => "The platform sees what you said. It decides the request.",
            "ordered" => {
                "The credits are added as soon as the order is paid. This page shows it at once."
            }
            _ => return None,
        };
        Some(view! { <Notice tone=Tone::Calm title="Done.".to_owned() text=text.to_owned()/> })
    };
    let failed = move || {
        let text = value("failed")?;
        Some(
            view! { <Notice tone=Tone::Warning title="Nothing was changed.".to_owned() text=text/> },
        )
    };
    view! {
        {done}
        {failed}
    }
}
