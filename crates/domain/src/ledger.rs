//! What pays for usage: grants and the order they pay in, corrections, holds, limits, and what is left.
//!
//! [`Books`] is the state of one account's ledger and the only code that moves credits. It knows no database: a
//! transaction loads it, applies what was asked, and stores what changed.

mod balance;
mod books;
mod dispute;
mod grant;
mod hold;
mod limit;
mod order;
mod policy;
mod shown;
mod state;
mod terms;

pub use balance::{Balance, BooksView, MAX_SHOWN_HOLDS, RunningHold};
pub use books::{
    Books, Carry, Changes, Cover, Moment, OutOfRange, Overage, RENEWAL, Refunded, Returned, Since,
    Why,
};
pub use dispute::{Dispute, DisputeState, SYSTEM, Support, Verdict};
pub use grant::{
    Entry, EntryKind, Grant, GrantKind, GrantNo, NewGrant, PRIORITY, Part, Payer, Payment,
};
pub use hold::{Hold, HoldError, HoldState, MAX_HOLD_S, Renewal, expiry};
pub use limit::{Ask, Decision, Limit, LimitKind, Quota, Reason, Remedy, decide};
pub use order::{Order, OrderKind, OrderState};
pub use policy::{MAX_GRACE_PERCENT, OveragePolicy};
pub use shown::ShownBalance;
pub use state::{CreditFacts, CreditState};
pub use terms::{PlanHistory, PlanTerms};
