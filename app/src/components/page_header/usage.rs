//! Title, filters and files of the usage page.

use domain::usage::{AccountView, Dashboard};
use leptos::prelude::*;

use crate::{
    components::{
        LinkMark,
        filter_bar::{
            CYCLE_FIRST, CompanyChoice, Period, company_choice, filter_bar, one_of, period_choice,
        },
    },
    state::Filters,
    ui::{Icon, Menu, MenuFile},
};

/// What stands above the parts of the usage page that live on.
pub struct UsageHeader<'a> {
    /// What is shown.
    pub dashboard: &'a Dashboard,
    /// The companies to choose from.
    pub companies: &'a CompanyChoice,
    /// What the address chose.
    pub filters: &'a Filters,
}

impl UsageHeader<'_> {
    /// Title and filter bar.
    pub fn view(&self) -> AnyView {
        let dashboard = self.dashboard;
        let end = view! { <LinkMark/>{self.files()} };
        view! {
            <header class="page-header">
                <div class="page-title">
                    <h1>"AI Credits Usage"</h1>
                    <p class="page-subtitle">{usage_marks(dashboard)}</p>
                </div>
            </header>
            {filter_bar(self.filters, self.choices(), end.into_any())}
        }
        .into_any()
    }

    fn choices(&self) -> Vec<AnyView> {
        use crate::pages::settings::AGAINST;
        let filters = self.filters;
        let period = &self.dashboard.period;
        let is_custom = filters.value("from").is_some();
        let dates = period_dates(self.dashboard);
        let compared = period.compared.id();
        vec![
            company_choice(filters, self.companies),
            period_choice(
                filters,
                Period {
                    all: &CYCLE_FIRST,
                    custom: is_custom.then_some(period.label.as_str()),
                    dates: dates
                        .as_ref()
                        .map(|(from, to)| (from.as_str(), to.as_str())),
                },
            ),
            one_of(filters, "Compare to", "against", &AGAINST, compared),
        ]
    }

    fn files(&self) -> impl IntoView + use<> {
        let view = self.filters.without(&[crate::state::BACK]).query();
        let [events, lines] =
            ["csv", "ndjson"].map(|format| format!("/api/v1/events?{view}&format={format}"));
        let days = format!("/api/v1/usage/series?{view}&format=csv");
        let [png, svg] =
            ["png", "svg"].map(|format| format!("{}/chart.{format}?{view}", crate::USAGE_PATH));
        view! {
            <Menu label="Export".to_owned() name="Files of this view" align_end=true>
                <MenuFile label="Activity log" hint="CSV: every event, for spreadsheets" href=events/>
                <MenuFile label="Activity log as JSON Lines" hint="NDJSON: every event, for programs" href=lines/>
                <MenuFile label="Usage by day" hint="CSV: credits and events by agent" href=days/>
                <MenuFile label="Charts as a PNG image" hint="For slides and emails" href=png/>
                <MenuFile label="Charts as an SVG image" hint="For print" href=svg/>
            </Menu>
        }
    }
}

/// What is said of the cycle and of how far the figures can be relied on.
pub fn usage_marks(dashboard: &Dashboard) -> impl IntoView + use<> {
    view! {
        <span data-live="subtitle">{subtitle(dashboard)}</span>
        <span class="page-marks" data-live="marks">{complete(&dashboard.account)}{reconciled(&dashboard.account)}</span>
    }
}

/// `9 – 8 December 2026 · Europe/Berlin · day 21 of 30`.
fn subtitle(dashboard: &Dashboard) -> String {
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
}

/// The days of the period that is shown, first and last, as dates of the zone it is shown in.
fn period_dates(dashboard: &Dashboard) -> Option<(String, String)> {
    let zone = domain::calendar::Zone::named(&dashboard.account.shown_zone).ok()?;
    let range = dashboard.period.range;
    let date = |time| zone.at(time).strftime("%Y-%m-%d").to_string();
    Some((date(range.start), date(range.end.plus_micros(-1))))
}

/// When everything was last compared with everything, in colour, icon and words.
fn reconciled(account: &AccountView) -> Option<impl IntoView + use<>> {
    let view = account.reconciled.as_ref()?;
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

/// Up to when everything is here, when a source is late.
fn complete(account: &AccountView) -> Option<impl IntoView + use<>> {
    let view = account.complete.as_ref()?;
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
