//! Accounts, companies, plans, rate cards and API keys, each in its own file.

mod accounts;
mod companies;
mod keys;
mod packs;
mod plans;
mod rates;

pub(crate) use accounts::{brand, set_brand};
use async_trait::async_trait;
use domain::{
    AccountId, CompanyId, Time,
    alert::Rule,
    rate::{RateCard, RateRule},
    tenancy::{Account, Company, Pack, Plan},
};
pub(crate) use keys::{ending as keys_ending, touch as touch_keys};
use service::ports::{
    ApiKey, DirectoryStore, Edited, Expected, NewApiKey, PutAccount, PutCompany, StoreResult,
    Stored,
};

use crate::SqliteStore;

/// Companies that are found by number without reading a list.
const LOOKED_UP: usize = 4;

/// Compares keys in lists: everything comes after nothing.
pub(crate) fn after_or_first(after: Option<&str>) -> &str {
    after.unwrap_or("")
}

#[async_trait]
impl DirectoryStore for SqliteStore {
    async fn account(&self, key: &str) -> StoreResult<Option<Account>> {
        Ok(accounts::by_key(&self.lookups, key).await?)
    }

    async fn account_by_id(&self, id: AccountId) -> StoreResult<Option<Account>> {
        Ok(accounts::by_id(&self.lookups, id).await?)
    }

    async fn accounts(
        &self,
        search: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> StoreResult<Vec<Account>> {
        Ok(accounts::list(self.reading().await?.pool(), search, after, limit).await?)
    }

    async fn put_account(
        &self,
        account: &PutAccount,
        rules: &[Rule],
        expected: &Expected,
        now: Time,
    ) -> StoreResult<Stored<Account>> {
        Ok(accounts::put(&self.writer, account, rules, expected, now).await?)
    }

    async fn companies_by_key(
        &self,
        account: AccountId,
        keys: &[String],
    ) -> StoreResult<Vec<Company>> {
        Ok(companies::by_key(&self.lookups, account, keys).await?)
    }

    async fn company_owners(
        &self,
        key: &str,
        limit: u32,
    ) -> StoreResult<Vec<(AccountId, Company)>> {
        Ok(companies::owners(&self.lookups, key, limit).await?)
    }

    async fn companies(
        &self,
        account: AccountId,
        ids: Option<&[CompanyId]>,
        search: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> StoreResult<Vec<Company>> {
        let is_look_up = search.is_none() && ids.is_some_and(|ids| ids.len() <= LOOKED_UP);
        if is_look_up {
            return Ok(companies::list(&self.lookups, account, ids, search, after, limit).await?);
        }
        let readers = self.reading().await?;
        Ok(companies::list(readers.pool(), account, ids, search, after, limit).await?)
    }

    async fn company_count(&self, account: AccountId) -> StoreResult<u32> {
        Ok(companies::count(self.reading().await?.pool(), account).await?)
    }

    async fn put_company(
        &self,
        account: AccountId,
        company: &PutCompany,
        expected: &Expected,
        most: u32,
        now: Time,
    ) -> StoreResult<Stored<Company>> {
        Ok(companies::put(&self.writer, account, company, (expected, most), now).await?)
    }

    async fn plan(&self, key: &str) -> StoreResult<Option<Plan>> {
        Ok(plans::by_key(&self.lookups, key).await?)
    }

    async fn plans(&self, after: Option<&str>, limit: u32) -> StoreResult<Vec<Plan>> {
        Ok(plans::list(self.reading().await?.pool(), after, limit).await?)
    }

    async fn plan_effective_at(&self, key: &str) -> StoreResult<Option<Time>> {
        Ok(plans::effective_at(self.reading().await?.pool(), key).await?)
    }

    async fn put_plan(
        &self,
        plan: &Plan,
        expected: &Expected,
        now: Time,
    ) -> StoreResult<Stored<Plan>> {
        Ok(plans::put(&self.writer, plan, expected, now).await?)
    }

    async fn pack(&self, key: &str) -> StoreResult<Option<Pack>> {
        Ok(packs::by_key(&self.lookups, key).await?)
    }

    async fn packs(&self, after: Option<&str>, limit: u32) -> StoreResult<Vec<Pack>> {
        Ok(packs::list(self.reading().await?.pool(), after, limit).await?)
    }

    async fn put_pack(
        &self,
        pack: &Pack,
        expected: &Expected,
        now: Time,
    ) -> StoreResult<Stored<Pack>> {
        Ok(packs::put(&self.writer, pack, expected, now).await?)
    }

    async fn suspend(&self, account: AccountId, is_suspended: bool, now: Time) -> StoreResult<()> {
        Ok(accounts::suspend(&self.writer, account, is_suspended, now).await?)
    }

    async fn rate_cards(&self, event_type: &str) -> StoreResult<Vec<RateCard>> {
        Ok(rates::versions(&self.lookups, event_type).await?)
    }

    async fn rate_card_types(&self, after: Option<&str>, limit: u32) -> StoreResult<Vec<String>> {
        Ok(rates::types(self.reading().await?.pool(), after, limit).await?)
    }

    async fn put_rate_card(
        &self,
        event_type: &str,
        effective_at: Time,
        rules: &[RateRule],
        expected: &Expected,
        now: Time,
    ) -> StoreResult<Stored<RateCard>> {
        let put = rates::put(&self.writer, event_type, effective_at, rules, expected, now);
        Ok(put.await?)
    }

    async fn api_key(&self, prefix: &str) -> StoreResult<Option<ApiKey>> {
        Ok(keys::by_prefix(&self.lookups, prefix).await?)
    }

    async fn put_api_key(&self, key: &NewApiKey, most: u32) -> StoreResult<Edited<()>> {
        Ok(keys::put(&self.writer, key, most).await?)
    }

    async fn rotate_api_key(
        &self,
        before: &str,
        key: &NewApiKey,
        ends_at: Time,
        most: u32,
    ) -> StoreResult<Edited<()>> {
        Ok(keys::rotate(&self.writer, before, key, ends_at, most).await?)
    }

    async fn api_keys(
        &self,
        account: Option<AccountId>,
        after: Option<&str>,
        limit: u32,
    ) -> StoreResult<Vec<ApiKey>> {
        Ok(keys::list(self.reading().await?.pool(), account, after, limit).await?)
    }

    async fn revoke_api_key(
        &self,
        account: Option<AccountId>,
        prefix: &str,
        now: Time,
    ) -> StoreResult<bool> {
        Ok(keys::revoke(&self.writer, account, prefix, now).await?)
    }
}
