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
    /// Renews accounts that are due; how many.
    pub async fn renew_due(&self) -> ServiceResult<usize> {
        let due = self
            .store
            .accounts_due(self.now(), ACCOUNTS_A_ROUND)
            .await?;
        for account in &due {
            self.act(AccountAct {
                account: *account,
                actor: domain::ledger::RENEWAL.to_owned(),
                act: Act::Renew,
            })
            .await?;
        }
        Ok(due.len())
    }
}
