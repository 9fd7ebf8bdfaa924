//! Live traffic: what history would have next, when its time comes, with calls that run for a while.

mod call;

use std::{sync::Arc, time::Duration};

use domain::{
    Agent, Time,
    event::{AgeLimit, Envelope},
};
use service::{Caller, Permission, ServiceResult, Services, ingest::IngestBatch};
use tokio::{sync::watch, task::JoinSet};

use super::{
    feed::{Feed, Occurrence},
    limits::Limits,
    world::World,
};
use call::Call;

/// Longest wait for the next event: a machine that slept catches up this soon.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Most calls at a time; further ones are reported when they begin.
const MOST_CALLS: usize = 24;

/// The traffic that goes on where history ends.
pub struct Live {
    world: Arc<World>,
    feed: Feed,
    limits: Limits,
}

impl Live {
    /// What happens from a time on.
    pub fn new(world: Arc<World>, from: Time) -> Self {
        Self {
            feed: Feed::new(Arc::clone(&world), from),
            limits: Limits::default(),
            world,
        }
    }

    /// What is due now and allowed: each agent asks before it spends.
    ///
    /// # Errors
    /// When the service cannot answer.
    pub async fn due(
        &mut self,
        services: &Services,
        caller: &Caller,
    ) -> ServiceResult<Vec<Occurrence>> {
        let mut allowed = Vec::new();
        for one in self.feed.until(services.now()) {
            let happens = match one.lead_of {
                Some(_) => !self.limits.never_was(&one),
                None => self.may_spend(services, caller, &one).await?,
            };
            if happens {
                allowed.push(one);
            } else {
                self.limits.drop(&one);
            }
        }
        Ok(allowed)
    }

    async fn may_spend(
        &self,
        services: &Services,
        caller: &Caller,
        one: &Occurrence,
    ) -> ServiceResult<bool> {
        let account = &self.world.accounts[one.account];
        let scope = services
            .scope(caller, Some(account.row.key), Permission::Check)
            .await?;
        let company = account.companies[one.company].row.key;
        let checked = services.check(&scope, company, one.agent, None).await?;
        Ok(checked.decision.is_allowed())
    }

    /// How long until something happens.
    fn wait(&mut self, now: Time) -> Duration {
        let left_us = self.feed.next_time(now).micros_since(now);
        Duration::from_micros(u64::try_from(left_us).unwrap_or(0)).min(LONGEST_WAIT)
    }
}

/// Sends events and makes calls until it is told to stop; then ends the calls that run, so that none reserves credits
/// any longer.
pub async fn traffic(
    services: Services,
    caller: Caller,
    mut live: Live,
    mut stopping: watch::Receiver<bool>,
) {
    let mut calls = JoinSet::new();
    loop {
        let wait = live.wait(services.now());
        tokio::select! {
            // Whoever could tell is gone: that is a stop too.
            _ = stopping.wait_for(|stopping| *stopping) => break,
            () = tokio::time::sleep(wait) => {}
        }
        while calls.try_join_next().is_some() {}
        let due = match live.due(&services, &caller).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(%error, "the demo's agents could not ask for credits");
                continue;
            }
        };
        for one in due {
            let call = Call::of(&live.world, &one).filter(|_| calls.len() < MOST_CALLS);
            if let Some(call) = call {
                calls.spawn(call.run(services.clone(), caller.clone(), stopping.clone()));
            } else if let Err(error) = report(&services, &caller, vec![one.event]).await {
                tracing::warn!(%error, "the demo's event was not taken");
            }
        }
    }
    while calls.join_next().await.is_some() {}
}

/// Reports events.
///
/// # Errors
/// Why they were not taken.
pub async fn report(
    services: &Services,
    caller: &Caller,
    events: Vec<Envelope>,
) -> ServiceResult<u32> {
    let batch = IngestBatch {
        events,
        account: None,
        age: AgeLimit::Enforced,
    };
    Ok(services.ingest(caller, batch).await?.accepted)
}

/// Whether an agent makes calls.
const fn is_call(agent: Agent) -> bool {
    matches!(
        agent,
        Agent::VoiceInbound | Agent::VoiceOutbound | Agent::VoiceWeb
    )
}
