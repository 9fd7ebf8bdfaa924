//! Query strings, where everything unknown is an error: a filter with a typing mistake must not show too much.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use domain::{FieldError, Invalid, filter::ViewQuery};
use service::{Caller, Permission, Scope, Services};
use utoipa::IntoParams;

use super::{
    format::Format,
    list,
    problem::{Answer, Problem},
};

/// Parameters that mean the same without a value as left out: the cursor of a first page, a text that every reference
/// begins with.
const MAY_BE_EMPTY: [&str; 2] = ["cursor", "q"];

/// The query string of a request, taken apart piece by piece.
#[derive(Debug, Default)]
pub struct Params {
    text: String,
    errors: Vec<FieldError>,
}

/// Parameters that have not been asked for yet.
#[derive(Debug)]
pub struct Rest {
    pairs: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

/// The filters that every reading endpoint takes.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query string; Params reads it")]
pub struct ViewParams {
    /// The account's key. An account's own key may leave it out.
    account: Option<String>,
    /// Company keys; repeatable. All companies when left out.
    #[param(style = Form, explode)]
    company: Option<Vec<String>>,
    /// Agents; repeatable.
    #[param(style = Form, explode)]
    agent: Option<Vec<String>>,
    /// Activities; repeatable.
    #[param(style = Form, explode)]
    activity: Option<Vec<String>>,
    /// `this_cycle` (default), `last_cycle`, `7d`, `28d`, `30d` or `90d`.
    period: Option<String>,
    /// Start of a custom period: an RFC 3339 time, or a date in the zone.
    from: Option<String>,
    /// End of a custom period: an RFC 3339 time (excluded), or a date (included).
    to: Option<String>,
    /// IANA time zone in which days are counted and times are shown; the account's when left out.
    tz: Option<String>,
    /// References that begin with this, without regard to case, width and Unicode normalisation.
    q: Option<String>,
    /// What totals are compared with: `before` (default), the period before; `week`, `year`: the same dates a week or a
    /// year before; `none`: nothing. Answers without such totals do not depend on it.
    against: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self {
            text: parts.uri.query().unwrap_or_default().to_owned(),
            errors: Vec::new(),
        })
    }
}

impl Params {
    /// Takes the filters of a view; the rest is to be asked for by name.
    pub fn view(mut self) -> (ViewQuery, Rest) {
        self.errors.extend(left_empty(&self.text));
        self.errors.extend(given_twice(&self.text));
        match ViewQuery::parse(&self.text) {
            Ok((view, pairs)) => (
                view,
                Rest {
                    pairs,
                    errors: self.errors,
                },
            ),
            Err(Invalid(errors)) => {
                self.errors.extend(errors);
                (
                    ViewQuery::default(),
                    Rest {
                        pairs: Vec::new(),
                        errors: self.errors,
                    },
                )
            }
        }
    }

    /// Takes no filters.
    pub fn plain(mut self) -> Rest {
        self.errors.extend(left_empty(&self.text));
        let pairs = form_urlencoded::parse(self.text.as_bytes())
            .into_owned()
            .filter(|(_, value)| !value.is_empty());
        Rest {
            pairs: pairs.collect(),
            errors: self.errors,
        }
    }

    /// Takes an account and nothing else: a caller's view of it.
    pub async fn scope(
        self,
        services: &Services,
        caller: &Caller,
        permission: Permission,
    ) -> Answer<Scope> {
        let mut rest = self.plain();
        let account = rest.take("account");
        rest.finish()?;
        let scope = services.scope(caller, account.as_deref(), permission);
        Ok(scope.await?)
    }

    /// Refuses every parameter.
    pub fn none(self) -> Result<(), Problem> {
        self.plain().finish()
    }
}

/// Names the parameters without a value: `company=` of a program that lost its company must not show every company.
fn left_empty(query: &str) -> Vec<FieldError> {
    let mut names: Vec<_> = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, value)| value.is_empty() && !MAY_BE_EMPTY.contains(&name.as_ref()))
        .map(|(name, _)| name)
        .collect();
    names.dedup();
    let error = |name| FieldError::invalid(name, "is empty: give it a value or leave it out");
    names.into_iter().map(error).collect()
}

/// Names the filters that hold one value and are given more than once.
fn given_twice(query: &str) -> Vec<FieldError> {
    const SINGLE: [&str; 7] = ["account", "period", "from", "to", "tz", "q", "against"];
    let count = |name: &str| {
        form_urlencoded::parse(query.as_bytes())
            .filter(|(other, value)| other == name && !value.is_empty())
            .count()
    };
    let twice = SINGLE.into_iter().filter(|name| count(name) > 1);
    twice.map(once).collect()
}

fn once(name: &str) -> FieldError {
    FieldError::invalid(name, "must be given once")
}

impl Rest {
    /// Takes a parameter; given twice it is an error.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let mut found = None;
        while let Some(index) = self.pairs.iter().position(|(other, _)| other == name) {
            let (_, value) = self.pairs.swap_remove(index);
            if found.replace(value).is_some() {
                self.errors.push(once(name));
            }
        }
        found
    }

    /// Takes every value of a parameter.
    pub fn take_all(&mut self, name: &str) -> Vec<String> {
        let all = std::mem::take(&mut self.pairs);
        let (taken, left): (Vec<_>, Vec<_>) = all.into_iter().partition(|(other, _)| other == name);
        self.pairs = left;
        taken.into_iter().map(|(_, value)| value).collect()
    }

    /// Takes a parameter that has a form.
    pub fn parse<T: std::str::FromStr<Err: ToString>>(&mut self, name: &str) -> Option<T> {
        let text = self.take(name)?;
        text.parse()
            .map_err(|error: T::Err| {
                self.errors
                    .push(FieldError::invalid(name, error.to_string()));
            })
            .ok()
    }

    /// Takes the length of a list.
    pub fn limit(&mut self) -> u32 {
        let Some(text) = self.take("limit") else {
            return list::DEFAULT_LIMIT;
        };
        let limit = text
            .parse()
            .ok()
            .filter(|limit| (1..=list::MAX_LIMIT).contains(limit));
        limit.unwrap_or_else(|| {
            self.errors.push(FieldError::invalid(
                "limit",
                format!("must be a whole number from 1 to {}", list::MAX_LIMIT),
            ));
            list::DEFAULT_LIMIT
        })
    }

    /// Takes the form of the answer: what `format` names, or what the `Accept` header does.
    pub fn format(&mut self, headers: &HeaderMap) -> Format {
        let Some(asked) = self.take("format") else {
            return Format::accepted(headers);
        };
        let found = Format::ALL.into_iter().find(|format| format.id() == asked);
        found.unwrap_or_else(|| {
            let names = Format::ALL.map(Format::id);
            let message = format!("must be one of {}", names.join(", "));
            self.errors.push(FieldError::invalid("format", message));
            Format::Json
        })
    }

    /// Refuses what was not asked for.
    pub fn finish(mut self) -> Result<(), Problem> {
        for (name, _) in self.pairs {
            self.errors.push(FieldError::new(
                name,
                "unknown_parameter",
                "is not a known parameter: remove it or check its spelling",
            ));
        }
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(self.errors))
        }
    }
}
