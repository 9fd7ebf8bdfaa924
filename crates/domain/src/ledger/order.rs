//! Orders of packs and plans: requests that a payment decides.

use serde::{Deserialize, Serialize};

use crate::{Credits, Time};

/// What became of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Waits for its payment.
    Ordered,
    /// Paid, and its credits are there.
    Applied,
    /// The payment failed; it may still succeed.
    Failed,
}

impl OrderState {
    /// The name on the wire and in the database.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::Applied => "applied",
            Self::Failed => "failed",
        }
    }

    /// By its name.
    pub fn named(text: &str) -> Option<Self> {
        [Self::Ordered, Self::Applied, Self::Failed]
            .into_iter()
            .find(|state| state.id() == text)
    }
}

/// What is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// A pack.
    Pack,
    /// Another plan.
    Plan,
}

impl OrderKind {
    /// The name on the wire and in the database.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Pack => "pack",
            Self::Plan => "plan",
        }
    }

    /// By its name.
    pub fn named(text: &str) -> Option<Self> {
        [Self::Pack, Self::Plan]
            .into_iter()
            .find(|kind| kind.id() == text)
    }
}

/// An order. What it is of is kept as it was when it was ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its id; unique.
    pub id: String,
    /// A pack or a plan.
    pub kind: OrderKind,
    /// Key of the pack or plan.
    pub item: String,
    /// Display name of the pack or plan.
    pub name: String,
    /// Its credits.
    pub credits: Credits,
    /// Billing cycles in which a pack's credits can be spent.
    pub valid_cycles: u32,
    /// Price as a decimal string, if known.
    pub price: Option<String>,
    /// ISO 4217 code of the price.
    pub currency: Option<String>,
    /// What became of it.
    pub state: OrderState,
    /// Why its payment failed.
    pub reason: Option<String>,
    /// The payment, as the payment system names it.
    pub reference: Option<String>,
    /// Who ordered.
    pub actor: String,
    /// When it was ordered.
    pub created_at: Time,
    /// When it changed last.
    pub updated_at: Time,
}
