//! What has left each grant against everything that says so.

use super::super::{Examination, MOST_DIFFERENCES, Patient};
use crate::{error::Result, wide};

/// Per grant: what it says, and what entries, payments and events make of it. An entry's credits are positive into the
/// grant. What is paid and given back again and again adds up to any sum before it is evened out.
const MOVED: &str = "
    SELECT number, sum(amount), sum(spent), sum(given), sum(gone >> 32), sum(gone & 4294967295) FROM (
        SELECT number, amount, spent, 0 AS given, 0 AS gone FROM grants WHERE account_id = ?1
        UNION ALL SELECT grant_number, 0, 0, credits, 0 FROM ledger_entries WHERE account_id = ?1 AND kind = 'granted'
        UNION ALL SELECT grant_number, 0, 0, 0, -credits FROM ledger_entries
            WHERE account_id = ?1 AND kind <> 'granted' AND grant_number > 0
        UNION ALL SELECT grant_number, 0, 0, 0, credits FROM payments WHERE account_id = ?1 AND grant_number > 0
        UNION ALL SELECT paid_by, 0, 0, 0, credits FROM events WHERE account_id = ?1 AND paid_by > 0)
    GROUP BY 1 HAVING sum(amount) <> sum(given)
        OR sum(gone >> 32) + ((sum(gone & 4294967295) - sum(spent)) >> 32) <> 0
        OR (sum(gone & 4294967295) - sum(spent)) & 4294967295 <> 0 LIMIT ?2";

/// What is left of an allocation is carried over once, when the next cycle begins. What a reversal gives back later is
/// carried over by a grant of its own, which names the reversal.
const CARRIED: &str = "
    SELECT g.cycle_start, count(*), sum(g.amount) FROM grants AS g
    WHERE g.account_id = ?1 AND g.kind = 'rollover' AND NOT EXISTS (SELECT 1 FROM ledger_entries AS l
        WHERE l.account_id = g.account_id AND l.event IS NOT NULL AND l.grant_number = g.number AND l.kind = 'granted')
    GROUP BY 1 HAVING count(*) > 1 LIMIT ?2";

/// A refund is given by a reversal, and by nothing else.
const REFUNDS: &str = "
    SELECT g.number, g.amount, coalesce((SELECT sum(l.credits) FROM ledger_entries AS l
        JOIN events AS r ON r.seq = l.event AND r.account_id = l.account_id AND r.reverses IS NOT NULL
        WHERE l.account_id = g.account_id AND l.grant_number = g.number AND l.kind = 'granted'), 0) AS given
    FROM grants AS g WHERE g.account_id = ?1 AND g.kind = 'refund' AND g.amount <> given LIMIT ?2";

/// Every grant against what gave it and what took from it.
pub(super) async fn examine(examination: &mut Examination<'_>, patient: &Patient) -> Result<()> {
    let rows: Vec<(i64, i64, i64, i64, i64, i64)> = sqlx::query_as(MOVED)
        .bind(patient.id.0)
        .bind(MOST_DIFFERENCES)
        .fetch_all(&mut *examination.transaction)
        .await?;
    for (number, amount, spent, given, high, low) in rows {
        let gone = wide::joined(high, low);
        examination.differ(format!(
            "grant {number} of account {}: has {amount} micro-credits of which {spent} are spent, its entries give {given} and its payments and entries spend {gone}.",
            patient.key
        ));
    }
    let rows: Vec<(i64, i64, i64)> = sqlx::query_as(CARRIED)
        .bind(patient.id.0)
        .bind(MOST_DIFFERENCES)
        .fetch_all(&mut *examination.transaction)
        .await?;
    for (start, grants, amount) in rows {
        let start = domain::Time::from_micros(start);
        examination.differ(format!(
            "account {}: {amount} micro-credits were carried over into the cycle from {start} by {grants} grants, one was right.",
            patient.key
        ));
    }
    let rows: Vec<(i64, i64, i64)> = sqlx::query_as(REFUNDS)
        .bind(patient.id.0)
        .bind(MOST_DIFFERENCES)
        .fetch_all(&mut *examination.transaction)
        .await?;
    for (number, amount, given) in rows {
        examination.differ(format!(
            "grant {number} of account {}: is a refund of {amount} micro-credits, reversals gave {given}.",
            patient.key
        ));
    }
    Ok(())
}
