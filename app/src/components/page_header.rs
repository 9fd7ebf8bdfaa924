//! The page's title, its cycle, whether it is live, and what narrows it.

use domain::usage::{CompanyName, Dashboard};
use leptos::prelude::*;

use super::{CompanyFilter, PeriodFilter};
use crate::{
    state::{Link, Url},
    ui::{Icon, Menu},
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
            format!(
                "{} · {} · day {} of {}",
                cycle.label, dashboard.account.time_zone, cycle.day, cycle.days
            )
        })
    };
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
                <Menu label="Export".to_owned() name="Export as CSV" align_end=true>
                    <ExportLink url path="events" label="Activity log" hint="every event of this view"/>
                    <ExportLink url path="usage/series" label="Usage by day" hint="credits and events by agent"/>
                </Menu>
            </div>
        </header>
    }
}

#[component]
fn ExportLink(
    url: Memo<Url>,
    path: &'static str,
    label: &'static str,
    hint: &'static str,
) -> impl IntoView {
    view! {
        <a class="menu-item tall" href=move || url.get().export(path) download="">
            <span class="menu-check">{Icon::Download.view()}</span>
            <span class="menu-label">{label}<span class="menu-hint">{hint}</span></span>
        </a>
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
        } else {
            (
                "reconciled differs",
                Icon::Warning,
                "Being checked",
                "Figures of this account do not agree; the operator has been told",
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
            several => format!("{} sources are late", several.len()),
        };
        let title = format!("Silent for longer than usual: {}", view.late.join(", "));
        Some(view! {
            <span class="reconciled differs complete" title=title data-testid="complete">
                {Icon::Warning.view()}{format!("Complete to {}; {late}", view.to)}
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
        Link::Connecting => "Connecting",
        Link::Live => "Live",
        Link::Broken => "Not live",
    };
    view! {
        <span class="live-mark needs-script" class:is-live=move || link.get() == Link::Live class:is-broken=move || link.get() == Link::Broken role="status">
            <span class="live-dot"></span>
            {text}
        </span>
    }
}
