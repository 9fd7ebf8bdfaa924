//! Who belongs to an account and how they get in, and who did what.

use async_trait::async_trait;
use domain::{AccountId, CompanyId, Time, UserId, brand::Brand, tenancy::Role};
use serde::{Deserialize, Serialize};

use super::{Edited, EmailProof, Expected, Membership, Proved, SavedSession, StoreResult, User};

/// A link that lets someone join an account, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its id; unique in its account.
    pub id: String,
    /// Which account.
    pub account: AccountId,
    /// SHA-256 of the secret of the link that whoever invites is shown.
    pub token_hash: Vec<u8>,
    /// SHA-256 of the secret of the link that is mailed: whoever has it reads the mailbox. None of those from before the
    /// two were different.
    pub mailed_hash: Option<Vec<u8>>,
    /// Email address in its normal form of who is invited.
    pub email: String,
    /// What they may do there.
    pub role: Role,
    /// The companies they may see; all when empty.
    pub companies: Vec<CompanyId>,
    /// Who invited them.
    pub invited_by: String,
    /// When.
    pub created_at: Time,
    /// Until when the link works.
    pub expires_at: Time,
}

/// Who accepts an invitation, or is known by a provider of single sign-on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPerson {
    /// Email address in its normal form.
    pub email: String,
    /// Display name.
    pub name: String,
    /// Argon2id hash in PHC form; empty when they sign in elsewhere only.
    pub password_hash: String,
    /// Who made sure that the address is theirs.
    pub proof: Option<EmailProof>,
}

/// Who a provider of single sign-on says someone is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// Their name there; never given to anyone else.
    pub subject: String,
}

/// What a one-time link of a platform signs its user in as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortalGrant {
    /// Which account.
    pub account: AccountId,
    /// The platform's own name of the user.
    pub user: String,
    /// What they may do.
    pub role: Role,
    /// The companies they may see; all when empty.
    pub companies: Vec<CompanyId>,
    /// When it all ends.
    pub ends_at: Time,
}

/// Something that someone did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place in the log; 0 before it is stored.
    pub number: i64,
    /// When.
    pub at: Time,
    /// The account it concerns; none for the platform.
    pub account: Option<AccountId>,
    /// Who: a person's email address, or a key.
    pub actor: String,
    /// From where, when known: an IP address.
    pub address: Option<String>,
    /// What, as a word for programs: `member.invited`.
    pub action: String,
    /// To what.
    pub target: String,
    /// What else there is to say.
    pub detail: String,
}

/// What to read of the audit log.
#[derive(Debug, Clone, Copy, Default)]
pub struct AuditFilter<'a> {
    /// Of one account; of everything when none.
    pub account: Option<AccountId>,
    /// Actions that begin with this.
    pub action: Option<&'a str>,
    /// Actors that contain this.
    pub actor: Option<&'a str>,
    /// Older than this entry.
    pub before: Option<i64>,
}

/// Members, invitations, single sign-on, portal links, brands and the audit log.
#[async_trait]
pub trait AccessStore {
    /// Members of an account, by email address.
    async fn members(&self, account: AccountId) -> StoreResult<Vec<User>>;

    /// Makes someone a member, or changes what they may do; what they invited is revoked when they are no owner. [`Edited::Over`] when the account would lose its only owner who
    /// can sign in.
    async fn put_member(
        &self,
        user: UserId,
        membership: &Membership,
        expected: &Expected,
    ) -> StoreResult<Edited<()>>;

    /// Ends a membership, and revokes what the person invited there. [`Edited::Over`] when the account would lose its only owner who can sign in.
    async fn remove_member(&self, account: AccountId, user: UserId) -> StoreResult<Edited<()>>;

    /// Disables or enables a person; disabling ends their sessions and revokes what they invited. Whether there is such a person.
    async fn set_disabled(&self, user: UserId, disabled: bool, now: Time) -> StoreResult<bool>;

    /// Gives a person another password in the place of the one with the hash `before`, and ends their sessions but one.
    /// [`Edited::Stale`] when they have another one by now.
    async fn set_password(
        &self,
        user: UserId,
        before: &str,
        password_hash: &str,
        keep: Option<&[u8]>,
        now: Time,
    ) -> StoreResult<Edited<()>>;

    /// Puts another hash of the same password in the place of `before`, unless that changed in the meantime. Sessions go on.
    async fn renew_hash(&self, user: UserId, before: &str, hash: &str) -> StoreResult<()>;

    /// Sessions of a person that have not ended.
    async fn sessions_of(&self, user: UserId, now: Time) -> StoreResult<Vec<SavedSession>>;

    /// Ends a person's sessions, but one; how many.
    async fn end_sessions_of(&self, user: UserId, keep: Option<&[u8]>) -> StoreResult<u64>;

    /// Stores an invitation; an open one of the same address in the account is revoked, and the link that was mailed of it
    /// leads to this one if none is mailed of it. [`Edited::Over`] when `most` others
    /// are open, [`Edited::Stale`] when the person is a member by now.
    async fn put_invitation(&self, invitation: &Invitation, most: u32) -> StoreResult<Edited<()>>;

    /// Open invitations of an account, newest first.
    async fn invitations(&self, account: AccountId, now: Time) -> StoreResult<Vec<Invitation>>;

    /// The open invitation of a link, be it the one that is shown or the one that is mailed.
    async fn invitation(&self, token_hash: &[u8], now: Time) -> StoreResult<Option<Invitation>>;

    /// The invitation of a link that was accepted.
    async fn accepted_invitation(&self, token_hash: &[u8]) -> StoreResult<Option<Invitation>>;

    /// Revokes an open invitation; whether there was one.
    async fn revoke_invitation(&self, account: AccountId, id: &str) -> StoreResult<bool>;

    /// Uses up an open invitation and makes who accepts it a member: the person of its address when none is given, a new
    /// one otherwise. None when it is not open any more, when there is no such person, or one already, and when the account
    /// would lose its only owner.
    async fn accept_invitation(
        &self,
        token_hash: &[u8],
        person: Option<&NewPerson>,
        now: Time,
    ) -> StoreResult<Option<User>>;

    /// The person of an identity.
    async fn user_of_identity(&self, identity: &Identity) -> StoreResult<Option<User>>;

    /// Remembers an identity of a person; who is not known by the address becomes one. Had nobody shown before that the
    /// address is theirs, whatever else would let somebody in is taken away: password, second factor, sessions, links.
    async fn link_identity(
        &self,
        identity: &Identity,
        person: &NewPerson,
        now: Time,
    ) -> StoreResult<Proved>;

    /// Stores a one-time link.
    async fn put_portal_link(
        &self,
        token_hash: &[u8],
        grant: &PortalGrant,
        expires_at: Time,
    ) -> StoreResult<()>;

    /// What a one-time link that was not used yet stands for.
    async fn portal_link(&self, token_hash: &[u8], now: Time) -> StoreResult<Option<PortalGrant>>;

    /// Uses up a one-time link and begins the session that it stands for, both or neither; `false` when it was used
    /// before, or is too old.
    async fn take_portal_link(
        &self,
        token_hash: &[u8],
        session: &SavedSession,
        now: Time,
    ) -> StoreResult<bool>;

    /// Removes the links of a user of a platform that were not used yet, and their sessions; how many.
    async fn end_portal_user(&self, account: AccountId, user: &str) -> StoreResult<u64>;

    /// What an account's clients see.
    async fn brand(&self, account: AccountId) -> StoreResult<Option<Brand>>;

    /// Sets or removes what an account's clients see.
    async fn set_brand(
        &self,
        account: AccountId,
        brand: Option<&Brand>,
        expected: &Expected,
        now: Time,
    ) -> StoreResult<Edited<()>>;

    /// Remembers when API keys were used last.
    async fn touch_api_keys(&self, used: &[(String, Time)]) -> StoreResult<()>;

    /// Adds to the audit log.
    async fn record(&self, entry: &AuditEntry) -> StoreResult<()>;

    /// The audit log, newest first.
    async fn audit(&self, filter: AuditFilter<'_>, limit: u32) -> StoreResult<Vec<AuditEntry>>;
}
