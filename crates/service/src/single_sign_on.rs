//! People that a provider of single sign-on vouches for.

use domain::{FieldError, Invalid, tenancy::Role};

use crate::{
    Caller, Permission, Scope, ServiceError, ServiceResult, Services,
    audit::Deed,
    email_address::normal,
    mail::{Block, Email},
    members::Place,
    ports::{EmailProof, Expected, Identity, Membership, NewPerson, Proved, User, Versioned as _},
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
            // Nobody had shown before that the address is theirs, and the provider does: as if they came first.
            Some(user) if !is_shown(&user, &claims) => user,
            _ => self.recognise(&claims, address).await?,
        };
        if user.disabled {
            return Err(may_not());
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

    /// The person of an address that the provider has made sure of. What somebody else set up who had not shown that it is
    /// theirs – an inviter who followed the link to the invitation – lets nobody in any more.
    async fn recognise(&self, claims: &Claims, address: Option<&str>) -> ServiceResult<User> {
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
        if known.as_ref().is_some_and(|user| user.disabled) {
            return Err(may_not());
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
            proof: Some(EmailProof::SignOn),
        };
        let linked = self
            .store
            .link_identity(&claims.identity, &person, self.now());
        let Proved { user, has_lost } = linked.await?;
        if has_lost {
            let by = format!("by {}", claims.identity.issuer);
            self.record_proof(&user, by, has_lost, address).await;
            self.send_soon(self.secured_email(&user));
        }
        Ok(user)
    }

    /// Writes down who made sure of an address, and what became of what was set up before.
    pub(crate) async fn record_proof(
        &self,
        user: &User,
        by: String,
        has_lost: bool,
        address: Option<&str>,
    ) {
        let lost = if has_lost {
            "; what was set up before lets nobody in any more"
        } else {
            ""
        };
        let deed = Deed {
            action: "email.proved",
            target: &user.email,
            detail: format!("{by}{lost}"),
        };
        self.record_entry(None, &user.email, address, deed).await;
    }

    fn secured_email(&self, user: &User) -> Email {
        let blocks = vec![
            Block::Heading("Your earlier sign-in was removed".to_owned()),
            Block::Text(format!(
                "Someone chose a password for {} on Creditscope before this address was confirmed. You signed in by \
                 single sign-on, which confirms it.",
                user.email
            )),
            Block::Text(
                "That password, its second factor and all earlier sessions no longer work. You sign in by single sign-on \
                 from now on."
                    .to_owned(),
            ),
            Block::Note(
                "If it was you who chose the password, there is nothing to do.".to_owned(),
            ),
        ];
        self.letter(&user.email, "Your earlier sign-in was removed", blocks)
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

/// Whether the provider has made sure of an address of which nobody has shown yet that it is the person's.
fn is_shown(user: &User, claims: &Claims) -> bool {
    let email = claims.verified_email.as_deref().map(normal);
    user.email_proof.is_none() && email.as_deref() == Some(&*user.email)
}

fn may_not() -> ServiceError {
    forbidden("you may not sign in: ask the operator")
}

fn forbidden(text: &str) -> ServiceError {
    ServiceError::Forbidden(text.to_owned())
}
