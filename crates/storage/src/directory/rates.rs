//! Rate cards: versions that follow each other.

use domain::{
    Time,
    rate::{RateCard, RateRule},
};
use service::ports::{Expected, Stored};
use sqlx::{SqliteConnection, SqliteExecutor, SqlitePool};

use super::after_or_first;
use crate::{
    error::Result,
    idempotency::{Did, once},
    writer::Writer,
};

#[tracing::instrument(name = "db.rate_cards.list", skip_all)]
pub(super) async fn versions(
    database: impl SqliteExecutor<'_>,
    event_type: &str,
) -> Result<Vec<RateCard>> {
    const SQL: &str = "SELECT version, effective_at, rules FROM rate_cards WHERE event_type = ?1 ORDER BY version";
    let rows: Vec<(u32, i64, String)> = sqlx::query_as(SQL)
        .bind(event_type)
        .fetch_all(database)
        .await?;
    rows.into_iter()
        .map(|(version, effective_at, rules)| {
            let effective_at = Time::from_micros(effective_at);
            let rules = serde_json::from_str(&rules)?;
            Ok(RateCard {
                event_type: event_type.to_owned(),
                version,
                effective_at,
                rules,
            })
        })
        .collect()
}

#[tracing::instrument(name = "db.rate_cards.types", skip_all)]
pub(super) async fn types(
    readers: &SqlitePool,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<String>> {
    const SQL: &str = "SELECT event_type FROM rate_cards WHERE event_type > ?1 AND version = 1 ORDER BY event_type LIMIT ?2";
    Ok(sqlx::query_scalar(SQL)
        .bind(after_or_first(after))
        .bind(limit)
        .fetch_all(readers)
        .await?)
}

#[tracing::instrument(name = "db.rate_cards.put", skip_all)]
pub(super) async fn put(
    writer: &Writer,
    event_type: &str,
    effective_at: Time,
    rules: &[RateRule],
    expected: &Expected,
    now: Time,
) -> Result<Stored<RateCard>> {
    once(writer, async |tx| {
        let latest = versions(tx.connection(), event_type).await?.pop();
        if !expected.is_met_by(latest.as_ref()) {
            return Ok(Did::Nothing(Stored::Stale));
        }
        let version = match latest {
            Some(latest) if latest.effective_at == effective_at && latest.rules == rules => {
                return Ok(Did::Done(Stored::Replaced(latest)));
            }
            Some(latest) => latest.version + 1,
            None => 1,
        };
        let card = RateCard {
            event_type: event_type.to_owned(),
            version,
            effective_at,
            rules: rules.to_vec(),
        };
        insert(tx.connection(), &card, now).await?;
        Ok(Did::Done(Stored::Created(card)))
    })
    .await
}

async fn insert(connection: &mut SqliteConnection, card: &RateCard, now: Time) -> Result<()> {
    const SQL: &str =
        "INSERT INTO rate_cards (event_type, version, effective_at, rules, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5)";
    sqlx::query(SQL)
        .bind(&card.event_type)
        .bind(card.version)
        .bind(card.effective_at.micros())
        .bind(serde_json::to_string(&card.rules)?)
        .bind(now.micros())
        .execute(connection)
        .await?;
    Ok(())
}
