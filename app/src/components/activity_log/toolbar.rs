//! Filters of the log: reference, agent, activity, and a jump to a date.

use domain::{Agent, activity::activity_label, event::MOST_CHOICES, usage::Dashboard};
use leptos::prelude::*;

use crate::{
    components::kept_fields,
    state::Url,
    ui::{Icon, Menu, MenuItem},
};

/// Search, agent, activity, jump to date: links and forms, sent as soon as something in them changes.
pub struct Toolbar<'a> {
    /// What is shown above the log.
    pub dashboard: &'a Dashboard,
    /// The view.
    pub url: &'a Url,
}

impl Toolbar<'_> {
    /// The filters.
    pub fn view(&self) -> AnyView {
        let url = self.url;
        let clear = url.0.is_narrowed().then(|| {
            view! { <a class="quiet-button" href=url.clear().href() data-noscroll="">"Clear filters"</a> }
        });
        view! {
            <div class="toolbar">
                {self.search()}
                {self.agents()}
                {self.activities()}
                {clear}
                {self.jump()}
            </div>
        }
        .into_any()
    }

    fn search(&self) -> AnyView {
        let sought = self.url.0.q.clone().unwrap_or_default();
        view! {
            <form class="search" method="get" action=crate::USAGE_PATH role="search" data-apply="search">
                {kept_fields(self.url, &["q"])}
                {Icon::Search.view()}
                <input type="search" name="q" placeholder="Reference begins with…" aria-label="Search references that begin with" autocomplete="off" value=sought/>
            </form>
        }
        .into_any()
    }

    fn agents(&self) -> AnyView {
        let url = self.url;
        let label = match url.0.agents.as_slice() {
            [] => "Agent".to_owned(),
            [only] => only.name().to_owned(),
            several => format!("{} agents", several.len()),
        };
        let item = |agent: Agent| {
            let chosen = url.0.agents.contains(&agent);
            view! { <MenuItem label=agent.name() href=url.toggle_agent(agent).href() chosen dot=format!("agent-{}", agent.id())/> }
        };
        let items = Agent::ALL.map(item).into_iter().collect_view();
        view! { <div class="toolbar-choice" data-choice="agents"><Menu label name="Agents">{items}</Menu></div> }
            .into_any()
    }

    fn activities(&self) -> AnyView {
        let label = match self.url.0.activities.as_slice() {
            [] => "Activity".to_owned(),
            [only] => activity_label(only),
            several => format!("{} activities", several.len()),
        };
        let other = (self.dashboard.activities.len() >= MOST_CHOICES).then(|| self.other());
        let items = activity_items(self.dashboard, self.url);
        view! {
            <div class="toolbar-choice" data-choice="activities">
                <Menu label name="Activities">{other}{items}</Menu>
            </div>
        }
        .into_any()
    }

    /// Finds an activity that the menu has no room for. A form, so that it needs no script.
    fn other(&self) -> AnyView {
        view! {
            <form class="menu-form" method="get" action=crate::USAGE_PATH>
                {kept_fields(self.url, &["activity"])}
                <input type="search" name="activity" aria-label="Activity" placeholder="Other activity"
                    required autocapitalize="none"/>
                <button class="button" type="submit">"Show"</button>
            </form>
        }
        .into_any()
    }

    fn jump(&self) -> AnyView {
        let undated = self.url.undated();
        view! {
            <div class="jump needs-script">
                <Menu label="Jump to date".to_owned() name="Activity log" align_end=true>
                    <form class="menu-form" data-jump=undated>
                        <label>"Date"<input type="date" required data-testid="jump-date"/></label>
                        <button class="button primary" type="submit">"Jump"</button>
                        <p class="jump-missed" role="alert" data-testid="jump-missed" hidden></p>
                    </form>
                </Menu>
            </div>
        }
        .into_any()
    }
}

/// The activities to choose from, which grow while events arrive.
pub fn activity_items(dashboard: &Dashboard, url: &Url) -> AnyView {
    let item = |activity: &String| {
        let chosen = url.0.activities.contains(activity);
        view! { <MenuItem label=activity_label(activity) href=url.toggle_activity(activity).href() chosen/> }
    };
    let items = dashboard.activities.iter().map(item).collect_view();
    view! { <div class="menu-scroll" data-live="activities">{items}</div> }.into_any()
}
