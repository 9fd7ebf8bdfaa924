//! Orders that wait for their payment: what they are, and the ways on.

use domain::{
    Credits,
    ledger::{Order, OrderKind},
    number,
};
use leptos::prelude::*;

use super::{OrderLine, PlansPage, offers::buy_href, words::price};
use crate::{
    state::Remedy,
    ui::{Icon, Notice, Tone},
};

/// Id of the form that cancels an order; its buttons stand beside the orders, wherever these are shown.
const CANCEL_FORM: &str = "cancel-order";

impl PlansPage {
    /// The orders that wait for their payment, before everything else.
    pub(super) fn pending_orders(&self) -> impl IntoView + use<> {
        let may_buy = self.helps == Remedy::Buy;
        let rows: Vec<_> = self
            .pending
            .iter()
            .map(|line| pending(line, may_buy))
            .collect();
        view! { <div class="pending-orders" data-live="plan-pending">{rows}</div> }
    }

    /// How far the order is that was just placed or cancelled here; that it is pending is said above everything.
    pub(super) fn outcome(&self) -> impl IntoView + use<> {
        let line = self.shown.as_ref().filter(|line| !line.is_pending)?;
        let title = format!("{}.", line.state);
        let text = format!("{}, ordered {}.", what(line), line.ordered);
        let href = buy_href(&self.frame.back(), line.kind, &line.item);
        let again = (line.state == "Cancelled")
            .then(|| view! { <a class="button" href=href data-noscroll="">"Order again"</a> });
        Some(view! { <Notice tone=Tone::Calm title text>{again}</Notice> })
    }

    /// The form that cancels an order: which one, the button says that was pressed.
    pub(super) fn cancel_form(&self) -> impl IntoView + use<> {
        let next = self.frame.back();
        view! {
            <form id=CANCEL_FORM method="post" action="/billing/orders/cancel" hidden>
                <input type="hidden" name="account" value=self.frame.account.clone()/>
                <input type="hidden" name="next" value=next/>
            </form>
        }
    }
}

/// `add-on Boost 5,000, 5,000 credits, €59.00`.
pub(super) fn what(line: &OrderLine) -> String {
    words(line.kind, &line.name, line.credits, line.price.as_ref())
}

/// The same of an order.
pub fn order_words(order: &Order) -> String {
    let price = price(order.price.as_ref(), order.currency.as_ref());
    words(order.kind, &order.title(), order.credits, price.as_ref())
}

fn words(kind: OrderKind, name: &str, credits: Credits, price: Option<&String>) -> String {
    let kind = match kind {
        OrderKind::Pack => "add-on",
        OrderKind::Plan => "plan",
    };
    let credits = number::whole_credits(credits);
    let price = price.map_or_else(String::new, |price| format!(", {price}"));
    format!("{kind} {name}, {credits} credits{price}")
}

fn pending(line: &OrderLine, may_buy: bool) -> impl IntoView + use<> {
    let title = format!("Order pending: {}", what(line));
    let how = if line.is_free {
        "There is nothing to pay: it takes effect as soon as the platform confirms it."
    } else if line.checkout_url.is_some() {
        "Credits are added as soon as it is paid."
    } else {
        "Credits are added as soon as the platform confirms its payment."
    };
    let text = format!("Ordered {}. {how}", line.ordered);
    let ways = may_buy.then(|| ways(line, true));
    view! {
        <section class="card pending-order" data-testid="pending-order" aria-label="Pending order">
            <span class="pending-icon">{Icon::Calendar.view()}</span>
            <p><b>{title}</b><small>{text}</small></p>
            <div class="request-end">{ways}</div>
        </section>
    }
}

/// Cancelling and paying an order, as far as that is possible.
pub(super) fn ways(line: &OrderLine, is_first: bool) -> impl IntoView + use<> {
    let label = match (&line.price, is_first) {
        (Some(price), true) => format!("Pay {price}"),
        _ => "Pay".to_owned(),
    };
    let class = if is_first { "button primary" } else { "button" };
    let pay = line
        .checkout_url
        .clone()
        .map(|url| view! { <a class=class href=url rel="external noopener">{label}</a> });
    let name = format!("Cancel order of {}", line.name);
    let cancel = line.may_cancel.then(|| {
        view! { <button class="button" type="submit" form=CANCEL_FORM name="order" value=line.id.clone() aria-label=name>"Cancel order"</button> }
    });
    view! { {cancel}{pay} }
}
