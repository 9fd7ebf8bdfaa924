//! People: signing in, and what they may see.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use domain::{
    FieldError, Invalid, UserId,
    tenancy::{PlatformRole, Role},
};

use crate::{
    Caller, Permission, ServiceError, ServiceResult, Services,
    accounts::check_name,
    ports::{Membership, NewUser, SavedSession, User},
};

/// Fewest characters of a password.
const MIN_PASSWORD_CHARS: usize = 8;
/// Most bytes of a password: longer ones only cost time.
const MAX_PASSWORD_BYTES: usize = 1_024;

/// A place in an account, by keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joining {
    /// Key of the account.
    pub account: String,
    /// What they may do there.
    pub role: Role,
    /// Keys of the companies they may see; all when empty.
    pub companies: Vec<String>,
}

/// A person to create, or to replace by e-mail address.
#[derive(Clone)]
pub struct PutUser {
    /// E-mail address.
    pub email: String,
    /// Display name.
    pub name: String,
    /// Password in the clear; stored as an argon2id hash.
    pub password: String,
    /// Role of platform staff.
    pub platform_role: Option<PlatformRole>,
    /// Accounts.
    pub memberships: Vec<Joining>,
}

impl Services {
    /// Creates a person, or replaces the one with that e-mail address.
    pub async fn put_user(&self, caller: &Caller, user: PutUser) -> ServiceResult<User> {
        caller.require_platform(Permission::Provision)?;
        check_user(&user)?;
        let mut memberships = Vec::new();
        for joining in &user.memberships {
            memberships.push(self.membership(joining).await?);
        }
        let new = NewUser {
            email: user.email.trim().to_lowercase(),
            name: user.name,
            password_hash: hash_password(user.password).await?,
            platform_role: user.platform_role,
            memberships,
        };
        Ok(self.store.put_user(&new, self.now()).await?)
    }

    async fn membership(&self, joining: &Joining) -> ServiceResult<Membership> {
        let account = self.directory.account(&joining.account).await?;
        let account = account.ok_or_else(|| {
            ServiceError::invalid(
                "account",
                format!("'{}' is not an account", joining.account),
            )
        })?;
        let found = self
            .store
            .companies_by_key(account.id, &joining.companies)
            .await?;
        if let Some(missing) = joining
            .companies
            .iter()
            .find(|key| found.iter().all(|company| &company.key != *key))
        {
            return Err(ServiceError::invalid(
                "companies",
                format!("'{missing}' is not a company of the account"),
            ));
        }
        if joining.role == Role::Client && found.is_empty() {
            return Err(ServiceError::invalid(
                "companies",
                "a client needs at least one company",
            ));
        }
        Ok(Membership {
            account: account.id,
            role: joining.role,
            companies: found.iter().map(|company| company.id).collect(),
        })
    }

    /// Checks an e-mail address and a password. An unknown address takes as long as a wrong password.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] whatever was wrong.
    pub async fn sign_in(&self, email: &str, password: String) -> ServiceResult<User> {
        let user = self
            .store
            .user_by_email(&email.trim().to_lowercase())
            .await?;
        let hash = user.as_ref().map(|user| user.password_hash.clone());
        let is_right = verify_password(password, hash).await?;
        user.filter(|user| is_right && !user.disabled)
            .ok_or(ServiceError::Unauthenticated)
    }

    /// The signed-in person of a session; none when they were removed or disabled since.
    pub async fn signed_in(&self, id: UserId) -> ServiceResult<Option<User>> {
        Ok(self.store.user(id).await?.filter(|user| !user.disabled))
    }

    /// People by e-mail address, those after `after`.
    pub async fn users(
        &self,
        caller: &Caller,
        after: Option<&str>,
        limit: u32,
    ) -> ServiceResult<Vec<User>> {
        caller.require_platform(Permission::Provision)?;
        Ok(self.store.users(after, limit).await?)
    }

    /// Stores a browser session; `false` when `create` is set and the id is taken.
    pub async fn save_session(&self, session: &SavedSession, create: bool) -> ServiceResult<bool> {
        Ok(self.store.save_session(session, create).await?)
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
}

fn check_user(user: &PutUser) -> Result<(), Invalid> {
    let mut errors = Vec::new();
    let email = user.email.trim();
    let looks_right = email.len() <= 254
        && email
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    if !looks_right
        || email
            .chars()
            .any(|letter| letter.is_control() || letter.is_whitespace())
    {
        errors.push(FieldError::invalid(
            "email",
            "must be an e-mail address such as ada@example.com",
        ));
    }
    check_name(&user.name, &mut errors);
    if user.password.chars().count() < MIN_PASSWORD_CHARS
        || user.password.len() > MAX_PASSWORD_BYTES
    {
        errors.push(FieldError::invalid(
            "password",
            format!("must have at least {MIN_PASSWORD_CHARS} characters"),
        ));
    }
    if user.platform_role.is_none() && user.memberships.is_empty() {
        errors.push(FieldError::new(
            "account",
            "required",
            "name an account or a platform role",
        ));
    }
    Invalid::refuse(errors)
}

/// Hashing takes tens of milliseconds on purpose, so it runs beside the async threads.
async fn hash_password(password: String) -> ServiceResult<String> {
    let hashed = tokio::task::spawn_blocking(move || {
        Argon2::default()
            .hash_password(password.as_bytes())
            .map(|hash| hash.to_string())
    });
    match hashed.await {
        Ok(Ok(hash)) => Ok(hash),
        Ok(Err(error)) => Err(crate::ports::StoreError::new(error.to_string()).into()),
        Err(error) => Err(crate::ports::StoreError::new(error).into()),
    }
}

async fn verify_password(password: String, hash: Option<String>) -> ServiceResult<bool> {
    let Some(hash) = hash else {
        hash_password(password).await?;
        return Ok(false);
    };
    let verified = tokio::task::spawn_blocking(move || {
        PasswordHash::new(&hash).is_ok_and(|hash| {
            Argon2::default()
                .verify_password(password.as_bytes(), &hash)
                .is_ok()
        })
    });
    verified
        .await
        .map_err(|error| crate::ports::StoreError::new(error).into())
}
