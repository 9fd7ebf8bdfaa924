//! What is left of an account's credits, as pages and the API read it.

use std::collections::BTreeMap;

use domain::{
    AccountId, CompanyId, Time, TimeRange,
    ledger::{Balance, BooksView, Grant, Hold, MAX_SHOWN_HOLDS, OveragePolicy, RunningHold},
};

use crate::{
    Scope, ServiceError, ServiceResult, Services,
    desk::Desk,
    ports::{BooksNeeds, NumberedEntry, Snapshot, StoreError},
};

/// An account's balance in its running cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CycleBalance {
    /// The cycle.
    pub cycle: TimeRange,
    /// What is left of it.
    pub balance: Balance,
    /// The grants that can pay now or could in this cycle, in the order they pay.
    pub grants: Vec<Grant>,
}

impl Services {
    /// The balance of the running cycle. Callers limited to some companies do not see it.
    pub async fn balance(&self, scope: &Scope) -> ServiceResult<CycleBalance> {
        scope.require_all()?;
        let (account, now) = (scope.account.id, self.now());
        let mut snapshot = self.store.snapshot().await?;
        let desk = desk_of(snapshot.as_mut(), account, BooksNeeds::default(), now).await?;
        let (Some(cycle), Some(balance), Some(books)) = (
            desk.cycle(account),
            desk.balance(account),
            desk.books(account),
        ) else {
            return Err(ServiceError::NotFound);
        };
        let of_cycle = books
            .grants()
            .iter()
            .filter(|grant| grant.active.end > cycle.start && grant.active.start < cycle.end);
        Ok(CycleBalance {
            cycle,
            balance,
            grants: of_cycle.cloned().collect(),
        })
    }

    /// Every grant of an account, newest first. Callers limited to some companies do not see them.
    pub async fn grants(&self, scope: &Scope) -> ServiceResult<Vec<Grant>> {
        scope.require_all()?;
        let needs = BooksNeeds {
            all_grants: true,
            ..BooksNeeds::default()
        };
        let mut snapshot = self.store.snapshot().await?;
        let desk = desk_of(snapshot.as_mut(), scope.account.id, needs, self.now()).await?;
        let mut grants = desk
            .books(scope.account.id)
            .map(|books| books.grants().to_vec())
            .unwrap_or_default();
        grants.sort_unstable_by_key(|grant| std::cmp::Reverse(grant.number));
        Ok(grants)
    }

    /// Entries of the ledger besides usage, newest first, those before `before`.
    pub async fn ledger_entries(
        &self,
        scope: &Scope,
        before: Option<i64>,
        limit: u32,
    ) -> ServiceResult<Vec<NumberedEntry>> {
        scope.require_all()?;
        Ok(self.store.entries(scope.account.id, before, limit).await?)
    }
}

/// The books of an account, brought up to now: what a transaction at this moment would see.
pub(crate) async fn desk_of(
    snapshot: &mut dyn Snapshot,
    account: AccountId,
    needs: BooksNeeds,
    now: Time,
) -> ServiceResult<Desk> {
    let as_of = snapshot.as_of().await?;
    let loaded = snapshot
        .books(&BTreeMap::from([(account, needs)]), now)
        .await?;
    Ok(Desk::new(now, as_of, loaded))
}

/// What a page shows of the books: for all companies the caller sees, or for the chosen ones.
pub(crate) async fn books_view(
    snapshot: &mut dyn Snapshot,
    scope: &Scope,
    companies: Option<&[CompanyId]>,
    now: Time,
) -> ServiceResult<BooksView> {
    let account = scope.account.id;
    let version = snapshot.books_version(account).await?;
    let desk = desk_of(snapshot, account, BooksNeeds::default(), now).await?;
    let holds = snapshot
        .active_holds(account, companies, MAX_SHOWN_HOLDS)
        .await?;
    let running = holds
        .into_iter()
        .filter(|(hold, _)| !hold.is_overdue(now))
        .map(|(hold, company)| running(hold, company));
    let balance = desk.balance(account);
    Ok(BooksView {
        version,
        billing: if scope.sees_all() {
            desk.billing(account)
        } else {
            0
        },
        balance: balance.filter(|_| scope.sees_all()),
        holds: running.collect(),
        is_stopped: balance.is_some_and(Balance::is_stopped),
        is_suspended: desk.is_suspended(account),
    })
}

fn running(hold: Hold, company: String) -> RunningHold {
    RunningHold {
        reserved: hold.reserved(),
        id: hold.id,
        agent: hold.agent,
        company,
        since: hold.created_at,
        used: hold.used,
    }
}

/// The policy by its name and percentage, as requests give it.
///
/// # Errors
/// What is wrong, and with which field.
pub fn policy_from(name: Option<&str>, percent: Option<u32>) -> ServiceResult<OveragePolicy> {
    let (field, name) = match name {
        Some(name) => ("policy", name),
        None if percent.is_some() => ("grace_percent", "grace"),
        None => return Ok(OveragePolicy::HardStop),
    };
    OveragePolicy::named(name, percent).map_err(|rule| ServiceError::invalid(field, rule))
}

/// The failure of an act that was answered as another kind of act.
pub(crate) fn other_answer() -> ServiceError {
    missing("an act answered as another one")
}

/// A failure of what was read, in its own words.
pub(crate) fn missing(what: &str) -> ServiceError {
    ServiceError::Store(StoreError::new(what.to_owned()))
}
