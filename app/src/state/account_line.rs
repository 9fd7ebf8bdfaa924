//! What stays the account's while some of its companies are looked at.

use domain::{
    Credits,
    ledger::CreditFacts,
    number,
    usage::{Dashboard, Whose},
};

/// `19,711 credits remaining, Growth plan, 74% used`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountLine {
    /// What the account has left.
    pub remaining: Credits,
    /// The figure in whole credits.
    pub shown: String,
    /// What follows the figure.
    pub rest: String,
}

impl AccountLine {
    /// The line of a dashboard that is narrowed to companies; none for those who do not see the account's credits.
    pub fn of(dashboard: &Dashboard) -> Option<Self> {
        if dashboard.whose == Whose::Account {
            return None;
        }
        let balance = dashboard.balance()?;
        let facts = CreditFacts::of_account(balance, dashboard.books.is_suspended);
        let used = facts.percent_used().unwrap_or_default();
        let remaining = number::with_unit(&number::short_credits(balance.remaining));
        let (figure, unit) = remaining.rsplit_once(' ')?;
        Some(Self {
            remaining: balance.remaining,
            shown: figure.to_owned(),
            rest: format!(" {unit} remaining, {} plan, {used}", dashboard.account.plan),
        })
    }
}
