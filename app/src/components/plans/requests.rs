//! Orders and disputes: what was asked for, and how far it is.

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
    let credits = format!("{} credits", number::credits(line.credits));
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

/// The latest disputes, open ones first.
#[component]
pub fn Disputes(
    /// The page.
    page: RwSignal<PlansPage>,
) -> impl IntoView {
    let disputes = Memo::new(move |_| page.with(|page| page.disputes.clone()));
    let admin = Memo::new(move |_| page.with(|page| page.may_bill.then(|| page.account.clone())));
    move || {
        let (disputes, admin) = (disputes.get(), admin.get());
        (!disputes.is_empty()).then(|| {
            let line = |line: DisputeLine| dispute(line, admin.as_deref());
            view! {
                <section aria-labelledby="disputes">
                    <header class="section-header"><h2 id="disputes">"Disputes"</h2><p>"Accepting gives the credits back at once."</p></header>
                    <ul class="card requests" data-testid="disputes">{disputes.into_iter().map(line).collect_view()}</ul>
                </section>
            }
        })
    }
}

fn dispute(line: DisputeLine, admin: Option<&str>) -> impl IntoView {
    let asked = match line.credits {
        Some(credits) => format!("{} credits of {}", number::credits(credits), line.event),
        None => line.event,
    };
    let end = match admin {
        Some(account) if line.progress == Progress::Waiting => {
            decision(&line.id, account).into_any()
        }
        _ => state(line.progress, line.state).into_any(),
    };
    view! {
        <li class="request">
            <div><b>{line.reason}</b><small>{asked}</small></div>
            <small class="request-by">{line.asked}</small>
            <div class="request-end">{end}</div>
        </li>
    }
}

fn decision(dispute: &str, account: &str) -> impl IntoView {
    let next = format!("{}?account={account}", crate::PLANS_PATH);
    view! {
        <form method="post" action="/billing/disputes/decide" class="decision">
            <input type="hidden" name="account" value=account.to_owned()/>
            <input type="hidden" name="dispute" value=dispute.to_owned()/>
            <input type="hidden" name="next" value=next/>
            <button class="button" type="submit" name="decision" value="accept">"Give back"</button>
            <button class="quiet-button" type="submit" name="decision" value="refuse">"Refuse"</button>
        </form>
    }
}
