//! Second factors of people, and who has to have one.

use async_trait::async_trait;
use domain::{AccountId, Time, UserId, tenancy::Role};

use super::{FactorOutcome, RemovedFactor, StoreResult};

/// An app that makes one-time codes.
#[derive(Clone, PartialEq, Eq)]
pub struct NewAuthenticator {
    /// Whose it is.
    pub user: UserId,
    /// What codes are computed from.
    pub secret: Vec<u8>,
    /// The time step of the code that proved it.
    pub step: u64,
    /// SHA-256 of each recovery code, for whom it is the first second factor.
    pub recovery: Vec<Vec<u8>>,
}

/// Second factors of people.
#[async_trait]
pub trait SecondFactorStore {
    /// Stores a person's app. With their first second factor, its recovery codes are stored and their sessions end but
    /// one.
    async fn put_authenticator(
        &self,
        new: &NewAuthenticator,
        keep: Option<&[u8]>,
        now: Time,
    ) -> StoreResult<FactorOutcome>;

    /// What a person's codes are computed from; none when they have no app.
    async fn authenticator(&self, user: UserId) -> StoreResult<Option<Vec<u8>>>;

    /// Uses the code of a time step up; `false` when it, or a later one, was used before.
    async fn use_step(&self, user: UserId, step: u64) -> StoreResult<bool>;

    /// Uses a recovery code up, by its hash; how many are left, or none when there is no such code.
    async fn use_recovery_code(&self, user: UserId, hash: &[u8]) -> StoreResult<Option<u32>>;

    /// How many recovery codes a person has left.
    async fn recovery_codes(&self, user: UserId) -> StoreResult<u32>;

    /// Puts recovery codes in the place of those before, if the person has a second factor.
    async fn put_recovery_codes(&self, user: UserId, hashes: &[Vec<u8>]) -> StoreResult<bool>;

    /// Removes a person's app and ends their sessions but one; none when they have no app. With the last second factor go
    /// the recovery codes.
    async fn remove_authenticator(
        &self,
        user: UserId,
        keep: Option<&[u8]>,
    ) -> StoreResult<Option<RemovedFactor>>;

    /// Removes all second factors of a person and ends their sessions but one; whether they had any.
    async fn remove_second_factor(&self, user: UserId, keep: Option<&[u8]>) -> StoreResult<bool>;

    /// Roles of an account whose members need a second factor.
    async fn second_factor_demands(&self, account: AccountId) -> StoreResult<Vec<Role>>;

    /// Says which roles of an account need one.
    async fn set_second_factor_demands(
        &self,
        account: AccountId,
        roles: &[Role],
    ) -> StoreResult<()>;
}
