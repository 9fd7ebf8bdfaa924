//! A selection in the terms of the tables.

use domain::{AccountId, Seq, TimeRange, cursor::Cursor};
use service::ports::Selection;
use sqlx::{Sqlite, SqliteConnection, query::QueryAs, sqlite::SqliteArguments};

use crate::error::Result;

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
    /// References from the first text up to, and without, the second.
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
                .map(|prefix| (prefix.to_owned(), after_prefix(prefix))),
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
    names: &[String],
) -> Result<Option<Vec<i64>>> {
    const SQL: &str = "SELECT number FROM names WHERE account_id = ?1 AND sort = 2
        AND name IN (SELECT value FROM json_each(?2))";
    if names.is_empty() {
        return Ok(None);
    }
    let names = serde_json::to_string(names)?;
    Ok(Some(
        sqlx::query_scalar(SQL)
            .bind(account.0)
            .bind(names)
            .fetch_all(connection)
            .await?,
    ))
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

/// Longest reference in characters, and one more.
const LONGER_THAN_ANY: usize = domain::event::MAX_REFERENCE_BYTES / '\u{10FFFF}'.len_utf8() + 1;

/// The first text, without regard to ASCII case, after all texts that start with `prefix`.
///
/// SQLite's NOCASE compares as if A–Z were a–z, byte by byte, so the text after is the prefix with its last character
/// moved on by one in that order. Where there is none, a text follows that is longer than any reference.
fn after_prefix(prefix: &str) -> String {
    let mut letters: Vec<char> = prefix.to_ascii_lowercase().chars().collect();
    while let Some(last) = letters.pop() {
        if let Some(next) = next_letter(last) {
            letters.push(next);
            return letters.into_iter().collect();
        }
    }
    "\u{10FFFF}".repeat(LONGER_THAN_ANY)
}

fn next_letter(letter: char) -> Option<char> {
    match letter {
        '\u{10FFFF}' => None,
        // Surrogates are no characters.
        '\u{D7FF}' => Some('\u{E000}'),
        // A–Z count as a–z.
        '@' => Some('['),
        _ => char::from_u32(u32::from(letter) + 1),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As SQLite's NOCASE compares.
    fn folded(text: &str) -> Vec<u8> {
        text.to_ascii_lowercase().into_bytes()
    }

    proptest! {
        #[test]
        fn the_bounds_of_a_prefix_hold_exactly_what_starts_with_it(
            prefix in "[@A-Zz\\[`{~\u{D7FF}\u{E000}\u{10FFFF}é]{0,4}",
            rest in "[@A-Zz\\[`{~\u{D7FF}\u{E000}\u{10FFFF}é]{0,4}",
            other in "[@A-Za-z\\[`{~\u{D7FF}\u{E000}\u{10FFFF}é]{0,6}",
        ) {
            let end = folded(&after_prefix(&prefix));
            for text in [format!("{prefix}{rest}"), other] {
                let inside = folded(&prefix) <= folded(&text) && folded(&text) < end;
                prop_assert_eq!(inside, folded(&text).starts_with(&folded(&prefix)), "{:?}", text);
            }
        }
    }
}
