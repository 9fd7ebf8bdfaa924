//! What an order would cost and do, summed up before it is placed.

use domain::{Credits, ledger::OrderKind, number};
use leptos::prelude::*;
use service::{
    billing::{Billing, Effect},
    orders::{MOST_QUANTITY, OrderAsk},
};

use super::{
    EffectLine, Offer, OrderLine, PlansPage, Standing,
    offers::buy_href,
    pending::{ways, what},
    words,
};
use crate::{
    components::{Sheet, Side},
    pages::settings::frame::{Ask, hidden},
};

/// Where an order is sent.
const ORDER: &str = "/billing/orders";

/// What somebody is about to order, and what that would do.
#[derive(Debug, Clone)]
pub(super) struct Summary {
    kind: OrderKind,
    quantity: u32,
    /// Its title: `2 × Boost 5,000`.
    title: String,
    credits: Credits,
    /// What is to be paid now; none when it has no price.
    price: Option<String>,
    /// Whether anything is to be paid now.
    is_free: bool,
    offer: Offer,
    effect: EffectLine,
    /// What happens when the cycle ends: names and what there is to say of them.
    at_end: Vec<(String, String)>,
    /// The last day of the cycle.
    ends_on: String,
    /// What the cycle comes to with the plan, where that has a price.
    with_plan: Option<String>,
    /// The id of the form: sent twice, it is one order.
    request: String,
}

/// What the address says is about to be ordered.
pub(super) fn wanted(ask: &Ask<'_>) -> Option<OrderAsk> {
    if let Some(item) = ask.value("switch") {
        return Some(OrderAsk::one(OrderKind::Plan, &item));
    }
    let quantity = ask.value("quantity").and_then(|text| text.parse().ok());
    Some(OrderAsk {
        kind: OrderKind::Pack,
        item: ask.value("buy")?,
        quantity: quantity.unwrap_or(1).clamp(1, MOST_QUANTITY),
    })
}

impl Summary {
    pub(super) fn of(effect: &Effect, billing: &Billing, request: String) -> Option<Self> {
        let order = &effect.order;
        let catalogue = &billing.catalogue;
        let offer = match order.kind {
            OrderKind::Pack => {
                let pack = catalogue.packs.iter().find(|pack| pack.key == order.item)?;
                words::pack_offer(pack, &billing.base)
            }
            OrderKind::Plan => {
                let plan = catalogue.plans.iter().find(|plan| plan.key == order.item)?;
                words::plan_offer(plan, &billing.base)
            }
        };
        let amount = |text: Option<&String>| text?.parse::<Credits>().ok();
        let due = amount(order.price.as_ref());
        let plan = amount(billing.plan.price.as_ref());
        let is_same = order.currency == billing.plan.currency;
        let sum = due.zip(plan).map(|(due, plan)| due.saturating_add(plan));
        let sum = sum.filter(|_| is_same).map(|sum| sum.to_string());
        Some(Self {
            kind: order.kind,
            quantity: order.quantity,
            title: order.title(),
            credits: order.credits,
            price: words::price(order.price.as_ref(), order.currency.as_ref()),
            is_free: order.is_free(),
            effect: words::effect_line(effect, billing),
            at_end: at_end(effect, billing, &offer),
            ends_on: billing
                .zone
                .short_day(billing.cycle.range.end.plus_micros(-1)),
            with_plan: words::price(sum.as_ref(), order.currency.as_ref()),
            request,
            offer,
        })
    }

    const fn heading(&self) -> &'static str {
        match self.offer.standing {
            Standing::Beside => "Buy add-on",
            Standing::Larger => "Upgrade plan",
            Standing::Smaller => "Downgrade plan",
            Standing::Equal | Standing::Current => "Switch plan",
        }
    }

    /// `€49.00`, or why there is none.
    fn price(&self) -> String {
        match &self.price {
            Some(_) if self.is_free => "Nothing to pay".to_owned(),
            Some(price) => price.clone(),
            None => "Price on request".to_owned(),
        }
    }
}

/// What happens when the cycle ends.
fn at_end(effect: &Effect, billing: &Billing, offer: &Offer) -> Vec<(String, String)> {
    let renews = billing.zone.short_day(billing.cycle.range.end);
    let price_of =
        |price: Option<&String>| price.map_or_else(String::new, |price| format!(", {price}"));
    match effect.order.kind {
        OrderKind::Pack => {
            let plan = words::plan_offer(&billing.plan, &billing.base);
            let renewal = format!(
                "{} credits{}, as before",
                number::whole_credits(plan.credits),
                price_of(plan.price.as_ref())
            );
            vec![
                unused(effect),
                (format!("{} renews on {renews}", billing.plan.name), renewal),
            ]
        }
        OrderKind::Plan => {
            let renewal = format!(
                "{} credits{}",
                number::whole_credits(offer.credits),
                price_of(offer.price.as_ref())
            );
            vec![
                (format!("{} from {renews}", offer.name), renewal),
                ("Unused credits".to_owned(), offer.terms.clone()),
            ]
        }
    }
}

/// What becomes of what a pack has left when the cycle ends.
fn unused(effect: &Effect) -> (String, String) {
    if effect.order.valid_cycles > 1 {
        let until = format!(
            "stay valid for {} billing cycles",
            effect.order.valid_cycles
        );
        return ("Unused add-on credits".to_owned(), until);
    }
    let projected = effect.forecast.forecast.as_ref().map(|forecast| {
        let balance = effect.balance;
        let ahead = forecast
            .cycle_use
            .p50
            .saturating_sub(balance.used)
            .max(Credits::ZERO);
        let left = balance.remaining.saturating_sub(ahead).max(Credits::ZERO);
        // The plan's own credits are used first, so what is left is the add-on's.
        number::whole_credits(left.min(effect.order.credits))
    });
    let text = projected.map_or_else(|| "expire".to_owned(), |left| format!("projected {left}"));
    ("Unused add-on credits expire".to_owned(), text)
}

impl PlansPage {
    /// The sheet over the page, when something is about to be ordered.
    pub(super) fn sheet(&self) -> Option<AnyView> {
        let summary = self.summary.as_ref()?;
        let back = self.frame.back();
        let mut pending = self.pending.iter().filter(|line| line.kind == summary.kind);
        let pending =
            pending.find(|line| line.kind == OrderKind::Plan || line.item == summary.offer.key);
        let body = match pending {
            Some(line) => already(line).into_any(),
            None => self.summary_body(summary, &back),
        };
        let sheet = Sheet {
            side: Side::Edge,
            title: summary.heading().to_owned(),
            lead: String::new(),
            close: back,
        };
        let body = view! { <div class="sheet-parts">{body}</div> };
        Some(sheet.view(body.into_any()))
    }

    fn summary_body(&self, summary: &Summary, back: &str) -> AnyView {
        let effect = &summary.effect;
        let change = |name: &'static str, [before, after]: &[String; 2]| {
            let (before, after) = (before.clone(), after.clone());
            view! { <div><dt>{name}</dt><dd><span class="was">{before}</span>" → "<b>{after}</b></dd></div> }
        };
        let now = (effect.granted[0] != effect.granted[1]).then(|| {
            view! {
                {change("Granted this cycle", &effect.granted)}
                {change("Remaining", &effect.remaining)}
                {change("Runs out", &effect.runs_out)}
            }
        });
        let none = now.is_none().then(
            || view! { <div><dt>"Credits of this cycle"</dt><dd>"stay as they are"</dd></div> },
        );
        let at_end: Vec<_> = summary
            .at_end
            .iter()
            .cloned()
            .map(|(name, text)| view! { <div><dt>{name}</dt><dd>{text}</dd></div> })
            .collect();
        view! {
            <div class="buy-what">
                <p><b class="buy-figure"><Credit credits=summary.credits/></b><small>{summary.title.clone()}</small></p>
                <p><b class="buy-figure">{summary.offer_price()}</b><small>{summary.offer.unit_price.clone()}</small></p>
            </div>
            {self.quantity(summary)}
            <section aria-labelledby="buy-now">
                <h3 id="buy-now">"Changes now "<small>"as soon as it is paid"</small></h3>
                <dl class="buy-facts" data-live="buy-now">{now}{none}</dl>
            </section>
            <section aria-labelledby="buy-end">
                <h3 id="buy-end">"Changes at the cycle’s end "<small>{summary.ends_on.clone()}</small></h3>
                <dl class="buy-facts" data-live="buy-end">{at_end}</dl>
            </section>
            {self.place_form(summary, back)}
        }
        .into_any()
    }

    /// One more, or one less.
    fn quantity(&self, summary: &Summary) -> Option<AnyView> {
        if summary.kind == OrderKind::Plan {
            return None;
        }
        let href = buy_href(&self.frame.back(), summary.kind, &summary.offer.key);
        let step = |quantity: u32, label: &'static str, sign: &'static str| {
            let is_possible = (1..=MOST_QUANTITY).contains(&quantity);
            let href = is_possible.then(|| format!("{href}&quantity={quantity}"));
            view! { <a class="button" href=href data-noscroll="" aria-label=label aria-disabled=(!is_possible).then_some("true")>{sign}</a> }
        };
        Some(
            view! {
                <p class="buy-quantity" role="group" aria-label="Quantity">"Quantity"
                    {step(summary.quantity - 1, "One less", "−")}
                    <output data-testid="quantity">{summary.quantity}</output>
                    {step(summary.quantity + 1, "One more", "+")}
                </p>
            }
            .into_any(),
        )
    }

    fn place_form(&self, summary: &Summary, back: &str) -> impl IntoView + use<> {
        let offer = &summary.offer;
        let form = self.frame.form("order", ORDER, &[("item", &offer.key)]);
        let refused = form.foot();
        let with_plan = summary.with_plan.as_ref();
        let with_plan = with_plan.map(|sum| format!("this cycle, with your plan, {sum}"));
        let next = if summary.is_free {
            "It takes effect as soon as the order is confirmed. Until then you can cancel."
        } else {
            "You pay in the next step. Until then you can cancel."
        };
        view! {
            <form method="post" action=ORDER class="buy-place">
                {hidden("account", self.frame.account.clone())}
                {hidden("kind", summary.kind.id())}
                {hidden("item", offer.key.clone())}
                {hidden("quantity", summary.quantity.to_string())}
                {hidden("request", summary.request.clone())}
                {hidden("version", offer.version.clone())}
                {hidden("next", back.to_owned())}
                <p class="buy-total"><span>"Total "<small>{with_plan}</small></span><b data-testid="total">{summary.price()}</b></p>
                {refused}
                <button class="button primary" type="submit">"Place order"</button>
                <p class="buy-note">{next}</p>
            </form>
        }
    }
}

impl Summary {
    /// What the sheet begins with: of a plan its price a cycle, of packs what they cost together.
    fn offer_price(&self) -> Option<String> {
        match self.kind {
            OrderKind::Plan => self.offer.price.clone(),
            OrderKind::Pack => self.price.clone(),
        }
    }
}

/// An amount with its unit.
#[component]
fn Credit(credits: Credits) -> impl IntoView {
    view! { {number::whole_credits(credits)}" "<small>"credits"</small> }
}

/// What is said in the place of a summary while an order of the same waits for its payment.
fn already(line: &OrderLine) -> impl IntoView + use<> {
    let text = format!("You ordered this {}.", line.ordered);
    view! {
        <section class="buy-already" data-testid="already-ordered">
            <p><b>{format!("Order pending: {}", what(line))}</b></p>
            <p>{text}" Pay it, or cancel it first to order anew."</p>
            <div class="request-end">{ways(line, true)}</div>
        </section>
    }
}
