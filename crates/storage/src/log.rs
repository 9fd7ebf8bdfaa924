//! Pages of the activity log.

mod walk;

use domain::{AccountId, Seq, Time, TimeRange, cursor::Cursor};
use service::ports::{Direction, LogRange, Selection, StoredEvent};
use sqlx::SqliteConnection;

use crate::{
    error::{Error, Result},
    filter::{Between, Filter},
    rows::{EventRow, event_columns},
};

/// Rows that are simply looked through before anything cleverer: about a millisecond.
const LOOK_THROUGH: u32 = 2_000;

/// A place in the log as stored.
type Place = (i64, i64);

macro_rules! places {
    ($range:expr, $order:literal) => {
        concat!(
            "SELECT time, seq ",
            $range,
            " AND ",
            event_filter!(),
            " ORDER BY ",
            $order,
            " LIMIT ?11"
        )
    };
}

const OLDER: &str = places!(log_range!(), "time DESC, seq DESC");
const NEWER: &str = places!(log_range!(), "time, seq");
const OLDER_BY_REFERENCE: &str = places!(reference_range!(), "time DESC, seq DESC");
const NEWER_BY_REFERENCE: &str = places!(reference_range!(), "time, seq");

const SKIP: &str = concat!(
    "SELECT time, seq ",
    log_range!(),
    " AND ",
    event_filter!(),
    " ORDER BY time DESC, seq DESC LIMIT 1 OFFSET ?11"
);
const COUNT: &str = concat!("SELECT count(*) ", log_range!(), " AND ", event_filter!());

const OLDER_BY: &str = concat!(
    "SELECT time, seq ",
    log_range!(),
    " ORDER BY time DESC, seq DESC LIMIT 1 OFFSET ?6"
);
const NEWER_BY: &str = concat!(
    "SELECT time, seq ",
    log_range!(),
    " ORDER BY time, seq LIMIT 1 OFFSET ?6"
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

/// Looks for the places of a page, nearest first.
struct Search<'a> {
    connection: &'a mut SqliteConnection,
    filter: Filter,
    direction: Direction,
    /// What is still to be looked through.
    between: Between,
    limit: u32,
    found: Vec<Place>,
}

impl Search<'_> {
    /// Rows that match are often near, so some are looked through one by one. When that does not fill the page, matching
    /// rows are rare: then an index or the roll-ups say where they are.
    async fn run(&mut self) -> Result<()> {
        if self.filter.is_open() {
            return self.look(self.statement(), self.between).await;
        }
        let Some(rest) = self.beyond(LOOK_THROUGH).await? else {
            return self.look(self.statement(), self.between).await;
        };
        let near = match self.direction {
            Direction::Older => Between {
                after: just_before(rest.before),
                ..self.between
            },
            Direction::Newer => Between {
                before: just_after(rest.after),
                ..self.between
            },
        };
        self.look(self.statement(), near).await?;
        self.between = rest;
        if self.wanted() == 0 {
            Ok(())
        } else if self.filter.references.is_some() {
            self.look(self.reference_statement(), rest).await
        } else {
            self.walk().await
        }
    }

    /// How many places are still wanted.
    fn wanted(&self) -> u32 {
        self.limit
            .saturating_sub(u32::try_from(self.found.len()).unwrap_or(u32::MAX))
    }

    /// Adds the nearest matching places of a stretch.
    async fn look(&mut self, statement: &'static str, between: Between) -> Result<()> {
        let query = self
            .filter
            .bind::<Place>(statement, between)
            .bind(self.wanted());
        self.found
            .extend(query.fetch_all(&mut *self.connection).await?);
        Ok(())
    }

    /// What lies beyond the nearest `rows` rows, whether they match or not; nothing when there are not so many.
    async fn beyond(&mut self, rows: u32) -> Result<Option<Between>> {
        let statement = match self.direction {
            Direction::Older => OLDER_BY,
            Direction::Newer => NEWER_BY,
        };
        let place: Option<Place> = sqlx::query_as(statement)
            .bind(self.filter.account)
            .bind(self.between.after.time.micros())
            .bind(self.between.after.seq.0)
            .bind(self.between.before.time.micros())
            .bind(self.between.before.seq.0)
            .bind(rows.saturating_sub(1))
            .fetch_optional(&mut *self.connection)
            .await?;
        Ok(place.map(cursor).map(|place| match self.direction {
            Direction::Older => Between {
                before: place,
                ..self.between
            },
            Direction::Newer => Between {
                after: place,
                ..self.between
            },
        }))
    }

    fn statement(&self) -> &'static str {
        match self.direction {
            Direction::Older => OLDER,
            Direction::Newer => NEWER,
        }
    }

    fn reference_statement(&self) -> &'static str {
        match self.direction {
            Direction::Older => OLDER_BY_REFERENCE,
            Direction::Newer => NEWER_BY_REFERENCE,
        }
    }
}

fn cursor((time, seq): Place) -> Cursor {
    Cursor {
        time: Time::from_micros(time),
        seq: Seq(seq),
    }
}

fn just_before(place: Cursor) -> Cursor {
    Cursor {
        seq: Seq(place.seq.0.saturating_sub(1)),
        ..place
    }
}

fn just_after(place: Cursor) -> Cursor {
    Cursor {
        seq: Seq(place.seq.0.saturating_add(1)),
        ..place
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
    use crate::plans::assert_searches;

    #[tokio::test]
    async fn the_log_is_searched_not_scanned() {
        let log = "SEARCH events USING INDEX events_log (account_id=? AND time>? AND time<?)";
        let covered = log.replace("USING INDEX", "USING COVERING INDEX");
        let reference = "SEARCH events USING COVERING INDEX events_reference (account_id=? AND reference>? AND reference<?)";
        for statement in [OLDER, NEWER, SKIP, COUNT] {
            assert_searches(statement, &[log]).await;
        }
        for statement in [OLDER_BY, NEWER_BY] {
            assert_searches(statement, &[&covered]).await;
        }
        for statement in [OLDER_BY_REFERENCE, NEWER_BY_REFERENCE] {
            assert_searches(statement, &[reference]).await;
        }
        assert_searches(ROWS, &["SEARCH e USING INTEGER PRIMARY KEY (rowid=?)"]).await;
    }

    #[tokio::test]
    async fn pages_need_no_sorting() {
        for statement in [OLDER, NEWER, OLDER_BY, NEWER_BY] {
            let steps = crate::plans::steps(statement).await;
            assert!(
                !steps
                    .iter()
                    .any(|step| step.contains("TEMP B-TREE FOR ORDER BY")),
                "{steps:?}"
            );
        }
    }
}
