//! Filters of the log: reference, agent, activity, and a jump to a date.

use std::time::Duration;

use domain::{Agent, activity::activity_label, event::MOST_CHOICES};
use leptos::{leptos_dom::helpers::debounce, prelude::*};

use super::LogActions;
use crate::{
    components::KeptFields,
    state::{PageState, Url, use_go},
    ui::{Menu, MenuItem},
};

/// Typing pauses this long before a search begins.
const TYPING_PAUSE: Duration = Duration::from_millis(250);

/// Search, agent, activity, jump to date.
#[expect(
    clippy::large_types_passed_by_value,
    reason = "a bundle of signal handles, copied as all of them are"
)]
#[component]
pub fn Toolbar(state: PageState, url: Memo<Url>, actions: LogActions) -> impl IntoView {
    let narrowed = move || url.with(|url| url.0.is_narrowed());
    view! {
        <div class="toolbar">
            <SearchField url/>
            <AgentMenu url/>
            <ActivityMenu state url/>
            {move || narrowed().then(|| view! {
                <a class="quiet-button" href=move || url.get().clear().href() data-noscroll="">"Clear filters"</a>
            })}
            <JumpToDate actions/>
        </div>
    }
}

#[component]
fn SearchField(url: Memo<Url>) -> impl IntoView {
    let go = use_go(true);
    let search = debounce(TYPING_PAUSE, move |text: String| {
        go(&url.get_untracked().search(&text));
    });
    let shown = move || url.with(|url| url.0.q.clone().unwrap_or_default());
    // Without scripts the field is a form of its own.
    view! {
        <form class="search" method="get" action=crate::USAGE_PATH role="search" on:submit=|event| event.prevent_default()>
            <KeptFields url asked=&["q"]/>
            {crate::ui::Icon::Search.view()}
            <input type="search" name="q" placeholder="Reference begins with…" aria-label="Search references that begin with" autocomplete="off"
                value=shown() prop:value=shown on:input:target={let mut search = search; move |event| search(event.target().value())}/>
        </form>
    }
}

#[component]
fn AgentMenu(url: Memo<Url>) -> impl IntoView {
    let label = Signal::derive(move || {
        url.with(|url| match url.0.agents.as_slice() {
            [] => "Agent".to_owned(),
            [only] => only.name().to_owned(),
            several => format!("{} agents", several.len()),
        })
    });
    let item = move |agent: Agent| {
        let href = Signal::derive(move || url.get().toggle_agent(agent).href());
        let chosen = Signal::derive(move || url.with(|url| url.0.agents.contains(&agent)));
        view! { <MenuItem label=agent.name() href chosen dot=format!("agent-{}", agent.id())/> }
    };
    view! { <Menu label name="Agents">{Agent::ALL.map(item).into_iter().collect_view()}</Menu> }
}

#[component]
fn ActivityMenu(state: PageState, url: Memo<Url>) -> impl IntoView {
    let label = Signal::derive(move || {
        url.with(|url| match url.0.activities.as_slice() {
            [] => "Activity".to_owned(),
            [only] => activity_label(only),
            several => format!("{} activities", several.len()),
        })
    });
    let activities = Memo::new(move |_| {
        state
            .dashboard
            .with(|dashboard| dashboard.activities.clone())
    });
    let item = move |activity: String| {
        let (name, same) = (activity.clone(), activity.clone());
        let href = Signal::derive(move || url.get().toggle_activity(&name).href());
        let chosen = Signal::derive(move || url.with(|url| url.0.activities.contains(&same)));
        view! { <MenuItem label=activity_label(&activity) href chosen/> }
    };
    view! {
        <Menu label name="Activities">
            <Show when=move || activities.with(|all| all.len() >= MOST_CHOICES)>
                <OtherActivity url/>
            </Show>
            <div class="menu-scroll">
                <For each=move || activities.get() key=Clone::clone children=item/>
            </div>
        </Menu>
    }
}

/// Finds an activity that the menu has no room for. A form, so that it needs no script.
#[component]
fn OtherActivity(url: Memo<Url>) -> impl IntoView {
    view! {
        <form class="menu-form" method="get" action=crate::USAGE_PATH>
            <KeptFields url asked=&["activity"]/>
            <input type="search" name="activity" aria-label="Activity" placeholder="Other activity"
                required autocapitalize="none"/>
            <button class="button" type="submit">"Show"</button>
        </form>
    }
}

#[component]
fn JumpToDate(actions: LogActions) -> impl IntoView {
    let date = NodeRef::<leptos::html::Input>::new();
    let jump = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(date) = date.get_untracked() {
            actions.to_time(date.value());
        }
    };
    view! {
        <div class="jump needs-script">
            <Menu label="Jump to date".to_owned() name="Activity log" align_end=true>
                <form class="menu-form" on:submit=jump>
                    <label>"Date"<input node_ref=date type="date" required data-testid="jump-date"/></label>
                    <button class="button primary" type="submit">"Jump"</button>
                </form>
            </Menu>
        </div>
    }
}
