//! What may be tried so often, wherever it is tried: codes of a second factor, and emails to mailboxes of others.
//!
//! It is counted in the database, before anything is looked at or sent: of any number at once, in however many processes,
//! no more than may be.

use domain::{
    Time, UserId,
    time::{DAY_US, HOUR_US, MINUTE_US, SECOND_US},
};

use crate::{
    ServiceResult, Services,
    passkeys::{PasskeyRefusal, PasskeySite},
    ports::{CodeGuess, CodeLimits, MailAsk, MailKind, MailLimit, MailsOf, PasskeyPurpose, User},
    second_factor::is_one_time,
};

/// Five at once are more than anybody mistypes. Thirty in a day, of a million of which three are right, find one in a year
/// in about three cases of a hundred; recovery codes cannot be guessed, and let the person in on such a day.
const CODES: CodeLimits = CodeLimits {
    most: 5,
    window_us: 5 * MINUTE_US,
    most_a_day: 30,
    told_at: 5,
};

/// Of one account to one mailbox once an hour, to one mailbox ten a day whoever invites, and of one account so many.
const INVITATIONS: [MailLimit; 3] = [
    limit(MailsOf::Both, 1, HOUR_US),
    limit(MailsOf::Address, 10, DAY_US),
    limit(MailsOf::Cause, 500, DAY_US),
];
/// Whoever is sent no more in a quarter of an hour has a link from it that works for as long again. What one network asks
/// for in a day keeps nobody who asks from another one from getting back in.
const RESETS: [MailLimit; 2] = [
    limit(MailsOf::Address, 3, 15 * MINUTE_US),
    limit(MailsOf::Both, 12, DAY_US),
];
/// New addresses that one person may ask for, and that one mailbox is asked about.
const CHANGES: [MailLimit; 3] = [
    limit(MailsOf::Cause, 10, HOUR_US),
    limit(MailsOf::Address, 3, HOUR_US),
    limit(MailsOf::Address, 5, DAY_US),
];

const fn limit(of: MailsOf, most: u32, within_us: i64) -> MailLimit {
    MailLimit {
        of,
        most,
        within_us,
    }
}

/// What trying a code came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TriedCode {
    /// It is right, and used up.
    Right,
    /// It is not.
    Wrong,
    /// It was not looked at: too many were tried; how many seconds to wait.
    Wait(u32),
    /// It was not looked at: too many were tried today. A recovery code still does.
    Spent,
}

/// What trying a passkey came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TriedPasskey {
    /// It is right, and its answer used up.
    Right,
    /// It is not.
    Refused(PasskeyRefusal),
    /// It was not looked at: too much was tried; how many seconds to wait.
    Wait(u32),
}

impl Services {
    /// Tries a code of a person, which is counted before it is looked at, wherever it is typed. The person is told of wrong
    /// ones, once when they become many and once when no more are looked at in the day.
    pub async fn try_code(
        &self,
        id: UserId,
        code: &str,
        address: Option<&str>,
    ) -> ServiceResult<TriedCode> {
        let is_guessable = is_one_time(code);
        match self.count_try(id, is_guessable).await? {
            CodeGuess::Counted => {}
            CodeGuess::Wait(until) => return Ok(TriedCode::Wait(self.seconds_to(until))),
            CodeGuess::Spent => return Ok(TriedCode::Spent),
        }
        if self.check_code(id, code, address).await? {
            self.store.give_back_code(id, is_guessable).await?;
            return Ok(TriedCode::Right);
        }
        self.try_was_wrong(id).await?;
        Ok(TriedCode::Wrong)
    }

    /// Tries what a person's browser answers with a passkey. It counts with codes, but not against the day: nobody guesses
    /// it.
    pub async fn try_passkey(
        &self,
        user: &User,
        purpose: PasskeyPurpose,
        site: &PasskeySite,
        answer: &str,
        address: Option<&str>,
    ) -> ServiceResult<TriedPasskey> {
        if let CodeGuess::Wait(until) = self.count_try(user.id, false).await? {
            return Ok(TriedPasskey::Wait(self.seconds_to(until)));
        }
        let checked = self.check_passkey(user, purpose, site, answer, address);
        if let Err(why) = checked.await? {
            self.try_was_wrong(user.id).await?;
            return Ok(TriedPasskey::Refused(why));
        }
        self.store.give_back_code(user.id, false).await?;
        Ok(TriedPasskey::Right)
    }

    async fn count_try(&self, id: UserId, is_guessable: bool) -> ServiceResult<CodeGuess> {
        let counted = self.store.count_code(id, is_guessable, &CODES, self.now());
        Ok(counted.await?)
    }

    async fn try_was_wrong(&self, id: UserId) -> ServiceResult<()> {
        if let Some(time) = self.store.code_was_wrong(id, &CODES).await? {
            self.tell_wrong_codes(id, time > 1).await?;
        }
        Ok(())
    }

    fn seconds_to(&self, until: Time) -> u32 {
        let left_s = until.micros_since(self.now()) / SECOND_US + 1;
        u32::try_from(left_s).unwrap_or(1)
    }

    /// Tells a person that somebody knows their password and tries codes, and whether no more are looked at today.
    async fn tell_wrong_codes(&self, id: UserId, is_spent: bool) -> ServiceResult<()> {
        let Some(user) = self.signed_in(id).await? else {
            return Ok(());
        };
        let (title, text) = if is_spent {
            (
                "Too many wrong codes were entered",
                "was given so many wrong codes that codes of your app are not accepted for up to 24 hours. A recovery \
                 code still works. If it was not you, change your password now",
            )
        } else {
            (
                "Several wrong codes were entered",
                "was given several wrong codes after the right password. If it was not you, change your password now",
            )
        };
        self.tell_second_factor(&user.email, title, text);
        Ok(())
    }

    /// Whether somebody who forgot their password is sent another email.
    pub(crate) async fn may_send_reset(&self, user: &User, network: &str) -> ServiceResult<bool> {
        let over = self.ask_mail(&user.email, MailKind::Reset, network, &RESETS);
        Ok(over.await?.is_none())
    }

    /// Whether an invitation is mailed.
    pub(crate) async fn may_mail_invitation(
        &self,
        email: &str,
        cause: &str,
    ) -> ServiceResult<bool> {
        let over = self.ask_mail(email, MailKind::Invitation, cause, &INVITATIONS);
        Ok(over.await?.is_none())
    }

    /// Whether a new address is asked, or what there was too much of.
    pub(crate) async fn ask_new_address(
        &self,
        email: &str,
        user: UserId,
    ) -> ServiceResult<Option<MailsOf>> {
        let cause = format!("user {}", user.0);
        self.ask_mail(email, MailKind::Change, &cause, &CHANGES)
            .await
    }

    async fn ask_mail(
        &self,
        address: &str,
        kind: MailKind,
        cause: &str,
        limits: &[MailLimit],
    ) -> ServiceResult<Option<MailsOf>> {
        let at = self.now();
        let ask = MailAsk {
            address,
            kind,
            cause,
            at,
        };
        Ok(self.store.ask_mail(&ask, limits).await?)
    }
}
