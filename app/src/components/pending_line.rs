//! The orders that wait for their payment, in one line each.

use leptos::prelude::*;

use crate::{
    PLANS_PATH,
    functions::{Ability, Reader},
    ui::Icon,
};

/// Says that an order is pending, and where it is paid or cancelled. Its place is there without one.
pub fn pending_line(reader: &Reader, carried: &str) -> impl IntoView + use<> {
    let action = if reader.can(Ability::Bill) {
        "Pay or cancel"
    } else {
        "Show order"
    };
    let lines: Vec<_> = reader
        .pending
        .iter()
        .map(|what| {
            let text = format!("Order pending: {what}.");
            let href = format!("{PLANS_PATH}?{carried}");
            view! { <p class="pending-line" data-testid="pending-line">{Icon::Calendar.view()}<span>{text}</span><a href=href>{action}</a></p> }
        })
        .collect();
    view! { <div class="pending-lines" data-live="pending-orders">{lines}</div> }
}
