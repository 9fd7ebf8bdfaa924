//! Totals over all accounts, kept with those of each.

use std::collections::HashMap;

use domain::{
    AccountId, Credits, Time,
    event::OTHER,
    time::{DAY_US, HOUR_US},
};
use serde::Serialize;
use service::ports::Span;

use super::{AccountKey, Counted, Sum, total, upsert};
use crate::{error::Result, ledger, names::OTHER_NUMBER, wide, writer::WriteTx};

/// A row is shared by accounts that know nothing of each other, so it has no end: trillions of credits stand in a column of
/// their own. The amounts of one account are no reason to refuse another's, and what is given back is taken off exactly.
macro_rules! shared_upsert_sql {
    ($table:literal) => {
        concat!(
            "INSERT OR ROLLBACK INTO ", $table, " (start, plan, agent, activity, credits, trillions, events)
            SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
            FROM jsonb_each(?1) WHERE true ON CONFLICT DO UPDATE
            SET credits = (credits + excluded.credits) % 1000000000000000000,
                trillions = trillions + excluded.trillions + (credits + excluded.credits) / 1000000000000000000,
                events = events + excluded.events"
        )
    };
}

const HOURS: &str = shared_upsert_sql!("platform_hour");
const DAYS: &str = shared_upsert_sql!("platform_day");
const SPANS: &str = "
    INSERT OR ROLLBACK INTO account_span (days, start, account_id, plan, credits, events, agents)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
    FROM jsonb_each(?1) WHERE true ON CONFLICT DO UPDATE
    SET credits = credits + excluded.credits, events = events + excluded.events, agents = agents | excluded.agents";
const RUN_OUTS: &str = "
    INSERT OR ROLLBACK INTO run_outs (account_id, cycle_start, at, plan)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM jsonb_each(?1) WHERE true
    ON CONFLICT DO UPDATE SET at = min(at, excluded.at)";
const PLANS: &str =
    "SELECT account_id, plan FROM accounts WHERE account_id IN (SELECT value FROM json_each(?1))";

/// The plan of every account of a transaction.
type Plans = HashMap<AccountId, String>;

/// Start, plan, agent, activity.
type PlatformKey<'a> = (i64, &'a str, u8, &'a str);

/// Days, start, account, plan.
type SpanKey<'a> = (i64, i64, AccountId, &'a str);

/// Adds a transaction to the totals over all accounts. `together` has its totals by account and bucket.
pub(super) async fn add(
    tx: &mut WriteTx<'_>,
    rows: &[Counted<'_>],
    together: &[(AccountKey, Sum)],
) -> Result<()> {
    let plans = plans(tx, together).await?;
    let activities: HashMap<_, _> = rows
        .iter()
        .map(|row| {
            let event = row.booked.event.as_ref();
            let activity = if row.activity == OTHER_NUMBER {
                OTHER
            } else {
                event.activity.as_str()
            };
            ((event.account, row.activity), activity)
        })
        .collect();
    for (statement, width_us) in [(HOURS, HOUR_US), (DAYS, DAY_US)] {
        let parts = together
            .iter()
            .filter_map(|((account, start, agent, activity), sum)| {
                let start = floor(start.micros(), width_us);
                let plan = plans.get(account)?.as_str();
                let activity = *activities.get(&(*account, *activity))?;
                Some(((start, plan, *agent, activity), *sum))
            });
        let rows: Vec<_> = total(parts).into_iter().map(platform_row).collect();
        ledger::run(tx, statement, &rows).await?;
    }
    add_spans(tx, together, &plans).await?;
    add_run_outs(tx, rows, &plans).await
}

async fn plans(tx: &mut WriteTx<'_>, together: &[(AccountKey, Sum)]) -> Result<Plans> {
    let mut accounts: Vec<_> = together
        .iter()
        .map(|((account, ..), _)| account.0)
        .collect();
    accounts.dedup();
    let rows: Vec<(i64, String)> = sqlx::query_as(PLANS)
        .bind(serde_json::to_string(&accounts)?)
        .fetch_all(tx.connection())
        .await?;
    Ok(rows
        .into_iter()
        .map(|(account, plan)| (AccountId(account), plan))
        .collect())
}

fn platform_row(
    ((start, plan, agent, activity), (credits, events)): (PlatformKey<'_>, Sum),
) -> impl Serialize {
    let (credits, trillions) = wide::split(credits);
    (start, plan, agent, activity, credits, trillions, events)
}

async fn add_spans(
    tx: &mut WriteTx<'_>,
    together: &[(AccountKey, Sum)],
    plans: &Plans,
) -> Result<()> {
    let mut agents: HashMap<SpanKey<'_>, i64> = HashMap::new();
    let mut parts = Vec::with_capacity(together.len() * 2);
    for ((account, start, agent, _), sum) in together {
        let Some(plan) = plans.get(account) else {
            continue;
        };
        for span in [Span::day_of(*start), Span::week_of(*start)] {
            let first = span.start().micros();
            let key = (span.days(), first, *account, plan.as_str());
            parts.push((key, *sum));
            // What is only given back was not used.
            if sum.1 > 0 {
                *agents.entry(key).or_default() |= 1 << (8 * agent);
            }
        }
    }
    let row = |(key, (credits, events)): (SpanKey<'_>, (i64, i64))| {
        let (days, start, account, plan) = key;
        let agents = agents.get(&key).copied().unwrap_or(0);
        (
            days,
            start,
            account,
            plan.to_owned(),
            credits,
            events,
            agents,
        )
    };
    upsert(tx, SPANS, total(parts.into_iter()), row).await
}

/// Account, start of the cycle, time, plan.
type RunOutRow<'a> = (AccountId, Time, Time, &'a str);

async fn add_run_outs(tx: &mut WriteTx<'_>, rows: &[Counted<'_>], plans: &Plans) -> Result<()> {
    let empty = rows.iter().filter(|row| {
        let spent = row.booked.event.credits > Credits::ZERO;
        spent && row.booked.payment.balance_after <= Credits::ZERO
    });
    let mut found: Vec<RunOutRow<'_>> = empty
        .filter_map(|row| {
            let event = &row.booked.event;
            let plan = plans.get(&event.account)?;
            Some((event.account, event.cycle_start, event.time, plan.as_str()))
        })
        .collect();
    found.sort_unstable();
    found.dedup_by_key(|(account, cycle, ..)| (*account, *cycle));
    ledger::run(tx, RUN_OUTS, &found).await
}

fn floor(micros: i64, width_us: i64) -> i64 {
    micros - micros.rem_euclid(width_us)
}
