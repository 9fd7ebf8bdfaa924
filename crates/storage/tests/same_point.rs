//! A period that runs is compared up to the same point: level use is as much as before at any time of the day.

#![expect(clippy::unwrap_used, reason = "a test stops at the first failure")]

use std::sync::Arc;

use domain::{
    Credits, Time,
    calendar::{Comparison, Coverage, Window},
    event::{AgeLimit, Envelope},
    filter::ViewQuery,
    ledger::OveragePolicy,
    tenancy::{AccountKind, Plan},
    time::{BUCKET_US, DAY_US},
};
use serde_json::{Value, json};
use service::{
    Caller, Clock, Permission, Scope, Services,
    ingest::IngestBatch,
    platform::{PlatformBy, PlatformQuery},
    ports::{GroupBy, PutAccount, PutCompany},
    trends::TrendsQuery,
    value::ValueQuery,
};
use storage::OpenOptions;

/// A clock that stands at some time.
struct At(Time);

impl Clock for At {
    fn now(&self) -> Time {
        self.0
    }
}

struct World {
    services: Services,
    operator: Caller,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new(now: Time) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("level.db").display());
        let store = storage::open(&url, &OpenOptions::default()).await.unwrap();
        let services = Services::start(store as _, Arc::new(At(now)));
        let operator = Caller::operator("test");
        let plan = Plan {
            key: "scale".to_owned(),
            name: "Scale".to_owned(),
            monthly_credits: Credits::from_whole(1_000).unwrap(),
            price: None,
            currency: None,
            rollover: None,
        };
        services.put_plan(&operator, plan).await.unwrap();
        let account = PutAccount {
            key: "south".to_owned(),
            name: "South".to_owned(),
            kind: AccountKind::Agency,
            time_zone: "UTC".to_owned(),
            cycle_anchor: "2026-01-31T10:07:30.5Z".parse().unwrap(),
            plan: "scale".to_owned(),
            policy: OveragePolicy::Overage,
            auto_refund: domain::Credits::ZERO,
        };
        services.put_account(&operator, account).await.unwrap();
        let company = PutCompany::named("acme", "acme");
        let put = services.put_company(&operator, "south", &company);
        put.await.unwrap();
        Self {
            services,
            operator,
            _folder: folder,
        }
    }

    async fn south(&self) -> Scope {
        let scope = self
            .services
            .scope(&self.operator, Some("south"), Permission::Read);
        scope.await.unwrap()
    }
}

/// One credit every quarter of an hour for 60 days, and a clock somewhere in the day.
async fn level(now: &'static str) -> World {
    let at: Time = now.parse().unwrap();
    let world = World::new(at).await;
    let quarters = (0..).map(|number: i64| at.bucket().plus_micros(-number * BUCKET_US));
    let first = at.plus_micros(-60 * DAY_US);
    let events: Vec<_> = quarters
        .take_while(|time| *time >= first)
        .map(|time| {
            json!({
                "specversion": "1.0", "id": time.to_string(), "source": "test", "type": "creditscope.usage",
                "account": "south", "subject": "acme", "time": time.to_string(),
                "data": {"agent": "chat", "activity": "chat_reply", "credits": "1"}
            })
        })
        .collect();
    for batch in events.chunks(2_000) {
        let read = |event: &Value| serde_json::from_value::<Envelope>(event.clone()).unwrap();
        let batch = IngestBatch {
            events: batch.iter().map(read).collect(),
            account: None,
            age: AgeLimit::Lifted,
        };
        world.services.ingest(&world.operator, batch).await.unwrap();
    }
    world
}

#[rstest::rstest]
#[case::just_after_midnight("2026-11-23T00:05:00Z")]
#[case::in_the_morning("2026-11-23T08:00:01Z")]
#[case::just_before_midnight("2026-11-23T23:59:00Z")]
#[tokio::test]
async fn level_use_is_as_much_as_before_whatever_the_time_of_day(#[case] now: &'static str) {
    let world = level(now).await;
    let south = async || world.south().await;
    let today = (Some(now[..10].to_owned()), None);
    let named = ["7d", "28d", "30d"].map(|period| (None, Some(period.to_owned())));
    for (day, period) in named.into_iter().chain([today]) {
        let query = ViewQuery {
            period: period.clone(),
            from: day.clone(),
            to: day,
            ..ViewQuery::default()
        };
        let summary = world.services.summary(south().await, &query).await.unwrap();
        assert!(summary.coverage.is_complete());
        assert_eq!(summary.current, summary.previous, "{query:?}");
        let asked = ValueQuery {
            view: query.clone(),
            window: Window::Day,
        };
        let value = world.services.value(south().await, &asked).await.unwrap();
        assert_eq!(value.total.used, value.previous.used, "{query:?}");
        let asked = PlatformQuery {
            period: query,
            plans: Vec::new(),
            accounts: Vec::new(),
            window: Window::Day,
            by: PlatformBy::Account,
            compared: Comparison::Previous,
        };
        let found = world.services.platform_trends(&world.operator, &asked);
        let trends = found.await.unwrap().trends;
        // Kept by hour: at most an hour less is compared.
        let missing = trends.total.events - trends.previous.events;
        assert!(missing <= 4, "{missing} of {asked:?}");
    }
}

#[tokio::test]
async fn a_time_that_is_not_known_says_from_when_on_it_is() {
    let world = level("2026-11-23T08:00:01Z").await;
    let asked = TrendsQuery {
        view: ViewQuery {
            period: Some("90d".to_owned()),
            ..ViewQuery::default()
        },
        window: Window::Week,
        group_by: GroupBy::Agent,
    };
    let trends = world
        .services
        .trends(world.south().await, &asked)
        .await
        .unwrap();
    let first = "2026-09-24T08:15:00Z".parse().unwrap();
    assert_eq!(trends.coverage, Coverage::Since(first));
    assert!(trends.previous.events < trends.total.events);
}
