//! Storing events with who paid them, and everything else that is done to the books; reading single events.

mod classify;
mod find;
mod insert;

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::{AccountId, Time};
pub(crate) use find::{after, in_transaction as find_in};
use service::{
    desk::{Booked, Desk},
    ports::{
        AccountAct, Act, Acted, BooksNeeds, CommitOutcome, EventName, EventStore, KnownEvent,
        NewEvent, PlacedRows, Refusal, StoreResult, StoredEvent, Write, Written,
    },
};

use crate::{
    SqliteStore,
    error::{Error, Result},
    events::classify::{Known, Plan, classify},
    leads,
    ledger::{self, Wanted},
    rollups, sources,
    writer::{WriteTx, Writer},
};

#[async_trait]
impl EventStore for SqliteStore {
    async fn commit(&self, group: &[Write], now: Time) -> StoreResult<Vec<Written>> {
        Ok(commit(&self.writer, group, now).await?)
    }

    async fn known(&self, names: &[EventName]) -> StoreResult<Vec<Option<KnownEvent>>> {
        let identities: Vec<_> = names
            .iter()
            .map(|name| (name.account, name.source.as_str(), name.id.as_str()))
            .collect();
        let mut reader = self.readers.acquire().await.map_err(Error::from)?;
        Ok(find::stored_under(&mut reader, &identities).await?)
    }

    async fn placed_rows(
        &self,
        account: AccountId,
        fingerprints: &[i64],
    ) -> StoreResult<Vec<PlacedRows>> {
        Ok(find::placed(&self.readers, account, fingerprints).await?)
    }

    async fn event(
        &self,
        account: AccountId,
        source: &str,
        id: &str,
    ) -> StoreResult<Option<StoredEvent>> {
        Ok(find::by_identity(&self.readers, account, source, id).await?)
    }
}

/// A group, taken apart into batches of events and acts; the order of both is kept.
struct Group<'a> {
    batches: Vec<&'a [NewEvent]>,
    acts: Vec<&'a AccountAct>,
}

impl<'a> Group<'a> {
    fn of(writes: &'a [Write]) -> Self {
        let (mut batches, mut acts) = (Vec::new(), Vec::new());
        for write in writes {
            match write {
                Write::Events(batch) => batches.push(batch.as_slice()),
                Write::Act(act) => acts.push(act),
            }
        }
        Self { batches, acts }
    }

    /// Puts the answers back into the order of the writes.
    fn answers(
        writes: &[Write],
        outcomes: Vec<CommitOutcome>,
        acted: Vec<std::result::Result<Acted, Refusal>>,
    ) -> Vec<Written> {
        let (mut outcomes, mut acted) = (outcomes.into_iter(), acted.into_iter());
        let answer = |write: &Write| match write {
            Write::Events(_) => outcomes.next().map(Written::Events),
            Write::Act(_) => acted.next().map(Written::Act),
        };
        writes.iter().filter_map(answer).collect()
    }

    /// What the books of the accounts concerned have to be loaded with.
    fn wanted(&self, fresh: &[&NewEvent]) -> Wanted {
        let mut needs: BTreeMap<AccountId, BooksNeeds> = BTreeMap::new();
        for event in fresh {
            needs.entry(event.account).or_default();
        }
        for ordered in &self.acts {
            let needs = needs.entry(ordered.account).or_default();
            match &ordered.act {
                Act::Hold(new) => {
                    needs.holds.push(new.id.clone());
                    needs.companies.push(new.company);
                }
                Act::RenewHold { id, .. } | Act::Release { id } => needs.holds.push(id.clone()),
                Act::Settle(settlement) => needs.holds.push(settlement.id.clone()),
                Act::Reverse(_) => needs.all_grants = true,
                Act::PayOrder { id, .. } | Act::FailOrder { id, .. } => {
                    needs.orders.push(id.clone());
                }
                Act::Dispute { dispute, .. } => {
                    // The system may refund it at once.
                    needs.all_grants = true;
                    let event = (dispute.source.clone(), dispute.event.clone());
                    needs.disputed.push(event);
                }
                Act::DecideDispute { id, .. } => {
                    needs.all_grants = true;
                    needs.disputes.push(id.clone());
                }
                Act::SupportDispute { id, .. } => needs.disputes.push(id.clone()),
                Act::Renew | Act::Give(_) | Act::Correct { .. } | Act::Order(_) => {}
            }
        }
        Wanted {
            needs,
            since: fresh.iter().map(|event| event.time).min(),
            acts: !self.acts.is_empty(),
        }
    }
}

/// Stores a group in one transaction: first the events, then the acts.
///
/// Nearly all events are new and nearly no batch contradicts itself, so the group is judged without looking, everything
/// is inserted, and identities that are there are left out by the database. Only when that was wrong is it asked which
/// events are there, the group judged again, and what is new inserted.
#[tracing::instrument(name = "db.events.commit", skip_all, fields(writes = asked.len()))]
async fn commit(writer: &Writer, asked: &[Write], now: Time) -> Result<Vec<Written>> {
    let group = Group::of(asked);
    let mut plan = classify(&group.batches, Known::new());
    if plan.is_nothing() && group.acts.is_empty() {
        return Ok(Group::answers(asked, plan.outcomes, Vec::new()));
    }
    let mut tx = writer.begin().await?;
    let mut desk = open(&mut tx, &group, &plan, now).await?;
    // What cannot be counted may turn out to be known.
    let mut booked = book(&mut desk, &plan).unwrap_or_default();
    let is_whole = booked.len() == plan.fresh.len() && !plan.has_conflicts();
    if !is_whole || !insert(&mut tx, &booked, &plan.leads, now).await? {
        tx.restart().await?;
        plan = classify(&group.batches, find::known(&mut tx, &group.batches).await?);
        desk = open(&mut tx, &group, &plan, now).await?;
        booked = book(&mut desk, &plan)?;
        if !insert(&mut tx, &booked, &plan.leads, now).await? {
            return Err(Error::Corrupt(
                "an event is known and new at the same time".to_owned(),
            ));
        }
    }
    let acted = act(&mut tx, &mut desk, &group.acts, &mut booked, now).await?;
    rollups::add_leads(&mut tx, &plan.leads).await?;
    sources::seen(&mut tx, &booked, &plan.leads, now).await?;
    finish(&mut tx, desk, &booked, now).await?;
    tx.commit().await?;
    Ok(Group::answers(asked, plan.outcomes, acted))
}

async fn open(tx: &mut WriteTx<'_>, group: &Group<'_>, plan: &Plan<'_>, now: Time) -> Result<Desk> {
    desk_of(tx, group.wanted(&plan.fresh), now).await
}

/// Inserts events and leads whose identity is not there; whether that was all of them.
async fn insert(
    tx: &mut WriteTx<'_>,
    booked: &[Booked<'_>],
    leads: &[&NewEvent],
    now: Time,
) -> Result<bool> {
    Ok(insert::all(tx, booked, now).await?
        && !leads::clash(tx, booked).await?
        && leads::insert(tx, leads, now).await?)
}

fn book<'a>(desk: &mut Desk, plan: &Plan<'a>) -> Result<Vec<Booked<'a>>> {
    plan.fresh
        .iter()
        .map(|event| desk.book(event))
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| Error::Overflow("a cycle's overage"))
}

/// Does the acts in their order. What they make of events is inserted at the latest before an event is looked for.
async fn act(
    tx: &mut WriteTx<'_>,
    desk: &mut Desk,
    acts: &[&AccountAct],
    booked: &mut Vec<Booked<'_>>,
    now: Time,
) -> Result<Vec<std::result::Result<Acted, Refusal>>> {
    let mut acted = Vec::with_capacity(acts.len());
    for ordered in acts {
        if let Some(name) = desk.event_to_reverse(ordered) {
            take_booked(tx, desk, booked, now).await?;
            let names = [name];
            let found = ledger::reversible(tx.connection(), ordered.account, &names).await?;
            desk.add_reversible(ordered.account, found);
        }
        acted.push(desk.act(ordered));
    }
    take_booked(tx, desk, booked, now).await?;
    Ok(acted)
}

async fn take_booked(
    tx: &mut WriteTx<'_>,
    desk: &mut Desk,
    booked: &mut Vec<Booked<'_>>,
    now: Time,
) -> Result<()> {
    let made = desk.take_booked();
    if !insert::all(tx, &made, now).await? {
        return Err(Error::Corrupt(
            "an event of our own has an identity that is taken".to_owned(),
        ));
    }
    booked.extend(made);
    Ok(())
}

async fn finish(tx: &mut WriteTx<'_>, desk: Desk, booked: &[Booked<'_>], now: Time) -> Result<()> {
    // Holds that ended by themselves were booked first and are stored last.
    let newest = booked.iter().map(|booked| booked.seq).max();
    let as_of = match newest {
        Some(newest) => newest,
        None => find::newest(tx.connection()).await?,
    };
    rollups::add(tx, booked).await?;
    ledger::store(tx, &desk.finish(), as_of, now).await
}

/// Does something to the books of an account within a transaction that also does other things.
pub(crate) async fn at_desk(
    tx: &mut WriteTx<'_>,
    account: AccountId,
    now: Time,
    work: impl AsyncFnOnce(&mut WriteTx<'_>, &mut Desk) -> Result<()>,
) -> Result<()> {
    let mut desk = desk_of(tx, Wanted::of([account]), now).await?;
    work(tx, &mut desk).await?;
    close(tx, desk, now).await
}

async fn desk_of(tx: &mut WriteTx<'_>, wanted: Wanted, now: Time) -> Result<Desk> {
    let newest = find::newest(tx.connection()).await?;
    let loaded = ledger::load(tx.connection(), &wanted, now).await?;
    Ok(Desk::new(now, newest, loaded))
}

async fn close(tx: &mut WriteTx<'_>, mut desk: Desk, now: Time) -> Result<()> {
    let mut booked = Vec::new();
    take_booked(tx, &mut desk, &mut booked, now).await?;
    finish(tx, desk, &booked, now).await
}
