//! The statements that read totals, one for each way of reading and grouping them.

use service::ports::GroupBy;

/// Whose totals are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Companies {
    /// Those of the whole account.
    Together,
    /// Those of every company, kept apart.
    Each,
    /// Those of some companies.
    Some,
}

/// From the totals over all companies.
macro_rules! together {
    ($account_table:literal, $key:literal) => {
        concat!(
            "SELECT start, ",
            $key,
            " AS grp, sum(credits), sum(events) FROM ",
            $account_table,
            " WHERE account_id = ?1 AND start >= ?2 AND start < ?3 AND ",
            total_filter!(),
            " GROUP BY start, grp"
        )
    };
}

/// From the totals of every company.
macro_rules! each {
    ($company_table:literal) => {
        concat!(
            "SELECT start, company_id AS grp, sum(credits), sum(events) FROM ",
            $company_table,
            " WHERE account_id = ?1 AND start >= ?2 AND start < ?3 AND ",
            total_filter!(),
            " GROUP BY start, grp"
        )
    };
}

/// From the totals of some companies. The account's totals say at which starts there is anything to look for, so that
/// rows of other companies are stepped over, not read.
macro_rules! some {
    ($account_table:literal, $company_table:literal, $key:literal) => {
        concat!(
            "SELECT u.start, ",
            $key,
            " AS grp, sum(u.credits), sum(u.events) FROM (SELECT DISTINCT start FROM ",
            $account_table,
            " WHERE account_id = ?1 AND start >= ?2 AND start < ?3 AND ",
            total_filter!(),
            ") AS any_company CROSS JOIN ",
            $company_table,
            " AS u ON u.account_id = ?1 AND u.start = any_company.start
            AND u.company_id IN (SELECT value FROM json_each(?6)) WHERE ",
            total_filter!(),
            " GROUP BY u.start, grp"
        )
    };
}

/// From the events themselves.
macro_rules! events {
    ($range:expr, $filter:expr, $key:literal) => {
        concat!(
            // Buckets floor, also before 1970.
            "SELECT max(time - (time % 900000000 + 900000000) % 900000000, ?2) AS start, ",
            $key,
            " AS grp,
            sum(credits), sum(credits >= 0) ",
            $range,
            " AND ",
            $filter,
            " GROUP BY 1, 2"
        )
    };
}

macro_rules! by_group {
    ($group_by:expr, $statement:ident, $($argument:tt),+) => {
        match $group_by {
            GroupBy::All => $statement!($($argument),+, "0"),
            GroupBy::Agent => $statement!($($argument),+, "agent"),
            GroupBy::Company => $statement!($($argument),+, "company_id"),
            GroupBy::Activity => $statement!($($argument),+, "activity"),
        }
    };
}

macro_rules! events_by_group {
    ($group_by:expr, $statement:ident) => {
        match $group_by {
            GroupBy::All => $statement!("0"),
            GroupBy::Agent => $statement!("agent"),
            GroupBy::Company => $statement!("company_id"),
            GroupBy::Activity => $statement!("max(activity, 0)"),
        }
    };
}

macro_rules! events_in_log {
    ($key:literal) => {
        events!(log_range!(), event_filter!(), $key)
    };
}

macro_rules! events_by_reference {
    ($key:literal) => {
        events!(reference_range!(), event_facets!(), $key)
    };
}

macro_rules! together_by_group {
    ($group_by:expr, $table:literal) => {
        match $group_by {
            GroupBy::Agent => together!($table, "agent"),
            GroupBy::Activity => together!($table, "activity"),
            GroupBy::All | GroupBy::Company => together!($table, "0"),
        }
    };
}

/// The statement that reads roll-ups.
pub(super) fn rollup_cells(days: bool, companies: Companies, group_by: GroupBy) -> &'static str {
    match (days, companies) {
        (true, Companies::Together) => together_by_group!(group_by, "account_day"),
        (false, Companies::Together) => together_by_group!(group_by, "account_bucket"),
        (true, Companies::Each) => each!("usage_day"),
        (false, Companies::Each) => each!("usage_bucket"),
        (true, Companies::Some) => by_group!(group_by, some, "account_day", "usage_day"),
        (false, Companies::Some) => by_group!(group_by, some, "account_bucket", "usage_bucket"),
    }
}

/// The statement that reads events.
pub(super) fn event_cells(by_reference: bool, group_by: GroupBy) -> &'static str {
    if by_reference {
        events_by_group!(group_by, events_by_reference)
    } else {
        events_by_group!(group_by, events_in_log)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plans::{LOG, REFERENCES, assert_searches};

    #[tokio::test]
    async fn totals_are_searched_not_scanned() {
        for group_by in [
            GroupBy::All,
            GroupBy::Agent,
            GroupBy::Company,
            GroupBy::Activity,
        ] {
            for (days, account_table, company_table) in [
                (true, "account_day", "usage_day"),
                (false, "account_bucket", "usage_bucket"),
            ] {
                let account_range = format!(
                    "SEARCH {account_table} USING PRIMARY KEY (account_id=? AND start>? AND start<?)"
                );
                let company_range = format!(
                    "SEARCH {company_table} USING PRIMARY KEY (account_id=? AND start>? AND start<?)"
                );
                let company =
                    "SEARCH u USING PRIMARY KEY (account_id=? AND start=? AND company_id=?)";
                assert_searches(
                    rollup_cells(days, Companies::Together, group_by),
                    &[&account_range],
                )
                .await;
                assert_searches(
                    rollup_cells(days, Companies::Each, group_by),
                    &[&company_range],
                )
                .await;
                assert_searches(
                    rollup_cells(days, Companies::Some, group_by),
                    &[&account_range, company],
                )
                .await;
            }
            assert_searches(event_cells(false, group_by), &[LOG]).await;
            assert_searches(event_cells(true, group_by), &REFERENCES).await;
        }
    }
}
