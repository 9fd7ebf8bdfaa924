//! Texts that repeat in an account's events, and the numbers events carry instead.

use std::collections::HashMap;

use domain::AccountId;
use sqlx::SqliteConnection;

use crate::error::Result;

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

/// Numbers known to be stored.
#[derive(Default)]
pub(crate) struct Names {
    numbers: HashMap<(AccountId, Sort), HashMap<String, i64>>,
    count: usize,
}

impl Names {
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
            None => add(connection, account, sort, name).await?,
        };
        self.remember(account, sort, name, number);
        Ok(number)
    }

    fn remember(&mut self, account: AccountId, sort: Sort, name: &str, number: i64) {
        if self.count >= REMEMBERED {
            *self = Self::default();
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

/// The activities of an account, by number.
#[tracing::instrument(name = "db.activities.list", skip_all)]
pub(crate) async fn activities(
    connection: &mut SqliteConnection,
    account: AccountId,
) -> Result<HashMap<i64, String>> {
    const SQL: &str = "SELECT number, name FROM names WHERE account_id = ?1 AND sort = 2";
    let rows: Vec<(i64, String)> = sqlx::query_as(SQL)
        .bind(account.0)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().collect())
}
