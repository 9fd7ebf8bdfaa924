//! The calls that are active right now and what they reserve.

use domain::{ledger::RunningHold, number, usage::Dashboard};
use leptos::prelude::*;

use crate::{
    components::Amount,
    state::{SHOWN_CALLS, SINCE, calls, duration, more},
};

/// The strip of active calls at the foot of the gauge's card, as tall without any as with many: those that begin and end
/// move nothing. The four longest are shown; the count opens the others.
///
/// Nothing of it is read out by itself: it changes every second. The seconds are counted in the browser.
pub fn running_calls(dashboard: &Dashboard) -> AnyView {
    let holds = &dashboard.books.holds;
    let reserved = number::with_unit(&number::whole_credits(dashboard.books.reserved));
    let more = more(holds.len());
    let class = if holds.is_empty() {
        "running is-idle"
    } else {
        "running"
    };
    let tabindex = if more.is_some() { "0" } else { "-1" };
    // Oldest first, which is longest first.
    let call = |hold: &RunningHold| call(hold, dashboard);
    let longest = holds.iter().take(SHOWN_CALLS).map(call).collect_view();
    let others = holds.iter().skip(SHOWN_CALLS).map(call).collect_view();
    view! {
        <section class=class data-live="calls" aria-label="Active calls" data-testid="running">
            <details class="menu running-count" data-keep="calls">
                <summary tabindex=tabindex>
                    <b>{calls(holds.len())}</b>
                    <span>{[&reserved, " reserved"].concat()}</span>
                    <span class="running-more" data-testid="running-more">{more}</span>
                </summary>
                <ul class="menu-panel running-others" aria-label="Other active calls">{others}</ul>
            </details>
            <ul class="running-list" aria-label="Longest active calls">{longest}</ul>
        </section>
    }
    .into_any()
}

/// One call.
fn call(hold: &RunningHold, dashboard: &Dashboard) -> impl IntoView + use<> {
    let used = [
        &number::with_unit(&number::whole_credits(hold.used)),
        " used",
    ]
    .concat();
    let since = hold.since;
    let time = format!(
        "<span {SINCE}=\"{}\">{}</span>",
        since.micros(),
        duration(since, dashboard.now)
    );
    let title = used.clone();
    view! {
        <li class=format!("running-call agent-{}", hold.agent.id()) title=title>
            <p>
                <span class="running-company clip">{hold.company.clone()}</span>
                <span class="running-used"><b><Amount credits=hold.reserved/></b>" reserved"<span class="visually-hidden">", "{used}</span></span>
            </p>
            <p>
                <span class="running-agent"><span class="dot"></span><span class="clip">{hold.agent.name()}</span></span>
                <span class="running-time"><span class="visually-hidden">"running for "</span><span class="running-clock" inner_html=time></span></span>
            </p>
        </li>
    }
}
