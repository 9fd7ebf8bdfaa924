//! For tests: how SQLite goes about a statement.

use sqlx::{AssertSqlSafe, Connection, Row};

use crate::{connect, schema};

/// Steps that read everything there is of something small: what was asked for, or what an inner step found.
const SMALL: [&str; 7] = [
    "SCAN asked",
    "SCAN named",
    "SCAN day",
    "SCAN found",
    "SCAN any_company",
    "SCAN json_each",
    "SCAN jsonb_each",
];

/// A range of the log, in its order.
pub(crate) const LOG: &str =
    "SEARCH events USING INDEX events_log (account_id=? AND time>? AND time<?)";
/// References that begin alike.
pub(crate) const REFERENCES: [&str; 2] = [
    "SEARCH events USING COVERING INDEX events_reference (account_id=? AND reference>? AND reference<?)",
    "SEARCH events USING COVERING INDEX events_folded (account_id=? AND reference_folded>? AND reference_folded<?)",
];

/// Fails unless the statement has these steps and reads no table from end to end.
pub(crate) async fn assert_searches(statement: &str, expected: &[&str]) {
    let steps = steps(statement).await;
    for step in &steps {
        let reads_all =
            step.starts_with("SCAN") && !SMALL.iter().any(|small| step.starts_with(small));
        assert!(!reads_all, "{statement}\n{steps:#?}");
    }
    for step in expected {
        assert!(
            steps.iter().any(|found| found == step),
            "{step}\n{statement}\n{steps:#?}"
        );
    }
}

/// The plan of a statement, step by step.
pub(crate) async fn steps(statement: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plans.db");
    schema::migrate(&path).await.unwrap();
    let mut connection = connect::single(&path).await.unwrap();
    let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
    let rows = sqlx::query(explain)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    rows.iter().map(|row| row.get("detail")).collect()
}
