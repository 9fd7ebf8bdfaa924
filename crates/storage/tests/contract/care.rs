//! Looking after a database: doctor, backup, closing, schema.

use std::{sync::Arc, time::Duration};

use service::ports::{Expected, NewEvent};

use super::{
    backend::Backend,
    model::{self},
    world::{NOW, World, plan},
};

async fn filled(backend: Arc<dyn Backend>) -> World {
    let world = World::new(backend).await;
    let sketch = |number: usize| {
        (
            number % 3,
            number % 6,
            number % 4,
            i64::try_from(number * 7 % 500).unwrap(),
            1_000,
            number % 9,
        )
    };
    let events = world.drawn(&(0..300).map(sketch).collect::<Vec<model::Sketch>>());
    let foreign = events.iter().map(|event| world.in_other(event)).collect();
    world.commit(&[events, foreign]).await;
    world
}

pub async fn the_doctor_finds_nothing_in_a_healthy_database(backend: Arc<dyn Backend>) {
    let world = filled(backend).await;
    let report = world.store.doctor().await.unwrap();
    assert_eq!(report.differences, [""; 0]);
    assert_eq!(report.events, 600);
    assert!(report.rollups > 0 && report.cycles >= 2, "{report:?}");
}

pub async fn the_doctor_finds_what_was_changed_behind_our_back(backend: Arc<dyn Backend>) {
    let world = filled(backend).await;
    let planted = [
        ("UPDATE usage_bucket SET credits = credits + 1 WHERE rowid_of_first", "usage_bucket"),
        ("DELETE FROM usage_bucket WHERE rowid_of_first", "usage_bucket"),
        ("UPDATE account_bucket SET events = events + 1 WHERE rowid_of_first", "account_bucket"),
        ("UPDATE usage_day SET start = start + 900000000 WHERE rowid_of_first", "usage_day"),
        ("UPDATE account_day SET credits = 0 WHERE rowid_of_first", "account_day"),
        ("UPDATE cycle_usage SET credits = credits - 1 WHERE rowid_of_first", "cycle_usage"),
        ("INSERT INTO cycle_usage VALUES (1, 5, 5, 5)", "cycle_usage"),
        ("INSERT INTO usage_day VALUES (1, 0, 1, 0, 1, 5, 5)", "usage_day"),
        ("INSERT INTO events (account_id, source, id, fingerprint, kind, company_id, time, recorded_at, agent, activity,
            credits) VALUES (1, 1, 'x', 1, 1, 9999, 1, 1, 1, 1, 1)", "companies that do not exist"),
    ];
    let backup = "before.db";
    world
        .store
        .backup(&world.backend.backup_path(backup))
        .await
        .unwrap();
    for (number, (sql, table)) in planted.into_iter().enumerate() {
        let column = if table == "cycle_usage" {
            "cycle_start"
        } else {
            "start"
        };
        let first = format!(
            "account_id = 2 AND {column} = (SELECT min({column}) FROM {table} WHERE account_id = 2)"
        );
        world
            .backend
            .meddle(&sql.replace("rowid_of_first", &first))
            .await
            .unwrap();
        let report = world.store.doctor().await.unwrap();
        let found = report
            .differences
            .iter()
            .filter(|sentence| sentence.contains(table))
            .count();
        assert!(found > 0, "{number} {sql}: {report:?}");
        assert!(report.differences.len() <= 100);
        // An event of nobody's is everybody's business.
        assert!(report.concerns_all || table != "companies that do not exist");
    }
    let untouched = world.backend.open_backup(backup).await;
    assert_eq!(untouched.doctor().await.unwrap().differences, [""; 0]);
    // So is more than is told: not every account was looked at.
    let everywhere = "UPDATE usage_bucket SET credits = credits + 1";
    world.backend.meddle_with(backup, everywhere).await.unwrap();
    let report = untouched.doctor().await.unwrap();
    assert_eq!(report.differences.len(), 100);
    assert!(report.concerns_all, "{report:?}");
}

pub async fn events_cannot_be_changed_or_deleted(backend: Arc<dyn Backend>) {
    let world = filled(backend).await;
    for sql in [
        "UPDATE events SET credits = 0",
        "DELETE FROM events WHERE seq = 1",
    ] {
        let error = world.backend.meddle(sql).await.unwrap_err();
        assert!(error.contains("append-only"), "{error}");
    }
    world.healthy().await;
}

pub async fn a_backup_holds_everything(backend: Arc<dyn Backend>) {
    let world = filled(backend).await;
    let path = world.backend.backup_path("copy.db");
    world.store.backup(&path).await.unwrap();
    world
        .add(vec![NewEvent {
            id: "later".to_owned(),
            ..world.event(1)
        }])
        .await;
    let copy = world.backend.open_backup("copy.db").await;
    assert_eq!(copy.doctor().await.unwrap().events, 600);
    assert_eq!(copy.doctor().await.unwrap().differences, [""; 0]);
    assert!(
        world.store.backup(&path).await.is_err(),
        "a backup does not replace a file"
    );
}

pub async fn a_closed_database_refuses(backend: Arc<dyn Backend>) {
    let world = filled(backend).await;
    world.store.close().await.unwrap();
    assert_eq!(world.backend.pending_bytes(), 0);
    assert!(
        world
            .store
            .put_plan(&plan("late"), &Expected::Any, NOW)
            .await
            .unwrap_err()
            .to_string()
            .contains("closed")
    );
    assert!(world.store.ping().await.is_err());
    assert!(world.store.snapshot().await.is_err());
    world.store.close().await.unwrap();
}

pub async fn a_newer_schema_is_refused(backend: Arc<dyn Backend>) {
    let world = filled(backend).await;
    let insert =
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (9999, 'from the future', 1, x'00', 0)";
    world.backend.meddle(insert).await.unwrap();
    let error = world.backend.try_open().await.err().unwrap();
    assert!(
        error.contains("schema version 9999") && error.contains("later one"),
        "{error}"
    );
    assert!(world.store.migrate().await.is_err());
}

pub async fn several_programs_may_open_a_fresh_database_at_once(backend: Arc<dyn Backend>) {
    let opening = (0..6).map(|_| {
        let backend = Arc::clone(&backend);
        tokio::spawn(async move { backend.try_open().await })
    });
    for opened in futures::future::join_all(opening).await {
        let store = opened.unwrap().unwrap();
        store
            .put_plan(&plan("growth"), &Expected::Any, NOW)
            .await
            .unwrap();
    }
}

pub async fn many_small_commits_keep_the_log_of_changes_short(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    // About 200 MB of changed pages.
    for round in 0..60 {
        let events = (0..500).map(|number| NewEvent {
            company: world.companies[0],
            metadata: Some(format!("{{\"text\":\"{}\"}}", "x".repeat(6_000))),
            ..world.event(round * 500 + number)
        });
        world.add(events.collect()).await;
    }
    let short = async {
        let mut number = 1_000_000;
        while world.backend.pending_bytes() > 70_000_000 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            number += 1;
            world.add(vec![world.event(number)]).await;
        }
    };
    let shortened = tokio::time::timeout(Duration::from_secs(20), short).await;
    assert!(shortened.is_ok(), "the log of changes starts over");
    world.healthy().await;
}
