//! Links sent by email that let someone back in, or change their email address.

use async_trait::async_trait;
use domain::{Time, UserId};

use super::{StoreResult, User};

/// What a link does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// Lets its holder choose another password.
    Reset,
    /// Changes the person's address to the one that it was sent to.
    Change,
    /// Changes the person's address back to the one that it was sent to.
    Undo,
}

impl LinkKind {
    /// Its stored name.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Change => "change",
            Self::Undo => "undo",
        }
    }
}

/// A link that works once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailLink {
    /// SHA-256 of the link's secret.
    pub token_hash: Vec<u8>,
    /// What it does.
    pub kind: LinkKind,
    /// For whom.
    pub user: UserId,
    /// The address that it was sent to, in its normal form.
    pub email: String,
    /// When it was made.
    pub created_at: Time,
    /// Until when it works.
    pub expires_at: Time,
}

/// What changing an address came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmailOutcome {
    /// The person as they were before.
    Changed(User),
    /// The link does nothing any more.
    Gone,
    /// The address belongs to somebody else by now.
    Taken,
}

/// Links sent by email, each of which works once.
#[async_trait]
pub trait EmailLinkStore {
    /// Stores a link. Earlier ones of its kind and person do nothing any more; those that undo go on.
    async fn put_email_link(&self, link: &EmailLink) -> StoreResult<()>;

    /// A link that was not used yet.
    async fn email_link(
        &self,
        kind: LinkKind,
        token_hash: &[u8],
        now: Time,
    ) -> StoreResult<Option<EmailLink>>;

    /// Uses up a link and gives its person another password, which ends all of their sessions and voids what other links
    /// would do but undo. Had nobody shown before that the address is theirs, identities end as well; a second factor
    /// stays. None when the link does nothing any more, or the person may not sign in.
    async fn reset_password(
        &self,
        token_hash: &[u8],
        password_hash: &str,
        now: Time,
    ) -> StoreResult<Option<User>>;

    /// Uses up a link and changes its person's address to the link's. The link that undoes it is stored with it.
    async fn change_email(
        &self,
        token_hash: &[u8],
        undo: &EmailLink,
        now: Time,
    ) -> StoreResult<EmailOutcome>;

    /// Uses up a link and changes its person's address back to the link's: ends all of their sessions, removes their
    /// recovery codes, and voids all links that were made since the address was changed. A link that lets its holder choose a password is stored with it.
    async fn undo_email(
        &self,
        token_hash: &[u8],
        reset: &EmailLink,
        now: Time,
    ) -> StoreResult<EmailOutcome>;

    /// Whether an address is kept for somebody who had it and may still take it back.
    async fn is_email_kept(&self, email: &str, now: Time) -> StoreResult<bool>;

    /// The addresses that a person had before.
    async fn former_emails(&self, user: UserId) -> StoreResult<Vec<String>>;
}
