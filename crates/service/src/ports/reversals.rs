//! What is given back of events.

use domain::{
    Credits, Time,
    ledger::{GrantKind, Part, Payer},
};
use serde::{Deserialize, Serialize};

use super::StoredEvent;

/// What is to be given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reverse {
    /// The event's source.
    pub source: String,
    /// The event's id.
    pub id: String,
    /// How much; all that is left when not said.
    pub credits: Option<Credits>,
    /// Why.
    pub reason: String,
    /// The id of the reversal itself; a new one.
    pub reversal: String,
}

/// What was given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reversed {
    /// The reversal's id.
    pub id: String,
    /// How much now.
    pub credits: Credits,
    /// How much of the event in all.
    pub total: Credits,
    /// Where to; together as much as was given back.
    pub returned_to: Vec<ReturnedTo>,
}

/// Where a part of what was given back went: to one place, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnedTo {
    /// The grant that can spend it, or the overage it was taken off.
    pub payer: Payer,
    /// How much.
    pub credits: Credits,
    /// The grant's kind and what people call it; none for overage.
    pub grant: Option<(GrantKind, String)>,
    /// Until when it can be spent; none for overage.
    pub expires_at: Option<Time>,
}

impl ReturnedTo {
    /// The grant's id, as receipts name it, or `overage`.
    pub fn id(&self) -> String {
        match (self.payer, &self.grant) {
            (Payer::Overage, _) => "overage".to_owned(),
            (Payer::Grant(number), Some((kind, _))) => format!("{}-{}", kind.id(), number.0),
            (Payer::Grant(number), None) => format!("grant-{}", number.0),
        }
    }
}

/// An event that may be given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reversible {
    /// The event.
    pub event: StoredEvent,
    /// How it was paid.
    pub parts: Vec<Part>,
    /// How much of it was given back before.
    pub before: Credits,
}

/// A part of an event's cost that was refunded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReversal {
    /// Its id.
    pub id: String,
    /// How much.
    pub credits: Credits,
    /// When.
    pub at: Time,
    /// Why and by whom, a JSON object.
    pub metadata: Option<String>,
    /// Where it went; none for reversals from before that was noted.
    pub returned_to: Vec<ReturnedTo>,
}
