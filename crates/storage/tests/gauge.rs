//! The gauge on a real database: of one scope and one cycle, measured against what limits exactly that.
#![expect(clippy::unwrap_used, reason = "a test stops at the first failure")]

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use domain::{
    AccountId, CompanyId, Credits, Time, UserId,
    event::{AgeLimit, Envelope},
    filter::ViewQuery,
    ledger::{Balance, CreditState, OveragePolicy},
    tenancy::{AccountKind, Pack, Plan, Role},
    usage::{Dashboard, Whose},
};
use serde_json::json;
use service::{
    Caller, Clock, Permission, Services,
    ingest::IngestBatch,
    ports::{Membership, PutAccount, PutCompany, User},
};
use storage::OpenOptions;

const START: &str = "2026-10-01T00:00:00Z";
const MID_OCTOBER: &str = "2026-10-15T12:00:00Z";
const MID_NOVEMBER: &str = "2026-11-15T12:00:00Z";

#[derive(Default)]
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Time {
        Time::from_micros(self.0.load(Ordering::SeqCst))
    }
}

fn time(text: &str) -> Time {
    text.parse().unwrap()
}

fn credits(text: &str) -> Credits {
    text.parse().unwrap()
}

/// The agency `north` on a plan of 1,000 a cycle, with three companies of which `acme` has a budget of 200.
struct World {
    services: Services,
    operator: Caller,
    clock: Arc<Hands>,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new(rollover: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("gauge.db").display());
        let store = storage::open(&url, &OpenOptions::default()).await.unwrap();
        let clock = Arc::new(Hands::default());
        let world = Self {
            services: Services::start(Arc::clone(&store) as _, Arc::clone(&clock) as _),
            operator: Caller::operator("test"),
            clock,
            _folder: folder,
        };
        world.is_now(START);
        let plan = Plan {
            key: "growth".to_owned(),
            name: "Growth".to_owned(),
            monthly_credits: credits("1000"),
            price: None,
            currency: None,
            rollover: rollover.map(credits),
        };
        let services = &world.services;
        services.put_plan(&world.operator, plan).await.unwrap();
        let account = PutAccount {
            key: "north".to_owned(),
            name: "Northwind".to_owned(),
            kind: AccountKind::Agency,
            time_zone: "UTC".to_owned(),
            cycle_anchor: time(START),
            plan: "growth".to_owned(),
            policy: OveragePolicy::HardStop,
            auto_refund: Credits::ZERO,
        };
        services
            .put_account(&world.operator, account)
            .await
            .unwrap();
        for company in ["acme", "bluewater", "harbor"] {
            world
                .budget(company, (company == "acme").then_some("200"))
                .await;
        }
        world
    }

    fn is_now(&self, text: &str) {
        self.clock.0.store(time(text).micros(), Ordering::SeqCst);
    }

    async fn budget(&self, company: &str, budget: Option<&str>) {
        let put = PutCompany {
            budget: budget.map(credits),
            ..PutCompany::named(company, &format!("{company} company"))
        };
        let put = self.services.put_company(&self.operator, "north", &put);
        put.await.unwrap();
    }

    /// Uses credits at this moment.
    async fn uses(&self, company: &str, amount: &str) {
        let at = self.services.now().to_string();
        let event = json!({
            "specversion": "1.0", "id": format!("{company}-{at}-{amount}"), "source": "test", "type": "creditscope.usage",
            "subject": company, "time": at, "data": {"agent": "chat", "activity": "chat_reply", "credits": amount}
        });
        let batch = IngestBatch {
            events: vec![serde_json::from_value::<Envelope>(event).unwrap()],
            account: Some("north".to_owned()),
            age: AgeLimit::Enforced,
        };
        self.services.ingest(&self.operator, batch).await.unwrap();
    }

    /// Gives a pack of 500 that lasts for so many cycles.
    async fn pack(&self, valid_cycles: u32) {
        let pack = Pack {
            key: "extra".to_owned(),
            name: "Extra".to_owned(),
            credits: credits("500"),
            price: None,
            currency: None,
            valid_cycles,
        };
        let services = &self.services;
        services.put_pack(&self.operator, pack).await.unwrap();
        let granted = services.grant_pack(&self.operator, "north", "extra", None);
        granted.await.unwrap();
    }

    async fn takes_off(&self, amount: &str) {
        let less = Credits::ZERO.saturating_sub(credits(amount));
        let corrected = self
            .services
            .adjust(&self.operator, "north", less, "a mistake");
        corrected.await.unwrap();
    }

    /// Gives back a part of what was used at that time.
    async fn refunds(&self, company: &str, at: &str, used: &str, amount: &str) {
        let scope = self
            .services
            .scope(&self.operator, Some("north"), Permission::Provision);
        let scope = scope.await.unwrap();
        let id = format!("{company}-{}-{used}", time(at));
        let reversed = self
            .services
            .reverse(&scope, "test", &id, Some(credits(amount)), "cut");
        reversed.await.unwrap();
    }

    /// The final figures of the cycle before the running one, and what was refunded of it since.
    async fn last_cycle(&self) -> Option<([i64; 5], Credits)> {
        let last = self.shows(&self.operator, "period=last_cycle").await;
        let measure = last.measure();
        figures(measure).zip(measure.map(|balance| balance.refunded))
    }

    async fn shows(&self, caller: &Caller, query: &str) -> Dashboard {
        let scope = self
            .services
            .scope(caller, Some("north"), Permission::Read)
            .await
            .unwrap();
        let (query, _) = ViewQuery::parse(query).unwrap();
        self.services.dashboard(scope, &query).await.unwrap()
    }

    /// A client of some companies, by their numbers in the order of being made.
    fn client(companies: &[i64]) -> Caller {
        Caller::from_user(&User {
            id: UserId(7),
            email: "client@example.com".to_owned(),
            name: "Client".to_owned(),
            password_hash: String::new(),
            platform_role: None,
            memberships: vec![Membership {
                account: AccountId(1),
                role: Role::Client,
                companies: companies.iter().map(|id| CompanyId(*id)).collect(),
            }],
            disabled: false,
            email_proof: None,
            second_factor: service::ports::SecondFactor::default(),
        })
    }
}

/// Granted, used, remaining, overage and expired, in whole credits.
fn figures(balance: Option<Balance>) -> Option<[i64; 5]> {
    let balance = balance?;
    let figures = [
        balance.allocation,
        balance.used,
        balance.remaining,
        balance.overage,
        balance.expired,
    ];
    Some(figures.map(|credits| credits.micro() / 1_000_000))
}

#[tokio::test]
async fn a_company_is_measured_against_its_budget_and_nothing_of_the_account() {
    let world = World::new(None).await;
    world.is_now(MID_OCTOBER);
    world.uses("acme", "150").await;
    world.uses("bluewater", "700").await;
    let whole = world.shows(&world.operator, "").await;
    assert_eq!(figures(whole.measure()), Some([1_000, 850, 150, 0, 0]));
    assert_eq!(whole.facts().state(), CreditState::RunningLow);
    let acme = world.shows(&world.operator, "company=acme").await;
    assert!(matches!(&acme.whose, Whose::Company(company) if company.name == "acme company"));
    assert_eq!(figures(acme.measure()), Some([200, 150, 50, 0, 0]));
    assert_eq!(figures(acme.balance()), figures(whole.measure()));
    let without = world.shows(&world.operator, "company=bluewater").await;
    assert_eq!((without.measure(), without.used()), (None, credits("700")));
    let both = world
        .shows(&world.operator, "company=acme&company=bluewater")
        .await;
    assert_eq!(both.whose, Whose::Companies(2));
    assert_eq!((both.measure(), both.used()), (None, credits("850")));
}

#[tokio::test]
async fn a_client_sees_the_budget_of_its_one_company_and_never_the_account() {
    let world = World::new(None).await;
    world.is_now(MID_OCTOBER);
    world.uses("acme", "210").await;
    world.uses("bluewater", "300").await;
    let client = World::client(&[1]);
    let one = world.shows(&client, "").await;
    assert_eq!(figures(one.measure()), Some([200, 210, 0, 10, 0]));
    assert_eq!(one.facts().state(), CreditState::BudgetUsed);
    let several = World::client(&[1, 2]);
    let both = world.shows(&several, "").await;
    assert_eq!(both.whose, Whose::Companies(2));
    assert_eq!((both.measure(), both.used()), (None, credits("510")));
    let chosen = world.shows(&several, "company=acme").await;
    assert_eq!(figures(chosen.measure()), figures(one.measure()));
    for dashboard in [&one, &both, &chosen] {
        assert_eq!((dashboard.balance(), dashboard.books.ended), (None, None));
        assert!(dashboard.account.plan.is_empty());
    }
    let last = world.shows(&client, "period=last_cycle").await;
    assert_eq!((last.measure(), last.books.ended), (None, None));
}

#[tokio::test]
async fn the_gauge_follows_the_cycle_looked_at_and_no_other_period_or_filter() {
    let world = World::new(None).await;
    world.is_now(MID_OCTOBER);
    world.uses("acme", "600").await;
    world.is_now(MID_NOVEMBER);
    world.uses("bluewater", "40").await;
    let running = world.shows(&world.operator, "").await;
    assert_eq!(figures(running.measure()), Some([1_000, 40, 960, 0, 0]));
    for other in [
        "period=7d",
        "period=90d",
        "agent=nox",
        "q=nothing",
        "activity=chat_reply",
    ] {
        let shown = world.shows(&world.operator, other).await;
        assert_eq!(shown.measure(), running.measure(), "{other}");
        assert_eq!(
            (shown.cycle.range, shown.cycle_used),
            (running.cycle.range, running.cycle_used),
            "{other}"
        );
    }
    let last = world.shows(&world.operator, "period=last_cycle").await;
    assert!(last.cycle.is_over && !last.looks_ahead());
    assert_eq!(figures(last.measure()), Some([1_000, 600, 0, 0, 400]));
    assert_eq!(last.facts().label().as_deref(), Some("60% used"));
    assert_eq!(last.cycle_used, last.all_agents().credits);
    // What goes on now stays told.
    assert_eq!(last.running_facts().used, credits("40"));
}

#[tokio::test]
async fn what_a_cycle_came_to_stays_so_whatever_is_done_with_what_went_on() {
    let world = World::new(Some("100")).await;
    world.pack(2).await;
    world.is_now(MID_OCTOBER);
    world.uses("acme", "1100").await;
    let ended = async |world: &World| {
        let last = world.shows(&world.operator, "period=last_cycle").await;
        figures(last.measure())
    };
    world.is_now(MID_NOVEMBER);
    // 1,000 of the plan and 500 of a pack: 1,100 used, and the 400 that the pack had left went on.
    let came_to = Some([1_500, 1_100, 400, 0, 0]);
    assert_eq!(ended(&world).await, came_to);
    world.uses("bluewater", "1150").await;
    assert_eq!(ended(&world).await, came_to);
    world.takes_off("30").await;
    assert_eq!(ended(&world).await, came_to);
    world.uses("bluewater", "500").await;
    world.takes_off("7").await;
    assert_eq!(ended(&world).await, came_to);
}

#[tokio::test]
async fn what_was_carried_over_is_neither_used_nor_expired() {
    let world = World::new(Some("100")).await;
    world.is_now(MID_OCTOBER);
    world.uses("acme", "600").await;
    world.is_now(MID_NOVEMBER);
    world.uses("bluewater", "50").await;
    world.takes_off("30").await;
    let last = world.shows(&world.operator, "period=last_cycle").await;
    assert_eq!(figures(last.measure()), Some([1_000, 600, 100, 0, 300]));
}

#[tokio::test]
async fn a_refund_after_the_end_of_a_cycle_lowers_what_was_used_and_not_what_was_granted() {
    let world = World::new(None).await;
    world.is_now(MID_OCTOBER);
    world.uses("acme", "600").await;
    world.is_now(MID_NOVEMBER);
    let came_to = [1_000, 600, 0, 0, 400];
    assert_eq!(world.last_cycle().await, Some((came_to, Credits::ZERO)));
    world.refunds("acme", MID_OCTOBER, "600", "100").await;
    let came_to = [1_000, 500, 0, 0, 400];
    assert_eq!(world.last_cycle().await, Some((came_to, credits("100"))));
    // It can be spent now, and is told as given in the cycle in which it can.
    let running = world.shows(&world.operator, "").await.measure();
    assert_eq!(figures(running), Some([1_100, 0, 1_100, 0, 0]));
    world.uses("bluewater", "1050").await;
    world.refunds("bluewater", MID_NOVEMBER, "1050", "20").await;
    assert_eq!(world.last_cycle().await, Some((came_to, credits("100"))));
    let doctor = world.services.doctor(&world.operator).await.unwrap();
    assert_eq!(doctor.differences, [""; 0]);
}

#[tokio::test]
async fn a_refund_right_after_a_cycle_is_carried_over_up_to_the_cap_and_then_refunded_later() {
    let world = World::new(Some("100")).await;
    world.is_now(MID_OCTOBER);
    world.uses("acme", "950").await;
    world.is_now("2026-11-02T12:00:00Z");
    let before = [1_000, 950, 50, 0, 0];
    assert_eq!(world.last_cycle().await, Some((before, Credits::ZERO)));
    world.refunds("acme", MID_OCTOBER, "950", "100").await;
    let after = [1_000, 850, 100, 0, 0];
    assert_eq!(world.last_cycle().await, Some((after, credits("50"))));
}

#[tokio::test]
async fn a_refund_of_an_earlier_cycle_changes_nothing_of_the_last_one() {
    let world = World::new(None).await;
    world.pack(3).await;
    world.is_now(MID_OCTOBER);
    world.uses("acme", "1100").await;
    world.is_now(MID_NOVEMBER);
    world.uses("bluewater", "200").await;
    world.is_now("2026-12-15T12:00:00Z");
    let came_to = Some(([1_400, 200, 400, 0, 800], Credits::ZERO));
    assert_eq!(world.last_cycle().await, came_to);
    // 100 go back to the pack, which still lasts, and 30 to a grant of their own.
    world.refunds("acme", MID_OCTOBER, "1100", "130").await;
    assert_eq!(world.last_cycle().await, came_to);
}

#[tokio::test]
async fn an_account_is_reconciled_only_once_it_was_compared() {
    let world = World::new(None).await;
    world.is_now(MID_OCTOBER);
    world.services.reconcile().await.unwrap();
    assert!(
        world
            .shows(&world.operator, "")
            .await
            .account
            .reconciled
            .is_some()
    );
    world.is_now(MID_NOVEMBER);
    let younger = PutAccount {
        key: "young".to_owned(),
        name: "Young".to_owned(),
        kind: AccountKind::Customer,
        time_zone: "UTC".to_owned(),
        cycle_anchor: time(START),
        plan: "growth".to_owned(),
        policy: OveragePolicy::HardStop,
        auto_refund: Credits::ZERO,
    };
    world
        .services
        .put_account(&world.operator, younger)
        .await
        .unwrap();
    let scope = world
        .services
        .scope(&world.operator, Some("young"), Permission::Read)
        .await
        .unwrap();
    let query = ViewQuery::default();
    let before = world
        .services
        .dashboard(scope.clone(), &query)
        .await
        .unwrap();
    assert_eq!(before.account.reconciled, None);
    world.services.reconcile().await.unwrap();
    let after = world.services.dashboard(scope, &query).await.unwrap();
    assert!(after.account.reconciled.is_some());
}
