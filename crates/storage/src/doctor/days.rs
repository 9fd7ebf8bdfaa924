//! Days against buckets.

use domain::{
    Time, TimeRange,
    calendar::{Window, Zone},
    time::DAY_US,
};

use super::{Difference, Examination, MOST_DIFFERENCES, Patient, compare};
use crate::error::Result;

/// Days compared with one statement: their edges travel with it.
const DAYS_AT_ONCE: usize = 366;

const BY_COMPANY: &str = compare!(
    "SELECT day.value ->> 0 AS start, company_id, agent, activity,
        0 AS found_credits, 0 AS found_events, credits AS right_credits, events AS right_events
    FROM json_each(?3) AS day
    CROSS JOIN usage_bucket AS b ON b.account_id = ?1 AND b.start >= day.value ->> 0 AND b.start < day.value ->> 1",
    "SELECT start, company_id, agent, activity, credits, events, 0, 0
    FROM usage_day WHERE account_id = ?1 AND start >= ?4 AND start < ?5"
);

const TOGETHER: &str = compare!(
    "SELECT start, 0 AS company_id, agent, activity,
        0 AS found_credits, 0 AS found_events, credits AS right_credits, events AS right_events
    FROM usage_day WHERE account_id = ?1 AND start >= ?4 AND start < ?5",
    "SELECT start, 0, agent, activity, credits, events, 0, 0
    FROM account_day WHERE account_id = ?1 AND start >= ?4 AND start < ?5"
);

const EXTENT: &str = "SELECT min(first), max(last) FROM (
    SELECT min(start) AS first, max(start) AS last FROM usage_bucket WHERE account_id = ?1
    UNION ALL SELECT min(start), max(start) FROM usage_day WHERE account_id = ?1
    UNION ALL SELECT min(start), max(start) FROM account_day WHERE account_id = ?1)";

const COUNT: &str = "SELECT (SELECT count(*) FROM usage_day WHERE account_id = ?1)
    + (SELECT count(*) FROM account_day WHERE account_id = ?1)";

/// Days of each company against its buckets, and days of the account against those of its companies.
pub(super) async fn examine(examination: &mut Examination<'_>, patient: &Patient) -> Result<()> {
    let extent: (Option<i64>, Option<i64>) = sqlx::query_as(EXTENT)
        .bind(patient.id.0)
        .fetch_one(&mut *examination.transaction)
        .await?;
    let (Some(first), Some(last)) = extent else {
        return Ok(());
    };
    let zone = patient.cycles.zone();
    let mut at = zone.day_of(Time::from_micros(first));
    while at.micros() <= last {
        let days = days_from(at, last, zone);
        let Some(end) = days.last().map(|day| day.end).filter(|end| *end > at) else {
            break;
        };
        compare_days(examination, patient, &days, TimeRange::new(at, end)).await?;
        at = end;
    }
    let rows = sqlx::query_scalar(COUNT)
        .bind(patient.id.0)
        .fetch_one(&mut *examination.transaction)
        .await?;
    examination.count_rollups(rows);
    Ok(())
}

/// The civil days from `start` on, as many as one statement takes.
fn days_from(start: Time, last: i64, zone: &Zone) -> Vec<TimeRange> {
    let mut days = Vec::new();
    let mut start = start;
    while start.micros() <= last && days.len() < DAYS_AT_ONCE {
        // A zone that skips a whole day must not stop the walk.
        let end = Window::Day
            .next(start, zone)
            .max(start.plus_micros(DAY_US / 2));
        days.push(TimeRange::new(start, end));
        start = end;
    }
    days
}

async fn compare_days(
    examination: &mut Examination<'_>,
    patient: &Patient,
    days: &[TimeRange],
    range: TimeRange,
) -> Result<()> {
    let edges: Vec<_> = days.iter().map(|day| [day.start, day.end]).collect();
    let edges = serde_json::to_string(&edges)?;
    for (statement, table, source) in [
        (BY_COMPANY, "usage_day", "its buckets"),
        (TOGETHER, "account_day", "its companies' days"),
    ] {
        let differences: Vec<Difference> = sqlx::query_as(statement)
            .bind(patient.id.0)
            .bind(MOST_DIFFERENCES)
            .bind(&edges)
            .bind(range.start.micros())
            .bind(range.end.micros())
            .fetch_all(&mut *examination.transaction)
            .await?;
        for difference in differences {
            examination.differ(difference.sentence(table, source, patient));
        }
    }
    Ok(())
}
