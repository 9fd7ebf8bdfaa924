//! Cycle totals against events.

use std::collections::BTreeMap;

use domain::{Time, TimeRange};

use super::{Examination, Patient};
use crate::{error::Result, wide};

const STORED: &str = "SELECT cycle_start, credits, events FROM cycle_usage WHERE account_id = ?1";
const EXTENT: &str =
    "SELECT min(time), max(time) FROM events INDEXED BY events_log WHERE account_id = ?1";
const ADDED_UP: &str =
    "SELECT coalesce(sum(credits >> 32), 0), coalesce(sum(credits & 4294967295), 0), coalesce(sum(credits >= 0), 0) FROM events INDEXED BY events_log
    WHERE account_id = ?1 AND time >= ?2 AND time < ?3";

/// Credits, wider than a column, and events.
type Sum = (i128, i64);

/// Every cycle with events, or with a stored total, against the events in it.
pub(super) async fn examine(examination: &mut Examination<'_>, patient: &Patient) -> Result<()> {
    let stored: Vec<(i64, i64, i64)> = sqlx::query_as(STORED)
        .bind(patient.id.0)
        .fetch_all(&mut *examination.transaction)
        .await?;
    let mut stored: BTreeMap<i64, Sum> = stored
        .into_iter()
        .map(|(start, credits, events)| (start, (credits.into(), events)))
        .collect();
    for range in cycles(examination, patient).await? {
        let found = stored.remove(&range.start.micros()).unwrap_or_default();
        let (high, low, events): (i64, i64, i64) = sqlx::query_as(ADDED_UP)
            .bind(patient.id.0)
            .bind(range.start.micros())
            .bind(range.end.micros())
            .fetch_one(&mut *examination.transaction)
            .await?;
        let right = (wide::joined(high, low), events);
        compare(examination, patient, range.start, found, right);
    }
    for (start, found) in stored {
        compare(
            examination,
            patient,
            Time::from_micros(start),
            found,
            (0, 0),
        );
    }
    Ok(())
}

/// The cycles from the first event to the last.
pub(super) async fn cycles(
    examination: &mut Examination<'_>,
    patient: &Patient,
) -> Result<Vec<TimeRange>> {
    let extent: (Option<i64>, Option<i64>) = sqlx::query_as(EXTENT)
        .bind(patient.id.0)
        .fetch_one(&mut *examination.transaction)
        .await?;
    let (Some(first), Some(last)) = extent else {
        return Ok(Vec::new());
    };
    let (first, last) = (
        patient.cycles.at(Time::from_micros(first)),
        patient.cycles.at(Time::from_micros(last)),
    );
    Ok((first.number..=last.number)
        .map(|number| patient.cycles.numbered(number).range)
        .collect())
}

fn compare(
    examination: &mut Examination<'_>,
    patient: &Patient,
    start: Time,
    found: Sum,
    right: Sum,
) {
    if found != (0, 0) || right != (0, 0) {
        examination.report.cycles += 1;
    }
    if found != right {
        examination.differ(format!(
            "cycle_usage of account {}, cycle from {start}: has {} micro-credits in {} events, its events make {} in {}.",
            patient.key, found.0, found.1, right.0, right.1,
        ));
    }
}
