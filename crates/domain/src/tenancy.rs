//! Accounts, companies, plans and who may see what.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{AccountId, Agent, CompanyId, Credits, ledger::OveragePolicy};

/// Who pays: one business, or an agency with client companies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// One business with its own companies.
    Customer,
    /// Many client companies that share an allocation.
    Agency,
}

/// What a signed-in person may do in an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything in the account.
    Owner,
    /// Plans, packs and corrections.
    BillingAdmin,
    /// Reads everything in the account.
    Analyst,
    /// Reads named companies only: an agency's client.
    Client,
}

impl Role {
    /// Whether they answer for what the account spends.
    pub const fn pays(self) -> bool {
        matches!(self, Self::Owner | Self::BillingAdmin)
    }
}

/// What platform staff may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlatformRole {
    /// Runs the platform: reads and provisions everything.
    Operator,
    /// Reads across all accounts.
    ProductManager,
}

/// The text names no such value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {0}")]
pub struct UnknownName(&'static str);

macro_rules! named {
    ($name:ident, $all:literal, $($variant:ident => $text:literal),+) => {
        impl $name {
            /// The name on the wire and in the database.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl FromStr for $name {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($text => Ok(Self::$variant),)+ _ => Err(UnknownName($all)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.id())
            }
        }
    };
}

named!(AccountKind, "customer, agency", Customer => "customer", Agency => "agency");
named!(
    Role, "owner, billing_admin, analyst, client",
    Owner => "owner", BillingAdmin => "billing_admin", Analyst => "analyst", Client => "client"
);
named!(
    PlatformRole, "operator, product_manager",
    Operator => "operator", ProductManager => "product_manager"
);

/// Which companies of an account a caller may see.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CompanyScope {
    /// Every company, also those added later.
    All,
    /// These only.
    Only(Vec<CompanyId>),
}

impl CompanyScope {
    /// Whether the caller may see `company`.
    pub fn allows(&self, company: CompanyId) -> bool {
        match self {
            Self::All => true,
            Self::Only(companies) => companies.contains(&company),
        }
    }
}

/// An account that pays for credits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Stored number.
    pub id: AccountId,
    /// The key programs and URLs use; unique.
    pub key: String,
    /// Display name.
    pub name: String,
    /// Customer or agency.
    pub kind: AccountKind,
    /// IANA time zone in which its days and cycles are counted.
    pub time_zone: String,
    /// The instant from which its billing cycles are counted.
    pub cycle_anchor: crate::Time,
    /// Key of its plan.
    pub plan: String,
    /// What happens when no credits remain.
    pub policy: OveragePolicy,
    /// Credits that the system may refund in a billing cycle without anybody's decision.
    pub auto_refund: Credits,
    /// Whether the operator has stopped its AI features.
    pub is_suspended: bool,
    /// Since when it exists.
    pub created_at: crate::Time,
}

/// A company of an account: a client of an agency, or a unit of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    /// Stored number.
    pub id: CompanyId,
    /// The key programs and URLs use; unique in its account.
    pub key: String,
    /// Display name.
    pub name: String,
    /// Credits it may spend in a billing cycle; any when none.
    pub budget: Option<Credits>,
    /// Credits single agents may spend in it in a billing cycle.
    pub agent_caps: BTreeMap<Agent, Credits>,
}

/// What an account pays for each cycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Its key; unique.
    pub key: String,
    /// Display name.
    pub name: String,
    /// Credits of one billing cycle.
    pub monthly_credits: Credits,
    /// Price of a cycle as a decimal string, if known.
    pub price: Option<String>,
    /// ISO 4217 code of the price.
    pub currency: Option<String>,
    /// Most unused credits of a cycle that are carried into the next; none when not given.
    pub rollover: Option<Credits>,
}

/// Credits that can be bought besides a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pack {
    /// Its key; unique.
    pub key: String,
    /// Display name.
    pub name: String,
    /// How many credits.
    pub credits: Credits,
    /// Price as a decimal string, if known.
    pub price: Option<String>,
    /// ISO 4217 code of the price.
    pub currency: Option<String>,
    /// Billing cycles in which its credits can be spent, the one in which it is bought included.
    pub valid_cycles: u32,
}
