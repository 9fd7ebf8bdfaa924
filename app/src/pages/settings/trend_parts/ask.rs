//! What an address asks of the pages about usage over time, and addresses that ask it.

use domain::{
    TimeRange,
    calendar::{Comparison, Window, Zone},
    filter::ViewQuery,
};
use leptos::prelude::*;

use crate::{
    error::AppError,
    pages::settings::frame::{Ask, Frame, hidden},
    state::Url,
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
pub(in crate::pages::settings) const AGAINST: [(&str, &str); 4] = [
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

/// The view that an address asks for, in the account of its page, and the name of its period.
pub(in crate::pages::settings) fn asked_view(
    ask: &Ask<'_>,
    frame: &Frame,
) -> Result<(ViewQuery, &'static str), AppError> {
    let (mut query, _) = ViewQuery::parse(ask.query).map_err(service::ServiceError::from)?;
    query.account = Some(frame.account.clone());
    let period = known(&PERIODS, query.period.as_deref());
    if query.from.is_none() {
        query.period = Some(period.to_owned());
    }
    Ok((query, period))
}

/// What a form that chooses a period sends along of a view.
pub(in crate::pages::settings) fn kept(query: &ViewQuery) -> Vec<AnyView> {
    let pairs = query.pairs().into_iter();
    pairs
        .filter(|(name, _)| !matches!(*name, "period" | "from" | "to"))
        .map(|(name, value)| hidden(name, value).into_any())
        .collect()
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
    query: &ViewQuery,
    window: TimeRange,
    period: TimeRange,
    zone: &Zone,
) -> String {
    let shown = window.within(period);
    let (from, to) = (zone.rfc3339(shown.start), zone.rfc3339(shown.end));
    Url(query.clone()).between(&from, &to).href()
}

/// The named value, or the first one.
pub(in crate::pages::settings) fn known(
    all: &'static [(&'static str, &'static str)],
    asked: Option<&str>,
) -> &'static str {
    let found = all.iter().find(|(value, _)| Some(*value) == asked);
    found.map_or(all[0].0, |(value, _)| value)
}
