//! The calls that are active right now and what they reserve.

mod clock;

use domain::{Time, number, usage::Dashboard};
use leptos::prelude::*;

use crate::{
    components::Amount,
    state::{PageState, SHOWN_CALLS, calls, duration, more},
};

/// The strip of active calls at the foot of the gauge's card, as tall without any as with many: those that begin and end
/// move nothing. The four longest are shown; the count opens the others.
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
    let count = Memo::new(move |_| dashboard.with(|dashboard| dashboard.books.holds.len()));
    let reserved = move || {
        let reserved = dashboard.with(|dashboard| number::whole_credits(dashboard.books.reserved));
        [&number::with_unit(&reserved), " reserved"].concat()
    };
    // Oldest first, which is longest first.
    let ids = move |range: std::ops::Range<usize>| {
        dashboard.with(|dashboard| {
            let holds = dashboard.books.holds.iter().skip(range.start);
            let shown = holds.take(range.len()).map(|hold| hold.id.clone());
            shown.collect::<Vec<_>>()
        })
    };
    let longest = Memo::new(move |_| ids(0..SHOWN_CALLS));
    let others = Memo::new(move |_| ids(SHOWN_CALLS..usize::MAX));
    let more = Memo::new(move |_| more(count.get()));
    view! {
        <section class="running" class:is-idle=move || !is_any.get() aria-label="Active calls" data-testid="running">
            <details class="menu running-count">
                <summary tabindex=move || if more.with(Option::is_some) { "0" } else { "-1" }>
                    <b>{move || calls(count.get())}</b>
                    <span>{reserved}</span>
                    <span class="running-more" data-testid="running-more">{move || more.get()}</span>
                </summary>
                <ul class="menu-panel running-others" aria-label="Other active calls">
                    <For each=move || others.get() key=Clone::clone children=move |id| view! { <Call id dashboard now/> }/>
                </ul>
            </details>
            <ul class="running-list" aria-label="Longest active calls">
                <For each=move || longest.get() key=Clone::clone children=move |id| view! { <Call id dashboard now/> }/>
            </ul>
        </section>
    }
}

/// One call. Who calls and since when never changes; what it reserved and used does.
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
    let used = move || {
        let used = number::whole_credits(amounts.get().0);
        [&number::with_unit(&used), " used"].concat()
    };
    Some(view! {
        <li class=format!("running-call agent-{}", call.agent.id()) title=used>
            <p>
                <span class="running-company clip">{call.company}</span>
                <span class="running-used"><b><Amount credits=Signal::derive(move || amounts.get().1)/></b>" reserved"<span class="visually-hidden">", "{used}</span></span>
            </p>
            <p>
                <span class="running-agent"><span class="dot"></span><span class="clip">{call.agent.name()}</span></span>
                <span class="running-time"><span class="visually-hidden">"running for "</span>{move || duration(since, now.get())}</span>
            </p>
        </li>
    })
}
