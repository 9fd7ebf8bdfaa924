//! Totals of leads, and of calls that were too short to bring in any.

use std::collections::BTreeMap;

use domain::{AccountId, CompanyId, Time};
use serde::Serialize;
use service::ports::NewEvent;

use super::{Counted, sum, total, upsert};
use crate::{error::Result, writer::WriteTx};

macro_rules! leads_sql {
    ($table:literal) => {
        concat!(
            "INSERT OR ROLLBACK INTO ", $table, " (account_id, start, company_id, agent, kind, currency, amount, leads)
            SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7
            FROM jsonb_each(?1) WHERE true ON CONFLICT DO UPDATE
            SET amount = amount + excluded.amount, leads = leads + excluded.leads"
        )
    };
}

const BUCKETS: &str = leads_sql!("lead_bucket");
const DAYS: &str = leads_sql!("lead_day");
const SHORT_CALL_BUCKETS: &str = upsert_sql!(
    "short_call_bucket",
    ("account_id", "start", "company_id", "agent"),
    (0, 1, 2, 3),
    4,
    5
);
const SHORT_CALL_DAYS: &str = upsert_sql!(
    "short_call_day",
    ("account_id", "start", "company_id", "agent"),
    (0, 1, 2, 3),
    4,
    5
);

/// Account, start, company, agent, kind, currency.
type LeadKey<'a> = (AccountId, Time, CompanyId, u8, u8, &'a str);

/// Adds leads to their totals.
#[tracing::instrument(name = "db.rollups.add_leads", skip_all)]
pub(crate) async fn add_leads(tx: &mut WriteTx<'_>, leads: &[&NewEvent]) -> Result<()> {
    if leads.is_empty() {
        return Ok(());
    }
    add_by(tx, leads, BUCKETS, |event| event.time.bucket()).await?;
    add_by(tx, leads, DAYS, |event| event.day_start).await
}

async fn add_by(
    tx: &mut WriteTx<'_>,
    leads: &[&NewEvent],
    statement: &'static str,
    start: impl Fn(&NewEvent) -> Time,
) -> Result<()> {
    let mut sums: BTreeMap<LeadKey<'_>, (i128, i64)> = BTreeMap::new();
    for event in leads {
        let Some(lead) = &event.lead else { continue };
        let currency = lead.worth.as_ref().map_or("", |worth| &worth.currency);
        let amount = lead.worth.as_ref().map_or(0, |worth| worth.amount_micro);
        let key = (
            event.account,
            start(event),
            event.company,
            event.agent.index(),
            lead.kind.index(),
            currency,
        );
        let sum = sums.entry(key).or_default();
        sum.0 += i128::from(amount);
        sum.1 += 1;
    }
    upsert(tx, statement, sums.into_iter().collect(), lead_row).await
}

fn lead_row(
    ((account, start, company, agent, kind, currency), (amount, leads)): (LeadKey<'_>, (i64, i64)),
) -> impl Serialize {
    (
        account, start, company, agent, kind, currency, amount, leads,
    )
}

/// Adds short calls to their totals.
pub(super) async fn add_short_calls(tx: &mut WriteTx<'_>, rows: &[Counted<'_>]) -> Result<()> {
    let short: Vec<_> = rows
        .iter()
        .filter(|row| row.booked.event.is_short_call)
        .collect();
    if short.is_empty() {
        return Ok(());
    }
    let by = |start: fn(&NewEvent) -> Time| {
        total(short.iter().map(|row| {
            let event = row.booked.event.as_ref();
            let key = (
                event.account,
                start(event),
                event.company.0,
                event.agent.index(),
            );
            (key, sum(row))
        }))
    };
    let (buckets, days) = (by(|event| event.time.bucket()), by(|event| event.day_start));
    upsert(tx, SHORT_CALL_BUCKETS, buckets, short_row).await?;
    upsert(tx, SHORT_CALL_DAYS, days, short_row).await
}

fn short_row(
    ((account, start, company, agent), (credits, events)): ((AccountId, Time, i64, u8), (i64, i64)),
) -> impl Serialize {
    (account, start, company, agent, credits, events)
}
