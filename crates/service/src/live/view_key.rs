//! What makes views equal: those of one key are told the same.

use domain::{AccountId, Agent, CompanyId, Time, TimeRange, filter::Comparison};

use crate::{Scope, books::BooksAsk, selection::View};

/// Of what books are read for a view, at whatever time.
#[derive(Debug)]
pub(super) struct OwnedAsk {
    scope: Scope,
    companies: Option<Vec<CompanyId>>,
    ended: Option<TimeRange>,
}

impl OwnedAsk {
    pub fn of(view: &View) -> Self {
        Self {
            scope: view.scope.clone(),
            companies: view.selection.companies.clone(),
            ended: view.ended_cycle(),
        }
    }

    pub const fn account(&self) -> AccountId {
        self.scope.account.id
    }

    pub fn at(&self, now: Time) -> BooksAsk<'_> {
        BooksAsk {
            scope: &self.scope,
            companies: self.companies.as_deref(),
            ended: self.ended,
            now,
        }
    }
}

/// Everything that what a view shows of the books depends on, besides the time.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct BooksKey {
    sees_all: bool,
    companies: Option<Vec<CompanyId>>,
    ended: Option<TimeRange>,
}

impl BooksKey {
    pub fn of(ask: &OwnedAsk) -> Self {
        Self {
            sees_all: ask.scope.sees_all(),
            companies: ask.companies.clone(),
            ended: ask.ended,
        }
    }
}

/// Everything that the changes of a view depend on, besides its place, its books, and where what it is compared with ends.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ViewKey {
    sees_all: bool,
    companies: Option<Vec<CompanyId>>,
    agents: Vec<Agent>,
    activities: Vec<String>,
    reference_prefix: Option<String>,
    zone: String,
    cycle: TimeRange,
    period: TimeRange,
    previous_start: Time,
    compared: Comparison,
}

impl ViewKey {
    pub fn of(view: &View) -> Self {
        let selection = &view.selection;
        Self {
            sees_all: view.scope.sees_all(),
            companies: selection.companies.clone(),
            agents: selection.agents.clone(),
            activities: selection.activities.clone(),
            reference_prefix: selection.reference_prefix.clone(),
            zone: view.zone.name().to_owned(),
            cycle: view.gauge_cycle().range,
            period: view.period.range,
            previous_start: view.period.previous.start,
            compared: view.compared,
        }
    }
}
