//! Passkeys of people, and what is asked of them.

use async_trait::async_trait;
use domain::{Time, UserId};

use super::StoreResult;

/// What is kept of a passkey. There is nothing secret in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// Names it on pages.
    pub id: String,
    /// Whose it is.
    pub user: UserId,
    /// What the browser calls it; unique.
    pub credential: Vec<u8>,
    /// The host it was made for.
    pub host: String,
    /// What the device calls the person.
    pub handle: [u8; 16],
    /// How browsers reach the device.
    pub transports: u8,
    /// The public key and what else never changes.
    pub key: Vec<u8>,
    /// What changes with use.
    pub state: PasskeyState,
    /// What the person calls it.
    pub name: String,
    /// When it was added.
    pub created_at: Time,
    /// When it was used last.
    pub last_used_at: Option<Time>,
}

/// What changes of a passkey with use: its counter among others.
pub type PasskeyState = [u8; 7];

/// What a passkey is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasskeyPurpose {
    /// To be added.
    Add,
    /// The second step of signing in.
    SignIn,
    /// To show again who somebody is.
    Confirm,
}

impl PasskeyPurpose {
    /// The word for it in the database.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::SignIn => "sign_in",
            Self::Confirm => "confirm",
        }
    }
}

/// Something that a passkey signs, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyChallenge {
    /// Random bytes.
    pub challenge: Vec<u8>,
    /// Who is asked.
    pub user: UserId,
    /// For what.
    pub purpose: PasskeyPurpose,
    /// What the answer is compared with.
    pub state: Vec<u8>,
    /// When it was made.
    pub created_at: Time,
    /// From when on it is worth nothing.
    pub expires_at: Time,
}

/// What adding a second factor came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorOutcome {
    /// It is the person's first: the recovery codes that came along are stored, and their other sessions ended.
    First,
    /// It is a further one: the recovery codes stay as they are.
    Further,
    /// There is one already: the app, or a passkey that browsers call the same, of whomever.
    Taken,
    /// The person has as many as they may have.
    TooMany,
}

/// What removing one second factor left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedFactor {
    /// What the person called it; empty for an app.
    pub name: String,
    /// Whether it was their last one.
    pub was_last: bool,
}

/// Passkeys of people.
#[async_trait]
pub trait PasskeyStore {
    /// A person's passkeys, the oldest first.
    async fn passkeys(&self, user: UserId) -> StoreResult<Vec<Passkey>>;

    /// Stores something to be signed and removes what has expired. A person has at most `most` for a purpose: the oldest
    /// go.
    async fn put_challenge(&self, challenge: &PasskeyChallenge, most: u32) -> StoreResult<()>;

    /// Uses a challenge up, whatever comes of it: what its answer is compared with. None when there is none that this
    /// person was given for this purpose, or it has expired.
    async fn take_challenge(
        &self,
        user: UserId,
        purpose: PasskeyPurpose,
        challenge: &[u8],
        now: Time,
    ) -> StoreResult<Option<Vec<u8>>>;

    /// Stores a passkey, if the person has fewer than `most`. With their first second factor, `recovery` is stored and
    /// their sessions end but one.
    async fn put_passkey(
        &self,
        new: &Passkey,
        recovery: &[Vec<u8>],
        keep: Option<&[u8]>,
        most: u32,
    ) -> StoreResult<FactorOutcome>;

    /// Writes down that a passkey was used; `false` when it is there no more, or was used otherwise since it was read.
    async fn use_passkey(
        &self,
        read: &Passkey,
        state: PasskeyState,
        now: Time,
    ) -> StoreResult<bool>;

    /// Removes one of a person's passkeys and ends their sessions but one; none when it is not theirs. With the last
    /// second factor go the recovery codes.
    async fn remove_passkey(
        &self,
        user: UserId,
        id: &str,
        keep: Option<&[u8]>,
    ) -> StoreResult<Option<RemovedFactor>>;
}
