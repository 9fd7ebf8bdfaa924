//! Open disputes of all accounts, with what a decision has to know.

use domain::{AccountId, cursor::TimedId};
use service::ports::OpenDispute;
use sqlx::SqlitePool;

use super::orders::{DisputeRow, dispute, dispute_columns};
use crate::{
    error::{Error, Result},
    events::find_in,
};

const OPEN: &str = dispute_columns!(
    "FROM disputes AS d WHERE d.state = 'open' AND (d.created_at, d.dispute_id) > (?1, ?2)
    ORDER BY d.created_at, d.dispute_id LIMIT ?3"
);

const ACCOUNT: &str = "SELECT key, name, time_zone FROM accounts WHERE account_id = ?1";

/// Open disputes of all accounts, the oldest first, those after `after`.
#[tracing::instrument(name = "db.disputes.open", skip_all)]
pub(super) async fn open(
    readers: &SqlitePool,
    after: Option<&TimedId>,
    limit: u32,
) -> Result<Vec<OpenDispute>> {
    let mut transaction = readers.begin().await?;
    let (created_at, id) = after.map_or((i64::MIN, ""), |place| {
        (place.time.micros(), place.id.as_str())
    });
    let rows: Vec<DisputeRow> = sqlx::query_as(OPEN)
        .bind(created_at)
        .bind(id)
        .bind(limit)
        .fetch_all(&mut *transaction)
        .await?;
    let mut open = Vec::with_capacity(rows.len());
    for row in rows {
        let (account, dispute) = dispute(row)?;
        let of = AccountId(account);
        let (source, event) = (&dispute.source, &dispute.event);
        let event = find_in(&mut transaction, of, source, event)
            .await?
            .ok_or_else(|| Error::Corrupt(format!("dispute {} of no event", dispute.id)))?;
        let (account, account_name, time_zone) = sqlx::query_as(ACCOUNT)
            .bind(account)
            .fetch_one(&mut *transaction)
            .await?;
        open.push(OpenDispute {
            account,
            account_name,
            time_zone,
            dispute,
            event,
        });
    }
    Ok(open)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plans::assert_searches;

    #[tokio::test]
    async fn open_disputes_are_found_without_reading_those_that_are_decided() {
        let step = "SEARCH d USING INDEX disputes_open ((created_at,dispute_id)>(?,?))";
        assert_searches(OPEN, &[step]).await;
    }
}
