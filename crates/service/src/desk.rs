//! The desk at which a transaction works on the books of accounts: everything is loaded, then done, then stored.
//!
//! Pure: it knows no database and no clock, so every database books in exactly the same way, and the transaction, not
//! the memory of a process, is the truth.

mod account;
mod disputes;
mod holds;
mod orders;
mod reversals;

use std::{borrow::Cow, collections::BTreeMap};

use account::{Account, MOST};
use domain::{
    AccountId, CompanyId, Credits, Seq, Time, TimeRange,
    ledger::{Balance, Books, Decision, Order, OutOfRange, Payment},
};

use crate::ports::{
    AccountAct, Act, Acted, ChangedBooks, Chosen, CompanyLimits, LoadedBooks, NewEvent, Refusal,
    Reversible, Terms,
};

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
#[derive(Clone)]
pub struct Desk {
    now: Time,
    next_seq: i64,
    accounts: BTreeMap<AccountId, Account>,
    booked: Vec<Booked<'static>>,
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
        let payment = account.pay(event, account.moment, MOST)?;
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
            Act::Dispute { dispute, .. } => Some((dispute.source.clone(), dispute.event.clone())),
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
            Act::Order { order, chosen } => account.order(order, chosen),
            Act::PayOrder { id, reference } => {
                account.pay_order(id, reference.as_deref(), &ordered.actor)
            }
            Act::FailOrder { id, reason } => account.fail_order(id, reason),
            Act::CancelOrder { id } => account.cancel_order(id),
            Act::Dispute { dispute, reversal } => self.dispute(ordered.account, dispute, reversal),
            Act::SupportDispute { id, supports, note } => {
                account.support_dispute(id, *supports, note.as_deref(), &ordered.actor)
            }
            Act::DecideDispute {
                id,
                verdict,
                reason,
                reversal,
            } => self.decide_dispute(
                ordered.account,
                id,
                *verdict,
                reason.as_deref(),
                reversal,
                &ordered.actor,
            ),
        }
    }

    /// The desk as it would be if an order were paid now. What it says of the account is what will be so once it is.
    ///
    /// # Errors
    /// Why it could not be.
    pub fn if_paid(&self, account: AccountId, order: &Order) -> Result<Self, Refusal> {
        let mut desk = self.clone();
        let place = Act::Order {
            order: Box::new(order.clone()),
            chosen: Chosen::default(),
        };
        let pay = Act::PayOrder {
            id: order.id.clone(),
            reference: None,
        };
        for act in [place, pay] {
            desk.act(&AccountAct {
                account,
                actor: order.actor.clone(),
                act,
            })?;
        }
        Ok(desk)
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

    /// What plans gave to the running cycle of an account.
    pub fn allotted(&self, account: AccountId) -> Credits {
        self.accounts
            .get(&account)
            .map_or(Credits::ZERO, |account| {
                account.books.allotted(account.moment.cycle.start)
            })
    }

    /// The orders of an account that wait for their payment, the newest first, as far as they were loaded.
    pub fn pending_orders(&self, account: AccountId) -> Vec<Order> {
        let Some(account) = self.accounts.get(&account) else {
            return Vec::new();
        };
        let pending = account.orders.values().filter(|order| order.is_pending());
        let mut pending: Vec<_> = pending.cloned().collect();
        pending.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
        pending
    }

    /// Limits of a company that the books were loaded for.
    pub fn limits(&self, account: AccountId, company: CompanyId) -> Option<&CompanyLimits> {
        self.accounts.get(&account)?.limits.get(&company)
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
