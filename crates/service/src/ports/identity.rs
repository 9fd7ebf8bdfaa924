//! People, their sessions, and answers remembered for retries.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use domain::{
    AccountId, CompanyId, Time, UserId,
    tenancy::{PlatformRole, Role},
};

use super::StoreResult;
use crate::request::RequestName;

/// A person's place in an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Which account.
    pub account: AccountId,
    /// What they may do there.
    pub role: Role,
    /// The companies they may see; all when empty. A client always has some.
    pub companies: Vec<CompanyId>,
}

/// What a person has of a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SecondFactor {
    /// Whether they have one.
    pub is_set: bool,
    /// Whether an app that makes codes is one.
    pub has_app: bool,
    /// How many passkeys they have.
    pub passkeys: u32,
    /// Whether an account needs it of their role.
    pub is_demanded: bool,
}

/// Who made sure that an address is a person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailProof {
    /// The person, by a secret that was mailed to it and shown to nobody else.
    Mail,
    /// A provider of single sign-on, which says that it has verified it.
    SignOn,
    /// Those who run the platform vouch for it.
    Operator,
}

impl EmailProof {
    /// Its stored name.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::SignOn => "sign_on",
            Self::Operator => "operator",
        }
    }

    /// The one with a stored name.
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::Mail, Self::SignOn, Self::Operator];
        all.into_iter().find(|proof| proof.id() == name)
    }
}

/// Somebody whose address is known to be theirs, and what became of what was set up before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// The person.
    pub user: User,
    /// Whether a password or a second factor was taken away: nobody had shown before that the address is theirs.
    pub has_lost: bool,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Stored number.
    pub id: UserId,
    /// Lower-case email address; unique.
    pub email: String,
    /// Display name.
    pub name: String,
    /// Argon2id hash in PHC form.
    pub password_hash: String,
    /// Role of platform staff.
    pub platform_role: Option<PlatformRole>,
    /// Accounts, by account number.
    pub memberships: Vec<Membership>,
    /// A disabled user cannot sign in, and their sessions are over.
    pub disabled: bool,
    /// Who made sure that the address is theirs; none when whoever chose their password may be somebody else.
    pub email_proof: Option<EmailProof>,
    /// Their second factor.
    pub second_factor: SecondFactor,
}

impl User {
    /// Whether they need a second factor and have none; platform staff may need one whatever accounts say.
    pub const fn owes_second_factor(&self, of_staff: bool) -> bool {
        let is_asked = self.second_factor.is_demanded || (of_staff && self.platform_role.is_some());
        is_asked && !self.second_factor.is_set
    }
}

/// A person to create, or to replace by email address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// Lower-case email address.
    pub email: String,
    /// Display name.
    pub name: String,
    /// Argon2id hash in PHC form.
    pub password_hash: String,
    /// Role of platform staff.
    pub platform_role: Option<PlatformRole>,
    /// Accounts.
    pub memberships: Vec<Membership>,
}

/// A browser session as stored: never its id, only a hash of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedSession {
    /// SHA-256 of the session id.
    pub id_hash: Vec<u8>,
    /// Whose it is; none before someone signs in, and for users of a platform.
    pub user: Option<UserId>,
    /// What the session carries, as JSON.
    pub data: String,
    /// When it ends.
    pub expires_at: Time,
}

/// Of sessions and people that were asked for, those that are there.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// Sessions that have not ended, by the hash of their id.
    pub sessions: BTreeSet<Vec<u8>>,
    /// People, by number.
    pub users: BTreeMap<UserId, User>,
}

/// People and their sessions.
#[async_trait]
pub trait IdentityStore {
    /// A person by email address in its normal form.
    async fn user_by_email(&self, email: &str) -> StoreResult<Option<User>>;

    /// A person by number.
    async fn user(&self, id: UserId) -> StoreResult<Option<User>>;

    /// People by email address, those after `after`.
    async fn users(&self, after: Option<&str>, limit: u32) -> StoreResult<Vec<User>>;

    /// Creates a person, or replaces the one with that email address, whose sessions end. Whoever calls vouches for the
    /// address: what somebody set up who had not shown that it is theirs is taken away.
    async fn put_user(&self, user: &NewUser, now: Time) -> StoreResult<User>;

    /// Stores a session; `false` when `create` is set and there is one with that hash already.
    async fn save_session(&self, session: &SavedSession, create: bool) -> StoreResult<bool>;

    /// Gives a person's session another hash, with which the one before is worth nothing; `false` when there is no session
    /// with that one any more.
    async fn rename_session(&self, from: &[u8], to: &[u8]) -> StoreResult<bool>;

    /// A session that has not ended.
    async fn session(&self, id_hash: &[u8], now: Time) -> StoreResult<Option<SavedSession>>;

    /// Which of some sessions have not ended, and those of some people who are there, in one statement.
    async fn standing(
        &self,
        sessions: &[Vec<u8>],
        users: &[UserId],
        now: Time,
    ) -> StoreResult<Standing>;

    /// Ends a session.
    async fn delete_session(&self, id_hash: &[u8]) -> StoreResult<()>;

    /// Removes sessions that have ended; how many.
    async fn delete_expired_sessions(&self, now: Time) -> StoreResult<u64>;
}

/// The first answer to a request with an `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// SHA-256 of method, path and body.
    pub request_hash: Vec<u8>,
    /// HTTP status of the answer.
    pub status: u16,
    /// Body of the answer.
    pub body: Vec<u8>,
}

/// What is stored of a request with an `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownRequest {
    /// SHA-256 of method, path and body; none when nothing is stored.
    pub request_hash: Option<Vec<u8>>,
    /// What was stored with its writes, by their numbers, in their order.
    pub parts: Vec<(u32, Vec<u8>)>,
    /// Its answer, once it was answered.
    pub answer: Option<Remembered>,
}

/// Remembers requests so that a retried one is done once.
#[async_trait]
pub trait IdempotencyStore {
    /// What was done of a request. Each of its writes ([`crate::request::Part`]) is stored by whatever call does it.
    async fn request(&self, name: &RequestName) -> StoreResult<KnownRequest>;

    /// Remembers an answer; an answer that is there already stays.
    async fn remember(&self, name: &RequestName, answer: &Remembered, now: Time)
    -> StoreResult<()>;
}
