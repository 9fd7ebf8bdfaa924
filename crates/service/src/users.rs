//! People: signing in, and what they may see.

use domain::{
    FieldError, Invalid,
    tenancy::{PlatformRole, Role},
};

use crate::{
    Caller, Permission, ServiceError, ServiceResult, Services,
    accounts::check_name,
    audit::Deed,
    email_address::{is_one, normal},
    passwords::{Verdict, check_password, hash_password, verify_password},
    ports::{Membership, NewUser, User},
};

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

/// A person to create, or to replace by email address.
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
    /// Creates a person, or replaces the one with that email address, whose sessions end: their password is another one.
    pub async fn put_user(&self, caller: &Caller, user: PutUser) -> ServiceResult<User> {
        caller.require_platform(Permission::Provision)?;
        check_user(&user)?;
        let mut memberships = Vec::new();
        for joining in &user.memberships {
            memberships.push(self.membership(joining).await?);
        }
        let new = NewUser {
            email: normal(&user.email),
            name: user.name,
            password_hash: hash_password(&self.hashing, &user.password).await?,
            platform_role: user.platform_role,
            memberships,
        };
        let user = self.store.put_user(&new, self.now()).await?;
        let (action, target) = ("user.put", &*user.email);
        self.record_of(caller, None, Deed::plain(action, target))
            .await;
        Ok(user)
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
        if joining.role == Role::Owner && !joining.companies.is_empty() {
            return Err(ServiceError::invalid(
                "companies",
                "an owner sees every company: leave them out",
            ));
        }
        Ok(Membership {
            account: account.id,
            role: joining.role,
            companies: found.iter().map(|company| company.id).collect(),
        })
    }

    /// Checks an email address and a password. An unknown address takes as long as a wrong password.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] whatever was wrong.
    pub async fn sign_in(
        &self,
        email: &str,
        password: String,
        address: Option<&str>,
    ) -> ServiceResult<User> {
        let email = normal(email);
        let user = self.store.user_by_email(&email).await?;
        let hash = user.as_ref().map(|user| user.password_hash.clone());
        let verdict = verify_password(&self.hashing, password.clone(), hash).await?;
        let known = user.is_some();
        let mut user = user.filter(|user| verdict != Verdict::Wrong && !user.disabled);
        if let (Some(user), Verdict::Outdated) = (&mut user, verdict) {
            self.renew_hash(user, &password).await;
        }
        // An address that nobody has is not written down: it may be a password in the wrong field.
        let who = if known { &*email } else { "unknown" };
        let action = match &user {
            // Who has a second factor is not signed in yet.
            Some(user) if user.second_factor.is_set => "user.password_accepted",
            Some(_) => "user.signed_in",
            None => "user.sign_in_refused",
        };
        let deed = Deed {
            action,
            target: who,
            ..Deed::default()
        };
        self.record_entry(None, who, address, deed).await;
        user.ok_or(ServiceError::Unauthenticated)
    }

    /// Hashes a password anew that is known to be right. The person is signed in all the same when that fails.
    async fn renew_hash(&self, user: &mut User, password: &str) {
        let renewed = async {
            let hash = hash_password(&self.hashing, password).await?;
            let before = &user.password_hash;
            self.store.renew_hash(user.id, before, &hash).await?;
            let kept = self.store.user(user.id).await?;
            let kept = kept.map(|user| user.password_hash);
            // Somebody else may have been faster: the same person, or an operator with another password.
            let verdict = verify_password(&self.hashing, password.to_owned(), kept.clone()).await?;
            Ok::<_, ServiceError>(kept.filter(|_| verdict != Verdict::Wrong))
        };
        match renewed.await {
            Ok(Some(hash)) => user.password_hash = hash,
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "a password's hash could not be made anew"),
        }
    }

    /// People by email address, those after `after`.
    pub async fn users(
        &self,
        caller: &Caller,
        after: Option<&str>,
        limit: u32,
    ) -> ServiceResult<Vec<User>> {
        caller.require_platform(Permission::Provision)?;
        Ok(self.store.users(after, limit).await?)
    }
}

fn check_user(user: &PutUser) -> Result<(), Invalid> {
    let mut errors = Vec::new();
    check_email(&user.email, &mut errors);
    check_name(&user.name, &mut errors);
    check_password(&user.password, &[&user.name, &user.email], &mut errors);
    if user.platform_role.is_none() && user.memberships.is_empty() {
        errors.push(FieldError::new(
            "account",
            "required",
            "name an account or a platform role",
        ));
    }
    Invalid::refuse(errors)
}

/// An email address as it is kept, or what is wrong with it.
pub(crate) fn check_email(email: &str, errors: &mut Vec<FieldError>) -> String {
    let email = normal(email);
    if !is_one(&email) {
        errors.push(FieldError::invalid(
            "email",
            "must be an email address such as ada@example.com",
        ));
    }
    email
}
