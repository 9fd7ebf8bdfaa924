//! What can be bought: plans to compare, packs beside them.

use leptos::prelude::*;

use super::{Offer, PlansPage, Standing};
use crate::{PLANS_PATH, components::Amount, state::Remedy};

impl PlansPage {
    /// Packs and plans.
    pub(super) fn offers(&self) -> impl IntoView + use<> {
        view! {
            {self.offer_section(&self.packs, "pack", "Add-on packs",
                "Credits on top of your plan, as soon as they are paid.")}
            {self.offer_section(&self.plans, "plan", "Plans",
                "A larger plan adds the difference at once. A smaller one starts with the next billing cycle.")}
        }
    }

    fn offer_section(
        &self,
        offers: &[Offer],
        kind: &'static str,
        title: &'static str,
        lead: &'static str,
    ) -> impl IntoView + use<> {
        let id = if kind == "plan" { "plans" } else { "packs" };
        let cards: Vec<_> = offers.iter().map(|offer| self.card(offer, kind)).collect();
        let none = offers
            .is_empty()
            .then(|| view! { <p class="offers-none">"Nothing is offered yet."</p> });
        view! {
            <section aria-labelledby=id>
                <header class="section-header"><h2 id=id>{title}</h2><p>{lead}</p></header>
                <ul class="offers">{cards}</ul>
                {none}
            </section>
        }
    }

    fn card(&self, offer: &Offer, kind: &'static str) -> AnyView {
        let class = if offer.standing == Standing::Current {
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
                {self.action(offer, kind)}
            </li>
        }
        .into_any()
    }

    /// What can be done about an offer. The form says what was seen when it was chosen, so that who chose can be told
    /// what is so instead.
    fn action(&self, offer: &Offer, kind: &'static str) -> AnyView {
        let label = match offer.standing {
            Standing::Current => {
                return view! { <p class="offer-note">"Your plan"</p> }.into_any();
            }
            Standing::Larger => "Upgrade",
            Standing::Smaller => "Downgrade",
            Standing::Equal => "Switch to this plan",
            Standing::Beside => "Buy",
        };
        match self.helps {
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
        let account = self.frame.account.clone();
        let next = format!("{PLANS_PATH}?account={account}");
        view! {
            <form method="post" action="/billing/orders">
                <input type="hidden" name="account" value=account/>
                <input type="hidden" name="kind" value=kind/>
                <input type="hidden" name="item" value=offer.key.clone()/>
                <input type="hidden" name="seen_plan" value=self.plan.clone()/>
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
}
