//! Second factors of people, and who has to have one.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::{AccountId, Time, UserId, tenancy::Role};
use service::ports::{
    FactorOutcome, NewAuthenticator, Passkey, PasskeyChallenge, PasskeyPurpose, PasskeyState,
    PasskeyStore, RemovedFactor, SecondFactorStore, StoreResult,
};

use super::{MemoryStore, State};

/// What is kept of second factors.
#[derive(Clone, Default)]
pub struct SecondFactors {
    apps: BTreeMap<UserId, NewAuthenticator>,
    passkeys: Vec<Passkey>,
    challenges: Vec<PasskeyChallenge>,
    recovery: BTreeMap<UserId, Vec<Vec<u8>>>,
    demands: BTreeMap<AccountId, Vec<Role>>,
}

impl std::fmt::Debug for SecondFactors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecondFactors")
    }
}

impl SecondFactors {
    fn has_any(&self, user: UserId) -> bool {
        self.apps.contains_key(&user) || self.passkeys.iter().any(|one| one.user == user)
    }

    fn drop_codes_of_none(&mut self, user: UserId) -> bool {
        let has_any = self.has_any(user);
        if !has_any {
            self.recovery.remove(&user);
        }
        !has_any
    }
}

impl State {
    fn begin_with(
        &mut self,
        user: UserId,
        had_any: bool,
        recovery: &[Vec<u8>],
        keep: Option<&[u8]>,
    ) -> FactorOutcome {
        self.tell_second_factors();
        if had_any {
            return FactorOutcome::Further;
        }
        self.second_factors.recovery.insert(user, recovery.to_vec());
        self.end_but(user, keep);
        FactorOutcome::First
    }

    fn removed(&mut self, user: UserId, name: String, keep: Option<&[u8]>) -> RemovedFactor {
        let was_last = self.second_factors.drop_codes_of_none(user);
        self.end_but(user, keep);
        self.tell_second_factors();
        RemovedFactor { name, was_last }
    }

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
        let factors = &self.second_factors;
        let (apps, demands) = (&factors.apps, &factors.demands);
        for user in &mut self.users {
            let passkeys = factors.passkeys.iter().filter(|one| one.user == user.id);
            user.second_factor.passkeys = u32::try_from(passkeys.count()).unwrap();
            user.second_factor.has_app = apps.contains_key(&user.id);
            user.second_factor.is_set = factors.has_any(user.id);
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
    ) -> StoreResult<FactorOutcome> {
        Ok(self.change(|state| {
            let had_any = state.second_factors.has_any(new.user);
            if state.second_factors.apps.contains_key(&new.user) {
                return FactorOutcome::Taken;
            }
            state.second_factors.apps.insert(new.user, new.clone());
            state.begin_with(new.user, had_any, &new.recovery, keep)
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
            let codes = state.second_factors.recovery.get_mut(&user)?;
            let place = codes.iter().position(|one| one == hash)?;
            codes.remove(place);
            u32::try_from(codes.len()).ok()
        }))
    }

    async fn recovery_codes(&self, user: UserId) -> StoreResult<u32> {
        let state = self.state();
        let left = state.second_factors.recovery.get(&user).map_or(0, Vec::len);
        Ok(u32::try_from(left).unwrap())
    }

    async fn put_recovery_codes(&self, user: UserId, hashes: &[Vec<u8>]) -> StoreResult<bool> {
        Ok(self.change(|state| {
            let factors = &mut state.second_factors;
            let has_any = factors.has_any(user);
            if has_any {
                factors.recovery.insert(user, hashes.to_vec());
            }
            has_any
        }))
    }

    async fn remove_authenticator(
        &self,
        user: UserId,
        keep: Option<&[u8]>,
    ) -> StoreResult<Option<RemovedFactor>> {
        Ok(self.change(|state| {
            state.second_factors.apps.remove(&user)?;
            Some(state.removed(user, String::new(), keep))
        }))
    }

    async fn remove_second_factor(&self, user: UserId, keep: Option<&[u8]>) -> StoreResult<bool> {
        Ok(self.change(|state| {
            let factors = &mut state.second_factors;
            let had_any = factors.has_any(user);
            factors.apps.remove(&user);
            factors.passkeys.retain(|one| one.user != user);
            factors.challenges.retain(|one| one.user != user);
            state.removed(user, String::new(), keep);
            had_any
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

#[async_trait]
impl PasskeyStore for MemoryStore {
    async fn passkeys(&self, user: UserId) -> StoreResult<Vec<Passkey>> {
        let state = self.state();
        let passkeys = state.second_factors.passkeys.iter();
        Ok(passkeys.filter(|one| one.user == user).cloned().collect())
    }

    async fn put_challenge(&self, new: &PasskeyChallenge, most: u32) -> StoreResult<()> {
        self.change(|state| {
            let challenges = &mut state.second_factors.challenges;
            challenges.retain(|one| one.expires_at > new.created_at);
            let is_same =
                |one: &PasskeyChallenge| (one.user, one.purpose) == (new.user, new.purpose);
            while challenges.iter().filter(|one| is_same(one)).count() >= most as usize {
                let oldest = challenges.iter().position(is_same).unwrap();
                challenges.remove(oldest);
            }
            challenges.push(new.clone());
        });
        Ok(())
    }

    async fn take_challenge(
        &self,
        user: UserId,
        purpose: PasskeyPurpose,
        challenge: &[u8],
        now: Time,
    ) -> StoreResult<Option<Vec<u8>>> {
        Ok(self.change(|state| {
            let challenges = &mut state.second_factors.challenges;
            let place = challenges.iter().position(|one| {
                (one.user, one.purpose) == (user, purpose)
                    && one.challenge == challenge
                    && one.expires_at > now
            })?;
            Some(challenges.remove(place).state)
        }))
    }

    async fn put_passkey(
        &self,
        new: &Passkey,
        recovery: &[Vec<u8>],
        keep: Option<&[u8]>,
        most: u32,
    ) -> StoreResult<FactorOutcome> {
        Ok(self.change(|state| {
            let had_any = state.second_factors.has_any(new.user);
            let passkeys = &mut state.second_factors.passkeys;
            let own = passkeys.iter().filter(|one| one.user == new.user).count();
            if own >= most as usize {
                return FactorOutcome::TooMany;
            }
            if passkeys.iter().any(|one| one.credential == new.credential) {
                return FactorOutcome::Taken;
            }
            passkeys.push(new.clone());
            state.begin_with(new.user, had_any, recovery, keep)
        }))
    }

    async fn use_passkey(
        &self,
        read: &Passkey,
        state: PasskeyState,
        now: Time,
    ) -> StoreResult<bool> {
        Ok(self.change(|all| {
            let mut passkeys = all.second_factors.passkeys.iter_mut();
            let found = passkeys.find(|one| one.id == read.id && one.state == read.state);
            let Some(passkey) = found else {
                return false;
            };
            (passkey.state, passkey.last_used_at) = (state, Some(now));
            true
        }))
    }

    async fn remove_passkey(
        &self,
        user: UserId,
        id: &str,
        keep: Option<&[u8]>,
    ) -> StoreResult<Option<RemovedFactor>> {
        Ok(self.change(|state| {
            let passkeys = &mut state.second_factors.passkeys;
            let place = passkeys
                .iter()
                .position(|one| one.user == user && one.id == id)?;
            let name = passkeys.remove(place).name;
            Some(state.removed(user, name, keep))
        }))
    }
}
