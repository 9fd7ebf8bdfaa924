//! People, their sessions, and remembered answers.

use async_trait::async_trait;
use domain::{Time, UserId};
use service::{
    ports::{
        EmailProof, IdempotencyStore, IdentityStore, KnownRequest, NewUser, Remembered,
        SavedSession, SecondFactor, Standing, StoreResult, User,
    },
    request::RequestName,
    sessions::MOST_SESSIONS,
};

use super::{MemoryStore, page, put};

#[async_trait]
impl IdentityStore for MemoryStore {
    async fn user_by_email(&self, email: &str) -> StoreResult<Option<User>> {
        Ok(self
            .state()
            .users
            .iter()
            .find(|user| user.email == email)
            .cloned())
    }

    async fn user(&self, id: UserId) -> StoreResult<Option<User>> {
        Ok(self
            .state()
            .users
            .iter()
            .find(|user| user.id == id)
            .cloned())
    }

    async fn users(&self, after: Option<&str>, limit: u32) -> StoreResult<Vec<User>> {
        Ok(page(
            self.state().users.clone(),
            |user| user.email.clone(),
            after,
            limit,
        ))
    }

    async fn put_user(&self, user: &NewUser, _now: Time) -> StoreResult<User> {
        Ok(self.change(|state| {
            let known = state.users.iter().find(|old| old.email == user.email);
            if let Some(id) = known.map(|known| known.id) {
                state.prove(id, EmailProof::Operator);
            }
            let known = state.users.iter().find(|old| old.email == user.email);
            let next = i64::try_from(state.users.len()).unwrap_or(i64::MAX - 1) + 1;
            let user = User {
                id: known.map_or(UserId(next), |known| known.id),
                email: user.email.clone(),
                name: user.name.clone(),
                password_hash: user.password_hash.clone(),
                platform_role: user.platform_role,
                memberships: user.memberships.clone(),
                disabled: false,
                email_proof: known.map_or(Some(EmailProof::Operator), |known| known.email_proof),
                second_factor: SecondFactor::default(),
            };
            put(&mut state.users, user.clone(), |old| {
                old.email == user.email
            });
            state
                .sessions
                .retain(|session| session.user != Some(user.id));
            state.tell_second_factors();
            user
        }))
    }

    async fn save_session(&self, session: &SavedSession, create: bool) -> StoreResult<bool> {
        Ok(self.change(|state| {
            let is_same = |old: &SavedSession| old.id_hash == session.id_hash;
            if create == state.sessions.iter().any(is_same) {
                return false;
            }
            put(&mut state.sessions, session.clone(), is_same);
            let is_theirs =
                |other: &SavedSession| other.user == session.user && other.user.is_some();
            while state.sessions.iter().filter(|one| is_theirs(one)).count()
                > MOST_SESSIONS as usize
            {
                let others = state
                    .sessions
                    .iter()
                    .filter(|one| is_theirs(one) && !is_same(one));
                let oldest = others.min_by_key(|one| one.expires_at).cloned();
                state.sessions.retain(|one| Some(one) != oldest.as_ref());
            }
            true
        }))
    }

    async fn rename_session(&self, from: &[u8], to: &[u8]) -> StoreResult<bool> {
        Ok(self.change(|state| {
            let is_it = |one: &&mut SavedSession| one.id_hash == from && one.user.is_some();
            let session = state.sessions.iter_mut().find(is_it);
            session
                .map(|session| session.id_hash = to.to_vec())
                .is_some()
        }))
    }

    async fn session(&self, id_hash: &[u8], now: Time) -> StoreResult<Option<SavedSession>> {
        let state = self.state();
        Ok(state
            .sessions
            .iter()
            .find(|session| session.id_hash == id_hash && session.expires_at > now)
            .cloned())
    }

    async fn standing(
        &self,
        sessions: &[Vec<u8>],
        users: &[UserId],
        now: Time,
    ) -> StoreResult<Standing> {
        let state = self.state();
        let lasts = |session: &&SavedSession| {
            sessions.contains(&session.id_hash) && session.expires_at > now
        };
        let sessions = state.sessions.iter().filter(lasts);
        let people = state.users.iter().filter(|user| users.contains(&user.id));
        Ok(Standing {
            sessions: sessions.map(|session| session.id_hash.clone()).collect(),
            users: people.map(|user| (user.id, user.clone())).collect(),
        })
    }

    async fn delete_session(&self, id_hash: &[u8]) -> StoreResult<()> {
        self.change(|state| state.sessions.retain(|session| session.id_hash != id_hash));
        Ok(())
    }

    async fn delete_expired_sessions(&self, now: Time) -> StoreResult<u64> {
        Ok(self.change(|state| {
            let before = state.sessions.len();
            state.sessions.retain(|session| session.expires_at > now);
            (before - state.sessions.len()) as u64
        }))
    }
}

#[async_trait]
impl IdempotencyStore for MemoryStore {
    async fn request(&self, name: &RequestName) -> StoreResult<KnownRequest> {
        let answer = self.state().answers.get(name).cloned();
        Ok(KnownRequest {
            request_hash: answer.as_ref().map(|answer| answer.request_hash.clone()),
            parts: vec![],
            answer,
        })
    }

    async fn remember(
        &self,
        name: &RequestName,
        answer: &Remembered,
        _now: Time,
    ) -> StoreResult<()> {
        self.change(|state| {
            state
                .answers
                .entry(name.clone())
                .or_insert_with(|| answer.clone());
        });
        Ok(())
    }
}
