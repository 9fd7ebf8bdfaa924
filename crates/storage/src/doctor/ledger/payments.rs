//! How every event was paid, and what was given back of it.

use super::super::{Examination, MOST_DIFFERENCES, Patient};
use crate::error::Result;

/// Events that cost something and that nobody paid, since there is a ledger.
const UNPAID: &str = "
    SELECT seq, credits, 0 FROM events
    WHERE account_id = ?1 AND paid_by IS NULL AND credits > 0 AND balance_after IS NOT NULL LIMIT ?2";

/// Events whose parts do not add up to what they cost.
const PARTS: &str = "
    SELECT e.seq, e.credits, coalesce((SELECT sum(p.credits) FROM payments AS p
        WHERE p.account_id = e.account_id AND p.seq = e.seq), 0) AS parts
    FROM events AS e WHERE e.account_id = ?1 AND e.paid_by = -1 AND e.credits <> parts LIMIT ?2";

/// Parts of events that have none.
const STRAYS: &str = "
    SELECT p.seq, sum(p.credits), coalesce(e.credits, 0) FROM payments AS p
    LEFT JOIN events AS e ON e.seq = p.seq AND e.account_id = p.account_id
    WHERE p.account_id = ?1 AND e.paid_by IS NOT -1 GROUP BY 1 LIMIT ?2";

/// Events that gave back more than they cost.
const REVERSALS: &str = "
    SELECT r.reverses, -sum(r.credits) AS back, coalesce(e.credits, 0) AS cost FROM events AS r
    LEFT JOIN events AS e ON e.seq = r.reverses AND e.account_id = r.account_id AND e.reverses IS NULL
    WHERE r.account_id = ?1 AND r.reverses IS NOT NULL GROUP BY 1 HAVING back > cost LIMIT ?2";

/// Reversals whose credits did not go somewhere, once: to grants, or off what was due.
const WENT: &str = "
    SELECT r.seq, -r.credits AS back, coalesce((SELECT sum(l.credits) FROM ledger_entries AS l
        WHERE l.account_id = r.account_id AND l.event = r.seq AND l.kind IN ('returned', 'granted')), 0) AS went
    FROM events AS r JOIN events AS e ON e.seq = r.reverses AND e.paid_by IS NOT NULL
    WHERE r.account_id = ?1 AND r.reverses IS NOT NULL AND back <> went LIMIT ?2";

/// Events with negative credits that take nothing back, and reversals without.
const SIGNS: &str = "
    SELECT seq, credits, coalesce(reverses, 0) FROM events
    WHERE account_id = ?1 AND (credits < 0) <> (reverses IS NOT NULL) LIMIT ?2";

/// Grants that are named and do not exist.
const NAMED: &str = "
    SELECT seq, paid_by, credits FROM events AS e WHERE account_id = ?1 AND paid_by > 0
        AND NOT EXISTS (SELECT 1 FROM grants AS g WHERE g.account_id = e.account_id AND g.number = e.paid_by)
    UNION ALL SELECT seq, grant_number, credits FROM payments AS p WHERE account_id = ?1 AND grant_number > 0
        AND NOT EXISTS (SELECT 1 FROM grants AS g WHERE g.account_id = p.account_id AND g.number = p.grant_number)
    LIMIT ?2";

/// An event, and two numbers that are told about it.
type Row = (i64, i64, i64);
/// What is told of it.
type Sentence = fn(Row) -> String;

/// Every event's payments against its cost, and every reversal against the event it takes back.
pub(super) async fn examine(examination: &mut Examination<'_>, patient: &Patient) -> Result<()> {
    let checks: [(&str, Sentence); 7] = [
        (UNPAID, |(seq, credits, _)| {
            format!("event {seq} cost {credits} micro-credits and names nobody who paid")
        }),
        (PARTS, |(seq, credits, parts)| {
            format!("the payments of event {seq} make {parts} micro-credits, it cost {credits}")
        }),
        (STRAYS, |(seq, parts, credits)| {
            format!(
                "payments of {parts} micro-credits name event {seq}, which was not paid in parts and cost {credits}"
            )
        }),
        (REVERSALS, |(seq, back, cost)| {
            format!("reversals gave back {back} micro-credits of event {seq}, which cost {cost}")
        }),
        (WENT, |(seq, back, went)| {
            format!("reversal {seq} gave back {back} micro-credits, of which {went} went somewhere")
        }),
        (SIGNS, |(seq, credits, reverses)| {
            format!("event {seq} has {credits} micro-credits and takes back event {reverses}")
        }),
        (NAMED, |(seq, grant, credits)| {
            format!(
                "event {seq} was paid {credits} micro-credits by grant {grant}, which does not exist"
            )
        }),
    ];
    for (statement, sentence) in checks {
        let rows: Vec<Row> = sqlx::query_as(statement)
            .bind(patient.id.0)
            .bind(MOST_DIFFERENCES)
            .fetch_all(&mut *examination.transaction)
            .await?;
        for row in rows {
            examination.differ(format!("account {}: {}.", patient.key, sentence(row)));
        }
    }
    Ok(())
}
