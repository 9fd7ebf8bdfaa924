//! A demo database: an agency, a customer and thirty small ones with some months of history, and live traffic that goes
//! on where history ends.
//!
//! What happens is a pure function of a seed and the hour, so that it can be made again: history and live traffic are
//! the same stream. The past goes through the use-cases with a clock of its own, so that cycles, alerts and everything
//! people do stand at their dates.

mod cast;
mod clock;
mod deeds;
mod event;
mod feed;
mod leads;
mod limits;
mod play;
mod traffic;
mod world;

use std::sync::Arc;

use domain::{
    Time, TimeRange,
    event::USAGE_TYPE,
    filter::ViewQuery,
    time::{DAY_US, SECOND_US},
};
use service::{Caller, Clock, Permission, ServiceError, ServiceResult, Services, ports::Store};

pub use cast::{PASSWORD, PEOPLE};
pub use traffic::{Live, report, traffic};
pub use world::{Size, World};

use cast::MANAGER;
use clock::PastClock;
use play::{Arrived, Player};

/// The seed of the demo that people look at.
pub const SEED: u64 = 0x00c4_ed17_5c09;
/// How long before a demo begins its rate card holds: that says when it began, on every start.
const CARD_BEFORE_US: i64 = 200 * DAY_US;

/// What a demo is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demo {
    /// Makes its numbers.
    pub seed: u64,
    /// How large it is.
    pub size: Size,
}

/// A demo that is ready.
pub struct Filled {
    /// Events that were not there before.
    pub added: u64,
    /// Its accounts and what is expected of them.
    pub world: Arc<World>,
    /// Up to when everything happened: live traffic goes on from here.
    pub until: Time,
}

impl Filled {
    /// The traffic that goes on from here.
    pub fn live(&self) -> Live {
        Live::new(Arc::clone(&self.world), self.until)
    }
}

/// Makes everything up to now that is missing. Running it again adds what would have happened since.
///
/// # Errors
/// [`ServiceError::Conflict`] when the database holds accounts and is no demo.
pub async fn fill(store: Arc<dyn Store>, now: Time, demo: Demo) -> ServiceResult<Filled> {
    let clock = Arc::new(PastClock::default());
    clock.set(now);
    let past = Arc::<PastClock>::clone(&clock) as Arc<dyn Clock>;
    let services = Services::start(store, past).with_mail(Arc::new(Arrived));
    let caller = Caller::operator("demo");
    let filled = fill_past(&services, &caller, &clock, now, demo).await;
    services.close().await;
    filled
}

async fn fill_past(
    services: &Services,
    caller: &Caller,
    clock: &PastClock,
    now: Time,
    demo: Demo,
) -> ServiceResult<Filled> {
    check_is_ours(services, caller).await?;
    let began = began(services, caller, now).await?;
    let world = Arc::new(World::new(demo.seed, demo.size, began)?);
    let newest = newest(services, caller, &world).await?;
    let from = newest.map_or(world.starts(), |newest| newest.plus_micros(1));
    let range = TimeRange::new(from, now.max(from));
    let added = if range.micros() > 0 {
        Player::new(services, caller, clock, &world, from)
            .play(range)
            .await?
    } else {
        0
    };
    Ok(Filled {
        added,
        world,
        until: range.end,
    })
}

/// A database that somebody works with must not get the demo's accounts.
async fn check_is_ours(services: &Services, caller: &Caller) -> ServiceResult<()> {
    let users = services.users(caller, None, 1_000).await?;
    if users.iter().any(|user| user.email == MANAGER) {
        return Ok(());
    }
    let accounts = services.accounts(caller, None, None, 1).await?;
    if accounts.is_empty() && users.is_empty() {
        return Ok(());
    }
    Err(ServiceError::Conflict(
        "the database holds accounts that are not the demo's: name another folder with --data-dir"
            .to_owned(),
    ))
}

/// When the demo began, in whole seconds: its rate card says so.
async fn began(services: &Services, caller: &Caller, now: Time) -> ServiceResult<Time> {
    match services.rate_card(caller, USAGE_TYPE).await {
        Ok(versions) => {
            let first = versions.last().map(|card| card.effective_at);
            Ok(first.map_or(now, |first| first.plus_micros(CARD_BEFORE_US)))
        }
        Err(ServiceError::NotFound) => Ok(now.plus_micros(-now.micros().rem_euclid(SECOND_US))),
        Err(error) => Err(error),
    }
}

/// The time of the newest event of the demo; none when there is none.
async fn newest(
    services: &Services,
    caller: &Caller,
    world: &World,
) -> ServiceResult<Option<Time>> {
    let view = ViewQuery {
        period: Some("90d".to_owned()),
        ..ViewQuery::default()
    };
    let mut newest = None;
    for account in &world.accounts {
        let scope = match services
            .scope(caller, Some(account.row.key), Permission::Read)
            .await
        {
            Ok(scope) => scope,
            Err(ServiceError::NotFound) => continue,
            Err(error) => return Err(error),
        };
        let events = services.events(scope, &view, None, 1).await?;
        newest = newest.max(events.first().map(|event| event.time));
    }
    Ok(newest)
}
