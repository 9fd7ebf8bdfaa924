//! Browser sessions: of whom, from where, until when, and how they end.

use domain::{Invalid, Time, UserId};

use crate::{
    Caller, Permission, ServiceError, ServiceResult, Services,
    audit::Deed,
    keys::hex,
    passwords::{Verdict, check_password, hash_password, verify_password},
    ports::{SavedSession, User},
};

/// Most sessions of a person, and of a platform's user in an account, at a time: one more ends the one that was used
/// longest ago.
pub const MOST_SESSIONS: u32 = 50;

/// What a browser session carries, by name.
pub mod fields {
    /// Number of the person.
    pub const USER: &str = "user";
    /// When it was begun, in microseconds.
    pub const BEGUN: &str = "begun";
    /// When it was used last, to some minutes, in microseconds.
    pub const RENEWED: &str = "renewed";
    /// From where it was begun.
    pub const ADDRESS: &str = "address";
    /// With which browser.
    pub const BROWSER: &str = "browser";
    /// When the person showed last who they are, in microseconds; when it was begun, if that is missing.
    pub const CONFIRMED: &str = "confirmed";
    /// Whether a provider of single sign-on vouched for the person.
    pub const ELSEWHERE: &str = "elsewhere";
}

/// One of a person's sessions, for them to recognise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnSession {
    /// What names it in a list: a hash of its id.
    pub id: String,
    /// Whether it is the one that asks.
    pub is_current: bool,
    /// How the browser describes itself, if it did.
    pub browser: Option<String>,
    /// From where it was begun, if known.
    pub address: Option<String>,
    /// When it was begun.
    pub begun: Option<Time>,
    /// When it was used last, to some minutes.
    pub used: Option<Time>,
}

impl OwnSession {
    fn new(saved: &SavedSession, caller: &Caller) -> Self {
        let data: serde_json::Value = serde_json::from_str(&saved.data).unwrap_or_default();
        let text = |name: &str| {
            let text = data[name].as_str().filter(|text| !text.is_empty());
            text.map(str::to_owned)
        };
        let time = |name: &str| data[name].as_i64().map(Time::from_micros);
        Self {
            browser: text(fields::BROWSER),
            address: text(fields::ADDRESS),
            begun: time(fields::BEGUN),
            used: time(fields::RENEWED),
            id: hex(&saved.id_hash),
            is_current: caller.session() == Some(&saved.id_hash),
        }
    }
}

/// What a sign-in waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnderWay {
    /// For the answer of the provider of single sign-on.
    SignOn,
    /// For the code, after the password.
    SecondStep,
    /// For the page that says what a form came to.
    Outcome,
}

impl UnderWay {
    /// The name of the key it is sealed with.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::SignOn => "sign_on",
            Self::SecondStep => "second_step",
            Self::Outcome => "outcome",
        }
    }
}

impl Services {
    /// Stores a browser session; `false` when `create` is set and the id is taken, or when it has ended.
    pub async fn save_session(&self, session: &SavedSession, create: bool) -> ServiceResult<bool> {
        Ok(self.store.save_session(session, create).await?)
    }

    /// Gives a person's session another id; `false` when it has ended, or has another one already.
    pub async fn rename_session(&self, from: &[u8], to: &[u8]) -> ServiceResult<bool> {
        self.standing.renames(from);
        Ok(self.store.rename_session(from, to).await?)
    }

    /// A browser session that has not ended.
    pub async fn session(&self, id_hash: &[u8]) -> ServiceResult<Option<SavedSession>> {
        Ok(self.store.session(id_hash, self.now()).await?)
    }

    /// Ends a browser session.
    pub async fn end_session(&self, id_hash: &[u8]) -> ServiceResult<()> {
        Ok(self.store.delete_session(id_hash).await?)
    }

    /// Removes browser sessions that have ended; how many.
    pub async fn sweep_sessions(&self) -> ServiceResult<u64> {
        Ok(self.store.delete_expired_sessions(self.now()).await?)
    }

    /// The signed-in person of a session; none when they were removed or disabled since.
    pub async fn signed_in(&self, id: UserId) -> ServiceResult<Option<User>> {
        Ok(self.store.user(id).await?.filter(|user| !user.disabled))
    }

    /// The caller's own sessions.
    pub async fn own_sessions(&self, caller: &Caller) -> ServiceResult<Vec<OwnSession>> {
        let user = person(caller)?;
        let sessions = self.store.sessions_of(user, self.now()).await?;
        let own = |saved: &SavedSession| OwnSession::new(saved, caller);
        Ok(sessions.iter().map(own).collect())
    }

    /// Ends one of the caller's own sessions.
    pub async fn end_own_session(&self, caller: &Caller, id: &str) -> ServiceResult<()> {
        let user = person(caller)?;
        let own = self.store.sessions_of(user, self.now()).await?;
        let session = own.iter().find(|session| hex(&session.id_hash) == id);
        let session = session.ok_or(ServiceError::NotFound)?;
        self.store.delete_session(&session.id_hash).await?;
        let deed = Deed {
            action: "session.ended",
            target: caller.name(),
            ..Deed::default()
        };
        self.record_of(caller, None, deed).await;
        Ok(())
    }

    /// Ends all of the caller's sessions but the one they use.
    pub async fn end_other_sessions(&self, caller: &Caller) -> ServiceResult<u64> {
        let user = person(caller)?;
        let ended = self.store.end_sessions_of(user, caller.session()).await?;
        let deed = Deed {
            action: "session.others_ended",
            target: caller.name(),
            detail: format!("{ended} ended"),
        };
        self.record_of(caller, None, deed).await;
        Ok(ended)
    }

    /// Gives the caller another password, which ends their other sessions and is told them.
    pub async fn change_password(
        &self,
        caller: &Caller,
        old: String,
        new: String,
        origin: &str,
    ) -> ServiceResult<()> {
        let id = person(caller)?;
        let user = self.signed_in(id).await?;
        let user = user.ok_or(ServiceError::Unauthenticated)?;
        let before = user.password_hash.clone();
        let verdict = verify_password(&self.hashing, old, Some(before.clone())).await?;
        if verdict == Verdict::Wrong {
            return Err(Invalid::one("old_password", "wrong", "is not your password").into());
        }
        let mut errors = Vec::new();
        check_password(&new, &[&user.name, &user.email], &mut errors);
        Invalid::refuse(errors)?;
        let hash = hash_password(&self.hashing, &new).await?;
        // Somebody else may have given them another password meanwhile: that one is not undone by who knows the old one.
        let changed = self
            .store
            .set_password(id, &before, &hash, caller.session(), self.now())
            .await?;
        if !changed.is_made() {
            return Err(ServiceError::Conflict(
                "your password was changed meanwhile: sign in again".to_owned(),
            ));
        }
        let deed = Deed {
            action: "password.changed",
            target: caller.name(),
            ..Deed::default()
        };
        self.record_of(caller, None, deed).await;
        self.send_soon(self.password_changed_email(&user, origin));
        Ok(())
    }

    /// Whether a password is the caller's own, for an act that asks again.
    pub async fn is_own_password(&self, caller: &Caller, password: String) -> ServiceResult<bool> {
        let user = self.signed_in(person(caller)?).await?;
        let user = user.ok_or(ServiceError::Unauthenticated)?;
        let verdict = verify_password(&self.hashing, password, Some(user.password_hash)).await?;
        let is_right = verdict != Verdict::Wrong;
        if !is_right {
            let deed = Deed::plain("user.password_refused", caller.name());
            self.record_of(caller, None, deed).await;
        }
        Ok(is_right)
    }

    /// Keeps a person out, whose sessions end at once, or lets them in again.
    pub async fn set_disabled(
        &self,
        caller: &Caller,
        email: &str,
        disabled: bool,
    ) -> ServiceResult<User> {
        caller.require_platform(Permission::Provision)?;
        let user = self
            .store
            .user_by_email(&crate::email_address::normal(email))
            .await?;
        let user = user.ok_or(ServiceError::NotFound)?;
        if disabled && caller.user() == Some(user.id) {
            return Err(ServiceError::Conflict(
                "this is you: someone else has to do it".to_owned(),
            ));
        }
        self.store
            .set_disabled(user.id, disabled, self.now())
            .await?;
        let action = if disabled {
            "user.disabled"
        } else {
            "user.enabled"
        };
        let target = &*user.email;
        self.record_of(caller, None, Deed::plain(action, target))
            .await;
        Ok(User { disabled, ..user })
    }
}

pub(crate) fn person(caller: &Caller) -> ServiceResult<UserId> {
    caller.user().ok_or_else(|| {
        ServiceError::Forbidden("this needs to be signed in with an email address".to_owned())
    })
}
