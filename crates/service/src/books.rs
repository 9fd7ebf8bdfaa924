//! What is left of an account's credits, as pages and the API read it.

use std::collections::BTreeMap;

use domain::{
    AccountId, CompanyId, Credits, Time, TimeRange,
    ledger::{
        Balance, BooksView, CreditFacts, Grant, Hold, MAX_SHOWN_HOLDS, OveragePolicy, RunningHold,
        Since,
    },
};

use crate::{
    Scope, ServiceError, ServiceResult, Services,
    desk::Desk,
    ports::{BooksNeeds, NumberedEntry, Snapshot, StoreError},
    selection::View,
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

    /// How credits stand in the running cycle. Callers limited to some companies only learn whether AI features have
    /// stopped.
    pub async fn credit_facts(&self, scope: &Scope) -> ServiceResult<CreditFacts> {
        let (account, now) = (scope.account.id, self.now());
        let mut snapshot = self.store.snapshot().await?;
        let desk = desk_of(snapshot.as_mut(), account, BooksNeeds::default(), now).await?;
        let balance = desk.balance(account).ok_or(ServiceError::NotFound)?;
        let facts = CreditFacts::of_account(balance, desk.is_suspended(account));
        if scope.sees_all() {
            return Ok(facts);
        }
        Ok(CreditFacts {
            is_account: false,
            used: Credits::ZERO,
            balance: None,
            ..facts
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

/// Active holds of chosen companies that are added up, at most; pages show fewer one by one.
const MOST_HOLDS: u32 = 10_000;

/// Of what a page shows the books.
#[derive(Clone, Copy)]
pub(crate) struct BooksAsk<'a> {
    pub scope: &'a Scope,
    /// The companies looked at; all of the account when none are named.
    pub companies: Option<&'a [CompanyId]>,
    /// The cycle before the running one, when its final figures are looked at.
    pub ended: Option<TimeRange>,
    pub now: Time,
}

impl<'a> BooksAsk<'a> {
    /// Of a view.
    pub(crate) fn of(view: &'a View, now: Time) -> Self {
        Self {
            scope: &view.scope,
            companies: view.selection.companies.as_deref(),
            ended: view.ended_cycle(),
            now,
        }
    }
}

/// What a page shows of the books: for all companies the caller sees, or for the chosen ones.
pub(crate) async fn books_view(
    snapshot: &mut dyn Snapshot,
    ask: BooksAsk<'_>,
) -> ServiceResult<BooksView> {
    let (scope, account, now) = (ask.scope, ask.scope.account.id, ask.now);
    let version = snapshot.books_version(account).await?;
    let one = ask.companies.filter(|companies| companies.len() == 1);
    let needs = BooksNeeds {
        companies: one.map(<[_]>::to_vec).unwrap_or_default(),
        all_grants: ask.ended.is_some(),
        ..BooksNeeds::default()
    };
    let desk = desk_of(snapshot, account, needs, now).await?;
    let most = ask.companies.map_or(MAX_SHOWN_HOLDS, |_| MOST_HOLDS);
    let holds = snapshot.active_holds(account, ask.companies, most).await?;
    let mut holds: Vec<_> = holds
        .into_iter()
        .filter(|(hold, _)| !hold.is_overdue(now))
        .map(|(hold, company)| running(hold, company))
        .collect();
    let balance = desk.balance(account);
    let reserved = match (ask.companies, balance) {
        (None, Some(balance)) => balance.held,
        _ => holds
            .iter()
            .fold(Credits::ZERO, |sum, hold| sum.saturating_add(hold.reserved)),
    };
    holds.truncate(MAX_SHOWN_HOLDS as usize);
    let budget = one.and_then(|one| budget_of(&desk, account, *one.first()?, reserved));
    let ended = match (ask.ended, ask.companies) {
        (Some(cycle), None) if scope.sees_all() => ended(snapshot, &desk, account, cycle).await?,
        _ => None,
    };
    Ok(BooksView {
        version,
        billing: if scope.sees_all() {
            desk.billing(account)
        } else {
            0
        },
        balance: balance.filter(|_| scope.sees_all()),
        budget,
        ended,
        reserved,
        holds,
        is_stopped: balance.is_some_and(Balance::is_stopped),
        is_suspended: desk.is_suspended(account),
    })
}

/// What is left of a company's budget; none when it has none.
fn budget_of(
    desk: &Desk,
    account: AccountId,
    company: CompanyId,
    held: Credits,
) -> Option<Balance> {
    let limits = desk.limits(account, company)?;
    let used = limits
        .used
        .values()
        .fold(Credits::ZERO, |sum, used| sum.saturating_add(*used));
    Some(Balance::of_budget(limits.budget?, used, held))
}

/// The final figures of the cycle before the running one.
async fn ended(
    snapshot: &mut dyn Snapshot,
    desk: &Desk,
    account: AccountId,
    cycle: TimeRange,
) -> ServiceResult<Option<Balance>> {
    let used = snapshot.cycle_used(account, cycle.start).await?;
    let corrected = snapshot.corrected_since(account, cycle.end).await?;
    let refunded = snapshot.refunded_since(account, cycle).await?;
    let since = |running| Since {
        running,
        corrected,
        refunded,
    };
    let books = desk.books(account).zip(desk.balance(account));
    Ok(books.map(|(books, running)| books.ended(cycle, used, since(running))))
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
