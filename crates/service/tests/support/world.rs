//! Two accounts on one database, and a clock that stands still until it is set.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use domain::{
    Agent, CompanyId, Credits, Invalid, Time, UserId,
    event::{AgeLimit, Envelope},
    ledger::OveragePolicy,
    tenancy::{AccountKind, Plan, Role},
};
use serde_json::{Value, json};
use service::{
    Caller, Clock, Permission, Scope, ServiceError, ServiceResult, Services,
    ingest::IngestBatch,
    ports::{
        Committed, DirectoryStore as _, IdentityStore as _, Membership, PutAccount, PutCompany,
        User,
    },
    users::{Joining, PutUser},
};

use super::memory::MemoryStore;

/// When most tests happen.
pub const NOW: &str = "2026-11-23T14:03:10Z";
/// The companies of `north`, in the order of their numbers.
pub const COMPANIES: [&str; 3] = ["acme", "bluewater", "harbor"];

/// A clock that stands still.
pub struct TestClock(AtomicI64);

impl TestClock {
    /// Moves it.
    pub fn set(&self, time: Time) {
        self.0.store(time.micros(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Time {
        Time::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// The agency `north` with three companies, and the customer `south` with `acme` and `lakeside`.
pub struct World {
    pub store: Arc<MemoryStore>,
    pub clock: Arc<TestClock>,
    pub services: Services,
    pub operator: Caller,
}

impl World {
    /// Cycles from the first of the month in Berlin.
    pub async fn new() -> Self {
        Self::in_zone("Europe/Berlin", "2026-09-30T22:00:00Z").await
    }

    /// Cycles from `anchor` in `zone`.
    pub async fn in_zone(zone: &str, anchor: &str) -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(
            NOW.parse::<Time>().unwrap().micros(),
        )));
        let store = Arc::new(MemoryStore::default());
        let services = Services::start(Arc::clone(&store) as _, Arc::clone(&clock) as _);
        let world = Self {
            store,
            clock,
            services,
            operator: Caller::operator("test"),
        };
        world.put_plan("scale", "1000").await;
        world
            .put_account("north", AccountKind::Agency, zone, anchor)
            .await;
        world
            .put_account("south", AccountKind::Customer, zone, anchor)
            .await;
        for company in COMPANIES {
            world.put_company("north", company).await;
        }
        world.put_company("south", "acme").await;
        world.put_company("south", "lakeside").await;
        world
    }

    pub async fn put_plan(&self, key: &str, credits: &str) {
        let plan = Plan {
            key: key.into(),
            name: "Scale".into(),
            monthly_credits: credits.parse().unwrap(),
            price: None,
            currency: None,
            rollover: None,
        };
        self.services.put_plan(&self.operator, plan).await.unwrap();
    }

    async fn put_account(&self, key: &str, kind: AccountKind, zone: &str, anchor: &str) {
        let account = PutAccount {
            key: key.into(),
            name: format!("{key} account"),
            kind,
            time_zone: zone.into(),
            cycle_anchor: anchor.parse().unwrap(),
            plan: "scale".into(),
            policy: OveragePolicy::HardStop,
            auto_refund: domain::Credits::ZERO,
        };
        self.services
            .put_account(&self.operator, account)
            .await
            .unwrap();
    }

    async fn put_company(&self, account: &str, key: &str) {
        self.services
            .put_company(
                &self.operator,
                account,
                &PutCompany::named(key, &format!("{key} company")),
            )
            .await
            .unwrap();
    }

    /// The operator's view of `north`.
    pub async fn north(&self) -> Scope {
        self.scope(&self.operator, "north").await
    }

    /// A caller's view of an account.
    pub async fn scope(&self, caller: &Caller, account: &str) -> Scope {
        self.services
            .scope(caller, Some(account), Permission::Read)
            .await
            .unwrap()
    }

    /// The number of a company of `north`.
    pub async fn company(&self, key: &str) -> CompanyId {
        self.services
            .company(&self.north().await, key)
            .await
            .unwrap()
            .id
    }

    /// A client of `north` who may see these companies.
    pub async fn client(&self, companies: &[&str]) -> Caller {
        let account = self.store.account("north").await.unwrap().unwrap().id;
        let mut ids = Vec::new();
        for company in companies {
            ids.push(self.company(company).await);
        }
        Caller::from_user(&User {
            id: UserId(7),
            email: "client@example.com".into(),
            name: "Client".into(),
            password_hash: String::new(),
            platform_role: None,
            memberships: vec![Membership {
                account,
                role: Role::Client,
                companies: ids,
            }],
            disabled: false,
            email_proof: None,
            second_factor: service::ports::SecondFactor::default(),
        })
    }

    /// Lets someone join `north`.
    pub async fn member(&self, email: &str, role: &str) {
        let user = PutUser {
            email: email.to_owned(),
            name: "Member".to_owned(),
            password: "seven green lanterns hum".to_owned(),
            platform_role: None,
            memberships: vec![Joining {
                account: "north".to_owned(),
                role: role.parse().unwrap(),
                companies: Vec::new(),
            }],
        };
        self.services.put_user(&self.operator, user).await.unwrap();
    }

    /// Someone known by their address, signed in.
    pub async fn person(&self, email: &str) -> Caller {
        let user = self.store.user_by_email(email).await.unwrap();
        Caller::from_user(&user.unwrap())
    }

    /// Stores events of `north`, however old.
    pub async fn ingest(&self, events: Vec<Value>) -> ServiceResult<Committed> {
        self.ingest_as(&self.operator, Some("north"), AgeLimit::Lifted, events)
            .await
    }

    /// Stores events.
    pub async fn ingest_as(
        &self,
        caller: &Caller,
        account: Option<&str>,
        age: AgeLimit,
        events: Vec<Value>,
    ) -> ServiceResult<Committed> {
        let events = events
            .into_iter()
            .map(|event| serde_json::from_value::<Envelope>(event).unwrap())
            .collect();
        self.services
            .ingest(
                caller,
                IngestBatch {
                    events,
                    account: account.map(str::to_owned),
                    age,
                },
            )
            .await
    }
}

/// A usage event of a company, worth these credits.
pub fn usage(id: &str, company: &str, time: &str, credits: &str) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "test", "type": "creditscope.usage", "subject": company, "time": time,
        "data": {"agent": Agent::Chat, "activity": "chat_reply", "credits": credits}
    })
}

/// What an answer says is wrong: index, field and reason.
pub fn wrongs<T>(answer: ServiceResult<T>) -> Vec<(Option<u32>, String, String)> {
    match answer {
        Err(ServiceError::Invalid(Invalid(errors))) => errors
            .into_iter()
            .map(|error| (error.index, error.field, error.reason))
            .collect(),
        Err(error) => panic!("refused for another reason: {error}"),
        Ok(_) => Vec::new(),
    }
}

/// The same, of a single error without its index.
pub fn wrong<T>(answer: ServiceResult<T>) -> (String, String) {
    let mut errors = wrongs(answer);
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors
        .pop()
        .map(|(_, field, reason)| (field, reason))
        .unwrap_or_default()
}

pub fn credits(text: &str) -> Credits {
    text.parse().unwrap()
}

pub fn time(text: &str) -> Time {
    text.parse().unwrap()
}
