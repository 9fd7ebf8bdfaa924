//! Second factors of people, and who has to have one.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::{AccountId, Time, UserId, tenancy::Role};
use service::ports::{NewAuthenticator, SecondFactorStore, StoreResult};

use super::{MemoryStore, State};

/// What is kept of second factors.
#[derive(Clone, Default)]
pub struct SecondFactors {
    apps: BTreeMap<UserId, NewAuthenticator>,
    demands: BTreeMap<AccountId, Vec<Role>>,
}

impl std::fmt::Debug for SecondFactors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecondFactors")
    }
}

impl State {
    fn end_but(&mut self, user: UserId, keep: Option<&[u8]>) {
        self.sessions.retain(|session| {
            session.user != Some(user) || keep.is_some_and(|keep| keep == session.id_hash)
        });
    }

    /// Removes a person's app and codes; whether there was one.
    pub fn forget_app(&mut self, user: UserId) -> bool {
        self.second_factors.apps.remove(&user).is_some()
    }

    /// Writes into people what [`service::ports::User`] says of second factors.
    pub fn tell_second_factors(&mut self) {
        let (apps, demands) = (&self.second_factors.apps, &self.second_factors.demands);
        for user in &mut self.users {
            user.second_factor.is_set = apps.contains_key(&user.id);
            user.second_factor.is_demanded = user.memberships.iter().any(|one| {
                let roles = demands.get(&one.account);
                roles.is_some_and(|roles| roles.contains(&one.role))
            });
        }
    }
}

#[async_trait]
impl SecondFactorStore for MemoryStore {
    async fn put_authenticator(
        &self,
        new: &NewAuthenticator,
        keep: Option<&[u8]>,
        _: Time,
    ) -> StoreResult<bool> {
        Ok(self.change(|state| {
            if state.second_factors.apps.contains_key(&new.user) {
                return false;
            }
            state.second_factors.apps.insert(new.user, new.clone());
            state.end_but(new.user, keep);
            state.tell_second_factors();
            true
        }))
    }

    async fn authenticator(&self, user: UserId) -> StoreResult<Option<Vec<u8>>> {
        let state = self.state();
        let app = state.second_factors.apps.get(&user);
        Ok(app.map(|app| app.secret.clone()))
    }

    async fn use_step(&self, user: UserId, step: u64) -> StoreResult<bool> {
        Ok(self.change(|state| {
            let app = state.second_factors.apps.get_mut(&user);
            let Some(app) = app.filter(|app| app.step < step) else {
                return false;
            };
            app.step = step;
            true
        }))
    }

    async fn use_recovery_code(&self, user: UserId, hash: &[u8]) -> StoreResult<Option<u32>> {
        Ok(self.change(|state| {
            let app = state.second_factors.apps.get_mut(&user)?;
            let place = app.recovery.iter().position(|one| one == hash)?;
            app.recovery.remove(place);
            u32::try_from(app.recovery.len()).ok()
        }))
    }

    async fn recovery_codes(&self, user: UserId) -> StoreResult<u32> {
        let state = self.state();
        let app = state.second_factors.apps.get(&user);
        let left = app.map_or(0, |app| app.recovery.len());
        Ok(u32::try_from(left).unwrap())
    }

    async fn put_recovery_codes(&self, user: UserId, hashes: &[Vec<u8>]) -> StoreResult<bool> {
        Ok(self.change(|state| {
            let app = state.second_factors.apps.get_mut(&user);
            app.map(|app| app.recovery = hashes.to_vec()).is_some()
        }))
    }

    async fn remove_second_factor(&self, user: UserId, keep: Option<&[u8]>) -> StoreResult<bool> {
        Ok(self.change(|state| {
            let had = state.second_factors.apps.remove(&user).is_some();
            state.end_but(user, keep);
            state.tell_second_factors();
            had
        }))
    }

    async fn second_factor_demands(&self, account: AccountId) -> StoreResult<Vec<Role>> {
        let state = self.state();
        let roles = state.second_factors.demands.get(&account);
        Ok(roles.cloned().unwrap_or_default())
    }

    async fn set_second_factor_demands(
        &self,
        account: AccountId,
        roles: &[Role],
    ) -> StoreResult<()> {
        self.change(|state| {
            let demands = &mut state.second_factors.demands;
            demands.insert(account, roles.to_vec());
            state.tell_second_factors();
        });
        Ok(())
    }
}
