//! Members, invitations, single sign-on, portal links, brands and the audit log.

mod audit;
mod invitations;
mod members;
mod portal;

use async_trait::async_trait;
use domain::{AccountId, Time, UserId, brand::Brand};
use service::ports::{
    AccessStore, AuditEntry, AuditFilter, Edited, Expected, Identity, Invitation, Membership,
    NewPerson, PortalGrant, Proved, SavedSession, StoreResult, User,
};

use crate::{
    SqliteStore, directory,
    identity::{sessions, users},
};

#[async_trait]
impl AccessStore for SqliteStore {
    async fn members(&self, account: AccountId) -> StoreResult<Vec<User>> {
        Ok(users::of_account(self.reading().await?.pool(), account).await?)
    }

    async fn put_member(
        &self,
        user: UserId,
        membership: &Membership,
        expected: &Expected,
    ) -> StoreResult<Edited<()>> {
        Ok(members::put(&self.writer, user, membership, expected).await?)
    }

    async fn remove_member(&self, account: AccountId, user: UserId) -> StoreResult<Edited<()>> {
        Ok(members::remove(&self.writer, account, user).await?)
    }

    async fn set_disabled(&self, user: UserId, disabled: bool, now: Time) -> StoreResult<bool> {
        Ok(members::set_disabled(&self.writer, user, disabled, now).await?)
    }

    async fn set_password(
        &self,
        user: UserId,
        before: &str,
        password_hash: &str,
        keep: Option<&[u8]>,
        now: Time,
    ) -> StoreResult<Edited<()>> {
        Ok(members::set_password(&self.writer, user, before, password_hash, keep, now).await?)
    }

    async fn renew_hash(&self, user: UserId, before: &str, hash: &str) -> StoreResult<()> {
        Ok(members::renew_hash(&self.writer, user, before, hash).await?)
    }

    async fn sessions_of(&self, user: UserId, now: Time) -> StoreResult<Vec<SavedSession>> {
        Ok(sessions::of_user(self.reading().await?.pool(), user, now).await?)
    }

    async fn end_sessions_of(&self, user: UserId, keep: Option<&[u8]>) -> StoreResult<u64> {
        Ok(sessions::end_of_user(&self.writer, user, keep).await?)
    }

    async fn put_invitation(&self, invitation: &Invitation, most: u32) -> StoreResult<Edited<()>> {
        Ok(invitations::put(&self.writer, invitation, most).await?)
    }

    async fn invitations(&self, account: AccountId, now: Time) -> StoreResult<Vec<Invitation>> {
        Ok(invitations::list(self.reading().await?.pool(), account, now).await?)
    }

    async fn invitation(&self, token_hash: &[u8], now: Time) -> StoreResult<Option<Invitation>> {
        Ok(invitations::open(self.reading().await?.pool(), token_hash, now).await?)
    }

    async fn accepted_invitation(&self, token_hash: &[u8]) -> StoreResult<Option<Invitation>> {
        Ok(invitations::accepted(self.reading().await?.pool(), token_hash).await?)
    }

    async fn revoke_invitation(&self, account: AccountId, id: &str) -> StoreResult<bool> {
        Ok(invitations::revoke(&self.writer, account, id).await?)
    }

    async fn accept_invitation(
        &self,
        token_hash: &[u8],
        person: Option<&NewPerson>,
        now: Time,
    ) -> StoreResult<Option<User>> {
        Ok(invitations::accept(&self.writer, token_hash, person, now).await?)
    }

    async fn user_of_identity(&self, identity: &Identity) -> StoreResult<Option<User>> {
        Ok(users::of_identity(self.reading().await?.pool(), identity).await?)
    }

    async fn link_identity(
        &self,
        identity: &Identity,
        person: &NewPerson,
        now: Time,
    ) -> StoreResult<Proved> {
        Ok(members::link_identity(&self.writer, identity, person, now).await?)
    }

    async fn put_portal_link(
        &self,
        token_hash: &[u8],
        grant: &PortalGrant,
        expires_at: Time,
    ) -> StoreResult<()> {
        Ok(portal::put(&self.writer, token_hash, grant, expires_at).await?)
    }

    async fn portal_link(&self, token_hash: &[u8], now: Time) -> StoreResult<Option<PortalGrant>> {
        Ok(portal::open(&self.lookups, token_hash, now).await?)
    }

    async fn take_portal_link(
        &self,
        token_hash: &[u8],
        session: &SavedSession,
        now: Time,
    ) -> StoreResult<bool> {
        Ok(portal::take(&self.writer, token_hash, session, now).await?)
    }

    async fn end_portal_user(&self, account: AccountId, user: &str) -> StoreResult<u64> {
        Ok(portal::end_user(&self.writer, account, user).await?)
    }

    async fn brand(&self, account: AccountId) -> StoreResult<Option<Brand>> {
        Ok(directory::brand(self.reading().await?.pool(), account).await?)
    }

    async fn set_brand(
        &self,
        account: AccountId,
        brand: Option<&Brand>,
        expected: &Expected,
        now: Time,
    ) -> StoreResult<Edited<()>> {
        Ok(directory::set_brand(&self.writer, account, brand, expected, now).await?)
    }

    async fn touch_api_keys(&self, used: &[(String, Time)]) -> StoreResult<()> {
        Ok(directory::touch_keys(&self.writer, used).await?)
    }

    async fn record(&self, entry: &AuditEntry) -> StoreResult<()> {
        Ok(audit::record(&self.writer, entry).await?)
    }

    async fn audit(&self, filter: AuditFilter<'_>, limit: u32) -> StoreResult<Vec<AuditEntry>> {
        Ok(audit::list(self.reading().await?.pool(), filter, limit).await?)
    }
}
