//! What can be bought: plans to compare, packs beside them.

use leptos::prelude::*;

use crate::{
    components::Amount,
    functions::{Offer, PlansPage, Standing},
    state::Remedy,
};

/// Plans and packs.
#[component]
pub fn Offers(
    /// The page.
    page: RwSignal<PlansPage>,
) -> impl IntoView {
    let packs = Memo::new(move |_| page.with(|page| page.packs.clone()));
    let plans = Memo::new(move |_| page.with(|page| page.plans.clone()));
    view! {
        <OfferSection page offers=packs kind="pack" id="packs" title="Add-on packs"
            lead="Credits on top of your plan, as soon as they are paid."/>
        <OfferSection page offers=plans kind="plan" id="plans" title="Plans"
            lead="A larger plan adds the difference at once. A smaller one starts with the next billing cycle."/>
    }
}

#[component]
fn OfferSection(
    page: RwSignal<PlansPage>,
    offers: Memo<Vec<Offer>>,
    kind: &'static str,
    id: &'static str,
    title: &'static str,
    lead: &'static str,
) -> impl IntoView {
    let helps = Memo::new(move |_| page.with(|page| Remedy::for_reader(&page.reader)));
    let account = Memo::new(move |_| page.with(|page| (page.account.clone(), page.plan.clone())));
    let cards = move || {
        let (account, helps) = (account.get(), helps.get());
        let offers = offers.get().into_iter();
        let cards: Vec<_> = offers
            .map(|offer| offer_card(&offer, kind, &account, helps))
            .collect();
        cards
    };
    let is_empty = move || offers.with(Vec::is_empty);
    view! {
        <section aria-labelledby=id>
            <header class="section-header"><h2 id=id>{title}</h2><p>{lead}</p></header>
            <ul class="offers">{cards}</ul>
            {move || is_empty().then(|| view! { <p class="offers-none">"Nothing is offered yet."</p> })}
        </section>
    }
}

fn offer_card(
    offer: &Offer,
    kind: &'static str,
    account: &(String, String),
    helps: Remedy,
) -> AnyView {
    let is_current = offer.standing == Standing::Current;
    let class = if is_current {
        "card offer current"
    } else {
        "card offer"
    };
    let per = if kind == "plan" {
        "credits per cycle"
    } else {
        "credits"
    };
    let price = offer
        .price
        .clone()
        .unwrap_or_else(|| "Contact sales".to_owned());
    view! {
        <li class=class data-testid=format!("{kind}-{}", offer.key)>
            <h3>{offer.name.clone()}</h3>
            <p class="offer-credits"><b><Amount credits=offer.credits/></b>" "{per}</p>
            <p class="offer-price"><b>{price}</b><small>{offer.unit_price.clone()}</small></p>
            <p class="offer-terms">{offer.terms.clone()}</p>
            {action(offer, kind, account, helps)}
        </li>
    }
    .into_any()
}

/// What can be done about an offer, by an account and the plan that it is on. The form says what was seen when it was
/// chosen, so that who chose can be told what is so instead.
fn action(
    offer: &Offer,
    kind: &'static str,
    (account, plan): &(String, String),
    helps: Remedy,
) -> AnyView {
    let label = match offer.standing {
        Standing::Current => return view! { <p class="offer-note">"Your plan"</p> }.into_any(),
        Standing::Larger => "Upgrade",
        Standing::Smaller => "Downgrade",
        Standing::Equal => "Switch to this plan",
        Standing::Beside => "Buy",
    };
    match helps {
        Remedy::Buy => {}
        Remedy::Ask => {
            return view! { <p class="offer-note">"Ask your admin to buy"</p> }.into_any();
        }
        Remedy::None => return ().into_any(),
    }
    let class = match offer.standing {
        Standing::Beside => "button primary",
        _ => "button",
    };
    let next = format!("{}?account={account}", crate::PLANS_PATH);
    view! {
        <form method="post" action="/billing/orders">
            <input type="hidden" name="account" value=account.clone()/>
            <input type="hidden" name="kind" value=kind/>
            <input type="hidden" name="item" value=offer.key.clone()/>
            <input type="hidden" name="seen_plan" value=plan.clone()/>
            <input type="hidden" name="seen_credits" value=offer.credits.to_string()/>
            <input type="hidden" name="seen_price" value=offer.price.clone().unwrap_or_default()/>
            <input type="hidden" name="seen_terms" value=offer.terms.clone()/>
            <input type="hidden" name="version" value=offer.version.clone()/>
            <input type="hidden" name="next" value=next/>
            <button class=class type="submit" aria-label=format!("{label} {}", offer.name)>{label}</button>
        </form>
    }
    .into_any()
}
