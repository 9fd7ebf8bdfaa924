//! A call of the demo: it reserves credits while it runs, says every few seconds what it has used, and is booked at its
//! end, as a real voice gateway does it.

use std::time::Duration;

use domain::{Agent, Credits, ledger::Renewal};
use serde_json::json;
use service::{
    Caller, Permission, Scope, ServiceError, ServiceResult, Services,
    enforce::{BeginHold, EndHold},
};
use tokio::{sync::watch, time::Instant};

use super::is_call;
use crate::demo::{feed::Occurrence, world::World};

/// A call says this often what it has used.
const RENEW_EVERY: Duration = Duration::from_secs(3);
/// A hold ends by itself this long after its call was last heard of, should the demo be killed.
const EXPIRES_IN_S: u32 = 30;
/// What a call reserves, in whole credits: more than most cost.
const RESERVED: i64 = 5;
/// What a second costs in micro-credits, and to what its sum is rounded up: as the demo's rate card has it.
const MICRO_A_SECOND: i64 = 14_000;
const ROUNDED_TO: i64 = 10_000;

/// A call that is about to begin.
pub struct Call {
    account: &'static str,
    company: &'static str,
    agent: Agent,
    activity: String,
    reference: String,
    lasts: Duration,
}

impl Call {
    /// The call that an event would be reported of at once; none when it is no call.
    pub fn of(world: &World, one: &Occurrence) -> Option<Self> {
        if !is_call(one.agent) || one.lead_of.is_some() {
            return None;
        }
        let account = &world.accounts[one.account];
        let data = one.event.data.as_ref()?;
        let text = |pointer: &str| Some(data.pointer(pointer)?.as_str()?.to_owned());
        Some(Self {
            account: account.row.key,
            company: account.companies[one.company].row.key,
            agent: one.agent,
            activity: text("/activity")?,
            reference: text("/reference")?,
            lasts: Duration::from_secs(data.pointer("/quantity")?.to_string().parse().ok()?),
        })
    }

    /// Runs until it is over, or until it is told to stop.
    pub async fn run(self, services: Services, caller: Caller, stopping: watch::Receiver<bool>) {
        match self.hold(&services, &caller, stopping).await {
            Ok(()) => {}
            Err(ServiceError::Denied(_)) => tracing::debug!("a call of the demo was not allowed"),
            Err(error) => tracing::warn!(%error, "a call of the demo failed"),
        }
    }

    async fn hold(
        &self,
        services: &Services,
        caller: &Caller,
        mut stopping: watch::Receiver<bool>,
    ) -> ServiceResult<()> {
        let scope = services
            .scope(caller, Some(self.account), Permission::Check)
            .await?;
        let hold = services.begin_hold(&scope, self.begin()).await?.hold;
        let began = Instant::now();
        loop {
            let left = self.lasts.saturating_sub(began.elapsed());
            tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => break,
                () = tokio::time::sleep(left.min(RENEW_EVERY)) => {}
            }
            if began.elapsed() >= self.lasts {
                break;
            }
            let renewal = Renewal {
                used: Some(cost(began.elapsed())),
                credits: None,
                expires_in_s: Some(EXPIRES_IN_S),
            };
            services.renew_hold(&scope, &hold.id, renewal).await?;
        }
        self.settle(services, &scope, &hold.id, began.elapsed())
            .await
    }

    fn begin(&self) -> BeginHold {
        BeginHold {
            id: None,
            company: self.company.to_owned(),
            agent: self.agent,
            activity: self.activity.clone(),
            credits: Credits::from_whole(RESERVED).unwrap_or(Credits::ZERO),
            expires_in_s: EXPIRES_IN_S,
        }
    }

    async fn settle(
        &self,
        services: &Services,
        scope: &Scope,
        hold: &str,
        lasted: Duration,
    ) -> ServiceResult<()> {
        let end = EndHold {
            credits: cost(lasted),
            reference: Some(self.reference.clone()),
            metadata: Some(json!({ "duration_s": lasted.as_secs() }).into()),
        };
        services.settle_hold(scope, hold, end).await.map(|_| ())
    }
}

/// What a call of this length costs.
fn cost(lasted: Duration) -> Credits {
    let seconds = i64::try_from(lasted.as_secs()).unwrap_or(0);
    let micro = seconds * MICRO_A_SECOND;
    Credits::from_micro((micro + ROUNDED_TO - 1) / ROUNDED_TO * ROUNDED_TO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_costs_what_the_rate_card_says() {
        let of = |seconds| cost(Duration::from_secs(seconds)).to_string();
        assert_eq!(
            (of(0), of(1), of(225)),
            ("0".into(), "0.02".into(), "3.15".into())
        );
    }
}
