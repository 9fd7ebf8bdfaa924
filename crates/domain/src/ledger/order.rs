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
    /// It was cancelled before it was paid.
    Cancelled,
}

impl OrderState {
    /// The name on the wire and in the database.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::Applied => "applied",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// By its name.
    pub fn named(text: &str) -> Option<Self> {
        [Self::Ordered, Self::Applied, Self::Failed, Self::Cancelled]
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
    /// How many of a pack; one of a plan. What was stored before there was a choice is one.
    #[serde(default = "one")]
    pub quantity: u32,
    /// Display name of the pack or plan.
    pub name: String,
    /// Its credits, of all its packs.
    pub credits: Credits,
    /// Billing cycles in which a pack's credits can be spent.
    pub valid_cycles: u32,
    /// What is to be paid for it, as a decimal string, if known: of a plan, the difference from the plan before it.
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

/// The quantity of orders that do not say it.
const fn one() -> u32 {
    1
}

impl Order {
    /// Whether it waits for its payment.
    pub fn is_pending(&self) -> bool {
        self.state == OrderState::Ordered
    }

    /// Whether there is nothing to pay for it. What has no price is paid as is agreed.
    pub fn is_free(&self) -> bool {
        let price = self.price.as_ref().and_then(|price| price.parse().ok());
        price == Some(Credits::ZERO)
    }

    /// Whether somebody who orders this most probably means an order that is pending already: one of the same pack, or of
    /// any plan, as an account has one.
    pub fn repeats(&self, pending: &Self) -> bool {
        let is_same = match self.kind {
            OrderKind::Pack => self.item == pending.item,
            OrderKind::Plan => true,
        };
        pending.is_pending() && pending.kind == self.kind && is_same
    }

    /// What was ordered, with how many: `2 × Boost 5,000`.
    pub fn title(&self) -> String {
        match self.quantity {
            1 => self.name.clone(),
            quantity => format!("{quantity} × {}", self.name),
        }
    }
}
