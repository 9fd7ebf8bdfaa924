//! Who wants no more of a kind of email, and keys that links in emails are signed with.

use std::str::FromStr;

use async_trait::async_trait;
use domain::{AccountId, Time, UserId};

use super::StoreResult;

/// A kind of email that comes again and again, and that a person can do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EmailKind {
    /// Alerts.
    Alerts,
    /// The weekly digest.
    Digest,
}

impl EmailKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Alerts, Self::Digest];

    /// The word in addresses and in the database.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Alerts => "alerts",
            Self::Digest => "digest",
        }
    }

    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alerts => "Alert emails",
            Self::Digest => "Weekly email digest",
        }
    }
}

impl FromStr for EmailKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let found = Self::ALL.into_iter().find(|kind| kind.id() == text);
        found.ok_or(())
    }
}

/// Keeps who wants no more of a kind of email of an account.
#[async_trait]
pub trait EmailStore {
    /// People who unsubscribed from emails of an account.
    async fn email_optouts(&self, account: AccountId) -> StoreResult<Vec<(UserId, EmailKind)>>;

    /// Unsubscribes a person from a kind of email of an account, or takes that back; whether that changes anything.
    async fn set_email_optout(
        &self,
        account: AccountId,
        user: UserId,
        kind: EmailKind,
        is_out: bool,
        now: Time,
    ) -> StoreResult<bool>;

    /// The key of a name, which is `fresh` when there was none.
    async fn signing_key(&self, name: &str, fresh: &[u8]) -> StoreResult<Vec<u8>>;
}
