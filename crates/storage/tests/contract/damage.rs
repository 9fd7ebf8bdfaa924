//! Files in which bytes were changed: what SQLite tells is told, and no figure is wrong where all is said to agree.
//!
//! `DAMAGES` says how many files, `LEDGER_SEED` which.

use std::{env, fs, path::Path};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use service::ports::Store as _;
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use storage::{
    Database as _, OpenOptions, SqliteStore,
    integrity::{self, Depth},
};

use super::{backend::Sqlite, model::Sketch, world::World};

/// Files of the short form.
const DAMAGES: u32 = 20;
const PAGE: usize = 4_096;

/// What is answered: a row of figures for each table that figures are read from.
const FIGURES: [&str; 6] = [
    "SELECT group_concat(account_id || ' ' || company_id || ' ' || agent || ' ' || activity || ' ' || time || ' ' || credits) FROM events",
    "SELECT group_concat(account_id || ' ' || company_id || ' ' || start || ' ' || credits || ' ' || events) FROM usage_bucket",
    "SELECT group_concat(account_id || ' ' || start || ' ' || credits || ' ' || events) FROM account_day",
    "SELECT group_concat(account_id || ' ' || cycle_start || ' ' || credits || ' ' || events) FROM cycle_usage",
    "SELECT group_concat(account_id || ' ' || number || ' ' || amount || ' ' || spent) FROM grants",
    "SELECT group_concat(account_id || ' ' || number || ' ' || credits || ' ' || balance_after) FROM ledger_entries",
];

async fn open(file: &Path) -> sqlx::Result<SqliteConnection> {
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    options.connect().await
}

/// The figures, or why they cannot be read: an error is no wrong answer.
async fn figures(file: &Path) -> Result<Vec<Option<String>>, sqlx::Error> {
    let mut connection = open(file).await?;
    let mut figures = Vec::new();
    for sql in FIGURES {
        figures.push(sqlx::query_scalar(sql).fetch_one(&mut connection).await?);
    }
    connection.close().await?;
    Ok(figures)
}

/// Whether SQLite finds anything, asked without our code.
async fn sqlite_tells(file: &Path) -> bool {
    let Ok(mut connection) = open(file).await else {
        return true;
    };
    let said = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_all(&mut connection)
        .await;
    said.map_or(true, |lines: Vec<String>| lines != ["ok"])
}

/// What doctor says; none when all agree.
async fn doctor_tells(file: &Path) -> Option<String> {
    match integrity::examine(file, Depth::Rows).await {
        Ok(damage) if damage.is_empty() => {}
        Ok(damage) => return Some(damage.join(" ")),
        Err(error) => return Some(error.to_string()),
    }
    let options = OpenOptions {
        migrate: false,
        ..OpenOptions::default()
    };
    let store = match SqliteStore::open(file, &options).await {
        Ok(store) => store,
        Err(error) => return Some(error.to_string()),
    };
    let report = store.doctor().await;
    store.close().await.unwrap();
    match report {
        Ok(report) if report.differences.is_empty() => None,
        Ok(report) => Some(report.differences.join(" ")),
        Err(error) => Some(error.to_string()),
    }
}

/// Changes some bytes: one, a run of them, or a whole page.
fn damage(bytes: &mut [u8], random: &mut StdRng) -> String {
    let at = random.random_range(0..bytes.len());
    let (from, length) = match random.random_range(0..3) {
        0 => (at, 1),
        1 => (at, random.random_range(2..64)),
        _ => (at / PAGE * PAGE, PAGE),
    };
    let end = bytes.len().min(from + length);
    for byte in &mut bytes[from..end] {
        *byte ^= random.random_range(1..=255_u8);
    }
    format!("{} bytes from {from}", end - from)
}

async fn healthy(folder: &Path) -> std::path::PathBuf {
    let world = World::new(Sqlite::start()).await;
    let sketch = |number: usize| -> Sketch {
        let credits = i64::try_from(number * 7 % 500).unwrap();
        (
            number % 3,
            number % 6,
            number % 4,
            credits,
            1_000,
            number % 9,
        )
    };
    let events = world.drawn(&(0..400).map(sketch).collect::<Vec<_>>());
    let foreign = events.iter().map(|event| world.in_other(event)).collect();
    world.commit(&[events, foreign]).await;
    let file = folder.join("healthy.db");
    world.store.backup(&file).await.unwrap();
    world.store.close().await.unwrap();
    file
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_sqlite_tells_is_told_and_nothing_wrong_is_said_to_agree() {
    let seed = env::var("LEDGER_SEED").map_or_else(
        |_| StdRng::from_os_rng().random(),
        |text| text.parse().unwrap(),
    );
    let damages = env::var("DAMAGES").map_or(DAMAGES, |text| text.parse().unwrap());
    eprintln!("LEDGER_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let sound = fs::read(healthy(folder.path()).await).unwrap();
    let right = figures(&folder.path().join("healthy.db")).await.unwrap();
    assert_eq!(doctor_tells(&folder.path().join("healthy.db")).await, None);
    let (mut told, mut by_sqlite) = (0, 0);
    for number in 0..damages {
        let file = folder.path().join(format!("{number}.db"));
        let mut bytes = sound.clone();
        let what = damage(&mut bytes, &mut random);
        fs::write(&file, bytes).unwrap();
        let (is_told, answers) = (sqlite_tells(&file).await, figures(&file).await);
        let doctor = doctor_tells(&file).await;
        by_sqlite += u32::from(is_told);
        told += u32::from(doctor.is_some());
        assert!(
            !is_told || doctor.is_some(),
            "file {number}, {what}: SQLite tells it, doctor does not"
        );
        if doctor.is_none() {
            assert_eq!(
                answers.ok().as_ref(),
                Some(&right),
                "file {number}, {what}: all is said to agree"
            );
        }
        fs::remove_file(file).unwrap();
    }
    eprintln!(
        "{damages} files, {by_sqlite} told by SQLite, {told} by doctor, none wrong among the others"
    );
}
