//! What is written to the books of accounts, and read from them.

mod books;

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::{
    AccountId, Agent, CompanyId, Credits, Seq, Time,
    cursor::TimedId,
    ledger::{
        Decision, Dispute, DisputeState, Entry, Grant, GrantKind, GrantNo, Hold, HoldError, Order,
        Part, Renewal, Verdict,
    },
};
use serde::{Deserialize, Serialize};

pub use books::{BooksNeeds, ChangedBooks, CompanyLimits, LoadedBooks, Terms};

use super::{CommitOutcome, NewEvent, Reverse, Reversed, StoreResult, StoredEvent, StoredReversal};
use crate::request;

/// A request of the writer. A group of them becomes one transaction, in which events come before acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// A batch of events: all of it or nothing.
    Events(Vec<NewEvent>),
    /// Something done to the books of one account.
    Act(AccountAct),
    /// One of these as a part of a request with a key: done once, and stored with its outcome.
    Keyed(request::Part, Box<Self>),
}

impl Write {
    /// What is to be done, whoever asks.
    pub fn plain(&self) -> &Self {
        match self {
            Self::Keyed(_, write) => write.plain(),
            Self::Events(_) | Self::Act(_) => self,
        }
    }
}

/// What became of a [`Write`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// Of a batch of events.
    Events(CommitOutcome),
    /// Of an act.
    Act(Result<Acted, Refusal>),
    /// Another process did this part of the request meanwhile. Nothing was done.
    Overtaken,
}

/// Something done to the books of an account, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountAct {
    /// Whose books.
    pub account: AccountId,
    /// Who does it, as the ledger names them.
    pub actor: String,
    /// What.
    pub act: Act,
}

/// What an order was chosen by, as far as that has to be so still.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Chosen {
    /// Key of the plan that the account has to be on, when who orders chose beside it.
    pub beside: Option<String>,
    /// Whether a pending order that it repeats stands for it.
    pub once: bool,
}

/// Something done to the books of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Brings the books up to now: allocations of cycles that began, holds that nobody renewed.
    Renew,
    /// Gives credits.
    Give(Gift),
    /// Takes credits off.
    Correct {
        /// How many; more than zero.
        credits: Credits,
        /// Why.
        reason: String,
    },
    /// Refunds what an event cost, or a part of it.
    Reverse(Reverse),
    /// Reserves credits.
    Hold(NewHold),
    /// Renews a hold.
    RenewHold {
        /// Which.
        id: String,
        /// How.
        renewal: Renewal,
    },
    /// Ends a hold at its real cost.
    Settle(Settlement),
    /// Gives a hold up. What it had reported becomes its event.
    Release {
        /// Which.
        id: String,
    },
    /// Orders a pack or a plan.
    Order {
        /// What is ordered.
        order: Box<Order>,
        /// What it was chosen by.
        chosen: Chosen,
    },
    /// Cancels an order that is not paid.
    CancelOrder {
        /// Which order.
        id: String,
    },
    /// A payment of an order came in: gives what was ordered.
    PayOrder {
        /// Which order.
        id: String,
        /// The payment, as the payment system names it.
        reference: Option<String>,
    },
    /// A payment of an order failed.
    FailOrder {
        /// Which order.
        id: String,
        /// Why.
        reason: String,
    },
    /// Asks for an event to be refunded. What the account's policy lets through is approved at once.
    Dispute {
        /// The request.
        dispute: Box<Dispute>,
        /// The id of the reversal that this may make.
        reversal: String,
    },
    /// Says whether an agency supports its client's request.
    SupportDispute {
        /// Which.
        id: String,
        /// Whether it does.
        supports: bool,
        /// What else there is to say.
        note: Option<String>,
    },
    /// Decides a dispute.
    DecideDispute {
        /// Which.
        id: String,
        /// How.
        verdict: Verdict,
        /// Why.
        reason: Option<String>,
        /// The id of the reversal that this may make.
        reversal: String,
    },
}

/// Credits to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gift {
    /// Where they come from.
    pub kind: GrantKind,
    /// What people call them.
    pub name: String,
    /// How many; more than zero.
    pub credits: Credits,
    /// They end with the running cycle when 1, with the one after when 2, and so on.
    pub cycles: u32,
    /// The payment or the reason.
    pub reference: Option<String>,
}

/// A hold to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHold {
    /// Unique in the account.
    pub id: String,
    /// Which company spends.
    pub company: CompanyId,
    /// Who spends.
    pub agent: Agent,
    /// On what.
    pub activity: String,
    /// What to reserve; more than zero.
    pub credits: Credits,
    /// Ends by itself so many seconds from now.
    pub expires_in_s: u32,
}

impl NewHold {
    /// Tells this request, sent again, from another one for the same id.
    pub(crate) fn fingerprint(&self) -> i64 {
        let content = serde_json::json!([
            self.company.0,
            self.agent.id(),
            self.activity,
            self.credits,
            self.expires_in_s
        ]);
        crate::ingest::fingerprint(&content.to_string())
    }

    /// Whether this is the request that began a hold, sent again because its answer was lost: also when the hold was
    /// changed or has ended since.
    pub(crate) fn began(&self, hold: &Hold) -> bool {
        match hold.asked {
            Some(asked) => asked == self.fingerprint(),
            None => {
                hold.is_active()
                    && (hold.company, hold.agent, &hold.activity, hold.credits)
                        == (self.company, self.agent, &self.activity, self.credits)
            }
        }
    }
}

/// The end of a hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// Which hold.
    pub id: String,
    /// What it cost.
    pub credits: Credits,
    /// The sender's reference.
    pub reference: Option<String>,
    /// Metadata, a JSON object as text.
    pub metadata: Option<String>,
    /// Tells a repeated settlement from another one.
    pub fingerprint: i64,
}

/// What an act did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Acted {
    /// The books are up to date.
    Renewed,
    /// Credits were given.
    Given(Grant),
    /// Credits were taken off; what the account has left.
    Corrected(Credits),
    /// Credits were given back.
    Reversed(Reversed),
    /// The hold as it is now.
    Hold(Hold),
    /// The order as it is now.
    Order(Box<Order>),
    /// The order, which had been paid or cancelled before: nothing was changed.
    KnownOrder(Box<Order>),
    /// The dispute as it is now.
    Dispute(Box<Dispute>),
    /// The dispute, which had been decided in the same way before: nothing was changed.
    KnownDispute(Box<Dispute>),
}

/// Why an act was refused. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such event or hold.
    NotFound,
    /// A limit does not allow it.
    Denied(Decision),
    /// The hold cannot be changed so.
    Hold(HoldError),
    /// The hold has ended already, otherwise than it is asked to now.
    OtherContent,
    /// A hold of this id exists.
    HoldExists,
    /// It was decided otherwise before; how.
    Decided(&'static str),
    /// An event can be given back only as far as it cost.
    MoreThanCost {
        /// How much of it is left.
        left: Credits,
    },
    /// A request is approved only as far as it asks, and as the event's cost is left.
    MoreThanAsked {
        /// How much that is.
        most: Credits,
    },
    /// A refund of the event was asked for before and is not decided yet.
    AskedBefore,
    /// The same is ordered and waits for its payment.
    OrderPending,
    /// As many refunds as may be are requested and not decided yet.
    TooManyRequests,
    /// Nobody decides or supports a request of their own.
    OwnRequest,
    /// An agency speaks for its clients only.
    NotOfClient,
    /// A sum would be larger than can be counted.
    OutOfRange,
    /// It was chosen beside what is not so any more.
    Stale,
}

/// A line of the ledger with its number and time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedEntry {
    /// Its number in the account, from 1.
    pub number: i64,
    /// When it was written.
    pub at: Time,
    /// The newest event of the database at that time: the event's own payments come before.
    pub as_of: Seq,
    /// What it says.
    pub entry: Entry,
}

/// Which disputes of an account.
#[derive(Debug, Clone, Copy, Default)]
pub struct DisputesQuery<'a> {
    /// Of these companies; of all when none.
    pub companies: Option<&'a [CompanyId]>,
    /// In one of these states; in any when empty.
    pub states: &'a [DisputeState],
    /// Before this place; from the newest on when none.
    pub before: Option<&'a TimedId>,
}

/// Reads the books of accounts.
#[async_trait]
pub trait LedgerStore {
    /// Entries of the ledger, newest first, those before `before`.
    async fn entries(
        &self,
        account: AccountId,
        before: Option<i64>,
        limit: u32,
    ) -> StoreResult<Vec<NumberedEntry>>;

    /// How an event was paid, what the account had left afterwards, and what was given back of it.
    async fn payment(&self, account: AccountId, seq: Seq) -> StoreResult<Option<EventPayment>>;

    /// Kind and name of the grants that paid these parts.
    async fn grant_names(
        &self,
        account: AccountId,
        parts: &[Part],
    ) -> StoreResult<BTreeMap<GrantNo, (GrantKind, String)>>;

    /// Orders of an account, newest first, those before `before`.
    async fn orders(
        &self,
        account: AccountId,
        before: Option<&TimedId>,
        limit: u32,
    ) -> StoreResult<Vec<Order>>;

    /// The orders of an account that wait for their payment, newest first.
    async fn pending_orders(&self, account: AccountId) -> StoreResult<Vec<Order>>;

    /// The account an order belongs to.
    async fn order_account(&self, order: &str) -> StoreResult<Option<AccountId>>;

    /// Disputes of one event, oldest first.
    async fn disputes_of(
        &self,
        account: AccountId,
        source: &str,
        event: &str,
    ) -> StoreResult<Vec<Dispute>>;

    /// Disputes of an account, newest first.
    async fn disputes(
        &self,
        account: AccountId,
        query: &DisputesQuery<'_>,
        limit: u32,
    ) -> StoreResult<Vec<Dispute>>;

    /// Open disputes of all accounts, the oldest first, those after `after`.
    async fn open_disputes(
        &self,
        after: Option<&TimedId>,
        limit: u32,
    ) -> StoreResult<Vec<OpenDispute>>;

    /// A hold by its id.
    async fn hold(&self, account: AccountId, id: &str) -> StoreResult<Option<Hold>>;

    /// Accounts whose books have to be brought up to now: a hold is overdue, or a cycle has ended.
    async fn accounts_due(&self, now: Time, limit: u32) -> StoreResult<Vec<AccountId>>;
}

/// How an event was paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPayment {
    /// By whom, in order.
    pub parts: Vec<Part>,
    /// What the account had left afterwards.
    pub balance_after: Option<Credits>,
    /// What was refunded since, oldest first.
    pub reversals: Vec<StoredReversal>,
}

/// An open dispute with what a decision has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenDispute {
    /// Key of the account.
    pub account: String,
    /// Display name of the account.
    pub account_name: String,
    /// Its time zone.
    pub time_zone: String,
    /// The request.
    pub dispute: Dispute,
    /// The event, with its company and how much of it was given back before.
    pub event: StoredEvent,
}
