//! Webhooks: where an account wants to be called, and the messages on their way there.

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{Time, ledger::SYSTEM};
use serde_json::json;

use crate::{
    Scope, ServiceError, ServiceResult, Services,
    alerts::body,
    audit::Deed,
    log_failure,
    ports::{Delivery, Message, Outcome, Target, Webhook},
    request::{noted, recall},
};

/// Most webhooks of an account.
pub const MOST_WEBHOOKS: u32 = 10;
/// Longest address, in bytes.
const MAX_URL: usize = 2_000;
/// Bytes of a secret.
const SECRET_BYTES: usize = 32;
/// Messages of one round.
const ROUND: u32 = 50;
/// An attempt is over after this long, whatever became of it.
const LEASE_US: i64 = 60_000_000;
/// Messages that are looked at when one is given up.
const RECENT: u32 = 50;

/// When a message is tried again: seconds after the first, second and further attempts.
pub const RETRIES_S: [u32; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// A message for a webhook.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Where to.
    pub url: &'a str,
    /// What it is signed with.
    pub secret: &'a str,
    /// Its id, the same for every attempt.
    pub id: &'a str,
    /// When it is sent.
    pub at: Time,
    /// What is sent.
    pub body: &'a str,
}

/// Brings messages to webhooks.
#[async_trait]
pub trait Courier: Send + Sync {
    /// Whether messages may be brought to an address, as far as its text says.
    ///
    /// # Errors
    /// The rule it breaks, to be read after the field's name.
    fn check(&self, url: &str) -> Result<(), String>;

    /// Brings a message; the status that came back.
    ///
    /// # Errors
    /// Why nothing came back.
    async fn call(&self, call: Call<'_>) -> Result<u16, String>;

    /// When a message is tried again, in seconds after each attempt.
    fn retries_s(&self) -> &[u32];
}

/// Brings nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCourier;

#[async_trait]
impl Courier for NoCourier {
    fn check(&self, _: &str) -> Result<(), String> {
        Err("cannot be called: this program calls nobody".to_owned())
    }

    async fn call(&self, _: Call<'_>) -> Result<u16, String> {
        Err("this program calls nobody".to_owned())
    }

    fn retries_s(&self) -> &[u32] {
        &RETRIES_S
    }
}

impl Services {
    /// The webhooks of an account, with their secrets: for those who manage it.
    pub async fn webhooks(&self, scope: &Scope) -> ServiceResult<Vec<Webhook>> {
        scope.require_manage()?;
        scope.require_all()?;
        Ok(self.store.webhooks(scope.account.id).await?)
    }

    /// Creates a webhook.
    pub async fn make_webhook(&self, scope: &Scope, url: &str) -> ServiceResult<Webhook> {
        scope.require_manage()?;
        scope.require_all()?;
        let url = url.trim();
        self.check_url(url)?;
        let webhook = Webhook {
            id: self.new_id(),
            url: url.to_owned(),
            secret: secret(),
            created_at: self.moment(),
            disabled_at: None,
        };
        let added = self
            .store
            .add_webhook(scope.account.id, &webhook, MOST_WEBHOOKS)
            .await?;
        if !added.is_made() {
            let text = format!("an account has at most {MOST_WEBHOOKS} webhooks: remove one");
            return Err(ServiceError::Conflict(text));
        }
        self.record_webhook(scope, "webhook.made", &webhook).await;
        Ok(webhook)
    }

    fn check_url(&self, url: &str) -> ServiceResult<()> {
        let rule = if url.len() > MAX_URL {
            Err(format!("must be at most {MAX_URL} bytes"))
        } else {
            self.courier.check(url)
        };
        rule.map_err(|rule| ServiceError::invalid("url", rule))
    }

    async fn webhook(&self, scope: &Scope, id: &str) -> ServiceResult<Webhook> {
        let webhooks = self.webhooks(scope).await?;
        let found = webhooks.into_iter().find(|webhook| webhook.id == id);
        found.ok_or(ServiceError::NotFound)
    }

    async fn record_webhook(&self, scope: &Scope, action: &'static str, webhook: &Webhook) {
        let deed = Deed {
            action,
            target: &webhook.id,
            detail: webhook.url.clone(),
        };
        self.record(scope, deed).await;
    }

    /// Lets a webhook be called again that was given up.
    pub async fn enable_webhook(&self, scope: &Scope, id: &str) -> ServiceResult<Webhook> {
        scope.require_manage()?;
        scope.require_all()?;
        let enabled = self
            .store
            .set_webhook_disabled(scope.account.id, id, None)
            .await?;
        let webhook = enabled.ok_or(ServiceError::NotFound)?;
        self.record_webhook(scope, "webhook.enabled", &webhook)
            .await;
        Ok(webhook)
    }

    /// Removes a webhook and what is on its way there.
    pub async fn delete_webhook(&self, scope: &Scope, id: &str) -> ServiceResult<()> {
        let webhook = recall(self.webhook(scope, id)).await?;
        self.store.delete_webhook(scope.account.id, id).await?;
        self.record_webhook(scope, "webhook.removed", &webhook)
            .await;
        Ok(())
    }

    /// Sends a webhook a message that says it is a test; its id.
    pub async fn test_webhook(&self, scope: &Scope, id: &str) -> ServiceResult<String> {
        let webhook = self.webhook(scope, id).await?;
        let kind = "creditscope.test";
        let data =
            json!({ "account": scope.account.key, "text": "This is a test event: it arrived." });
        let message = Message {
            id: format!("msg_{}", self.new_id()),
            kind: kind.to_owned(),
            subject: "Test event".to_owned(),
            body: body(kind, self.now(), &data),
            targets: vec![Target::Webhook(webhook.id)],
        };
        let account = scope.account.id;
        self.store
            .put_message(account, &message, self.now())
            .await?;
        self.messages.notify_one();
        Ok(message.id)
    }

    /// Messages to a webhook, newest first, those before the message `before`.
    pub async fn deliveries(
        &self,
        scope: &Scope,
        id: &str,
        before: Option<&str>,
        limit: u32,
    ) -> ServiceResult<Vec<Delivery>> {
        let target = Target::Webhook(self.webhook(scope, id).await?.id);
        Ok(self
            .store
            .deliveries(scope.account.id, &target, before, limit)
            .await?)
    }

    /// Resends a message, with the id it had.
    pub async fn replay(&self, scope: &Scope, id: &str, message: &str) -> ServiceResult<()> {
        let webhook = self.webhook(scope, id).await?;
        let (account, now) = (scope.account.id, self.now());
        let target = Target::Webhook(webhook.id);
        if !self.store.replay(account, message, &target, now).await? {
            return Err(ServiceError::NotFound);
        }
        self.record(scope, Deed::plain("webhook.replayed", message))
            .await;
        self.messages.notify_one();
        Ok(())
    }

    /// Sends messages that are due; how many were tried.
    pub async fn send_due(&self) -> ServiceResult<usize> {
        let now = self.now();
        let due = self
            .store
            .take_due(now, now.plus_micros(LEASE_US), ROUND)
            .await?;
        let count = due.len();
        futures::future::join_all(due.iter().map(|delivery| self.send(delivery))).await;
        Ok(count)
    }

    /// Waits until there is a message that can be sent at once.
    pub async fn messages(&self) {
        self.messages.notified().await;
    }

    async fn send(&self, delivery: &Delivery) {
        let (outcome, answer) = match self.attempt(delivery).await {
            Ok(answer) => (Outcome::Delivered, answer),
            Err(Missed::ForGood(answer)) => (Outcome::Failed, answer),
            Err(Missed::ForNow(answer)) => (self.next(delivery), answer),
        };
        let noted = self
            .store
            .note_attempt(delivery, &outcome, &answer, self.now());
        if let Err(error) = noted.await {
            log_failure(&error);
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
        let webhooks = webhooks.map_err(|error| Missed::ForNow(error.to_string()))?;
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
        match self.courier.call(call).await {
            Ok(status @ 200..300) => Ok(status.to_string()),
            // The receiver says that nobody is there any more.
            Ok(410) => Err(Missed::ForGood("410".to_owned())),
            Ok(status) => Err(Missed::ForNow(status.to_string())),
            Err(reason) => Err(Missed::ForNow(reason)),
        }
    }

    async fn write(&self, address: &str, delivery: &Delivery) -> Result<String, Missed> {
        let email = self.email_of(address, delivery).await;
        let email = email.map_err(|error| Missed::ForNow(error.to_string()))?;
        let Some(email) = email else {
            return Err(Missed::ForGood("unsubscribed".to_owned()));
        };
        let sent = self.mail.send(email).await;
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
    ForNow(String),
    ForGood(String),
}

/// A secret as Standard Webhooks writes it.
fn secret() -> String {
    let mut bytes = [0_u8; SECRET_BYTES];
    noted(|| {
        rand::fill(&mut bytes);
        format!("whsec_{}", STANDARD.encode(bytes))
    })
}
