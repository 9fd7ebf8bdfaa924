//! The desk at which a transaction works on the books of accounts: everything is loaded, then done, then stored.
//!
//! Pure: it knows no database and no clock, so every database books in exactly the same way, and the transaction, not
//! the memory of a process, is the truth.

mod holds;
mod orders;
mod reversals;

use std::{borrow::Cow, collections::BTreeMap};

use domain::{
    AccountId, CompanyId, Credits, Seq, Time, TimeRange,
    ledger::{
        Ask, Balance, Books, Decision, Dispute, Hold, Moment, NewGrant, Order, OutOfRange,
        PRIORITY, Payment, Quota, RENEWAL, decide,
    },
};

use crate::ports::{
    AccountAct, Act, Acted, ChangedBooks, CompanyLimits, Gift, LoadedBooks, NewEvent, Refusal,
    Reversible, Terms,
};

/// Most cycles that are renewed one after the other: further ones have long ended and changed nothing.
const MAX_RENEWALS: i32 = 1_200;

/// Source of the events that holds become.
pub const HOLDS_SOURCE: &str = "creditscope:holds";
/// Source of reversals.
pub const REVERSALS_SOURCE: &str = "creditscope:reversals";
/// What sources of our own begin with: nobody else may report under them.
pub const OWN_SOURCES: &str = "creditscope:";
/// Event type of reversals.
pub const REVERSAL_TYPE: &str = "creditscope.reversal";

/// An event with how it was paid, ready to be stored.
#[derive(Debug, Clone)]
pub struct Booked<'a> {
    /// Its place in the order of becoming durable.
    pub seq: Seq,
    /// The event.
    pub event: Cow<'a, NewEvent>,
    /// How it was paid; what a reversal gave back.
    pub payment: Payment,
    /// The event it takes back.
    pub reverses: Option<Seq>,
}

/// Works on the books of some accounts within one transaction.
pub struct Desk {
    now: Time,
    next_seq: i64,
    accounts: BTreeMap<AccountId, Account>,
    booked: Vec<Booked<'static>>,
}

/// One account at the desk.
struct Account {
    id: AccountId,
    terms: Terms,
    cycles: domain::calendar::Cycles,
    moment: Moment,
    books: Books,
    last_entry: i64,
    version: i64,
    billing: i64,
    renewed: Option<Time>,
    used: Credits,
    held: Credits,
    holds: BTreeMap<String, Hold>,
    changed_holds: BTreeMap<String, Hold>,
    limits: BTreeMap<CompanyId, CompanyLimits>,
    reversible: BTreeMap<(String, String), Reversible>,
    orders: BTreeMap<String, Order>,
    changed_orders: BTreeMap<String, Order>,
    disputes: BTreeMap<String, Dispute>,
    changed_disputes: BTreeMap<String, Dispute>,
    new_plan: Option<String>,
}

impl Desk {
    /// Lays out the books of some accounts, and brings them up to `now`. `last_seq` is the newest event stored.
    pub fn new(now: Time, last_seq: Seq, loaded: Vec<LoadedBooks>) -> Self {
        let mut desk = Self {
            now,
            next_seq: last_seq.0 + 1,
            accounts: BTreeMap::new(),
            booked: Vec::new(),
        };
        for books in loaded {
            let account = Account::open(books, now);
            let id = account.id;
            desk.accounts.insert(id, account);
            desk.catch_up(id);
        }
        desk
    }

    /// Lets everything that fell due happen in the order in which it did: cycles that began, holds that nobody renewed.
    /// What comes of it is the same however long nobody came.
    fn catch_up(&mut self, id: AccountId) {
        let overdue = self
            .accounts
            .get(&id)
            .map(|account| account.overdue_holds(self.now))
            .unwrap_or_default();
        for hold in overdue {
            self.renew(id, hold.expires_at);
            self.expire(id, &hold);
        }
        self.renew(id, self.now);
    }

    fn renew(&mut self, id: AccountId, until: Time) {
        if let Some(account) = self.accounts.get_mut(&id) {
            account.renew(until);
        }
    }

    /// Pays for an event.
    ///
    /// # Errors
    /// [`OutOfRange`] when a total cannot be counted any more, or the account's books are not on the desk.
    pub fn book<'a>(&mut self, event: &'a NewEvent) -> Result<Booked<'a>, OutOfRange> {
        let account = self.accounts.get_mut(&event.account).ok_or(OutOfRange)?;
        let payment = account.pay(event, account.moment)?;
        let seq = self.next_seq();
        Ok(Booked {
            seq,
            event: Cow::Borrowed(event),
            payment,
            reverses: None,
        })
    }

    fn next_seq(&mut self) -> Seq {
        let seq = Seq(self.next_seq);
        self.next_seq += 1;
        seq
    }

    /// Source and id of the event that an act may give back: it has to be added before.
    pub fn event_to_reverse(&self, ordered: &AccountAct) -> Option<(String, String)> {
        match &ordered.act {
            Act::Reverse(reverse) => Some((reverse.source.clone(), reverse.id.clone())),
            Act::DecideDispute { id, .. } => {
                let dispute = self.accounts.get(&ordered.account)?.disputes.get(id)?;
                Some((dispute.source.clone(), dispute.event.clone()))
            }
            _ => None,
        }
    }

    /// Adds what could not be loaded before earlier events of the transaction were stored.
    pub fn add_reversible(
        &mut self,
        account: AccountId,
        found: BTreeMap<(String, String), Reversible>,
    ) {
        if let Some(account) = self.accounts.get_mut(&account) {
            account.reversible.extend(found);
        }
    }

    /// Does something to the books of an account.
    ///
    /// # Errors
    /// Why it was refused; then nothing was changed.
    pub fn act(&mut self, ordered: &AccountAct) -> Result<Acted, Refusal> {
        let Some(account) = self.accounts.get_mut(&ordered.account) else {
            return Err(Refusal::NotFound);
        };
        match &ordered.act {
            Act::Renew => Ok(Acted::Renewed),
            Act::Give(gift) => account.give(gift, &ordered.actor),
            Act::Correct { credits, reason } => account.correct(*credits, reason, &ordered.actor),
            Act::Reverse(reverse) => self.reverse(ordered.account, reverse, &ordered.actor),
            Act::Hold(new) => account.hold(new),
            Act::RenewHold { id, renewal } => account.renew_hold(id, *renewal),
            Act::Settle(settlement) => self.settle(ordered.account, settlement),
            Act::Release { id } => self.release(ordered.account, id),
            Act::Order(order) => Ok(account.order(order)),
            Act::PayOrder { id, reference } => {
                account.pay_order(id, reference.as_deref(), &ordered.actor)
            }
            Act::FailOrder { id, reason } => account.fail_order(id, reason),
            Act::Dispute(dispute) => account.dispute(dispute),
            Act::DecideDispute {
                id,
                accepts,
                reversal,
            } => self.decide_dispute(ordered.account, id, *accepts, reversal, &ordered.actor),
        }
    }

    /// Gives what a larger plan adds to the running cycle.
    pub fn change_terms(&mut self, account: AccountId, terms: Terms) {
        if let Some(account) = self.accounts.get_mut(&account) {
            account.terms = terms;
            account.allot(account.moment.cycle, account.moment);
        }
    }

    /// The balance of an account's running cycle.
    pub fn balance(&self, account: AccountId) -> Option<Balance> {
        self.accounts.get(&account).map(Account::balance)
    }

    /// Whether the operator has stopped an account.
    pub fn is_suspended(&self, account: AccountId) -> bool {
        self.accounts
            .get(&account)
            .is_some_and(|account| account.terms.is_suspended)
    }

    /// Counts the changes of an account's books besides usage and running calls.
    pub fn billing(&self, account: AccountId) -> i64 {
        self.accounts
            .get(&account)
            .map_or(0, |account| account.billing)
    }

    /// The books of an account.
    pub fn books(&self, account: AccountId) -> Option<&Books> {
        self.accounts.get(&account).map(|account| &account.books)
    }

    /// The running cycle of an account.
    pub fn cycle(&self, account: AccountId) -> Option<TimeRange> {
        self.accounts
            .get(&account)
            .map(|account| account.moment.cycle)
    }

    /// Whether an agent of a company may spend.
    pub fn decide(
        &self,
        account: AccountId,
        company: CompanyId,
        agent: domain::Agent,
        credits: Option<Credits>,
    ) -> Option<Decision> {
        let account = self.accounts.get(&account)?;
        Some(account.decide(company, agent, credits))
    }

    /// Events that acts have made.
    pub fn take_booked(&mut self) -> Vec<Booked<'static>> {
        std::mem::take(&mut self.booked)
    }

    /// What has to be stored.
    pub fn finish(self) -> Vec<ChangedBooks> {
        self.accounts.into_values().map(Account::close).collect()
    }
}

fn by_id<T>(items: Vec<T>, id: impl Fn(&T) -> &String) -> BTreeMap<String, T> {
    items
        .into_iter()
        .map(|item| (id(&item).clone(), item))
        .collect()
}

impl Account {
    fn open(loaded: LoadedBooks, now: Time) -> Self {
        let moment = Moment {
            now,
            cycle: loaded.cycles.at(now).range,
        };
        Self {
            id: loaded.account,
            terms: loaded.terms,
            cycles: loaded.cycles,
            moment,
            books: Books::new(loaded.grants, loaded.overage, loaded.last_grant),
            last_entry: loaded.last_entry,
            version: loaded.version,
            billing: loaded.billing,
            renewed: loaded.renewed,
            used: loaded.used,
            held: loaded.held,
            holds: by_id(loaded.holds, |hold| &hold.id),
            changed_holds: BTreeMap::new(),
            limits: loaded.limits,
            reversible: BTreeMap::new(),
            orders: by_id(loaded.orders, |order| &order.id),
            changed_orders: BTreeMap::new(),
            disputes: by_id(loaded.disputes, |dispute| &dispute.id),
            changed_disputes: BTreeMap::new(),
            new_plan: None,
        }
    }

    /// Gives the allocations of all cycles that began since the latest renewal, each exactly once and as if at its start.
    fn renew(&mut self, until: Time) {
        let current = self.cycles.at(until);
        let Some(renewed) = self.renewed else {
            if !self.books.is_allotted(current.range.start) {
                self.allot(current.range, self.moment);
            }
            self.renewed = Some(current.range.start);
            self.take_over();
            return;
        };
        if renewed >= current.range.start {
            return;
        }
        let last = self.cycles.at(renewed).number;
        let first = (last + 1).max(current.number - MAX_RENEWALS);
        for number in first..=current.number {
            let (before, cycle) = (
                self.cycles.numbered(number - 1),
                self.cycles.numbered(number),
            );
            let moment = Moment {
                now: cycle.range.start,
                cycle: cycle.range,
            };
            // Usage from a sender whose clock runs ahead may have begun it under a smaller plan, and gone past it.
            self.allot(cycle.range, moment);
            if let Some(cap) = self.terms.rollover {
                self.books
                    .carry_over(before.range, cycle.range, cap, moment);
            }
            // What went past it is paid by a pack that was bought since.
            self.books.settle(moment, RENEWAL);
        }
        self.renewed = Some(current.range.start);
    }

    /// Takes usage of the running cycle from before there was a ledger off the credits it is given: nobody has paid it.
    fn take_over(&mut self) {
        if self.used > Credits::ZERO {
            let (reason, moment) = ("Used before there was a ledger", self.moment);
            // It was counted in the cycle's total, so it can be counted here.
            let _ = self.books.correct(self.used, moment, reason, RENEWAL);
        }
    }

    fn allot(&mut self, cycle: TimeRange, moment: Moment) {
        let name = format!("{} plan", self.terms.plan_name);
        self.books
            .allot(cycle, self.terms.monthly_credits, &name, moment);
    }

    /// Pays for an event, as seen from a moment.
    fn pay(&mut self, event: &NewEvent, moment: Moment) -> Result<Payment, OutOfRange> {
        if !self.books.is_allotted(event.cycle_start) {
            self.allot(self.cycles.at(event.time).range, self.moment);
        }
        let payment = self
            .books
            .pay(event.time, event.cycle_start, event.credits, moment)?;
        self.count(event, event.credits);
        Ok(payment)
    }

    /// Counts what was spent (or given back, when negative) against the cycle and the company.
    fn count(&mut self, event: &NewEvent, credits: Credits) {
        if event.cycle_start != self.moment.cycle.start {
            return;
        }
        self.used = self.used.saturating_add(credits);
        if let Some(limits) = self.limits.get_mut(&event.company) {
            let used = limits.used.entry(event.agent).or_default();
            *used = used.saturating_add(credits);
        }
    }

    fn give(&mut self, gift: &Gift, actor: &str) -> Result<Acted, Refusal> {
        let last = self.cycles.at(self.moment.now).number
            + i32::try_from(gift.cycles.max(1) - 1).unwrap_or(0);
        let number = self.books.give(
            NewGrant {
                kind: gift.kind,
                name: gift.name.clone(),
                amount: gift.credits,
                active: TimeRange::new(self.moment.now, self.cycles.numbered(last).range.end),
                priority: PRIORITY,
                cycle_start: None,
                reference: gift.reference.clone(),
                actor: actor.to_owned(),
            },
            self.moment,
        );
        let grant = self.books.grant(number).cloned();
        grant.map(Acted::Given).ok_or(Refusal::OutOfRange)
    }

    fn correct(&mut self, credits: Credits, reason: &str, actor: &str) -> Result<Acted, Refusal> {
        self.books
            .correct(credits, self.moment, reason, actor)
            .map_err(|OutOfRange| Refusal::OutOfRange)?;
        Ok(Acted::Corrected(self.books.available(self.moment)))
    }

    fn balance(&self) -> Balance {
        self.books
            .balance(self.moment, self.used, self.held, self.terms.policy)
    }

    fn decide(
        &self,
        company: CompanyId,
        agent: domain::Agent,
        credits: Option<Credits>,
    ) -> Decision {
        let limits = self.limits.get(&company);
        let spent = |limits: &CompanyLimits, of: Option<domain::Agent>| {
            let counts = limits.used.iter().chain(&limits.held);
            counts
                .filter(|(agent, _)| of.is_none_or(|of| of == **agent))
                .fold(Credits::ZERO, |sum, (_, credits)| {
                    sum.saturating_add(*credits)
                })
        };
        decide(&Ask {
            credits,
            balance: self.balance(),
            budget: limits.and_then(|limits| {
                Some(Quota {
                    amount: limits.budget?,
                    used: spent(limits, None),
                })
            }),
            cap: limits.and_then(|limits| {
                Some(Quota {
                    amount: *limits.caps.get(&agent)?,
                    used: spent(limits, Some(agent)),
                })
            }),
            is_suspended: self.terms.is_suspended,
        })
    }

    fn close(mut self) -> ChangedBooks {
        // Usage of a time before a pack was bought goes past all grants; the pack pays it all the same.
        self.books.settle(self.moment, RENEWAL);
        let changes = self.books.take_changes();
        let is_billing = !(changes.entries.is_empty()
            && self.changed_orders.is_empty()
            && self.changed_disputes.is_empty());
        let mut last_entry = self.last_entry;
        let entries = changes
            .entries
            .into_iter()
            .map(|entry| {
                last_entry += 1;
                (last_entry, entry)
            })
            .collect();
        ChangedBooks {
            account: self.id,
            grants: changes.grants,
            overage: changes.overage,
            entries,
            holds: self.changed_holds.into_values().collect(),
            orders: self.changed_orders.into_values().collect(),
            disputes: self.changed_disputes.into_values().collect(),
            new_plan: self.new_plan,
            last_grant: self.books.last_number(),
            last_entry,
            version: self.version + 1,
            billing: self.billing + i64::from(is_billing),
            renewed: match self.renewed {
                // A clock that was set back does not renew again.
                Some(renewed) => self.cycles.at(renewed).range,
                None => self.moment.cycle,
            },
            held: self.held,
        }
    }
}
