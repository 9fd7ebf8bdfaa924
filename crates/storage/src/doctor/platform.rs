//! Totals over all accounts against the buckets of each.

use domain::Time;

use super::{Examination, MOST_DIFFERENCES};
use crate::{error::Result, wide};

/// What a table has (1st) against what it was made from (2nd), by stretch of time and group. Amounts are added up in two
/// halves: those of many accounts may be more than SQLite can add up.
macro_rules! compare {
    ($found:expr, $right:expr) => {
        concat!(
            "SELECT start, grp, sum(found_high), sum(found_low), sum(found_events),
                sum(right_high), sum(right_low), sum(right_events)
            FROM (", $found, " UNION ALL ", $right, ") GROUP BY 1, 2
            HAVING sum(found_high) - sum(right_high) + ((sum(found_low) - sum(right_low)) >> 32) <> 0
                OR (sum(found_low) - sum(right_low)) & 4294967295 <> 0
                OR sum(found_events) <> sum(right_events)
            LIMIT ?1"
        )
    };
}

/// The halves of a row's credits, those of its trillions included: one is 232830643 · 2³² + 2808348672 micro-credits.
macro_rules! halves {
    () => {
        "(credits >> 32) + trillions * 232830643, (credits & 4294967295) + trillions * 2808348672"
    };
}

macro_rules! found_halves {
    () => {
        "(credits >> 32) + trillions * 232830643 AS found_high,
        (credits & 4294967295) + trillions * 2808348672 AS found_low"
    };
}

const HOURS: &str = compare!(
    concat!("SELECT start, agent || ' ' || activity AS grp, ", found_halves!(), ", events AS found_events,
        0 AS right_high, 0 AS right_low, 0 AS right_events FROM platform_hour"),
    "SELECT b.start - (b.start % 3600000000 + 3600000000) % 3600000000, b.agent || ' ' || n.name, 0, 0, 0,
        b.credits >> 32, b.credits & 4294967295, b.events
    FROM account_bucket AS b JOIN names AS n ON n.account_id = b.account_id AND n.number = b.activity"
);

const DAYS: &str = compare!(
    concat!("SELECT start, plan || ' ' || agent || ' ' || activity AS grp, ", found_halves!(), ", events AS found_events,
        0 AS right_high, 0 AS right_low, 0 AS right_events FROM platform_day"),
    concat!("SELECT start - (start % 86400000000 + 86400000000) % 86400000000, plan || ' ' || agent || ' ' || activity,
        0, 0, 0, ", halves!(), ", events FROM platform_hour")
);

const ACCOUNT_DAYS: &str = compare!(
    "SELECT start, CAST(account_id AS TEXT) AS grp, credits >> 32 AS found_high, credits & 4294967295 AS found_low,
        events AS found_events, 0 AS right_high, 0 AS right_low, 0 AS right_events FROM account_span WHERE days = 1",
    "SELECT start - (start % 86400000000 + 86400000000) % 86400000000, CAST(account_id AS TEXT), 0, 0, 0,
        credits >> 32, credits & 4294967295, events FROM account_bucket"
);

const ACCOUNT_WEEKS: &str = compare!(
    "SELECT start, account_id || ' ' || plan AS grp, credits >> 32 AS found_high, credits & 4294967295 AS found_low,
        events AS found_events, 0 AS right_high, 0 AS right_low, 0 AS right_events FROM account_span WHERE days = 7",
    "SELECT start - ((start - 345600000000) % 604800000000 + 604800000000) % 604800000000, account_id || ' ' || plan,
        0, 0, 0, credits >> 32, credits & 4294967295, events FROM account_span WHERE days = 1"
);

/// Start, group, the halves of found credits and events, those of right credits and events.
type Row = (i64, String, i64, i64, i64, i64, i64, i64);

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
        for (start, group, high, low, events, right_high, right_low, right_events) in rows {
            let start = Time::from_micros(start);
            let (credits, right_credits) =
                (wide::joined(high, low), wide::joined(right_high, right_low));
            examination.differ(format!(
                "{table}, {start}, {group}: has {credits} micro-credits in {events} events, {source} make {right_credits} in {right_events}."
            ));
        }
    }
    Ok(())
}
