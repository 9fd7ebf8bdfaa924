//! Billing > AI Credits Usage.

#[cfg(feature = "ssr")]
use domain::usage::{Dashboard, ForecastView};
use leptos::prelude::*;

use crate::{
    components::{
        ActivityLog, AgentCards, BillingNotices, Gauge, LogAsking, Notices, RunningCalls, Tips,
    },
    error::AppError,
    functions::{Page, load_page},
    state::{Address, EventRef, FailedView, PageState, Reading, Url, follow_live, view_of},
    ui::{Notice, Tone},
};
#[cfg(feature = "ssr")]
use crate::{
    components::{CYCLE_MARK, chart_mark, usage_marks},
    functions::Charts,
    packed,
    state::FORECAST,
};

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
            {forecast_mark(page.forecast.as_ref())}
            <div id=super::LIVE_ID class="live-root">{live}</div>
        </main>
    }
    .into_any()
}

/// The forecast that the charts were drawn with, for the parts that live on by themselves.
#[cfg(feature = "ssr")]
fn forecast_mark(forecast: Option<&ForecastView>) -> impl IntoView + use<> {
    let said = postcard::to_allocvec(&forecast).unwrap_or_default();
    view! { <span hidden data-live=FORECAST data-said=packed::to_text(&said)></span> }
}

/// What is marked of the usage page besides its frame, as it is now.
#[cfg(feature = "ssr")]
pub(super) fn marks(
    dashboard: &Dashboard,
    charts: Charts,
    forecast: Option<&ForecastView>,
) -> AnyView {
    let agents = charts.agents.into_iter().map(|(agent, drawn)| {
        view! { <div class="chart-frame" aria-hidden="true" data-live=chart_mark(agent) inner_html=drawn></div> }
    });
    view! {
        {usage_marks(dashboard)}
        {forecast_mark(forecast)}
        <div data-live=CYCLE_MARK inner_html=charts.cumulative></div>
        {agents.collect_view()}
    }
    .into_any()
}
