//! The latest comparison of everything with everything.

use domain::Time;
use service::ports::Reconciliation;
use sqlx::SqlitePool;

use crate::{error::Result, writer::Writer};

#[tracing::instrument(name = "db.reconciliation.save", skip_all)]
pub(crate) async fn save(writer: &Writer, latest: &Reconciliation) -> Result<()> {
    const SQL: &str = "
        INSERT INTO reconciliation (only_row, checked_at, events, differences) VALUES (1, ?1, ?2, ?3)
        ON CONFLICT (only_row) DO UPDATE SET checked_at = excluded.checked_at, events = excluded.events,
            differences = excluded.differences";
    let mut tx = writer.begin().await?;
    sqlx::query(SQL)
        .bind(latest.checked_at.micros())
        .bind(i64::try_from(latest.events).unwrap_or(i64::MAX))
        .bind(serde_json::to_string(&latest.differences)?)
        .execute(tx.connection())
        .await?;
    tx.commit().await
}

#[tracing::instrument(name = "db.reconciliation.get", skip_all)]
pub(crate) async fn latest(readers: &SqlitePool) -> Result<Option<Reconciliation>> {
    const SQL: &str = "SELECT checked_at, events, differences FROM reconciliation";
    let row: Option<(i64, i64, String)> = sqlx::query_as(SQL).fetch_optional(readers).await?;
    row.map(|(checked_at, events, differences)| {
        Ok(Reconciliation {
            checked_at: Time::from_micros(checked_at),
            events: u64::try_from(events).unwrap_or(0),
            differences: serde_json::from_str(&differences)?,
        })
    })
    .transpose()
}
