//! Links sent by email that let someone back in, or change their email address.

use async_trait::async_trait;
use domain::{Time, UserId};
use service::ports::{
    EmailLink, EmailLinkStore, EmailOutcome, EmailProof, LinkKind, StoreResult, User,
};

use super::{MemoryStore, State};

/// What is kept of links and addresses.
#[derive(Debug, Clone, Default)]
pub struct EmailLinks {
    links: Vec<EmailLink>,
    former: Vec<(UserId, String)>,
}

impl State {
    fn take_link(&mut self, kind: LinkKind, hash: &[u8], now: Time) -> Option<EmailLink> {
        let links = &mut self.email_links.links;
        let place = links
            .iter()
            .position(|link| is_open(link, kind, hash, now))?;
        Some(links.remove(place))
    }

    fn put_link(&mut self, link: &EmailLink) {
        let links = &mut self.email_links.links;
        let is_void = |old: &EmailLink| {
            (old.user, old.kind) == (link.user, link.kind) && old.kind != LinkKind::Undo
        };
        links.retain(|old| !is_void(old));
        links.push(link.clone());
    }

    pub fn void_links(&mut self, user: UserId) {
        let links = &mut self.email_links.links;
        links.retain(|link| link.user != user || link.kind == LinkKind::Undo);
    }

    fn rename(&mut self, id: UserId, email: &str) -> EmailOutcome {
        if self
            .users
            .iter()
            .any(|user| user.email == email && user.id != id)
        {
            return EmailOutcome::Taken;
        }
        let Some(user) = self.users.iter_mut().find(|user| user.id == id) else {
            return EmailOutcome::Gone;
        };
        let before = user.clone();
        email.clone_into(&mut user.email);
        let former = (id, before.email.clone());
        self.email_links.former.push(former);
        EmailOutcome::Changed(before)
    }
}

fn is_open(link: &EmailLink, kind: LinkKind, hash: &[u8], now: Time) -> bool {
    link.kind == kind && link.token_hash == hash && link.expires_at > now
}

#[async_trait]
impl EmailLinkStore for MemoryStore {
    async fn put_email_link(&self, link: &EmailLink) -> StoreResult<()> {
        self.change(|state| state.put_link(link));
        Ok(())
    }

    async fn email_link(
        &self,
        kind: LinkKind,
        token_hash: &[u8],
        now: Time,
    ) -> StoreResult<Option<EmailLink>> {
        let state = self.state();
        let mut links = state.email_links.links.iter();
        Ok(links
            .find(|link| is_open(link, kind, token_hash, now))
            .cloned())
    }

    async fn reset_password(
        &self,
        token_hash: &[u8],
        password_hash: &str,
        now: Time,
    ) -> StoreResult<Option<User>> {
        Ok(self.change(|state| {
            let link = state.take_link(LinkKind::Reset, token_hash, now)?;
            state.prove(link.user, EmailProof::Mail);
            let is_theirs = |user: &&mut User| user.id == link.user && !user.disabled;
            let user = state.users.iter_mut().find(is_theirs)?;
            password_hash.clone_into(&mut user.password_hash);
            let user = user.clone();
            state.sessions.retain(|one| one.user != Some(link.user));
            state.void_links(link.user);
            Some(user)
        }))
    }

    async fn change_email(
        &self,
        token_hash: &[u8],
        undo: &EmailLink,
        now: Time,
    ) -> StoreResult<EmailOutcome> {
        Ok(self.change(|state| {
            let Some(link) = state.take_link(LinkKind::Change, token_hash, now) else {
                return EmailOutcome::Gone;
            };
            let outcome = state.rename(link.user, &link.email);
            if matches!(outcome, EmailOutcome::Changed(_)) {
                state.void_links(link.user);
                state.put_link(undo);
            }
            outcome
        }))
    }

    async fn undo_email(
        &self,
        token_hash: &[u8],
        reset: &EmailLink,
        now: Time,
    ) -> StoreResult<EmailOutcome> {
        Ok(self.change(|state| {
            let Some(link) = state.take_link(LinkKind::Undo, token_hash, now) else {
                return EmailOutcome::Gone;
            };
            let outcome = state.rename(link.user, &link.email);
            if matches!(outcome, EmailOutcome::Changed(_)) {
                state.sessions.retain(|one| one.user != Some(link.user));
                let links = &mut state.email_links.links;
                links.retain(|one| one.user != link.user || one.created_at < link.created_at);
                state.void_links(link.user);
                state.put_link(reset);
            }
            outcome
        }))
    }

    async fn is_email_kept(&self, email: &str, now: Time) -> StoreResult<bool> {
        let state = self.state();
        let mut links = state.email_links.links.iter();
        Ok(links.any(|link| {
            link.kind == LinkKind::Undo && link.email == email && link.expires_at > now
        }))
    }

    async fn former_emails(&self, user: UserId) -> StoreResult<Vec<String>> {
        let state = self.state();
        let theirs = state.email_links.former.iter();
        Ok(theirs
            .filter(|(id, _)| *id == user)
            .map(|(_, email)| email.clone())
            .collect())
    }
}
