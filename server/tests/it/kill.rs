//! A server that is killed in the middle of its work has lost nothing it said it had, and done nothing twice.
//!
//! `KILLS` says how often it is killed, `CREDITSCOPE_BIN` which binary is.

pub mod client;
pub mod program;
mod purchases;
mod witness;

use std::{collections::BTreeMap, env, process::Command};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::json;
use tokio::task::JoinSet;

use client::Client;
use program::{ACCOUNT, Program};
use witness::{Ending, Witness};

/// How often the short form kills.
const KILLS: u32 = 3;
/// Tasks that report events, and as many that run calls.
const TASKS: u64 = 4;
/// A call that nobody renews ends after so many seconds.
const EXPIRES_IN_S: u32 = 4;

fn kills() -> u32 {
    env::var("KILLS").map_or(KILLS, |text| text.parse().unwrap())
}

pub fn seed() -> u64 {
    let seed = env::var("LEDGER_SEED").map_or(rand_seed(), |text| text.parse().unwrap());
    eprintln!("LEDGER_SEED={seed}");
    seed
}

fn rand_seed() -> u64 {
    StdRng::from_os_rng().random()
}

fn usage(id: &str, micro: i64) -> serde_json::Value {
    let credits = domain::Credits::from_micro(micro).to_string();
    json!({
        "specversion": "1.0", "id": id, "source": "kill", "type": "creditscope.usage", "subject": "acme-dental",
        "data": { "agent": "chat", "activity": "chat_reply", "credits": credits }
    })
}

/// Reports batches until the server does not answer any more.
async fn report(client: Client, witness: Witness, mut random: StdRng) {
    loop {
        let batch: BTreeMap<String, i64> = (0..random.random_range(1..20))
            .map(|_| (witness.new_id("event"), random.random_range(0..3_000_000)))
            .collect();
        witness.sends(&batch);
        if !send(&client, &batch).await {
            return;
        }
        witness.acknowledged(&batch);
    }
}

/// Whether the server answered; it must answer well.
async fn send(client: &Client, batch: &BTreeMap<String, i64>) -> bool {
    let events: Vec<_> = batch
        .iter()
        .map(|(id, credits)| usage(id, *credits))
        .collect();
    let events = serde_json::Value::from(events);
    match client.ask("POST", "/api/v1/events", &events).await {
        None => false,
        Some((status, body)) => {
            assert!((200..300).contains(&status), "{status} {body}");
            true
        }
    }
}

/// Runs calls: begins, renews a few times, and settles, gives up or abandons; until the server does not answer.
async fn call(client: Client, witness: Witness, mut random: StdRng) {
    loop {
        let id = witness.new_id("call");
        let body = json!({
            "id": id, "company": "acme-dental", "agent": "voice_inbound", "activity": "voice_call", "credits": "2",
            "expires_in_s": EXPIRES_IN_S
        });
        witness.begins(&id);
        let Some((status, body)) = client.ask("POST", "/api/v1/holds", &body).await else {
            return;
        };
        assert_eq!(status, 201, "{body}");
        witness.begun(&id);
        if run(&client, &witness, &id, &mut random).await.is_none() {
            return;
        }
    }
}

async fn run(client: &Client, witness: &Witness, id: &str, random: &mut StdRng) -> Option<()> {
    let path = format!("/api/v1/holds/{id}");
    let mut used = 0;
    for _ in 0..random.random_range(0..4) {
        used += random.random_range(0..1_000_000);
        let credits = domain::Credits::from_micro(used).to_string();
        witness.uses(id, used);
        let body = json!({ "used": credits, "expires_in_s": EXPIRES_IN_S });
        let (status, _) = client.ask("PATCH", &path, &body).await?;
        if status == 409 {
            // It had to wait for so long that the call ended by itself.
            return Some(());
        }
        assert_eq!(status, 200);
        witness.used(id, used);
    }
    match random.random_range(0..4) {
        // Abandoned.
        0 => Some(()),
        1 => {
            witness.ends(id, Ending::Released);
            let (status, _) = client.ask("DELETE", &path, &json!({})).await?;
            witness.ended(id, Ending::Released, status);
            Some(())
        }
        _ => {
            let cost = random.random_range(0..2_000_000);
            witness.ends(id, Ending::Settled(cost));
            let credits = domain::Credits::from_micro(cost).to_string();
            let body = json!({ "credits": credits });
            let settle = format!("{path}/settle");
            let (status, _) = client.ask("POST", &settle, &body).await?;
            witness.ended(id, Ending::Settled(cost), status);
            Some(())
        }
    }
}

/// Work by all tasks, until the server is killed in the middle of it.
async fn round(program: &mut Program, witness: &Witness, random: &mut StdRng) {
    let client = program.client();
    let mut tasks = JoinSet::new();
    // What was not acknowledged is sent again, while the others work already.
    let (again, resent) = (witness.unacknowledged(), (client.clone(), witness.clone()));
    tasks.spawn(async move {
        let (client, witness) = resent;
        if !again.is_empty() && send(&client, &again).await {
            witness.acknowledged(&again);
        }
    });
    for _ in 0..TASKS {
        let seeds = [random.random(), random.random()];
        let [reports, calls] = seeds.map(StdRng::seed_from_u64);
        tasks.spawn(report(client.clone(), witness.clone(), reports));
        tasks.spawn(call(client.clone(), witness.clone(), calls));
    }
    witness.wait_for(random.random_range(5..150)).await;
    program.kill();
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_killed_server_keeps_what_it_acknowledged_and_does_nothing_twice() {
    let (witness, mut random) = (Witness::default(), StdRng::seed_from_u64(seed()));
    let mut program = Program::provision().await;
    for number in 0..kills() {
        program.start();
        round(&mut program, &witness, &mut random).await;
        // Every other time the server itself finds the file as the kill left it.
        if number % 2 == 0 {
            witness.knows_all_holds(&program).await;
        }
    }
    program.start();
    let client = program.client();
    let again = witness.unacknowledged();
    assert!(again.is_empty() || send(&client, &again).await);
    witness.acknowledged(&again);
    all_have_ended(&client, witness.calls()).await;
    program.kill();
    witness.knows_all_holds(&program).await;
    witness.agrees(&program).await;
    let doctor = Command::new(program::binary())
        .args(["doctor", "--data-dir"])
        .arg(program.folder())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(doctor.status.success(), "{said}");
    eprintln!("{} kills, {witness}, doctor of {ACCOUNT}: {said}", kills());
}

/// Waits until every abandoned call has ended by itself: one that was read as running is read again.
async fn all_have_ended(client: &Client, calls: Vec<String>) {
    for id in calls {
        let path = format!("/api/v1/holds/{id}");
        loop {
            let (status, body) = client.ask("GET", &path, &json!(null)).await.unwrap();
            assert!(status == 200 || status == 404, "{status} {body}");
            if !body.contains(r#""state":"active""#) {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
}
