//! Storing events.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use domain::{AccountId, Seq, Time};
use service::ports::{
    CommitOutcome, Committed, EventStore, NewEvent, StoreError, StoreResult, StoredEvent,
};

use super::{Event, MemoryStore, State};

#[async_trait]
impl EventStore for MemoryStore {
    async fn commit(&self, group: &[Vec<NewEvent>], now: Time) -> StoreResult<Vec<CommitOutcome>> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        let _turn = self.disk.lock().await;
        if self.is_broken.load(Ordering::SeqCst) {
            return Err(StoreError::new("the disk is full"));
        }
        Ok(self.change(|state| group.iter().map(|batch| state.store(batch, now)).collect()))
    }

    async fn events_after(
        &self,
        account: AccountId,
        after: Seq,
        limit: u32,
    ) -> StoreResult<(Vec<StoredEvent>, Seq)> {
        let state = self.state();
        let new = state
            .events
            .iter()
            .filter(|event| event.new.account == account && event.seq > after);
        let events: Vec<_> = new
            .take(limit as usize)
            .map(|event| state.named(event))
            .collect();
        let is_cut = events.len() == limit as usize;
        let up_to = events
            .last()
            .filter(|_| is_cut)
            .map_or(state.newest(), |event| event.seq);
        Ok((events, up_to))
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
    /// Stores all of a batch or nothing.
    fn store(&mut self, batch: &[NewEvent], now: Time) -> CommitOutcome {
        let before = self.events.len();
        let mut conflicts = Vec::new();
        for (index, event) in batch.iter().enumerate() {
            match self.known(event.account, &event.source, &event.id) {
                Some(known) if known.new.fingerprint != event.fingerprint => conflicts.push(index),
                Some(_) => {}
                None => {
                    let seq = Seq(self.newest().0 + 1);
                    self.events.push(Event {
                        new: event.clone(),
                        seq,
                        recorded_at: now,
                    });
                }
            }
        }
        if !conflicts.is_empty() {
            self.events.truncate(before);
            return CommitOutcome::Conflict(conflicts);
        }
        let accepted = self.events.len() - before;
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        CommitOutcome::Stored(Committed {
            accepted: count(accepted),
            duplicates: count(batch.len() - accepted),
        })
    }

    fn known(&self, account: AccountId, source: &str, id: &str) -> Option<&Event> {
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
            credits: new.credits,
            quantity: new.quantity,
            unit: new.unit.clone(),
            rate_version: new.rate_version,
            reference: new.reference.clone(),
            metadata: new.metadata.clone(),
        }
    }
}
