//! API keys: made once, shown once, stored as a hash.

use std::fmt::Write as _;

use domain::{FieldError, Invalid};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    Caller, Permission, ServiceError, ServiceResult, Services,
    ports::{ApiKey, KeyScope},
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

impl Services {
    /// Makes an API key for an account, or for the platform when `account` is none.
    pub async fn make_key(
        &self,
        caller: &Caller,
        account: Option<&str>,
        scopes: Vec<KeyScope>,
        name: &str,
    ) -> ServiceResult<MadeKey> {
        caller.require_platform(Permission::Provision)?;
        check_scopes(account, &scopes)?;
        let account = match account {
            Some(key) => Some(
                self.directory
                    .account(key)
                    .await?
                    .ok_or(ServiceError::NotFound)?
                    .id,
            ),
            None => None,
        };
        let (prefix, secret) = (random_hex(PREFIX_BYTES), random_hex(SECRET_BYTES));
        let key = ApiKey {
            secret_hash: Sha256::digest(secret.as_bytes()).to_vec(),
            account,
            scopes,
            name: name.to_owned(),
            created_at: self.now(),
            revoked_at: None,
            prefix,
        };
        self.store.put_api_key(&key).await?;
        self.directory.forget_key(&key.prefix);
        Ok(MadeKey {
            token: format!("cs_{}_{secret}", key.prefix),
            key,
        })
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
        if is_right && key.revoked_at.is_none() {
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
        caller.require_platform(Permission::Provision)?;
        let account = match account {
            Some(key) => Some(
                self.directory
                    .account(key)
                    .await?
                    .ok_or(ServiceError::NotFound)?
                    .id,
            ),
            None => None,
        };
        Ok(self.store.api_keys(account, after, limit).await?)
    }

    /// Revokes a key.
    pub async fn revoke_key(
        &self,
        caller: &Caller,
        account: Option<&str>,
        prefix: &str,
    ) -> ServiceResult<()> {
        caller.require_platform(Permission::Provision)?;
        let account = match account {
            Some(key) => Some(
                self.directory
                    .account(key)
                    .await?
                    .ok_or(ServiceError::NotFound)?
                    .id,
            ),
            None => None,
        };
        let revoked = self
            .store
            .revoke_api_key(account, prefix, self.now())
            .await?;
        self.directory.forget_key(prefix);
        if revoked {
            Ok(())
        } else {
            Err(ServiceError::NotFound)
        }
    }
}

fn check_scopes(account: Option<&str>, scopes: &[KeyScope]) -> ServiceResult<()> {
    let mut errors = Vec::new();
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
    let mut buffer = vec![0_u8; bytes];
    rand::fill(&mut buffer[..]);
    buffer
        .iter()
        .fold(String::with_capacity(bytes * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
