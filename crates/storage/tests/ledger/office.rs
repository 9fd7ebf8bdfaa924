//! One account on a SQLite file that two programs have open, and a clock that stands still until it is set.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use domain::{
    Agent, Credits, Invalid, Time,
    event::{AgeLimit, Envelope},
    filter::ViewQuery,
    ledger::OveragePolicy,
    tenancy::{AccountKind, Pack, Plan},
};
use serde_json::{Value, json};
use service::{
    Caller, Clock, Permission, Scope, ServiceError, ServiceResult, Services,
    ingest::IngestBatch,
    ports::{Committed, PutAccount, PutCompany, Store},
};
use storage::{Database, OpenOptions};
use tempfile::TempDir;

/// The account's key.
pub const ACCOUNT: &str = "north";
/// Its companies.
pub const COMPANIES: [&str; 2] = ["acme", "bolt"];
/// Who spends.
pub const AGENTS: [Agent; 2] = [Agent::Chat, Agent::VoiceInbound];
/// Packs on sale: key, credits in micro-credits, billing cycles they are valid for.
pub const PACKS: [(&str, i64, u32); 3] = [
    ("small", 30_000_000, 1),
    ("large", 150_000_000, 2),
    ("long", 20_000_000, 3),
];
/// Source of the events that are reported.
pub const SOURCE: &str = "test";

/// A clock that stands still.
pub struct SetClock(AtomicI64);

impl SetClock {
    pub fn at(time: Time) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(time.micros())))
    }

    pub fn set(&self, time: Time) {
        self.0.store(time.micros(), Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Time {
        Time::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// What an account is opened with.
#[derive(Debug, Clone)]
pub struct Opening {
    pub zone: &'static str,
    pub anchor: Time,
    pub now: Time,
    /// Plans by key, credits of a cycle, and the most that is carried over.
    pub plans: Vec<(String, i64, Option<i64>)>,
}

/// Two programs on one database.
pub struct Office {
    pub clock: Arc<SetClock>,
    pub services: [Services; 2],
    pub stores: [Arc<dyn Database>; 2],
    pub operator: Caller,
    pub opening: Opening,
    _folder: TempDir,
}

pub fn micro(micro: i64) -> Credits {
    Credits::from_micro(micro)
}

pub fn plan(key: &str, credits: i64, rollover: Option<i64>) -> Plan {
    Plan {
        key: key.to_owned(),
        name: key.to_owned(),
        monthly_credits: micro(credits),
        price: None,
        currency: None,
        rollover: rollover.map(micro),
    }
}

/// A usage event as it is sent.
pub fn event(id: &str, company: &str, agent: Agent, time: Time, credits: i64) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": SOURCE, "type": "creditscope.usage", "subject": company,
        "time": time.to_string(),
        "data": { "agent": agent, "activity": "chat_reply", "credits": micro(credits).to_string() }
    })
}

impl Office {
    pub async fn open(opening: Opening) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("office.db").display());
        let clock = SetClock::at(opening.now);
        let stores = [open(&url).await, open(&url).await];
        let services = stores.each_ref().map(|store| {
            let store: Arc<dyn Store> = Arc::<dyn Database>::clone(store);
            Services::start(store, Arc::<SetClock>::clone(&clock))
        });
        let office = Self {
            clock,
            services,
            stores,
            operator: Caller::operator("test"),
            opening,
            _folder: folder,
        };
        office.provision().await;
        office
    }

    async fn provision(&self) {
        let services = &self.services[0];
        for (key, credits, rollover) in &self.opening.plans {
            let plan = plan(key, *credits, *rollover);
            services.put_plan(&self.operator, plan).await.unwrap();
        }
        let first = &self.opening.plans[0].0;
        self.put_account(0, first, OveragePolicy::HardStop).await;
        for company in COMPANIES {
            let company = PutCompany::named(company, company);
            let put = services.put_company(&self.operator, ACCOUNT, &company);
            put.await.unwrap();
        }
        for (key, credits, valid_cycles) in PACKS {
            let pack = Pack {
                key: key.to_owned(),
                name: key.to_owned(),
                credits: micro(credits),
                price: None,
                currency: None,
                valid_cycles,
            };
            services.put_pack(&self.operator, pack).await.unwrap();
        }
    }

    pub async fn put_account(&self, office: usize, plan: &str, policy: OveragePolicy) {
        let account = PutAccount {
            key: ACCOUNT.to_owned(),
            name: ACCOUNT.to_owned(),
            kind: AccountKind::Agency,
            time_zone: self.opening.zone.to_owned(),
            cycle_anchor: self.opening.anchor,
            plan: plan.to_owned(),
            policy,
            auto_refund: domain::Credits::ZERO,
        };
        let put = self.services[office].put_account(&self.operator, account);
        put.await.unwrap();
    }

    /// The operator's view of the account.
    pub async fn scope(&self) -> Scope {
        self.services[0]
            .scope(&self.operator, Some(ACCOUNT), Permission::Read)
            .await
            .unwrap()
    }

    /// Reports events through one of the programs.
    pub async fn report(&self, office: usize, events: Vec<Value>) -> ServiceResult<Committed> {
        let events = events
            .into_iter()
            .map(|event| serde_json::from_value::<Envelope>(event).unwrap());
        let batch = IngestBatch {
            events: events.collect(),
            account: Some(ACCOUNT.to_owned()),
            age: AgeLimit::Enforced,
        };
        self.services[office].ingest(&self.operator, batch).await
    }

    /// Brings the books up to now, as the renewal job does.
    pub async fn renew(&self, office: usize) {
        self.services[office].renew_due().await.unwrap();
    }

    pub async fn healthy(&self) {
        let report = self.services[0].doctor(&self.operator).await.unwrap();
        assert_eq!(report.differences, [""; 0]);
    }
}

async fn open(url: &str) -> Arc<dyn Database> {
    storage::open(url, &OpenOptions::default()).await.unwrap()
}

/// A view of everything between two instants.
pub fn view(from: Time, to: Time) -> ViewQuery {
    ViewQuery {
        from: Some(from.to_string()),
        to: Some(to.to_string()),
        ..ViewQuery::default()
    }
}

/// A refusal in a word or two: what is compared with what the model says.
pub fn refusal(error: &ServiceError) -> String {
    match error {
        ServiceError::Invalid(Invalid(errors)) => {
            let reasons: Vec<_> = errors.iter().map(|error| error.reason.as_str()).collect();
            format!("refused {}", reasons.join(" "))
        }
        ServiceError::Denied(decision) => format!("denied {}", decision.reason.id()),
        ServiceError::Conflict(_) => "conflict".to_owned(),
        other => format!("failed: {other}"),
    }
}
