//! What an address asks of the pages about usage over time, and addresses that ask it.

use domain::{
    TimeRange,
    calendar::{Comparison, Window, Zone},
    filter::ViewQuery,
};
use leptos::prelude::*;

use crate::{
    components::filter_bar::{Choice, Period, one_of, period_choice},
    error::AppError,
    pages::settings::{
        frame::{Ask, Frame},
        review::hours_of,
    },
    state::Filters,
};

/// Which period: value and words.
pub(in crate::pages::settings) const PERIODS: [(&str, &str); 6] = [
    ("30d", "Last 30 days"),
    ("7d", "Last 7 days"),
    ("28d", "Last 28 days"),
    ("90d", "Last 90 days"),
    ("this_cycle", "This cycle"),
    ("last_cycle", "Last cycle"),
];

/// How long a window may be: value and words.
pub(in crate::pages::settings) const WINDOWS: [(&str, &str); 4] = [
    ("hour", "Hourly"),
    ("day", "Daily"),
    ("week", "Weekly"),
    ("month", "Monthly"),
];
/// What usage is compared with.
pub(crate) const AGAINST: [(&str, &str); 4] = [
    ("before", "Previous period"),
    ("year", "Same period last year"),
    ("week", "Previous week"),
    ("none", "Nothing"),
];

/// How long a window is to be; a day when the address does not say.
pub(in crate::pages::settings) fn window(ask: &Ask<'_>) -> Window {
    let asked = ask.value("window");
    let known = asked.map_or("day", |asked| known(&WINDOWS, Some(&asked)));
    known.parse().unwrap_or(Window::Day)
}

/// What usage is to be compared with; the previous period when the address does not say.
pub(in crate::pages::settings) fn compared(ask: &Ask<'_>) -> Comparison {
    let asked = ask.value("against").and_then(|asked| asked.parse().ok());
    asked.unwrap_or_default()
}

/// The menu of what a page is compared with.
pub(in crate::pages::settings) fn compare_to(filters: &Filters, compared: Comparison) -> AnyView {
    one_of(filters, "Compare to", "against", &AGAINST, compared.id())
}

/// The menu of how long a window is.
pub(in crate::pages::settings) fn interval(filters: &Filters, window: Window) -> AnyView {
    // What is shown when nothing is chosen comes first.
    const DAY_FIRST: [Choice; 4] = [WINDOWS[1], WINDOWS[0], WINDOWS[2], WINDOWS[3]];
    one_of(filters, "Interval", "window", &DAY_FIRST, window.id())
}

/// The view that an address asks for, in the account of its page.
pub(in crate::pages::settings) fn asked_view(
    ask: &Ask<'_>,
    frame: &Frame,
) -> Result<ViewQuery, AppError> {
    let (mut query, _) = ViewQuery::parse(ask.query).map_err(service::ServiceError::from)?;
    query.account = Some(frame.account.clone());
    if query.from.is_none() && query.to.is_none() {
        let period = known(&PERIODS, query.period.as_deref());
        query.period = Some(period.to_owned());
    }
    Ok(query)
}

/// The menu of periods of a page that shows a range.
pub(in crate::pages::settings) fn period(
    filters: &Filters,
    all: &[Choice],
    range: TimeRange,
    zone: &Zone,
) -> AnyView {
    let last = range.end.plus_micros(-1);
    let dates = [range.start, last].map(|time| zone.at(time).strftime("%Y-%m-%d").to_string());
    let custom = filters
        .value("from")
        .is_some()
        .then(|| range_words(range, zone));
    let period = Period {
        all,
        custom: custom.as_deref(),
        dates: Some((dates[0].as_str(), dates[1].as_str())),
    };
    period_choice(filters, period)
}

/// `23 – 29 Nov`; with the times of day when it is not made of days.
fn range_words(range: TimeRange, zone: &Zone) -> String {
    let last = range.end.plus_micros(-1);
    match zone.whole_days(range) {
        Some(1) => zone.short_day(range.start),
        Some(_) => format!("{} – {}", zone.short_day(range.start), zone.short_day(last)),
        None => hours_of(range, zone),
    }
}

/// An address with a view's filters, and more.
pub(in crate::pages::settings) fn address(
    path: &str,
    query: &ViewQuery,
    more: &[(&str, &str)],
) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(query.pairs())
        .extend_pairs(more)
        .finish();
    format!("{path}?{query}")
}

/// The rows of as much of a window as lies in a period, as its mark says.
pub(in crate::pages::settings) fn rows_in(
    filters: &Filters,
    window: TimeRange,
    period: TimeRange,
    zone: &Zone,
) -> String {
    let shown = window.within(period);
    let (from, to) = (zone.rfc3339(shown.start), zone.rfc3339(shown.end));
    filters.rows(&[("from", &from), ("to", &to)])
}

/// The named value, or the first one.
pub(in crate::pages::settings) fn known(
    all: &'static [(&'static str, &'static str)],
    asked: Option<&str>,
) -> &'static str {
    let found = all.iter().find(|(value, _)| Some(*value) == asked);
    found.map_or(all[0].0, |(value, _)| value)
}
