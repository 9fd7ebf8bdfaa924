//! Who gets which emails: those who pay for an account, unless they unsubscribed.

mod compose;

use domain::{AccountId, UserId};
use standardwebhooks::Webhook;
use subtle::ConstantTimeEq as _;

use crate::{
    Scope, ServiceError, ServiceResult, Services,
    audit::Deed,
    ports::{EmailKind, StoreError, Target, User},
};

/// The name of the key that links are signed with.
const KEY: &str = "unsubscribe";
/// Bytes of that key.
const KEY_BYTES: usize = 32;

/// A person's subscription to a kind of email of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Which kind.
    pub kind: EmailKind,
    /// Name of the account.
    pub account: String,
    /// The person's email address.
    pub email: String,
    /// Whether they get it.
    pub is_on: bool,
}

/// What a link of an email names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Link {
    account: AccountId,
    user: UserId,
    kind: EmailKind,
}

impl Link {
    fn payload(self) -> String {
        format!("{}.{}.{}", self.account.0, self.user.0, self.kind.id())
    }

    fn parse(payload: &str) -> Option<Self> {
        let mut parts = payload.split('.');
        let link = Self {
            account: AccountId(parts.next()?.parse().ok()?),
            user: UserId(parts.next()?.parse().ok()?),
            kind: parts.next()?.parse().ok()?,
        };
        // Only what we write ourselves: no other text stands for the same.
        Some(link).filter(|link| link.payload() == payload)
    }
}

impl Services {
    /// Those who pay for an account and want a kind of email. Who sees some companies only is told nothing of all.
    pub(crate) async fn payers(
        &self,
        account: AccountId,
        kind: EmailKind,
    ) -> ServiceResult<Vec<Target>> {
        let optouts = self.store.email_optouts(account).await?;
        let members = self.store.members(account).await?;
        let payers = members
            .into_iter()
            .filter(|user| is_told(user, account) && !optouts.contains(&(user.id, kind)));
        Ok(payers.map(|user| Target::Mail(user.email)).collect())
    }

    /// The emails that the signed-in person gets of an account, and whether; none when they are nobody who gets any.
    pub async fn own_emails(&self, scope: &Scope) -> ServiceResult<Vec<(EmailKind, bool)>> {
        let account = scope.account.id;
        if self.told_person(scope).await?.is_none() {
            return Ok(Vec::new());
        }
        let optouts = self.store.email_optouts(account).await?;
        let is_on = |kind| {
            let is_out =
                |(user, of): &(UserId, EmailKind)| scope.user == Some(*user) && *of == kind;
            !optouts.iter().any(is_out)
        };
        Ok(EmailKind::ALL.map(|kind| (kind, is_on(kind))).to_vec())
    }

    /// Switches a kind of email of an account on or off, for the signed-in person alone.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for somebody who gets no emails of the account.
    pub async fn set_own_email(
        &self,
        scope: &Scope,
        kind: EmailKind,
        is_on: bool,
    ) -> ServiceResult<()> {
        let user = self.told_person(scope).await?;
        let user = user.ok_or(ServiceError::NotFound)?;
        let link = Link {
            account: scope.account.id,
            user: user.id,
            kind,
        };
        self.subscribe(link, &user, is_on, scope.address.as_deref())
            .await
    }

    /// The signed-in person, when they are among those who are told.
    async fn told_person(&self, scope: &Scope) -> ServiceResult<Option<User>> {
        let Some(id) = scope.user else {
            return Ok(None);
        };
        let user = self.store.user(id).await?;
        Ok(user.filter(|user| is_told(user, scope.account.id)))
    }

    async fn subscribe(
        &self,
        link: Link,
        user: &User,
        is_on: bool,
        address: Option<&str>,
    ) -> ServiceResult<()> {
        let (account, kind) = (link.account, link.kind);
        let changed = self
            .store
            .set_email_optout(account, user.id, kind, !is_on, self.now());
        if changed.await? {
            let deed = Deed {
                action: if is_on {
                    "email.subscribed"
                } else {
                    "email.unsubscribed"
                },
                target: &user.email,
                detail: kind.name().to_owned(),
            };
            self.record_entry(Some(account), &user.email, address, deed)
                .await;
        }
        Ok(())
    }

    /// What a link in an email is about. It needs no caller: the link is what is known.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] when we did not write the link, or nobody is behind it any more.
    pub async fn subscription(&self, token: &str) -> ServiceResult<Subscription> {
        let link = self.link(token).await?;
        self.subscription_of(link).await.map(|(found, _)| found)
    }

    /// Unsubscribes the person that a link in an email is for.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] when we did not write the link, or nobody is behind it any more.
    pub async fn unsubscribe(
        &self,
        token: &str,
        address: Option<&str>,
    ) -> ServiceResult<Subscription> {
        let link = self.link(token).await?;
        let (found, user) = self.subscription_of(link).await?;
        self.subscribe(link, &user, false, address).await?;
        Ok(Subscription {
            is_on: false,
            ..found
        })
    }

    async fn subscription_of(&self, link: Link) -> ServiceResult<(Subscription, User)> {
        let account = self.directory.account_by_id(link.account).await?;
        let account = account.ok_or(ServiceError::NotFound)?;
        let user = self.store.user(link.user).await?;
        let user = user.ok_or(ServiceError::NotFound)?;
        let is_on = !self.is_out(link).await?;
        let found = Subscription {
            kind: link.kind,
            account: account.name.clone(),
            email: user.email.clone(),
            is_on,
        };
        Ok((found, user))
    }

    async fn is_out(&self, link: Link) -> ServiceResult<bool> {
        let optouts = self.store.email_optouts(link.account).await?;
        Ok(optouts.contains(&(link.user, link.kind)))
    }

    /// Whether somebody unsubscribed from a kind of email.
    pub(crate) async fn is_unsubscribed(
        &self,
        account: AccountId,
        user: UserId,
        kind: EmailKind,
    ) -> ServiceResult<bool> {
        self.is_out(Link {
            account,
            user,
            kind,
        })
        .await
    }

    /// The last part of the address that unsubscribes a person: whom and what, signed.
    pub(crate) async fn unsubscribe_token(
        &self,
        account: AccountId,
        user: UserId,
        kind: EmailKind,
    ) -> ServiceResult<String> {
        let payload = Link {
            account,
            user,
            kind,
        }
        .payload();
        let mac = self.mac(KEY, &payload).await?;
        Ok(format!("{payload}.{mac}"))
    }

    async fn link(&self, token: &str) -> ServiceResult<Link> {
        let (payload, mac) = token.rsplit_once('.').ok_or(ServiceError::NotFound)?;
        let link = Link::parse(payload).ok_or(ServiceError::NotFound)?;
        let right = self.mac(KEY, payload).await?;
        if bool::from(right.as_bytes().ct_eq(mac.as_bytes())) {
            Ok(link)
        } else {
            Err(ServiceError::NotFound)
        }
    }

    /// HMAC-SHA-256 with a key of this database, one for each purpose.
    pub(crate) async fn mac(&self, purpose: &str, payload: &str) -> ServiceResult<String> {
        let mut fresh = [0_u8; KEY_BYTES];
        rand::fill(&mut fresh);
        let key = self.store.signing_key(purpose, &fresh).await?;
        let signed = Webhook::from_bytes(key)
            .and_then(|signer| signer.sign(purpose, 0, payload.as_bytes()))
            .map_err(StoreError::new)?;
        let mac = signed.split_once(',').map_or("", |(_, mac)| mac);
        let plain = mac.replace('+', "-").replace('/', "_");
        Ok(plain.trim_end_matches('=').to_owned())
    }
}

fn is_told(user: &User, account: AccountId) -> bool {
    let place = user.memberships.iter().find(|one| one.account == account);
    !user.disabled && place.is_some_and(|place| place.role.pays() && place.companies.is_empty())
}
