//! What a form came to, said at the top of a page that lives on.

use domain::filter::ViewQuery;
use leptos::prelude::*;

use crate::ui::{Notice, Tone};

/// What a form on the page came to, as the address tells it.
pub fn billing_notices(query: &str) -> AnyView {
    let others = ViewQuery::parse(query).map(|(_, others)| others);
    let others = others.unwrap_or_default();
    let value = |name: &str| {
        let found = others.iter().find(|(named, _)| named == name);
        found.map(|(_, value)| value.clone())
    };
    let done = value("done").and_then(|done| done_words(&done)).map(
        |text| view! { <Notice tone=Tone::Calm title="Done.".to_owned() text=text.to_owned()/> },
    );
    let failed = value("failed").map(|text| {
        view! { <Notice tone=Tone::Warning title="Nothing was changed.".to_owned() text=text/> }
    });
    view! {
        {done}
        {failed}
    }
    .into_any()
}

fn done_words(done: &str) -> Option<&'static str> {
    Some(match done {
        "disputed" => "The platform decides. The receipt shows the decision.",
        "refunded" => "The credits are refunded: log, cards and balance show it.",
        "supported" => "The platform sees what you said. It decides the request.",
        "ordered" => {
            "The credits are added as soon as the order is paid. This page shows it at once."
        }
        _ => return None,
    })
}
