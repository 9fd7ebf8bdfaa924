//! What a reader asked to see: the same words in URLs, the API and server functions.

use serde::{Deserialize, Serialize};

use crate::{Agent, FieldError, Invalid, TimeRange};

/// Longest accepted reference search, in bytes.
pub const MAX_SEARCH_BYTES: usize = 255;
/// Most values of one repeatable filter.
pub const MAX_FILTER_VALUES: usize = 5_000;

/// What a named period must be, as an error says it.
pub const PERIOD_NAMES: &str = "must be one of this_cycle, last_cycle, 7d, 28d, 30d, 90d";

/// A period as chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum PeriodChoice {
    /// The billing cycle that is running.
    #[default]
    ThisCycle,
    /// The billing cycle before.
    LastCycle,
    /// This many calendar days, ending with today.
    Days(u16),
    /// From one instant to another.
    Custom(TimeRange),
}

impl PeriodChoice {
    /// The name on the wire; custom periods go by `from` and `to`.
    pub const fn id(self) -> Option<&'static str> {
        match self {
            Self::ThisCycle => Some("this_cycle"),
            Self::LastCycle => Some("last_cycle"),
            Self::Days(7) => Some("7d"),
            Self::Days(28) => Some("28d"),
            Self::Days(30) => Some("30d"),
            Self::Days(90) => Some("90d"),
            Self::Days(_) | Self::Custom(_) => None,
        }
    }

    /// The named period, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "this_cycle" => Some(Self::ThisCycle),
            "last_cycle" => Some(Self::LastCycle),
            "7d" => Some(Self::Days(7)),
            "28d" => Some(Self::Days(28)),
            "30d" => Some(Self::Days(30)),
            "90d" => Some(Self::Days(90)),
            _ => None,
        }
    }
}

/// What a period is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Comparison {
    /// The period before.
    #[default]
    Previous,
    /// The same days of the week before.
    Week,
    /// The same dates of the year before.
    Year,
    /// Nothing.
    Nothing,
}

impl Comparison {
    /// The name on the wire.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Previous => "before",
            Self::Week => "week",
            Self::Year => "year",
            Self::Nothing => "none",
        }
    }

    /// The time itself, in words: `vs 82,845 in the previous period`; none when there is none.
    pub const fn words(self) -> Option<&'static str> {
        match self {
            Self::Previous => Some("the previous period"),
            Self::Week => Some("the previous week"),
            Self::Year => Some("the same period last year"),
            Self::Nothing => None,
        }
    }
}

impl std::str::FromStr for Comparison {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "before" => Ok(Self::Previous),
            "week" => Ok(Self::Week),
            "year" => Ok(Self::Year),
            "none" => Ok(Self::Nothing),
            _ => Err("must be one of before, week, year, none"),
        }
    }
}

/// A view as a URL describes it. Empty lists mean everything.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ViewQuery {
    /// The account's key; the caller's own when left out.
    pub account: Option<String>,
    /// Company keys.
    pub companies: Vec<String>,
    /// Agents.
    pub agents: Vec<Agent>,
    /// Activities.
    pub activities: Vec<String>,
    /// `period`, as named.
    pub period: Option<String>,
    /// Start of a custom period: RFC 3339, or a date in the account's zone.
    pub from: Option<String>,
    /// End of a custom period (exclusive instant, or last date inclusive).
    pub to: Option<String>,
    /// IANA zone to show times and count days in; the account's when left out.
    pub tz: Option<String>,
    /// References that start with this.
    pub q: Option<String>,
    /// What its totals are compared with; the period before when left out.
    pub against: Option<Comparison>,
}

impl ViewQuery {
    /// Reads a query string. Parameters that are not part of a view are handed back.
    ///
    /// # Errors
    /// Values that cannot be right.
    pub fn parse(query: &str) -> Result<(Self, Vec<(String, String)>), Invalid> {
        let mut view = Self::default();
        let mut others = Vec::new();
        let mut errors = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            view.take(&name, value.into_owned(), &mut others, &mut errors);
        }
        if errors.is_empty() {
            Ok((view, others))
        } else {
            Err(Invalid(errors))
        }
    }

    fn take(
        &mut self,
        name: &str,
        value: String,
        others: &mut Vec<(String, String)>,
        errors: &mut Vec<FieldError>,
    ) {
        if value.is_empty() {
            return;
        }
        match name {
            "account" => self.account = Some(value),
            "company" => push_unique(&mut self.companies, value, name, errors),
            "activity" => push_unique(&mut self.activities, value, name, errors),
            "agent" => match value.parse::<Agent>() {
                Ok(agent) if !self.agents.contains(&agent) => self.agents.push(agent),
                Ok(_) => {}
                Err(error) => {
                    errors.push(FieldError::new("agent", "unknown_agent", error.to_string()));
                }
            },
            "period" if PeriodChoice::named(&value).is_none() => {
                errors.push(FieldError::invalid("period", PERIOD_NAMES));
            }
            "period" => self.period = Some(value),
            "from" => self.from = Some(value),
            "to" => self.to = Some(value),
            "tz" => self.tz = Some(value),
            "q" if value.len() > MAX_SEARCH_BYTES => {
                errors.push(FieldError::invalid(
                    "q",
                    format!("must be at most {MAX_SEARCH_BYTES} bytes long"),
                ));
            }
            "against" => match value.parse() {
                Ok(against) => self.against = Some(against),
                Err(rule) => errors.push(FieldError::invalid("against", rule)),
            },
            // What was typed stays: a space at its end may be followed by a word.
            "q" => self.q = Some(value).filter(|text| !text.trim().is_empty()),
            _ => others.push((name.to_owned(), value)),
        }
    }

    /// Its parameters, in the order of the query string; none for the plain view.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let some =
            |name: &'static str, value: Option<&String>| value.map(|value| (name, value.clone()));
        let each = |name: &'static str, values: &[String]| -> Vec<_> {
            values.iter().map(|value| (name, value.clone())).collect()
        };
        let agents = self
            .agents
            .iter()
            .map(|agent| ("agent", agent.id().to_owned()));
        let last = [
            some("period", self.period.as_ref()),
            some("from", self.from.as_ref()),
            some("to", self.to.as_ref()),
            some("tz", self.tz.as_ref()),
            some("q", self.q.as_ref()),
            self.against.map(|with| ("against", with.id().to_owned())),
        ];
        some("account", self.account.as_ref())
            .into_iter()
            .chain(each("company", &self.companies))
            .chain(agents)
            .chain(each("activity", &self.activities))
            .chain(last.into_iter().flatten())
            .collect()
    }

    /// Writes the query string that [`ViewQuery::parse`] reads; empty for the plain view.
    pub fn to_query(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.pairs())
            .finish()
    }

    /// What its totals are compared with.
    pub fn compared(&self) -> Comparison {
        self.against.unwrap_or_default()
    }

    /// Whether any filter besides account, period and zone is set.
    pub fn is_narrowed(&self) -> bool {
        !self.companies.is_empty() || self.selects_events()
    }

    /// Whether only some of the companies' events are looked at: by agent, activity or reference.
    pub fn selects_events(&self) -> bool {
        !(self.agents.is_empty() && self.activities.is_empty() && self.q.is_none())
    }
}

fn push_unique(values: &mut Vec<String>, value: String, name: &str, errors: &mut Vec<FieldError>) {
    if values.len() >= MAX_FILTER_VALUES {
        errors.push(FieldError::invalid(
            name,
            format!("must be given at most {MAX_FILTER_VALUES} times"),
        ));
    } else if !values.contains(&value) {
        values.push(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_survives_its_url() {
        let query = "account=north&company=a+b&company=%26c&agent=chat&activity=chat_reply&period=7d&tz=Europe%2FBerlin&q=call_8%25&against=year";
        let (view, others) = ViewQuery::parse(query).unwrap();
        assert!(others.is_empty());
        assert_eq!(view.companies, ["a b", "&c"]);
        assert_eq!(ViewQuery::parse(&view.to_query()).unwrap().0, view);
    }

    #[test]
    fn unknown_parameters_come_back_and_bad_values_are_named() {
        let (_, others) = ViewQuery::parse("limit=5&company=a").unwrap();
        assert_eq!(others, [("limit".to_owned(), "5".to_owned())]);
        let Invalid(errors) = ViewQuery::parse("agent=bot&period=8d&against=them").unwrap_err();
        assert_eq!(
            errors
                .iter()
                .map(|error| error.field.as_str())
                .collect::<Vec<_>>(),
            ["agent", "period", "against"]
        );
    }
}
