//! What is due in each cycle against the usage that went past all grants.

use std::collections::BTreeMap;

use domain::{Time, TimeRange};

use super::super::{Examination, Patient, cycles};
use crate::{error::Result, wide};

const STORED: &str = "
    SELECT cycle_start, due, coalesce((SELECT sum(value ->> 1) FROM json_each(covers)), 0)
    FROM overage WHERE account_id = ?1";

/// What entries added to what is due, and what grants paid of it, by cycle. Corrections and returns carry their sign.
const ENTERED: &str = "
    SELECT cycle_start, coalesce(sum(-credits >> 32) FILTER (WHERE grant_number = 0), 0),
        coalesce(sum(-credits & 4294967295) FILTER (WHERE grant_number = 0), 0),
        coalesce(sum(-credits >> 32) FILTER (WHERE kind = 'covered'), 0),
        coalesce(sum(-credits & 4294967295) FILTER (WHERE kind = 'covered'), 0)
    FROM ledger_entries WHERE account_id = ?1 AND (grant_number = 0 OR kind = 'covered') GROUP BY 1";

const HAS_ANY: &str = "
    SELECT EXISTS (SELECT 1 FROM events WHERE account_id = ?1 AND paid_by = 0)
        OR EXISTS (SELECT 1 FROM payments WHERE account_id = ?1 AND grant_number = 0)";

const BY_EVENTS: &str = "
    SELECT coalesce(sum(credits >> 32), 0), coalesce(sum(credits & 4294967295), 0) FROM (
        SELECT CASE e.paid_by WHEN 0 THEN e.credits ELSE (SELECT sum(p.credits) FROM payments AS p
            WHERE p.account_id = e.account_id AND p.seq = e.seq AND p.grant_number = 0) END AS credits
        FROM events AS e INDEXED BY events_log
        WHERE e.account_id = ?1 AND e.time >= ?2 AND e.time < ?3 AND e.paid_by IN (0, -1))";

/// A cycle's overage.
#[derive(Default)]
struct Cycle {
    due: i128,
    covers: i128,
    /// Usage and corrections past all grants, less what was returned of it.
    gone: i128,
    /// What grants paid of it.
    covered: i128,
}

/// Every cycle's overage against usage, corrections, returns and what later grants paid.
pub(super) async fn examine(examination: &mut Examination<'_>, patient: &Patient) -> Result<()> {
    let mut by_cycle: BTreeMap<i64, Cycle> = BTreeMap::new();
    let stored: Vec<(i64, i64, i64)> = rows(examination, patient, STORED).await?;
    for (start, due, covers) in stored {
        let cycle = by_cycle.entry(start).or_default();
        (cycle.due, cycle.covers) = (due.into(), covers.into());
    }
    let entered: Vec<(i64, i64, i64, i64, i64)> = rows(examination, patient, ENTERED).await?;
    for (start, gone_high, gone_low, covered_high, covered_low) in entered {
        let cycle = by_cycle.entry(start).or_default();
        cycle.gone = wide::joined(gone_high, gone_low);
        cycle.covered = wide::joined(covered_high, covered_low);
    }
    for (start, gone) in by_events(examination, patient).await? {
        by_cycle.entry(start).or_default().gone += gone;
    }
    for (start, cycle) in by_cycle {
        compare(examination, patient, Time::from_micros(start), &cycle);
    }
    Ok(())
}

async fn rows<R>(
    examination: &mut Examination<'_>,
    patient: &Patient,
    statement: &'static str,
) -> Result<Vec<R>>
where
    R: for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow> + Send + Unpin,
{
    Ok(sqlx::query_as(statement)
        .bind(patient.id.0)
        .fetch_all(&mut *examination.transaction)
        .await?)
}

async fn by_events(
    examination: &mut Examination<'_>,
    patient: &Patient,
) -> Result<Vec<(i64, i128)>> {
    let has_any: bool = sqlx::query_scalar(HAS_ANY)
        .bind(patient.id.0)
        .fetch_one(&mut *examination.transaction)
        .await?;
    let mut sums = Vec::new();
    if has_any {
        for TimeRange { start, end } in cycles::cycles(examination, patient).await? {
            let (high, low): (i64, i64) = sqlx::query_as(BY_EVENTS)
                .bind(patient.id.0)
                .bind(start.micros())
                .bind(end.micros())
                .fetch_one(&mut *examination.transaction)
                .await?;
            sums.push((start.micros(), wide::joined(high, low)));
        }
    }
    Ok(sums)
}

fn compare(examination: &mut Examination<'_>, patient: &Patient, start: Time, cycle: &Cycle) {
    let right = cycle.gone - cycle.covered;
    if cycle.due != right {
        examination.differ(format!(
            "overage of account {}, cycle from {start}: {} micro-credits are due, {} are overage and {} of them were settled.",
            patient.key, cycle.due, cycle.gone, cycle.covered,
        ));
    }
    if cycle.covers > cycle.covered || cycle.covers < 0 {
        examination.differ(format!(
            "overage of account {}, cycle from {start}: {} micro-credits are said to be covered, entries cover {}.",
            patient.key, cycle.covers, cycle.covered,
        ));
    }
}
