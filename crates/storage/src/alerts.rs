//! Alerts, the messages that tell of them, and the webhooks these go to.

mod messages;
mod outbox;
mod rules;
mod told;
mod webhooks;

pub(crate) use messages::{add as add_message, webhook_of};
pub(crate) use rules::put_rule;

use async_trait::async_trait;
use domain::{AccountId, Time, alert::Rule};
use service::ports::{
    Alert, AlertChange, AlertStore, Delivery, DueAsk, Edited, Expected, Message, Noted, Outcome,
    Reached, StoreResult, Stored, Target, Webhook,
};

use crate::SqliteStore;

#[async_trait]
impl AlertStore for SqliteStore {
    async fn alert_rules(&self, account: AccountId) -> StoreResult<Vec<Rule>> {
        Ok(rules::list(self.reading().await?.pool(), account).await?)
    }

    async fn put_alert_rule(
        &self,
        account: AccountId,
        rule: &Rule,
        expected: &Expected,
        most: u32,
    ) -> StoreResult<Stored<Rule>> {
        Ok(rules::put(&self.writer, account, rule, expected, most).await?)
    }

    async fn snooze_alert_rule(
        &self,
        account: AccountId,
        key: &str,
        until: Option<Time>,
    ) -> StoreResult<Option<Rule>> {
        Ok(rules::snooze(&self.writer, account, key, until).await?)
    }

    async fn delete_alert_rule(&self, account: AccountId, key: &str) -> StoreResult<bool> {
        Ok(rules::delete(&self.writer, account, key).await?)
    }

    async fn accounts_with_rules(&self) -> StoreResult<Vec<AccountId>> {
        Ok(rules::accounts(self.reading().await?.pool()).await?)
    }

    async fn latest_alerts(&self, account: AccountId) -> StoreResult<Vec<Alert>> {
        Ok(told::latest(self.reading().await?.pool(), account).await?)
    }

    async fn alerts(
        &self,
        account: AccountId,
        before: Option<i64>,
        limit: u32,
    ) -> StoreResult<Vec<Alert>> {
        Ok(told::list(self.reading().await?.pool(), account, before, limit).await?)
    }

    async fn change_alerts(
        &self,
        account: AccountId,
        changes: &[AlertChange],
        now: Time,
    ) -> StoreResult<usize> {
        Ok(told::change(&self.writer, account, changes, now).await?)
    }

    async fn acknowledge_alert(
        &self,
        account: AccountId,
        number: i64,
        by: &str,
        now: Time,
    ) -> StoreResult<Noted> {
        Ok(told::acknowledge(&self.writer, account, number, by, now).await?)
    }

    async fn unacknowledge_alert(
        &self,
        account: AccountId,
        number: i64,
        by: &str,
    ) -> StoreResult<bool> {
        Ok(told::unacknowledge(&self.writer, account, number, by).await?)
    }

    async fn webhooks(&self, account: AccountId) -> StoreResult<Vec<Webhook>> {
        Ok(webhooks::list(self.reading().await?.pool(), account).await?)
    }

    async fn add_webhook(
        &self,
        account: AccountId,
        webhook: &Webhook,
        most: u32,
    ) -> StoreResult<Edited<()>> {
        Ok(webhooks::add(&self.writer, account, webhook, most).await?)
    }

    async fn set_webhook_disabled(
        &self,
        account: AccountId,
        id: &str,
        since: Option<Time>,
    ) -> StoreResult<Option<Webhook>> {
        Ok(webhooks::set_disabled(&self.writer, account, id, since).await?)
    }

    async fn delete_webhook(&self, account: AccountId, id: &str) -> StoreResult<bool> {
        Ok(webhooks::delete(&self.writer, account, id).await?)
    }

    async fn put_message(
        &self,
        account: AccountId,
        message: &Message,
        now: Time,
    ) -> StoreResult<()> {
        Ok(messages::put(&self.writer, account, message, now).await?)
    }

    async fn put_test(
        &self,
        account: AccountId,
        message: &Message,
        most: u32,
        now: Time,
    ) -> StoreResult<bool> {
        Ok(messages::put_test(&self.writer, account, message, most, now).await?)
    }

    async fn take_due(
        &self,
        now: Time,
        until: Time,
        ask: DueAsk<'_>,
    ) -> StoreResult<Vec<Delivery>> {
        Ok(outbox::take_due(
            self.reading().await?.pool(),
            &self.writer,
            (now, until),
            ask,
        )
        .await?)
    }

    async fn note_attempt(
        &self,
        delivery: &Delivery,
        outcome: &Outcome,
        answer: &str,
        reached: Reached,
        now: Time,
    ) -> StoreResult<bool> {
        Ok(outbox::note(&self.writer, delivery, (outcome, answer), reached, now).await?)
    }

    async fn deliveries(
        &self,
        account: AccountId,
        target: &Target,
        before: Option<&str>,
        limit: u32,
    ) -> StoreResult<Vec<Delivery>> {
        Ok(messages::list(self.reading().await?.pool(), account, target, before, limit).await?)
    }

    async fn replay(
        &self,
        account: AccountId,
        message: &str,
        target: &Target,
        now: Time,
    ) -> StoreResult<bool> {
        Ok(messages::replay(&self.writer, account, message, target, now).await?)
    }
}
