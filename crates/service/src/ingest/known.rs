//! What is known of events before they are stored.

use std::collections::HashMap;

use domain::{AccountId, Credits, FieldError, event::ParsedEvent};

use super::{IngestBatch, Sifted, fingerprint};
use crate::{
    Caller, ServiceResult, Services,
    ports::{EventName, KnownEvent},
};

/// What an event is: where it may be known, and what it says.
pub(super) struct Identity {
    /// The accounts it may be known in.
    pub(super) accounts: Vec<AccountId>,
    source: String,
    id: String,
    pub(super) fingerprint: i64,
    /// Of the content as earlier versions saw it, when that was another.
    pub(super) rounded: Option<i64>,
}

/// What the store knows of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing.
    Unknown,
    /// It is stored, at this cost.
    Same(Credits),
    /// Something else is stored under its name.
    Other,
}

/// What would become of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It would be stored, at this cost.
    New(Credits),
    /// It is stored, at this cost.
    Known(Credits),
    /// Something else is stored under its name.
    Conflict,
    /// It would be refused.
    Refused(Vec<FieldError>),
}

/// How an earlier version would have stored a row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Former {
    /// Under an id made of its place in a file, with this content, as the nth of its content, from 1.
    Placed {
        /// Of the content.
        fingerprint: i64,
        /// Which of the equal rows.
        occurrence: u32,
    },
    /// Under this name.
    Named {
        /// Who reported.
        source: String,
        /// The id.
        id: String,
        /// Of the content.
        fingerprint: i64,
    },
}

impl Identity {
    pub(super) fn of(event: &ParsedEvent) -> Self {
        Self {
            accounts: Vec::new(),
            source: event.source.clone(),
            id: event.id.clone(),
            fingerprint: fingerprint(&event.content()),
            rounded: event.rounded_content().map(|content| fingerprint(&content)),
        }
    }

    fn names(&self) -> impl Iterator<Item = EventName> {
        self.accounts.iter().map(|account| EventName {
            account: *account,
            source: self.source.clone(),
            id: self.id.clone(),
        })
    }

    fn is_same(&self, known: &KnownEvent) -> bool {
        known.fingerprint == self.fingerprint || Some(known.fingerprint) == self.rounded
    }

    fn standing(&self, found: &[Option<KnownEvent>]) -> Standing {
        let mut known = found.iter().flatten();
        match known.clone().find(|known| self.is_same(known)) {
            Some(same) => Standing::Same(same.credits),
            // Where it may belong to several accounts, another event in one of them says nothing.
            None if self.accounts.len() == 1 && known.next().is_some() => Standing::Other,
            None => Standing::Unknown,
        }
    }
}

impl Services {
    /// What the store knows of the events of a batch.
    pub(super) async fn standings(&self, sifted: &[Sifted]) -> ServiceResult<Vec<Standing>> {
        let identities = || sifted.iter().filter_map(|one| one.identity.as_ref());
        let names: Vec<_> = identities().flat_map(Identity::names).collect();
        let found = self.store.known(&names).await?;
        let mut rest = found.as_slice();
        let mut standings = Vec::with_capacity(sifted.len());
        for one in sifted {
            let Some(identity) = &one.identity else {
                standings.push(Standing::Unknown);
                continue;
            };
            let (mine, others) = rest.split_at(identity.accounts.len().min(rest.len()));
            standings.push(identity.standing(mine));
            rest = others;
        }
        Ok(standings)
    }

    /// What would become of each event of a batch, each by itself. Stores nothing. What an earlier version stored in
    /// another way, as `former` tells for each, is known as well.
    pub async fn judge(
        &self,
        caller: &Caller,
        batch: IngestBatch,
        former: &[Option<Former>],
    ) -> ServiceResult<Vec<Verdict>> {
        let sifted = self.sift(caller, batch).await?;
        let standings = self.standings(&sifted).await?;
        let formers = self.formers(&sifted, former).await?;
        let verdicts = sifted.into_iter().zip(standings).zip(formers);
        let verdicts = verdicts.map(|((one, standing), former)| match (standing, former) {
            (Standing::Same(credits), _) | (_, Standing::Same(credits)) => Verdict::Known(credits),
            (Standing::Other, _) | (_, Standing::Other) => Verdict::Conflict,
            (Standing::Unknown, Standing::Unknown) => match one.event {
                Ok(event) => Verdict::New(event.credits),
                Err(errors) => Verdict::Refused(errors),
            },
        });
        Ok(verdicts.collect())
    }

    /// What the store knows of rows as an earlier version would have stored them.
    async fn formers(
        &self,
        sifted: &[Sifted],
        former: &[Option<Former>],
    ) -> ServiceResult<Vec<Standing>> {
        let account = sifted
            .iter()
            .find_map(|one| one.identity.as_ref()?.accounts.first().copied());
        let Some(account) = account.filter(|_| !former.is_empty()) else {
            return Ok(vec![Standing::Unknown; sifted.len()]);
        };
        let (mut contents, mut names) = (Vec::new(), Vec::new());
        for one in former.iter().flatten() {
            match one {
                Former::Placed { fingerprint, .. } => contents.push(*fingerprint),
                Former::Named { source, id, .. } => names.push(EventName {
                    account,
                    source: source.clone(),
                    id: id.clone(),
                }),
            }
        }
        contents.sort_unstable();
        contents.dedup();
        let placed = self.store.placed_rows(account, &contents).await?;
        let placed: HashMap<_, _> = contents.into_iter().zip(placed).collect();
        let mut found = self.store.known(&names).await?.into_iter();
        let mut standing = |one: &Former| match one {
            Former::Placed {
                fingerprint,
                occurrence,
            } => match placed.get(fingerprint) {
                Some(rows) if rows.count >= *occurrence => Standing::Same(rows.credits),
                _ => Standing::Unknown,
            },
            Former::Named { fingerprint, .. } => match found.next().flatten() {
                Some(known) if known.fingerprint == *fingerprint => Standing::Same(known.credits),
                Some(_) => Standing::Other,
                None => Standing::Unknown,
            },
        };
        let standings = former
            .iter()
            .map(|one| one.as_ref().map_or(Standing::Unknown, &mut standing));
        Ok(standings.collect())
    }
}
