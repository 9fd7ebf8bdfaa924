//! The calls that are active right now and what they reserve.

mod clock;

use domain::{Time, number, usage::Dashboard};
use leptos::prelude::*;

use crate::{
    components::Amount,
    state::{PageState, SHOWN_CALLS, calls, duration, more},
    ui::length,
};

/// A strip of active calls; nothing when there are none.
///
/// Nothing of it is read out by itself: it changes every second.
#[component]
pub fn RunningCalls(
    /// The page.
    state: PageState,
) -> impl IntoView {
    let dashboard = state.dashboard;
    let is_any = Memo::new(move |_| dashboard.with(|dashboard| !dashboard.books.holds.is_empty()));
    let now = clock::ticking(state, is_any);
    move || is_any.get().then(|| view! { <Strip dashboard now/> })
}

#[component]
fn Strip(dashboard: RwSignal<Dashboard>, now: RwSignal<Time>) -> impl IntoView {
    let summary = Memo::new(move |_| {
        dashboard.with(|dashboard| {
            let reserved = number::whole_credits(dashboard.books.reserved);
            let reserved = number::with_unit(&reserved);
            format!(
                "{} · {reserved} reserved",
                calls(dashboard.books.holds.len())
            )
        })
    });
    let shown = Memo::new(move |_| {
        dashboard.with(|dashboard| {
            let shown = dashboard.books.holds.iter().take(SHOWN_CALLS);
            shown.map(|hold| hold.id.clone()).collect::<Vec<_>>()
        })
    });
    let more = Memo::new(move |_| dashboard.with(|dashboard| more(dashboard.books.holds.len())));
    view! {
        <section class="card running" aria-labelledby="running-title" data-testid="running">
            <header class="running-head">
                <h2 id="running-title"><span class="running-mark"></span>"Active calls"</h2>
                <p>{move || summary.get()}</p>
                {move || more.get().map(|more| view! { <p class="running-more" data-testid="running-more">{more}</p> })}
            </header>
            // On a narrow page it scrolls sideways, so the keyboard must reach it.
            <ul class="running-list" tabindex="0" aria-labelledby="running-title">
                <For each=move || shown.get() key=Clone::clone children=move |id| view! { <Call id dashboard now/> }/>
            </ul>
        </section>
    }
}

/// One call. Who calls and since when never changes; what it used does.
#[component]
fn Call(id: String, dashboard: RwSignal<Dashboard>, now: RwSignal<Time>) -> impl IntoView {
    let find = move |dashboard: &Dashboard| {
        let mut holds = dashboard.books.holds.iter();
        holds.find(|hold| hold.id == id).cloned()
    };
    let call = dashboard.with_untracked(&find)?;
    let since = call.since;
    // Once it has ended, what was shown last stays for the moment until its place is taken away.
    let amounts = Memo::new(move |before: Option<&(domain::Credits, domain::Credits)>| {
        dashboard
            .with(&find)
            .map(|hold| (hold.used, hold.reserved))
            .or(before.copied())
            .unwrap_or_default()
    });
    let share = move || {
        let (used, reserved) = amounts.get();
        format!("{}%", length(used.share_of(reserved) * 100.0))
    };
    Some(view! {
        <li class=format!("running-call agent-{}", call.agent.id())>
            <p class="running-agent"><span class="dot"></span><span class="clip">{call.agent.name()}</span></p>
            <p>
                <span class="running-company clip" title=call.company.clone()>{call.company.clone()}</span>
                <span class="running-time"><span class="visually-hidden">"running for "</span>{move || duration(since, now.get())}</span>
            </p>
            <p class="running-used"><b><Amount credits=Signal::derive(move || amounts.get().0)/></b>" of "<Amount credits=Signal::derive(move || amounts.get().1)/><span class="visually-hidden">" credits used"</span></p>
            <svg class="running-bar" aria-hidden="true"><rect class="track" width="100%" height="100%"></rect><rect class="spent" height="100%" width=share></rect></svg>
        </li>
    })
}
