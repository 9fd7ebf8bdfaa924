//! Filters of the log: reference, agent, activity, and a jump to a date.

use std::time::Duration;

use domain::{
    Agent,
    activity::{MONTHS, activity_label},
    event::MOST_CHOICES,
};
use leptos::{leptos_dom::helpers::debounce, prelude::*};

use super::{LogActions, actions::Missed};
use crate::{
    components::KeptFields,
    state::{PageState, Reading, Url, use_go},
    ui::{Menu, MenuItem},
};

/// Id of the words that say why a view could not be read.
const FAILED_ID: &str = "view-failed";

/// Typing pauses this long before a search begins.
const TYPING_PAUSE: Duration = Duration::from_millis(250);

/// Search, agent, activity, jump to date.
#[cfg_attr(
    feature = "hydrate",
    expect(
        clippy::large_types_passed_by_value,
        reason = "a bundle of signal handles, copied as all of them are"
    )
)]
#[component]
pub fn Toolbar(
    state: PageState,
    url: Memo<Url>,
    actions: LogActions,
    reading: Reading,
) -> impl IntoView {
    let narrowed = move || url.with(|url| url.0.is_narrowed());
    view! {
        <div class="toolbar">
            <SearchField url reading/>
            <AgentMenu url/>
            <ActivityMenu state url/>
            {move || narrowed().then(|| view! {
                <a class="quiet-button" href=move || url.get().clear().href() data-noscroll="">"Clear filters"</a>
            })}
            <JumpToDate url actions/>
            <ViewFailed reading/>
        </div>
    }
}

/// Says that the view that was asked for could not be read. It floats, so that nothing moves.
#[component]
fn ViewFailed(reading: Reading) -> impl IntoView {
    move || {
        let failed = reading.failed.get().filter(|failed| !failed.is_lasting());
        failed.map(|failed| {
            view! {
                <p class="toolbar-failed" role="alert" id=FAILED_ID data-testid="view-failed">
                    <span>{[&failed.error.to_string(), " Still showing the view before."].concat()}</span>
                    <button class="button" type="button" on:click=move |_| reading.retry()>"Try again"</button>
                </p>
            }
        })
    }
}

#[component]
fn SearchField(url: Memo<Url>, reading: Reading) -> impl IntoView {
    let (go, change) = (use_go(false), use_go(true));
    let search = debounce(TYPING_PAUSE, move |text: String| {
        let here = url.get_untracked();
        let next = here.search(&text);
        // The back button leads to the view without a search, however many letters were typed.
        match here.0.q {
            _ if next == here => {}
            None => go(&next),
            Some(_) => change(&next),
        }
    });
    let shown = Memo::new(move |_| url.with(|url| url.0.q.clone().unwrap_or_default()));
    let has_failed = Memo::new(move |_| {
        let failed = reading.failed.get();
        failed.is_some_and(|failed| Url::read(&failed.query).0.q.unwrap_or_default() != shown.get())
    });
    let field = NodeRef::<leptos::html::Input>::new();
    Effect::new(move |before: Option<String>| {
        let shown = shown.get();
        // What could not be searched for stays in the field.
        if before.is_some_and(|before| before != shown)
            && !has_failed.get_untracked()
            && let Some(field) = field.get_untracked()
            && field.value().trim() != shown.trim()
        {
            field.set_value(&shown);
        }
        shown
    });
    // Without scripts the field is a form of its own.
    view! {
        <form class="search" method="get" action=crate::USAGE_PATH role="search" on:submit=|event| event.prevent_default()>
            <KeptFields url asked=&["q"]/>
            {crate::ui::Icon::Search.view()}
            <input node_ref=field type="search" name="q" placeholder="Reference begins with…" aria-label="Search references that begin with" autocomplete="off"
                value=shown.get_untracked() on:input:target={let mut search = search; move |event| search(event.target().value())}
                aria-invalid=move || has_failed.get().then_some("true") aria-describedby=move || has_failed.get().then_some(FAILED_ID)/>
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
fn JumpToDate(url: Memo<Url>, actions: LogActions) -> impl IntoView {
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
                    {move || actions.missed.get().map(|missed| url.with(|url| missed_words(missed, url)))}
                </form>
            </Menu>
        </div>
    }
}

/// Why a jump led nowhere, and what does.
fn missed_words(missed: Missed, url: &Url) -> AnyView {
    match missed {
        Missed::Outside(date) => {
            let day = day_words(&date);
            let href = url.between(&date, &date).href();
            view! {
                <p class="jump-missed" role="alert" data-testid="jump-missed">
                    {[&day, " is outside of this period. "].concat()}
                    <a href=href data-noscroll="">{["Show ", &day].concat()}</a>
                </p>
            }
            .into_any()
        }
        Missed::Failed(error) => view! {
            <p class="jump-missed" role="alert" data-testid="jump-missed">{[&error.to_string(), " Try again."].concat()}</p>
        }
        .into_any(),
    }
}

/// `2026-09-05` as people read it: `5 Sep 2026`.
fn day_words(date: &str) -> String {
    let mut parts = date.splitn(3, '-');
    let (year, month, day) = (parts.next(), parts.next(), parts.next());
    let month = month
        .and_then(|month| month.parse::<usize>().ok())
        .and_then(|month| MONTHS.get(month.wrapping_sub(1)));
    match (year, month, day) {
        (Some(year), Some(month), Some(day)) => {
            [day.trim_start_matches('0'), " ", month, " ", year].concat()
        }
        _ => date.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_said_in_words() {
        assert_eq!(day_words("2026-09-05"), "5 Sep 2026");
        assert_eq!(day_words("soon"), "soon");
    }
}
