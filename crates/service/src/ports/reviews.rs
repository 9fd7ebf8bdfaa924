//! Weeks that somebody looked through.

use async_trait::async_trait;
use domain::{AccountId, Time};

use super::StoreResult;

/// Keeps who looked through which week.
#[async_trait]
pub trait ReviewStore {
    /// When a week was looked through, and by whom.
    async fn review(&self, account: AccountId, week: Time) -> StoreResult<Option<(Time, String)>>;

    /// Writes down that a week was looked through; whether nobody had said so before, who stays.
    async fn mark_reviewed(
        &self,
        account: AccountId,
        week: Time,
        by: &str,
        now: Time,
    ) -> StoreResult<bool>;

    /// Takes back that somebody looked through a week; whether it was they who said so.
    async fn unmark_reviewed(&self, account: AccountId, week: Time, by: &str) -> StoreResult<bool>;
}
