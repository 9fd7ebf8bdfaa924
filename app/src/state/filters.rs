//! What a reader chose, as the address of a page holds it, and the addresses that choose otherwise.

use domain::filter::{Comparison, PeriodChoice};

use super::{
    LOG_ANCHOR,
    url::{BACK, is_page},
};
use crate::USAGE_PATH;

/// What links carry from page to page, besides the account.
const CARRIED: [&str; 5] = ["company", "period", "from", "to", "against"];
/// Everything a page is asked for by links; what is not here, such as the outcome of a form, is said once.
const KEPT: [&str; 15] = [
    "company", "agent", "activity", "period", "from", "to", "tz", "q", "against", "by", "window",
    "week", "plan", "of", BACK,
];
/// Longest address that a way back is kept of, in bytes.
const LONGEST_BACK: usize = 1_500;

/// What the address of a page chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filters {
    path: &'static str,
    pairs: Vec<(String, String)>,
}

impl Filters {
    /// Reads the query string of a page about an account.
    pub fn read(path: &'static str, account: &str, query: &str) -> Self {
        let asked = form_urlencoded::parse(query.as_bytes()).into_owned();
        let kept = asked.filter(|(name, value)| KEPT.contains(&name.as_str()) && !value.is_empty());
        let mut pairs = vec![("account".to_owned(), account.to_owned())];
        for pair in kept {
            if !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
        Self { path, pairs }
    }

    /// The page's path.
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// The value of a name, when it is chosen.
    pub fn value(&self, wanted: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.as_str())
    }

    /// Without any of these names.
    #[must_use]
    pub fn without(&self, names: &[&str]) -> Self {
        let mut other = self.clone();
        other
            .pairs
            .retain(|(name, _)| !names.contains(&name.as_str()));
        other
    }

    /// With one value of a name, in place of any other.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut other = self.without(&[name]);
        other.pairs.push((name.to_owned(), value.to_owned()));
        other
    }

    /// With a named period, in place of any other.
    #[must_use]
    pub fn period(&self, name: &str) -> Self {
        self.without(&["from", "to", BACK]).with("period", name)
    }

    /// Its parameters, but for some.
    pub fn kept<'a>(
        &'a self,
        but: &'a [&'a str],
    ) -> impl Iterator<Item = &'a (String, String)> + 'a {
        let pairs = self.pairs.iter();
        pairs.filter(move |(name, _)| !but.contains(&name.as_str()))
    }

    /// The query string.
    pub fn query(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.pairs)
            .finish()
    }

    /// The page's address.
    pub fn href(&self) -> String {
        format!("{}?{}", self.path, self.query())
    }

    /// The page's address with more parameters.
    pub fn href_with(&self, more: &[(&str, &str)]) -> String {
        let rest = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(more)
            .finish();
        format!("{}&{rest}", self.href())
    }

    /// The view before the reader went to the rows of a bar: where it is.
    pub fn back(&self) -> Option<&str> {
        self.value(BACK).filter(|back| is_page(back))
    }

    /// What links to other pages carry: account, companies, period and comparison. An exact stretch of time is the way
    /// to some rows and no period that somebody chose: there it is what was chosen before.
    pub fn carried(&self) -> String {
        let before = self.back().and_then(|back| back.split_once('?'));
        let asked: Vec<_> = match before {
            Some((_, query)) => form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            None => self.pairs.clone(),
        };
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("account", self.value("account").unwrap_or_default());
        query.extend_pairs(asked.iter().filter(|(name, value)| is_carried(name, value)));
        query.finish()
    }

    /// Another page, with what is carried there.
    pub fn to(&self, path: &str) -> String {
        format!("{path}?{}", self.carried())
    }

    /// The rows behind a figure: the log, with some filters set in place of others, and the way back here.
    pub fn rows(&self, narrowed: &[(&str, &str)]) -> String {
        const OF_OTHER_PAGES: [&str; 6] = ["by", "window", "week", "plan", "of", BACK];
        let mut rows = self.without(&OF_OTHER_PAGES);
        rows.path = USAGE_PATH;
        for (name, value) in narrowed {
            rows = match *name {
                "from" => rows.without(&["period"]).with(name, value),
                _ => rows.with(name, value),
            };
        }
        let back = self.href();
        if back.len() <= LONGEST_BACK {
            rows = rows.with(BACK, &back);
        }
        format!("{}#{LOG_ANCHOR}", rows.href())
    }
}

fn is_carried(name: &str, value: &str) -> bool {
    match name {
        "period" => PeriodChoice::named(value).is_some(),
        "against" => value.parse::<Comparison>().is_ok(),
        "from" | "to" => is_date(value),
        _ => CARRIED.contains(&name),
    }
}

/// Whether a custom period begins or ends with a date, as somebody chooses it.
pub fn is_date(value: &str) -> bool {
    value.len() == 10 && value.split('-').count() == 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TRENDS_PATH;

    fn trends(query: &str) -> Filters {
        Filters::read(TRENDS_PATH, "north", query)
    }

    #[test]
    fn what_was_chosen_is_carried_to_other_pages_and_nothing_else() {
        let here =
            trends("account=other&company=acme&company=b&period=7d&by=company&done=x&against=year");
        assert_eq!(
            here.carried(),
            "account=north&company=acme&company=b&period=7d&against=year"
        );
        assert_eq!(
            here.to("/billing/value"),
            "/billing/value?account=north&company=acme&company=b&period=7d&against=year"
        );
        assert_eq!(
            trends("period=nonsense&against=them").carried(),
            "account=north"
        );
    }

    #[test]
    fn a_filter_replaces_its_own_value_and_keeps_the_others() {
        let here = trends("company=acme&from=2026-11-01&to=2026-11-07&by=company");
        assert_eq!(
            here.period("7d").href(),
            "/billing/trends?account=north&company=acme&by=company&period=7d"
        );
        assert_eq!(
            here.without(&["company"]).href(),
            "/billing/trends?account=north&from=2026-11-01&to=2026-11-07&by=company"
        );
    }

    #[test]
    fn the_rows_of_a_bar_know_the_way_back_and_carry_what_was_chosen_before() {
        let here = trends("company=acme&period=7d&window=day");
        let range = [
            ("from", "2026-11-20T00:00:00+01:00"),
            ("to", "2026-11-21T00:00:00+01:00"),
        ];
        let rows = here.rows(&range);
        let (address, anchor) = rows.split_once('#').unwrap();
        let there = Filters::read(USAGE_PATH, "north", address.split_once('?').unwrap().1);
        assert_eq!(anchor, LOG_ANCHOR);
        assert_eq!(there.value("from"), Some("2026-11-20T00:00:00+01:00"));
        assert_eq!(there.value("period"), None);
        assert_eq!(there.back(), Some(here.href().as_str()));
        assert_eq!(there.carried(), here.carried());
    }

    #[test]
    fn the_way_back_leads_to_pages_of_ours_only() {
        for back in [
            "//evil.example/billing/usage",
            "https://evil.example/",
            "/sign-out",
            "/billing/usagex?a",
            "javascript:alert(1)",
        ] {
            let there = Filters::read(USAGE_PATH, "north", "").with(BACK, back);
            assert_eq!(there.back(), None, "{back}");
        }
    }

    #[test]
    fn an_exact_stretch_of_time_is_not_carried() {
        let there =
            trends("company=acme&from=2026-11-20T00:00:00%2B01:00&to=2026-11-21T00:00:00%2B01:00");
        assert_eq!(there.carried(), "account=north&company=acme");
    }
}
