//! Billing > AI Credits Usage.

use domain::{
    Agent,
    usage::{Dashboard, ForecastView},
};
use leptos::prelude::*;

use crate::{
    components::{
        ActivityLog, AgentCards, CYCLE_MARK, Gauge, Notices, Said, Sidebar, UsageHeader,
        activity_items, agent_drawing, event_notice, filter_bar::CompanyChoice, pending_line,
        running_calls, table_rows, tips, usage_marks,
    },
    figures::Shown,
    functions::{Marks, Page},
    packed,
    state::{FORECAST, Filters, LogState, Remedy, Url, view_of},
};

/// The page: what it is called, the filters, the ways to other pages, and what is shown. A filter is a visit, so all of
/// it changes together or not at all.
pub(super) fn page(page: &Page, companies: &CompanyChoice, query: &str) -> AnyView {
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
            {shown(page, query)}
        </main>
    }
    .into_any()
}

/// What stands below the filters.
fn shown(page: &Page, query: &str) -> AnyView {
    let (dashboard, charts) = (&page.dashboard, &page.charts);
    let url = &Url::read(query);
    let said = &Said::of(Shown {
        dashboard,
        forecast: page.forecast.as_ref(),
    });
    let gauge = Gauge {
        dashboard,
        said,
        chart: &charts.cumulative,
        url,
    };
    let notices = Notices {
        dashboard,
        tips: &page.tips,
        helps: Remedy::for_reader(&page.reader),
        url,
    };
    let cards = AgentCards {
        dashboard,
        said,
        charts,
        url,
        has_table: Url::has_table(query),
    };
    let opened = page.event.opened();
    let log = ActivityLog {
        dashboard,
        said,
        log: &LogState::asked(page.log.clone(), opened.map(|event| &event.row)),
        receipt: opened.map(|event| event.receipt.as_str()),
        reader: &page.reader,
        url,
        view: &view_of(query),
    };
    view! {
        <div class="live-parts">
            {gauge.view(running_calls(dashboard))}
            {notices.view()}
            {event_notice(&page.event)}
            {cards.view()}
            {tips(&page.tips)}
            {log.view()}
        </div>
    }
    .into_any()
}

/// The forecast that the charts were drawn with, for the figures that follow from it.
fn forecast_mark(forecast: Option<&ForecastView>) -> impl IntoView + use<> {
    let said = postcard::to_allocvec(&forecast).unwrap_or_default();
    view! { <span hidden data-live=FORECAST data-said=packed::to_text(&said)></span> }
}

/// What is marked of the page besides its frame, as it is now.
pub(super) fn marks(marks: &Marks, query: &str) -> AnyView {
    let dashboard: &Dashboard = &marks.dashboard;
    let url = &Url::read(query);
    let notices = Notices {
        dashboard,
        tips: &marks.tips,
        helps: marks.helps,
        url,
    };
    let agents = Agent::ALL.map(|agent| agent_drawing(&marks.charts, agent));
    view! {
        {usage_marks(dashboard)}
        {forecast_mark(marks.forecast.as_ref())}
        <div data-live=CYCLE_MARK inner_html=marks.charts.cumulative.clone()></div>
        {running_calls(dashboard)}
        {notices.view()}
        {agents.into_iter().collect_view()}
        {Url::has_table(query).then(|| view! { <table>{table_rows(dashboard)}</table> })}
        {tips(&marks.tips)}
        {activity_items(dashboard, url)}
    }
    .into_any()
}

#[cfg(test)]
mod tests;
