//! Accounts, companies, plans, rate cards and API keys.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::{
    AccountId, Agent, Credits, Time,
    alert::Rule,
    ledger::OveragePolicy,
    rate::{RateCard, RateRule},
    tenancy::{Account, AccountKind, Company, Pack, Plan},
};
use serde::{Deserialize, Serialize};

use super::{Edited, Expected, StoreResult};

/// What an API key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyScope {
    /// Everything, for every account.
    Platform,
    /// Report usage of one account.
    Ingest,
    /// Ask permission for one account.
    Check,
    /// Read one account.
    Read,
}

impl KeyScope {
    /// The name on the wire and in the database.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Ingest => "ingest",
            Self::Check => "check",
            Self::Read => "read",
        }
    }
}

impl std::str::FromStr for KeyScope {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Platform, Self::Ingest, Self::Check, Self::Read]
            .into_iter()
            .find(|scope| scope.id() == text)
            .ok_or("must be one of platform, ingest, check, read")
    }
}

/// An API key as stored: never its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// The public part of the key; unique.
    pub prefix: String,
    /// SHA-256 of the secret part.
    pub secret_hash: Vec<u8>,
    /// The account it belongs to; none for platform keys.
    pub account: Option<AccountId>,
    /// What it may do.
    pub scopes: Vec<KeyScope>,
    /// What it is for.
    pub name: String,
    /// When it was created.
    pub created_at: Time,
    /// When it was revoked.
    pub revoked_at: Option<Time>,
    /// When it stops working by itself; never when none.
    pub expires_at: Option<Time>,
    /// When it was used last, to the minute.
    pub used_at: Option<Time>,
}

impl ApiKey {
    /// Whether it works at a time.
    pub fn works_at(&self, now: Time) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// A key to store.
pub type NewApiKey = ApiKey;

/// An account to create or replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutAccount {
    /// Its key.
    pub key: String,
    /// Display name.
    pub name: String,
    /// Customer or agency.
    pub kind: AccountKind,
    /// IANA time zone; cannot change once usage is recorded.
    pub time_zone: String,
    /// Start of its first billing cycle; cannot change once usage is recorded.
    pub cycle_anchor: Time,
    /// Key of its plan.
    pub plan: String,
    /// What happens when no credits remain.
    pub policy: OveragePolicy,
    /// Credits that the system may refund in a billing cycle without anybody's decision.
    pub auto_refund: Credits,
}

/// A company to create or replace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PutCompany {
    /// Its key.
    pub key: String,
    /// Display name.
    pub name: String,
    /// Credits it may spend in a billing cycle.
    pub budget: Option<Credits>,
    /// Credits single agents may spend in it in a billing cycle.
    pub agent_caps: BTreeMap<Agent, Credits>,
}

impl PutCompany {
    /// A company without limits.
    pub fn named(key: &str, name: &str) -> Self {
        Self {
            key: key.to_owned(),
            name: name.to_owned(),
            ..Self::default()
        }
    }
}

/// What became of a create-or-replace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stored<T> {
    /// It was not there.
    Created(T),
    /// It was there and is now as given.
    Replaced(T),
    /// The zone or anchor of an account with usage cannot change. Nothing was stored.
    Fixed,
    /// There are as many as there may be. Nothing was stored.
    Over,
    /// It is another version than the change expects. Nothing was stored.
    Stale,
}

impl<T> Stored<T> {
    /// What became of a value that is stored now.
    pub fn now(value: T, was_there: bool) -> Self {
        if was_there {
            Self::Replaced(value)
        } else {
            Self::Created(value)
        }
    }
}

/// Accounts, companies, plans, rate cards and API keys.
#[async_trait]
pub trait DirectoryStore {
    /// An account by key.
    async fn account(&self, key: &str) -> StoreResult<Option<Account>>;

    /// An account by number.
    async fn account_by_id(&self, id: AccountId) -> StoreResult<Option<Account>>;

    /// Accounts by key, those after `after`; those with `search` in key or name, folded, when given.
    async fn accounts(
        &self,
        search: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> StoreResult<Vec<Account>>;

    /// Creates or replaces an account. The plan exists. A larger plan gives what it adds to the running cycle at once. A
    /// new account has these alert rules from its first moment.
    async fn put_account(
        &self,
        account: &PutAccount,
        rules: &[Rule],
        expected: &Expected,
        now: Time,
    ) -> StoreResult<Stored<Account>>;

    /// The companies of an account with these keys; unknown keys are left out.
    async fn companies_by_key(
        &self,
        account: AccountId,
        keys: &[String],
    ) -> StoreResult<Vec<Company>>;

    /// Companies with a key, in all accounts, with their account's number.
    async fn company_owners(&self, key: &str, limit: u32)
    -> StoreResult<Vec<(AccountId, Company)>>;

    /// Companies of an account by key, those after `after`; only those with `ids` when given.
    async fn companies(
        &self,
        account: AccountId,
        ids: Option<&[domain::CompanyId]>,
        search: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> StoreResult<Vec<Company>>;

    /// How many companies an account has.
    async fn company_count(&self, account: AccountId) -> StoreResult<u32>;

    /// Creates or replaces a company; creates none when the account has `most` already.
    async fn put_company(
        &self,
        account: AccountId,
        company: &PutCompany,
        expected: &Expected,
        most: u32,
        now: Time,
    ) -> StoreResult<Stored<Company>>;

    /// A plan by key.
    async fn plan(&self, key: &str) -> StoreResult<Option<Plan>>;

    /// Plans by key, those after `after`.
    async fn plans(&self, after: Option<&str>, limit: u32) -> StoreResult<Vec<Plan>>;

    /// When the terms of a plan that are in force began.
    async fn plan_effective_at(&self, key: &str) -> StoreResult<Option<Time>>;

    /// Creates or replaces a plan. Other terms than before are a new version that begins now: billing cycles that have begun
    /// keep theirs.
    async fn put_plan(
        &self,
        plan: &Plan,
        expected: &Expected,
        now: Time,
    ) -> StoreResult<Stored<Plan>>;

    /// A pack by key.
    async fn pack(&self, key: &str) -> StoreResult<Option<Pack>>;

    /// Packs by key, those after `after`.
    async fn packs(&self, after: Option<&str>, limit: u32) -> StoreResult<Vec<Pack>>;

    /// Creates or replaces a pack.
    async fn put_pack(
        &self,
        pack: &Pack,
        expected: &Expected,
        now: Time,
    ) -> StoreResult<Stored<Pack>>;

    /// Stops or resumes an account; whether there is one.
    async fn suspend(&self, account: AccountId, is_suspended: bool, now: Time) -> StoreResult<()>;

    /// All versions of the rate card of an event type.
    async fn rate_cards(&self, event_type: &str) -> StoreResult<Vec<RateCard>>;

    /// Event types that have a rate card, sorted, those after `after`.
    async fn rate_card_types(&self, after: Option<&str>, limit: u32) -> StoreResult<Vec<String>>;

    /// Stores a further version, if the latest one is what is expected; the same rules from the same time as the latest
    /// version change nothing.
    async fn put_rate_card(
        &self,
        event_type: &str,
        effective_at: Time,
        rules: &[RateRule],
        expected: &Expected,
        now: Time,
    ) -> StoreResult<Stored<RateCard>>;

    /// An API key by its public part.
    async fn api_key(&self, prefix: &str) -> StoreResult<Option<ApiKey>>;

    /// Stores an API key, unless its account, or the platform, has `most` that work.
    async fn put_api_key(&self, key: &NewApiKey, most: u32) -> StoreResult<Edited<()>>;

    /// Stores an API key in the place of one that works, which ends at `ends_at` unless it ends sooner; unless there are
    /// `most` that work. [`Edited::Missing`] when the key before works no more, [`Edited::Stale`] when it was rotated before
    /// into one that works.
    async fn rotate_api_key(
        &self,
        before: &str,
        key: &NewApiKey,
        ends_at: Time,
        most: u32,
    ) -> StoreResult<Edited<()>>;

    /// API keys of an account, or of the platform, by prefix, those after `after`.
    async fn api_keys(
        &self,
        account: Option<AccountId>,
        after: Option<&str>,
        limit: u32,
    ) -> StoreResult<Vec<ApiKey>>;

    /// Revokes an API key of an account (or of the platform); whether there was one.
    async fn revoke_api_key(
        &self,
        account: Option<AccountId>,
        prefix: &str,
        now: Time,
    ) -> StoreResult<bool>;
}
