//! Every earlier schema is brought up to this one, and what is in it goes on agreeing.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use domain::{
    Agent, Credits, Time, TimeRange,
    ledger::{Dispute, DisputeState, Verdict},
};
use service::ports::{
    AccountAct, Act, BooksNeeds, Expected, Grain, GroupBy, NewEvent, PutCompany, Selection, Write,
    Written,
};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, SqliteConnection, migrate::Migrator,
    sqlite::SqliteConnectOptions,
};
use storage::{Database, OpenOptions};

use super::{
    backend::Sqlite,
    world::{NOW, World},
};

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");

/// The first schema with usage in it.
const USAGE: i64 = 3;

pub(super) fn url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

pub(super) async fn run(connection: &mut SqliteConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await
        .unwrap();
}

pub(super) async fn names(connection: &mut SqliteConnection, sql: String) -> BTreeSet<String> {
    let found: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_all(connection)
        .await
        .unwrap();
    found.into_iter().collect()
}

/// A new database with the schema of an earlier version, which no foreign key keeps from being filled in any order.
async fn of_schema(version: i64, path: &Path) -> SqliteConnection {
    let mut connection = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .foreign_keys(false)
        .connect()
        .await
        .unwrap();
    MIGRATIONS
        .run_direct(Some(version), &mut connection, false)
        .await
        .unwrap();
    connection
}

/// Rows that a program of an earlier schema left, opened by this one.
async fn opened_with(version: i64, rows: &str, folder: &Path) -> Arc<dyn Database> {
    let path = folder.join("old.db");
    let mut connection = of_schema(version, &path).await;
    run(&mut connection, rows.to_owned()).await;
    connection.close().await.unwrap();
    storage::open(&url(&path), &OpenOptions::default())
        .await
        .unwrap()
}

/// What an earlier program would have left of the same use: the tables and columns that it knew.
pub(super) async fn as_left_by(version: i64, now: &Path, then: &Path) {
    let mut connection = of_schema(version, then).await;
    run(
        &mut connection,
        format!("ATTACH '{}' AS now", now.display()),
    )
    .await;
    // What is there no more held nothing of this use.
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%sqlx%'
        AND name IN (SELECT name FROM now.sqlite_schema)";
    for table in names(&mut connection, tables.to_owned()).await {
        let columns = names(
            &mut connection,
            format!("SELECT name FROM pragma_table_info('{table}')"),
        )
        .await;
        let columns: Vec<_> = columns.into_iter().collect();
        let columns = columns.join(", ");
        let copy = format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM now.{table}");
        run(&mut connection, copy).await;
    }
    connection.close().await.unwrap();
}

/// Usage of this cycle and the one before, of two agents of two companies.
async fn used(world: &World) {
    let event = |number: i64| {
        let days_back = number % 40;
        let time = NOW.plus_micros(-days_back * 86_400_000_000);
        NewEvent {
            company: world.companies[usize::try_from(number % 2).unwrap()],
            agent: [Agent::Chat, Agent::VoiceInbound][usize::try_from(number % 3 / 2).unwrap()],
            reference: Some(format!(
                "{} {number}",
                ["call", "CAF\u{C9}", "caf\u{65}\u{301}"][usize::try_from(number % 3).unwrap()]
            )),
            ..world.event_at(number, time)
        }
    };
    world.add((1..200).map(event).collect()).await;
}

/// What the companies spent in the running cycle, as their budgets count it.
async fn spent(store: &dyn Database, world: &World) -> BTreeMap<i64, Credits> {
    let needs = BooksNeeds {
        companies: world.companies.clone(),
        ..BooksNeeds::default()
    };
    let mut snapshot = store.snapshot().await.unwrap();
    let needs = BTreeMap::from([(world.account.id, needs)]);
    let books = snapshot.books(&needs, NOW).await.unwrap();
    let limits = books[0].limits.iter();
    limits
        .map(|(company, limits)| {
            let used = limits.used.values();
            let sum = used.fold(Credits::ZERO, |sum, one| sum.saturating_add(*one));
            (company.0, sum)
        })
        .collect()
}

/// How many events are found by the beginning of their reference.
async fn found(store: &dyn Database, world: &World, typed: &str) -> u64 {
    let selection = Selection {
        reference_prefix: Some(typed.to_owned()),
        ..Selection::default()
    };
    let mut snapshot = store.snapshot().await.unwrap();
    let all = TimeRange::new(Time::MIN, Time::MAX);
    let cells = snapshot
        .cells(
            world.account.id,
            &selection,
            all,
            Grain::Event,
            GroupBy::All,
        )
        .await
        .unwrap();
    cells.iter().map(|cell| cell.totals.events).sum()
}

/// What an earlier program stored is found as if this one had.
async fn finds_what_was_stored(store: &dyn Database, world: &World, version: i64) {
    for (typed, events) in [("CALL 1", 36), ("caf\u{E9}", 133), ("cafe", 0)] {
        assert_eq!(
            found(store, world, typed).await,
            events,
            "{version} {typed}"
        );
    }
    let account = world.account.id;
    let companies = store.companies(account, None, Some("ZO\u{CB}"), None, 9);
    assert_eq!(companies.await.unwrap().len(), 1, "{version}");
    let accounts = store.accounts(Some("NORTH"), None, 9);
    assert_eq!(accounts.await.unwrap().len(), 1, "{version}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_earlier_schema_is_brought_up_to_this_one_and_its_books_agree() {
    let backend = Sqlite::start();
    let world = World::new(Arc::clone(&backend)).await;
    used(&world).await;
    let named = PutCompany::named("acme", "Zoe\u{308} Dental");
    let account = world.account.id;
    world
        .store
        .put_company(account, &named, &Expected::Any, 10_000, NOW)
        .await
        .unwrap();
    let budgets = "UPDATE companies SET budget = 1000000000";
    backend.meddle(budgets).await.unwrap();
    let right = spent(&*world.store, &world).await;
    assert_eq!(right.len(), 3);
    assert!(right.values().any(|credits| *credits > Credits::ZERO));
    let newest = MIGRATIONS.iter().map(|one| one.version).max().unwrap();
    for version in 1..newest {
        let old = backend.backup_path(&format!("schema-{version}.db"));
        as_left_by(version, &backend.backup_path("test.db"), &old).await;
        let store = storage::open(&url(&old), &OpenOptions::default())
            .await
            .unwrap();
        assert_eq!(
            store.doctor().await.unwrap().differences,
            [""; 0],
            "{version}"
        );
        if version < USAGE {
            continue;
        }
        finds_what_was_stored(&*store, &world, version).await;
        let unchangeable = sqlx::query("UPDATE events SET reference_folded = ''")
            .execute(&mut SqliteConnection::connect(&url(&old)).await.unwrap())
            .await;
        assert!(unchangeable.is_err(), "{version}");
        drop(store);
        let mut connection = SqliteConnection::connect(&url(&old)).await.unwrap();
        run(&mut connection, budgets.to_owned()).await;
        connection.close().await.unwrap();
        let store = storage::open(&url(&old), &OpenOptions::default())
            .await
            .unwrap();
        assert_eq!(spent(&*store, &world).await, right, "{version}");
    }
}

/// A request that was approved as an earlier program did it: it kept no amount.
async fn refunded(world: &World) {
    let dispute = Dispute {
        id: "request".to_owned(),
        source: "gateway".to_owned(),
        event: "event-1".to_owned(),
        company: world.companies[0],
        credits: None,
        reason: "call was cut".to_owned(),
        actor: "client@acme.example".to_owned(),
        is_of_client: false,
        created_at: NOW,
        support: None,
        state: DisputeState::Open,
        refunded: None,
        decision_reason: None,
        decided_by: None,
        decided_at: None,
    };
    let verdict = Verdict::Approve { credits: None };
    let acts = [
        Act::Dispute {
            dispute: Box::new(dispute),
            reversal: "no-reversal".to_owned(),
        },
        Act::DecideDispute {
            id: "request".to_owned(),
            verdict,
            reason: None,
            reversal: "reversal".to_owned(),
        },
    ];
    for (act, actor) in acts.into_iter().zip(["client@acme.example", "otto"]) {
        let (account, actor) = (world.account.id, actor.to_owned());
        let write = Write::Act(AccountAct {
            account,
            actor,
            act,
        });
        let written = world.store.commit(&[write], NOW).await.unwrap();
        assert!(matches!(written[..], [Written::Act(Ok(_))]), "{written:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_earlier_program_refunded_is_known_after_the_upgrade() {
    const DISPUTES: i64 = 7;
    let backend = Sqlite::start();
    let world = World::new(Arc::clone(&backend)).await;
    world.add(vec![world.event(1)]).await;
    refunded(&world).await;
    let newest = MIGRATIONS.iter().map(|one| one.version).max().unwrap();
    for version in DISPUTES..newest {
        let old = backend.backup_path(&format!("refunds-{version}.db"));
        as_left_by(version, &backend.backup_path("test.db"), &old).await;
        let store = storage::open(&url(&old), &OpenOptions::default())
            .await
            .unwrap();
        let disputes = store
            .disputes_of(world.account.id, "gateway", "event-1")
            .await
            .unwrap();
        assert_eq!(
            disputes[0].refunded,
            Some(Credits::from_micro(1_500_000)),
            "{version}"
        );
    }
}

/// The schema in which an alert knew the level it was told at, and no threshold besides.
const LEVELS: i64 = 15;

/// A rule at 75, 90 and 100 % that told 90 and lasts; one that told, and is over since a pack was bought; one on an
/// amount; and one of a rule that is gone.
const TOLD: &str = r#"
    INSERT INTO alert_rules (account_id, key, condition, by_mail, by_webhook) VALUES
        (1, 'used', '{"kind":"used_percent","levels":[75,90,100]}', 1, 1),
        (1, 'pack', '{"kind":"used_percent","levels":[75,90,100]}', 1, 1),
        (1, 'left', '{"kind":"remaining","credits":"12.5"}', 1, 1);
    INSERT INTO alerts (account_id, rule, kind, subject, epoch, level, observed, measure, fired_at, recovered_at,
        settled_level, settled_measure) VALUES
        (1, 'used', 'used_percent', '', 0, 90, 95, 100, 1, NULL, NULL, NULL),
        (1, 'pack', 'used_percent', '', 0, 90, 95, 100, 1, 2, 75, 130),
        (1, 'left', 'remaining', '', 0, 1, 5, 100, 1, NULL, NULL, NULL),
        (1, 'gone', 'remaining', '', 0, 1, 5, 100, 1, NULL, NULL, NULL);
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alerts_of_an_earlier_program_know_what_they_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened_with(LEVELS, TOLD, folder.path()).await;
    let alerts = store.latest_alerts(domain::AccountId(1)).await.unwrap();
    let told: Vec<_> = alerts
        .iter()
        .map(|alert| {
            let crossings = alert.crossings.iter();
            let crossings: Vec<_> = crossings
                .map(|(mark, limit)| (mark.0, limit.micro()))
                .collect();
            let mark = alert.reading.mark.0;
            (alert.rule.as_str(), alert.lasts(), mark, crossings)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("used", true, 90, vec![(75, 100), (90, 100)]),
            ("pack", false, 90, vec![(75, 130)]),
            ("left", true, 12_500_000, vec![(12_500_000, 100)]),
            ("gone", true, 0, vec![(0, 100)]),
        ]
    );
    let watched = store.accounts_with_rules().await.unwrap();
    assert_eq!(watched, [domain::AccountId(1)]);
}

/// The schema in which nobody knew whether an address is somebody's own.
const UNPROVED: i64 = 39;

/// Staff, somebody the operator made, somebody who chose a password by a link in their mailbox, somebody who moved to
/// another address, somebody who accepted an invitation, one of these whom a provider vouched for later, and somebody
/// who never came but by the provider.
const PEOPLE: &str = "
    INSERT INTO users (user_id, email, name, password_hash, platform_role, created_at, updated_at) VALUES
        (1, 'staff@example.com', 'S', 'h', 'operator', 1, 1), (2, 'made@example.com', 'M', 'h', NULL, 1, 1),
        (3, 'reset@example.com', 'R', 'h', NULL, 1, 1), (4, 'moved@example.com', 'N', 'h', NULL, 1, 1),
        (5, 'joined@example.com', 'J', 'h', NULL, 1, 1), (6, 'linked@example.com', 'L', 'h', NULL, 1, 1),
        (7, 'sso@example.com', 'P', '', NULL, 1, 1);
    INSERT INTO identities (issuer, subject, user_id, created_at) VALUES ('i', '6', 6, 1), ('i', '7', 7, 1);
    INSERT INTO former_emails (user_id, email, changed_at) VALUES (4, 'before@example.com', 1);
    INSERT INTO audit (at, actor, action, target, detail) VALUES
        (1, 'cli', 'user.put', 'made@example.com', ''), (1, 'x', 'password.reset', 'reset@example.com', ''),
        (1, 'x', 'member.joined', 'joined@example.com', '');
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_an_address_is_follows_from_what_was_recorded() {
    use service::ports::EmailProof::{Mail, Operator, SignOn};
    let folder = tempfile::tempdir().unwrap();
    let store = opened_with(UNPROVED, PEOPLE, folder.path()).await;
    let people = store.users(None, 10).await.unwrap();
    let proofs: Vec<_> = people
        .iter()
        .map(|one| (&*one.name, one.email_proof))
        .collect();
    assert_eq!(
        proofs,
        [
            ("J", None),
            ("L", None),
            ("M", Some(Operator)),
            ("N", Some(Mail)),
            ("R", Some(Mail)),
            ("P", Some(SignOn)),
            ("S", Some(Operator))
        ]
    );
}
