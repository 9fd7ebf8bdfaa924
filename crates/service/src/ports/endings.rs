//! Keys and endpoints that will end, and what was told of them.

use async_trait::async_trait;
use domain::{AccountId, Time, ending::Stage};

use super::{ApiKey, Message, StoreResult};

/// Whose messages those to the people who run the platform are.
pub const PLATFORM: AccountId = AccountId(0);

/// An endpoint that accepts nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailingEndpoint {
    /// Whose.
    pub account: AccountId,
    /// The webhook's id.
    pub webhook: String,
    /// Its address.
    pub url: String,
    /// When the message was made that it does not accept; it has accepted nothing since.
    pub since: Time,
    /// How often that was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub due_at: Time,
    /// What came back last.
    pub answer: String,
}

/// Something that is told once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndingMark {
    /// Whose; [`PLATFORM`] for its own keys.
    pub account: AccountId,
    /// `key:` and a prefix, or `webhook:` and an id.
    pub subject: String,
    /// Which end is meant: one that is moved is another.
    pub epoch: Time,
    /// How near it was.
    pub stage: Stage,
}

/// Keeps what was told of keys and endpoints that end.
#[async_trait]
pub trait EndingStore {
    /// Keys of anybody that were not revoked and end after `from` and until `to`, by their end.
    async fn keys_ending(&self, from: Time, to: Time) -> StoreResult<Vec<ApiKey>>;

    /// Endpoints of anybody that are called and accept nothing: each message on its way there that was tried, by account.
    async fn failing_endpoints(&self) -> StoreResult<Vec<FailingEndpoint>>;

    /// Whether something was told before.
    async fn is_ending_told(&self, mark: &EndingMark) -> StoreResult<bool>;

    /// Stores a message together with the mark that it was told; whether it was not before, in any process.
    async fn tell_ending(
        &self,
        mark: &EndingMark,
        message: &Message,
        now: Time,
    ) -> StoreResult<bool>;

    /// Lets a webhook be called no more, and stores what is told of that; whether it was called until now.
    async fn disable_webhook(
        &self,
        account: AccountId,
        id: &str,
        message: &Message,
        now: Time,
    ) -> StoreResult<bool>;
}
