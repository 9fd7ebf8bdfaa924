//! Billing > AI Credits Usage.

use domain::Credits;
use leptos::prelude::*;

use crate::{
    components::{
        ActivityLog, AgentCards, BillingNotices, Gauge, LogAsking, Notices, RunningCalls, Tips,
    },
    error::AppError,
    functions::{Page, draw_charts, load_page},
    state::{Address, EventRef, FailedView, PageState, Reading, Url, follow_live, view_of},
    ui::{Lifetime, Notice, Tone},
};

/// How soon after a change the charts are drawn again: bars may lag the figures by this much.
const REDRAW_AFTER_MS: u64 = 1_000;

/// The parts of the page below its filters, kept live in the browser.
#[component]
pub fn UsagePage(
    /// What it begins with.
    page: Page,
    /// Where it stands.
    address: Address,
) -> impl IntoView {
    let query = address.query();
    let state = PageState::new(page);
    let url = Memo::new(move |_| query.with(|query| Url::read(query)));
    let reading = Reading::new(address, load_page, move |page| state.replace(page));
    // An open receipt is in the address, and not in the view.
    let event = Memo::new(move |_| query.with(|query| EventRef::of_query(query)));
    let view = Memo::new(move |_| query.with(|query| view_of(query)));
    let link = follow_live(state.followed(), view, reading.again);
    redraw_after_changes(state, view);
    let again = reading.again;
    let asking = LogAsking {
        view,
        event,
        link,
        again,
    };
    let dashboard = state.dashboard;
    view! {
        <div class="live-parts" class:loading=reading.is_loading aria-busy=move || reading.is_loading.get().to_string()>
            <PageProblem reading/>
            <BillingNotices query/>
            <Gauge dashboard charts=state.charts forecast=state.forecast url>
                <RunningCalls state/>
            </Gauge>
            <Notices state url/>
            <AgentCards dashboard charts=state.charts url/>
            <Tips tips=state.tips/>
            <ActivityLog state url asking reading/>
        </div>
    }
}

/// Draws the charts again soon after live changes, at most once a second.
fn redraw_after_changes(state: PageState, query: Memo<String>) {
    let is_waiting = StoredValue::new(false);
    let lifetime = Lifetime::of_component();
    // What the charts show: events up to a place, and the limit, which changes without any event.
    let drawn_from = Memo::new(move |_| {
        state.dashboard.with(|dashboard| {
            let balance = dashboard.measure();
            let allocation = balance.map_or(Credits::ZERO, |balance| balance.allocation);
            (dashboard.as_of, allocation)
        })
    });
    Effect::new(move |drawn: Option<(u32, (domain::Seq, Credits))>| {
        let shown = (state.generation.get(), drawn_from.get());
        let is_change = drawn.is_some_and(|drawn| drawn.0 == shown.0 && drawn.1 != shown.1);
        if is_change && !is_waiting.get_value() {
            is_waiting.set_value(true);
            let draw = move || {
                lifetime.spawn(async move {
                    is_waiting.set_value(false);
                    let generation = state.generation.get_untracked();
                    let projected = state
                        .forecast
                        .with_untracked(|forecast| forecast.as_ref()?.cycle_use);
                    let drawn = draw_charts(query.get_untracked(), projected).await;
                    if let (Ok(charts), true) =
                        (drawn, generation == state.generation.get_untracked())
                    {
                        state.charts.set(charts);
                    }
                });
            };
            lifetime.after(std::time::Duration::from_millis(REDRAW_AFTER_MS), draw);
        }
        shown
    });
}

/// Says why the page cannot go on at all: the session has ended, or access was taken away.
#[component]
fn PageProblem(reading: Reading) -> impl IntoView {
    move || {
        let failed = reading.failed.get().filter(FailedView::is_lasting)?;
        let error = failed.error;
        Some(view! {
            <Notice tone=Tone::Warning title=error.to_string() text=error.advice()>
                {(error == AppError::SignedOut).then(|| view! { <a class="button" href="/sign-in" rel="external">"Sign in"</a> })}
            </Notice>
        })
    }
}

/// The page around the parts that live on: what it is called, the filters, and the ways to other pages. A filter is a
/// visit, so all of it changes together or not at all.
#[cfg(feature = "ssr")]
pub(super) fn around(
    page: &Page,
    companies: &crate::components::filter_bar::CompanyChoice,
    query: &str,
    live: AnyView,
) -> AnyView {
    use crate::{
        components::{Sidebar, UsageHeader, pending_line},
        state::Filters,
    };
    let account = &page.dashboard.account;
    let filters = Filters::read(crate::USAGE_PATH, &account.key, query);
    let header = UsageHeader {
        dashboard: &page.dashboard,
        companies,
        filters: &filters,
    };
    view! {
        <a class="skip-link" href="#log-title">"Skip to the activity log"</a>
        <Sidebar reader=page.reader.clone() account=account.name.clone() account_key=account.key.clone()
            path=crate::USAGE_PATH carried=filters.carried()/>
        <main class="page">
            {header.view()}
            {pending_line(&page.reader, &filters.carried())}
            <div id=super::LIVE_ID class="live-root">{live}</div>
        </main>
    }
    .into_any()
}
