//! The view as the address bar holds it: every filter is a link.

use domain::{Agent, filter::ViewQuery};

use crate::USAGE_PATH;

/// The parameter that keeps the way back from the rows of a bar.
pub const BACK: &str = "back";
/// The parameter that shows the charts as a table as well.
pub const TABLE: &str = "table";
/// Pages that lead to rows.
const PAGES: [&str; 6] = [
    USAGE_PATH,
    crate::TRENDS_PATH,
    crate::VALUE_PATH,
    crate::REVIEW_PATH,
    crate::COMPANIES_PATH,
    crate::PLATFORM_PATH,
];
/// The view of the page, and the addresses of the views next to it; with the way back, when a bar led here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Url(pub ViewQuery, Option<String>);

/// Whether an address is that of a page that leads to rows.
pub fn is_page(address: &str) -> bool {
    let path = address.split_once('?').map_or(address, |(path, _)| path);
    PAGES.contains(&path)
}

/// The page of a path, when it has a filter bar.
pub fn bar_page(path: &str) -> Option<&'static str> {
    PAGES.into_iter().find(|page| *page == path)
}

impl From<ViewQuery> for Url {
    fn from(view: ViewQuery) -> Self {
        Self(view, None)
    }
}

impl Url {
    /// Reads the query string of the page; a view that cannot be read is the plain one.
    pub fn read(search: &str) -> Self {
        let Ok((view, others)) = ViewQuery::parse(search.trim_start_matches('?')) else {
            return Self::default();
        };
        let back = others.into_iter().find(|(name, _)| name == BACK);
        Self(
            view,
            back.map(|(_, back)| back).filter(|back| is_page(back)),
        )
    }

    /// The address of this view.
    pub fn href(&self) -> String {
        let query = self.query();
        if query.is_empty() {
            USAGE_PATH.to_owned()
        } else {
            format!("{USAGE_PATH}?{query}")
        }
    }

    /// The address of this view, with the charts as a table as well or without it.
    pub fn with_table(&self, has_table: bool) -> String {
        let href = self.href();
        match (has_table, href.contains('?')) {
            (false, _) => href,
            (true, true) => format!("{href}&{TABLE}=1"),
            (true, false) => format!("{href}?{TABLE}=1"),
        }
    }

    /// Whether an address shows the charts as a table as well.
    pub fn has_table(query: &str) -> bool {
        query
            .split('&')
            .any(|pair| pair.strip_prefix(TABLE) == Some("=1"))
    }

    fn query(&self) -> String {
        let back = self.1.as_ref().map(|back| (BACK, back.clone()));
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.0.pairs().into_iter().chain(back))
            .finish()
    }

    fn with(&self, change: impl FnOnce(&mut ViewQuery)) -> Self {
        let mut view = self.0.clone();
        change(&mut view);
        Self(view, self.1.clone())
    }

    /// The rows of an agent; the browser says from when to when, and the way back here.
    pub fn rows_of(&self, agent: Agent) -> String {
        let rows = self.only_agent(agent).undated_view();
        Self(rows.0, None).href()
    }

    /// The address of this view without its period; the browser says from when to when.
    pub fn undated(&self) -> String {
        self.undated_view().href()
    }

    fn undated_view(&self) -> Self {
        self.with(|view| {
            view.period = None;
            (view.from, view.to) = (None, None);
        })
    }

    /// Where the view is that was shown before a bar led here.
    pub fn back(&self) -> Option<&str> {
        self.1.as_deref()
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
        ViewQuery {
            account: Some(key.to_owned()),
            ..ViewQuery::default()
        }
        .into()
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

    /// Another page, with what is carried there: account, companies, period and comparison.
    pub fn beside(&self, path: &str) -> String {
        let shown = match self.back().and_then(|back| back.split_once('?')) {
            Some((_, before)) => Self::read(before).0,
            None => self.0.clone(),
        };
        let is_chosen = |edge: &Option<String>| edge.as_ref().is_none_or(|edge| edge.len() == 10);
        let keeps_dates = is_chosen(&shown.from) && is_chosen(&shown.to);
        let carried = ViewQuery {
            account: self.0.account.clone(),
            companies: shown.companies,
            period: shown.period,
            from: shown.from.filter(|_| keeps_dates),
            to: shown.to.filter(|_| keeps_dates),
            against: shown.against,
            ..ViewQuery::default()
        };
        let query = carried.to_query();
        if query.is_empty() {
            path.to_owned()
        } else {
            [path, "?", &query].concat()
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
    fn another_page_keeps_what_was_chosen_for_all_of_them() {
        let here = Url::read("?account=north&company=acme&agent=chat&period=7d&against=year");
        assert_eq!(
            here.beside("/billing/plans"),
            "/billing/plans?account=north&company=acme&period=7d&against=year"
        );
        assert_eq!(
            Url::read("?agent=chat").beside("/billing/plans"),
            "/billing/plans"
        );
    }

    #[test]
    fn the_rows_of_a_bar_know_the_way_back() {
        let here = Url::read("?account=north&company=acme&period=7d");
        let rows = here.rows_of(Agent::Chat)
            + "&from=2026-11-20T00:00:00%2B01:00&to=2026-11-21&back=%2Fbilling%2Fusage%3Faccount%3Dnorth%26company%3Dacme%26period%3D7d";
        let there = Url::read(&rows[rows.find('?').unwrap()..]);
        assert_eq!(there.0.from.as_deref(), Some("2026-11-20T00:00:00+01:00"));
        assert_eq!(there.back(), Some(here.href().as_str()));
        assert_eq!(there.0.agents, [Agent::Chat]);
        assert_eq!(there.beside("/x"), here.beside("/x"));
        assert_eq!(there.toggle_agent(Agent::Nox).back(), there.back());
        assert_eq!(Url::read("?back=%2F%2Fevil.example").back(), None);
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
