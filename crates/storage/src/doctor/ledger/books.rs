//! The books as a whole, and the holds.

use domain::Time;

use super::super::{Examination, MOST_DIFFERENCES, Patient};
use crate::{error::Result, wide};

const BOOKS: &str = "
    SELECT b.version, b.last_grant, b.last_entry, b.renewed, b.renews_at, b.held,
        (SELECT coalesce(max(number), 0) FROM grants WHERE account_id = ?1) AS grants,
        (SELECT coalesce(max(number), 0) FROM ledger_entries WHERE account_id = ?1) AS entries,
        (SELECT coalesce(sum(max(credits, used)), 0) FROM holds WHERE account_id = ?1 AND state = 'active') AS holds,
        b.counted, b.counted_trillions,
        (SELECT coalesce(sum(credits >> 32), 0) FROM cycle_usage WHERE account_id = ?1) AS used_high,
        (SELECT coalesce(sum(credits & 4294967295), 0) FROM cycle_usage WHERE account_id = ?1) AS used_low
    FROM (SELECT 1) LEFT JOIN books AS b ON b.account_id = ?1";

/// An ended hold is an event of the same cost, or cost nothing; an active one is no event yet.
const HOLDS: &str = "
    SELECT h.hold_id, h.state, coalesce(h.settled, 0), coalesce(e.credits, 0) FROM holds AS h
    LEFT JOIN names AS n ON n.account_id = h.account_id AND n.sort = 0 AND n.name = ?3
    LEFT JOIN events AS e ON e.account_id = h.account_id AND e.source = n.number AND e.id = h.hold_id
    WHERE h.account_id = ?1 AND (coalesce(h.settled, 0) <> coalesce(e.credits, 0)
        OR (h.state = 'active') <> (h.settled IS NULL)) LIMIT ?2";

#[derive(sqlx::FromRow)]
struct Row {
    version: Option<i64>,
    last_grant: Option<i64>,
    last_entry: Option<i64>,
    renewed: Option<i64>,
    renews_at: Option<i64>,
    held: Option<i64>,
    grants: i64,
    entries: i64,
    holds: i64,
    counted: Option<i64>,
    counted_trillions: Option<i64>,
    used_high: i64,
    used_low: i64,
}

/// What the books say as a whole against grants, entries and holds, and ended holds against their events.
pub(super) async fn examine(examination: &mut Examination<'_>, patient: &Patient) -> Result<()> {
    let row: Row = sqlx::query_as(BOOKS)
        .bind(patient.id.0)
        .fetch_one(&mut *examination.transaction)
        .await?;
    let numbers = [
        ("the last grant", row.last_grant, row.grants),
        ("the last entry", row.last_entry, row.entries),
        ("held", row.held, row.holds),
    ];
    for (what, found, right) in numbers {
        if found.unwrap_or(0) != right {
            examination.differ(format!(
                "books of account {}: say {} for {what}, {right} is right.",
                patient.key,
                found.unwrap_or(0)
            ));
        }
    }
    if let (Some(counted), Some(trillions)) = (row.counted, row.counted_trillions) {
        let found = wide::with_trillions(trillions, counted >> 32, counted & 0xffff_ffff);
        let right = wide::joined(row.used_high, row.used_low);
        if found != right {
            examination.differ(format!(
                "books of account {}: count {found} micro-credits in all, its cycles make {right}.",
                patient.key
            ));
        }
    }
    if let Some(version) = row.version.filter(|version| *version < 1) {
        examination.differ(format!(
            "books of account {}: have version {version}, the first is 1.",
            patient.key
        ));
    }
    compare_renewal(examination, patient, row.renewed, row.renews_at);
    examine_holds(examination, patient).await
}

fn compare_renewal(
    examination: &mut Examination<'_>,
    patient: &Patient,
    renewed: Option<i64>,
    renews_at: Option<i64>,
) {
    let (Some(renewed), Some(renews_at)) = (renewed, renews_at) else {
        return;
    };
    let (renewed, renews_at) = (Time::from_micros(renewed), Time::from_micros(renews_at));
    let cycle = patient.cycles.at(renewed).range;
    if (cycle.start, cycle.end) != (renewed, renews_at) {
        examination.differ(format!(
            "books of account {}: were renewed for the cycle from {renewed} to {renews_at}, it goes from {} to {}.",
            patient.key, cycle.start, cycle.end
        ));
    }
}

async fn examine_holds(examination: &mut Examination<'_>, patient: &Patient) -> Result<()> {
    let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(HOLDS)
        .bind(patient.id.0)
        .bind(MOST_DIFFERENCES)
        .bind(service::desk::HOLDS_SOURCE)
        .fetch_all(&mut *examination.transaction)
        .await?;
    for (id, state, settled, credits) in rows {
        examination.differ(format!(
            "hold '{id}' of account {}: is {state} at {settled} micro-credits, its event has {credits}.",
            patient.key
        ));
    }
    Ok(())
}
