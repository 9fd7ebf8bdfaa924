//! One-time links by which a platform signs its own users in.

use domain::{Invalid, Time, time::MINUTE_US};
use serde::{Deserialize, Serialize};

use crate::{
    Caller, Permission, ServiceError, ServiceResult, Services,
    audit::Deed,
    keys::{hex, random_hex},
    members::{Place, hash_of},
    ports::{PortalGrant, SavedSession},
};

/// Random bytes of a link's secret.
const SECRET_BYTES: usize = 32;
/// A link works this long at most: the platform sends its user there at once.
const LINK_US: i64 = 5 * MINUTE_US;
/// Shortest and longest session, in seconds.
const SESSION_S: std::ops::RangeInclusive<u32> = 1..=86_400;
/// Longest name of a user, in characters.
const MAX_USER_CHARS: usize = 120;

/// Whom to sign in, and as what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortalAsk {
    /// The platform's own name of the user.
    pub user: String,
    /// What they may do, and for which companies.
    pub place: Place,
    /// How long they stay signed in, in seconds.
    pub expires_in_s: u32,
}

/// What is kept with the session of a platform's user.
#[derive(Serialize, Deserialize)]
struct PortalSession {
    #[serde(flatten)]
    grant: PortalGrant,
    /// Hash of the link that began it, in hexadecimal; empty for sessions from before it was kept.
    #[serde(default)]
    link: String,
}

/// A link that has just been made.
#[derive(Clone)]
pub struct MadeLink {
    /// Path of the link, with the secret.
    pub path: String,
    /// Until when it works; once.
    pub link_expires_at: Time,
    /// When the user is signed out.
    pub expires_at: Time,
}

impl Services {
    /// Makes a link that signs a user of the platform in, once.
    pub async fn make_portal_link(
        &self,
        caller: &Caller,
        account: &str,
        ask: PortalAsk,
    ) -> ServiceResult<MadeLink> {
        caller.require_platform(Permission::Provision)?;
        let scope = self
            .scope(caller, Some(account), Permission::Provision)
            .await?;
        check(&ask)?;
        let membership = self.membership_of(&scope, &ask.place).await?;
        let now = self.moment();
        let expires_at = now.plus_micros(i64::from(ask.expires_in_s) * 1_000_000);
        let link_expires_at = expires_at.min(now.plus_micros(LINK_US));
        let secret = random_hex(SECRET_BYTES);
        let grant = PortalGrant {
            account: scope.account.id,
            user: ask.user,
            role: membership.role,
            companies: membership.companies,
            ends_at: expires_at,
        };
        self.store
            .put_portal_link(&hash_of(&secret), &grant, link_expires_at)
            .await?;
        let deed = Deed {
            action: "portal.link_made",
            target: &grant.user,
            detail: format!("as {}", grant.role),
        };
        self.record(&scope, deed).await;
        Ok(MadeLink {
            path: format!("/portal/{secret}"),
            link_expires_at,
            expires_at,
        })
    }

    /// What a link that was not used yet would sign in as; looking uses nothing up.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] when it was used before, or is too old.
    pub async fn portal_link(&self, secret: &str) -> ServiceResult<PortalGrant> {
        let grant = self.store.portal_link(&hash_of(secret), self.now()).await?;
        grant.ok_or(ServiceError::NotFound)
    }

    /// Uses a link up and begins the session that it stands for; returns the session's secret.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] when it was used before, or is too old.
    pub async fn use_portal_link(
        &self,
        secret: &str,
        address: Option<&str>,
    ) -> ServiceResult<(String, PortalGrant)> {
        let grant = self.portal_link(secret).await?;
        let session = random_hex(SECRET_BYTES);
        let saved = SavedSession {
            id_hash: hash_of(&session),
            user: None,
            data: serde_json::to_string(&PortalSession {
                grant: grant.clone(),
                link: hex(&hash_of(secret)),
            })
            .map_err(crate::ports::StoreError::new)?,
            expires_at: grant.ends_at,
        };
        let link = hash_of(secret);
        let begun = self.store.take_portal_link(&link, &saved, self.now());
        if !begun.await? {
            return Err(ServiceError::NotFound);
        }
        let deed = Deed {
            action: "portal.signed_in",
            target: &grant.user,
            detail: format!("as {}", grant.role),
        };
        let actor = format!("portal {}", grant.user);
        self.record_entry(Some(grant.account), &actor, address, deed)
            .await;
        Ok((session, grant))
    }

    /// Who a session of a platform's user belongs to.
    pub async fn portal_session(
        &self,
        secret: &str,
    ) -> ServiceResult<Option<(PortalGrant, Caller)>> {
        let hash = hash_of(secret);
        let session = self.saved_portal_session(&hash).await?;
        Ok(session.map(|PortalSession { grant, .. }| {
            let caller = Caller::from_portal(&grant).in_session(hash);
            (grant, caller)
        }))
    }

    /// Whether a session that has not ended is the one that a link began.
    pub async fn is_session_of_link(&self, session: &str, link: &str) -> ServiceResult<bool> {
        let session = self.saved_portal_session(&hash_of(session)).await?;
        Ok(session.is_some_and(|session| session.link == hex(&hash_of(link))))
    }

    async fn saved_portal_session(&self, hash: &[u8]) -> ServiceResult<Option<PortalSession>> {
        let saved = self.store.session(hash, self.now()).await?;
        let saved = saved.filter(|saved| saved.user.is_none());
        // Sessions of people that nobody has signed in to hold something else.
        Ok(saved.and_then(|saved| serde_json::from_str(&saved.data).ok()))
    }

    /// Ends whatever links of one of the platform's users let in: links that were not used yet do nothing any more, and
    /// sessions end, also on open pages. How many there were.
    pub async fn end_portal_user(
        &self,
        caller: &Caller,
        account: &str,
        user: &str,
    ) -> ServiceResult<u64> {
        caller.require_platform(Permission::Provision)?;
        let scope = self
            .scope(caller, Some(account), Permission::Provision)
            .await?;
        let ended = self.store.end_portal_user(scope.account.id, user).await?;
        if ended > 0 {
            let deed = Deed {
                action: "portal.ended",
                target: user,
                detail: format!("{ended} ended"),
            };
            self.record(&scope, deed).await;
        }
        Ok(ended)
    }

    /// Ends a session of a platform's user.
    pub async fn end_portal_session(&self, secret: &str) -> ServiceResult<()> {
        Ok(self.store.delete_session(&hash_of(secret)).await?)
    }
}

fn check(ask: &PortalAsk) -> Result<(), Invalid> {
    let mut errors = Vec::new();
    let user = ask.user.trim();
    if user.is_empty()
        || user.chars().count() > MAX_USER_CHARS
        || user.chars().any(char::is_control)
    {
        let rule = format!("must be 1 to {MAX_USER_CHARS} characters, without control characters");
        errors.push(domain::FieldError::invalid("user", rule));
    }
    if !SESSION_S.contains(&ask.expires_in_s) {
        errors.push(domain::FieldError::invalid(
            "expires_in_s",
            "must be 1 to 86400 seconds",
        ));
    }
    Invalid::refuse(errors)
}
