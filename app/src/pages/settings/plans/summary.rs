//! What the account has, and how much of it remains.

use domain::{ledger::CreditState, number};
use leptos::prelude::*;

use super::PlansPage;
use crate::{
    components::{Amount, StateBadge},
    ui::{Notice, Tone},
};

impl PlansPage {
    /// Whether AI features have stopped.
    pub(super) fn stopped(&self) -> impl IntoView + use<> {
        let is_out = matches!(
            self.facts().state(),
            CreditState::OutOfCredits | CreditState::NoCredits
        );
        let text = format!(
            "New credits arrive on {}. With an add-on they resume at once.",
            self.cycle.resets_on
        );
        let notice = is_out.then(|| {
            view! { <Notice tone=Tone::Danger title="AI features have stopped.".to_owned() text/> }
        });
        view! { <div data-live="plan-stopped">{notice}</div> }
    }

    /// What the account has and how much of it remains.
    pub(super) fn summary(&self) -> impl IntoView + use<> {
        let (balance, facts) = (self.balance, self.facts());
        let of = format!(
            "remaining of {} credits",
            number::whole_credits(balance.allocation)
        );
        // The parts of a sum are rounded together, so that they add up to the rounded sum.
        let parts = number::whole_parts(&[balance.of_plan(), balance.added]);
        let [of_plan, added] = [0, 1].map(|part| parts.get(part).cloned().unwrap_or_default());
        let added = (!balance.added.is_zero())
            .then(|| view! { " + "<Amount credits=balance.added shown=added/> });
        let class = format!("card plan-summary level-{}", facts.state().id());
        view! {
            <div data-live="plan-summary">
                <section class=class aria-label="Current plan">
                    <div>
                        <div class="gauge-title"><h2>{self.plan.clone()}" plan"</h2><StateBadge facts/></div>
                        <p class="gauge-figure" data-testid="plan-remaining"><Amount credits=balance.remaining/><span class="gauge-of">{of}</span></p>
                    </div>
                    <dl class="plan-facts">
                        <div><dt>"Used"</dt><dd><Amount credits=balance.used/></dd></div>
                        <div><dt>"Plan + add-ons"</dt><dd><Amount credits=balance.of_plan() shown=of_plan/>{added}</dd></div>
                        <div><dt>"Reserved by active calls"</dt><dd><Amount credits=balance.held/></dd></div>
                        <div><dt>"Runs out"</dt><dd data-testid="runs-out">{self.runs_out.clone()}</dd></div>
                        <div><dt>"Resets"</dt><dd>{self.cycle.resets_in.clone()}<small>{self.cycle.resets_on.clone()}</small></dd></div>
                    </dl>
                </section>
            </div>
        }
    }
}
