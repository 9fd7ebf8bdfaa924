//! Reading totals and the log by looking at every event.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use domain::{
    AccountId, CompanyId, Credits, Seq, Time, TimeRange,
    cursor::Cursor,
    ledger::{Hold, Refunded},
    live::HowFar,
    source::Source,
    spike::Part,
    usage::Totals,
};
use service::{
    desk::OWN_SOURCES,
    ports::{
        BooksNeeds, Cell, Change, Direction, Grain, GroupBy, GroupKey, LoadedBooks, LogRange,
        ReadStore, Selection, Snapshot, StoreResult, StoredEvent,
    },
};

use super::{Event, MemoryStore, State, ledger};

pub(super) struct Frozen(pub(super) Arc<State>);

#[async_trait]
impl ReadStore for MemoryStore {
    async fn changes(&self, accounts: &[AccountId]) -> StoreResult<Vec<Change>> {
        let state = self.state();
        let change = |account: &AccountId| {
            let of_account = |event: &&Event| event.new.account == *account;
            let newest = state.events.iter().rev().find(of_account);
            Change {
                account: *account,
                far: HowFar {
                    books: state.books.get(account).map_or(0, |books| books.version),
                    newest: newest.map_or(Seq::ZERO, |event| event.seq),
                    others: state.alerts.changes.get(account).copied().unwrap_or(0),
                },
            }
        };
        Ok(accounts.iter().map(change).collect())
    }

    async fn snapshot(&self) -> StoreResult<Box<dyn Snapshot>> {
        service::turn::turn().await?;
        Ok(Box::new(Frozen(self.state())))
    }
}

impl Frozen {
    fn selected(
        &self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
    ) -> impl Iterator<Item = &Event> {
        self.0.events.iter().filter(move |event| {
            event.new.account == account
                && range.contains(event.new.time)
                && is_selected(selection, event)
        })
    }

    /// Newest first. A reversal is told by the event it takes back.
    fn log(&self, account: AccountId, selection: &Selection, range: TimeRange) -> Vec<&Event> {
        let rows = self.selected(account, selection, range);
        let mut events: Vec<_> = rows.filter(|event| event.reverses.is_none()).collect();
        events.sort_by_key(|event| std::cmp::Reverse(place(event)));
        events
    }
}

fn place(event: &Event) -> Cursor {
    Cursor {
        time: event.new.time,
        seq: event.seq,
    }
}

fn is_selected(selection: &Selection, event: &Event) -> bool {
    let event = &event.new;
    let starts_with = |prefix: &String| {
        let reference = event.reference.as_deref();
        reference.is_some_and(|text| domain::fold::starts_with(text, prefix))
    };
    selection
        .companies
        .as_ref()
        .is_none_or(|companies| companies.contains(&event.company))
        && (selection.agents.is_empty() || selection.agents.contains(&event.agent))
        && (selection.activities.is_empty() || selection.activities.contains(&event.activity))
        && selection.reference_prefix.as_ref().is_none_or(starts_with)
}

fn group_key(event: &Event, group_by: GroupBy) -> GroupKey {
    match group_by {
        GroupBy::All => GroupKey::All,
        GroupBy::Agent => GroupKey::Agent(event.new.agent),
        GroupBy::Company => GroupKey::Company(event.new.company),
        GroupBy::Activity => GroupKey::Activity(event.new.activity.clone()),
    }
}

#[async_trait]
impl Snapshot for Frozen {
    async fn as_of(&mut self) -> StoreResult<Seq> {
        Ok(self.0.newest())
    }

    async fn cells(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
        grain: Grain,
        group_by: GroupBy,
    ) -> StoreResult<Vec<Cell>> {
        let mut cells: BTreeMap<(Time, GroupKey), Totals> = BTreeMap::new();
        for event in self.selected(account, selection, range) {
            let start = match grain {
                Grain::Day => event.new.day_start,
                Grain::Bucket => event.new.time.bucket(),
                Grain::Event => event.new.time.bucket().max(range.start),
            };
            let totals = cells
                .entry((start, group_key(event, group_by)))
                .or_default();
            totals.add(Totals {
                credits: event.new.credits,
                events: u64::from(event.reverses.is_none()),
            });
        }
        Ok(cells
            .into_iter()
            .map(|((start, key), totals)| Cell { start, key, totals })
            .collect())
    }

    async fn sources(&mut self, account: AccountId) -> StoreResult<Vec<Source>> {
        let mut sources: BTreeMap<&str, Vec<(Time, Time)>> = BTreeMap::new();
        for event in &self.0.events {
            let new = &event.new;
            if new.account == account && !new.source.starts_with(OWN_SOURCES) {
                let seen = sources.entry(&new.source).or_default();
                seen.push((event.recorded_at, new.time));
            }
        }
        let source = |(name, seen): (&str, Vec<(Time, Time)>)| {
            let silences = seen.windows(2).map(|two| two[1].0.micros_since(two[0].0));
            Some(Source {
                name: name.to_owned(),
                first_seen: seen.first()?.0,
                last_time: seen.iter().map(|(_, time)| *time).max()?,
                seen_at: seen.last()?.0,
                events: seen.len() as u64,
                longest_silence_us: silences.max().unwrap_or(0),
            })
        };
        Ok(sources.into_iter().filter_map(source).collect())
    }

    async fn parts(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
    ) -> StoreResult<Vec<Part>> {
        let events = self.selected(account, selection, range);
        let parts = events.map(|event| Part {
            company: event.new.company,
            agent: event.new.agent,
            activity: event.new.activity.clone(),
            start: event.new.time.bucket(),
            credits: event.new.credits,
        });
        Ok(parts.collect())
    }

    async fn cycle_used(&mut self, account: AccountId, cycle_start: Time) -> StoreResult<Credits> {
        let events = self.0.events.iter().map(|event| &event.new);
        let booked =
            events.filter(|event| event.account == account && event.cycle_start == cycle_start);
        Ok(booked.fold(Credits::ZERO, |sum, event| {
            sum.saturating_add(event.credits)
        }))
    }

    async fn log(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: LogRange,
        limit: u32,
    ) -> StoreResult<Vec<StoredEvent>> {
        let rows = Self::log(self, account, selection, range.range).into_iter();
        let rows: Vec<_> = match (range.direction, range.from) {
            (Direction::Older, from) => rows
                .filter(|event| from.is_none_or(|from| place(event) < from))
                .take(limit as usize)
                .collect(),
            (Direction::Newer, from) => {
                let newer: Vec<_> = rows
                    .filter(|event| from.is_none_or(|from| place(event) > from))
                    .collect();
                newer[newer.len().saturating_sub(limit as usize)..].to_vec()
            }
        };
        Ok(rows.into_iter().map(|event| self.0.named(event)).collect())
    }

    async fn log_skip(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
        skip: u64,
    ) -> StoreResult<Option<Cursor>> {
        let rows = Self::log(self, account, selection, range);
        Ok(usize::try_from(skip)
            .ok()
            .and_then(|skip| rows.get(skip))
            .map(|event| place(event)))
    }

    async fn log_count_newer(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
        than: Cursor,
    ) -> StoreResult<u64> {
        Ok(self
            .selected(account, selection, range)
            .filter(|event| place(event) > than && event.reverses.is_none())
            .count() as u64)
    }

    async fn books(
        &mut self,
        needs: &BTreeMap<AccountId, BooksNeeds>,
        now: Time,
    ) -> StoreResult<Vec<LoadedBooks>> {
        Ok(ledger::books(&self.0, needs, now))
    }

    async fn active_holds(
        &mut self,
        account: AccountId,
        companies: Option<&[CompanyId]>,
        limit: u32,
    ) -> StoreResult<Vec<(Hold, String)>> {
        let mut holds = ledger::active_holds(&self.0, account, companies);
        holds.truncate(limit as usize);
        Ok(holds)
    }

    async fn corrected_since(&mut self, account: AccountId, since: Time) -> StoreResult<Credits> {
        Ok(ledger::corrected_since(&self.0, account, since))
    }

    async fn refunded_since(
        &mut self,
        account: AccountId,
        cycle: TimeRange,
    ) -> StoreResult<Refunded> {
        Ok(ledger::refunded_since(&self.0, account, cycle))
    }

    async fn books_version(&mut self, account: AccountId) -> StoreResult<i64> {
        Ok(self.0.books.get(&account).map_or(0, |books| books.version))
    }

    async fn events_after(
        &mut self,
        account: AccountId,
        after: Seq,
        limit: u32,
    ) -> StoreResult<(Vec<StoredEvent>, Seq)> {
        let state = &self.0;
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
            .map_or(state.newest().max(after), |event| event.seq);
        Ok((events, up_to))
    }

    async fn history_start(&mut self, account: AccountId) -> StoreResult<Option<Time>> {
        let events = self.0.events.iter().map(|event| &event.new);
        let times = events.filter(|event| event.account == account);
        let made = self.0.made.get(&account).copied();
        Ok(times.map(|event| event.time).chain(made).min())
    }

    async fn activities(&mut self, account: AccountId, most: usize) -> StoreResult<Vec<String>> {
        let of_account = self
            .0
            .events
            .iter()
            .filter(|event| event.new.account == account);
        let mut activities: Vec<_> = of_account.map(|event| event.new.activity.clone()).collect();
        activities.sort_unstable();
        activities.dedup();
        activities.truncate(most);
        Ok(activities)
    }
}
