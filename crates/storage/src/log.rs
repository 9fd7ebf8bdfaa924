//! Pages of the activity log.

mod search;
mod walk;

use domain::{AccountId, Seq, Time, TimeRange, cursor::Cursor};
use service::ports::{Direction, LogRange, Selection, StoredEvent};
use sqlx::SqliteConnection;

use crate::{
    error::{Error, Result},
    filter::{Between, Filter},
    log::search::Search,
    rows::{EventRow, event_columns},
};

/// A place in the log as stored.
type Place = (i64, i64);

const SKIP: &str = concat!(
    "SELECT time, seq ",
    log_range!(),
    " AND ",
    event_filter!(),
    is_listed!(),
    " ORDER BY time DESC, seq DESC LIMIT 1 OFFSET ?11"
);
const COUNT: &str = concat!(
    "SELECT count(*) ",
    log_range!(),
    " AND ",
    event_filter!(),
    is_listed!()
);

const ROWS: &str = event_columns!(
    "
    FROM json_each(?2) AS asked
    CROSS JOIN events AS e ON e.seq = asked.value
    JOIN names AS source ON source.account_id = e.account_id AND source.number = e.source",
    "WHERE e.account_id = ?1 ORDER BY asked.key"
);

/// A page of the log, newest first.
#[tracing::instrument(name = "db.log.page", skip_all)]
pub(crate) async fn page(
    connection: &mut SqliteConnection,
    account: AccountId,
    selection: &Selection,
    range: LogRange,
    limit: u32,
) -> Result<Vec<StoredEvent>> {
    let Some(filter) = Filter::resolve(connection, account, selection).await? else {
        return Ok(Vec::new());
    };
    let mut between = Between::of(range.range);
    match (range.direction, range.from) {
        (Direction::Older, Some(place)) => between.before = between.before.min(place),
        (Direction::Newer, Some(place)) => between.after = between.after.max(place),
        (_, None) => {}
    }
    let mut search = Search {
        connection,
        filter,
        direction: range.direction,
        between,
        limit,
        found: Vec::new(),
    };
    search.run().await?;
    let mut seqs: Vec<i64> = search.found.iter().map(|place| place.1).collect();
    if range.direction == Direction::Newer {
        seqs.reverse();
    }
    rows(connection, account, &seqs).await
}

fn cursor((time, seq): Place) -> Cursor {
    Cursor {
        time: Time::from_micros(time),
        seq: Seq(seq),
    }
}

/// The events with these numbers, in this order.
#[tracing::instrument(name = "db.events.list", skip_all)]
async fn rows(
    connection: &mut SqliteConnection,
    account: AccountId,
    seqs: &[i64],
) -> Result<Vec<StoredEvent>> {
    if seqs.is_empty() {
        return Ok(Vec::new());
    }
    let asked = serde_json::to_string(seqs)?;
    let rows: Vec<EventRow> = sqlx::query_as(ROWS)
        .bind(account.0)
        .bind(asked)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(StoredEvent::try_from).collect()
}

/// The row `skip` rows after the newest one.
#[tracing::instrument(name = "db.log.skip", skip_all)]
pub(crate) async fn skip(
    connection: &mut SqliteConnection,
    account: AccountId,
    selection: &Selection,
    range: TimeRange,
    skip: u64,
) -> Result<Option<Cursor>> {
    let Some(filter) = Filter::resolve(connection, account, selection).await? else {
        return Ok(None);
    };
    let skip = i64::try_from(skip).unwrap_or(i64::MAX);
    let place = filter
        .bind::<Place>(SKIP, Between::of(range))
        .bind(skip)
        .fetch_optional(connection)
        .await?;
    Ok(place.map(cursor))
}

/// How many rows are newer than a place.
#[tracing::instrument(name = "db.log.count_newer", skip_all)]
pub(crate) async fn count_newer(
    connection: &mut SqliteConnection,
    account: AccountId,
    selection: &Selection,
    range: TimeRange,
    place: Cursor,
) -> Result<u64> {
    let Some(filter) = Filter::resolve(connection, account, selection).await? else {
        return Ok(0);
    };
    let all = Between::of(range);
    let newer = Between {
        after: all.after.max(place),
        ..all
    };
    let (count,): (i64,) = filter.bind(COUNT, newer).fetch_one(connection).await?;
    u64::try_from(count).map_err(|_| Error::Corrupt("a negative count".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plans::{LOG, assert_searches};

    #[tokio::test]
    async fn rows_are_searched_not_scanned() {
        for statement in [SKIP, COUNT] {
            assert_searches(statement, &[LOG]).await;
        }
        assert_searches(ROWS, &["SEARCH e USING INTEGER PRIMARY KEY (rowid=?)"]).await;
    }
}
