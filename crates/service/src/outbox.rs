//! Sends messages that are due: fairly, so that nobody waits for somebody else's receiver.
//!
//! At most so many are on their way at once to one endpoint, of one account, and in all; whoever has fewest on their way
//! comes first. An endpoint that takes nothing rests, for longer and longer, and is then asked with one message.

use std::time::Duration;

use domain::{AccountId, ledger::SYSTEM};
use tokio::task::JoinSet;

use crate::{
    ServiceError, ServiceResult, Services,
    audit::Deed,
    log_failure,
    ports::{Delivery, DueAsk, Outcome, Reached, Target},
    webhooks::Call,
};

/// Which messages are sent side by side: emails do not wait for webhooks, nor these for the mail server.
#[derive(Debug, Clone, Copy)]
struct Lane {
    by_mail: bool,
    /// Messages on their way at once.
    most: u32,
    /// Of one account.
    of_account: u32,
    /// To one target.
    to_target: u32,
}

const LANES: [Lane; 2] = [
    Lane {
        by_mail: false,
        most: 64,
        of_account: 8,
        to_target: 2,
    },
    Lane {
        by_mail: true,
        most: 16,
        of_account: 4,
        to_target: 1,
    },
];

/// How long an attempt may take, whatever takes so long: looking up a name, for example.
const MOST_TIME: Duration = Duration::from_secs(30);
/// A message that was taken is nobody else's for this long: longer than any attempt.
const LEASE_US: i64 = 60_000_000;
/// How soon what another process stored, or is due again, is seen while others are on their way.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Messages that are looked at when one is given up.
const RECENT: u32 = 50;

/// Failures in a row after which an endpoint rests.
pub(crate) const REST_AFTER: u32 = 5;
/// How long it rests the first time, in microseconds; twice as long after each further failure.
const FIRST_REST_US: i64 = 30_000_000;
/// How long it rests at most: shorter than the later pauses between the attempts of one message.
const LONGEST_REST_US: i64 = 15 * 60_000_000;

/// How long an endpoint rests after so many failures in a row, in microseconds.
fn rest_us(failures: u32) -> i64 {
    match failures.checked_sub(REST_AFTER) {
        None => 0,
        Some(further) => LONGEST_REST_US.min(FIRST_REST_US << further.min(16)),
    }
}

/// Messages on their way, each in a task of its own: they go on while others are taken.
#[derive(Default)]
struct OnTheirWay {
    sending: JoinSet<(AccountId, Target)>,
    targets: Vec<(AccountId, Target)>,
}

impl OnTheirWay {
    fn begin(&mut self, services: &Services, delivery: Delivery) {
        let (services, place) = (
            services.clone(),
            (delivery.account, delivery.target.clone()),
        );
        self.targets.push(place.clone());
        self.sending.spawn(async move {
            // A message that makes us panic is its own misfortune: its lease ends, and it is tried again.
            let tasks = services.tasks().clone();
            tasks.guard("message", services.send(&delivery)).await;
            place
        });
    }

    fn end(&mut self, place: &(AccountId, Target)) {
        if let Some(at) = self.targets.iter().position(|one| one == place) {
            self.targets.swap_remove(at);
        }
    }

    fn of(&self, lane: Lane) -> Vec<(AccountId, Target)> {
        let of_lane =
            |(_, target): &&(AccountId, Target)| matches!(target, Target::Mail(_)) == lane.by_mail;
        self.targets.iter().filter(of_lane).cloned().collect()
    }
}

impl Services {
    /// Sends messages that are due, and those that become due meanwhile, until none is on its way; how many were tried.
    pub async fn send_due(&self) -> ServiceResult<usize> {
        let mut on_their_way = OnTheirWay::default();
        let mut tried = 0;
        loop {
            match self.send_more(&mut on_their_way).await {
                Ok(begun) => tried += begun,
                Err(error) if on_their_way.sending.is_empty() => return Err(error),
                // What is on its way is finished first.
                Err(error) => tracing::error!(%error, "messages could not be taken"),
            }
            if on_their_way.sending.is_empty() {
                return Ok(tried);
            }
            tokio::select! {
                Some(Ok(place)) = on_their_way.sending.join_next() => on_their_way.end(&place),
                () = self.messages.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Waits until there is a message that can be sent at once.
    pub async fn messages(&self) {
        self.messages.notified().await;
    }

    /// Begins to send what there is room for; how many.
    async fn send_more(&self, on_their_way: &mut OnTheirWay) -> ServiceResult<usize> {
        let mut begun = 0;
        for lane in LANES {
            let running = on_their_way.of(lane);
            let taken = u32::try_from(running.len()).unwrap_or(u32::MAX);
            let now = self.now();
            let ask = DueAsk {
                by_mail: lane.by_mail,
                most: lane.most.saturating_sub(taken),
                of_account: lane.of_account,
                to_target: lane.to_target,
                rest_after: REST_AFTER,
                running: &running,
            };
            if ask.most == 0 {
                continue;
            }
            let due = self.store.take_due(now, now.plus_micros(LEASE_US), ask);
            for delivery in due.await? {
                begun += 1;
                on_their_way.begin(self, delivery);
            }
        }
        Ok(begun)
    }

    async fn send(&self, delivery: &Delivery) {
        let attempt = self.attempt(delivery).await;
        let is_webhook = matches!(delivery.target, Target::Webhook(_));
        let (outcome, answer, reached) = match attempt {
            Ok(answer) => (Outcome::Delivered, answer, Reached::Yes),
            Err(Missed::Ours(error)) => {
                // Nobody was asked, and nothing is held against anybody: it is due again when its lease ends.
                tracing::error!(%error, message = delivery.message, "a message could not be prepared");
                return;
            }
            Err(Missed::ForGood(answer)) => (Outcome::Failed, answer, Reached::Unasked),
            Err(Missed::ForNow(answer)) => {
                let reached = if is_webhook {
                    Reached::No { rest_us }
                } else {
                    Reached::Unasked
                };
                (self.next(delivery), answer, reached)
            }
        };
        let noted = self
            .store
            .note_attempt(delivery, &outcome, &answer, reached, self.now());
        match noted.await {
            Ok(true) => {}
            // It took so long that somebody else has it.
            Ok(false) => return,
            Err(error) => log_failure(&error),
        }
        if outcome == Outcome::Failed
            && let Err(error) = self.give_up(delivery, &answer).await
        {
            tracing::error!(%error, "a webhook could not be given up");
        }
    }

    async fn attempt(&self, delivery: &Delivery) -> Result<String, Missed> {
        let id = match &delivery.target {
            Target::Webhook(id) => id,
            Target::Mail(address) => return self.write(address, delivery).await,
        };
        let webhooks = self.store.webhooks(delivery.account).await;
        let webhooks = webhooks.map_err(|error| Missed::Ours(error.into()))?;
        let webhook = webhooks.into_iter().find(|webhook| webhook.id == *id);
        let webhook = webhook.filter(|webhook| webhook.disabled_at.is_none());
        let webhook =
            webhook.ok_or_else(|| Missed::ForGood("the webhook does not work any more".into()))?;
        let call = Call {
            url: &webhook.url,
            secret: &webhook.secret,
            id: &delivery.message,
            at: self.now(),
            body: &delivery.body,
        };
        match in_time(self.courier.call(call)).await {
            Ok(status @ 200..300) => Ok(status.to_string()),
            // The receiver says that nobody is there any more.
            Ok(410) => Err(Missed::ForGood("410".to_owned())),
            Ok(status) => Err(Missed::ForNow(status.to_string())),
            Err(reason) => Err(Missed::ForNow(reason)),
        }
    }

    async fn write(&self, address: &str, delivery: &Delivery) -> Result<String, Missed> {
        let email = self.email_of(address, delivery).await;
        let email = email.map_err(|error| match error {
            ServiceError::Store(_) | ServiceError::Busy { .. } => Missed::Ours(error),
            // It will not be better next time: it is tried as often as any other, and then told to have failed.
            other => Missed::ForNow(format!("could not be written: {other}")),
        })?;
        let Some(email) = email else {
            return Err(Missed::ForGood("unsubscribed".to_owned()));
        };
        let sent = in_time(self.mail.send(email)).await;
        sent.map(|()| "sent".to_owned()).map_err(Missed::ForNow)
    }

    /// When it is tried again: a little later than said, so that not everybody comes back at the same moment.
    fn next(&self, delivery: &Delivery) -> Outcome {
        let tried = usize::try_from(delivery.attempts).unwrap_or(usize::MAX);
        let Some(seconds) = self.courier.retries_s().get(tried) else {
            return Outcome::Failed;
        };
        let pause_us = i64::from(*seconds) * 1_000_000;
        let jitter_us = rand::random_range(0..=pause_us / 10);
        Outcome::Retry(self.now().plus_micros(pause_us + jitter_us))
    }

    /// A webhook that took nothing for as long as a message was tried is no longer called.
    async fn give_up(&self, delivery: &Delivery, answer: &str) -> ServiceResult<()> {
        let Target::Webhook(id) = &delivery.target else {
            return Ok(());
        };
        let recent = self
            .store
            .deliveries(delivery.account, &delivery.target, None, RECENT)
            .await?;
        let took = |other: &Delivery| {
            other
                .delivered_at
                .is_some_and(|time| time > delivery.created_at)
        };
        if recent.iter().any(took) {
            return Ok(());
        }
        if self.disable_endpoint(delivery.account, id, answer).await? {
            tracing::warn!(webhook = id, "a webhook is no longer called");
            let deed = Deed {
                action: "webhook.disabled",
                target: id,
                detail: answer.to_owned(),
            };
            self.record_entry(Some(delivery.account), SYSTEM, None, deed)
                .await;
        }
        Ok(())
    }
}

/// Why a message did not arrive.
enum Missed {
    /// Its target did not take it.
    ForNow(String),
    /// Its target does not want it, or is not there any more.
    ForGood(String),
    /// It did not come so far: what it needs could not be read.
    Ours(ServiceError),
}

/// What somebody else does for an attempt, which may take only so long.
async fn in_time<T>(asked: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let asked = tokio::time::timeout(MOST_TIME, asked).await;
    asked.unwrap_or_else(|_| Err("took too long".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_rests_longer_and_longer_and_never_for_good() {
        let minutes: Vec<_> = (0..12)
            .map(|failures| rest_us(failures) / 30_000_000)
            .collect();
        assert_eq!(minutes, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(rest_us(u32::MAX), LONGEST_REST_US);
    }
}
