//! A database in memory, as simple as can be: what every other database must behave like.
//!
//! Nothing is summed up in advance and nothing is indexed; every answer is found by looking at every event.

mod access;
mod alerts;
mod directory;
mod email_links;
mod endings;
mod events;
mod identity;
mod leads;
mod ledger;
mod platform;
mod reading;
mod reversals;
mod second_factor;
mod tries;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use domain::{
    AccountId, Seq, Time,
    ledger::{Payment, PlanTerms},
    rate::RateCard,
    tenancy::{Account, Company, Pack, Plan},
};
use service::ports::{
    ApiKey, DigestStore, DoctorReport, Message, NewEvent, Reconciliation, Remembered, ReviewStore,
    SavedSession, Store, StoreError, StoreResult, User,
};
use service::request::RequestName;

/// Everything stored.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Events in the order in which they became durable.
    pub events: Vec<Event>,
    /// Leads in the order in which they became durable.
    pub leads: Vec<NewEvent>,
    accounts: Vec<Account>,
    /// When accounts were made.
    made: BTreeMap<AccountId, Time>,
    companies: Vec<(AccountId, Company)>,
    plans: Vec<Plan>,
    /// The terms of plans, the oldest first.
    plan_terms: BTreeMap<String, Vec<PlanTerms>>,
    /// The version that accounts moved to, by its place in the plan's terms, and when they came to be.
    moved_to: BTreeMap<AccountId, (usize, Option<Time>)>,
    rate_cards: Vec<RateCard>,
    keys: Vec<ApiKey>,
    /// The keys that keys were rotated into.
    successors: BTreeMap<String, String>,
    users: Vec<User>,
    sessions: Vec<SavedSession>,
    access: access::Access,
    email_links: email_links::EmailLinks,
    second_factors: second_factor::SecondFactors,
    tries: tries::Tries,
    alerts: alerts::Alerts,
    digests: std::collections::BTreeMap<AccountId, Time>,
    reviews: Vec<(AccountId, Time, (Time, String))>,
    answers: HashMap<RequestName, Remembered>,
    packs: Vec<Pack>,
    reconciliation: Option<Reconciliation>,
    /// The books of accounts.
    pub books: BTreeMap<AccountId, ledger::Books>,
}

/// A stored event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// As it was handed in.
    pub new: NewEvent,
    /// Its place in the order of becoming durable.
    pub seq: Seq,
    /// When it became durable.
    pub recorded_at: Time,
    /// How it was paid.
    pub payment: Payment,
    /// The event it takes back.
    pub reverses: Option<Seq>,
}

/// A database in memory. A snapshot is a reference to a state that nobody changes any more.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<Arc<State>>,
    /// A commit waits for this: whoever holds it makes the disk slow.
    pub disk: tokio::sync::Mutex<()>,
    /// Commits that have come to the disk.
    pub commits: AtomicUsize,
    /// How often it was asked for anything.
    pub asked: AtomicUsize,
    /// Whether the disk refuses.
    pub is_broken: AtomicBool,
}

impl MemoryStore {
    /// What is stored at this moment.
    pub fn state(&self) -> Arc<State> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Arc::clone(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Refuses when the disk does.
    fn works(&self) -> StoreResult<()> {
        if self.is_broken.load(Ordering::SeqCst) {
            return Err(StoreError::new("the disk is full"));
        }
        Ok(())
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut state))
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn doctor(&self) -> StoreResult<DoctorReport> {
        // Nothing is summed up in advance, so nothing can disagree.
        Ok(DoctorReport {
            events: self.state().events.len() as u64,
            ..DoctorReport::default()
        })
    }

    async fn save_reconciliation(&self, latest: &Reconciliation) -> StoreResult<()> {
        self.change(|state| state.reconciliation = Some(latest.clone()));
        Ok(())
    }

    async fn reconciliation(&self) -> StoreResult<Option<Reconciliation>> {
        Ok(self.state().reconciliation.clone())
    }

    async fn ping(&self) -> StoreResult<()> {
        Ok(())
    }
}

#[async_trait]
impl ReviewStore for MemoryStore {
    async fn review(&self, account: AccountId, week: Time) -> StoreResult<Option<(Time, String)>> {
        let state = self.state();
        let mut reviews = state.reviews.iter();
        let found = reviews.find(|(owner, of, _)| (*owner, *of) == (account, week));
        Ok(found.map(|(.., by)| by.clone()))
    }

    async fn mark_reviewed(
        &self,
        account: AccountId,
        week: Time,
        by: &str,
        now: Time,
    ) -> StoreResult<bool> {
        let is_first = self.review(account, week).await?.is_none();
        if is_first {
            self.change(|state| state.reviews.push((account, week, (now, by.to_owned()))));
        }
        Ok(is_first)
    }

    async fn unmark_reviewed(&self, account: AccountId, week: Time, by: &str) -> StoreResult<bool> {
        Ok(self.change(|state| {
            let before = state.reviews.len();
            state
                .reviews
                .retain(|(owner, of, (_, who))| (*owner, *of, &**who) != (account, week, by));
            state.reviews.len() < before
        }))
    }
}

#[async_trait]
impl DigestStore for MemoryStore {
    async fn digests(&self) -> StoreResult<Vec<(AccountId, Time)>> {
        let state = self.state();
        let digests = state.digests.iter();
        Ok(digests.map(|(account, told)| (*account, *told)).collect())
    }

    async fn digest(&self, account: AccountId) -> StoreResult<Option<Time>> {
        Ok(self.state().digests.get(&account).copied())
    }

    async fn start_digest(&self, account: AccountId, told: Time) -> StoreResult<()> {
        self.change(|state| *state.digests.entry(account).or_insert(told));
        Ok(())
    }

    async fn stop_digest(&self, account: AccountId) -> StoreResult<()> {
        self.change(|state| state.digests.remove(&account));
        Ok(())
    }

    async fn tell_digest(
        &self,
        account: AccountId,
        week: Time,
        message: &Message,
        now: Time,
    ) -> StoreResult<bool> {
        Ok(self.change(|state| {
            let told = state.digests.get_mut(&account);
            let Some(told) = told.filter(|told| **told < week) else {
                return false;
            };
            *told = week;
            state.send(account, message, now);
            true
        }))
    }
}

/// The part of a sorted list that a page shows.
fn page<T: Clone>(
    mut items: Vec<T>,
    key: impl Fn(&T) -> String,
    after: Option<&str>,
    limit: u32,
) -> Vec<T> {
    items.sort_by_key(&key);
    items
        .into_iter()
        .filter(|item| after.is_none_or(|after| key(item).as_str() > after))
        .take(limit as usize)
        .collect()
}

/// Puts an item in the place of the one it replaces, or at the end; whether there was one.
fn put<T>(items: &mut Vec<T>, item: T, is_same: impl Fn(&T) -> bool) -> bool {
    if let Some(old) = items.iter_mut().find(|old| is_same(old)) {
        *old = item;
        return true;
    }
    items.push(item);
    false
}
