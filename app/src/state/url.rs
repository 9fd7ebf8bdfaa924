//! The view as the address bar holds it: every filter is a link.

use domain::{Agent, filter::ViewQuery};
use leptos::prelude::use_context;

use super::Address;
use crate::USAGE_PATH;

/// The view of the page, and the addresses of the views next to it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Url(pub ViewQuery);

/// Goes to another view without scrolling; with `replace` the back button skips the one left behind.
pub fn use_go(replace: bool) -> impl Fn(&Url) + Clone {
    let address = use_context::<Address>();
    move |url| {
        if let Some(address) = address {
            address.go(&url.href(), replace);
        }
    }
}

/// A period's name in menus.
pub fn period_name(period: &str) -> &'static str {
    match period {
        "last_cycle" => "Last cycle",
        "7d" => "Last 7 days",
        "28d" => "Last 28 days",
        "30d" => "Last 30 days",
        "90d" => "Last 90 days",
        _ => "This cycle",
    }
}

impl Url {
    /// Reads the query string of the page; a view that cannot be read is the plain one.
    pub fn read(search: &str) -> Self {
        Self(
            ViewQuery::parse(search.trim_start_matches('?'))
                .map(|(view, _)| view)
                .unwrap_or_default(),
        )
    }

    /// The address of this view.
    pub fn href(&self) -> String {
        let query = self.0.to_query();
        if query.is_empty() {
            USAGE_PATH.to_owned()
        } else {
            format!("{USAGE_PATH}?{query}")
        }
    }

    fn with(&self, change: impl FnOnce(&mut ViewQuery)) -> Self {
        let mut view = self.0.clone();
        change(&mut view);
        Self(view)
    }

    /// With another named period.
    #[must_use]
    pub fn period(&self, period: &str) -> Self {
        self.with(|view| {
            view.period = Some(period.to_owned()).filter(|period| period != "this_cycle");
            (view.from, view.to) = (None, None);
        })
    }

    /// With a period from one time to another.
    #[must_use]
    pub fn between(&self, from: &str, to: &str) -> Self {
        self.with(|view| {
            view.period = None;
            (view.from, view.to) = (Some(from.to_owned()), Some(to.to_owned()));
        })
    }

    /// With an agent added, or taken away when it is there.
    #[must_use]
    pub fn toggle_agent(&self, agent: Agent) -> Self {
        self.with(|view| toggle(&mut view.agents, agent))
    }

    /// With this agent only.
    #[must_use]
    pub fn only_agent(&self, agent: Agent) -> Self {
        self.with(|view| view.agents = vec![agent])
    }

    /// With a company added, or taken away when it is there.
    #[must_use]
    pub fn toggle_company(&self, company: &str) -> Self {
        self.with(|view| toggle(&mut view.companies, company.to_owned()))
    }

    /// With all companies.
    #[must_use]
    pub fn all_companies(&self) -> Self {
        self.with(|view| view.companies.clear())
    }

    /// With an activity added, or taken away when it is there.
    #[must_use]
    pub fn toggle_activity(&self, activity: &str) -> Self {
        self.with(|view| toggle(&mut view.activities, activity.to_owned()))
    }

    /// With another reference search.
    #[must_use]
    pub fn search(&self, text: &str) -> Self {
        self.with(|view| view.q = Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
    }

    /// Another account's plain view.
    #[must_use]
    pub fn of_account(key: &str) -> Self {
        Self(ViewQuery {
            account: Some(key.to_owned()),
            ..ViewQuery::default()
        })
    }

    /// Without any filter besides account, period and zone.
    #[must_use]
    pub fn clear(&self) -> Self {
        self.with(|view| {
            view.companies.clear();
            view.agents.clear();
            view.activities.clear();
            view.q = None;
        })
    }

    /// Another page of the account shown.
    pub fn beside(&self, path: &str) -> String {
        let account = ViewQuery {
            account: self.0.account.clone(),
            ..ViewQuery::default()
        };
        if account.account.is_some() {
            format!("{path}?{}", account.to_query())
        } else {
            path.to_owned()
        }
    }

    /// Where the figures of exactly what is shown are a file.
    pub fn figures(&self, path: &str, format: &str) -> String {
        let query = self.0.to_query();
        let separator = if query.is_empty() { "" } else { "&" };
        format!("{path}?{query}{separator}format={format}")
    }

    /// Where its charts are a file.
    pub fn chart(&self, format: &str) -> String {
        format!("{}/chart.{format}?{}", crate::USAGE_PATH, self.0.to_query())
    }
}

fn toggle<T: PartialEq>(values: &mut Vec<T>, value: T) {
    match values.iter().position(|held| *held == value) {
        Some(index) => drop(values.remove(index)),
        None => values.push(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_link_that_undoes_itself() {
        let plain = Url::read("");
        let chat = plain.toggle_agent(Agent::Chat);
        assert_eq!(chat.href(), "/billing/usage?agent=chat");
        assert_eq!(chat.toggle_agent(Agent::Chat), plain);
        assert_eq!(Url::read("?agent=chat"), chat);
    }

    #[test]
    fn another_page_keeps_the_account_and_nothing_else() {
        let here = Url::read("?account=north&agent=chat&period=7d");
        assert_eq!(
            here.beside("/billing/plans"),
            "/billing/plans?account=north"
        );
        assert_eq!(
            Url::read("?agent=chat").beside("/billing/plans"),
            "/billing/plans"
        );
    }

    #[test]
    fn a_named_period_and_a_custom_one_replace_each_other() {
        let custom = Url::read("").between("2026-11-01", "2026-11-07");
        assert_eq!(
            custom.href(),
            "/billing/usage?from=2026-11-01&to=2026-11-07"
        );
        assert_eq!(custom.period("7d").href(), "/billing/usage?period=7d");
        assert_eq!(custom.period("this_cycle").href(), "/billing/usage");
    }
}
