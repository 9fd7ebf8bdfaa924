//! Names looked up on every request, remembered for a moment.
//!
//! Nothing here decides a balance. What is remembered is at most a second old, so that a change made by another
//! process holds everywhere within that time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{
    AccountId, Time,
    rate::RateCard,
    tenancy::{Account, Company, Plan},
};
use moka::sync::Cache;

use crate::ports::{ApiKey, Store, StoreResult};

/// How long an answer may be reused.
const FRESH: Duration = Duration::from_secs(1);
/// A company is never removed and keeps its number, so only its display name can be old.
const COMPANY_FRESH: Duration = Duration::from_mins(1);
/// Most entries of each kind; far more than are in use within a second.
const CAPACITY: u64 = 20_000;

pub(crate) struct Directory {
    store: Arc<dyn Store>,
    accounts: Cache<String, Account>,
    accounts_by_id: Cache<AccountId, Account>,
    companies: Cache<(AccountId, String), Company>,
    rate_cards: Cache<String, Arc<Vec<RateCard>>>,
    keys: Cache<String, ApiKey>,
    plans: Cache<String, Plan>,
    used_keys: Mutex<HashMap<String, Time>>,
}

fn fresh<K, V>(time_to_live: Duration) -> Cache<K, V>
where
    K: std::hash::Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder()
        .max_capacity(CAPACITY)
        .time_to_live(time_to_live)
        .build()
}

impl Directory {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            accounts: fresh(FRESH),
            accounts_by_id: fresh(FRESH),
            companies: fresh(COMPANY_FRESH),
            rate_cards: fresh(FRESH),
            keys: fresh(FRESH),
            plans: fresh(FRESH),
            used_keys: Mutex::default(),
        }
    }

    pub(crate) async fn account(&self, key: &str) -> StoreResult<Option<Account>> {
        if let Some(account) = self.accounts.get(key) {
            return Ok(Some(account));
        }
        let account = self.store.account(key).await?;
        if let Some(account) = &account {
            self.accounts.insert(key.to_owned(), account.clone());
        }
        Ok(account)
    }

    pub(crate) async fn account_by_id(&self, id: AccountId) -> StoreResult<Option<Account>> {
        if let Some(account) = self.accounts_by_id.get(&id) {
            return Ok(Some(account));
        }
        let account = self.store.account_by_id(id).await?;
        if let Some(account) = &account {
            self.accounts_by_id.insert(id, account.clone());
        }
        Ok(account)
    }

    pub(crate) async fn company(
        &self,
        account: AccountId,
        key: &str,
    ) -> StoreResult<Option<Company>> {
        let name = (account, key.to_owned());
        if let Some(company) = self.companies.get(&name) {
            return Ok(Some(company));
        }
        let company = self
            .store
            .companies_by_key(account, &[key.to_owned()])
            .await?
            .into_iter()
            .next();
        if let Some(company) = &company {
            self.companies.insert(name, company.clone());
        }
        Ok(company)
    }

    pub(crate) async fn rate_cards(&self, event_type: &str) -> StoreResult<Arc<Vec<RateCard>>> {
        if let Some(cards) = self.rate_cards.get(event_type) {
            return Ok(cards);
        }
        let cards = Arc::new(self.store.rate_cards(event_type).await?);
        self.rate_cards
            .insert(event_type.to_owned(), Arc::clone(&cards));
        Ok(cards)
    }

    pub(crate) async fn api_key(&self, prefix: &str) -> StoreResult<Option<ApiKey>> {
        if let Some(key) = self.keys.get(prefix) {
            return Ok(Some(key));
        }
        let key = self.store.api_key(prefix).await?;
        if let Some(key) = &key {
            self.keys.insert(prefix.to_owned(), key.clone());
        }
        Ok(key)
    }

    /// Remembers that a key was used, until it is written down with others.
    pub(crate) fn key_was_used(&self, prefix: &str, now: Time) {
        let mut used = self
            .used_keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match used.get_mut(prefix) {
            Some(at) => *at = now,
            None => {
                used.insert(prefix.to_owned(), now);
            }
        }
    }

    pub(crate) fn take_used_keys(&self) -> Vec<(String, Time)> {
        let mut used = self
            .used_keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *used).into_iter().collect()
    }

    pub(crate) async fn plan(&self, key: &str) -> StoreResult<Option<Plan>> {
        if let Some(plan) = self.plans.get(key) {
            return Ok(Some(plan));
        }
        let plan = self.store.plan(key).await?;
        if let Some(plan) = &plan {
            self.plans.insert(key.to_owned(), plan.clone());
        }
        Ok(plan)
    }

    /// Forgets everything remembered about an account, after a change made by this process.
    pub(crate) fn forget_account(&self, account: &Account) {
        self.accounts.invalidate(&account.key);
        self.accounts_by_id.invalidate(&account.id);
    }

    pub(crate) fn forget_company(&self, account: AccountId, key: &str) {
        self.companies.invalidate(&(account, key.to_owned()));
    }

    pub(crate) fn forget_plan(&self, key: &str) {
        self.plans.invalidate(key);
    }

    pub(crate) fn forget_rate_cards(&self, event_type: &str) {
        self.rate_cards.invalidate(event_type);
    }

    pub(crate) fn forget_key(&self, prefix: &str) {
        self.keys.invalidate(prefix);
    }
}
