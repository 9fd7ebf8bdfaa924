//! The latest comparison of everything with everything.

use domain::Time;
use service::ports::Reconciliation;
use sqlx::SqlitePool;

use crate::{error::Result, writer::Writer};

#[tracing::instrument(name = "db.reconciliation.save", skip_all)]
pub(crate) async fn save(writer: &Writer, latest: &Reconciliation) -> Result<()> {
    const SQL: &str = "
        INSERT INTO reconciliation (only_row, checked_at, report) VALUES (1, ?1, ?2)
        ON CONFLICT (only_row) DO UPDATE SET checked_at = excluded.checked_at, report = excluded.report";
    let mut tx = writer.begin().await?;
    sqlx::query(SQL)
        .bind(latest.checked_at.micros())
        .bind(serde_json::to_string(&latest.report)?)
        .execute(tx.connection())
        .await?;
    tx.commit().await
}

#[tracing::instrument(name = "db.reconciliation.get", skip_all)]
pub(crate) async fn latest(readers: &SqlitePool) -> Result<Option<Reconciliation>> {
    const SQL: &str = "SELECT checked_at, report FROM reconciliation";
    let row: Option<(i64, String)> = sqlx::query_as(SQL).fetch_optional(readers).await?;
    row.map(|(checked_at, report)| {
        Ok(Reconciliation {
            checked_at: Time::from_micros(checked_at),
            report: serde_json::from_str(&report)?,
        })
    })
    .transpose()
}
