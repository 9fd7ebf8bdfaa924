//! The statements that read across accounts.

use service::ports::{PlatformGrain, PlatformGroupBy};

macro_rules! cells {
    ($table:literal, $key:literal) => {
        concat!(
            "SELECT start, ",
            $key,
            " AS grp, sum(trillions), sum(credits >> 32), sum(credits & 4294967295), sum(events) FROM ",
            $table,
            " WHERE start >= ?1 AND start < ?2 AND (?3 = '[]' OR plan IN (SELECT value FROM json_each(?3)))
            GROUP BY start, grp"
        )
    };
}

macro_rules! by_group {
    ($group_by:expr, $table:literal) => {
        match $group_by {
            PlatformGroupBy::All => cells!($table, "''"),
            PlatformGroupBy::Agent => cells!($table, "CAST(agent AS TEXT)"),
            PlatformGroupBy::Activity => cells!($table, "activity"),
            PlatformGroupBy::Plan => cells!($table, "plan"),
        }
    };
}

/// The statement that reads totals over all accounts. Credits come in trillions and two halves, because all of them together may be
/// more than SQLite can add up.
pub(super) fn cells(grain: PlatformGrain, group_by: PlatformGroupBy) -> &'static str {
    match grain {
        PlatformGrain::Hour => by_group!(group_by, "platform_hour"),
        PlatformGrain::Day => by_group!(group_by, "platform_day"),
    }
}

/// What every account used in some spans.
pub(super) const USES: &str = "
    WITH asked AS MATERIALIZED (SELECT value ->> 0 AS days, value ->> 1 AS start FROM json_each(?1))
    SELECT json_group_array(json_array(s.days, s.start, s.account_id, s.plan, s.credits, s.events, s.agents))
    FROM asked CROSS JOIN account_span AS s ON s.days = asked.days AND s.start = asked.start";

/// What every account used in some hours of a day: of the accounts that used something on that day, their quarters of
/// an hour. An account with several plans on one day is counted once, under the one with most of its usage.
pub(super) const HOURS_USES: &str = "
    WITH named AS MATERIALIZED (
        SELECT account_id, plan, max(credits) FROM account_span WHERE days = 1 AND start = ?1 GROUP BY account_id
    )
    SELECT named.account_id, named.plan, sum(b.credits), sum(b.events)
    FROM named CROSS JOIN account_bucket AS b
        ON b.account_id = named.account_id AND b.start >= ?2 AND b.start < ?3
    GROUP BY named.account_id
    ORDER BY named.account_id";

/// The first day with usage.
pub(super) const FIRST_DAY: &str = "SELECT min(start) FROM platform_day";

/// Some days of some accounts.
pub(super) const DAYS: &str = "
    SELECT s.account_id, s.start, sum(s.credits), sum(s.events)
    FROM json_each(?2) AS day CROSS JOIN json_each(?1) AS asked
    CROSS JOIN account_span AS s ON s.days = 1 AND s.start = day.value AND s.account_id = asked.value
    WHERE ?3 = '[]' OR s.plan IN (SELECT value FROM json_each(?3))
    GROUP BY s.start, s.account_id";

/// How many accounts have some plans: every account has one line of the directory, and is looked at.
pub(super) const ACCOUNTS: &str =
    "SELECT count(*) FROM accounts WHERE ?1 = '[]' OR plan IN (SELECT value FROM json_each(?1))";

/// Accounts that ran out of credits.
pub(super) const RUN_OUTS: &str = "
    SELECT account_id, cycle_start, at FROM run_outs
    WHERE at >= ?1 AND at < ?2 AND (?3 = '[]' OR plan IN (SELECT value FROM json_each(?3)))
    ORDER BY at";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plans::assert_searches;

    #[tokio::test]
    async fn totals_are_searched_not_scanned() {
        for group_by in [
            PlatformGroupBy::All,
            PlatformGroupBy::Agent,
            PlatformGroupBy::Activity,
            PlatformGroupBy::Plan,
        ] {
            for (grain, table) in [
                (PlatformGrain::Hour, "platform_hour"),
                (PlatformGrain::Day, "platform_day"),
            ] {
                let range = format!("SEARCH {table} USING PRIMARY KEY (start>? AND start<?)");
                assert_searches(cells(grain, group_by), &[&range]).await;
            }
        }
        for (statement, span) in [
            (DAYS, "(days=? AND start=? AND account_id=?)"),
            (USES, "(days=? AND start=?)"),
        ] {
            let span = format!("SEARCH s USING PRIMARY KEY {span}");
            assert_searches(statement, &[&span]).await;
        }
        assert_searches(
            HOURS_USES,
            &[
                "SEARCH account_span USING PRIMARY KEY (days=? AND start=?)",
                "SEARCH b USING PRIMARY KEY (account_id=? AND start>? AND start<?)",
            ],
        )
        .await;
        assert_searches(FIRST_DAY, &["SEARCH platform_day USING PRIMARY KEY"]).await;
        let at = "SEARCH run_outs USING COVERING INDEX run_outs_at (at>? AND at<?)";
        assert_searches(RUN_OUTS, &[at]).await;
    }
}
