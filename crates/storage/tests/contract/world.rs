//! Accounts with companies, and events that fit them.

use std::sync::Arc;

use domain::{
    AccountId, Agent, CompanyId, Credits, Time,
    calendar::{Cycles, Zone},
    ledger::OveragePolicy,
    tenancy::{Account, AccountKind, Plan},
};
use service::ports::{
    CommitOutcome, Committed, Expected, NewEvent, PutAccount, PutCompany, Stored,
};
use storage::Database;

use super::backend::Backend;

/// 23 November 2026, 09:20 UTC.
pub const NOW: Time = Time::from_micros(1_795_425_600_000_000);

/// Two accounts with three companies each, in a zone whose days are not those of UTC.
pub struct World {
    pub backend: Arc<dyn Backend>,
    pub store: Arc<dyn Database>,
    pub account: Account,
    pub companies: Vec<CompanyId>,
    pub other: Account,
    pub other_companies: Vec<CompanyId>,
    pub cycles: Cycles,
}

pub fn put_account(key: &str) -> PutAccount {
    PutAccount {
        key: key.to_owned(),
        name: format!("The {key}"),
        kind: AccountKind::Agency,
        time_zone: "America/St_Johns".to_owned(),
        cycle_anchor: "2026-01-31T12:34:56.789Z".parse().unwrap(),
        plan: "growth".to_owned(),
        policy: OveragePolicy::HardStop,
        auto_refund: domain::Credits::ZERO,
    }
}

pub fn plan(key: &str) -> Plan {
    Plan {
        key: key.to_owned(),
        name: "Growth".to_owned(),
        monthly_credits: Credits::from_whole(10_000).unwrap(),
        price: Some("99.00".to_owned()),
        currency: Some("EUR".to_owned()),
        rollover: None,
    }
}

pub fn created<T: std::fmt::Debug>(stored: Stored<T>) -> T {
    match stored {
        Stored::Created(value) => value,
        other => panic!("expected something new, got {other:?}"),
    }
}

pub fn stored(accepted: u32, duplicates: u32) -> CommitOutcome {
    CommitOutcome::Stored(Committed {
        accepted,
        duplicates,
    })
}

impl World {
    pub async fn new(backend: Arc<dyn Backend>) -> Self {
        let store = backend.open().await;
        store
            .put_plan(&plan("growth"), &Expected::Any, NOW)
            .await
            .unwrap();
        let mut accounts = Vec::new();
        for key in ["north", "south"] {
            let account = created(
                store
                    .put_account(&put_account(key), &[], &Expected::Any, NOW)
                    .await
                    .unwrap(),
            );
            let mut companies = Vec::new();
            for company in ["acme", "bolt", "cafe"] {
                companies.push(
                    created(
                        store
                            .put_company(
                                account.id,
                                &PutCompany::named(company, company),
                                &Expected::Any,
                                10_000,
                                NOW,
                            )
                            .await
                            .unwrap(),
                    )
                    .id,
                );
            }
            accounts.push((account, companies));
        }
        let (other, other_companies) = accounts.pop().unwrap();
        let (account, companies) = accounts.pop().unwrap();
        let cycles = Cycles::new(
            account.cycle_anchor,
            Zone::named(&account.time_zone).unwrap(),
        );
        Self {
            backend,
            store,
            account,
            companies,
            other,
            other_companies,
            cycles,
        }
    }

    /// A plain event of the first company, a minute apart by number.
    pub fn event(&self, number: i64) -> NewEvent {
        self.event_at(number, NOW.plus_micros(number * 60_000_000))
    }

    pub fn event_at(&self, number: i64, time: Time) -> NewEvent {
        NewEvent {
            account: self.account.id,
            company: self.companies[0],
            source: "gateway".to_owned(),
            id: format!("event-{number}"),
            fingerprint: number,
            kind: "creditscope.usage".to_owned(),
            time,
            day_start: self.cycles.zone().day_of(time),
            cycle_start: self.cycles.at(time).range.start,
            agent: Agent::Chat,
            activity: "chat_reply".to_owned(),
            credits: Credits::from_micro(1_500_000),
            quantity: None,
            unit: None,
            rate_version: None,
            reference: None,
            metadata: None,
            is_short_call: false,
            lead: None,
        }
    }

    /// The same event in the other account.
    pub fn in_other(&self, event: &NewEvent) -> NewEvent {
        let company = self
            .companies
            .iter()
            .position(|company| *company == event.company)
            .unwrap();
        NewEvent {
            account: self.other.id,
            company: self.other_companies[company],
            ..event.clone()
        }
    }

    pub async fn commit(&self, group: &[Vec<NewEvent>]) -> Vec<CommitOutcome> {
        self.store.commit_events(group, NOW).await.unwrap()
    }

    /// Commits one batch that must go through.
    pub async fn add(&self, events: Vec<NewEvent>) {
        let outcomes = self.commit(&[events]).await;
        assert!(
            matches!(outcomes[..], [CommitOutcome::Stored(_)]),
            "{outcomes:?}"
        );
    }

    pub async fn healthy(&self) {
        assert_eq!(self.store.doctor().await.unwrap().differences, [""; 0]);
    }

    /// How many events each account has, and their credits, by cycle totals.
    pub async fn used(&self, account: AccountId, time: Time) -> Credits {
        let start = self.cycles.at(time).range.start;
        self.store
            .snapshot()
            .await
            .unwrap()
            .cycle_used(account, start)
            .await
            .unwrap()
    }
}
