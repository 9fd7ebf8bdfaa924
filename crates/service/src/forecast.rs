//! When an account's credits, and its companies' budgets, will be used up.

mod past;
mod words;

use domain::{
    AccountId, CompanyId, Credits, Time, TimeRange,
    calendar::Zone,
    filter::ViewQuery,
    forecast::{Forecast, Outlook, Purse, Standing},
    ledger::Grant,
    tenancy::Company,
    usage::CompanyName,
};

use crate::{
    Scope, ServiceError, ServiceResult, Services,
    books::{BooksAsk, books_view, desk_of},
    companies::{MOST_COMPANIES, by_company},
    desk::Desk,
    ingest::account_cycles,
    ports::{BooksNeeds, GroupBy, Selection, Snapshot},
    split::{read_cells, read_total},
};

use past::{Past, ask};

/// What will probably be of an account in its running cycle.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountForecast {
    /// The account's zone.
    pub zone: Zone,
    /// When it was read.
    pub now: Time,
    /// The running cycle.
    pub cycle: TimeRange,
    /// Whether anything limits the use: where nothing does, there is nothing to run out of.
    pub is_limited: bool,
    /// What will probably be; none while there are less than seven days of usage to learn from.
    pub forecast: Option<Forecast>,
}

/// A company whose budget will be used up, or is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetEnd {
    /// Which.
    pub company: CompanyName,
    /// What it may use in the cycle.
    pub budget: Credits,
    /// What it has used.
    pub used: Credits,
    /// When, in the middle of what may be; the time it was looked at when that has happened.
    pub at: Time,
}

/// What will probably be of a company's budget.
pub(crate) struct BudgetForecast {
    /// Which company's.
    pub(crate) company: CompanyName,
    budget: Credits,
    used: Credits,
    now: Time,
    /// None while there is not enough to learn from.
    forecast: Option<Forecast>,
}

impl BudgetForecast {
    /// When it will be used up, in the middle of what may be; what is used up is so without anything learnt from.
    pub(crate) fn at(&self) -> Option<Time> {
        if self.used >= self.budget {
            return Some(self.now);
        }
        self.forecast.as_ref()?.runs_out_at.p50
    }

    /// What it comes to.
    pub(crate) fn outlook(&self) -> Outlook {
        if self.used >= self.budget {
            return Outlook::UsedUp;
        }
        let forecast = self.forecast.as_ref();
        forecast.map_or(Outlook::NotEnoughData, |forecast| {
            forecast.outlook(self.now)
        })
    }

    fn end(&self) -> Option<BudgetEnd> {
        let at = self.at()?;
        Some(BudgetEnd {
            company: self.company.clone(),
            budget: self.budget,
            used: self.used,
            at,
        })
    }
}

impl BudgetEnd {
    /// Whether the budget is used up already.
    pub fn has_come(&self) -> bool {
        self.used >= self.budget
    }
}

impl AccountForecast {
    /// When it is likely to run out, in the middle of what may be; none when that is after the cycle.
    pub fn runs_out_at(&self) -> Option<Time> {
        self.forecast.as_ref()?.runs_out_at.p50
    }

    /// What it comes to.
    pub fn outlook(&self) -> Outlook {
        self.forecast
            .as_ref()
            .map_or(Outlook::NotEnoughData, |forecast| {
                forecast.outlook(self.now)
            })
    }
}

impl Services {
    /// When the credits of the running cycle will be used up. Callers limited to some companies are not told.
    pub async fn forecast(&self, scope: &Scope) -> ServiceResult<AccountForecast> {
        let account = scope.account.id;
        let place = self.standing_place(scope)?;
        let now = place.now;
        let mut snapshot = self.store.snapshot().await?;
        let ahead = LookAhead::read(snapshot.as_mut(), scope, place).await?;
        let desk = desk_of(snapshot.as_mut(), account, BooksNeeds::default(), now).await?;
        ahead.of(&desk, account).ok_or(ServiceError::NotFound)
    }

    /// What will probably be used by the companies of a view in the running cycle and, where it is one company with a
    /// budget, when that will be used up.
    pub async fn company_forecast(
        &self,
        scope: Scope,
        query: &ViewQuery,
    ) -> ServiceResult<AccountForecast> {
        let view = self.view(scope, query).await?;
        let scope = &view.scope;
        let Place { now, cycle, zone } = self.place_of(scope)?;
        let of_them = Selection {
            companies: view.selection.companies.clone(),
            ..Selection::default()
        };
        let mut snapshot = self.store.snapshot().await?;
        let of_what = (&of_them, GroupBy::All);
        let past = Past::read(snapshot.as_mut(), scope, &zone, now, of_what).await?;
        let ask = ask(scope, &of_them, &zone, GroupBy::All);
        let used = read_total(snapshot.as_mut(), ask, cycle).await?.credits;
        let ask = BooksAsk {
            ended: None,
            ..BooksAsk::of(&view, now)
        };
        let budget = books_view(snapshot.as_mut(), ask).await?.budget;
        drop(snapshot);
        let standing = Standing {
            now,
            until: cycle.end,
            used,
            purses: budget
                .map(|budget| purse(budget.allocation, used, cycle))
                .into_iter()
                .collect(),
        };
        let forecast = past.forecast(&past.all_uses(), &zone, &standing);
        Ok(AccountForecast {
            zone,
            now,
            cycle,
            is_limited: budget.is_some(),
            forecast,
        })
    }

    /// The company whose budget of the running cycle will be used up next; none when all that are not used up already
    /// last. Callers limited to some companies are not told.
    pub async fn first_budget_end(&self, scope: &Scope) -> ServiceResult<Option<BudgetEnd>> {
        scope.require_all()?;
        let ends = self.budget_ends(scope, None).await?;
        let ahead = ends.into_iter().filter(|end| !end.has_come());
        Ok(ahead.min_by_key(|end| end.at))
    }

    /// The companies, of those named or of all that a reader may see, whose budgets of the running cycle are used up or
    /// will be.
    pub(crate) async fn budget_ends(
        &self,
        scope: &Scope,
        among: Option<&[CompanyId]>,
    ) -> ServiceResult<Vec<BudgetEnd>> {
        let companies = self.companies(scope, None, None, MOST_COMPANIES).await?;
        let asked = companies
            .into_iter()
            .filter(|company| among.is_none_or(|among| among.contains(&company.id)));
        let forecasts = self.budget_forecasts(scope, asked.collect()).await?;
        Ok(forecasts.iter().filter_map(BudgetForecast::end).collect())
    }

    /// What will probably be of the budgets of these companies in the running cycle; nothing of those without one.
    pub(crate) async fn budget_forecasts(
        &self,
        scope: &Scope,
        companies: Vec<Company>,
    ) -> ServiceResult<Vec<BudgetForecast>> {
        let Place { now, cycle, zone } = self.place_of(scope)?;
        let limited: Vec<_> = companies
            .into_iter()
            .filter_map(|company| Some((company.budget?, company)))
            .collect();
        if limited.is_empty() {
            return Ok(Vec::new());
        }
        let of_them = Selection {
            companies: Some(limited.iter().map(|(_, company)| company.id).collect()),
            ..Selection::default()
        };
        let mut snapshot = self.store.snapshot().await?;
        let of_what = (&of_them, GroupBy::Company);
        let past = Past::read(snapshot.as_mut(), scope, &zone, now, of_what).await?;
        let ask = ask(scope, &of_them, &zone, GroupBy::Company);
        let spent = by_company(read_cells(snapshot.as_mut(), ask, cycle).await?);
        drop(snapshot);
        let days = past.uses_by_company();
        let forecast_of = |(budget, company): (Credits, Company)| {
            let used = spent
                .get(&company.id)
                .map_or(Credits::ZERO, |used| used.credits);
            let standing = Standing {
                now,
                until: cycle.end,
                used,
                purses: vec![purse(budget, used, cycle)],
            };
            let of_company = days.get(&company.id);
            let forecast = of_company.and_then(|uses| past.forecast(uses, &zone, &standing));
            let (key, name) = (company.key, company.name);
            BudgetForecast {
                company: CompanyName { key, name },
                budget,
                used,
                now,
                forecast,
            }
        };
        Ok(limited.into_iter().map(forecast_of).collect())
    }

    /// Where in time an account is, for those who see all of it.
    fn standing_place(&self, scope: &Scope) -> ServiceResult<Place> {
        scope.require_all()?;
        self.place_of(scope)
    }

    fn place_of(&self, scope: &Scope) -> ServiceResult<Place> {
        Place::at(scope, self.now())
    }
}

impl Place {
    /// Where an account is at an instant.
    pub(crate) fn at(scope: &Scope, now: Time) -> ServiceResult<Self> {
        let cycles = account_cycles(&scope.account)?;
        Ok(Place {
            now,
            cycle: cycles.at(now).range,
            zone: cycles.zone().clone(),
        })
    }
}

/// What an account's use has been, to look ahead from whatever it may have left.
pub(crate) struct LookAhead {
    place: Place,
    past: Past,
}

impl LookAhead {
    /// Reads what was used.
    pub(crate) async fn read(
        snapshot: &mut dyn Snapshot,
        scope: &Scope,
        place: Place,
    ) -> ServiceResult<Self> {
        let all = (&Selection::default(), GroupBy::All);
        let past = Past::read(snapshot, scope, &place.zone, place.now, all).await?;
        Ok(Self { place, past })
    }

    /// What will probably be of an account with these books.
    pub(crate) fn of(&self, desk: &Desk, account: AccountId) -> Option<AccountForecast> {
        let Place { now, cycle, zone } = &self.place;
        let (balance, books) = (desk.balance(account)?, desk.books(account)?);
        let standing = Standing {
            now: *now,
            until: cycle.end,
            used: balance.used,
            purses: purses(books.grants(), balance.overage),
        };
        let forecast = self.past.forecast(&self.past.all_uses(), zone, &standing);
        Some(AccountForecast {
            zone: zone.clone(),
            now: *now,
            cycle: *cycle,
            is_limited: true,
            forecast,
        })
    }
}

/// Where in time an account is.
pub(crate) struct Place {
    now: Time,
    cycle: TimeRange,
    zone: Zone,
}

/// What a budget can still pay.
fn purse(budget: Credits, used: Credits, cycle: TimeRange) -> Purse {
    Purse {
        left: budget.saturating_sub(used).max(Credits::ZERO),
        active: cycle,
    }
}

/// What the grants can still pay, in the order they do, less what is due already.
fn purses(grants: &[Grant], mut due: Credits) -> Vec<Purse> {
    let purse = |grant: &Grant| {
        let left = grant.remaining();
        let taken = left.min(due);
        due = due.saturating_sub(taken);
        Purse {
            left: left.saturating_sub(taken),
            active: grant.active,
        }
    };
    grants.iter().map(purse).collect()
}
