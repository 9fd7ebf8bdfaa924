//! The page's title, its cycle, whether it is live, and what narrows it.

use domain::usage::{CompanyName, Dashboard};
use leptos::prelude::*;

use super::{CompanyFilter, PeriodFilter};
use crate::{
    state::{Link, Url},
    ui::{Icon, Menu, MenuFile},
};

/// Title and filters.
#[component]
pub fn PageHeader(
    /// What is shown.
    dashboard: RwSignal<Dashboard>,
    /// The view.
    url: Memo<Url>,
    /// The companies offered.
    companies: RwSignal<Vec<CompanyName>>,
    /// How the connection is.
    link: RwSignal<Link>,
) -> impl IntoView {
    let subtitle = move || {
        dashboard.with(|dashboard| {
            let cycle = &dashboard.cycle;
            let point = if cycle.is_over {
                "ended".to_owned()
            } else {
                format!("day {} of {}", cycle.day, cycle.days)
            };
            format!(
                "{} · {} · {point}",
                cycle.label, dashboard.account.time_zone
            )
        })
    };
    let figures = move |path: &'static str, format: &'static str| {
        Signal::derive(move || url.with(|url| url.figures(path, format)))
    };
    let chart =
        move |format: &'static str| Signal::derive(move || url.with(|url| url.chart(format)));
    view! {
        <header class="page-header">
            <div class="page-title">
                <h1>"AI Credits Usage"</h1>
                <p class="page-subtitle">{subtitle}</p>
            </div>
            <div class="page-tools">
                <CompleteMark dashboard/>
                <ReconciledMark dashboard/>
                <LiveMark link/>
                <CompanyFilter dashboard url companies/>
                <PeriodFilter dashboard url/>
                <Menu label="Export".to_owned() name="Files of this view" align_end=true>
                    <MenuFile label="Activity log" hint="CSV: every event, for spreadsheets" href=figures("/api/v1/events", "csv")/>
                    <MenuFile label="Activity log as JSON Lines" hint="NDJSON: every event, for programs" href=figures("/api/v1/events", "ndjson")/>
                    <MenuFile label="Usage by day" hint="CSV: credits and events by agent" href=figures("/api/v1/usage/series", "csv")/>
                    <MenuFile label="Charts as a PNG image" hint="For slides and emails" href=chart("png")/>
                    <MenuFile label="Charts as an SVG image" hint="For print" href=chart("svg")/>
                </Menu>
            </div>
        </header>
    }
}

/// When everything was last compared with everything, in colour, icon and words.
#[component]
fn ReconciledMark(dashboard: RwSignal<Dashboard>) -> impl IntoView {
    let reconciled =
        Memo::new(move |_| dashboard.with(|dashboard| dashboard.account.reconciled.clone()));
    move || {
        let view = reconciled.get()?;
        let (class, icon, words, meaning) = if view.is_clean {
            (
                "reconciled",
                Icon::Fine,
                "Reconciled",
                "Log, cards, gauge and enforcement agree to the micro-credit",
            )
        } else if view.is_damaged {
            (
                "reconciled differs",
                Icon::Warning,
                "Database damaged",
                "Figures may be wrong; the operator has been told",
            )
        } else {
            (
                "reconciled differs",
                Icon::Warning,
                "Checking…",
                "Figures of this account do not agree. The operator has been told",
            )
        };
        let title = format!("{meaning}. Compared {}.", view.at);
        let time = view.at.rsplit(' ').next().unwrap_or_default().to_owned();
        let spoken = title.clone();
        Some(view! {
            <span class=class title=title data-testid="reconciled">
                {icon.view()}{words}" "<span class="reconciled-at">{time}</span>
                <span class="visually-hidden">{spoken}</span>
            </span>
        })
    }
}

/// Up to when everything is here, when a source is late.
#[component]
fn CompleteMark(dashboard: RwSignal<Dashboard>) -> impl IntoView {
    let complete =
        Memo::new(move |_| dashboard.with(|dashboard| dashboard.account.complete.clone()));
    move || {
        let view = complete.get()?;
        let late = match view.late.as_slice() {
            [one] => format!("{one} is late"),
            _ => format!("{} sources are late", view.late_count),
        };
        let more = (view.late_count as usize).saturating_sub(view.late.len());
        let more = match more {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let title = format!(
            "Silent for longer than expected: {}{more}",
            view.late.join(", ")
        );
        Some(view! {
            <span class="reconciled differs complete" title=title data-testid="complete">
                {Icon::Warning.view()}{format!("Complete to {}, {late}", view.to)}
            </span>
        })
    }
}

/// Whether changes arrive, in colour and words.
#[component]
pub fn LiveMark(
    /// How the connection is.
    link: RwSignal<Link>,
) -> impl IntoView {
    let text = move || match link.get() {
        Link::Connecting => "Connecting…",
        Link::Live => "Live",
        Link::Broken | Link::Full => "Not live",
    };
    view! {
        <span class="live-mark needs-script" class:is-live=move || link.get() == Link::Live class:is-broken=move || matches!(link.get(), Link::Broken | Link::Full) role="status">
            <span class="live-dot"></span>
            {text}
        </span>
    }
}
