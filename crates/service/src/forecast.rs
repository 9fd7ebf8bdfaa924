//! When an account's credits, and its companies' budgets, will be used up.

mod words;

use std::collections::BTreeMap;

use domain::{
    CompanyId, Credits, Time, TimeRange,
    calendar::Zone,
    forecast::{Forecast, MOST_DAYS, Outlook, Pattern, Purse, Standing, Use},
    ledger::Grant,
    tenancy::Company,
    time::DAY_US,
    usage::{CompanyName, Totals},
};

use crate::{
    Scope, ServiceError, ServiceResult, Services,
    books::desk_of,
    ingest::account_cycles,
    ports::{BooksNeeds, Cell, GroupBy, GroupKey, Selection, Snapshot},
    split::{Ask, read_cells},
};

/// Days of which the hours are looked at: enough for every hour of a week twice.
const HOUR_DAYS: i64 = 14;
/// Companies whose budgets are looked at: the largest agency designed for, twice.
const MOST_COMPANIES: u32 = 10_000;

/// What will probably be of an account in its running cycle.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountForecast {
    /// The account's zone.
    pub zone: Zone,
    /// When it was read.
    pub now: Time,
    /// The running cycle.
    pub cycle: TimeRange,
    /// What will probably be; none while there are less than seven days of usage to learn from.
    pub forecast: Option<Forecast>,
}

/// A company whose budget will be used up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetEnd {
    /// Which.
    pub company: CompanyName,
    /// When, in the middle of what may be.
    pub at: Time,
}

impl AccountForecast {
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
        let (account, place) = (scope.account.id, self.standing_place(scope)?);
        let Place { now, cycle, zone } = place;
        let mut snapshot = self.store.snapshot().await?;
        let past = read_past(snapshot.as_mut(), scope, &zone, now, GroupBy::All).await?;
        let desk = desk_of(snapshot.as_mut(), account, BooksNeeds::default(), now).await?;
        let (Some(balance), Some(books)) = (desk.balance(account), desk.books(account)) else {
            return Err(ServiceError::NotFound);
        };
        let standing = Standing {
            now,
            until: cycle.end,
            used: balance.used,
            purses: purses(books.grants(), balance.overage),
        };
        let forecast = past
            .pattern(None, now, &zone)
            .map(|pattern| pattern.forecast(&standing));
        Ok(AccountForecast {
            zone,
            now,
            cycle,
            forecast,
        })
    }

    /// The company whose budget of the running cycle will be used up first; none when all last.
    pub async fn first_budget_end(&self, scope: &Scope) -> ServiceResult<Option<BudgetEnd>> {
        let Place { now, cycle, zone } = self.standing_place(scope)?;
        let companies = self.companies(scope, None, None, MOST_COMPANIES).await?;
        let mut snapshot = self.store.snapshot().await?;
        let past = read_past(snapshot.as_mut(), scope, &zone, now, GroupBy::Company).await?;
        let spent = read_spent(snapshot.as_mut(), scope, &zone, cycle).await?;
        drop(snapshot);
        let end = |company: Company| {
            let used = spent.get(&company.id).copied().unwrap_or_default();
            let standing = Standing {
                now,
                until: cycle.end,
                used,
                purses: vec![Purse {
                    left: company.budget?.saturating_sub(used).max(Credits::ZERO),
                    active: cycle,
                }],
            };
            let pattern = past.pattern(Some(company.id), now, &zone)?;
            let at = pattern.forecast(&standing).runs_out_at.p50?;
            let (key, name) = (company.key, company.name);
            Some(BudgetEnd {
                company: CompanyName { key, name },
                at,
            })
        };
        Ok(companies
            .into_iter()
            .filter_map(end)
            .min_by_key(|end| end.at))
    }

    /// Where in time an account is. Callers limited to some companies learn nothing of the whole account.
    fn standing_place(&self, scope: &Scope) -> ServiceResult<Place> {
        if !scope.sees_all() {
            return Err(ServiceError::NotFound);
        }
        let cycles = account_cycles(&scope.account)?;
        let now = self.now();
        Ok(Place {
            now,
            cycle: cycles.at(now).range,
            zone: cycles.zone().clone(),
        })
    }
}

/// Where in time an account is.
struct Place {
    now: Time,
    cycle: TimeRange,
    zone: Zone,
}

/// What was used before today.
struct Past {
    /// Days, by company when that was asked for.
    days: Vec<Cell>,
    /// Hours of all companies, of the last days only.
    hours: Vec<Use>,
}

impl Past {
    /// How one company uses credits, or all do.
    fn pattern(&self, company: Option<CompanyId>, now: Time, zone: &Zone) -> Option<Pattern> {
        let is_of = |cell: &&Cell| company.is_none_or(|id| cell.key == GroupKey::Company(id));
        let days: Vec<_> = self.days.iter().filter(is_of).map(used).collect();
        Pattern::learn(&days, &self.hours, zone.day_of(now), zone)
    }
}

fn used(cell: &Cell) -> Use {
    Use {
        start: cell.start,
        credits: cell.totals.credits,
    }
}

async fn read_past(
    snapshot: &mut dyn Snapshot,
    scope: &Scope,
    zone: &Zone,
    now: Time,
    group_by: GroupBy,
) -> ServiceResult<Past> {
    let (today, all) = (zone.day_of(now), Selection::default());
    // A day more than are looked back at, for clocks that change.
    let days = i64::try_from(MOST_DAYS).unwrap_or(0) + 1;
    let back = |days: i64| TimeRange::new(zone.day_of(today.plus_micros(-days * DAY_US)), today);
    let ask = Ask {
        account: scope.account.id,
        selection: &all,
        days_of: Some(zone),
        group_by,
    };
    let days = read_cells(snapshot, ask, back(days)).await?;
    let by_hour = Ask {
        days_of: None,
        group_by: GroupBy::All,
        ..ask
    };
    let hours = read_cells(snapshot, by_hour, back(HOUR_DAYS)).await?;
    Ok(Past {
        days,
        hours: hours.iter().map(used).collect(),
    })
}

/// What the companies spent in the cycle.
async fn read_spent(
    snapshot: &mut dyn Snapshot,
    scope: &Scope,
    zone: &Zone,
    cycle: TimeRange,
) -> ServiceResult<BTreeMap<CompanyId, Credits>> {
    let all = Selection::default();
    let ask = Ask {
        account: scope.account.id,
        selection: &all,
        days_of: Some(zone),
        group_by: GroupBy::Company,
    };
    let mut spent: BTreeMap<CompanyId, Totals> = BTreeMap::new();
    for cell in read_cells(snapshot, ask, cycle).await? {
        if let GroupKey::Company(id) = cell.key {
            spent.entry(id).or_default().add(cell.totals);
        }
    }
    Ok(spent
        .into_iter()
        .map(|(id, totals)| (id, totals.credits))
        .collect())
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
