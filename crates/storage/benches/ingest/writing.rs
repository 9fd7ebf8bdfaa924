//! Events stored a second, beside a peer that does less: single-row INSERTs of the same rows with SQLite's own
//! interface, two indices, no duplicates looked for, no totals kept.

use std::time::Instant;

use crate::platform::{Ids, NOW, Platform, Times};
use rusqlite::params;
use service::ports::NewEvent;

pub async fn run() {
    println!("{:<44}{:>14}{:>14}", "", "ours", "peer");
    for (batch, batches) in [(10_000, 20), (1_000, 60)] {
        for ids in [Ids::Ordered, Ids::Random] {
            compare(batch, batches, ids, 50).await;
        }
    }
    compare(10_000, 10, Ids::Ordered, 1_250).await;
    singles(64).await;
    singles(1).await;
    again().await;
}

/// Batches of one size, one transaction each.
async fn compare(batch: usize, batches: usize, ids: Ids, companies: usize) {
    let mut platform = Platform::new(4, companies).await;
    let mut peer = Peer::new(&platform);
    let (mut ours, mut theirs) = (Times::default(), Times::default());
    for number in 0..batches {
        let first = NOW.plus_micros(i64::try_from(number * batch).unwrap() * 10_000);
        let group = [platform.events(batch, ids, first, 10_000)];
        let start = Instant::now();
        platform.store.commit_events(&group, NOW).await.unwrap();
        ours.add(start);
        let start = Instant::now();
        peer.insert(&group[0]);
        theirs.add(start);
    }
    let rate = |times: &Times| {
        format!(
            "{:.0}/s",
            f64::from(u32::try_from(batch * batches).unwrap()) / times.total().as_secs_f64()
        )
    };
    let what = format!(
        "{batch} a transaction, {ids:?} ids, {} companies",
        companies * 4
    );
    println!("{what:<44}{:>14}{:>14}", rate(&ours), rate(&theirs));
    println!("{:<44}{}", "", ours.line());
}

/// Groups of requests with one event each.
async fn singles(requests: usize) {
    let mut platform = Platform::new(4, 50).await;
    let mut peer = Peer::new(&platform);
    let (mut ours, mut theirs) = (Times::default(), Times::default());
    for number in 0..300 {
        let first = NOW.plus_micros(number * 640_000);
        let events = platform.events(requests, Ids::Ordered, first, 10_000);
        let group: Vec<_> = events.iter().map(|event| vec![event.clone()]).collect();
        let start = Instant::now();
        platform.store.commit_events(&group, NOW).await.unwrap();
        ours.add(start);
        let start = Instant::now();
        peer.insert(&events);
        theirs.add(start);
    }
    println!(
        "{:<44}{}",
        format!("group of {requests} single posts, ours"),
        ours.line()
    );
    println!("{:<44}{}", "peer", theirs.line());
}

/// A retried batch, whole and in part.
async fn again() {
    let mut platform = Platform::new(4, 50).await;
    let known = platform.events(10_000, Ids::Ordered, NOW, 10_000);
    platform
        .store
        .commit_events(std::slice::from_ref(&known), NOW)
        .await
        .unwrap();
    let mut half = known[..5_000].to_vec();
    half.extend(platform.events(5_000, Ids::Ordered, NOW, 10_000));
    for (what, batch) in [
        ("10000 known events again", known),
        ("10000 events, half of them known", half),
    ] {
        let mut times = Times::default();
        let group = [batch];
        let start = Instant::now();
        platform.store.commit_events(&group, NOW).await.unwrap();
        times.add(start);
        println!("{what:<44}{}", times.line());
    }
}

/// The same SQLite with the same durability.
struct Peer(rusqlite::Connection);

impl Peer {
    fn new(platform: &Platform) -> Self {
        let connection =
            rusqlite::Connection::open(platform.folder.path().join("peer.db")).unwrap();
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;
                CREATE TABLE events (seq INTEGER PRIMARY KEY, account_id INTEGER, source TEXT, id TEXT, kind TEXT,
                    company_id INTEGER, time INTEGER, recorded_at INTEGER, agent INTEGER, activity TEXT,
                    credits INTEGER, reference TEXT, metadata TEXT) STRICT;
                CREATE UNIQUE INDEX events_identity ON events (account_id, source, id);
                CREATE INDEX events_log ON events (account_id, time, seq);",
            )
            .unwrap();
        Self(connection)
    }

    fn insert(&mut self, events: &[NewEvent]) {
        let transaction = self.0.transaction().unwrap();
        let mut statement = transaction
            .prepare_cached(
                "INSERT INTO events (account_id, source, id, kind, company_id, time, recorded_at, agent, activity,
                credits, reference, metadata) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )
            .unwrap();
        for event in events {
            let row = params![
                event.account.0,
                event.source,
                event.id,
                event.kind,
                event.company.0,
                event.time.micros(),
                NOW.micros(),
                event.agent.index(),
                event.activity,
                event.credits.micro(),
                event.reference,
                event.metadata,
            ];
            statement.execute(row).unwrap();
        }
        drop(statement);
        transaction.commit().unwrap();
    }
}
