//! Requests with a key: what each of their writes came to, stored with the write, and their answers.

use async_trait::async_trait;
use domain::{Time, time::DAY_US};
use serde::{Serialize, de::DeserializeOwned};
use service::{
    ports::{IdempotencyStore, KnownRequest, Remembered, StoreResult},
    request::{Part, RequestName},
};
use sqlx::{SqliteConnection, SqlitePool};

use crate::{
    SqliteStore,
    error::{Error, Result},
    writer::{WriteTx, Writer},
};

/// How long a request is remembered: longer than any sender goes on trying.
const KEPT_US: i64 = 7 * DAY_US;
/// Old rows forgotten with each new answer: more than a request has, so that the table shrinks again after a rush.
const FORGOTTEN_AT_ONCE: i64 = 32;
/// The answer's place among the parts of a request.
const ANSWER: i64 = -1;

#[async_trait]
impl IdempotencyStore for SqliteStore {
    async fn request(&self, name: &RequestName) -> StoreResult<KnownRequest> {
        Ok(get(&self.lookups, name).await?)
    }

    async fn remember(
        &self,
        name: &RequestName,
        answer: &Remembered,
        now: Time,
    ) -> StoreResult<()> {
        Ok(put(&self.writer, name, answer, now).await?)
    }
}

/// What work in a transaction came to.
pub(crate) enum Did<T> {
    /// It is now as it was asked for.
    Done(T),
    /// It was refused: what was begun is taken back, and it may be tried again.
    Nothing(T),
}

impl Did<bool> {
    /// Whether anything was changed.
    pub(crate) const fn if_any(is_changed: bool) -> Self {
        if is_changed {
            Self::Done(true)
        } else {
            Self::Nothing(false)
        }
    }
}

/// Does work in a transaction of its own; when a request with a key runs, as its next part: once for ever, and stored
/// with what it came to.
pub(crate) async fn once<T, W>(writer: &Writer, work: W) -> Result<T>
where
    T: Serialize + DeserializeOwned,
    W: AsyncFnOnce(&mut WriteTx<'_>) -> Result<Did<T>>,
{
    let part = Part::next();
    if let Some(done) = part.as_ref().map(Part::outcome).transpose()?.flatten() {
        return Ok(done);
    }
    let mut tx = writer.begin().await?;
    if let Some(part) = &part
        && is_stored(tx.connection(), part).await?
    {
        tx.rollback().await?;
        part.overtaken();
        return Err(Error::Overtaken);
    }
    match work(&mut tx).await? {
        Did::Done(outcome) => {
            if let Some(part) = &part {
                store(tx.connection(), part, &outcome).await?;
            }
            tx.commit().await?;
            Ok(outcome)
        }
        Did::Nothing(outcome) => {
            tx.rollback().await?;
            Ok(outcome)
        }
    }
}

/// Whether a part of a request was done by whomever.
pub(crate) async fn is_stored(connection: &mut SqliteConnection, part: &Part) -> Result<bool> {
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM requests
        WHERE account_id = ?1 AND caller = ?2 AND request_id = ?3 AND part = ?4)";
    let name = part.name();
    Ok(sqlx::query_scalar(SQL)
        .bind(account(name))
        .bind(&name.caller)
        .bind(&name.key)
        .bind(part.number())
        .fetch_one(connection)
        .await?)
}

/// Stores what a part of a request came to, in its transaction.
pub(crate) async fn store<T: Serialize>(
    connection: &mut SqliteConnection,
    part: &Part,
    outcome: &T,
) -> Result<()> {
    const SQL: &str =
        "INSERT INTO requests (account_id, caller, request_id, part, request_hash, outcome, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let name = part.name();
    sqlx::query(SQL)
        .bind(account(name))
        .bind(&name.caller)
        .bind(&name.key)
        .bind(part.number())
        .bind(part.hash())
        .bind(part.seal(outcome)?)
        .bind(part.at().micros())
        .execute(connection)
        .await?;
    Ok(())
}

/// The platform's requests stand under 0.
fn account(name: &RequestName) -> i64 {
    name.account.map_or(0, |account| account.0)
}

/// Part, hash, status, outcome.
type Row = (i64, Vec<u8>, Option<i64>, Vec<u8>);

#[tracing::instrument(name = "db.requests.get", skip_all)]
async fn get(readers: &SqlitePool, name: &RequestName) -> Result<KnownRequest> {
    const SQL: &str = "SELECT part, request_hash, status, outcome FROM requests
        WHERE account_id = ?1 AND caller = ?2 AND request_id = ?3 ORDER BY part";
    let rows: Vec<Row> = sqlx::query_as(SQL)
        .bind(account(name))
        .bind(&name.caller)
        .bind(&name.key)
        .fetch_all(readers)
        .await?;
    let mut known = KnownRequest::default();
    for (part, request_hash, status, outcome) in rows {
        if part == ANSWER {
            known.answer = Some(Remembered {
                request_hash: request_hash.clone(),
                status: status_of(status)?,
                body: outcome,
            });
        } else {
            let number = u32::try_from(part)
                .map_err(|_| Error::Corrupt(format!("part {part} of a request")))?;
            known.parts.push((number, outcome));
        }
        known.request_hash = Some(request_hash);
    }
    Ok(known)
}

fn status_of(status: Option<i64>) -> Result<u16> {
    let status = status.and_then(|status| u16::try_from(status).ok());
    status.ok_or_else(|| Error::Corrupt("an answer without its status".to_owned()))
}

#[tracing::instrument(name = "db.requests.put", skip_all)]
async fn put(writer: &Writer, name: &RequestName, answer: &Remembered, now: Time) -> Result<()> {
    const SQL: &str =
        "INSERT INTO requests (account_id, caller, request_id, part, request_hash, status, outcome, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING";
    let mut tx = writer.begin().await?;
    forget(tx.connection(), now).await?;
    sqlx::query(SQL)
        .bind(account(name))
        .bind(&name.caller)
        .bind(&name.key)
        .bind(ANSWER)
        .bind(&answer.request_hash)
        .bind(i64::from(answer.status))
        .bind(&answer.body)
        .bind(now.micros())
        .execute(tx.connection())
        .await?;
    tx.commit().await
}

async fn forget(connection: &mut SqliteConnection, now: Time) -> Result<()> {
    const SQL: &str = "DELETE FROM requests
        WHERE rowid IN (SELECT rowid FROM requests WHERE created_at < ?1 ORDER BY created_at LIMIT ?2)";
    let before = now.plus_micros(-KEPT_US);
    sqlx::query(SQL)
        .bind(before.micros())
        .bind(FORGOTTEN_AT_ONCE)
        .execute(connection)
        .await?;
    Ok(())
}
