//! Alerts, the messages that tell of them, and the webhooks these go to.

use async_trait::async_trait;
use domain::{
    AccountId, Time,
    alert::{Crossings, Ending, Fired, Reading, Rule},
};
use serde::{Deserialize, Serialize};

use super::{Edited, Expected, StoreResult, Stored};

/// An alert that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Its number; later ones are higher.
    pub number: i64,
    /// Key of the rule.
    pub rule: String,
    /// What the rule watches, as the word on the wire.
    pub kind: String,
    /// What it saw.
    pub reading: Reading,
    /// When it was sent.
    pub fired_at: Time,
    /// When it ended; none while it lasts, and when a later alert took its place.
    pub recovered_at: Option<Time>,
    /// Whether it is over: ended, or a later alert took its place.
    pub is_over: bool,
    /// Why it ended; none while it lasts, and when a later alert took its place.
    pub ending: Option<Ending>,
    /// What was told of it and before it in its epoch.
    pub crossings: Crossings,
    /// Whether it fired while its rule was snoozed, so that nobody was told outside the page yet.
    pub is_owed: bool,
    /// When somebody said that they know of it, and who.
    pub acknowledged: Option<(Time, String)>,
}

impl Alert {
    /// What the next reading is held against.
    pub fn fired(&self) -> Fired {
        Fired {
            kind: self.kind.clone(),
            epoch: self.reading.epoch,
            mark: self.reading.mark,
            limit: self.reading.limit,
            crossings: self.crossings.clone(),
            lasts: self.lasts(),
            ending: self.ending,
        }
    }

    /// Whether it is ongoing.
    pub const fn lasts(&self) -> bool {
        !self.is_over
    }
}

/// Something to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// `msg_…`; the same for every target and every attempt.
    pub id: String,
    /// `creditscope.alert.fired` and so on.
    pub kind: String,
    /// One line, for emails and lists.
    pub subject: String,
    /// What is sent: JSON.
    pub body: String,
    /// Where to.
    pub targets: Vec<Target>,
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A webhook's id.
    Webhook(String),
    /// An email address.
    Mail(String),
}

/// A change of an account's alerts, with what is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertChange {
    /// Key of the rule.
    pub rule: String,
    /// What the rule watches.
    pub kind: String,
    /// What it saw.
    pub reading: Reading,
    /// Number of the alert that this was held against: the change is made only while that is the latest one.
    pub after: Option<i64>,
    /// What becomes of the alert.
    pub turn: AlertTurn,
    /// What is told; nothing when nobody is to be told outside the page.
    pub message: Option<Message>,
}

/// What becomes of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlertTurn {
    /// There is a new one; the latest one, if it lasts, gives way to it.
    Fire {
        /// What was told with it.
        crossings: Crossings,
        /// Whether nobody is told outside the page yet.
        is_owed: bool,
    },
    /// The latest one is over.
    End {
        /// Why.
        ending: Ending,
        /// What remains told.
        crossings: Crossings,
    },
    /// The latest one lasts, and what was owed is told.
    Notify,
}

/// Where an account wants to be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Unique in its account.
    pub id: String,
    /// Its endpoint URL.
    pub url: String,
    /// `whsec_…`: what messages are signed with.
    pub secret: String,
    /// When it was created.
    pub created_at: Time,
    /// Since when nothing is sent there any more.
    pub disabled_at: Option<Time>,
}

/// A message on its way to one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Whose.
    pub account: AccountId,
    /// The message's id.
    pub message: String,
    /// Its kind.
    pub kind: String,
    /// One line.
    pub subject: String,
    /// What is sent.
    pub body: String,
    /// Where to.
    pub target: Target,
    /// When the message was made.
    pub created_at: Time,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next; none when nothing is to be done any more.
    pub due_at: Option<Time>,
    /// When it was delivered.
    pub delivered_at: Option<Time>,
    /// When it failed, without a further retry.
    pub failed_at: Option<Time>,
    /// What came back last.
    pub answer: String,
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It arrived.
    Delivered,
    /// It did not, and is tried again.
    Retry(Time),
    /// It did not, and is given up.
    Failed,
}

/// What an attempt says of its target.
#[derive(Debug, Clone, Copy)]
pub enum Reached {
    /// It took the message.
    Yes,
    /// It did not.
    No {
        /// How long it rests after so many failures in a row, in microseconds.
        rest_us: fn(u32) -> i64,
    },
    /// It was not asked.
    Unasked,
}

/// Which of the messages that are due are taken: those first whose account has fewest on their way, and the oldest of
/// each target. None for targets that rest.
#[derive(Debug, Clone, Copy)]
pub struct DueAsk<'a> {
    /// Emails; otherwise messages for webhooks.
    pub by_mail: bool,
    /// At most so many.
    pub most: u32,
    /// At most so many of one account are on their way.
    pub of_account: u32,
    /// At most so many to one target are.
    pub to_target: u32,
    /// After so many failures in a row a target is sent one message at a time.
    pub rest_after: u32,
    /// Where messages are on their way already, each.
    pub running: &'a [(AccountId, Target)],
}

/// What became of writing down that somebody knows of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Noted {
    /// It is written down now.
    Now,
    /// It was before: nothing was changed.
    Before,
    /// There is no such thing.
    Missing,
}

/// Keeps alerts, webhooks, and messages on their way.
#[async_trait]
pub trait AlertStore {
    /// The rules of an account, by key.
    async fn alert_rules(&self, account: AccountId) -> StoreResult<Vec<Rule>>;

    /// Stores a rule in the place of one with its key; a rule that is snoozed stays so. Adds none when the account has
    /// `most` already.
    async fn put_alert_rule(
        &self,
        account: AccountId,
        rule: &Rule,
        expected: &Expected,
        most: u32,
    ) -> StoreResult<Stored<Rule>>;

    /// Snoozes a rule, or ends that; the rule, if there is one.
    async fn snooze_alert_rule(
        &self,
        account: AccountId,
        key: &str,
        until: Option<Time>,
    ) -> StoreResult<Option<Rule>>;

    /// Removes a rule; whether there was one. What it told stays.
    async fn delete_alert_rule(&self, account: AccountId, key: &str) -> StoreResult<bool>;

    /// Accounts that have rules, or alerts that last.
    async fn accounts_with_rules(&self) -> StoreResult<Vec<AccountId>>;

    /// The latest alert of every rule and subject.
    async fn latest_alerts(&self, account: AccountId) -> StoreResult<Vec<Alert>>;

    /// Alerts before a number, newest first.
    async fn alerts(
        &self,
        account: AccountId,
        before: Option<i64>,
        limit: u32,
    ) -> StoreResult<Vec<Alert>>;

    /// Makes changes, each with its message, in one transaction; how many were still right to make.
    async fn change_alerts(
        &self,
        account: AccountId,
        changes: &[AlertChange],
        now: Time,
    ) -> StoreResult<usize>;

    /// Writes down who knows of an alert, once: who said so first stays.
    async fn acknowledge_alert(
        &self,
        account: AccountId,
        number: i64,
        by: &str,
        now: Time,
    ) -> StoreResult<Noted>;

    /// Takes back that somebody knows of an alert; whether it was they who said so.
    async fn unacknowledge_alert(
        &self,
        account: AccountId,
        number: i64,
        by: &str,
    ) -> StoreResult<bool>;

    /// The webhooks of an account, the oldest first.
    async fn webhooks(&self, account: AccountId) -> StoreResult<Vec<Webhook>>;

    /// Stores a new webhook, unless the account has `most` already.
    async fn add_webhook(
        &self,
        account: AccountId,
        webhook: &Webhook,
        most: u32,
    ) -> StoreResult<Edited<()>>;

    /// Says since when nothing is sent to a webhook, or that it is called again; the webhook, if there is one.
    async fn set_webhook_disabled(
        &self,
        account: AccountId,
        id: &str,
        since: Option<Time>,
    ) -> StoreResult<Option<Webhook>>;

    /// Removes a webhook and what is on its way there; whether there was one.
    async fn delete_webhook(&self, account: AccountId, id: &str) -> StoreResult<bool>;

    /// Stores a message to be sent.
    async fn put_message(
        &self,
        account: AccountId,
        message: &Message,
        now: Time,
    ) -> StoreResult<()>;

    /// Stores a test of webhooks that are asked at once even when they rest; not when `most` of its kind are on their way
    /// to one of them.
    async fn put_test(
        &self,
        account: AccountId,
        message: &Message,
        most: u32,
        now: Time,
    ) -> StoreResult<bool>;

    /// Takes messages that are due. They are nobody else's until `until`, when they are due again.
    async fn take_due(&self, now: Time, until: Time, ask: DueAsk<'_>)
    -> StoreResult<Vec<Delivery>>;

    /// Writes down what an attempt came to; not when the message, as it was taken, is somebody else's by now.
    async fn note_attempt(
        &self,
        delivery: &Delivery,
        outcome: &Outcome,
        answer: &str,
        reached: Reached,
        now: Time,
    ) -> StoreResult<bool>;

    /// Messages to a target, newest first, those before the message `before`.
    async fn deliveries(
        &self,
        account: AccountId,
        target: &Target,
        before: Option<&str>,
        limit: u32,
    ) -> StoreResult<Vec<Delivery>>;

    /// Lets a message be sent once more; whether there is one.
    async fn replay(
        &self,
        account: AccountId,
        message: &str,
        target: &Target,
        now: Time,
    ) -> StoreResult<bool>;
}
