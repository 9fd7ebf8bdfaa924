//! A request with a key is done once, however often its client hangs up and its server is killed.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::ledger::GrantKind;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::json;
use service::{Caller, Permission};
use tokio::task::JoinSet;

use super::{
    client::Client,
    kills,
    program::{ACCOUNT, Program},
    seed,
};

/// Clients that buy at the same time.
const BUYERS: u32 = 6;
/// Purchases that are answered before each kill.
const ANSWERED: usize = 20;
/// A client hangs up within so many microseconds.
const HANGS_UP_US: u64 = 8_000;

/// The answer to each key; none while there is none.
#[derive(Clone, Default)]
struct Purchases(Arc<Mutex<BTreeMap<String, Option<String>>>>);

impl Purchases {
    /// A key that nobody used.
    fn begin(&self) -> String {
        let mut all = self.0.lock().unwrap();
        let key = format!("purchase-{}", all.len());
        all.insert(key.clone(), None);
        key
    }

    /// Notes an answer: a key is always answered alike.
    fn answered(&self, key: &str, answer: &str) {
        let before = self
            .0
            .lock()
            .unwrap()
            .insert(key.to_owned(), Some(answer.to_owned()));
        if let Some(before) = before.flatten() {
            assert_eq!(before, answer, "{key}");
        }
    }

    fn keys(&self) -> Vec<String> {
        self.0.lock().unwrap().keys().cloned().collect()
    }

    fn count_answered(&self) -> usize {
        self.0.lock().unwrap().values().flatten().count()
    }
}

/// Sends a purchase until it is answered; nothing when the server goes away.
async fn buy(client: &Client, key: &str) -> Option<String> {
    let path = format!("/api/v1/accounts/{ACCOUNT}/packs");
    loop {
        let body = json!({ "pack": "boost" });
        match client.ask_once("POST", &path, key, &body).await? {
            (201, answer) => return Some(answer),
            // What the client did not wait for still runs.
            (409, _) => tokio::task::yield_now().await,
            (status, answer) => panic!("{status} {answer}"),
        }
    }
}

/// Buys until the server does not answer; hangs up before the answer every other time.
async fn buyer(client: Client, purchases: Purchases, mut random: StdRng) {
    loop {
        let key = purchases.begin();
        if random.random() {
            let patience = Duration::from_micros(random.random_range(0..HANGS_UP_US));
            let _ = tokio::time::timeout(patience, buy(&client, &key)).await;
        }
        let Some(answer) = buy(&client, &key).await else {
            return;
        };
        purchases.answered(&key, &answer);
    }
}

async fn packs(program: &Program) -> usize {
    let beside = program.beside().await;
    let operator = Caller::operator("test");
    let scope = beside
        .services
        .scope(&operator, Some(ACCOUNT), Permission::Read);
    let grants = beside.services.grants(&scope.await.unwrap()).await.unwrap();
    beside.close().await;
    let packs = grants.iter().filter(|grant| grant.kind == GrantKind::Pack);
    packs.count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_killed_server_does_a_request_with_a_key_once() {
    let (purchases, mut random) = (Purchases::default(), StdRng::seed_from_u64(seed()));
    let mut program = Program::provision().await;
    for _ in 0..kills() {
        program.start();
        let mut buyers = JoinSet::new();
        for _ in 0..BUYERS {
            let random = StdRng::seed_from_u64(random.random());
            buyers.spawn(buyer(program.platform(), purchases.clone(), random));
        }
        let enough = purchases.count_answered() + random.random_range(1..ANSWERED);
        while purchases.count_answered() < enough {
            tokio::task::yield_now().await;
        }
        program.kill();
        while let Some(buyer) = buyers.join_next().await {
            buyer.unwrap();
        }
    }
    program.start();
    let keys = purchases.keys();
    for key in &keys {
        let answer = buy(&program.platform(), key).await.unwrap();
        purchases.answered(key, &answer);
    }
    program.kill();
    assert_eq!(packs(&program).await, keys.len());
    eprintln!(
        "{} kills, {} purchases, each done once",
        kills(),
        keys.len()
    );
}
