//! The filters of every page about usage: one bar, in the same place and order.
//!
//! What is chosen is in the address, so every choice is a link, or a form that asks for the same page: nothing here
//! needs a script. Where scripts run, forms are sent as soon as something in them changes, and a link shows the page it
//! leads to without loading it.

mod companies;
mod period;

use leptos::prelude::*;

pub use companies::{CompanyChoice, FIND, account_choice, company_choice, company_options};
pub use period::{CYCLE_FIRST, Period, period_choice};

use crate::{
    state::{BACK, Filters},
    ui::Icon,
};

/// Value and words of something to choose.
pub type Choice = (&'static str, &'static str);

/// The bar: what can be chosen, and at its right end what the page says of itself and its files.
pub fn filter_bar(filters: &Filters, choices: Vec<AnyView>, end: AnyView) -> AnyView {
    view! {
        <nav class="filter-bar" aria-label="Filters">
            <div class="filter-choices">{choices}{way_back(filters)}</div>
            <div class="filter-end">{end}</div>
        </nav>
    }
    .into_any()
}

/// Undoes the way from a bar of a chart to its rows.
fn way_back(filters: &Filters) -> Option<impl IntoView + use<>> {
    let back = filters.back()?.to_owned();
    let page = page_name(&back);
    Some(view! {
        <a class="filter-back" href=back data-testid="back" data-fixed="" title="Show it as it was before">
            {Icon::Return.view()}<span>{format!("Back to {page}")}</span>{Icon::Close.view()}
        </a>
    })
}

/// What the page of an address is called.
fn page_name(address: &str) -> &'static str {
    let path = address.split_once('?').map_or(address, |(path, _)| path);
    match path {
        crate::TRENDS_PATH => "Trends",
        crate::VALUE_PATH => "Value",
        crate::REVIEW_PATH => "Weekly review",
        crate::COMPANIES_PATH => "Companies",
        crate::PLATFORM_PATH => "Platform trends",
        _ => "the whole period",
    }
}

/// One of several, by links in a menu: `name` in the address; the first is what is shown when none is chosen, and is not
/// in the address.
pub fn one_of(
    filters: &Filters,
    label: &'static str,
    name: &'static str,
    all: &[Choice],
    chosen: &str,
) -> AnyView {
    let unset = all.first().map_or("", |(value, _)| value);
    let words = all.iter().find(|(value, _)| *value == chosen);
    let words = words.map_or(chosen, |(_, words)| words).to_owned();
    let items: Vec<_> = all
        .iter()
        .map(|(value, words)| {
            let href = if *value == unset {
                filters.without(&[name]).href()
            } else {
                filters.with(name, value).href()
            };
            item((*words).to_owned(), href, *value == chosen)
        })
        .collect();
    let clear = (chosen != unset).then(|| filters.without(&[name]).href());
    menu(name, label, words, clear, items.into_any(), false)
}

/// Something to choose that has a name of its own: value, words, and whether it is chosen. What has no value is shown
/// when none is chosen.
pub type NamedChoice = (Option<String>, String, bool);

/// One of several that have names of their own, by links in a menu.
pub fn one_of_many(
    filters: &Filters,
    label: &'static str,
    name: &'static str,
    all: Vec<NamedChoice>,
) -> AnyView {
    many(filters, label, name, all, None, false)
}

fn many(
    filters: &Filters,
    label: &'static str,
    name: &'static str,
    all: Vec<NamedChoice>,
    search: Option<AnyView>,
    is_open: bool,
) -> AnyView {
    let unset = filters.without(&[name]).href();
    let chosen = all.iter().find(|(_, _, is_chosen)| *is_chosen);
    let words = chosen.map_or_else(String::new, |(_, words, _)| words.clone());
    let is_set = chosen.is_some_and(|(value, _, _)| value.is_some());
    let items: Vec<_> = all
        .into_iter()
        .map(|(value, words, is_chosen)| {
            let href =
                value.map_or_else(|| unset.clone(), |value| filters.with(name, &value).href());
            item(words, href, is_chosen)
        })
        .collect();
    let panel = view! { {search}<div class="menu-scroll">{items}</div> };
    let clear = is_set.then_some(unset);
    menu(name, label, words, clear, panel.into_any(), is_open)
}

/// One of a few, side by side: what usage is kept apart by.
pub fn segments(
    filters: &Filters,
    label: &'static str,
    name: &'static str,
    all: &[Choice],
    chosen: &str,
) -> AnyView {
    let unset = all.first().map_or("", |(value, _)| value);
    let links: Vec<_> = all
        .iter()
        .map(|(value, words)| {
            let href = if *value == unset {
                filters.without(&[name]).href()
            } else {
                filters.with(name, value).href()
            };
            let current = (*value == chosen).then_some("true");
            view! { <a href=href data-noscroll="" aria-current=current>{*words}</a> }
        })
        .collect();
    view! { <div class="filter-segments" role="group" aria-label=label data-choice=name>{links}</div> }
        .into_any()
}

/// A link in a menu of the bar.
fn item(words: String, href: String, is_chosen: bool) -> AnyView {
    let current = is_chosen.then_some("true");
    view! {
        <a class="menu-item" href=href data-noscroll="" aria-current=current>
            <span class="menu-check">{is_chosen.then(|| Icon::Check.view())}</span>
            <span class="menu-label">{words}</span>
        </a>
    }
    .into_any()
}

/// A menu of the bar: what it chooses, what is chosen, the way to give that up, and the panel.
fn menu(
    name: &'static str,
    label: &'static str,
    chosen: String,
    clear: Option<String>,
    panel: AnyView,
    is_open: bool,
) -> AnyView {
    let still = if clear.is_some() {
        chosen.clone()
    } else {
        lower_first(&chosen)
    };
    let class = if clear.is_some() {
        "filter-choice is-set"
    } else {
        "filter-choice"
    };
    let clear = clear.map(|href| {
        let spoken = format!("Clear {}", label.to_lowercase());
        view! { <a class="filter-clear" href=href data-noscroll="" title=spoken.clone() aria-label=spoken>{Icon::Close.view()}</a> }
    });
    view! {
        <div class=class data-choice=name>
            <details class="menu" open=is_open>
                <summary class="button" data-still=still>
                    <span class="filter-name">{label}<span class="visually-hidden">": "</span></span>
                    <span class="button-label">{chosen}</span>
                    {Icon::ChevronDown.view()}
                </summary>
                <div class="menu-panel">{panel}</div>
            </details>
            {clear}
        </div>
    }
    .into_any()
}

/// What is shown when nothing is chosen, within a sentence: `all companies`.
fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_lowercase);
    first.into_iter().flatten().chain(letters).collect()
}

/// The fields that keep what a form does not choose itself.
fn kept(filters: &Filters, but: &[&str]) -> Vec<AnyView> {
    let pairs = filters.kept(but).filter(|(name, _)| name != BACK);
    pairs
        .map(|(name, value)| {
            view! { <input type="hidden" name=name.clone() value=value.clone()/> }.into_any()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TRENDS_PATH;

    const BY: [Choice; 2] = [("agent", "Agent"), ("company", "Company")];

    fn html(view: AnyView) -> String {
        let owner = Owner::new();
        owner.with(|| view.to_html())
    }

    #[test]
    fn what_is_set_can_be_cleared_and_what_is_not_cannot() {
        let plain = Filters::read(TRENDS_PATH, "north", "");
        let unset = html(one_of(&plain, "Group by", "by", &BY, "agent"));
        assert!(!unset.contains("filter-clear"), "{unset}");
        let set = html(one_of(
            &plain.with("by", "company"),
            "Group by",
            "by",
            &BY,
            "company",
        ));
        assert!(set.contains("aria-label=\"Clear group by\""), "{set}");
        assert!(
            set.contains("href=\"/billing/trends?account=north\""),
            "{set}"
        );
        assert!(set.contains("data-still=\"Company\""), "{set}");
        assert!(
            !set.contains("<summary aria-label"),
            "its name is what stands on it: {set}"
        );
    }

    #[test]
    fn the_way_back_names_the_page_it_leads_to() {
        let here = Filters::read(TRENDS_PATH, "north", "period=7d");
        let rows = here.rows(&[]);
        let query = rows.split_once('?').unwrap().1;
        let query = query.split_once('#').unwrap().0;
        let there = Filters::read(crate::USAGE_PATH, "north", query);
        let bar = html(filter_bar(&there, Vec::new(), ().into_any()));
        assert!(bar.contains("Back to Trends"), "{bar}");
        let plain = html(filter_bar(&here, Vec::new(), ().into_any()));
        assert!(!plain.contains("filter-back"), "{plain}");
    }
}
