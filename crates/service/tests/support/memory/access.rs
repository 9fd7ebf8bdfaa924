//! Members, invitations, single sign-on, portal links, brands and the audit log.

use async_trait::async_trait;
use domain::{AccountId, Time, UserId, brand::Brand, tenancy::Role};
use service::ports::{
    AccessStore, AuditEntry, AuditFilter, Edited, EmailProof, Expected, Identity, Invitation,
    Membership, NewPerson, PortalGrant, Proved, SavedSession, SecondFactor, StoreResult, User,
};

use super::{MemoryStore, State};

/// What is kept of access.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Open invitations.
    invitations: Vec<Invitation>,
    accepted: Vec<Invitation>,
    identities: Vec<(Identity, UserId)>,
    links: Vec<(Vec<u8>, PortalGrant, Time)>,
    brands: Vec<(AccountId, Brand)>,
    audit: Vec<AuditEntry>,
}

impl State {
    fn user_mut(&mut self, id: UserId) -> Option<&mut User> {
        self.users.iter_mut().find(|user| user.id == id)
    }

    fn end_sessions(&mut self, user: UserId, keep: Option<&[u8]>) -> u64 {
        let before = self.sessions.len();
        self.sessions.retain(|session| {
            session.user != Some(user) || keep.is_some_and(|keep| keep == session.id_hash)
        });
        (before - self.sessions.len()) as u64
    }

    fn find_or_add(&mut self, person: &NewPerson) -> User {
        if let Some(known) = self.users.iter().find(|user| user.email == person.email) {
            return known.clone();
        }
        let user = User {
            id: UserId(i64::try_from(self.users.len()).unwrap() + 1),
            email: person.email.clone(),
            name: person.name.clone(),
            password_hash: person.password_hash.clone(),
            platform_role: None,
            memberships: vec![],
            disabled: false,
            email_proof: person.proof,
            second_factor: SecondFactor::default(),
        };
        self.users.push(user.clone());
        user
    }

    /// Notes that an address is the person's, and takes away what somebody else may have set up; whether there was any.
    pub fn prove(&mut self, id: UserId, by: EmailProof) -> bool {
        let Some(user) = self.user_mut(id).filter(|user| user.email_proof.is_none()) else {
            return false;
        };
        user.email_proof = Some(by);
        // A link in a mailbox does not go around a second factor.
        let had_any = by != EmailProof::Mail && {
            let had_password = !std::mem::take(&mut user.password_hash).is_empty();
            self.forget_app(id) || had_password
        };
        self.end_sessions(id, None);
        self.access.identities.retain(|(_, of)| *of != id);
        self.void_links(id);
        self.tell_second_factors();
        had_any
    }

    /// Whether an account would be left without an owner who can sign in.
    fn is_only_owner(&self, account: AccountId, id: UserId) -> bool {
        let owns = |user: &&User| {
            let mut places = user.memberships.iter();
            places.any(|one| one.account == account && one.role == Role::Owner)
        };
        let mut owners = self.users.iter().filter(owns);
        owners.clone().any(|user| user.id == id)
            && !owners.any(|user| user.id != id && !user.disabled)
    }

    /// Revokes what somebody invited who may not any more.
    fn revoke_invitations(&mut self, account: Option<AccountId>, id: UserId) {
        let email = self.user_mut(id).map(|user| user.email.clone());
        self.access.invitations.retain(|one| {
            account.is_some_and(|account| account != one.account)
                || Some(&one.invited_by) != email.as_ref()
        });
    }

    fn join(&mut self, user: UserId, membership: &Membership) -> Option<User> {
        if membership.role != Role::Owner {
            if self.is_only_owner(membership.account, user) {
                return None;
            }
            self.revoke_invitations(Some(membership.account), user);
        }
        let user = self.user_mut(user)?;
        user.memberships
            .retain(|old| old.account != membership.account);
        user.memberships.push(membership.clone());
        user.memberships
            .sort_by_key(|membership| membership.account);
        let id = user.id;
        self.tell_second_factors();
        self.user_mut(id).cloned()
    }
}

/// Whether an invitation has a link with this secret, shown or mailed.
fn is_of(invitation: &Invitation, hash: &[u8]) -> bool {
    invitation.token_hash == hash || invitation.mailed_hash.as_deref() == Some(hash)
}

#[async_trait]
impl AccessStore for MemoryStore {
    async fn members(&self, account: AccountId) -> StoreResult<Vec<User>> {
        let is_member = |user: &User| user.memberships.iter().any(|one| one.account == account);
        let mut members: Vec<_> = self
            .state()
            .users
            .iter()
            .filter(|user| is_member(user))
            .cloned()
            .collect();
        members.sort_by(|a, b| a.email.cmp(&b.email));
        Ok(members)
    }

    async fn put_member(
        &self,
        user: UserId,
        membership: &Membership,
        expected: &Expected,
    ) -> StoreResult<Edited<()>> {
        Ok(self.change(|state| {
            let known = state.users.iter().find(|one| one.id == user);
            let mut places = known.iter().flat_map(|user| &user.memberships);
            let found = places.find(|one| one.account == membership.account);
            if !expected.is_met_by(found) {
                return found.map_or(Edited::Missing, |_| Edited::Stale);
            }
            let joined = state.join(user, membership);
            joined.map_or(Edited::Over, |_| Edited::Made(()))
        }))
    }

    async fn remove_member(&self, account: AccountId, id: UserId) -> StoreResult<Edited<()>> {
        Ok(self.change(|state| {
            if state.is_only_owner(account, id) {
                return Edited::Over;
            }
            let Some(user) = state.user_mut(id) else {
                return Edited::Missing;
            };
            let before = user.memberships.len();
            user.memberships.retain(|one| one.account != account);
            let is_removed = user.memberships.len() < before;
            state.revoke_invitations(Some(account), id);
            if is_removed {
                Edited::Made(())
            } else {
                Edited::Missing
            }
        }))
    }

    async fn set_disabled(&self, id: UserId, disabled: bool, _: Time) -> StoreResult<bool> {
        Ok(self.change(|state| {
            if disabled {
                state.end_sessions(id, None);
                state.revoke_invitations(None, id);
            }
            let user = state.user_mut(id);
            user.map(|user| user.disabled = disabled).is_some()
        }))
    }

    async fn set_password(
        &self,
        id: UserId,
        before: &str,
        password_hash: &str,
        keep: Option<&[u8]>,
        _: Time,
    ) -> StoreResult<Edited<()>> {
        Ok(self.change(|state| {
            let user = state.user_mut(id);
            let Some(user) = user.filter(|user| user.password_hash == before) else {
                return Edited::Stale;
            };
            password_hash.clone_into(&mut user.password_hash);
            state.end_sessions(id, keep);
            Edited::Made(())
        }))
    }

    async fn renew_hash(&self, id: UserId, before: &str, hash: &str) -> StoreResult<()> {
        self.change(|state| {
            let user = state.user_mut(id);
            if let Some(user) = user.filter(|user| user.password_hash == before) {
                hash.clone_into(&mut user.password_hash);
            }
        });
        Ok(())
    }

    async fn sessions_of(&self, user: UserId, now: Time) -> StoreResult<Vec<SavedSession>> {
        let state = self.state();
        let theirs = state
            .sessions
            .iter()
            .filter(|session| session.user == Some(user) && session.expires_at > now);
        Ok(theirs.cloned().collect())
    }

    async fn end_sessions_of(&self, user: UserId, keep: Option<&[u8]>) -> StoreResult<u64> {
        Ok(self.change(|state| state.end_sessions(user, keep)))
    }

    async fn put_invitation(&self, invitation: &Invitation, most: u32) -> StoreResult<Edited<()>> {
        Ok(self.change(|state| {
            let account = invitation.account;
            let invited = state
                .users
                .iter()
                .filter(|user| user.email == invitation.email);
            let mut places = invited.flat_map(|user| &user.memberships);
            if places.any(|one| one.account == account) {
                return Edited::Stale;
            }
            let others = state.access.invitations.iter().filter(|other| {
                other.account == account
                    && other.email != invitation.email
                    && other.expires_at > invitation.created_at
            });
            if others.count() >= most as usize {
                return Edited::Over;
            }
            let open = &mut state.access.invitations;
            let same = open
                .iter()
                .find(|old| (old.account, &old.email) == (invitation.account, &invitation.email));
            let mailed = same.and_then(|old| old.mailed_hash.clone());
            open.retain(|old| (old.account, &old.email) != (invitation.account, &invitation.email));
            let invitation = Invitation {
                mailed_hash: invitation.mailed_hash.clone().or(mailed),
                ..invitation.clone()
            };
            open.push(invitation);
            Edited::Made(())
        }))
    }

    async fn invitations(&self, account: AccountId, now: Time) -> StoreResult<Vec<Invitation>> {
        let state = self.state();
        let open = state.access.invitations.iter().rev();
        let open = open.filter(|one| one.account == account && one.expires_at > now);
        Ok(open.cloned().collect())
    }

    async fn invitation(&self, token_hash: &[u8], now: Time) -> StoreResult<Option<Invitation>> {
        let state = self.state();
        let mut open = state.access.invitations.iter();
        Ok(open
            .find(|one| is_of(one, token_hash) && one.expires_at > now)
            .cloned())
    }

    async fn accepted_invitation(&self, token_hash: &[u8]) -> StoreResult<Option<Invitation>> {
        let state = self.state();
        let mut accepted = state.access.accepted.iter();
        Ok(accepted.find(|one| is_of(one, token_hash)).cloned())
    }

    async fn revoke_invitation(&self, account: AccountId, id: &str) -> StoreResult<bool> {
        Ok(self.change(|state| {
            let open = &mut state.access.invitations;
            let before = open.len();
            open.retain(|one| (one.account, one.id.as_str()) != (account, id));
            open.len() < before
        }))
    }

    async fn accept_invitation(
        &self,
        token_hash: &[u8],
        person: Option<&NewPerson>,
        now: Time,
    ) -> StoreResult<Option<User>> {
        Ok(self.change(|state| {
            let open = state.access.invitations.iter();
            let place = open
                .clone()
                .position(|one| is_of(one, token_hash) && one.expires_at > now)?;
            let invitation = state.access.invitations[place].clone();
            let member = state
                .users
                .iter()
                .find(|user| user.email == invitation.email);
            let user = match (member.cloned(), person) {
                (Some(known), None) => known,
                (None, Some(person)) => state.find_or_add(person),
                (Some(_), Some(_)) | (None, None) => return None,
            };
            let membership = Membership {
                account: invitation.account,
                role: invitation.role,
                companies: invitation.companies,
            };
            let joined = state.join(user.id, &membership)?;
            let invited = state.access.invitations.remove(place);
            state.access.accepted.push(invited);
            Some(joined)
        }))
    }

    async fn user_of_identity(&self, identity: &Identity) -> StoreResult<Option<User>> {
        let state = self.state();
        let known = state
            .access
            .identities
            .iter()
            .find(|(one, _)| one == identity);
        Ok(known.and_then(|(_, id)| state.users.iter().find(|user| user.id == *id).cloned()))
    }

    async fn link_identity(
        &self,
        identity: &Identity,
        person: &NewPerson,
        _: Time,
    ) -> StoreResult<Proved> {
        Ok(self.change(|state| {
            let id = state.find_or_add(person).id;
            let has_lost = state.prove(id, EmailProof::SignOn);
            state.access.identities.push((identity.clone(), id));
            let user = state.user_mut(id).cloned().unwrap();
            Proved { user, has_lost }
        }))
    }

    async fn put_portal_link(
        &self,
        token_hash: &[u8],
        grant: &PortalGrant,
        expires_at: Time,
    ) -> StoreResult<()> {
        let link = (token_hash.to_vec(), grant.clone(), expires_at);
        self.change(|state| state.access.links.push(link));
        Ok(())
    }

    async fn portal_link(&self, token_hash: &[u8], now: Time) -> StoreResult<Option<PortalGrant>> {
        let state = self.state();
        let mut links = state.access.links.iter();
        let open = links.find(|(hash, _, end)| hash == token_hash && *end > now);
        Ok(open.map(|(_, grant, _)| grant.clone()))
    }

    async fn take_portal_link(
        &self,
        token_hash: &[u8],
        session: &SavedSession,
        now: Time,
    ) -> StoreResult<bool> {
        Ok(self.change(|state| {
            let links = &mut state.access.links;
            let mut all = links.iter();
            let place = all.position(|(hash, _, end)| hash == token_hash && *end > now);
            if let Some(place) = place {
                links.remove(place);
                state.sessions.push(session.clone());
            }
            place.is_some()
        }))
    }

    async fn end_portal_user(&self, account: AccountId, user: &str) -> StoreResult<u64> {
        Ok(self.change(|state| {
            let is_of = |data: &str| {
                let grant = serde_json::from_str::<PortalGrant>(data);
                grant.is_ok_and(|grant| grant.account == account && grant.user == user)
            };
            let (links, sessions) = (state.access.links.len(), state.sessions.len());
            let links_of = &mut state.access.links;
            links_of.retain(|(_, grant, _)| (grant.account, &*grant.user) != (account, user));
            state
                .sessions
                .retain(|one| one.user.is_some() || !is_of(&one.data));
            (links - state.access.links.len() + sessions - state.sessions.len()) as u64
        }))
    }

    async fn brand(&self, account: AccountId) -> StoreResult<Option<Brand>> {
        let state = self.state();
        let mut brands = state.access.brands.iter();
        Ok(brands
            .find(|(owner, _)| *owner == account)
            .map(|(_, brand)| brand.clone()))
    }

    async fn set_brand(
        &self,
        account: AccountId,
        brand: Option<&Brand>,
        expected: &Expected,
        _: Time,
    ) -> StoreResult<Edited<()>> {
        Ok(self.change(|state| {
            let brands = &mut state.access.brands;
            let before = brands.iter().find(|(owner, _)| *owner == account);
            let before = before.map(|(_, brand)| brand.clone()).unwrap_or_default();
            if !expected.is_met_by(Some(&before)) {
                return Edited::Stale;
            }
            brands.retain(|(owner, _)| *owner != account);
            brands.extend(brand.map(|brand| (account, brand.clone())));
            Edited::Made(())
        }))
    }

    async fn touch_api_keys(&self, used: &[(String, Time)]) -> StoreResult<()> {
        self.change(|state| {
            for (prefix, at) in used {
                for key in state.keys.iter_mut().filter(|key| &key.prefix == prefix) {
                    key.used_at = Some(*at);
                }
            }
        });
        Ok(())
    }

    async fn record(&self, entry: &AuditEntry) -> StoreResult<()> {
        self.change(|state| {
            let number = i64::try_from(state.access.audit.len()).unwrap() + 1;
            let entry = AuditEntry {
                number,
                ..entry.clone()
            };
            state.access.audit.push(entry);
        });
        Ok(())
    }

    async fn audit(&self, filter: AuditFilter<'_>, limit: u32) -> StoreResult<Vec<AuditEntry>> {
        let state = self.state();
        let asked = state.access.audit.iter().rev().filter(|entry| {
            filter
                .account
                .is_none_or(|account| entry.account == Some(account))
                && filter
                    .action
                    .is_none_or(|action| entry.action.starts_with(action))
                && filter
                    .actor
                    .is_none_or(|actor| domain::fold::contains(&entry.actor, actor))
                && filter.before.is_none_or(|before| entry.number < before)
        });
        Ok(asked.take(limit as usize).cloned().collect())
    }
}
