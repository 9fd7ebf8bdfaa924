//! How the credits of several accounts stand, for those who choose among them.

use std::collections::BTreeMap;

use domain::{ledger::CreditFacts, tenancy::Account};

use crate::{Caller, Permission, ServiceResult, Services, desk::Desk, ports::BooksNeeds};

impl Services {
    /// Accounts with how their credits stand in their own running cycles, in the order in which they come. Of accounts of
    /// which a caller sees some companies only, that is not told.
    pub async fn levels(
        &self,
        caller: &Caller,
        accounts: impl IntoIterator<Item = &Account>,
    ) -> ServiceResult<Vec<(Account, Option<CreditFacts>)>> {
        let accounts: Vec<Account> = accounts.into_iter().cloned().collect();
        let mut seen = BTreeMap::new();
        for account in &accounts {
            let scope = self
                .scope(caller, Some(&account.key), Permission::Read)
                .await?;
            if scope.sees_all() {
                seen.insert(account.id, BooksNeeds::default());
            }
        }
        let now = self.now();
        let mut snapshot = self.store.snapshot().await?;
        let as_of = snapshot.as_of().await?;
        let desk = Desk::new(now, as_of, snapshot.books(&seen, now).await?);
        let standing = |account: Account| {
            let facts = desk
                .balance(account.id)
                .map(|balance| CreditFacts::of_account(balance, desk.is_suspended(account.id)));
            (account, facts)
        };
        Ok(accounts.into_iter().map(standing).collect())
    }
}
