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
        NameSort, NewEvent, PlacedRows, Refusal, StoreResult, StoredEvent, Unlisted, Write,
        Written,
    },
};

use crate::{
    SqliteStore,
    error::{Error, Result},
    events::classify::{Known, Plan, classify},
    idempotency::{self, is_stored},
    leads,
    ledger::{self, Wanted},
    names, rollups, sources,
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
        let readers = self.reading().await?;
        let mut reader = readers.pool().acquire().await.map_err(Error::from)?;
        Ok(find::stored_under(&mut reader, &identities).await?)
    }

    async fn unlisted_activities(
        &self,
        account: AccountId,
        names: &[String],
    ) -> StoreResult<Vec<String>> {
        Ok(names::unlisted_activities(&self.lookups, account, names).await?)
    }

    async fn unlisted(&self) -> StoreResult<Vec<Unlisted>> {
        Ok(names::unlisted(self.reading().await?.pool()).await?)
    }

    async fn unlisted_told(&self, account: AccountId, sort: NameSort) -> StoreResult<()> {
        Ok(names::told(&self.writer, account, sort).await?)
    }

    async fn placed_rows(
        &self,
        account: AccountId,
        fingerprints: &[i64],
    ) -> StoreResult<Vec<PlacedRows>> {
        Ok(find::placed(self.reading().await?.pool(), account, fingerprints).await?)
    }

    async fn event(
        &self,
        account: AccountId,
        source: &str,
        id: &str,
    ) -> StoreResult<Option<StoredEvent>> {
        Ok(find::by_identity(self.reading().await?.pool(), account, source, id).await?)
    }
}

/// A group, taken apart into batches of events and acts; the order of both is kept.
struct Group<'a> {
    batches: Vec<&'a [NewEvent]>,
    acts: Vec<&'a AccountAct>,
}

impl<'a> Group<'a> {
    fn of(writes: &[&'a Write]) -> Self {
        let (mut batches, mut acts) = (Vec::new(), Vec::new());
        for write in writes {
            match write.plain() {
                Write::Events(batch) => batches.push(batch.as_slice()),
                Write::Act(act) => acts.push(act),
                Write::Keyed(..) => {}
            }
        }
        Self { batches, acts }
    }

    /// Puts the answers back into the order of the writes.
    fn answers(
        writes: &[&Write],
        outcomes: Vec<CommitOutcome>,
        acted: Vec<std::result::Result<Acted, Refusal>>,
    ) -> Vec<Written> {
        let (mut outcomes, mut acted) = (outcomes.into_iter(), acted.into_iter());
        let answer = |write: &&Write| match write.plain() {
            Write::Events(_) => outcomes.next().map(Written::Events),
            Write::Act(_) => acted.next().map(Written::Act),
            Write::Keyed(..) => None,
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
                Act::PayOrder { id, .. } | Act::FailOrder { id, .. } | Act::CancelOrder { id } => {
                    needs.orders.push(id.clone());
                }
                Act::Order { chosen, .. } => needs.pending_orders |= chosen.once,
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
                Act::Renew | Act::Give(_) | Act::Correct { .. } => {}
            }
        }
        Wanted {
            needs,
            since: fresh.iter().map(|event| event.time).min(),
            acts: !self.acts.is_empty(),
        }
    }
}

/// Stores a group in one transaction: first the events, then the acts. Parts of requests with a key are stored with what
/// they came to; those that another process did meanwhile are left out.
#[tracing::instrument(name = "db.events.commit", skip_all, fields(writes = asked.len()))]
async fn commit(writer: &Writer, asked: &[Write], now: Time) -> Result<Vec<Written>> {
    if !asked.iter().any(|write| matches!(write, Write::Keyed(..))) {
        let asked: Vec<_> = asked.iter().collect();
        let group = Group::of(&asked);
        let plan = classify(&group.batches, Known::new());
        if plan.is_nothing() && group.acts.is_empty() {
            return Ok(Group::answers(&asked, plan.outcomes, Vec::new()));
        }
    }
    let mut tx = writer.begin().await?;
    let (mut is_overtaken, mut left) = overtaken(&mut tx, asked).await?;
    let mut written = attempt(&mut tx, &left, None, now).await?;
    if written.is_none() {
        tx.restart().await?;
        (is_overtaken, left) = overtaken(&mut tx, asked).await?;
        let known = find::known(&mut tx, &Group::of(&left).batches).await?;
        written = attempt(&mut tx, &left, Some(known), now).await?;
    }
    let written = written
        .ok_or_else(|| Error::Corrupt("an event is known and new at the same time".to_owned()))?;
    keep(&mut tx, &left, &written).await?;
    tx.commit().await?;
    let mut written = written.into_iter();
    let answer = |is_overtaken: bool| {
        let answer = if is_overtaken { None } else { written.next() };
        answer.unwrap_or(Written::Overtaken)
    };
    Ok(is_overtaken.into_iter().map(answer).collect())
}

/// Which writes are parts of requests that were done meanwhile, or stand in the group before; and the others.
async fn overtaken<'a>(
    tx: &mut WriteTx<'_>,
    asked: &'a [Write],
) -> Result<(Vec<bool>, Vec<&'a Write>)> {
    let (mut is_overtaken, mut left, mut parts) = (Vec::new(), Vec::new(), Vec::new());
    for write in asked {
        let is_done = match write {
            Write::Keyed(part, _) => {
                let is_done = parts.contains(&part) || is_stored(tx.connection(), part).await?;
                parts.push(part);
                is_done
            }
            Write::Events(_) | Write::Act(_) => false,
        };
        if !is_done {
            left.push(write);
        }
        is_overtaken.push(is_done);
    }
    Ok((is_overtaken, left))
}

/// Stores what parts of requests came to. What was refused changed nothing, and may be tried again.
async fn keep(tx: &mut WriteTx<'_>, asked: &[&Write], written: &[Written]) -> Result<()> {
    for (write, written) in asked.iter().zip(written) {
        let Write::Keyed(part, _) = write else {
            continue;
        };
        match written {
            Written::Events(CommitOutcome::Stored(stored)) => {
                idempotency::store(tx.connection(), part, stored).await?;
            }
            Written::Act(Ok(acted)) => {
                idempotency::store(tx.connection(), part, acted).await?;
            }
            Written::Events(CommitOutcome::Conflict(_))
            | Written::Act(Err(_))
            | Written::Overtaken => {}
        }
    }
    Ok(())
}

/// Nearly all events are new and nearly no batch contradicts itself, so the group is first judged without looking,
/// everything is inserted, and identities that are there are left out by the database. When that was wrong, there is no
/// answer, and the group is judged again by what is known.
async fn attempt(
    tx: &mut WriteTx<'_>,
    asked: &[&Write],
    known: Option<Known<'_>>,
    now: Time,
) -> Result<Option<Vec<Written>>> {
    let group = Group::of(asked);
    let is_first = known.is_none();
    let plan = classify(&group.batches, known.unwrap_or_default());
    if is_first && plan.has_conflicts() {
        return Ok(None);
    }
    let mut desk = open(tx, &group, &plan, now).await?;
    let mut booked = match book(&mut desk, &plan) {
        Ok(booked) => booked,
        // What cannot be counted may turn out to be known.
        Err(_) if is_first => return Ok(None),
        Err(error) => return Err(error),
    };
    if !insert(tx, &booked, &plan.leads, now).await? {
        return Ok(None);
    }
    let acted = act(tx, &mut desk, &group.acts, &mut booked, now).await?;
    rollups::add_leads(tx, &plan.leads).await?;
    sources::seen(tx, &booked, &plan.leads, now).await?;
    finish(tx, desk, &booked, now).await?;
    Ok(Some(Group::answers(asked, plan.outcomes, acted)))
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
