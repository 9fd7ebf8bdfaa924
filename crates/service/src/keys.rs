//! API keys: made once, shown once, stored as a hash.

use std::fmt::Write as _;

use domain::{
    AccountId, Agent, Credits, FieldError, Invalid, Time, filter::ViewQuery, time::HOUR_US,
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    Caller, Permission, Scope, ServiceError, ServiceResult, Services,
    audit::Deed,
    ports::{ApiKey, Edited, KeyScope},
    request::{noted, recall},
};

/// Random bytes of the public part.
const PREFIX_BYTES: usize = 6;
/// Random bytes of the secret part: 256 bits cannot be guessed.
const SECRET_BYTES: usize = 32;

/// A key that has just been made: the only time its secret is known.
#[derive(Clone)]
pub struct MadeKey {
    /// The whole key, `cs_<prefix>_<secret>`.
    pub token: String,
    /// What was stored of it.
    pub key: ApiKey,
}

/// A key to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyAsk {
    /// What it may do.
    pub scopes: Vec<KeyScope>,
    /// What it is for.
    pub name: String,
    /// After how many seconds it stops working by itself.
    pub expires_in_s: Option<u32>,
}

impl KeyAsk {
    /// A key that works until it is revoked.
    pub fn lasting(scopes: Vec<KeyScope>, name: &str) -> Self {
        Self {
            scopes,
            name: name.to_owned(),
            expires_in_s: None,
        }
    }
}

/// What goes on in an account whose key may be revoked. Events do not say which key they came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// Events of the last hour.
    pub events: u64,
    /// The same by agent, those that had any.
    pub agents: Vec<(Agent, u64)>,
    /// Active calls.
    pub calls: usize,
    /// Credits that they have reserved.
    pub reserved: Credits,
}

/// Most keys of an account, and of the platform, that work at a time.
pub const MOST_KEYS: u32 = 200;
/// As many, and their successors.
const MOST_ROTATED: u32 = 2 * MOST_KEYS;
/// Active calls that are added up, at most.
const MOST_CALLS: u32 = 10_000;
/// Longest name of a key, in characters.
const MAX_KEY_NAME_CHARS: usize = 120;
/// Longest time for which a key that was replaced goes on, in seconds.
const MAX_OVERLAP_S: u32 = 30 * 86_400;

impl Services {
    /// Makes an API key for an account, or for the platform when `account` is none.
    pub async fn make_key(
        &self,
        caller: &Caller,
        account: Option<&str>,
        ask: KeyAsk,
    ) -> ServiceResult<MadeKey> {
        caller.require_lasting()?;
        let account = self.owner_of_keys(caller, account).await?;
        check_ask(account, &ask)?;
        let expires_at = ask
            .expires_in_s
            .map(|seconds| self.moment().plus_micros(i64::from(seconds) * 1_000_000));
        let made = self.new_key(account, ask.scopes, ask.name, expires_at);
        let stored = self.store.put_api_key(&made.key, MOST_KEYS).await?;
        self.directory.forget_key(&made.key.prefix);
        match stored {
            Edited::Made(()) => {}
            Edited::Over | Edited::Missing | Edited::Stale => return Err(too_many()),
        }
        let deed = Deed {
            action: "key.made",
            target: &made.key.prefix,
            detail: made.key.name.clone(),
        };
        self.record_of(caller, account, deed).await;
        Ok(made)
    }

    /// Whose keys are meant: the platform's, or those of an account in which the caller may manage them.
    async fn owner_of_keys(
        &self,
        caller: &Caller,
        account: Option<&str>,
    ) -> ServiceResult<Option<AccountId>> {
        let Some(account) = account else {
            caller.require_platform(Permission::Provision)?;
            return Ok(None);
        };
        let scope = self
            .scope(caller, Some(account), Permission::Manage)
            .await?;
        scope.require_manage()?;
        Ok(Some(scope.account.id))
    }

    fn new_key(
        &self,
        account: Option<AccountId>,
        scopes: Vec<KeyScope>,
        name: String,
        expires_at: Option<Time>,
    ) -> MadeKey {
        let (prefix, secret) = (random_hex(PREFIX_BYTES), random_hex(SECRET_BYTES));
        let key = ApiKey {
            secret_hash: Sha256::digest(secret.as_bytes()).to_vec(),
            account,
            scopes,
            name,
            created_at: self.moment(),
            revoked_at: None,
            expires_at,
            used_at: None,
            prefix,
        };
        MadeKey {
            token: format!("cs_{}_{secret}", key.prefix),
            key,
        }
    }

    /// Makes a key in the place of another, which goes on for a while so that programs can change over.
    pub async fn rotate_key(
        &self,
        caller: &Caller,
        account: Option<&str>,
        prefix: &str,
        overlap_s: u32,
    ) -> ServiceResult<MadeKey> {
        caller.require_lasting()?;
        let account = self.owner_of_keys(caller, account).await?;
        if overlap_s > MAX_OVERLAP_S {
            let rule = format!("must be at most {MAX_OVERLAP_S} seconds");
            return Err(ServiceError::invalid("overlap_s", rule));
        }
        let old = recall(self.working_key(account, prefix)).await?;
        let made = self.new_key(account, old.scopes, old.name, old.expires_at);
        let ends_at = self.moment().plus_micros(i64::from(overlap_s) * 1_000_000);
        let rotated = self
            .store
            .rotate_api_key(prefix, &made.key, ends_at, MOST_ROTATED)
            .await?;
        self.directory.forget_key(prefix);
        self.directory.forget_key(&made.key.prefix);
        match rotated {
            Edited::Made(()) => {}
            Edited::Missing => return Err(works_no_more()),
            Edited::Stale => return Err(was_rotated()),
            Edited::Over => return Err(too_many()),
        }
        let deed = Deed {
            action: "key.rotated",
            target: prefix,
            detail: format!("into {}, ends in {overlap_s} s", made.key.prefix),
        };
        self.record_of(caller, account, deed).await;
        Ok(made)
    }

    async fn working_key(&self, account: Option<AccountId>, prefix: &str) -> ServiceResult<ApiKey> {
        let key = self.store.api_key(prefix).await?;
        let key = key
            .filter(|key| key.account == account)
            .ok_or(ServiceError::NotFound)?;
        if key.works_at(self.now()) {
            return Ok(key);
        }
        Err(works_no_more())
    }

    /// Remembers when keys were used since this was done last.
    pub async fn note_used_keys(&self) -> ServiceResult<()> {
        let used = self.directory.take_used_keys();
        if used.is_empty() {
            return Ok(());
        }
        Ok(self.store.touch_api_keys(&used).await?)
    }

    /// Who a bearer token belongs to.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] for anything but a known, unrevoked key.
    pub async fn caller_of_token(&self, token: &str) -> ServiceResult<Caller> {
        let parts = token
            .strip_prefix("cs_")
            .and_then(|rest| rest.split_once('_'));
        let (prefix, secret) = parts.ok_or(ServiceError::Unauthenticated)?;
        let key = self
            .directory
            .api_key(prefix)
            .await?
            .ok_or(ServiceError::Unauthenticated)?;
        let hash = Sha256::digest(secret.as_bytes());
        let is_right: bool = hash.as_slice().ct_eq(&key.secret_hash).into();
        let now = self.now();
        if is_right && key.works_at(now) {
            self.directory.key_was_used(prefix, now);
            Ok(Caller::from_key(&key))
        } else {
            Err(ServiceError::Unauthenticated)
        }
    }

    /// Keys of an account, or of the platform, without their secrets.
    pub async fn keys(
        &self,
        caller: &Caller,
        account: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> ServiceResult<Vec<ApiKey>> {
        let account = self.owner_of_keys(caller, account).await?;
        Ok(self.store.api_keys(account, after, limit).await?)
    }

    /// What depends on the keys of an account at this moment.
    pub async fn key_use(&self, scope: &Scope) -> ServiceResult<KeyUse> {
        scope.require_manage()?;
        let now = self.now();
        let query = ViewQuery {
            from: Some(now.plus_micros(-HOUR_US).to_string()),
            to: Some(now.to_string()),
            ..ViewQuery::default()
        };
        let summary = self.summary(scope.clone(), &query).await?;
        let mut snapshot = self.store.snapshot().await?;
        let account = scope.account.id;
        let holds = snapshot.active_holds(account, None, MOST_CALLS).await?;
        let active = holds.iter().filter(|(hold, _)| !hold.is_overdue(now));
        let reserved: Vec<_> = active.map(|(hold, _)| hold.reserved()).collect();
        let agents = summary.agents.iter();
        Ok(KeyUse {
            events: summary.current.events,
            agents: agents
                .filter(|(_, now, _)| now.events > 0)
                .map(|(agent, now, _)| (*agent, now.events))
                .collect(),
            calls: reserved.len(),
            reserved: reserved
                .into_iter()
                .fold(Credits::ZERO, Credits::saturating_add),
        })
    }

    /// Revokes a key.
    pub async fn revoke_key(
        &self,
        caller: &Caller,
        account: Option<&str>,
        prefix: &str,
    ) -> ServiceResult<()> {
        let account = self.owner_of_keys(caller, account).await?;
        let revoked = self
            .store
            .revoke_api_key(account, prefix, self.now())
            .await?;
        self.directory.forget_key(prefix);
        if !revoked {
            return Err(ServiceError::NotFound);
        }
        let (action, target) = ("key.revoked", prefix);
        self.record_of(caller, account, Deed::plain(action, target))
            .await;
        Ok(())
    }
}

fn works_no_more() -> ServiceError {
    ServiceError::Conflict("this key is revoked or expired: create a new one".to_owned())
}

fn was_rotated() -> ServiceError {
    ServiceError::Conflict(
        "this key was rotated before, and the key in its place works: rotate or revoke that one"
            .to_owned(),
    )
}

fn too_many() -> ServiceError {
    ServiceError::Conflict(format!(
        "there are at most {MOST_KEYS} keys that work at a time: revoke one"
    ))
}

fn check_ask(account: Option<AccountId>, ask: &KeyAsk) -> ServiceResult<()> {
    let (scopes, mut errors) = (&ask.scopes, Vec::new());
    if ask.name.chars().count() > MAX_KEY_NAME_CHARS || ask.name.chars().any(char::is_control) {
        let rule =
            format!("must be at most {MAX_KEY_NAME_CHARS} characters, without control characters");
        errors.push(FieldError::invalid("name", rule));
    }
    if ask.expires_in_s == Some(0) {
        errors.push(FieldError::invalid(
            "expires_in_s",
            "must be more than zero",
        ));
    }
    if scopes.is_empty() {
        errors.push(FieldError::new(
            "scopes",
            "required",
            "name at least one of ingest, check, read (or platform)",
        ));
    }
    if account.is_some() && scopes.contains(&KeyScope::Platform) {
        errors.push(FieldError::invalid(
            "scopes",
            "an account's key cannot have scope platform",
        ));
    }
    if account.is_none() && scopes.iter().any(|scope| *scope != KeyScope::Platform) {
        errors.push(FieldError::invalid(
            "scopes",
            "ingest, check and read belong to one account: name it",
        ));
    }
    Ok(Invalid::refuse(errors)?)
}

pub(crate) fn random_hex(bytes: usize) -> String {
    noted(|| {
        let mut buffer = vec![0_u8; bytes];
        rand::fill(&mut buffer[..]);
        hex(&buffer)
    })
}

/// Two lower-case digits for each byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
