//! Who belongs to an account: members, invitations, and what they may do.

use domain::{
    CompanyId, FieldError, Invalid, UserId,
    tenancy::{Account, Company, Role},
    time::DAY_US,
};
use sha2::{Digest, Sha256};

use crate::{
    Scope, ServiceError, ServiceResult, Services,
    accounts::check_name,
    audit::Deed,
    keys::random_hex,
    passwords::{check_password, hash_password},
    ports::{
        Edited, EmailProof, Expected, Invitation, Membership, NewPerson, User, Version,
        Versioned as _,
    },
    request::recall,
    users::check_email,
};

/// Random bytes of an invitation's secret.
const SECRET_BYTES: usize = 32;
/// Where the link of an invitation leads; its secret follows.
const PATH: &str = "/invitations";
/// How long an invitation works.
const INVITATION_DAYS: i64 = 7;
/// Most open invitations of an account.
pub const MOST_INVITATIONS: u32 = 500;

/// Someone with access to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Stored number of the person.
    pub id: UserId,
    /// E-mail address.
    pub email: String,
    /// Display name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The companies they may see; all when empty.
    pub companies: Vec<Company>,
    /// Whether they cannot sign in.
    pub is_disabled: bool,
    /// The version of what they may do.
    pub version: Version,
}

/// An open invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// The companies it is for; all when empty.
    pub companies: Vec<Company>,
}

/// An invitation that has just been made: the only time its secret is known.
#[derive(Clone)]
pub struct MadeInvitation {
    /// Path of the link, with the secret.
    pub path: String,
    /// The invitation.
    pub invitation: Invitation,
}

impl OpenInvitation {
    /// Whether this is the invitation of a link that was shown.
    pub fn is_of(&self, link: &str) -> bool {
        let secret = link.rsplit('/').next().unwrap_or_default();
        self.invitation.token_hash == hash_of(secret)
    }

    /// Whether a link that was mailed leads to it as well.
    pub const fn is_mailed(&self) -> bool {
        self.invitation.mailed_hash.is_some()
    }
}

/// What an invitation says to who follows its link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcome {
    /// The account.
    pub account: Account,
    /// Whose address was invited.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// Who invited them.
    pub invited_by: String,
    /// Whether someone with that address is known: they sign in, others choose a password.
    pub is_known: bool,
}

/// A place in an account to give to someone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What they may do.
    pub role: Role,
    /// Keys of the companies they may see; all when empty.
    pub companies: Vec<String>,
}

impl Services {
    /// The members of an account.
    pub async fn members(&self, scope: &Scope) -> ServiceResult<Vec<Member>> {
        scope.require_manage()?;
        let users = self.store.members(scope.account.id).await?;
        let mut members = Vec::with_capacity(users.len());
        for user in users {
            let membership = user
                .memberships
                .iter()
                .find(|one| one.account == scope.account.id);
            if let Some(membership) = membership {
                let companies = self.companies_of(scope, &membership.companies).await?;
                members.push(Member {
                    id: user.id,
                    version: membership.version(),
                    role: membership.role,
                    companies,
                    email: user.email,
                    name: user.name,
                    is_disabled: user.disabled,
                });
            }
        }
        Ok(members)
    }

    async fn companies_of(&self, scope: &Scope, ids: &[CompanyId]) -> ServiceResult<Vec<Company>> {
        if ids.is_empty() {
            return Ok(vec![]);
        }
        let most = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let account = scope.account.id;
        Ok(self
            .store
            .companies(account, Some(ids), None, None, most)
            .await?)
    }

    /// Changes what a member may do. An account keeps an owner.
    ///
    /// # Errors
    /// [`ServiceError::Stale`] when they may do something else by now than `expected`.
    pub async fn change_member(
        &self,
        scope: &Scope,
        id: UserId,
        place: &Place,
        expected: Option<Version>,
    ) -> ServiceResult<()> {
        scope.require_manage()?;
        scope.require_lasting()?;
        let member = self.member(scope, id).await?;
        let membership = self.membership_of(scope, place).await?;
        let expected = expected.map_or(Expected::Present, Expected::version);
        let changed = self.store.put_member(id, &membership, &expected).await?;
        kept_an_owner(&changed)?;
        let detail = words(place);
        let action = "member.changed";
        let target = &member.email;
        self.record(
            scope,
            Deed {
                action,
                target,
                detail,
            },
        )
        .await;
        Ok(())
    }

    /// Ends a membership. An account keeps an owner.
    pub async fn remove_member(&self, scope: &Scope, id: UserId) -> ServiceResult<()> {
        scope.require_manage()?;
        let member = recall(async { Ok(self.member(scope, id).await?.email) }).await?;
        let removed = self.store.remove_member(scope.account.id, id).await?;
        kept_an_owner(&removed)?;
        let (action, target) = ("member.removed", &*member);
        self.record(scope, Deed::plain(action, target)).await;
        Ok(())
    }

    async fn member(&self, scope: &Scope, id: UserId) -> ServiceResult<User> {
        let user = self.store.user(id).await?;
        user.filter(|user| role_in(user, scope).is_some())
            .ok_or(ServiceError::NotFound)
    }

    /// Invites someone by email, and returns the link as well. A mailbox gets one email an hour of an account, and few a
    /// day of all: an invitation that repeats another then goes with the link that was mailed before.
    pub async fn invite(
        &self,
        scope: &Scope,
        email: &str,
        place: &Place,
        origin: &str,
    ) -> ServiceResult<MadeInvitation> {
        scope.require_manage()?;
        scope.require_lasting()?;
        let mut errors = Vec::new();
        let email = check_email(email, &mut errors);
        Invalid::refuse(errors)?;
        let membership = self.membership_of(scope, place).await?;
        let known = self.store.user_by_email(&email).await?;
        if known.is_some_and(|user| role_in(&user, scope).is_some()) {
            return Err(is_member());
        }
        // Whoever invites is shown a link, and the mailbox gets another one: only that one shows whose the mailbox is.
        let (secret, mailed) = (random_hex(SECRET_BYTES), random_hex(SECRET_BYTES));
        let cause = format!("account {}", scope.account.id.0);
        let is_mailed = self.may_mail_invitation(&email, &cause).await?;
        let now = self.now();
        let invitation = Invitation {
            id: self.new_id(),
            account: scope.account.id,
            token_hash: hash_of(&secret),
            mailed_hash: is_mailed.then(|| hash_of(&mailed)),
            email,
            role: membership.role,
            companies: membership.companies,
            invited_by: scope.actor.clone(),
            created_at: now,
            expires_at: now.plus_micros(INVITATION_DAYS * DAY_US),
        };
        match self
            .store
            .put_invitation(&invitation, MOST_INVITATIONS)
            .await?
        {
            Edited::Made(()) => {}
            Edited::Over => {
                return Err(ServiceError::Conflict(format!(
                    "an account has at most {MOST_INVITATIONS} open invitations: revoke one"
                )));
            }
            Edited::Missing | Edited::Stale => return Err(is_member()),
        }
        let path = format!("{PATH}/{secret}");
        let (action, target) = ("member.invited", &*invitation.email);
        let detail = words(place);
        self.record(
            scope,
            Deed {
                action,
                target,
                detail,
            },
        )
        .await;
        if is_mailed {
            let email = self
                .invitation_email(scope, &invitation, &format!("{origin}{PATH}/{mailed}"))
                .await?;
            // Whoever invites has the link as well.
            let _ = self.mail.send(email).await;
        }
        Ok(MadeInvitation { path, invitation })
    }

    /// Open invitations of an account, newest first.
    pub async fn invitations(&self, scope: &Scope) -> ServiceResult<Vec<OpenInvitation>> {
        scope.require_manage()?;
        let open = self.store.invitations(scope.account.id, self.now()).await?;
        let mut listed = Vec::with_capacity(open.len());
        for invitation in open {
            let companies = self.companies_of(scope, &invitation.companies).await?;
            listed.push(OpenInvitation {
                invitation,
                companies,
            });
        }
        Ok(listed)
    }

    /// Takes an invitation back: its link does nothing any more.
    pub async fn revoke_invitation(&self, scope: &Scope, id: &str) -> ServiceResult<()> {
        scope.require_manage()?;
        if !self.store.revoke_invitation(scope.account.id, id).await? {
            return Err(ServiceError::NotFound);
        }
        let (action, target) = ("invitation.revoked", id);
        self.record(scope, Deed::plain(action, target)).await;
        Ok(())
    }

    /// What the link of an invitation says; it needs no caller: the secret is what is known.
    pub async fn welcome(&self, secret: &str) -> ServiceResult<Welcome> {
        let (invitation, account) = self.invitation_of(secret).await?;
        let known = self.store.user_by_email(&invitation.email).await?;
        Ok(Welcome {
            account,
            email: invitation.email,
            role: invitation.role,
            invited_by: invitation.invited_by,
            is_known: known.is_some(),
        })
    }

    async fn invitation_of(&self, secret: &str) -> ServiceResult<(Invitation, Account)> {
        let open = self
            .store
            .invitation(&hash_of(secret), self.now())
            .await?
            .ok_or(ServiceError::NotFound)?;
        let account = self
            .directory
            .account_by_id(open.account)
            .await?
            .ok_or(ServiceError::NotFound)?;
        Ok((open, account))
    }

    /// The account that a signed-in person joined by a link: for them, and only for them, it leads there ever after.
    pub async fn joined_by(&self, user: &User, secret: &str) -> ServiceResult<Option<String>> {
        let accepted = self.store.accepted_invitation(&hash_of(secret)).await?;
        let Some(accepted) = accepted.filter(|one| one.email == user.email) else {
            return Ok(None);
        };
        let mut theirs = user.memberships.iter();
        if !theirs.any(|one| one.account == accepted.account) {
            return Ok(None);
        }
        let account = self.directory.account_by_id(accepted.account).await?;
        Ok(account.map(|account| account.key))
    }

    /// Accepts an invitation as someone new, who is signed in by that.
    ///
    /// # Errors
    /// [`ServiceError::Conflict`] when someone with that address is known: they sign in first.
    pub async fn accept_as_new(
        &self,
        secret: &str,
        name: &str,
        password: String,
        address: Option<&str>,
    ) -> ServiceResult<User> {
        let (invitation, account) = self.invitation_of(secret).await?;
        let mut errors = Vec::new();
        check_name(name, &mut errors);
        check_password(
            &password,
            &[name, &invitation.email, &account.name],
            &mut errors,
        );
        Invalid::refuse(errors)?;
        if self.store.user_by_email(&invitation.email).await?.is_some() {
            return Err(ServiceError::Conflict(
                "you have a password already: sign in with it, then follow the link again"
                    .to_owned(),
            ));
        }
        self.refuse_kept(&invitation.email).await?;
        let person = NewPerson {
            email: invitation.email.clone(),
            name: name.trim().to_owned(),
            password_hash: hash_password(&self.hashing, &password).await?,
            proof: is_mailed(&invitation, secret).then_some(EmailProof::Mail),
        };
        self.accept(secret, Some(&person), &invitation, address)
            .await
    }

    /// Accepts an invitation as the signed-in person that it is for.
    pub async fn accept_as(
        &self,
        user: &User,
        secret: &str,
        address: Option<&str>,
    ) -> ServiceResult<User> {
        let (invitation, _) = self.invitation_of(secret).await?;
        if invitation.email != user.email {
            return Err(ServiceError::Conflict(format!(
                "this invitation is for {}: sign in as that person",
                invitation.email
            )));
        }
        self.accept(secret, None, &invitation, address).await
    }

    async fn accept(
        &self,
        secret: &str,
        person: Option<&NewPerson>,
        invitation: &Invitation,
        address: Option<&str>,
    ) -> ServiceResult<User> {
        let user = self
            .store
            .accept_invitation(&hash_of(secret), person, self.now())
            .await?
            .ok_or(ServiceError::NotFound)?;
        let deed = Deed {
            action: "member.joined",
            target: &user.email,
            detail: format!("as {}", invitation.role),
        };
        self.record_entry(Some(invitation.account), &user.email, address, deed)
            .await;
        if person.is_some_and(|person| person.proof.is_some()) {
            let by = "by a link mailed to it".to_owned();
            self.record_proof(&user, by, false, address).await;
        }
        Ok(user)
    }

    /// A place in an account, by the numbers of its companies.
    pub(crate) async fn membership_of(
        &self,
        scope: &Scope,
        place: &Place,
    ) -> ServiceResult<Membership> {
        let account = scope.account.id;
        let found = self
            .store
            .companies_by_key(account, &place.companies)
            .await?;
        let mut errors = Vec::new();
        let is_missing = |key: &&String| found.iter().all(|company| &company.key != *key);
        for missing in place.companies.iter().filter(is_missing) {
            let message = format!("'{missing}' is not a company of the account");
            errors.push(FieldError::new("companies", "unknown_company", message));
        }
        if place.role == Role::Client && place.companies.is_empty() {
            errors.push(FieldError::new(
                "companies",
                "required",
                "a client needs at least one company",
            ));
        }
        if place.role == Role::Owner && !place.companies.is_empty() {
            errors.push(FieldError::invalid(
                "companies",
                "an owner sees every company: leave them out",
            ));
        }
        Invalid::refuse(errors)?;
        Ok(Membership {
            account,
            role: place.role,
            companies: found.iter().map(|company| company.id).collect(),
        })
    }
}

/// Whether a secret is the one that was mailed, and shown to nobody else.
fn is_mailed(invitation: &Invitation, secret: &str) -> bool {
    invitation.mailed_hash.as_deref() == Some(&*hash_of(secret))
}

fn role_in(user: &User, scope: &Scope) -> Option<Role> {
    let mut memberships = user.memberships.iter();
    memberships
        .find(|one| one.account == scope.account.id)
        .map(|one| one.role)
}

/// What a change of a member came to.
fn kept_an_owner(changed: &Edited<()>) -> ServiceResult<()> {
    match changed {
        Edited::Made(()) => Ok(()),
        Edited::Missing => Err(ServiceError::NotFound),
        Edited::Stale => Err(ServiceError::Stale),
        Edited::Over => Err(ServiceError::Conflict(
            "this is the only owner of the account: make someone else owner first".to_owned(),
        )),
    }
}

fn is_member() -> ServiceError {
    let message = "is a member of the account already: change their role instead";
    ServiceError::invalid("email", message)
}

fn words(place: &Place) -> String {
    if place.companies.is_empty() {
        format!("as {}", place.role)
    } else {
        format!("as {} of {}", place.role, place.companies.join(", "))
    }
}

pub(crate) fn hash_of(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}
