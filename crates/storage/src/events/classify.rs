//! Which events of a group are new, which were there, and which contradict what was there.

use std::collections::{HashMap, hash_map::Entry};

use domain::AccountId;
use service::ports::{CommitOutcome, Committed, NewEvent};

/// What an event is known by: account, source, id.
pub(super) type Identity<'a> = (AccountId, &'a str, &'a str);

/// Fingerprints of events that are there, by identity.
pub(super) type Known<'a> = HashMap<Identity<'a>, i64>;

/// What is to be stored of a group, and what its senders are told.
pub(super) struct Plan<'a> {
    /// One for each batch.
    pub outcomes: Vec<CommitOutcome>,
    /// The events to store, in order.
    pub fresh: Vec<&'a NewEvent>,
    /// The leads to store, in order.
    pub leads: Vec<&'a NewEvent>,
}

impl Plan<'_> {
    /// Whether nothing is to be stored and nobody is refused.
    pub(super) fn is_nothing(&self) -> bool {
        self.fresh.is_empty() && self.leads.is_empty() && !self.has_conflicts()
    }

    /// Whether a batch is refused.
    pub(super) fn has_conflicts(&self) -> bool {
        self.outcomes
            .iter()
            .any(|outcome| matches!(outcome, CommitOutcome::Conflict(_)))
    }
}

/// The identity of an event.
pub(super) fn identity(event: &NewEvent) -> Identity<'_> {
    (event.account, &event.source, &event.id)
}

/// Judges the batches one after the other, as if each had been committed before the next.
pub(super) fn classify<'a>(batches: &[&'a [NewEvent]], mut known: Known<'a>) -> Plan<'a> {
    let mut plan = Plan {
        outcomes: Vec::with_capacity(batches.len()),
        fresh: Vec::new(),
        leads: Vec::new(),
    };
    for batch in batches {
        let mut fresh: Vec<&NewEvent> = Vec::with_capacity(batch.len());
        let mut conflicts = Vec::new();
        let mut duplicates = 0;
        for (position, event) in batch.iter().enumerate() {
            match known.entry(identity(event)) {
                Entry::Vacant(place) => {
                    place.insert(event.fingerprint);
                    fresh.push(event);
                }
                Entry::Occupied(there) if *there.get() == event.fingerprint => duplicates += 1,
                Entry::Occupied(_) => conflicts.push(position),
            }
        }
        if conflicts.is_empty() {
            let accepted = u32::try_from(fresh.len()).unwrap_or(u32::MAX);
            plan.outcomes.push(CommitOutcome::Stored(Committed {
                accepted,
                duplicates,
            }));
            let (leads, mut usage): (Vec<_>, Vec<_>) =
                fresh.into_iter().partition(|event| event.lead.is_some());
            plan.fresh.append(&mut usage);
            plan.leads.extend(leads);
        } else {
            for event in fresh {
                known.remove(&identity(event));
            }
            plan.outcomes.push(CommitOutcome::Conflict(conflicts));
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use domain::{Agent, CompanyId, Credits, Time};

    use super::*;

    fn event(id: &str, fingerprint: i64) -> NewEvent {
        let time = Time::from_micros(0);
        NewEvent {
            account: AccountId(1),
            company: CompanyId(1),
            source: "s".to_owned(),
            id: id.to_owned(),
            fingerprint,
            kind: "k".to_owned(),
            time,
            day_start: time,
            cycle_start: time,
            agent: Agent::Chat,
            activity: "a".to_owned(),
            credits: Credits::ZERO,
            quantity: None,
            unit: None,
            rate_version: None,
            reference: None,
            metadata: None,
            is_short_call: false,
            lead: None,
        }
    }

    fn stored(accepted: u32, duplicates: u32) -> CommitOutcome {
        CommitOutcome::Stored(Committed {
            accepted,
            duplicates,
        })
    }

    #[test]
    fn a_refused_batch_leaves_its_events_to_the_next_one() {
        let group = [
            vec![event("a", 1), event("b", 1), event("b", 2)],
            vec![event("a", 9), event("b", 1)],
            vec![event("b", 1), event("b", 1), event("c", 1)],
        ];
        let plan = classify(&group.each_ref().map(Vec::as_slice), Known::new());
        assert_eq!(
            plan.outcomes,
            [CommitOutcome::Conflict(vec![2]), stored(2, 0), stored(1, 2)]
        );
        assert_eq!(plan.fresh.len(), 3);
    }

    #[test]
    fn what_is_known_is_a_duplicate_or_a_conflict() {
        let group = [
            vec![event("a", 1), event("n", 1)],
            vec![event("a", 2), event("m", 1)],
        ];
        let known = Known::from([((AccountId(1), "s", "a"), 1)]);
        let plan = classify(&group.each_ref().map(Vec::as_slice), known);
        assert_eq!(
            plan.outcomes,
            [stored(1, 1), CommitOutcome::Conflict(vec![0])]
        );
        assert_eq!(plan.fresh.len(), 1);
    }
}
