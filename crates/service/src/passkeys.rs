//! Passkeys (`WebAuthn`): a second factor, and a way to show again who somebody is.
//!
//! What a passkey is asked to sign is kept in the database for minutes, for one person and one purpose, and is used up by
//! the first answer: any process may finish what another began.

mod ceremony;

use domain::{FieldError, Invalid, Time, UserId, time::MINUTE_US};

use self::ceremony::{Begun, NewAnswer, UseAnswer};
pub use self::ceremony::{PasskeyRefusal, PasskeySite};
use crate::{
    Caller, ServiceError, ServiceResult, Services,
    audit::Deed,
    ports::{FactorOutcome, Passkey, PasskeyChallenge, PasskeyPurpose, User},
    second_factor::{OFF, fresh_codes},
    sessions::person,
};

/// Most passkeys that a person may have.
pub const MAX_PASSKEYS: u32 = 10;
/// Longest name of a passkey, in characters.
pub const MAX_PASSKEY_NAME_CHARS: usize = 60;
/// How long something may be signed: as long as browsers wait for the person.
const CHALLENGE_US: i64 = 5 * MINUTE_US;
/// Challenges of a person for one purpose that wait at once: tabs that somebody has open.
const MAX_CHALLENGES: u32 = 5;

/// A passkey as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyView {
    /// Names it in forms.
    pub id: String,
    /// What the person calls it.
    pub name: String,
    /// When it was added.
    pub created_at: Time,
    /// When it was used last.
    pub last_used_at: Option<Time>,
    /// The host it was made for, when that is not the one of today: it cannot be used.
    pub made_for: Option<String>,
}

impl Services {
    /// Whether a person has a passkey that was made for a host: browsers offer it nowhere else.
    pub async fn has_passkey_for(&self, user: UserId, site: &PasskeySite) -> ServiceResult<bool> {
        let passkeys = self.store.passkeys(user).await?;
        Ok(passkeys.iter().any(|one| one.host == site.host()))
    }

    /// The caller's passkeys, the oldest first.
    pub async fn passkeys(
        &self,
        caller: &Caller,
        site: Option<&PasskeySite>,
    ) -> ServiceResult<Vec<PasskeyView>> {
        let passkeys = self.store.passkeys(person(caller)?).await?;
        let view = |passkey: Passkey| PasskeyView {
            made_for: site
                .is_none_or(|site| site.host() != passkey.host)
                .then_some(passkey.host),
            id: passkey.id,
            name: passkey.name,
            created_at: passkey.created_at,
            last_used_at: passkey.last_used_at,
        };
        Ok(passkeys.into_iter().map(view).collect())
    }

    /// Asks the caller's browser for a new passkey, in JSON.
    pub async fn ask_new_passkey(
        &self,
        caller: &Caller,
        site: &PasskeySite,
    ) -> ServiceResult<String> {
        let id = person(caller)?;
        let known = self.store.passkeys(id).await?;
        if known.len() >= MAX_PASSKEYS as usize {
            return Err(too_many());
        }
        // Devices keep one passkey for each name that they know the person by.
        let handle = known.first().map_or_else(
            || {
                let mut random = [0_u8; 16];
                rand::fill(&mut random);
                random
            },
            |known| known.handle,
        );
        let begun = site.ask_new(caller.name(), handle, &known)?;
        self.keep_challenge(id, PasskeyPurpose::Add, begun).await
    }

    /// Adds the passkey that the caller's browser has made. With their first second factor come recovery codes, which are
    /// known this once, and their other sessions end.
    pub async fn add_passkey(
        &self,
        caller: &Caller,
        site: &PasskeySite,
        name: &str,
        answer: &str,
    ) -> ServiceResult<Option<Vec<String>>> {
        let id = person(caller)?;
        let name = checked_name(name)?;
        let answer = NewAnswer::read(answer).map_err(refused)?;
        let kept =
            self.store
                .take_challenge(id, PasskeyPurpose::Add, &answer.challenge, self.now());
        let kept = kept.await?.ok_or_else(|| refused(PasskeyRefusal::Stale))?;
        let made = site.made(&kept, &answer)?.map_err(refused)?;
        let passkey = Passkey {
            id: self.new_id(),
            user: id,
            credential: made.credential,
            host: site.host().to_owned(),
            handle: made.handle,
            transports: made.transports,
            key: made.key,
            state: made.state,
            name: name.clone(),
            created_at: self.now(),
            last_used_at: None,
        };
        let (codes, recovery) = fresh_codes(id);
        let put = self
            .store
            .put_passkey(&passkey, &recovery, caller.session(), MAX_PASSKEYS);
        let codes = match put.await? {
            FactorOutcome::First => Some(codes),
            FactorOutcome::Further => None,
            FactorOutcome::Taken => {
                return Err(ServiceError::Conflict(
                    "This passkey is added already.".to_owned(),
                ));
            }
            FactorOutcome::TooMany => return Err(too_many()),
        };
        self.tell_of_added(caller, &name, codes.is_some()).await;
        Ok(codes)
    }

    async fn tell_of_added(&self, caller: &Caller, name: &str, is_first: bool) {
        let deed = Deed {
            action: "passkey.added",
            target: caller.name(),
            detail: name.to_owned(),
        };
        self.record_of(caller, None, deed).await;
        let (title, text) = if is_first {
            (
                "Two-step sign-in is on",
                format!("asks for a passkey after the password, from now on. You added “{name}”"),
            )
        } else {
            (
                "A passkey was added",
                format!("has the new passkey “{name}”"),
            )
        };
        self.tell_second_factor(caller.name(), title, &text);
    }

    /// Removes one of the caller's passkeys. Their other sessions end.
    pub async fn remove_passkey(&self, caller: &Caller, passkey: &str) -> ServiceResult<()> {
        let id = person(caller)?;
        let removed = self.store.remove_passkey(id, passkey, caller.session());
        let removed = removed.await?.ok_or(ServiceError::NotFound)?;
        let deed = Deed {
            action: "passkey.removed",
            target: caller.name(),
            detail: removed.name.clone(),
        };
        self.record_of(caller, None, deed).await;
        let name = removed.name;
        let (title, text) = if removed.was_last {
            (OFF.0, format!("{}. You removed “{name}”", OFF.1))
        } else {
            (
                "A passkey was removed",
                format!("no longer accepts the passkey “{name}”"),
            )
        };
        self.tell_second_factor(caller.name(), title, &text);
        Ok(())
    }

    /// Asks a person's browser for one of their passkeys, in JSON; none when they have none for this site.
    pub async fn ask_passkey(
        &self,
        user: UserId,
        purpose: PasskeyPurpose,
        site: &PasskeySite,
    ) -> ServiceResult<Option<String>> {
        let mut known = self.store.passkeys(user).await?;
        known.retain(|passkey| passkey.host == site.host());
        if known.is_empty() {
            return Ok(None);
        }
        let begun = site.ask_known(purpose, &known)?;
        Ok(Some(self.keep_challenge(user, purpose, begun).await?))
    }

    /// Whether a person's browser answered with one of their passkeys what it was asked for this purpose. Each question is
    /// answered once.
    pub(crate) async fn check_passkey(
        &self,
        user: &User,
        purpose: PasskeyPurpose,
        site: &PasskeySite,
        answer: &str,
        address: Option<&str>,
    ) -> ServiceResult<Result<(), PasskeyRefusal>> {
        let (outcome, name) = self.use_passkey(user, purpose, site, answer).await?;
        if let Err(why) = outcome {
            let deed = Deed {
                action: "user.passkey_refused",
                target: &user.email,
                detail: why.id().to_owned(),
            };
            self.record_entry(None, &user.email, address, deed).await;
            if why == PasskeyRefusal::Copied {
                let text = format!(
                    "was refused to the passkey “{name}”: it was used out of turn, as a copy of it would be. Remove it"
                );
                self.tell_second_factor(&user.email, "A passkey may have been copied", &text);
            }
        }
        Ok(outcome)
    }

    /// What using a passkey came to, and what it is called.
    async fn use_passkey(
        &self,
        user: &User,
        purpose: PasskeyPurpose,
        site: &PasskeySite,
        answer: &str,
    ) -> ServiceResult<(Result<(), PasskeyRefusal>, String)> {
        let refused = |why| Ok((Err(why), String::new()));
        let answer = match UseAnswer::read(answer) {
            Ok(answer) => answer,
            Err(why) => return refused(why),
        };
        let kept = self
            .store
            .take_challenge(user.id, purpose, &answer.challenge, self.now());
        let Some(kept) = kept.await? else {
            return refused(PasskeyRefusal::Stale);
        };
        let known = self.store.passkeys(user.id).await?;
        let passkey = known
            .iter()
            .find(|passkey| answer.is_of(passkey) && passkey.host == site.host());
        let Some(passkey) = passkey else {
            return refused(PasskeyRefusal::Unknown);
        };
        let state = match site.used(&kept, &answer, passkey)? {
            Ok(state) => state,
            Err(why) => return Ok((Err(why), passkey.name.clone())),
        };
        let is_used = self.store.use_passkey(passkey, state, self.now()).await?;
        let outcome = if is_used {
            Ok(())
        } else {
            // Removed, or used by another answer meanwhile.
            Err(PasskeyRefusal::Wrong)
        };
        Ok((outcome, passkey.name.clone()))
    }

    /// Keeps what a browser is asked for its answer; what the browser is sent.
    async fn keep_challenge(
        &self,
        user: UserId,
        purpose: PasskeyPurpose,
        begun: Begun,
    ) -> ServiceResult<String> {
        let now = self.now();
        let challenge = PasskeyChallenge {
            challenge: begun.challenge,
            user,
            purpose,
            state: begun.state,
            created_at: now,
            expires_at: now.plus_micros(CHALLENGE_US),
        };
        self.store.put_challenge(&challenge, MAX_CHALLENGES).await?;
        Ok(begun.options)
    }
}

fn checked_name(name: &str) -> ServiceResult<String> {
    let name = name.trim();
    let is_good = (1..=MAX_PASSKEY_NAME_CHARS).contains(&name.chars().count())
        && !name.chars().any(char::is_control);
    if is_good {
        return Ok(name.to_owned());
    }
    let text =
        format!("must be 1 to {MAX_PASSKEY_NAME_CHARS} characters, without control characters");
    Err(Invalid(vec![FieldError::invalid("name", text)]).into())
}

fn too_many() -> ServiceError {
    ServiceError::Conflict(format!(
        "You have {MAX_PASSKEYS} passkeys, which is the most. Remove one first."
    ))
}

fn refused(why: PasskeyRefusal) -> ServiceError {
    ServiceError::Conflict(why.text().to_owned())
}
