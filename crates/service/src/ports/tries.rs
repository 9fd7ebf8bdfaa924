//! What may be tried so often, wherever it is tried and in however many processes.

use async_trait::async_trait;
use domain::{Time, UserId};

use super::StoreResult;

/// How many codes of a person are looked at, and when the person is told of wrong ones.
#[derive(Debug, Clone, Copy)]
pub struct CodeLimits {
    /// Codes of any kind in a window.
    pub most: u32,
    /// Its length, in microseconds.
    pub window_us: i64,
    /// Codes that can be guessed, in a day.
    pub most_a_day: u32,
    /// The wrong code of a day that the person is told of.
    pub told_at: u32,
}

/// Whether a code may be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeGuess {
    /// It may, and counts as a wrong one until it is given back.
    Counted,
    /// It may not: there were too many in the window, which ends then.
    Wait(Time),
    /// It may not: there were too many in the day.
    Spent,
}

/// An email that somebody causes who has not shown that the mailbox is theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailKind {
    /// Invites to an account.
    Invitation,
    /// Lets its reader choose a password, or says how they sign in.
    Reset,
    /// Confirms an address that somebody wants to have.
    Change,
}

impl MailKind {
    /// Its stored name.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Reset => "reset",
            Self::Change => "change",
        }
    }
}

/// Such an email, before it is sent.
#[derive(Debug, Clone, Copy)]
pub struct MailAsk<'a> {
    /// Where it goes, in its normal form.
    pub address: &'a str,
    /// What it is.
    pub kind: MailKind,
    /// Who causes it: an account, a person, or the network of somebody who is not signed in.
    pub cause: &'a str,
    /// When.
    pub at: Time,
}

/// What emails are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailsOf {
    /// Those to one address, whoever causes them.
    Address,
    /// Those of one cause, wherever they go.
    Cause,
    /// Those of one cause to one address.
    Both,
}

/// How many emails of a kind there may be in a while.
#[derive(Debug, Clone, Copy)]
pub struct MailLimit {
    /// Which are counted.
    pub of: MailsOf,
    /// How many.
    pub most: u32,
    /// In how long, in microseconds; a day at most.
    pub within_us: i64,
}

/// Counts what may be tried so often.
#[async_trait]
pub trait TryStore {
    /// Counts a code of a person before it is looked at. Of any number at once no more than may be are counted. Codes that
    /// cannot be guessed are not counted against the day.
    async fn count_code(
        &self,
        user: UserId,
        is_guessable: bool,
        limits: &CodeLimits,
        now: Time,
    ) -> StoreResult<CodeGuess>;

    /// A code that was counted was right.
    async fn give_back_code(&self, user: UserId, is_guessable: bool) -> StoreResult<()>;

    /// A code that was counted was wrong. Whether the person is to be told that, and of which time in the day this is; of
    /// those who ask at once, one is.
    async fn code_was_wrong(&self, user: UserId, limits: &CodeLimits) -> StoreResult<Option<u32>>;

    /// Notes an email before it is sent; if one of the limits says that it is one too many, that is the answer, and
    /// nothing is noted.
    async fn ask_mail(
        &self,
        ask: &MailAsk<'_>,
        limits: &[MailLimit],
    ) -> StoreResult<Option<MailsOf>>;
}
