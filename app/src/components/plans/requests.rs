//! Orders and requests for refunds: what was asked for, and how far it is.

use domain::number;
use leptos::prelude::*;

use crate::{
    functions::{DisputeLine, OrderLine, PlansPage, Progress},
    ui::Icon,
};

/// The latest orders.
#[component]
pub fn Orders(
    /// The page.
    page: RwSignal<PlansPage>,
) -> impl IntoView {
    let orders = Memo::new(move |_| page.with(|page| page.orders.clone()));
    move || {
        let orders = orders.get();
        (!orders.is_empty()).then(|| {
            view! {
                <section aria-labelledby="orders">
                    <header class="section-header"><h2 id="orders">"Orders"</h2></header>
                    <ul class="card requests" data-testid="orders">{orders.into_iter().map(order).collect_view()}</ul>
                </section>
            }
        })
    }
}

fn order(line: OrderLine) -> impl IntoView {
    let credits = format!("{} credits", number::whole_credits(line.credits));
    view! {
        <li class="request">
            <div><b>{line.name}</b><small>{credits}{line.price.map(|price| format!(" · {price}"))}</small></div>
            <small class="request-by">{line.ordered}</small>
            <div class="request-end">
                {line.checkout_url.map(|url| view! { <a class="button" href=url rel="external noopener">"Pay"</a> })}
                {state(line.progress, line.state)}
            </div>
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

/// The latest requests for refunds, open ones first.
#[component]
pub fn Disputes(
    /// The page.
    page: RwSignal<PlansPage>,
) -> impl IntoView {
    let disputes = Memo::new(move |_| page.with(|page| page.disputes.clone()));
    let account = Memo::new(move |_| page.with(|page| page.account.clone()));
    move || {
        let (disputes, account) = (disputes.get(), account.get());
        (!disputes.is_empty()).then(|| {
            let line = |line: DisputeLine| dispute(line, &account);
            view! {
                <section aria-labelledby="disputes">
                    <header class="section-header"><h2 id="disputes">"Refund requests"</h2><p>"The platform decides them; approved credits come back at once."</p></header>
                    <ul class="card requests" data-testid="disputes">{disputes.into_iter().map(line).collect_view()}</ul>
                </section>
            }
        })
    }
}

fn dispute(line: DisputeLine, account: &str) -> impl IntoView {
    let asked = match line.credits {
        Some(credits) => format!("{} credits of {}", number::credits(credits), line.event),
        None => line.event,
    };
    let support = line.may_support.then(|| support(&line.id, account));
    view! {
        <li class="request">
            <div><b>{line.reason}</b><small>{asked}</small>{line.support.map(|text| view! { <small>{text}</small> })}</div>
            <small class="request-by">{line.asked}</small>
            <div class="request-end">{state(line.progress, line.state)}</div>
            {support}
        </li>
    }
}

/// Says whether the agency supports its client's request.
fn support(dispute: &str, account: &str) -> impl IntoView {
    let next = format!("{}?account={account}", crate::PLANS_PATH);
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
