//! Buckets against events.

use super::{Difference, Examination, MOST_DIFFERENCES, Patient, compare};
use crate::error::Result;

const BY_COMPANY: &str = compare!(
    "SELECT time - (time % 900000000 + 900000000) % 900000000 AS start, company_id, agent,
        max(activity, 0) AS activity, 0 AS found_credits, 0 AS found_events, credits AS right_credits, credits >= 0 AS right_events
    FROM events INDEXED BY events_log WHERE account_id = ?1",
    "SELECT start, company_id, agent, activity, credits, events, 0, 0 FROM usage_bucket WHERE account_id = ?1"
);

const TOGETHER: &str = compare!(
    "SELECT start, 0 AS company_id, agent, activity,
        0 AS found_credits, 0 AS found_events, credits AS right_credits, events AS right_events
    FROM usage_bucket WHERE account_id = ?1",
    "SELECT start, 0, agent, activity, credits, events, 0, 0 FROM account_bucket WHERE account_id = ?1"
);

const COUNT: &str = "SELECT (SELECT count(*) FROM usage_bucket WHERE account_id = ?1)
    + (SELECT count(*) FROM account_bucket WHERE account_id = ?1)";

/// Buckets of each company against its events, and buckets of the account against those of its companies.
pub(super) async fn examine(examination: &mut Examination<'_>, patient: &Patient) -> Result<()> {
    let checks = [
        (BY_COMPANY, "usage_bucket", "its events"),
        (TOGETHER, "account_bucket", "its companies' buckets"),
    ];
    for (statement, table, source) in checks {
        let differences: Vec<Difference> = sqlx::query_as(statement)
            .bind(patient.id.0)
            .bind(MOST_DIFFERENCES)
            .fetch_all(&mut *examination.transaction)
            .await?;
        for difference in differences {
            examination.differ(difference.sentence(table, source, patient));
        }
    }
    let rows = sqlx::query_scalar(COUNT)
        .bind(patient.id.0)
        .fetch_one(&mut *examination.transaction)
        .await?;
    examination.count_rollups(rows);
    Ok(())
}
