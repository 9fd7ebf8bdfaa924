//! A demo database: two accounts with people, 90 days of history, and live traffic.
//!
//! History is a pure function of the day, so that it can be made again: what is there already is found by its ids.

mod accounts;
mod history;
mod leads;
mod traffic;

use domain::{
    Time, TimeRange,
    event::{AgeLimit, MAX_EVENTS, USAGE_TYPE},
    filter::ViewQuery,
    time::{DAY_US, HOUR_US, SECOND_US},
};
use service::{Caller, Permission, ServiceResult, Services, ingest::IngestBatch};

pub use accounts::{PASSWORD, PEOPLE};
pub use traffic::traffic;

use accounts::{ACCOUNTS, DemoAccount};

/// How far back history goes.
const HISTORY_DAYS: i64 = 90;
/// A break longer than this is filled in, so that a demo started again the next day has no hole.
const MAX_GAP_US: i64 = HOUR_US;

/// What was added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filled {
    /// Events that were not there before.
    pub added: u64,
}

/// Makes everything that is missing. Running it again adds nothing, but for a gap in which no demo ran.
pub async fn fill(services: &Services, caller: &Caller) -> ServiceResult<Filled> {
    let now = services.now();
    let began = began(services, caller, now).await?;
    accounts::provision(services, caller, began).await?;
    let mut filled = Filled::default();
    for account in &ACCOUNTS {
        let whole = TimeRange::new(began.plus_micros(-HISTORY_DAYS * DAY_US), began);
        if events_in(services, caller, account.key, whole).await? < history::count(account, whole) {
            filled.added += store(services, caller, account, whole).await?;
        }
        let gap = TimeRange::new(
            newest(services, caller, account.key)
                .await?
                .unwrap_or(began)
                .max(began),
            now,
        );
        if gap.micros() > MAX_GAP_US {
            filled.added += store(services, caller, account, gap).await?;
        }
    }
    Ok(filled)
}

/// When the demo was first made: its rate card says so, as that holds since the history begins.
async fn began(services: &Services, caller: &Caller, now: Time) -> ServiceResult<Time> {
    let before_us = (HISTORY_DAYS + 1) * DAY_US;
    let first = match services.rate_card(caller, USAGE_TYPE).await {
        Ok(versions) => versions
            .last()
            .map(|card| card.effective_at.plus_micros(before_us)),
        Err(service::ServiceError::NotFound) => None,
        Err(error) => return Err(error),
    };
    let whole_second = now.plus_micros(-now.micros().rem_euclid(SECOND_US));
    let began = first.unwrap_or(whole_second);
    services
        .put_rate_card(
            caller,
            USAGE_TYPE,
            began.plus_micros(-before_us),
            &accounts::rates(),
        )
        .await?;
    Ok(began)
}

async fn events_in(
    services: &Services,
    caller: &Caller,
    account: &str,
    range: TimeRange,
) -> ServiceResult<u64> {
    let view = ViewQuery {
        from: Some(range.start.to_string()),
        to: Some(range.end.to_string()),
        ..ViewQuery::default()
    };
    let scope = services
        .scope(caller, Some(account), Permission::Read)
        .await?;
    Ok(services.summary(scope, &view).await?.current.events)
}

async fn newest(
    services: &Services,
    caller: &Caller,
    account: &str,
) -> ServiceResult<Option<Time>> {
    let view = ViewQuery {
        period: Some("90d".to_owned()),
        ..ViewQuery::default()
    };
    let scope = services
        .scope(caller, Some(account), Permission::Read)
        .await?;
    Ok(services
        .events(scope, &view, None, 1)
        .await?
        .first()
        .map(|event| event.time))
}

async fn store(
    services: &Services,
    caller: &Caller,
    account: &DemoAccount,
    range: TimeRange,
) -> ServiceResult<u64> {
    let events = history::events(account, range);
    let mut added = 0;
    for batch in events.chunks(MAX_EVENTS) {
        let batch = IngestBatch {
            events: batch.to_vec(),
            account: Some(account.key.to_owned()),
            age: AgeLimit::Lifted,
        };
        added += u64::from(services.ingest(caller, batch).await?.accepted);
    }
    Ok(added)
}
