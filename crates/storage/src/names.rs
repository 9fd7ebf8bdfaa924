//! Texts that repeat in an account's events, and the numbers events carry instead.
//!
//! An account may have so many sources and activities by themselves. Past that a new one gets a negative number: its events
//! keep their text, and whatever adds up takes the greater of that number and [`OTHER_NUMBER`].

use std::collections::{BTreeSet, HashMap, HashSet, hash_map::Entry};

use domain::{AccountId, event::OTHER};
use service::ports::{NameSort, Unlisted};
use sqlx::{SqliteConnection, SqlitePool};

use crate::{
    error::{Error, Result},
    writer::Writer,
};

/// What a name is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Sort {
    Source = 0,
    Kind = 1,
    Activity = 2,
    Unit = 3,
}

/// A name whose number is wanted.
pub(crate) type Wanted<'a> = (AccountId, Sort, &'a str);

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
        if let Some(number) = self.known(account, sort, name) {
            return Ok(number);
        }
        self.learn(connection, &[(account, sort, name)]).await?;
        let number = self.known(account, sort, name);
        number.ok_or_else(|| Error::Corrupt("a name without a number".to_owned()))
    }

    /// Learns the numbers of names, so that [`Names::number`] has them at hand; those that have none are given one, in this
    /// order. A few statements for all of them: others wait for the writer meanwhile.
    pub(crate) async fn learn(
        &mut self,
        connection: &mut SqliteConnection,
        wanted: &[Wanted<'_>],
    ) -> Result<()> {
        let mut unknown = self.unknown(wanted);
        if self.count + unknown.len() > REMEMBERED {
            self.forget();
            unknown = self.unknown(wanted);
        }
        let mut accounts: Vec<_> = unknown.iter().map(|(account, ..)| *account).collect();
        accounts.sort_unstable();
        accounts.dedup();
        for account in accounts {
            let of_account = unknown.iter().filter(|(of, ..)| *of == account);
            let names: Vec<_> = of_account.map(|(_, sort, name)| (*sort, *name)).collect();
            let found = find(connection, account, &names).await?;
            let mut new = Vec::new();
            for ((sort, name), number) in names.into_iter().zip(found) {
                match number {
                    Some(number) => self.remember(account, sort, name, number),
                    None => new.push((sort, name)),
                }
            }
            if !new.is_empty() {
                self.give(connection, account, &new).await?;
            }
        }
        Ok(())
    }

    fn known(&self, account: AccountId, sort: Sort, name: &str) -> Option<i64> {
        self.numbers.get(&(account, sort))?.get(name).copied()
    }

    /// Those that are not remembered, each once.
    fn unknown<'a>(&self, wanted: &[Wanted<'a>]) -> Vec<Wanted<'a>> {
        let mut seen = HashSet::new();
        let is_new = |(account, sort, name): &Wanted<'a>| {
            self.known(*account, *sort, name).is_none() && seen.insert((*account, *sort, *name))
        };
        wanted.iter().copied().filter(is_new).collect()
    }

    /// Gives numbers to names that have none.
    async fn give(
        &mut self,
        connection: &mut SqliteConnection,
        account: AccountId,
        new: &[(Sort, &str)],
    ) -> Result<()> {
        let (mut highest, mut lowest) = ends(connection, account).await?;
        let mut room = HashMap::new();
        let mut rows = Vec::with_capacity(new.len());
        for (sort, name) in new {
            let room = match room.entry(*sort) {
                Entry::Occupied(room) => room.into_mut(),
                Entry::Vacant(place) => place.insert(self.room(connection, account, *sort).await?),
            };
            let number = if *room > 0 {
                *room -= 1;
                highest += 1;
                highest
            } else {
                self.fill(connection, account, *sort).await?;
                lowest -= 1;
                lowest
            };
            rows.push((number, *sort as i64, *name));
            self.remember(account, *sort, name, number);
        }
        add(connection, account, &rows).await
    }

    /// How many more names of a sort are listed.
    async fn room(
        &self,
        connection: &mut SqliteConnection,
        account: AccountId,
        sort: Sort,
    ) -> Result<u32> {
        match self.limits.of(sort) {
            None => Ok(u32::MAX),
            Some(_) if self.full.contains(&(account, sort)) => Ok(0),
            Some(most) => Ok(most - listed(connection, account, sort, most).await?),
        }
    }

    /// No more names of a sort are listed; the first time it is written down, so that the platform is told.
    async fn fill(
        &mut self,
        connection: &mut SqliteConnection,
        account: AccountId,
        sort: Sort,
    ) -> Result<()> {
        if self.full.insert((account, sort)) {
            note_full(connection, account, sort).await?;
        }
        Ok(())
    }

    fn remember(&mut self, account: AccountId, sort: Sort, name: &str, number: i64) {
        self.numbers
            .entry((account, sort))
            .or_default()
            .insert(name.to_owned(), number);
        self.count += 1;
    }
}

const FIND: &str = "
    SELECT asked.key, n.number FROM jsonb_each(?2) AS asked
    CROSS JOIN names AS n ON n.account_id = ?1 AND n.sort = asked.value ->> 0 AND n.name = asked.value ->> 1";

/// The numbers of names, in their order; none of those that have none.
#[tracing::instrument(name = "db.names.find", skip_all)]
async fn find(
    connection: &mut SqliteConnection,
    account: AccountId,
    names: &[(Sort, &str)],
) -> Result<Vec<Option<i64>>> {
    let asked: Vec<_> = names
        .iter()
        .map(|(sort, name)| (*sort as i64, name))
        .collect();
    let rows: Vec<(i64, i64)> = sqlx::query_as(FIND)
        .bind(account.0)
        .bind(serde_json::to_string(&asked)?)
        .fetch_all(connection)
        .await?;
    let mut found = vec![None; names.len()];
    for (place, number) in rows {
        let place = usize::try_from(place).ok();
        if let Some(slot) = place.and_then(|place| found.get_mut(place)) {
            *slot = Some(number);
        }
    }
    Ok(found)
}

/// The highest number of an account's names and the lowest, with 0 between them.
#[tracing::instrument(name = "db.names.ends", skip_all)]
async fn ends(connection: &mut SqliteConnection, account: AccountId) -> Result<(i64, i64)> {
    const SQL: &str =
        "SELECT max(0, coalesce((SELECT max(number) FROM names WHERE account_id = ?1), 0)),
        min(0, coalesce((SELECT min(number) FROM names WHERE account_id = ?1), 0))";
    Ok(sqlx::query_as(SQL)
        .bind(account.0)
        .fetch_one(connection)
        .await?)
}

/// Stores names as `[number, sort, name]`.
#[tracing::instrument(name = "db.names.add", skip_all, fields(rows = rows.len()))]
async fn add(
    connection: &mut SqliteConnection,
    account: AccountId,
    rows: &[(i64, i64, &str)],
) -> Result<()> {
    const SQL: &str = "INSERT INTO names (account_id, number, sort, name)
        SELECT ?1, value ->> 0, value ->> 1, value ->> 2 FROM jsonb_each(?2)";
    sqlx::query(SQL)
        .bind(account.0)
        .bind(serde_json::to_string(rows)?)
        .execute(connection)
        .await?;
    Ok(())
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

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    };

    use super::*;
    use crate::{OpenOptions, SqliteStore, plans::assert_searches};

    const ACCOUNT: AccountId = AccountId(1);
    const LIMITS: NameLimits = NameLimits {
        sources: 3,
        activities: 2_000,
    };

    async fn store(folder: &tempfile::TempDir) -> SqliteStore {
        let file = folder.path().join("test.db");
        let options = OpenOptions::default();
        SqliteStore::open(&file, &options).await.unwrap()
    }

    #[tokio::test]
    async fn a_name_is_looked_up() {
        assert_searches(
            FIND,
            &["SEARCH n USING COVERING INDEX names_name (account_id=? AND sort=? AND name=?)"],
        )
        .await;
    }

    #[tokio::test]
    async fn names_are_numbered_as_they_come_and_keep_their_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        let mut tx = store.writer.begin().await.unwrap();
        let mut names = Names::new(LIMITS);
        let wanted = ["a", "b", "a", "c", "d", "e"].map(|name| (ACCOUNT, Sort::Source, name));
        names.learn(tx.connection(), &wanted).await.unwrap();
        let kind = (ACCOUNT, Sort::Kind, "a");
        names.learn(tx.connection(), &[kind]).await.unwrap();
        for is_remembered in [true, false] {
            let mut numbers = Vec::new();
            for (account, sort, name) in wanted.into_iter().chain([kind]) {
                let number = names.number(tx.connection(), account, sort, name).await;
                numbers.push(number.unwrap());
            }
            assert_eq!(numbers, [1, 2, 1, 3, -1, -2, 4], "{is_remembered}");
            names.forget();
        }
        let number = names
            .number(tx.connection(), ACCOUNT, Sort::Source, "f")
            .await;
        assert_eq!(number.unwrap(), -3);
        // Another account counts for itself.
        let number = names
            .number(tx.connection(), AccountId(2), Sort::Source, "a")
            .await;
        assert_eq!(number.unwrap(), 1);
    }

    #[tokio::test]
    async fn new_names_cost_the_writer_the_same_each_however_many_there_are() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        let mut tx = store.writer.begin().await.unwrap();
        let steps = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&steps);
        let mut handle = tx.connection().lock_handle().await.unwrap();
        handle.set_progress_handler(1, move || {
            counted.fetch_add(1, Ordering::Relaxed);
            true
        });
        drop(handle);
        let mut names = Names::new(LIMITS);
        let mut cost = Vec::new();
        for round in 0..3 {
            let new: Vec<_> = (0..6_000)
                .map(|number| format!("{round}-{number}"))
                .collect();
            let wanted: Vec<_> = new
                .iter()
                .map(|name| (ACCOUNT, Sort::Activity, name.as_str()))
                .collect();
            let before = steps.load(Ordering::Relaxed);
            names.learn(tx.connection(), &wanted).await.unwrap();
            cost.push((steps.load(Ordering::Relaxed) - before) / 6_000);
        }
        // Steps of SQLite's machine for each name. It was two thousand, and three statements.
        assert!(cost.iter().all(|steps| *steps < 150), "{cost:?}");
    }
}
