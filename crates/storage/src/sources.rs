//! Who reports, and how long each is usually silent.

use std::collections::BTreeMap;

use domain::{AccountId, Time, source::Source};
use service::{
    desk::{Booked, OWN_SOURCES},
    ports::NewEvent,
};
use sqlx::SqliteConnection;

use crate::{
    error::{Error, Result},
    names::Sort,
    writer::WriteTx,
};

/// Rows of `[account, source, latest time, events]`; ?2 is now, ?3 its week.
const SEEN: &str = "
    INSERT OR ROLLBACK INTO sources (account_id, source, first_seen, last_time, seen_at, events, week, longest, longest_before)
    SELECT value ->> 0, value ->> 1, ?2, value ->> 2, ?2, value ->> 3, ?3, 0, 0 FROM jsonb_each(?1) WHERE true
    ON CONFLICT DO UPDATE SET
        last_time = max(last_time, excluded.last_time),
        events = events + excluded.events,
        longest_before = CASE
            WHEN excluded.week = week + 1 THEN longest WHEN excluded.week > week THEN 0 ELSE longest_before
        END,
        longest = max(CASE WHEN excluded.week > week THEN 0 ELSE longest END, excluded.seen_at - seen_at),
        week = max(week, excluded.week),
        seen_at = max(seen_at, excluded.seen_at)";

const LIST: &str = "
    SELECT n.name, s.first_seen, s.last_time, s.seen_at, s.events, max(s.longest, s.longest_before)
    FROM sources AS s JOIN names AS n ON n.account_id = s.account_id AND n.number = s.source
    WHERE s.account_id = ?1 ORDER BY n.name";

const WEEK_US: i64 = 7 * domain::time::DAY_US;

/// Writes down what came from whom. Our own sources are not watched.
#[tracing::instrument(name = "db.sources.seen", skip_all)]
pub(crate) async fn seen(
    tx: &mut WriteTx<'_>,
    booked: &[Booked<'_>],
    leads: &[&NewEvent],
    now: Time,
) -> Result<()> {
    let usage = booked.iter().map(|booked| booked.event.as_ref());
    let mut sums: BTreeMap<(AccountId, &str), (Time, u64)> = BTreeMap::new();
    for event in usage.chain(leads.iter().copied()) {
        if event.source.starts_with(OWN_SOURCES) {
            continue;
        }
        let sum = sums
            .entry((event.account, &event.source))
            .or_insert((event.time, 0));
        sum.0 = sum.0.max(event.time);
        sum.1 += 1;
    }
    if sums.is_empty() {
        return Ok(());
    }
    let mut rows: BTreeMap<(AccountId, i64), (Time, u64)> = BTreeMap::new();
    for ((account, source), (latest, events)) in sums {
        let (connection, names) = tx.parts();
        let number = names
            .counted(connection, account, Sort::Source, source)
            .await?;
        let row = rows.entry((account, number)).or_insert((latest, 0));
        row.0 = row.0.max(latest);
        row.1 += events;
    }
    let rows: Vec<_> = rows
        .into_iter()
        .map(|((account, number), (latest, events))| (account, number, latest, events))
        .collect();
    sqlx::query(SEEN)
        .bind(serde_json::to_string(&rows)?)
        .bind(now.micros())
        .bind(now.micros().div_euclid(WEEK_US))
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Name, first seen, latest event, seen, events, longest silence.
type Row = (String, i64, i64, i64, i64, i64);

/// The sources of an account, by name.
#[tracing::instrument(name = "db.sources.list", skip_all)]
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    account: AccountId,
) -> Result<Vec<Source>> {
    let rows: Vec<Row> = sqlx::query_as(LIST)
        .bind(account.0)
        .fetch_all(connection)
        .await?;
    rows.into_iter()
        .map(
            |(name, first_seen, last_time, seen_at, events, longest_silence_us)| {
                let events = u64::try_from(events)
                    .map_err(|_| Error::Corrupt("a negative number of events".to_owned()))?;
                Ok(Source {
                    name,
                    first_seen: Time::from_micros(first_seen),
                    last_time: Time::from_micros(last_time),
                    seen_at: Time::from_micros(seen_at),
                    events,
                    longest_silence_us,
                })
            },
        )
        .collect()
}
