//! Storing events.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use async_trait::async_trait;
use domain::{AccountId, Seq, Time, bounds::MOST_COUNTED};
use service::{
    desk::Desk,
    ports::{
        CommitOutcome, Committed, EventName, EventStore, KnownEvent, NewEvent, PlacedRows,
        StoreError, StoreResult, StoredEvent, Write, Written,
    },
};

use super::{Event, MemoryStore, State};

#[async_trait]
impl EventStore for MemoryStore {
    async fn commit(&self, group: &[Write], now: Time) -> StoreResult<Vec<Written>> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        let _turn = self.disk.lock().await;
        self.works()?;
        if self.change(|state| state.would_overflow(group)) {
            return Err(StoreError::OutOfRange("too large a total".into()));
        }
        let write = |state: &mut State, write: &Write| match write {
            Write::Events(batch) => Written::Events(state.store(batch, now)),
            Write::Act(act) => Written::Act(state.act(act, now)),
            // Requests with a key are the real store's business.
            Write::Keyed(..) => Written::Overtaken,
        };
        Ok(self.change(|state| group.iter().map(|one| write(state, one)).collect()))
    }

    async fn known(&self, names: &[EventName]) -> StoreResult<Vec<Option<KnownEvent>>> {
        let state = self.state();
        let known = |name: &EventName| {
            let usage = state.known(name.account, &name.source, &name.id);
            let lead = || {
                state.leads.iter().find(|lead| {
                    (lead.account, &lead.source, &lead.id) == (name.account, &name.source, &name.id)
                })
            };
            let found = usage.map(|event| &event.new).or_else(lead)?;
            Some(KnownEvent {
                fingerprint: found.fingerprint,
                credits: found.credits,
            })
        };
        Ok(names.iter().map(known).collect())
    }

    async fn placed_rows(
        &self,
        _: AccountId,
        fingerprints: &[i64],
    ) -> StoreResult<Vec<PlacedRows>> {
        // No earlier version has stored anything here.
        Ok(vec![PlacedRows::default(); fingerprints.len()])
    }

    async fn event(
        &self,
        account: AccountId,
        source: &str,
        id: &str,
    ) -> StoreResult<Option<StoredEvent>> {
        let state = self.state();
        Ok(state
            .known(account, source, id)
            .map(|event| state.named(event)))
    }
}

impl State {
    /// Whether new events make the cost of everything of an account larger than is counted. What is known already is
    /// counted once, a batch that conflicts not at all, and an account that has nothing new is not looked at.
    fn would_overflow(&self, group: &[Write]) -> bool {
        let mut fresh: Vec<&NewEvent> = Vec::new();
        for write in group {
            if let Write::Events(batch) = write {
                let of_batch = self.fresh(batch, &fresh);
                fresh.extend(of_batch.unwrap_or_default());
            }
        }
        let mut sums: BTreeMap<AccountId, i128> = BTreeMap::new();
        for event in fresh {
            let sum = sums
                .entry(event.account)
                .or_insert_with(|| self.cost_of(event.account));
            *sum += i128::from(event.credits.micro());
        }
        let most = i128::from(MOST_COUNTED.micro());
        sums.into_values().any(|sum| sum > most)
    }

    /// Micro-credits of all that is stored of an account.
    fn cost_of(&self, account: AccountId) -> i128 {
        let of_account = self
            .events
            .iter()
            .filter(|event| event.new.account == account);
        of_account
            .map(|event| i128::from(event.new.credits.micro()))
            .sum()
    }

    /// What of a batch is new, after what comes earlier in its group; or what conflicts, and then none of it is stored.
    fn fresh<'a>(
        &self,
        batch: &'a [NewEvent],
        earlier: &[&NewEvent],
    ) -> Result<Vec<&'a NewEvent>, Vec<usize>> {
        let mut fresh: Vec<&NewEvent> = Vec::new();
        let mut conflicts = Vec::new();
        for (index, event) in batch.iter().enumerate() {
            let is_same = |known: &NewEvent| {
                (known.account, &known.source, &known.id)
                    == (event.account, &event.source, &event.id)
            };
            let stored = self
                .known(event.account, &event.source, &event.id)
                .map(|event| &event.new);
            let known = stored
                .or_else(|| self.leads.iter().find(|known| is_same(known)))
                .or_else(|| earlier.iter().copied().find(|known| is_same(known)))
                .or_else(|| fresh.iter().copied().find(|known| is_same(known)))
                .map(|event| event.fingerprint);
            match known {
                Some(known) if known != event.fingerprint => conflicts.push(index),
                Some(_) => {}
                None => fresh.push(event),
            }
        }
        if conflicts.is_empty() {
            Ok(fresh)
        } else {
            Err(conflicts)
        }
    }

    /// Stores all of a batch or nothing.
    fn store(&mut self, batch: &[NewEvent], now: Time) -> CommitOutcome {
        let fresh = match self.fresh(batch, &[]) {
            Ok(fresh) => fresh,
            Err(conflicts) => return CommitOutcome::Conflict(conflicts),
        };
        let accepted = fresh.len();
        let (leads, fresh): (Vec<_>, Vec<_>) =
            fresh.into_iter().partition(|event| event.lead.is_some());
        if !fresh.is_empty() {
            let accounts: Vec<_> = fresh.iter().map(|event| event.account).collect();
            let mut desk = Desk::new(now, self.newest(), self.load(&accounts, now));
            let booked = fresh
                .iter()
                .filter_map(|event| desk.book(event).ok())
                .collect();
            self.keep(booked, now);
            self.keep(desk.take_booked(), now);
            self.close(desk, now);
        }
        self.leads.extend(leads.into_iter().cloned());
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        CommitOutcome::Stored(Committed {
            accepted: count(accepted),
            duplicates: count(batch.len() - accepted),
        })
    }

    pub(super) fn known(&self, account: AccountId, source: &str, id: &str) -> Option<&Event> {
        self.events.iter().find(|event| {
            event.new.account == account && event.new.source == source && event.new.id == id
        })
    }

    /// The newest event's place.
    pub fn newest(&self) -> Seq {
        self.events.last().map_or(Seq::ZERO, |event| event.seq)
    }

    /// An event with the names a reader needs.
    pub(super) fn named(&self, event: &Event) -> StoredEvent {
        let new = &event.new;
        let company = self
            .companies
            .iter()
            .find(|(account, company)| *account == new.account && company.id == new.company);
        let (key, name) = company.map_or_else(Default::default, |(_, company)| {
            (company.key.clone(), company.name.clone())
        });
        StoredEvent {
            seq: event.seq,
            company: new.company,
            company_key: key,
            company_name: name,
            source: new.source.clone(),
            id: new.id.clone(),
            kind: new.kind.clone(),
            time: new.time,
            recorded_at: event.recorded_at,
            agent: new.agent,
            activity: new.activity.clone(),
            is_other: false,
            credits: new.credits,
            quantity: new.quantity,
            unit: new.unit.clone(),
            rate_version: new.rate_version,
            reference: new.reference.clone(),
            metadata: new.metadata.clone(),
            reversed: self.reversed(event.reverses.unwrap_or(event.seq)),
            reverses: event.reverses,
        }
    }
}
