//! Orders and requests for refunds: what was asked for, and how far it is.

use domain::number;
use leptos::prelude::*;

use super::{DisputeLine, OrderLine, PlansPage, Progress, pending::ways};
use crate::{PLANS_PATH, state::Remedy, ui::Icon};

impl PlansPage {
    /// The latest orders.
    pub(super) fn orders_section(&self) -> impl IntoView + use<> {
        let may_buy = self.helps == Remedy::Buy;
        let rows: Vec<_> = self
            .orders
            .iter()
            .cloned()
            .map(|line| order(line, may_buy))
            .collect();
        let section = (!rows.is_empty()).then(|| {
            view! {
                <section aria-labelledby="orders">
                    <header class="section-header"><h2 id="orders">"Orders"</h2></header>
                    <ul class="card requests" data-testid="orders">{rows}</ul>
                </section>
            }
        });
        view! { <div data-live="plan-orders">{section}</div> }
    }

    /// The latest requests for refunds, open ones first.
    pub(super) fn disputes_section(&self) -> impl IntoView + use<> {
        let account = &self.frame.account;
        let rows: Vec<_> = self
            .disputes
            .iter()
            .cloned()
            .map(|line| dispute(line, account))
            .collect();
        (!rows.is_empty()).then(|| {
            view! {
                <section aria-labelledby="disputes">
                    <header class="section-header"><h2 id="disputes">"Refund requests"</h2><p>"The platform decides them; approved credits come back at once."</p></header>
                    <ul class="card requests" data-testid="disputes">{rows}</ul>
                </section>
            }
        })
    }
}

fn order(line: OrderLine, may_buy: bool) -> impl IntoView {
    let credits = format!("{} credits", number::whole_credits(line.credits));
    let ways = may_buy.then(|| ways(&line, false));
    view! {
        <li class="request">
            <div><b>{line.name}</b><small>{credits}{line.price.map(|price| format!(" · {price}"))}</small></div>
            <small class="request-by">{line.ordered}</small>
            <div class="request-end">{ways}{state(line.progress, line.state)}</div>
        </li>
    }
}

/// How far something is, in colour, icon and words.
fn state(progress: Progress, words: String) -> impl IntoView {
    let (class, icon) = match progress {
        Progress::Waiting => ("progress waiting", Icon::Calendar),
        Progress::Done => ("progress done", Icon::Check),
        Progress::Failed => ("progress failed", Icon::Close),
    };
    view! { <span class=class>{icon.view()}{words}</span> }
}

fn dispute(line: DisputeLine, account: &str) -> impl IntoView + use<> {
    let asked = match line.credits {
        Some(credits) => format!("{} credits of {}", number::credits(credits), line.event),
        None => line.event,
    };
    let support = line.may_support.then(|| support(&line.id, account));
    let said = line.support.map(|text| view! { <small>{text}</small> });
    // The form beside it is not replaced while somebody writes in it.
    let [said_as, state_as] = ["said", "state"].map(|part| format!("dispute-{}-{part}", line.id));
    view! {
        <li class="request">
            <div><b>{line.reason}</b><small>{asked}</small><span data-live=said_as>{said}</span></div>
            <small class="request-by">{line.asked}</small>
            <div class="request-end" data-live=state_as>{state(line.progress, line.state)}</div>
            {support}
        </li>
    }
}

/// Says whether the agency supports its client's request.
fn support(dispute: &str, account: &str) -> impl IntoView + use<> {
    let next = format!("{PLANS_PATH}?account={account}");
    view! {
        <form method="post" action="/billing/disputes/support" class="request-support">
            <input type="hidden" name="account" value=account.to_owned()/>
            <input type="hidden" name="dispute" value=dispute.to_owned()/>
            <input type="hidden" name="next" value=next/>
            <label>"What you say to the platform (optional)"<input name="note" maxlength="500" autocomplete="off"/></label>
            <button class="button" type="submit" name="supports" value="yes">"Support"</button>
            <button class="quiet-button" type="submit" name="supports" value="no">"Do not support"</button>
        </form>
    }
}
