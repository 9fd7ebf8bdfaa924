//! Browser sessions, by a hash of their id.

use domain::Time;
use service::ports::SavedSession;
use sqlx::SqlitePool;

use crate::{error::Result, writer::Writer};

#[tracing::instrument(name = "db.sessions.save", skip_all)]
pub(super) async fn save(writer: &Writer, session: &SavedSession, create: bool) -> Result<bool> {
    const CREATE: &str = "INSERT INTO sessions (id_hash, data, expires_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    const SAVE: &str = "INSERT INTO sessions (id_hash, data, expires_at) VALUES (?1, ?2, ?3)
        ON CONFLICT (id_hash) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at";
    let mut tx = writer.begin().await?;
    let done = sqlx::query(if create { CREATE } else { SAVE })
        .bind(&session.id_hash)
        .bind(&session.data)
        .bind(session.expires_at.micros())
        .execute(tx.connection())
        .await?;
    tx.commit().await?;
    Ok(done.rows_affected() > 0)
}

#[tracing::instrument(name = "db.sessions.get", skip_all)]
pub(super) async fn get(
    readers: &SqlitePool,
    id_hash: &[u8],
    now: Time,
) -> Result<Option<SavedSession>> {
    const SQL: &str =
        "SELECT data, expires_at FROM sessions WHERE id_hash = ?1 AND expires_at > ?2";
    let row: Option<(String, i64)> = sqlx::query_as(SQL)
        .bind(id_hash)
        .bind(now.micros())
        .fetch_optional(readers)
        .await?;
    Ok(row.map(|(data, expires_at)| SavedSession {
        id_hash: id_hash.to_vec(),
        data,
        expires_at: Time::from_micros(expires_at),
    }))
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
