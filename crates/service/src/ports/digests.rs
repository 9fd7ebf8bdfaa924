//! Accounts that are written to every week.

use async_trait::async_trait;
use domain::{AccountId, Time};

use super::{Message, StoreResult};

/// Keeps who is written to, and which week was told last.
#[async_trait]
pub trait DigestStore {
    /// The accounts that are written to, each with the first instant of the last week told.
    async fn digests(&self) -> StoreResult<Vec<(AccountId, Time)>>;

    /// The first instant of the last week told; none when the account is not written to.
    async fn digest(&self, account: AccountId) -> StoreResult<Option<Time>>;

    /// Writes to an account from the week after `told` on. One that is written to already stays as it is.
    async fn start_digest(&self, account: AccountId, told: Time) -> StoreResult<()>;

    /// Writes to an account no more.
    async fn stop_digest(&self, account: AccountId) -> StoreResult<()>;

    /// Stores the message that tells a week, in one transaction with that it was told. Says whether it was, so that
    /// nobody is told of one week twice.
    async fn tell_digest(
        &self,
        account: AccountId,
        week: Time,
        message: &Message,
        now: Time,
    ) -> StoreResult<bool>;
}
