//! Brings the books of accounts up to now while nobody asks: cycles that began, holds that nobody renewed.
//!
//! Any number of processes may do so at once, after any time away: what it does is the same as what the first
//! transaction of the account would do, and happens once.

use crate::{
    ServiceResult, Services,
    ports::{AccountAct, Act},
};

/// Accounts of one round: the next round is a moment later.
const ACCOUNTS_A_ROUND: u32 = 500;

impl Services {
    /// Renews accounts that are due; how many. One that cannot be renewed does not keep the others from it.
    ///
    /// # Errors
    /// The first failure, after all were tried.
    pub async fn renew_due(&self) -> ServiceResult<usize> {
        let due = self
            .store
            .accounts_due(self.now(), ACCOUNTS_A_ROUND)
            .await?;
        let mut failure = None;
        for account in &due {
            let renewal = self.act(AccountAct {
                account: *account,
                actor: domain::ledger::RENEWAL.to_owned(),
                act: Act::Renew,
            });
            if let Err(error) = renewal.await {
                failure.get_or_insert(error);
            }
        }
        failure.map_or(Ok(due.len()), Err)
    }
}
