//! Webhooks: where an account wants to be called, and the messages on their way there.

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::Time;
use serde_json::json;

use crate::{
    Scope, ServiceError, ServiceResult, Services,
    alerts::body,
    audit::Deed,
    ports::{Delivery, Message, Target, Webhook},
    request::{noted, recall},
};

/// Most webhooks of an account.
pub const MOST_WEBHOOKS: u32 = 10;
/// Longest address, in bytes.
const MAX_URL: usize = 2_000;
/// Bytes of a secret.
const SECRET_BYTES: usize = 32;
/// Most test events on their way to one webhook.
pub const MOST_TESTS: u32 = 20;

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
    /// The address that a text stands for, in its usual form, if messages may be brought there as far as that says.
    ///
    /// # Errors
    /// The rule it breaks, to be read after the field's name.
    fn check(&self, url: &str) -> Result<String, String>;

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
    fn check(&self, _: &str) -> Result<String, String> {
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
        scope.require_lasting()?;
        scope.require_all()?;
        let url = self.checked_url(url.trim())?;
        let webhook = Webhook {
            id: self.new_id(),
            url,
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

    /// What is stored of an address: what is called is what is shown.
    fn checked_url(&self, typed: &str) -> ServiceResult<String> {
        let refused = |rule: String| ServiceError::invalid("url", rule);
        if typed.chars().any(char::is_control) {
            let rule = "must not contain control characters".to_owned();
            return Err(refused(rule));
        }
        let short = |url: &str| {
            let rule = || refused(format!("must be at most {MAX_URL} bytes"));
            (url.len() <= MAX_URL).then_some(()).ok_or_else(rule)
        };
        short(typed)?;
        let url = self.courier.check(typed).map_err(refused)?;
        short(&url)?;
        Ok(url)
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
            detail: host_of(&webhook.url),
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

    /// Sends a webhook a message that says it is a test; its id. A webhook that rests is asked at once.
    ///
    /// # Errors
    /// [`ServiceError::Conflict`] while too many are on their way there.
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
        let (account, now) = (scope.account.id, self.now());
        let is_stored = self.store.put_test(account, &message, MOST_TESTS, now);
        if !is_stored.await? {
            return Err(ServiceError::Conflict(format!(
                "{MOST_TESTS} test events are on their way to this webhook: wait until they have arrived or failed"
            )));
        }
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
}

/// What may be told of an address elsewhere than where it is set up: its host and port. The rest of it is often a secret
/// of the receiver.
pub(crate) fn host_of(url: &str) -> String {
    let rest = url.split_once(':').map_or(url, |(_, rest)| rest);
    let rest = rest.trim_start_matches(['/', '\\']);
    let authority = rest.split(['/', '\\', '?', '#']).next();
    let host = authority.and_then(|text| text.rsplit('@').next());
    let host = host.unwrap_or_default().chars();
    host.filter(|letter| !letter.is_control()).collect()
}

/// A secret as Standard Webhooks writes it.
fn secret() -> String {
    let mut bytes = [0_u8; SECRET_BYTES];
    noted(|| {
        rand::fill(&mut bytes);
        format!("whsec_{}", STANDARD.encode(bytes))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_no_more_than_its_host_is_told() {
        for (url, host) in [
            (
                "https://hooks.example/services/T0/secret?token=secret#secret",
                "hooks.example",
            ),
            (
                "https://ada:secret@hooks.example:8443/x",
                "hooks.example:8443",
            ),
            (
                "https://[2606:4700::1111]:8443?secret",
                "[2606:4700::1111]:8443",
            ),
            ("https:hooks.example\\secret", "hooks.example"),
            ("https://hooks\u{1b}.example/secret@secret", "hooks.example"),
            ("", ""),
        ] {
            assert_eq!(host_of(url), host, "{url}");
        }
    }
}
