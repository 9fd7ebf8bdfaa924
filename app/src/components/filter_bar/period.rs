//! Chooses a named period, or one from a date to a date.

use leptos::prelude::*;

use super::{Choice, item, kept, menu};
use crate::state::{BACK, Filters};

/// The named periods of pages that show the billing cycle when none is chosen.
pub const CYCLE_FIRST: [Choice; 6] = [
    ("this_cycle", "This cycle"),
    ("last_cycle", "Last cycle"),
    ("7d", "Last 7 days"),
    ("28d", "Last 28 days"),
    ("30d", "Last 30 days"),
    ("90d", "Last 90 days"),
];

/// A period that can be chosen.
#[derive(Debug, Clone, Copy)]
pub struct Period<'a> {
    /// The names there are; the first is what the page shows when none is chosen.
    pub all: &'a [Choice],
    /// What a period from a date to a date is called; none when a named one is shown.
    pub custom: Option<&'a str>,
    /// The first and last day of what is shown, as dates.
    pub dates: Option<(&'a str, &'a str)>,
}

/// The menu of periods. What is chosen by name is in the address even where it is what the page shows by itself, because
/// other pages show something else by themselves.
pub fn period_choice(filters: &Filters, period: Period<'_>) -> AnyView {
    const NAMES: [&str; 4] = ["period", "from", "to", BACK];
    let asked = filters.value("period");
    let named = period.all.iter().find(|(value, _)| Some(*value) == asked);
    let shown = named.or(period.all.first()).copied().unwrap_or_default();
    let is_custom = period.custom.is_some();
    let items: Vec<_> = period
        .all
        .iter()
        .map(|(value, words)| {
            let is_chosen = !is_custom && *value == shown.0;
            item((*words).to_owned(), filters.period(value).href(), is_chosen)
        })
        .collect();
    let words = period.custom.unwrap_or(shown.1).to_owned();
    let is_set = is_custom || named.is_some();
    let clear = is_set.then(|| filters.without(&NAMES).href());
    let dates = period
        .dates
        .map(|(from, to)| dates(filters, &NAMES, from.to_owned(), to.to_owned()));
    let panel = view! { {items}{dates} }.into_any();
    menu("period", "Period", words, clear, panel, false)
}

fn dates(filters: &Filters, names: &[&str], from: String, to: String) -> AnyView {
    view! {
        <form class="menu-form filter-dates" method="get" action=filters.path() data-apply="dates">
            {kept(filters, names)}
            <label>"From"<input type="date" name="from" required value=from/></label>
            <label>"To"<input type="date" name="to" required value=to data-after="from"/></label>
            <button class="button primary without-script" type="submit">"Show"</button>
        </form>
    }
    .into_any()
}
