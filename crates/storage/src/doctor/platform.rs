//! Totals over all accounts against the buckets of each.

use domain::Time;

use super::{Examination, MOST_DIFFERENCES};
use crate::error::Result;

/// What a table has (1st) against what it was made from (2nd), by stretch of time and group. Amounts are added up in two
/// halves: those of many accounts may be more than SQLite can add up. A row at the end of what can be counted is shared by
/// accounts that used more than that; it says no more than so.
macro_rules! compare {
    ($found:literal, $right:literal) => {
        concat!(
            "SELECT start, grp, CAST(total(found_credits) AS INTEGER), sum(found_events),
                CAST(total(right_credits) AS INTEGER), sum(right_events)
            FROM (", $found, " UNION ALL ", $right, ") GROUP BY 1, 2
            HAVING (sum(found_credits >> 32) - sum(right_credits >> 32)
                    + ((sum(found_credits & 4294967295) - sum(right_credits & 4294967295)) >> 32) <> 0
                OR (sum(found_credits & 4294967295) - sum(right_credits & 4294967295)) & 4294967295 <> 0
                OR sum(found_events) <> sum(right_events))
                AND max(found_credits) < 9223372036854775807
            LIMIT ?1"
        )
    };
}

const HOURS: &str = compare!(
    "SELECT start, agent || ' ' || activity AS grp, credits AS found_credits, events AS found_events,
        0 AS right_credits, 0 AS right_events FROM platform_hour",
    "SELECT b.start - (b.start % 3600000000 + 3600000000) % 3600000000, b.agent || ' ' || n.name, 0, 0, b.credits, b.events
    FROM account_bucket AS b JOIN names AS n ON n.account_id = b.account_id AND n.number = b.activity"
);

const DAYS: &str = compare!(
    "SELECT start, plan || ' ' || agent || ' ' || activity AS grp, credits AS found_credits, events AS found_events,
        0 AS right_credits, 0 AS right_events FROM platform_day",
    "SELECT start - (start % 86400000000 + 86400000000) % 86400000000, plan || ' ' || agent || ' ' || activity, 0, 0,
        credits, events FROM platform_hour"
);

const ACCOUNT_DAYS: &str = compare!(
    "SELECT start, CAST(account_id AS TEXT) AS grp, credits AS found_credits, events AS found_events,
        0 AS right_credits, 0 AS right_events FROM account_span WHERE days = 1",
    "SELECT start - (start % 86400000000 + 86400000000) % 86400000000, CAST(account_id AS TEXT), 0, 0, credits, events
    FROM account_bucket"
);

const ACCOUNT_WEEKS: &str = compare!(
    "SELECT start, account_id || ' ' || plan AS grp, credits AS found_credits, events AS found_events,
        0 AS right_credits, 0 AS right_events FROM account_span WHERE days = 7",
    "SELECT start - ((start - 345600000000) % 604800000000 + 604800000000) % 604800000000, account_id || ' ' || plan,
        0, 0, credits, events FROM account_span WHERE days = 1"
);

/// Start, group, found credits and events, right credits and events.
type Row = (i64, String, i64, i64, i64, i64);

/// Hours of the platform against the buckets of all accounts, its days against its hours, and the same of each account.
pub(super) async fn examine(examination: &mut Examination<'_>) -> Result<()> {
    let checks = [
        (HOURS, "platform_hour", "the accounts' buckets"),
        (DAYS, "platform_day", "its hours"),
        (
            ACCOUNT_DAYS,
            "account_span of 1 day",
            "the account's buckets",
        ),
        (ACCOUNT_WEEKS, "account_span of 7 days", "its days"),
    ];
    for (statement, table, source) in checks {
        let rows: Vec<Row> = sqlx::query_as(statement)
            .bind(MOST_DIFFERENCES)
            .fetch_all(&mut *examination.transaction)
            .await?;
        for (start, group, credits, events, right_credits, right_events) in rows {
            let start = Time::from_micros(start);
            examination.differ(format!(
                "{table}, {start}, {group}: has {credits} micro-credits in {events} events, {source} make {right_credits} in {right_events}."
            ));
        }
    }
    Ok(())
}
