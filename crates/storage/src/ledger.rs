//! The books of accounts: loaded for a transaction, worked on at the service's desk, stored again.

mod load;
mod open_disputes;
mod orders;
mod read;
mod reversible;
mod store;

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::{
    AccountId, Seq, Time,
    cursor::TimedId,
    ledger::{Dispute, GrantKind, GrantNo, Hold, Order, Part},
};
use service::ports::{
    DisputesQuery, EventPayment, LedgerStore, NumberedEntry, OpenDispute, StoreResult,
};

use crate::SqliteStore;

pub(crate) use load::{Wanted, caps_from, load, terms};
pub(crate) use read::{active_holds, corrected_since, refunded_since, version};
pub(crate) use reversible::reversible;
pub(crate) use store::{payments, run, store};

/// `paid_by` of an event that several paid.
pub(crate) const SEVERAL: i64 = -1;
/// The number that stands for overage where a grant's number would.
pub(crate) const OVERAGE: i64 = 0;

/// Who paid, as an event carries it.
pub(crate) fn paid_by(parts: &[Part]) -> Option<i64> {
    match parts {
        [] => None,
        [only] => Some(store::payer_number(only.payer)),
        _ => Some(SEVERAL),
    }
}

#[async_trait]
impl LedgerStore for SqliteStore {
    async fn entries(
        &self,
        account: AccountId,
        before: Option<i64>,
        limit: u32,
    ) -> StoreResult<Vec<NumberedEntry>> {
        Ok(read::entries(self.reading().await?.pool(), account, before, limit).await?)
    }

    async fn payment(&self, account: AccountId, seq: Seq) -> StoreResult<Option<EventPayment>> {
        Ok(read::payment(self.reading().await?.pool(), account, seq).await?)
    }

    async fn grant_names(
        &self,
        account: AccountId,
        parts: &[Part],
    ) -> StoreResult<BTreeMap<GrantNo, (GrantKind, String)>> {
        Ok(read::grant_names(self.reading().await?.pool(), account, parts).await?)
    }

    async fn orders(
        &self,
        account: AccountId,
        before: Option<&TimedId>,
        limit: u32,
    ) -> StoreResult<Vec<Order>> {
        Ok(orders::latest(self.reading().await?.pool(), account, before, limit).await?)
    }

    async fn pending_orders(&self, account: AccountId) -> StoreResult<Vec<Order>> {
        Ok(orders::pending_of(self.reading().await?.pool(), account).await?)
    }

    async fn order_account(&self, order: &str) -> StoreResult<Option<AccountId>> {
        Ok(orders::account_of(&self.lookups, order).await?)
    }

    async fn disputes_of(
        &self,
        account: AccountId,
        source: &str,
        event: &str,
    ) -> StoreResult<Vec<Dispute>> {
        Ok(orders::disputes_of(self.reading().await?.pool(), account, source, event).await?)
    }

    async fn disputes(
        &self,
        account: AccountId,
        query: &DisputesQuery<'_>,
        limit: u32,
    ) -> StoreResult<Vec<Dispute>> {
        Ok(orders::disputes(self.reading().await?.pool(), account, query, limit).await?)
    }

    async fn open_disputes(
        &self,
        after: Option<&TimedId>,
        limit: u32,
    ) -> StoreResult<Vec<OpenDispute>> {
        Ok(open_disputes::open(self.reading().await?.pool(), after, limit).await?)
    }

    async fn hold(&self, account: AccountId, id: &str) -> StoreResult<Option<Hold>> {
        Ok(read::hold(&self.lookups, account, id).await?)
    }

    async fn accounts_due(&self, now: Time, limit: u32) -> StoreResult<Vec<AccountId>> {
        Ok(read::accounts_due(self.reading().await?.pool(), now, limit).await?)
    }
}
