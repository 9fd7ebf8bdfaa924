//! What pages and the API answer equals plain SQL over the events, for random filters, zones and periods: a sum that
//! nobody prepared.

#![expect(clippy::unwrap_used, reason = "a test stops at the first failure")]

use std::{fmt::Write as _, sync::Arc};

use domain::{
    Agent, Credits, Time, TimeRange,
    calendar::{Comparison, Window},
    event::{AgeLimit, Envelope},
    filter::ViewQuery,
    lead::{LEAD_REACH_US, LeadKind},
    ledger::OveragePolicy,
    tenancy::{AccountKind, Plan},
    time::DAY_US,
    usage::Totals,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::{Value, json};
use service::{
    Caller, Clock, Permission, Scope, Services,
    ingest::IngestBatch,
    platform::{PlatformBy, PlatformQuery},
    ports::{GroupBy, PutAccount, PutCompany},
    trends::TrendsQuery,
    value::ValueQuery,
};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use storage::OpenOptions;

const NOW: &str = "2026-11-23T14:03:10Z";
const SEED: u64 = 20_261_127;
const EVENTS: i64 = 3_000;
const LEADS: i64 = 300;
const VIEWS: usize = 60;
const COMPANIES: [&str; 4] = ["acme", "bolt", "cafe", "dock"];
const ACTIVITIES: [&str; 3] = ["chat_reply", "voice_call", "report"];
const ZONES: [&str; 5] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
];
const COMPARED: [Comparison; 4] = [
    Comparison::Previous,
    Comparison::Week,
    Comparison::Year,
    Comparison::Nothing,
];
const WINDOWS: [Window; 3] = [Window::Day, Window::Week, Window::Month];

struct Still;

impl Clock for Still {
    fn now(&self) -> Time {
        NOW.parse().unwrap()
    }
}

struct World {
    services: Services,
    operator: Caller,
    sql: SqliteConnection,
    _folder: tempfile::TempDir,
}

/// One of several, and sometimes none of them.
fn some_of<T: Copy>(all: &[T], rng: &mut StdRng) -> Vec<T> {
    if rng.random_bool(0.4) {
        return Vec::new();
    }
    let chosen = all.iter().copied().filter(|_| rng.random_bool(0.5));
    chosen.collect()
}

impl World {
    async fn new(rng: &mut StdRng) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("figures.db").display());
        let store = storage::open(&url, &OpenOptions::default()).await.unwrap();
        let services = Services::start(Arc::clone(&store) as _, Arc::new(Still));
        let world = Self {
            services,
            operator: Caller::operator("test"),
            sql: SqliteConnection::connect(&url).await.unwrap(),
            _folder: folder,
        };
        world.provision().await;
        world.report(rng).await;
        world
    }

    async fn provision(&self) {
        let plan = Plan {
            key: "scale".to_owned(),
            name: "Scale".to_owned(),
            monthly_credits: Credits::from_whole(1_000).unwrap(),
            price: None,
            currency: None,
            rollover: None,
        };
        self.services.put_plan(&self.operator, plan).await.unwrap();
        for (key, zone) in [("north", "Australia/Lord_Howe"), ("south", "UTC")] {
            let account = PutAccount {
                key: key.to_owned(),
                name: key.to_owned(),
                kind: AccountKind::Agency,
                time_zone: zone.to_owned(),
                cycle_anchor: "2026-01-31T10:07:30.5Z".parse().unwrap(),
                plan: "scale".to_owned(),
                policy: OveragePolicy::Overage,
                auto_refund: domain::Credits::ZERO,
            };
            let put = self.services.put_account(&self.operator, account);
            put.await.unwrap();
            for company in COMPANIES {
                let company = PutCompany::named(company, company);
                let put = self.services.put_company(&self.operator, key, &company);
                put.await.unwrap();
            }
        }
    }

    async fn report(&self, rng: &mut StdRng) {
        let now: Time = NOW.parse().unwrap();
        let mut events = Vec::new();
        for number in 0..EVENTS + LEADS {
            let back_us = if rng.random_bool(0.2) {
                // On the edge of a quarter of an hour.
                rng.random_range(0..9_600) * 900_000_000
            } else {
                rng.random_range(0..100 * DAY_US)
            };
            let agent = *Agent::ALL.choose(rng).unwrap();
            let reference = rng
                .random_bool(0.7)
                .then(|| format!("conv_{}", rng.random_range(0..900)));
            let (kind, data) = if number < EVENTS {
                let credits = Credits::from_micro(rng.random_range(0..9_000_000));
                let activity = ACTIVITIES.choose(rng).unwrap();
                (
                    "creditscope.usage",
                    json!({"agent": agent, "activity": activity, "credits": credits, "reference": reference}),
                )
            } else {
                let lead = LeadKind::ALL.choose(rng).unwrap();
                let value = Credits::from_micro(rng.random_range(0..9_000_000));
                (
                    "creditscope.lead",
                    json!({"agent": agent, "kind": lead, "value": value, "currency": "EUR", "reference": reference}),
                )
            };
            let event = json!({
                "specversion": "1.0", "id": number.to_string(), "source": "test", "type": kind,
                "account": if rng.random_bool(0.8) { "north" } else { "south" },
                "subject": COMPANIES.choose(rng).unwrap(), "time": now.plus_micros(-back_us).to_string(), "data": data
            });
            events.push(event);
        }
        for batch in events.chunks(500) {
            let read = |event: &Value| serde_json::from_value::<Envelope>(event.clone()).unwrap();
            let batch = IngestBatch {
                events: batch.iter().map(read).collect(),
                account: None,
                age: AgeLimit::Lifted,
            };
            self.services.ingest(&self.operator, batch).await.unwrap();
        }
        let north = self
            .services
            .scope(&self.operator, Some("north"), Permission::Bill);
        let north = north.await.unwrap();
        let mut reversed = 0;
        for number in (0..EVENTS).step_by(37) {
            // Those of the other account are not found.
            let id = number.to_string();
            let done = self.services.reverse(&north, "test", &id, None, "a test");
            reversed += usize::from(done.await.is_ok());
        }
        assert!(reversed > 40, "{reversed}");
    }

    async fn north(&self) -> Scope {
        let scope = self
            .services
            .scope(&self.operator, Some("north"), Permission::Read);
        scope.await.unwrap()
    }

    /// Credits and events of a condition, from the events alone.
    async fn usage(&mut self, range: TimeRange, condition: &str) -> Totals {
        let sql = format!(
            "SELECT coalesce(sum(e.credits), 0), coalesce(sum(e.credits >= 0), 0) FROM events AS e
            JOIN accounts AS a ON a.account_id = e.account_id
            JOIN companies AS c ON c.company_id = e.company_id
            JOIN names AS n ON n.account_id = e.account_id AND n.number = e.activity
            WHERE e.time >= {} AND e.time < {} AND {condition}",
            range.start.micros(),
            range.end.micros()
        );
        let row: (i64, i64) = sqlx::query_as(AssertSqlSafe(sql))
            .fetch_one(&mut self.sql)
            .await
            .unwrap();
        Totals {
            credits: Credits::from_micro(row.0),
            events: u64::try_from(row.1).unwrap(),
        }
    }

    /// Chats by conversation: all of them, and those without a lead near any of their replies.
    async fn chats(&mut self, range: TimeRange, condition: &str) -> [Totals; 2] {
        let sql = format!(
            "WITH replies AS (
                SELECT e.company_id, e.reference, e.credits, e.credits >= 0 AS is_reply, EXISTS (
                    SELECT 1 FROM leads AS l WHERE l.account_id = e.account_id AND l.company_id = e.company_id
                        AND l.reference = e.reference AND abs(l.time - e.time) <= {LEAD_REACH_US}
                ) AS has_lead
                FROM events AS e
                JOIN accounts AS a ON a.account_id = e.account_id
                JOIN companies AS c ON c.company_id = e.company_id
                WHERE e.agent = 0 AND e.time >= {} AND e.time < {} AND {condition}
            ), chats AS (
                SELECT sum(credits) AS credits, max(is_reply) AS is_chat, max(has_lead) AS has_lead
                FROM replies WHERE reference IS NOT NULL GROUP BY company_id, reference
            )
            SELECT
                (SELECT coalesce(sum(credits), 0) FROM replies),
                (SELECT coalesce(sum(is_chat), 0) FROM chats)
                    + (SELECT coalesce(sum(is_reply), 0) FROM replies WHERE reference IS NULL),
                (SELECT coalesce(sum(credits), 0) FROM chats WHERE NOT has_lead),
                (SELECT coalesce(sum(is_chat), 0) FROM chats WHERE NOT has_lead)",
            range.start.micros(),
            range.end.micros()
        );
        let row: (i64, i64, i64, i64) = sqlx::query_as(AssertSqlSafe(sql))
            .fetch_one(&mut self.sql)
            .await
            .unwrap();
        [(row.0, row.1), (row.2, row.3)].map(|(credits, events)| Totals {
            credits: Credits::from_micro(credits),
            events: u64::try_from(events).unwrap(),
        })
    }

    /// How many leads of each kind, and what they are worth.
    async fn leads(&mut self, range: TimeRange, condition: &str) -> ([u64; 3], i128) {
        let sql = format!(
            "SELECT coalesce(sum(e.kind = 0), 0), coalesce(sum(e.kind = 1), 0), coalesce(sum(e.kind = 2), 0),
                coalesce(sum(e.amount), 0)
            FROM leads AS e
            JOIN accounts AS a ON a.account_id = e.account_id
            JOIN companies AS c ON c.company_id = e.company_id
            WHERE e.time >= {} AND e.time < {} AND {condition}",
            range.start.micros(),
            range.end.micros()
        );
        let row: (i64, i64, i64, i64) = sqlx::query_as(AssertSqlSafe(sql))
            .fetch_one(&mut self.sql)
            .await
            .unwrap();
        let counts = [row.0, row.1, row.2].map(|count| u64::try_from(count).unwrap());
        (counts, i128::from(row.3))
    }
}

/// A view that a URL can ask for, and the same as SQL.
fn view(rng: &mut StdRng, of_leads: bool) -> (ViewQuery, String) {
    let companies = some_of(&COMPANIES, rng);
    let agents = some_of(&Agent::ALL, rng);
    let activities = if of_leads {
        Vec::new()
    } else {
        some_of(&ACTIVITIES, rng)
    };
    let mut condition = "a.key = 'north'".to_owned();
    let quoted = |names: &[&str]| format!("'{}'", names.join("', '"));
    if !companies.is_empty() {
        write!(condition, " AND c.key IN ({})", quoted(&companies)).unwrap();
    }
    if !agents.is_empty() {
        let numbers: Vec<_> = agents
            .iter()
            .map(|agent| agent.index().to_string())
            .collect();
        write!(condition, " AND e.agent IN ({})", numbers.join(", ")).unwrap();
    }
    if !activities.is_empty() {
        write!(condition, " AND n.name IN ({})", quoted(&activities)).unwrap();
    }
    let now: Time = NOW.parse().unwrap();
    let (period, from, to) = if rng.random_bool(0.3) {
        let names = ["this_cycle", "last_cycle", "7d", "28d", "30d", "90d"];
        (Some((*names.choose(rng).unwrap()).to_owned()), None, None)
    } else {
        // Some run, some are over, some have not begun.
        let start = now.plus_micros(-rng.random_range(-DAY_US..100 * DAY_US));
        let end = start.plus_micros(rng.random_range(1..60 * DAY_US));
        (None, Some(start.to_string()), Some(end.to_string()))
    };
    let tz = ZONES.choose(rng).filter(|_| rng.random_bool(0.6));
    let query = ViewQuery {
        companies: companies.into_iter().map(str::to_owned).collect(),
        activities: activities.into_iter().map(str::to_owned).collect(),
        tz: tz.map(|zone| (*zone).to_owned()),
        agents,
        period,
        from,
        to,
        ..ViewQuery::default()
    };
    (query, condition)
}

#[tokio::test]
async fn summary_and_trends_are_what_plain_sql_adds_up() {
    println!("seed {SEED}");
    let mut rng = StdRng::seed_from_u64(SEED);
    let mut world = World::new(&mut rng).await;
    for _ in 0..VIEWS {
        let (query, condition) = view(&mut rng, false);
        let summary = world.services.summary(world.north().await, &query);
        let summary = summary.await.unwrap();
        assert_eq!(
            summary.current,
            world.usage(summary.range, &condition).await,
            "{query:?}"
        );
        assert_eq!(
            summary.previous,
            world.usage(summary.previous_range, &condition).await,
            "{query:?}"
        );
        for (agent, now, _) in &summary.agents {
            let of_agent = format!("{condition} AND e.agent = {}", agent.index());
            assert_eq!(
                *now,
                world.usage(summary.range, &of_agent).await,
                "{query:?}"
            );
        }
        let asked = TrendsQuery {
            view: ViewQuery {
                against: Some(*COMPARED.choose(&mut rng).unwrap()),
                ..query.clone()
            },
            window: *WINDOWS.choose(&mut rng).unwrap(),
            group_by: GroupBy::Company,
        };
        let trends = world.services.trends(world.north().await, &asked);
        let trends = trends.await.unwrap();
        assert_eq!(trends.total, summary.current);
        let before = world.usage(trends.previous_range, &condition).await;
        assert_eq!(trends.previous, before, "{asked:?}");
        for group in &trends.groups {
            let key = group.key.as_deref().unwrap();
            let of_company = format!("{condition} AND c.key = '{key}'");
            for (window, point) in trends.windows.iter().zip(&group.points) {
                let shown = window.within(trends.range);
                assert_eq!(*point, world.usage(shown, &of_company).await, "{asked:?}");
            }
        }
    }
}

#[tokio::test]
async fn value_is_what_plain_sql_adds_up() {
    let mut rng = StdRng::seed_from_u64(SEED + 1);
    let mut world = World::new(&mut rng).await;
    for _ in 0..VIEWS {
        let (query, condition) = view(&mut rng, true);
        let asked = ValueQuery {
            view: query,
            window: *WINDOWS.choose(&mut rng).unwrap(),
        };
        let value = world.services.value(world.north().await, &asked);
        let value = value.await.unwrap();
        for (range, gain) in [
            (value.range, &value.total),
            (value.previous_range, &value.previous),
        ] {
            assert_eq!(gain.used, world.usage(range, &condition).await, "{asked:?}");
            let (counts, worth) = world.leads(range, &condition).await;
            assert_eq!(gain.leads, counts, "{asked:?}");
            let found = gain.worth_micro.get("EUR").copied().unwrap_or(0);
            assert_eq!(found, worth, "{asked:?}");
        }
        let [chats, without] = world.chats(value.range, &condition).await;
        assert_eq!(value.wasted.chats, chats, "{asked:?}");
        assert_eq!(value.wasted.chats_without_lead, Some(without), "{asked:?}");
        for part in &value.companies {
            let of_company = format!("{condition} AND c.key = '{}'", part.key);
            let (counts, _) = world.leads(value.range, &of_company).await;
            assert_eq!(part.gain.leads, counts, "{asked:?}");
        }
        for (window, gain) in &value.windows {
            let shown = window.within(value.range);
            assert_eq!(gain.used, world.usage(shown, &condition).await, "{asked:?}");
            let (counts, _) = world.leads(shown, &condition).await;
            assert_eq!(gain.leads, counts, "{asked:?}");
        }
    }
}

#[tokio::test]
async fn platform_trends_are_what_plain_sql_adds_up() {
    let mut rng = StdRng::seed_from_u64(SEED + 2);
    let mut world = World::new(&mut rng).await;
    for _ in 0..VIEWS / 2 {
        let period = *["7d", "28d", "30d", "90d"].choose(&mut rng).unwrap();
        let asked = PlatformQuery {
            period: ViewQuery {
                period: Some(period.to_owned()),
                ..ViewQuery::default()
            },
            plans: Vec::new(),
            accounts: Vec::new(),
            window: *WINDOWS.choose(&mut rng).unwrap(),
            by: *[PlatformBy::Agent, PlatformBy::Account]
                .choose(&mut rng)
                .unwrap(),
            compared: *COMPARED.choose(&mut rng).unwrap(),
        };
        let found = world.services.platform_trends(&world.operator, &asked);
        let found = found.await.unwrap();
        let trends = found.trends;
        assert_eq!(
            trends.total,
            world.usage(trends.range, "1").await,
            "{asked:?}"
        );
        assert_eq!(
            trends.previous,
            world.usage(trends.previous_range, "1").await
        );
        for account in &found.largest {
            let condition = format!("a.key = '{}'", account.key);
            let before = world.usage(trends.previous_range, &condition).await;
            assert_eq!(account.before, before, "{asked:?}");
        }
        for group in &trends.groups {
            let key = group.key.as_deref().unwrap();
            let condition = match asked.by {
                PlatformBy::Account => format!("a.key = '{key}'"),
                _ => format!("e.agent = {}", key.parse::<Agent>().unwrap().index()),
            };
            let before = world.usage(trends.previous_range, &condition).await;
            assert_eq!(group.previous, before, "{asked:?}");
            for (window, point) in trends.windows.iter().zip(&group.points) {
                let shown = window.within(trends.range);
                assert_eq!(*point, world.usage(shown, &condition).await, "{asked:?}");
            }
        }
    }
}
