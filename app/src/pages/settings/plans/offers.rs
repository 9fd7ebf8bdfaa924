//! What can be bought: plans to compare, packs beside them.

use domain::ledger::OrderKind;
use leptos::prelude::*;

use super::{EffectLine, Offer, PlansPage, Standing};
use crate::{components::Amount, state::Remedy, ui::Icon};

/// Where what an order would do is summed up before it is placed; `page` is the address of the page without it.
pub(in crate::pages::settings) fn buy_href(page: &str, kind: OrderKind, item: &str) -> String {
    let name = match kind {
        OrderKind::Pack => "buy",
        OrderKind::Plan => "switch",
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair(name, item);
    format!("{page}&{}", query.finish())
}

impl PlansPage {
    /// Packs and plans.
    pub(super) fn offers(&self) -> impl IntoView + use<> {
        let of_packs = format!(
            "On top of your plan, as soon as they are paid. A new cycle begins on {}.",
            self.cycle.resets_on
        );
        view! {
            {self.offer_section(&self.packs, OrderKind::Pack, "Add-ons", of_packs)}
            {self.offer_section(&self.plans, OrderKind::Plan, "Plans",
                "A larger plan adds the difference at once. A smaller one starts with the next billing cycle.".to_owned())}
        }
    }

    fn offer_section(
        &self,
        offers: &[Offer],
        kind: OrderKind,
        title: &'static str,
        lead: String,
    ) -> impl IntoView + use<> {
        let (id, part) = match kind {
            OrderKind::Pack => ("packs", "plan-packs"),
            OrderKind::Plan => ("plans", "plan-plans"),
        };
        let cards: Vec<_> = offers.iter().map(|offer| self.card(offer, kind)).collect();
        let none = offers
            .is_empty()
            .then(|| view! { <p class="offers-none">"Nothing is offered yet."</p> });
        view! {
            <section aria-labelledby=id>
                <header class="section-header"><h2 id=id>{title}</h2><p>{lead}</p></header>
                <ul class="offers" data-live=part>{cards}</ul>
                {none}
            </section>
        }
    }

    fn card(&self, offer: &Offer, kind: OrderKind) -> AnyView {
        let class = if offer.standing == Standing::Current {
            "card offer current"
        } else {
            "card offer"
        };
        let per = match kind {
            OrderKind::Plan => "credits per cycle",
            OrderKind::Pack => "credits",
        };
        let price = offer
            .price
            .clone()
            .unwrap_or_else(|| "Contact sales".to_owned());
        let effect = offer.effect.as_ref();
        let effect = effect.filter(|effect| effect.granted[0] != effect.granted[1]);
        view! {
            <li class=class data-testid=format!("{}-{}", kind.id(), offer.key)>
                <h3>{offer.name.clone()}</h3>
                <p class="offer-credits"><b><Amount credits=offer.credits/></b>" "{per}</p>
                <p class="offer-price"><b>{price}</b><small>{offer.unit_price.clone()}</small></p>
                <p class="offer-terms">{offer.terms.clone()}</p>
                {effect.map(facts)}
                {self.action(offer, kind)}
            </li>
        }
        .into_any()
    }

    /// Whether an order that is pending keeps another of this from being placed, and whether it is of this very one.
    fn pending_of(&self, kind: OrderKind, item: &str) -> Option<bool> {
        let mut of_kind = self.pending.iter().filter(|line| line.kind == kind);
        match kind {
            OrderKind::Pack => of_kind.any(|line| line.item == item).then_some(true),
            OrderKind::Plan => of_kind.next().map(|line| line.item == item),
        }
    }

    /// What can be done about an offer.
    fn action(&self, offer: &Offer, kind: OrderKind) -> AnyView {
        let note = |words: &'static str| view! { <p class="offer-note">{words}</p> }.into_any();
        match self.pending_of(kind, &offer.key) {
            Some(true) => {
                return view! { <p class="offer-note pending">{Icon::Calendar.view()}"Order pending"</p> }.into_any();
            }
            Some(false) if offer.standing != Standing::Current => {
                return note("After the pending order");
            }
            _ => {}
        }
        let Some(label) = offer.standing.deed() else {
            return note("Your plan");
        };
        match self.helps {
            Remedy::Buy => {}
            Remedy::Ask => return note("Ask your admin to buy"),
            Remedy::None => return ().into_any(),
        }
        let href = buy_href(&self.frame.back(), kind, &offer.key);
        let name = format!("{label} {}", offer.name);
        view! { <a class="button" href=href data-noscroll="" aria-label=name>{label}</a> }
            .into_any()
    }
}

/// What an offer would do now.
fn facts(effect: &EffectLine) -> impl IntoView + use<> {
    let change = |[before, after]: &[String; 2]| {
        if before == after {
            before.clone()
        } else {
            format!("{before} → {after}")
        }
    };
    view! {
        <dl class="offer-facts">
            <div><dt>"Remaining"</dt><dd>{change(&effect.remaining)}</dd></div>
            <div><dt>"Runs out"</dt><dd>{change(&effect.runs_out)}</dd></div>
        </dl>
    }
}

impl Standing {
    /// What can be done with such an offer; nothing with the plan that the account is on.
    pub(super) const fn deed(self) -> Option<&'static str> {
        match self {
            Self::Current => None,
            Self::Larger => Some("Upgrade"),
            Self::Smaller => Some("Downgrade"),
            Self::Equal => Some("Switch to this plan"),
            Self::Beside => Some("Buy"),
        }
    }
}
