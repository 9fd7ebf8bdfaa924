//! What companies spent in a cycle against their events.

use std::collections::BTreeMap;

use domain::{Time, TimeRange};

use super::super::{Examination, Patient, cycles};
use crate::{error::Result, wide};

/// A company and an agent.
type Key = (i64, i64);
/// Credits and events.
type Sum = (i128, i64);

const STORED: &str = "SELECT cycle_start, company_id, agent, credits, events FROM company_cycle WHERE account_id = ?1";

const ADDED_UP: &str = "
    SELECT company_id, agent, sum(credits >> 32), sum(credits & 4294967295), sum(credits >= 0) FROM events INDEXED BY events_log
    WHERE account_id = ?1 AND time >= ?2 AND time < ?3 GROUP BY 1, 2";

/// Every cycle with events, or with a stored total, against the events in it.
pub(super) async fn examine(examination: &mut Examination<'_>, patient: &Patient) -> Result<()> {
    let mut stored = stored(examination, patient).await?;
    for range in cycles::cycles(examination, patient).await? {
        let found = stored.remove(&range.start.micros()).unwrap_or_default();
        let right = added_up(examination, patient, range).await?;
        compare(examination, patient, range.start, found, right);
    }
    for (start, found) in stored {
        let start = Time::from_micros(start);
        compare(examination, patient, start, found, BTreeMap::new());
    }
    Ok(())
}

async fn stored(
    examination: &mut Examination<'_>,
    patient: &Patient,
) -> Result<BTreeMap<i64, BTreeMap<Key, Sum>>> {
    let rows: Vec<(i64, i64, i64, i64, i64)> = sqlx::query_as(STORED)
        .bind(patient.id.0)
        .fetch_all(&mut *examination.transaction)
        .await?;
    let mut stored: BTreeMap<i64, BTreeMap<Key, Sum>> = BTreeMap::new();
    for (start, company, agent, credits, events) in rows {
        let of_cycle = stored.entry(start).or_default();
        of_cycle.insert((company, agent), (credits.into(), events));
    }
    Ok(stored)
}

async fn added_up(
    examination: &mut Examination<'_>,
    patient: &Patient,
    range: TimeRange,
) -> Result<BTreeMap<Key, Sum>> {
    let rows: Vec<(i64, i64, i64, i64, i64)> = sqlx::query_as(ADDED_UP)
        .bind(patient.id.0)
        .bind(range.start.micros())
        .bind(range.end.micros())
        .fetch_all(&mut *examination.transaction)
        .await?;
    let by_key =
        |(company, agent, high, low, events)| ((company, agent), (wide::joined(high, low), events));
    Ok(rows.into_iter().map(by_key).collect())
}

fn compare(
    examination: &mut Examination<'_>,
    patient: &Patient,
    start: Time,
    found: BTreeMap<Key, Sum>,
    right: BTreeMap<Key, Sum>,
) {
    let mut both: BTreeMap<Key, (Sum, Sum)> = BTreeMap::new();
    for (key, sum) in found {
        both.entry(key).or_default().0 = sum;
    }
    for (key, sum) in right {
        both.entry(key).or_default().1 = sum;
    }
    for ((company, agent), (found, right)) in both {
        if found != right {
            examination.differ(format!(
                "company_cycle of account {}, company {company}, agent {agent}, cycle from {start}: has {} micro-credits in {} events, its events make {} in {}.",
                patient.key, found.0, found.1, right.0, right.1,
            ));
        }
    }
}
