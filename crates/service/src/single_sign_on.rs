//! People that a provider of single sign-on vouches for.

use domain::{FieldError, Invalid, tenancy::Role};

use crate::{
    Caller, Permission, Scope, ServiceError, ServiceResult, Services,
    audit::Deed,
    members::Place,
    ports::{Expected, Identity, Membership, NewPerson, User, Versioned as _},
    users::check_email,
};

/// What a provider says of someone, after its signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Who they are there.
    pub identity: Identity,
    /// Their email address, if it says that it has made sure of it.
    pub verified_email: Option<String>,
    /// Their name.
    pub name: Option<String>,
    /// The account and the place in it that it says they belong to.
    pub place: Option<(String, Place)>,
}

impl Services {
    /// Signs someone in whom a provider vouches for. Who is not known is added when the provider says where they belong;
    /// who is known by their address is recognised when the provider has made sure of it.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] says what is missing.
    pub async fn sign_in_with(&self, claims: Claims, address: Option<&str>) -> ServiceResult<User> {
        // Before anything is kept of someone, it is sure that there is a place for them.
        let place = self.place(&claims).await?;
        let known = self.store.user_of_identity(&claims.identity).await?;
        let user = match known {
            Some(user) => user,
            None => self.recognise(&claims).await?,
        };
        if user.disabled {
            return Err(forbidden("you may not sign in: ask the operator"));
        }
        let user = match place {
            Some((scope, membership)) => self.move_to(user, &scope, membership, &claims).await?,
            None => user,
        };
        if user.platform_role.is_none() && user.memberships.is_empty() {
            return Err(forbidden(
                "you belong to no account yet: ask for an invitation",
            ));
        }
        let deed = Deed {
            action: "user.signed_in",
            target: &user.email,
            detail: format!("by {}", claims.identity.issuer),
        };
        self.record_entry(None, &user.email, address, deed).await;
        Ok(user)
    }

    async fn recognise(&self, claims: &Claims) -> ServiceResult<User> {
        let email = claims.verified_email.as_deref().ok_or_else(|| {
            forbidden("the sign-in service has not made sure of your email address")
        })?;
        let mut errors: Vec<FieldError> = Vec::new();
        let email = check_email(email, &mut errors);
        Invalid::refuse(errors)?;
        let known = self.store.user_by_email(&email).await?;
        if known.is_none() && claims.place.is_none() {
            return Err(forbidden(
                "you belong to no account yet: ask for an invitation",
            ));
        }
        if known.is_none() {
            self.refuse_kept(&email).await?;
        }
        let name = claims.name.clone().unwrap_or_else(|| email.clone());
        let person = NewPerson {
            name: name
                .chars()
                .filter(|letter| !letter.is_control())
                .take(120)
                .collect(),
            email,
            password_hash: String::new(),
        };
        Ok(self
            .store
            .link_identity(&claims.identity, &person, self.now())
            .await?)
    }

    /// The place that the provider says someone has.
    async fn place(&self, claims: &Claims) -> ServiceResult<Option<(Scope, Membership)>> {
        let Some((account, place)) = &claims.place else {
            return Ok(None);
        };
        let operator = Caller::operator("single sign-on");
        let scope = self
            .scope(&operator, Some(account), Permission::Manage)
            .await
            .map_err(|error| match error {
                ServiceError::NotFound => {
                    forbidden("the sign-in service names an account that there is not")
                }
                other => other,
            })?;
        let membership = self.membership_of(&scope, place).await?;
        Ok(Some((scope, membership)))
    }

    /// Gives someone the place that the provider says they have, so that a change there is one here.
    async fn move_to(
        &self,
        user: User,
        scope: &Scope,
        membership: Membership,
        claims: &Claims,
    ) -> ServiceResult<User> {
        let mut memberships = user.memberships.iter();
        let before = memberships.find(|one| one.account == membership.account);
        // Who owns the account stays its owner: a wrong claim must not leave it without one.
        if before == Some(&membership) || before.is_some_and(|one| one.role == Role::Owner) {
            return Ok(user);
        }
        // Who became owner at this moment stays that as well.
        let expected = before.map_or(Expected::Absent, |before| {
            Expected::version(before.version())
        });
        let moved = self
            .store
            .put_member(user.id, &membership, &expected)
            .await?;
        if !moved.is_made() {
            return self
                .signed_in(user.id)
                .await?
                .ok_or(ServiceError::Unauthenticated);
        }
        let deed = Deed {
            action: "member.placed",
            target: &user.email,
            detail: format!("as {} by {}", membership.role, claims.identity.issuer),
        };
        self.record(scope, deed).await;
        self.store
            .user(user.id)
            .await?
            .ok_or(ServiceError::Unauthenticated)
    }
}

fn forbidden(text: &str) -> ServiceError {
    ServiceError::Forbidden(text.to_owned())
}
