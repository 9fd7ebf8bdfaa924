//! Totals of leads against the leads, and of short calls against the calls.

use domain::Time;

use super::{Examination, MOST_DIFFERENCES, Patient};
use crate::{error::Result, wide};

/// What a table has (1st) against what it was made from (2nd), by stretch of time and group.
macro_rules! compare {
    ($found:literal, $right:literal) => {
        concat!(
            "SELECT start, grp, sum(found_amount >> 32), sum(found_amount & 4294967295), sum(found_count),
                sum(right_amount >> 32), sum(right_amount & 4294967295), sum(right_count)
            FROM (",
            $found,
            " UNION ALL ",
            $right,
            ") GROUP BY 1, 2
            HAVING sum(found_amount >> 32) - sum(right_amount >> 32)
                    + ((sum(found_amount & 4294967295) - sum(right_amount & 4294967295)) >> 32) <> 0
                OR (sum(found_amount & 4294967295) - sum(right_amount & 4294967295)) & 4294967295 <> 0
                OR sum(found_count) <> sum(right_count) LIMIT ?2"
        )
    };
}

const LEADS: &str = compare!(
    "SELECT start, company_id || ' ' || agent || ' ' || kind || ' ' || currency AS grp, amount AS found_amount,
        leads AS found_count, 0 AS right_amount, 0 AS right_count FROM lead_bucket WHERE account_id = ?1",
    "SELECT time - (time % 900000000 + 900000000) % 900000000,
        company_id || ' ' || agent || ' ' || kind || ' ' || coalesce(currency, ''), 0, 0, coalesce(amount, 0), 1
    FROM leads WHERE account_id = ?1"
);

const CALLS: &str = compare!(
    "SELECT start, company_id || ' ' || agent AS grp, credits AS found_amount, events AS found_count,
        0 AS right_amount, 0 AS right_count FROM short_call_bucket WHERE account_id = ?1",
    "SELECT time - (time % 900000000 + 900000000) % 900000000, company_id || ' ' || agent, 0, 0, credits, events
    FROM short_calls WHERE account_id = ?1"
);

/// Over all time: days are those of the zone that the account had.
const LEAD_DAYS: &str = compare!(
    "SELECT 0 AS start, company_id || ' ' || agent || ' ' || kind || ' ' || currency AS grp, amount AS found_amount,
        leads AS found_count, 0 AS right_amount, 0 AS right_count FROM lead_day WHERE account_id = ?1",
    "SELECT 0, company_id || ' ' || agent || ' ' || kind || ' ' || currency, 0, 0, amount, leads
    FROM lead_bucket WHERE account_id = ?1"
);

const CALL_DAYS: &str = compare!(
    "SELECT 0 AS start, company_id || ' ' || agent AS grp, credits AS found_amount, events AS found_count,
        0 AS right_amount, 0 AS right_count FROM short_call_day WHERE account_id = ?1",
    "SELECT 0, company_id || ' ' || agent, 0, 0, credits, events FROM short_call_bucket WHERE account_id = ?1"
);

/// Start, group, the halves of the found amount and count, those of the right amount and count.
type Row = (i64, String, i64, i64, i64, i64, i64, i64);

/// Buckets of leads and short calls against what they count, days against buckets.
pub(super) async fn examine(examination: &mut Examination<'_>, patient: &Patient) -> Result<()> {
    let checks = [
        (LEADS, "lead_bucket", "its leads"),
        (LEAD_DAYS, "lead_day", "its buckets"),
        (CALLS, "short_call_bucket", "its calls"),
        (CALL_DAYS, "short_call_day", "its buckets"),
    ];
    for (statement, table, source) in checks {
        let rows: Vec<Row> = sqlx::query_as(statement)
            .bind(patient.id.0)
            .bind(MOST_DIFFERENCES)
            .fetch_all(&mut *examination.transaction)
            .await?;
        for (start, group, high, low, count, right_high, right_low, right_count) in rows {
            let start = Time::from_micros(start);
            let (amount, right_amount) =
                (wide::joined(high, low), wide::joined(right_high, right_low));
            examination.differ(format!(
                "{table} of account {}, {start}, {group}: has {amount} millionths in {count}, {source} make {right_amount} in {right_count}.",
                patient.key
            ));
        }
    }
    Ok(())
}
