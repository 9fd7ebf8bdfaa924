//! A selection in the terms of the tables.

use domain::{AccountId, Seq, TimeRange, cursor::Cursor, event::OTHER};
use service::ports::Selection;
use sqlx::{Sqlite, SqliteConnection, query::QueryAs, sqlite::SqliteArguments};

use crate::{error::Result, names};

/// A selection with names and lists as the statements take them.
#[derive(Debug)]
pub(crate) struct Filter {
    pub account: i64,
    /// One bit for each agent.
    pub agents: i64,
    /// Companies as a JSON array; all when absent.
    pub companies: Option<String>,
    /// Numbers of activities as a JSON array; all when absent.
    pub activities: Option<String>,
    /// Folded references from the first text up to, and without, the second.
    pub references: Option<(String, String)>,
}

/// All agents: the wire knows six.
const ALL_AGENTS: i64 = (1 << domain::Agent::ALL.len()) - 1;

impl Filter {
    /// Looks names up; `None` when nothing can be selected.
    pub(crate) async fn resolve(
        connection: &mut SqliteConnection,
        account: AccountId,
        selection: &Selection,
    ) -> Result<Option<Self>> {
        if selection.companies.as_ref().is_some_and(Vec::is_empty) {
            return Ok(None);
        }
        let activities = activity_numbers(connection, account, &selection.activities).await?;
        if activities.as_ref().is_some_and(Vec::is_empty) {
            return Ok(None);
        }
        let agents = selection
            .agents
            .iter()
            .fold(0, |set, agent| set | 1 << agent.index());
        Ok(Some(Self {
            account: account.0,
            agents: if agents == 0 { ALL_AGENTS } else { agents },
            companies: selection
                .companies
                .as_ref()
                .map(serde_json::to_string)
                .transpose()?,
            activities: activities.as_ref().map(serde_json::to_string).transpose()?,
            references: selection
                .reference_prefix
                .as_deref()
                .map(domain::fold::folded)
                .map(|prefix| {
                    let end = domain::fold::after_prefix(&prefix);
                    (prefix, end.unwrap_or_else(after_all))
                }),
        }))
    }

    /// Whether every event of the account is selected.
    pub(crate) fn is_open(&self) -> bool {
        self.agents == ALL_AGENTS
            && self.companies.is_none()
            && self.activities.is_none()
            && self.references.is_none()
    }

    /// Binds ?1 to ?10 of a statement over events.
    pub(crate) fn bind<T>(
        &self,
        statement: &'static str,
        between: Between,
    ) -> QueryAs<'static, Sqlite, T, SqliteArguments>
    where
        T: for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow>,
    {
        let (first, end) = self.references.clone().unzip();
        sqlx::query_as(statement)
            .bind(self.account)
            .bind(between.after.time.micros())
            .bind(between.after.seq.0)
            .bind(between.before.time.micros())
            .bind(between.before.seq.0)
            .bind(self.agents)
            .bind(self.companies.clone())
            .bind(self.activities.clone())
            .bind(first)
            .bind(end)
    }
}

#[tracing::instrument(name = "db.activities.find", skip_all)]
async fn activity_numbers(
    connection: &mut SqliteConnection,
    account: AccountId,
    asked: &[String],
) -> Result<Option<Vec<i64>>> {
    const SQL: &str = "SELECT number FROM names WHERE account_id = ?1 AND sort = 2
        AND number > 0 AND name IN (SELECT value FROM json_each(?2))";
    if asked.is_empty() {
        return Ok(None);
    }
    let json = serde_json::to_string(asked)?;
    let mut numbers: Vec<i64> = sqlx::query_scalar(SQL)
        .bind(account.0)
        .bind(json)
        .fetch_all(connection)
        .await?;
    if asked.iter().any(|name| name == OTHER) {
        numbers.push(names::OTHER_NUMBER);
    }
    Ok(Some(numbers))
}

/// Rows of the log strictly between two places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Between {
    pub after: Cursor,
    pub before: Cursor,
}

impl Between {
    /// All rows of a range of time.
    pub(crate) fn of(range: TimeRange) -> Self {
        // No row has this seq, so a place with it lies before all rows of its time.
        let edge = |time| Cursor {
            time,
            seq: Seq(i64::MIN),
        };
        Self {
            after: edge(range.start),
            before: edge(range.end),
        }
    }

    /// The rows that are in both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            after: self.after.max(other.after),
            before: self.before.min(other.before),
        }
    }
}

/// Longest reference in characters of four bytes, and one more.
const LONGER_THAN_ANY: usize = domain::event::MAX_REFERENCE_BYTES / '\u{10FFFF}'.len_utf8() + 1;

/// A text after all references: the last character there is, more often than fits into one.
fn after_all() -> String {
    "\u{10FFFF}".repeat(LONGER_THAN_ANY)
}
