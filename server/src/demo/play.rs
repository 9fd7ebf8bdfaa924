//! Plays the demo's past through the use-cases, with a clock of its own: usage, cycles and everything people do happen
//! when they happened.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    AccountId, Time, TimeRange,
    event::MAX_EVENTS,
    time::{DAY_US, HOUR_US},
};
use service::{
    Caller, ServiceError, ServiceResult, Services,
    alerts::Look,
    mail::{Email, Mailer},
};

use super::{
    cast::MAIN,
    clock::PastClock,
    deeds::{Stage, Step, schedule},
    feed::Feed,
    limits::Limits,
    traffic,
    world::World,
};

/// How often the past stops, so that cycles, limits and alerts are seen about when they happen.
const STEP_US: i64 = 6 * HOUR_US;
/// It stops every hour in the last days.
const CLOSE_US: i64 = 4 * DAY_US;
/// Alerts of small customers older than this are of no interest.
const SMALL_ALERTS_US: i64 = 35 * DAY_US;
/// Spikes and forecasts are looked for in the last days.
const LOOK_BACK_US: i64 = 8 * DAY_US;
const LOOK_BACK_STEP_US: i64 = 2 * HOUR_US;

/// Emails of the past arrived in the past.
pub struct Arrived;

#[async_trait]
impl Mailer for Arrived {
    async fn send(&self, _: Email) -> Result<(), String> {
        Ok(())
    }
}

/// Plays the past.
pub struct Player<'a> {
    services: &'a Services,
    caller: &'a Caller,
    clock: &'a PastClock,
    world: Arc<World>,
    feed: Feed,
    limits: Limits,
}

impl<'a> Player<'a> {
    /// Who plays what happens from a time on.
    pub fn new(
        services: &'a Services,
        caller: &'a Caller,
        clock: &'a PastClock,
        world: &Arc<World>,
        from: Time,
    ) -> Self {
        Self {
            services,
            caller,
            clock,
            world: Arc::clone(world),
            feed: Feed::new(Arc::clone(world), from),
            limits: Limits::default(),
        }
    }

    /// Plays a range; how many events were added.
    ///
    /// # Errors
    /// What the use-cases refused.
    pub async fn play(&mut self, range: TimeRange) -> ServiceResult<u64> {
        let world = Arc::clone(&self.world);
        let mut stage = Stage::new(self.services, self.caller, &world);
        let mut steps = schedule(&world);
        steps.retain(|(time, _)| range.contains(*time));
        let mut added = 0;
        for stop in stops(&world, range, &steps) {
            added += self.advance(stop).await?;
            for (_, step) in steps.iter().filter(|(time, _)| *time == stop) {
                stage.act(*step).await?;
            }
            self.watch(stop, range.end).await?;
        }
        Ok(added)
    }

    /// Goes on to a time: what happened before it is reported before it, then what falls due at it is done.
    async fn advance(&mut self, to: Time) -> ServiceResult<u64> {
        self.clock.set(to.plus_micros(-1));
        let due = self.feed.until(to);
        let kept = self
            .limits
            .keep(self.services, self.caller, &self.world, due)
            .await?;
        let mut added = 0;
        for events in kept.chunks(MAX_EVENTS) {
            let accepted = traffic::report(self.services, self.caller, events.to_vec()).await?;
            added += u64::from(accepted);
        }
        self.clock.set(to);
        self.services.renew_due().await?;
        Ok(added)
    }

    /// Lets alerts see what happened, and their emails arrive.
    async fn watch(&self, at: Time, end: Time) -> ServiceResult<()> {
        let is_on = |step_us: i64| at.micros().rem_euclid(step_us) == 0;
        let until_end_us = end.micros_since(at);
        let mut changed = 0;
        if at == end {
            changed += self.services.watch_all().await?;
        } else {
            let looks_back = until_end_us <= LOOK_BACK_US && is_on(LOOK_BACK_STEP_US);
            let look = if looks_back { Look::Full } else { Look::Quick };
            for id in self.main_accounts().await? {
                changed += self.services.watch(id, look).await?;
            }
            if until_end_us <= SMALL_ALERTS_US && is_on(DAY_US) {
                changed += self.services.watch_news().await;
            }
        }
        if changed > 0 {
            while self.services.send_due().await? > 0 {}
        }
        Ok(())
    }

    async fn main_accounts(&self) -> ServiceResult<Vec<AccountId>> {
        let mut ids = Vec::with_capacity(MAIN.len());
        for row in &MAIN {
            match self.services.account(self.caller, row.key).await {
                Ok(account) => ids.push(account.id),
                // It has not joined yet.
                Err(ServiceError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(ids)
    }
}

/// Where the past stops: every few hours, at every boundary of a cycle, at everything people do, and at its end.
fn stops(world: &World, range: TimeRange, steps: &[(Time, Step)]) -> Vec<Time> {
    let mut all: Vec<_> = steps.iter().map(|(time, _)| *time).collect();
    let mut at = range
        .start
        .plus_micros(-range.start.micros().rem_euclid(STEP_US));
    while at < range.end {
        all.push(at);
        let is_close = range.end.micros_since(at) <= CLOSE_US;
        at = at.plus_micros(if is_close { HOUR_US } else { STEP_US });
    }
    for account in &world.accounts {
        let first = account.cycles.at(range.start).number;
        let boundaries = (first..).map(|number| account.cycles.boundary(number));
        all.extend(boundaries.take_while(|boundary| *boundary < range.end));
    }
    all.retain(|stop| range.contains(*stop));
    all.push(range.end);
    all.sort_unstable();
    all.dedup();
    all
}
