//! Browser sessions, by a hash of their id.

use domain::{Time, UserId};
use service::{ports::SavedSession, sessions::MOST_SESSIONS};
use sqlx::{SqliteConnection, SqlitePool};

use crate::{error::Result, writer::Writer};

#[derive(sqlx::FromRow)]
struct SessionRow {
    id_hash: Vec<u8>,
    data: String,
    expires_at: i64,
    user_id: Option<i64>,
}

impl From<SessionRow> for SavedSession {
    fn from(row: SessionRow) -> Self {
        Self {
            id_hash: row.id_hash,
            user: row.user_id.map(UserId),
            data: row.data,
            expires_at: Time::from_micros(row.expires_at),
        }
    }
}

/// A session that has ended is not brought back by a request that began before.
#[tracing::instrument(name = "db.sessions.save", skip_all)]
pub(super) async fn save(writer: &Writer, session: &SavedSession, create: bool) -> Result<bool> {
    let mut tx = writer.begin().await?;
    let is_saved = put(tx.connection(), session, create).await?;
    tx.commit().await?;
    Ok(is_saved)
}

/// The same within a transaction.
pub(crate) async fn put(
    connection: &mut SqliteConnection,
    session: &SavedSession,
    create: bool,
) -> Result<bool> {
    const CREATE: &str = "INSERT INTO sessions (id_hash, data, expires_at, user_id) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
    const SAVE: &str =
        "UPDATE sessions SET data = ?2, expires_at = ?3, user_id = ?4 WHERE id_hash = ?1";
    let done = sqlx::query(if create { CREATE } else { SAVE })
        .bind(&session.id_hash)
        .bind(&session.data)
        .bind(session.expires_at.micros())
        .bind(session.user.map(|user| user.0))
        .execute(&mut *connection)
        .await?;
    let is_saved = done.rows_affected() > 0;
    // One that has ended takes no place.
    if is_saved {
        end_oldest(connection, session, create).await?;
    }
    Ok(is_saved)
}

/// One statement: a session that ends meanwhile does not come back, and of two who rename it one does.
#[tracing::instrument(name = "db.sessions.rename", skip_all)]
pub(super) async fn rename(writer: &Writer, from: &[u8], to: &[u8]) -> Result<bool> {
    const SQL: &str = "UPDATE sessions SET id_hash = ?2 WHERE id_hash = ?1 AND user_id IS NOT NULL";
    let mut tx = writer.begin().await?;
    let query = sqlx::query(SQL).bind(from).bind(to);
    let done = query.execute(tx.connection()).await?;
    tx.commit().await?;
    Ok(done.rows_affected() > 0)
}

/// Ends what is more than somebody may have, the ones that were used longest ago. The session at hand stays.
async fn end_oldest(
    connection: &mut SqliteConnection,
    session: &SavedSession,
    is_new: bool,
) -> Result<()> {
    const OF_PERSON: &str = "DELETE FROM sessions WHERE id_hash IN (SELECT id_hash FROM sessions
        WHERE user_id = ?1 AND id_hash <> ?2 ORDER BY expires_at DESC, id_hash LIMIT -1 OFFSET ?3)";
    const OF_PORTAL: &str = "DELETE FROM sessions WHERE id_hash IN (SELECT id_hash FROM sessions
        WHERE user_id IS NULL AND iif(json_valid(data), data ->> '$.account', NULL) = ?1 ->> '$.account'
            AND iif(json_valid(data), data ->> '$.user', NULL) = ?1 ->> '$.user' AND id_hash <> ?2
        ORDER BY expires_at DESC, id_hash LIMIT -1 OFFSET ?3)";
    let others = MOST_SESSIONS - 1;
    let query = match session.user {
        Some(user) => sqlx::query(OF_PERSON).bind(user.0),
        // What nobody has signed in to names neither an account nor a user.
        None if is_new => sqlx::query(OF_PORTAL).bind(&session.data),
        None => return Ok(()),
    };
    query
        .bind(&session.id_hash)
        .bind(others)
        .execute(connection)
        .await?;
    Ok(())
}

#[tracing::instrument(name = "db.sessions.get", skip_all)]
pub(super) async fn get(
    readers: &SqlitePool,
    id_hash: &[u8],
    now: Time,
) -> Result<Option<SavedSession>> {
    const SQL: &str = "SELECT id_hash, data, expires_at, user_id FROM sessions WHERE id_hash = ?1 AND expires_at > ?2";
    let row: Option<SessionRow> = sqlx::query_as(SQL)
        .bind(id_hash)
        .bind(now.micros())
        .fetch_optional(readers)
        .await?;
    Ok(row.map(SavedSession::from))
}

#[tracing::instrument(name = "db.sessions.list", skip_all)]
pub(crate) async fn of_user(
    readers: &SqlitePool,
    user: UserId,
    now: Time,
) -> Result<Vec<SavedSession>> {
    const SQL: &str = "SELECT id_hash, data, expires_at, user_id FROM sessions
        WHERE user_id = ?1 AND expires_at > ?2 ORDER BY expires_at DESC, id_hash";
    let rows: Vec<SessionRow> = sqlx::query_as(SQL)
        .bind(user.0)
        .bind(now.micros())
        .fetch_all(readers)
        .await?;
    Ok(rows.into_iter().map(SavedSession::from).collect())
}

#[tracing::instrument(name = "db.sessions.end", skip_all)]
pub(crate) async fn end_of_user(writer: &Writer, user: UserId, keep: Option<&[u8]>) -> Result<u64> {
    let mut tx = writer.begin().await?;
    let ended = delete_of_user(tx.connection(), user, keep).await?;
    tx.commit().await?;
    Ok(ended)
}

pub(crate) async fn delete_of_user(
    connection: &mut SqliteConnection,
    user: UserId,
    keep: Option<&[u8]>,
) -> Result<u64> {
    const SQL: &str = "DELETE FROM sessions WHERE user_id = ?1 AND id_hash IS NOT ?2";
    let query = sqlx::query(SQL).bind(user.0).bind(keep);
    Ok(query.execute(connection).await?.rows_affected())
}

#[tracing::instrument(name = "db.sessions.delete", skip_all)]
pub(super) async fn delete(writer: &Writer, id_hash: &[u8]) -> Result<()> {
    let mut tx = writer.begin().await?;
    sqlx::query("DELETE FROM sessions WHERE id_hash = ?1")
        .bind(id_hash)
        .execute(tx.connection())
        .await?;
    tx.commit().await
}

#[tracing::instrument(name = "db.sessions.delete_expired", skip_all)]
pub(super) async fn delete_expired(writer: &Writer, now: Time) -> Result<u64> {
    let mut tx = writer.begin().await?;
    let query = sqlx::query("DELETE FROM sessions WHERE expires_at <= ?1").bind(now.micros());
    let done = query.execute(tx.connection()).await?;
    tx.commit().await?;
    Ok(done.rows_affected())
}
