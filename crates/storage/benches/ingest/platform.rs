//! What the benches share: a database with one agency, and plausible events for it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{
    Agent, CompanyId, Credits, Time,
    calendar::{Cycles, Zone},
    tenancy::{Account, AccountKind, Plan},
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use service::ports::{Expected, NewEvent, PutAccount, PutCompany, Stored};
use storage::{Database, OpenOptions};
use tempfile::TempDir;

/// 23 November 2026, 09:20 UTC.
pub const NOW: Time = Time::from_micros(1_795_425_600_000_000);

/// How an event's id is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    /// As `UUIDv7`: later ids sort later.
    Ordered,
    /// As `UUIDv4`.
    Random,
}

/// A fresh database with accounts and companies.
pub struct Platform {
    pub folder: TempDir,
    pub store: Arc<dyn Database>,
    pub accounts: Vec<(Account, Vec<CompanyId>)>,
    cycles: Cycles,
    random: StdRng,
    made: i64,
}

impl Platform {
    pub async fn new(accounts: usize, companies: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("bench.db").display());
        let store = storage::open(&url, &OpenOptions::default()).await.unwrap();
        let plan = Plan {
            key: "p".into(),
            name: "P".into(),
            monthly_credits: Credits::from_whole(1_000_000_000).unwrap(),
            price: None,
            currency: None,
            rollover: None,
        };
        store.put_plan(&plan, &Expected::Any, NOW).await.unwrap();
        let mut made = Vec::new();
        for number in 0..accounts {
            made.push(account(store.as_ref(), number, companies).await);
        }
        let cycles = Cycles::new(
            made[0].0.cycle_anchor,
            Zone::named("Europe/Berlin").unwrap(),
        );
        Self {
            folder,
            store,
            accounts: made,
            cycles,
            random: StdRng::seed_from_u64(7),
            made: 0,
        }
    }

    /// Events of all accounts and companies; `first` is when the first happened, `every_us` the time between two.
    pub fn events(&mut self, count: usize, ids: Ids, first: Time, every_us: i64) -> Vec<NewEvent> {
        (0..count)
            .map(|number| {
                self.event(
                    ids,
                    first.plus_micros(i64::try_from(number).unwrap() * every_us),
                )
            })
            .collect()
    }

    fn event(&mut self, ids: Ids, time: Time) -> NewEvent {
        self.made += 1;
        let random = &mut self.random;
        let account = random.random_range(0..self.accounts.len());
        let (account, companies) = &self.accounts[account];
        let agent = Agent::ALL[usize::from(random.random_range(0..36_u8).isqrt().min(5))];
        let high = match ids {
            Ids::Ordered => {
                (u64::try_from(time.micros()).unwrap() << 12) | (self.made.cast_unsigned() & 0xfff)
            }
            Ids::Random => random.random(),
        };
        NewEvent {
            account: account.id,
            company: companies[random.random_range(0..companies.len())],
            source: format!("gateway-{}", random.random_range(0..3)),
            id: format!("{high:016x}{:016x}", random.random::<u64>()),
            fingerprint: random.random(),
            kind: "creditscope.usage".to_owned(),
            time,
            day_start: self.cycles.zone().day_of(time),
            cycle_start: self.cycles.at(time).range.start,
            agent,
            activity: format!("{agent}_activity"),
            credits: Credits::from_micro(random.random_range(0..5_000) * 1_000),
            quantity: None,
            unit: None,
            rate_version: None,
            reference: (random.random_range(0..10) < 6)
                .then(|| format!("call_{:010x}", random.random::<u32>())),
            metadata: Some(format!("{{\"seconds\":{}}}", random.random_range(0..400))),
            is_short_call: false,
            lead: None,
        }
    }
}

async fn account(
    store: &dyn Database,
    number: usize,
    companies: usize,
) -> (Account, Vec<CompanyId>) {
    let put = PutAccount {
        key: format!("account-{number}"),
        name: format!("Account {number}"),
        kind: AccountKind::Agency,
        time_zone: "Europe/Berlin".to_owned(),
        cycle_anchor: "2026-01-15T00:00:00Z".parse().unwrap(),
        plan: "p".to_owned(),
        policy: domain::ledger::OveragePolicy::HardStop,
        auto_refund: domain::Credits::ZERO,
    };
    let account = value(
        store
            .put_account(&put, &[], &Expected::Any, NOW)
            .await
            .unwrap(),
    );
    let mut ids = Vec::new();
    for company in 0..companies {
        let key = format!("company-{company:04}");
        ids.push(
            value(
                store
                    .put_company(
                        account.id,
                        &PutCompany::named(&key, &key),
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
    (account, ids)
}

fn value<T>(stored: Stored<T>) -> T {
    match stored {
        Stored::Created(value) | Stored::Replaced(value) => value,
        Stored::Fixed | Stored::Over | Stored::Stale => panic!("it was not stored"),
    }
}

/// Times of the same thing done several times.
#[derive(Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn add(&mut self, since: Instant) {
        self.0.push(since.elapsed());
    }

    pub fn total(&self) -> Duration {
        self.0.iter().sum()
    }

    /// `median / p99` in milliseconds.
    pub fn line(&mut self) -> String {
        self.0.sort_unstable();
        let at = |percent: usize| self.0[(self.0.len() - 1) * percent / 100].as_secs_f64() * 1e3;
        format!("median {:8.2} ms   p99 {:8.2} ms", at(50), at(99))
    }
}
