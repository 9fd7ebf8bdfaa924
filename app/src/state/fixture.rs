//! A dashboard for tests.

use domain::{
    Agent, Credits, Seq, Time, TimeRange,
    ledger::{Balance, BooksView},
    tenancy::AccountKind,
    time::DAY_US,
    usage::{
        AccountView, AgentUsage, CompanyName, CycleView, Dashboard, PeriodView, Totals, Whose,
    },
};

use crate::functions::{Ability, Reader};

/// A reader who may do some things.
pub fn reader(is_staff: bool, can: &[Ability]) -> Reader {
    Reader {
        open_alerts: 0,
        credits: None,
        pending: vec![],
        name: String::new(),
        email: String::new(),
        is_staff,
        can: can.to_vec(),
        is_agency: false,
        is_portal: false,
        brand: None,
        accounts: vec![],
    }
}

/// So many whole credits.
pub fn whole(credits: i64) -> Credits {
    Credits::from_whole(credits).unwrap_or_default()
}

/// A balance of so much used of so much.
pub fn balance(used: i64, allocation: i64) -> Balance {
    Balance {
        allocation: whole(allocation),
        used: whole(used),
        remaining: whole((allocation - used).max(0)),
        overage: whole((used - allocation).max(0)),
        ..Balance::EMPTY
    }
}

/// A company.
pub fn company() -> CompanyName {
    CompanyName {
        key: "acme".to_owned(),
        name: "Acme Dental".to_owned(),
    }
}

/// A whole account that has used 60 of 100 credits, on the tenth of thirty days.
pub fn dashboard() -> Dashboard {
    let start = Time::from_micros(20_000 * DAY_US);
    let cycle = TimeRange::new(start, start.plus_micros(30 * DAY_US));
    Dashboard {
        as_of: Seq(1),
        now: start.plus_micros(9 * DAY_US),
        year: 2024,
        account: AccountView {
            key: "north".to_owned(),
            name: "Northwind".to_owned(),
            kind: AccountKind::Agency,
            time_zone: "UTC".to_owned(),
            shown_zone: "UTC".to_owned(),
            companies: 2,
            plan: "Growth".to_owned(),
            reconciled: None,
            complete: None,
        },
        whose: Whose::Account,
        cycle: CycleView {
            range: cycle,
            is_over: false,
            label: "1 – 30 November 2026".to_owned(),
            day: 10,
            days: 30,
            resets_on: "1 December 2026".to_owned(),
            resets_in: "in 7 days".to_owned(),
            ended_on: "30 November 2026".to_owned(),
        },
        books: BooksView {
            version: 1,
            billing: 0,
            balance: Some(balance(60, 100)),
            budget: None,
            ended: None,
            reserved: Credits::ZERO,
            holds: vec![],
            is_stopped: false,
            is_suspended: false,
        },
        cycle_used: whole(60),
        cycle_days: vec![],
        companies: vec![],
        period: PeriodView {
            range: cycle,
            previous: cycle,
            label: "this cycle".to_owned(),
            compared: domain::filter::Comparison::default(),
            compared_with: "last cycle to the same point".to_owned(),
            uncompared: None,
            first_label: "1 Nov".to_owned(),
            last_label: "30 Nov".to_owned(),
        },
        bars: vec![],
        agents: Agent::ALL
            .into_iter()
            .map(|agent| AgentUsage {
                agent,
                current: Totals::default(),
                previous: Totals::default(),
                bars: vec![],
            })
            .collect(),
        selected_agents: vec![],
        activities: vec![],
    }
}
