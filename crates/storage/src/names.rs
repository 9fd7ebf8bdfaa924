//! Texts that repeat in an account's events, and the numbers events carry instead.
//!
//! An account may have so many sources and activities by themselves. Past that a new one gets a negative number: its events
//! keep their text, and whatever adds up takes the greater of that number and [`OTHER_NUMBER`].

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::{AccountId, event::OTHER};
use service::ports::{NameSort, Unlisted};
use sqlx::{SqliteConnection, SqlitePool};

use crate::{error::Result, writer::Writer};

/// What a name is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Sort {
    Source = 0,
    Kind = 1,
    Activity = 2,
    Unit = 3,
}

/// Names remembered at once: far more than a platform uses, little enough to hold.
const REMEMBERED: usize = 100_000;

/// What totals count names under that are not listed.
pub(crate) const OTHER_NUMBER: i64 = 0;

/// How many sources and activities of an account are counted by themselves, unless told otherwise: many times as many as
/// people can tell apart, and few enough for a page.
pub const NAMES: u32 = 2_000;

/// How many names an account may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NameLimits {
    pub sources: u32,
    pub activities: u32,
}

impl NameLimits {
    /// None for names that nobody can make up: event types have rate cards.
    fn of(self, sort: Sort) -> Option<u32> {
        match sort {
            Sort::Source => Some(self.sources),
            Sort::Activity => Some(self.activities),
            Sort::Kind | Sort::Unit => None,
        }
    }
}

/// Numbers known to be stored.
pub(crate) struct Names {
    limits: NameLimits,
    numbers: HashMap<(AccountId, Sort), HashMap<String, i64>>,
    count: usize,
    /// Whose list is full. It never empties.
    full: HashSet<(AccountId, Sort)>,
}

impl Names {
    pub(crate) fn new(limits: NameLimits) -> Self {
        Self {
            limits,
            numbers: HashMap::new(),
            count: 0,
            full: HashSet::new(),
        }
    }

    /// Forgets everything.
    pub(crate) fn forget(&mut self) {
        *self = Self::new(self.limits);
    }

    /// The number that totals count a name under.
    pub(crate) async fn counted(
        &mut self,
        connection: &mut SqliteConnection,
        account: AccountId,
        sort: Sort,
        name: &str,
    ) -> Result<i64> {
        let number = self.number(connection, account, sort, name).await?;
        Ok(number.max(OTHER_NUMBER))
    }

    /// The number of a name, given to it now when it has none.
    pub(crate) async fn number(
        &mut self,
        connection: &mut SqliteConnection,
        account: AccountId,
        sort: Sort,
        name: &str,
    ) -> Result<i64> {
        if let Some(number) = self
            .numbers
            .get(&(account, sort))
            .and_then(|names| names.get(name))
        {
            return Ok(*number);
        }
        let number = match find(connection, account, sort, name).await? {
            Some(number) => number,
            None if self.is_full(connection, account, sort).await? => {
                add_unlisted(connection, account, sort, name).await?
            }
            None => add(connection, account, sort, name).await?,
        };
        self.remember(account, sort, name, number);
        Ok(number)
    }

    /// Whether no more names of a sort are listed; the first time it is written down, so that the platform is told.
    async fn is_full(
        &mut self,
        connection: &mut SqliteConnection,
        account: AccountId,
        sort: Sort,
    ) -> Result<bool> {
        let Some(most) = self.limits.of(sort) else {
            return Ok(false);
        };
        if self.full.contains(&(account, sort)) {
            return Ok(true);
        }
        if listed(connection, account, sort, most).await? < most {
            return Ok(false);
        }
        note_full(connection, account, sort).await?;
        self.full.insert((account, sort));
        Ok(true)
    }

    fn remember(&mut self, account: AccountId, sort: Sort, name: &str, number: i64) {
        if self.count >= REMEMBERED {
            self.forget();
        }
        self.numbers
            .entry((account, sort))
            .or_default()
            .insert(name.to_owned(), number);
        self.count += 1;
    }
}

#[tracing::instrument(name = "db.names.find", skip_all)]
async fn find(
    connection: &mut SqliteConnection,
    account: AccountId,
    sort: Sort,
    name: &str,
) -> Result<Option<i64>> {
    const SQL: &str = "SELECT number FROM names WHERE account_id = ?1 AND sort = ?2 AND name = ?3";
    Ok(sqlx::query_scalar(SQL)
        .bind(account.0)
        .bind(sort as i64)
        .bind(name)
        .fetch_optional(connection)
        .await?)
}

#[tracing::instrument(name = "db.names.add", skip_all)]
async fn add(
    connection: &mut SqliteConnection,
    account: AccountId,
    sort: Sort,
    name: &str,
) -> Result<i64> {
    const SQL: &str = "INSERT INTO names (account_id, sort, name, number) \
        VALUES (?1, ?2, ?3, (SELECT coalesce(max(number), 0) + 1 FROM names WHERE account_id = ?1)) RETURNING number";
    Ok(sqlx::query_scalar(SQL)
        .bind(account.0)
        .bind(sort as i64)
        .bind(name)
        .fetch_one(connection)
        .await?)
}

/// How many names of a sort are listed; counted up to `most`.
#[tracing::instrument(name = "db.names.count", skip_all)]
async fn listed(
    connection: &mut SqliteConnection,
    account: AccountId,
    sort: Sort,
    most: u32,
) -> Result<u32> {
    const SQL: &str = "SELECT count(*) FROM (SELECT 1 FROM names
        WHERE account_id = ?1 AND sort = ?2 AND number > 0 LIMIT ?3)";
    Ok(sqlx::query_scalar(SQL)
        .bind(account.0)
        .bind(sort as i64)
        .bind(most)
        .fetch_one(connection)
        .await?)
}

/// Writes down that a list is full, and names what the others are counted under. That row is no source and no activity, so
/// it has the sort of event types.
#[tracing::instrument(name = "db.names.note_full", skip_all)]
async fn note_full(
    connection: &mut SqliteConnection,
    account: AccountId,
    sort: Sort,
) -> Result<()> {
    const NAME: &str = "INSERT INTO names (account_id, sort, name, number) VALUES (?1, 1, ?2, ?3) ON CONFLICT DO NOTHING";
    const NOTE: &str =
        "INSERT INTO unlisted_names (account_id, sort) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    sqlx::query(NAME)
        .bind(account.0)
        .bind(OTHER)
        .bind(OTHER_NUMBER)
        .execute(&mut *connection)
        .await?;
    sqlx::query(NOTE)
        .bind(account.0)
        .bind(sort as i64)
        .execute(connection)
        .await?;
    Ok(())
}

#[tracing::instrument(name = "db.names.add_unlisted", skip_all)]
async fn add_unlisted(
    connection: &mut SqliteConnection,
    account: AccountId,
    sort: Sort,
    name: &str,
) -> Result<i64> {
    const SQL: &str = "INSERT INTO names (account_id, sort, name, number) \
        VALUES (?1, ?2, ?3, (SELECT min(min(number), 0) - 1 FROM names WHERE account_id = ?1)) RETURNING number";
    Ok(sqlx::query_scalar(SQL)
        .bind(account.0)
        .bind(sort as i64)
        .bind(name)
        .fetch_one(connection)
        .await?)
}

/// The names with these numbers.
#[tracing::instrument(name = "db.names.of_numbers", skip_all)]
pub(crate) async fn of_numbers(
    connection: &mut SqliteConnection,
    account: AccountId,
    numbers: &BTreeSet<i64>,
) -> Result<HashMap<i64, String>> {
    const SQL: &str = "SELECT number, name FROM names
        WHERE account_id = ?1 AND number IN (SELECT value FROM json_each(?2))";
    let rows: Vec<(i64, String)> = sqlx::query_as(SQL)
        .bind(account.0)
        .bind(serde_json::to_string(numbers)?)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().collect())
}

/// The activities of an account, in no order: all, and [`OTHER`] when some are not listed, or the `most` that it used most
/// in the last week in which it used any.
#[tracing::instrument(name = "db.activities.list", skip_all)]
pub(crate) async fn activities(
    connection: &mut SqliteConnection,
    account: AccountId,
    most: usize,
) -> Result<Vec<String>> {
    const ALL: &str =
        "SELECT name FROM names WHERE account_id = ?1 AND sort = 2 AND number > 0 LIMIT ?2";
    const HAS_OTHER: &str =
        "SELECT EXISTS (SELECT 1 FROM unlisted_names WHERE account_id = ?1 AND sort = 2)";
    const MOST_USED: &str = "
        SELECT n.name FROM (
            SELECT activity, sum(events) AS events FROM account_day
            WHERE account_id = ?1
                AND start > (SELECT max(start) FROM account_day WHERE account_id = ?1) - 604800000000
            GROUP BY activity ORDER BY events DESC, activity LIMIT ?2
        ) AS used JOIN names AS n ON n.account_id = ?1 AND n.number = used.activity";
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut all: Vec<String> = sqlx::query_scalar(ALL)
        .bind(account.0)
        .bind(most.saturating_add(1))
        .fetch_all(&mut *connection)
        .await?;
    let has_other: bool = sqlx::query_scalar(HAS_OTHER)
        .bind(account.0)
        .fetch_one(&mut *connection)
        .await?;
    if i64::try_from(all.len()).is_ok_and(|count| count <= most) {
        all.extend(has_other.then(|| OTHER.to_owned()));
        return Ok(all);
    }
    Ok(sqlx::query_scalar(MOST_USED)
        .bind(account.0)
        .bind(most)
        .fetch_all(connection)
        .await?)
}

/// Those of these activities that the account has used and that are not listed.
#[tracing::instrument(name = "db.activities.unlisted", skip_all)]
pub(crate) async fn unlisted_activities(
    readers: &SqlitePool,
    account: AccountId,
    names: &[String],
) -> Result<Vec<String>> {
    const SQL: &str = "SELECT name FROM names WHERE account_id = ?1 AND sort = 2 AND number < 0
        AND name IN (SELECT value FROM json_each(?2))";
    Ok(sqlx::query_scalar(SQL)
        .bind(account.0)
        .bind(serde_json::to_string(names)?)
        .fetch_all(readers)
        .await?)
}

/// Accounts with more names than are listed.
#[tracing::instrument(name = "db.names.unlisted", skip_all)]
pub(crate) async fn unlisted(readers: &SqlitePool) -> Result<Vec<Unlisted>> {
    const SQL: &str = "SELECT account_id, sort, is_told FROM unlisted_names";
    let rows: Vec<(i64, i64, bool)> = sqlx::query_as(SQL).fetch_all(readers).await?;
    let unlisted = rows.into_iter().map(|(account, sort, is_told)| Unlisted {
        account: AccountId(account),
        sort: if sort == Sort::Source as i64 {
            NameSort::Source
        } else {
            NameSort::Activity
        },
        is_told,
    });
    Ok(unlisted.collect())
}

/// Remembers that the platform was told.
#[tracing::instrument(name = "db.names.told", skip_all)]
pub(crate) async fn told(writer: &Writer, account: AccountId, sort: NameSort) -> Result<()> {
    const SQL: &str = "UPDATE unlisted_names SET is_told = 1 WHERE account_id = ?1 AND sort = ?2";
    let sort = match sort {
        NameSort::Source => Sort::Source,
        NameSort::Activity => Sort::Activity,
    };
    let mut tx = writer.begin().await?;
    sqlx::query(SQL)
        .bind(account.0)
        .bind(sort as i64)
        .execute(tx.connection())
        .await?;
    tx.commit().await
}
