//! Second factors: apps that make one-time codes (RFC 6238), recovery codes, and who has to have one. Passkeys are next
//! door.

mod demands;

use domain::{Invalid, UserId};
use sha2::{Digest as _, Sha256};
use totp_rs::{Builder, Secret, Totp};

use crate::{
    Caller, Permission, ServiceError, ServiceResult, Services,
    audit::Deed,
    email_address::normal,
    mail::{Block, Email},
    ports::{FactorOutcome, NewAuthenticator, StoreError, User},
    sessions::person,
};

/// Bytes that codes are computed from, as RFC 4226 recommends.
const SECRET_BYTES: usize = 20;
/// Recovery codes that a person is given.
pub const RECOVERY_CODES: usize = 10;
/// Random bytes of a recovery code: too many to be found from its hash.
const RECOVERY_BYTES: usize = 10;
/// Letters that stand together in a recovery code, for people who copy it by hand.
const GROUP: usize = 4;
/// Digits of a one-time code.
const DIGITS: usize = 6;
/// What somebody is told who has no second factor left.
pub(crate) const OFF: (&str, &str) = (
    "Two-step sign-in is off",
    "no longer asks for a passkey or a code after the password",
);

/// What a person has of a second factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondFactorView {
    /// Whether they have one.
    pub is_set: bool,
    /// Whether an app is one.
    pub has_app: bool,
    /// Whether they need one.
    pub is_demanded: bool,
    /// Recovery codes that are left.
    pub codes_left: u32,
    /// Their address, which names the entry in the app.
    pub email: String,
}

/// What was typed in the place of a code.
enum Typed {
    OneTime(String),
    Recovery(String),
}

impl Typed {
    /// However it is spaced.
    fn read(text: &str) -> Self {
        let letters = text
            .chars()
            .filter(|letter| !letter.is_whitespace() && *letter != '-');
        let code: String = letters.collect::<String>().to_ascii_uppercase();
        if code.len() == DIGITS && code.bytes().all(|byte| byte.is_ascii_digit()) {
            Self::OneTime(code)
        } else {
            Self::Recovery(code)
        }
    }
}

/// Whether somebody typed a code of six digits, which can be guessed, or what would be a recovery code.
pub(crate) fn is_one_time(text: &str) -> bool {
    matches!(Typed::read(text), Typed::OneTime(_))
}

impl Services {
    /// What the caller has of a second factor.
    pub async fn second_factor(&self, caller: &Caller) -> ServiceResult<SecondFactorView> {
        let id = person(caller)?;
        let user = self.signed_in(id).await?;
        let user = user.ok_or(ServiceError::Unauthenticated)?;
        let is_staff = user.platform_role.is_some();
        Ok(SecondFactorView {
            is_set: user.second_factor.is_set,
            has_app: user.second_factor.has_app,
            is_demanded: user.second_factor.is_demanded
                || (self.staff_need_second_factor && is_staff),
            codes_left: self.store.recovery_codes(id).await?,
            email: user.email,
        })
    }

    /// Something new that codes can be computed from, as apps read it. Nothing is kept of it before a code proves that an
    /// app has it.
    pub fn new_authenticator_secret() -> String {
        let mut bytes = [0_u8; SECRET_BYTES];
        rand::fill(&mut bytes);
        Secret::from(bytes).to_base32()
    }

    /// Gives the caller an app as a second factor, proved by a code of it. With their first second factor come recovery
    /// codes, which are known this once, and their other sessions end.
    pub async fn set_authenticator(
        &self,
        caller: &Caller,
        secret: &str,
        code: &str,
    ) -> ServiceResult<Option<Vec<String>>> {
        let id = person(caller)?;
        let secret = Secret::try_from_base32(secret).ok();
        let secret = secret.filter(|secret| secret.as_bytes().len() == SECRET_BYTES);
        let secret = secret.ok_or_else(|| ServiceError::invalid("secret", "is not ours"))?;
        let bytes = secret.as_bytes().to_vec();
        let Typed::OneTime(code) = Typed::read(code) else {
            return Err(wrong_code());
        };
        let step = self.step_of(&bytes, &code)?.ok_or_else(wrong_code)?;
        let (codes, recovery) = fresh_codes(id);
        let new = NewAuthenticator {
            user: id,
            secret: bytes,
            step,
            recovery,
        };
        let put = self
            .store
            .put_authenticator(&new, caller.session(), self.now());
        let codes = match put.await? {
            FactorOutcome::First => Some(codes),
            FactorOutcome::Further => None,
            FactorOutcome::Taken | FactorOutcome::TooMany => {
                return Err(ServiceError::Conflict(
                    "You have an authenticator app already: remove it first.".to_owned(),
                ));
            }
        };
        let deed = Deed::plain("second_factor.set", caller.name());
        self.record_of(caller, None, deed).await;
        let (title, text) = if codes.is_some() {
            (
                "Two-step sign-in is on",
                "asks for a code from your app after the password, from now on",
            )
        } else {
            (
                "An authenticator app was added",
                "accepts codes of an authenticator app after the password, from now on",
            )
        };
        self.tell_second_factor(caller.name(), title, text);
        Ok(codes)
    }

    /// The time step that a code is of; none when it is no code of now, the step before or the step after.
    fn step_of(&self, secret: &[u8], code: &str) -> ServiceResult<Option<u64>> {
        let seconds = u64::try_from(self.now().micros() / 1_000_000).unwrap_or(0);
        Ok(app(secret)?.check(code, seconds))
    }

    /// Whether a person typed a code of their app, or a recovery code. Either is good for once.
    pub(crate) async fn check_code(
        &self,
        id: UserId,
        code: &str,
        address: Option<&str>,
    ) -> ServiceResult<bool> {
        let Some(user) = self.signed_in(id).await? else {
            return Ok(false);
        };
        let is_right = match Typed::read(code) {
            Typed::OneTime(code) => self.use_one_time(id, &code).await?,
            Typed::Recovery(code) => self.use_recovery(&user, &code, address).await?,
        };
        if !is_right {
            let deed = Deed::plain("user.code_refused", &user.email);
            self.record_entry(None, &user.email, address, deed).await;
        }
        Ok(is_right)
    }

    async fn use_one_time(&self, id: UserId, code: &str) -> ServiceResult<bool> {
        let Some(secret) = self.store.authenticator(id).await? else {
            return Ok(false);
        };
        match self.step_of(&secret, code)? {
            Some(step) => Ok(self.store.use_step(id, step).await?),
            None => Ok(false),
        }
    }

    async fn use_recovery(
        &self,
        user: &User,
        code: &str,
        address: Option<&str>,
    ) -> ServiceResult<bool> {
        let hash = hash_of_code(user.id, code);
        let Some(left) = self.store.use_recovery_code(user.id, &hash).await? else {
            return Ok(false);
        };
        let deed = Deed {
            action: "recovery_code.used",
            target: &user.email,
            detail: format!("{left} left"),
        };
        self.record_entry(None, &user.email, address, deed).await;
        let text =
            format!("was signed in with a recovery code. {left} of {RECOVERY_CODES} are left");
        self.tell_second_factor(&user.email, "A recovery code was used", &text);
        Ok(true)
    }

    /// Writes down that a person is signed in, after the second step.
    pub async fn record_sign_in(&self, user: &User, address: Option<&str>) {
        let deed = Deed {
            action: "user.signed_in",
            target: &user.email,
            detail: "with a second factor".to_owned(),
        };
        self.record_entry(None, &user.email, address, deed).await;
    }

    /// Gives the caller other recovery codes, which are known this once. Those before do nothing any more.
    pub async fn renew_recovery_codes(&self, caller: &Caller) -> ServiceResult<Vec<String>> {
        let id = person(caller)?;
        let (codes, hashes) = fresh_codes(id);
        if !self.store.put_recovery_codes(id, &hashes).await? {
            return Err(ServiceError::NotFound);
        }
        let deed = Deed::plain("recovery_codes.renewed", caller.name());
        self.record_of(caller, None, deed).await;
        self.tell_second_factor(
            caller.name(),
            "Your recovery codes are new",
            "has new recovery codes. Those before no longer work",
        );
        Ok(codes)
    }

    /// Removes the caller's app. Their other sessions end.
    pub async fn remove_authenticator(&self, caller: &Caller) -> ServiceResult<()> {
        let id = person(caller)?;
        let removed = self.store.remove_authenticator(id, caller.session());
        let removed = removed.await?.ok_or(ServiceError::NotFound)?;
        let deed = Deed::plain("authenticator.removed", caller.name());
        self.record_of(caller, None, deed).await;
        let (title, text) = if removed.was_last {
            OFF
        } else {
            (
                "The authenticator app was removed",
                "no longer accepts codes of an authenticator app",
            )
        };
        self.tell_second_factor(caller.name(), title, text);
        Ok(())
    }

    /// Removes all of the caller's second factors.
    pub async fn remove_second_factor(&self, caller: &Caller) -> ServiceResult<()> {
        let id = person(caller)?;
        let had = self.store.remove_second_factor(id, caller.session());
        if !had.await? {
            return Err(ServiceError::NotFound);
        }
        let deed = Deed::plain("second_factor.removed", caller.name());
        self.record_of(caller, None, deed).await;
        self.tell_second_factor(caller.name(), OFF.0, OFF.1);
        Ok(())
    }

    /// Removes the second factors of somebody who lost them, whose sessions end.
    pub async fn reset_second_factor(&self, caller: &Caller, email: &str) -> ServiceResult<User> {
        caller.require_platform(Permission::Provision)?;
        let user = self.store.user_by_email(&normal(email)).await?;
        let user = user.ok_or(ServiceError::NotFound)?;
        self.store.remove_second_factor(user.id, None).await?;
        let deed = Deed::plain("second_factor.reset", &user.email);
        self.record_of(caller, None, deed).await;
        let told = self.second_factor_letter(
            &user.email,
            "Two-step sign-in is off",
            "no longer asks for a code after the password: the operator removed your second factor",
        );
        // A command ends before anything is sent afterwards. That it could not be sent is in the log.
        let _ = self.mail.send(told).await;
        Ok(user)
    }

    pub(crate) fn tell_second_factor(&self, email: &str, title: &str, text: &str) {
        self.send_soon(self.second_factor_letter(email, title, text));
    }

    fn second_factor_letter(&self, email: &str, title: &str, text: &str) -> Email {
        let blocks = vec![
            Block::Heading(title.to_owned()),
            Block::Text(format!("Your sign-in to Creditscope ({email}) {text}.")),
            Block::Note(
                "If you did not expect this, change your password and ask the operator for help."
                    .to_owned(),
            ),
        ];
        self.letter(email, title, blocks)
    }
}

fn wrong_code() -> ServiceError {
    Invalid::one(
        "code",
        "wrong",
        "is not right: enter the one that your app shows now",
    )
    .into()
}

fn app(secret: &[u8]) -> ServiceResult<Totp> {
    let app = Builder::new().with_secret(secret).with_skew(1).build();
    Ok(app.map_err(|error| StoreError::new(error.to_string()))?)
}

/// Recovery codes, and what is kept of them.
pub(crate) fn fresh_codes(user: UserId) -> (Vec<String>, Vec<Vec<u8>>) {
    let codes: Vec<String> = (0..RECOVERY_CODES)
        .map(|_| {
            let mut bytes = [0_u8; RECOVERY_BYTES];
            rand::fill(&mut bytes);
            Secret::from(bytes).to_base32()
        })
        .collect();
    let hashes = codes.iter().map(|code| hash_of_code(user, code)).collect();
    (codes.iter().map(|code| grouped(code)).collect(), hashes)
}

fn grouped(code: &str) -> String {
    let letters: Vec<char> = code.to_ascii_lowercase().chars().collect();
    let groups = letters.chunks(GROUP).map(|group| group.iter().collect());
    groups.collect::<Vec<String>>().join("-")
}

fn hash_of_code(user: UserId, code: &str) -> Vec<u8> {
    let mut digest = Sha256::new();
    digest.update(b"creditscope recovery code");
    digest.update(user.0.to_be_bytes());
    digest.update(code.as_bytes());
    digest.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_rfc_6238() {
        let app = app(b"12345678901234567890").unwrap();
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(app.check(code, seconds), Some(seconds / 30), "{seconds}");
            for (later, is_good) in [(30, true), (60, false), (-30, true), (-60, false)] {
                let at = seconds.saturating_add_signed(later);
                assert_eq!(
                    app.check(code, at).is_some(),
                    is_good || at / 30 == 0,
                    "{seconds} {later}"
                );
            }
        }
    }

    #[test]
    fn recovery_codes_are_read_however_they_are_typed() {
        let (codes, hashes) = fresh_codes(UserId(7));
        assert_eq!((codes.len(), hashes.len()), (10, 10));
        for (code, hash) in codes.iter().zip(&hashes) {
            assert_eq!(code.len(), 19);
            for typed in [code.clone(), code.to_uppercase(), code.replace('-', " ")] {
                let Typed::Recovery(read) = Typed::read(&typed) else {
                    panic!("{typed}");
                };
                assert_eq!(&hash_of_code(UserId(7), &read), hash);
                assert_ne!(&hash_of_code(UserId(8), &read), hash);
            }
        }
        assert!(matches!(Typed::read(" 123 456 "), Typed::OneTime(code) if code == "123456"));
    }
}
