//! The demo's accounts in time, and how many events each is expected to have in which hour. History and live traffic
//! are made of the same expectations.

pub mod rate;

use domain::{
    Agent, Credits, Time, TimeRange,
    calendar::{Cycles, Zone},
    time::{DAY_US, HOUR_US},
};
use jiff::{ToSpan as _, civil::Weekday};
use service::{ServiceError, ServiceResult};

use super::cast::{AGENCY, AccountRow, CompanyRow, MAIN, SMALL, SmallRow};

/// How large a demo is. Amounts of credits follow its volume, so that everything stands where it stands in the full one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Events of the full demo, in percent.
    pub volume_percent: u32,
    /// Small customers.
    pub customers: usize,
}

impl Size {
    /// What people look at.
    pub const FULL: Self = Self {
        volume_percent: 100,
        customers: 30,
    };
    /// What tests make.
    pub const SMALL: Self = Self {
        volume_percent: 10,
        customers: 8,
    };

    /// So many whole credits of the full demo.
    pub fn credits(self, whole: i64) -> Credits {
        let micro = whole * 10_000;
        Credits::from_micro(micro * i64::from(self.volume_percent))
    }

    /// A count of the full demo.
    pub fn count(self, full: f64) -> f64 {
        full * f64::from(self.volume_percent) / 100.0
    }
}

/// An account of the demo.
pub struct DemoAccount {
    /// What the tables say of it.
    pub row: AccountRow,
    /// Its companies.
    pub companies: Vec<DemoCompany>,
    /// Its billing cycles.
    pub cycles: Cycles,
    /// When it joined: where its first cycle begins.
    pub joined: Time,
}

/// A company of the demo.
pub struct DemoCompany {
    /// What the tables say of it.
    pub row: CompanyRow,
    /// The zone of its opening hours.
    pub zone: Zone,
}

/// Extra events of a company, an hour: a cause that a spike can be explained by.
struct Surge {
    account: &'static str,
    company: &'static str,
    agent: Agent,
    range: TimeRange,
    events_an_hour: f64,
}

/// Everything the demo's events follow from.
pub struct World {
    /// Makes its numbers its own, and always the same.
    pub seed: u64,
    /// How large it is.
    pub size: Size,
    /// When history ends and live traffic begins.
    pub began: Time,
    /// The accounts, those with people first.
    pub accounts: Vec<DemoAccount>,
    surges: Vec<Surge>,
}

impl World {
    /// The world of a demo that began at some time.
    ///
    /// # Errors
    /// A zone that is not known.
    pub fn new(seed: u64, size: Size, began: Time) -> ServiceResult<Self> {
        let small = SMALL.iter().take(size.customers).map(account_row);
        let accounts: Vec<_> = MAIN
            .into_iter()
            .chain(small)
            .map(|row| account(row, began))
            .collect::<ServiceResult<_>>()?;
        let surges = surges(&accounts[0].cycles, began);
        Ok(Self {
            seed,
            size,
            began,
            accounts,
            surges,
        })
    }

    /// When the first account joined: where history begins.
    pub fn starts(&self) -> Time {
        let joined = self.accounts.iter().map(|account| account.joined);
        joined.min().unwrap_or(self.began)
    }

    /// The account of a key.
    pub fn account(&self, key: &str) -> Option<&DemoAccount> {
        self.accounts.iter().find(|account| account.row.key == key)
    }
}

fn named(zone: &str) -> ServiceResult<Zone> {
    Zone::named(zone).map_err(|error| ServiceError::invalid("time_zone", error))
}

fn account(row: AccountRow, began: Time) -> ServiceResult<DemoAccount> {
    let zone = named(row.zone)?;
    let anchor = zone
        .at(began)
        .date()
        .saturating_sub(row.days_passed.days())
        .saturating_sub(row.months_before.months());
    let joined = zone.day_start(anchor);
    let companies = row.companies.iter().map(|row| {
        Ok(DemoCompany {
            zone: named(row.zone)?,
            row: *row,
        })
    });
    let mut companies: Vec<_> = companies.collect::<ServiceResult<_>>()?;
    // A small customer is its own company.
    if let Some(small) = SMALL.iter().find(|small| small.key == row.key) {
        companies.push(DemoCompany {
            row: CompanyRow {
                key: row.key,
                name: row.name,
                zone: row.zone,
                weight: 1.0,
                agents: small.mix.agents(),
                stops: false,
            },
            zone: zone.clone(),
        });
    }
    Ok(DemoAccount {
        companies,
        cycles: Cycles::new(joined, zone),
        joined,
        row,
    })
}

fn account_row(small: &SmallRow) -> AccountRow {
    AccountRow {
        key: small.key,
        name: small.name,
        kind: domain::tenancy::AccountKind::Customer,
        zone: small.zone,
        plan: small.plan,
        policy: domain::ledger::OveragePolicy::HardStop,
        events_a_day: small.events_a_day,
        days_passed: small.days_passed,
        months_before: small.months_before,
        trend: small.trend,
        stops_at_percent: small.stops_at_percent,
        companies: &[],
    }
}

/// Two campaigns in the past, and a flood of calls in the last week before the demo begins. None after that: live
/// traffic is as usual.
fn surges(agency: &Cycles, began: Time) -> Vec<Surge> {
    let zone = agency.zone();
    let afternoon = |days: i64, hour: i64, hours: i64| {
        let start = working_day(began, days, zone).plus_micros(hour * HOUR_US);
        TimeRange::new(start, start.plus_micros(hours * HOUR_US))
    };
    let campaign = |days: i64| Surge {
        account: AGENCY,
        company: "bluewater-spa",
        agent: Agent::VoiceOutbound,
        range: afternoon(days, 14, 2),
        events_an_hour: 190.0,
    };
    let calls = Surge {
        account: AGENCY,
        company: "acme-dental",
        agent: Agent::VoiceInbound,
        range: afternoon(2, 13, 3),
        events_an_hour: 105.0,
    };
    vec![campaign(45), campaign(24), calls]
}

/// The start of the last working day that is at least so many days ago.
fn working_day(began: Time, days: i64, zone: &Zone) -> Time {
    let mut day = zone.day_of(began.plus_micros(-days * DAY_US));
    while matches!(zone.at(day).weekday(), Weekday::Saturday | Weekday::Sunday) {
        day = zone.day_of(day.plus_micros(-DAY_US / 2));
    }
    day
}
