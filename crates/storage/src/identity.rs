//! People and their sessions.

pub(crate) mod email_links;
mod passkeys;
pub(crate) mod proof;
mod second_factor;
pub(crate) mod sessions;
mod tries;
pub(crate) mod users;

use async_trait::async_trait;
use domain::{Time, UserId};
use service::ports::{IdentityStore, NewUser, SavedSession, Standing, StoreResult, User};

use crate::SqliteStore;

#[async_trait]
impl IdentityStore for SqliteStore {
    async fn user_by_email(&self, email: &str) -> StoreResult<Option<User>> {
        Ok(users::by_email(&self.lookups, email).await?)
    }

    async fn user(&self, id: UserId) -> StoreResult<Option<User>> {
        Ok(users::by_id(&self.lookups, id).await?)
    }

    async fn users(&self, after: Option<&str>, limit: u32) -> StoreResult<Vec<User>> {
        Ok(users::list(self.reading().await?.pool(), after, limit).await?)
    }

    async fn put_user(&self, user: &NewUser, now: Time) -> StoreResult<User> {
        Ok(users::put(&self.writer, user, now).await?)
    }

    async fn save_session(&self, session: &SavedSession, create: bool) -> StoreResult<bool> {
        Ok(sessions::save(&self.writer, session, create).await?)
    }

    async fn rename_session(&self, from: &[u8], to: &[u8]) -> StoreResult<bool> {
        Ok(sessions::rename(&self.writer, from, to).await?)
    }

    async fn session(&self, id_hash: &[u8], now: Time) -> StoreResult<Option<SavedSession>> {
        Ok(sessions::get(&self.lookups, id_hash, now).await?)
    }

    async fn standing(
        &self,
        sessions: &[Vec<u8>],
        users: &[UserId],
        now: Time,
    ) -> StoreResult<Standing> {
        Ok(users::standing(&self.lookups, sessions, users, now).await?)
    }

    async fn delete_session(&self, id_hash: &[u8]) -> StoreResult<()> {
        Ok(sessions::delete(&self.writer, id_hash).await?)
    }

    async fn delete_expired_sessions(&self, now: Time) -> StoreResult<u64> {
        Ok(sessions::delete_expired(&self.writer, now).await?)
    }
}
