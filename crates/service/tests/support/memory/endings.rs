//! Keys and endpoints that will end.

use async_trait::async_trait;
use domain::{AccountId, Time};
use service::ports::{
    ApiKey, Delivery, EndingMark, EndingStore, FailingEndpoint, Message, StoreResult, Target,
};

use super::MemoryStore;

#[async_trait]
impl EndingStore for MemoryStore {
    async fn keys_ending(&self, from: Time, to: Time) -> StoreResult<Vec<ApiKey>> {
        let ends = |key: &&ApiKey| {
            let end = key.expires_at.filter(|_| key.revoked_at.is_none());
            end.is_some_and(|end| end > from && end <= to)
        };
        let mut keys: Vec<_> = self.state().keys.iter().filter(ends).cloned().collect();
        keys.sort_by_key(|key| (key.expires_at, key.prefix.clone()));
        Ok(keys)
    }

    async fn failing_endpoints(&self) -> StoreResult<Vec<FailingEndpoint>> {
        let state = self.state();
        let all = &state.alerts.deliveries;
        let mut failing = Vec::new();
        for (account, webhook) in &state.alerts.webhooks {
            let target = Target::Webhook(webhook.id.clone());
            let is_of = |one: &&Delivery| one.account == *account && one.target == target;
            let delivered = all.iter().filter(is_of).filter_map(|one| one.delivered_at);
            let latest = delivered.max();
            let is_failing = |one: &&Delivery| {
                one.attempts > 0
                    && one.delivered_at.is_none()
                    && latest.is_none_or(|latest| latest <= one.created_at)
            };
            let called = all.iter().filter(|_| webhook.disabled_at.is_none());
            for one in called.filter(is_of).filter(is_failing) {
                let Some(due_at) = one.due_at else { continue };
                failing.push(FailingEndpoint {
                    account: *account,
                    webhook: webhook.id.clone(),
                    url: webhook.url.clone(),
                    since: one.created_at,
                    attempts: one.attempts,
                    due_at,
                    answer: one.answer.clone(),
                });
            }
        }
        Ok(failing)
    }

    async fn is_ending_told(&self, mark: &EndingMark) -> StoreResult<bool> {
        Ok(self.state().alerts.told_endings.contains(mark))
    }

    async fn tell_ending(
        &self,
        mark: &EndingMark,
        message: &Message,
        now: Time,
    ) -> StoreResult<bool> {
        Ok(self.change(|state| {
            let is_new = !state.alerts.told_endings.contains(mark);
            if is_new {
                state.alerts.told_endings.push(mark.clone());
                state.send(mark.account, message, now);
            }
            is_new
        }))
    }

    async fn disable_webhook(
        &self,
        account: AccountId,
        id: &str,
        message: &Message,
        now: Time,
    ) -> StoreResult<bool> {
        Ok(self.change(|state| {
            let mut webhooks = state.alerts.webhooks.iter_mut();
            let found = webhooks.find(|(owner, webhook)| {
                *owner == account && webhook.id == id && webhook.disabled_at.is_none()
            });
            let Some((_, webhook)) = found else {
                return false;
            };
            webhook.disabled_at = Some(now);
            state.send(account, message, now);
            true
        }))
    }
}
