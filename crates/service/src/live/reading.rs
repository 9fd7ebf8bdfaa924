//! What was read of an account at one moment, for all who follow it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use domain::{Seq, Time, ledger::BooksView};

use super::{
    READ_EVENTS, Told,
    hub::ToRead,
    news::Mark,
    view_key::{BooksKey, ViewKey},
};
use crate::{
    ServiceResult,
    books::books_view,
    ports::{Store, StoredEvent},
};

/// Events of earlier readings that are kept for those who missed one, at least, if there were as many.
const KEPT_EVENTS: usize = 256;
/// Earlier readings whose events are kept, at most.
const KEPT_BATCHES: usize = 32;

/// What was read of an account at one moment. Everything in it is of that moment.
#[derive(Debug)]
pub(super) struct Reading {
    /// Readings that begin later have higher numbers.
    pub number: u64,
    /// The version of the books.
    pub version: i64,
    /// The newest event.
    pub up_to: Seq,
    /// How far the account was.
    pub far: Mark,
    /// When the account's history begins.
    pub first: Option<Time>,
    /// What those who follow are shown of the books.
    books: HashMap<Arc<BooksKey>, BooksView>,
    /// Events up to here, in their order, in pieces as they were read.
    batches: Vec<Arc<Batch>>,
    /// What was made of it, each once for all equal views.
    made: Mutex<HashMap<DeltaKey, Arc<Told>>>,
}

/// Events that were read at once.
#[derive(Debug)]
struct Batch {
    after: Seq,
    up_to: Seq,
    events: Vec<StoredEvent>,
}

/// What a delta depends on, besides the reading.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct DeltaKey {
    pub view: Arc<ViewKey>,
    pub books: Arc<BooksKey>,
    /// Where the page is.
    pub shown: Seq,
    /// Up to where it was looked for news.
    pub read: Seq,
    /// Where what the view is compared with ends, if that cuts the bucket of one of the events.
    pub cut: Option<Time>,
    /// What the view says of what it is compared with.
    pub uncompared: Option<String>,
}

impl Reading {
    /// Reads an account. A first reading has no events: whoever follows has read the page itself.
    pub async fn take(
        store: &dyn Store,
        wanted: ToRead,
        number: u64,
        now: Time,
    ) -> ServiceResult<Self> {
        let account = wanted.account;
        let mut snapshot = store.snapshot().await?;
        let version = snapshot.books_version(account).await?;
        let as_of = snapshot.as_of().await?;
        let before = wanted.before.as_deref();
        let after = before.map_or(as_of, |before| before.up_to);
        let (events, up_to) = snapshot.events_after(account, after, READ_EVENTS).await?;
        let is_whole = events.len() < READ_EVENTS as usize;
        let batch = Batch {
            after,
            up_to,
            events,
        };
        let mut books = HashMap::with_capacity(wanted.asks.len());
        for (key, ask) in wanted.asks {
            books.insert(key, books_view(snapshot.as_mut(), ask.at(now)).await?);
        }
        let first = snapshot.history_start(account).await?;
        // Too many events for one reading: who follows reads the page again, and the next reading begins at the end.
        let (batches, up_to) = if is_whole {
            let kept = before.map_or(&[][..], |before| before.kept());
            ([kept, &[Arc::new(batch)]].concat(), up_to)
        } else {
            (Vec::new(), as_of)
        };
        Ok(Self {
            number,
            version,
            up_to,
            far: Mark::default(),
            first,
            books,
            batches,
            made: Mutex::default(),
        })
    }

    /// The account's newest event among those it has.
    pub fn newest(&self) -> Option<Seq> {
        let events = self
            .batches
            .iter()
            .rev()
            .filter_map(|batch| batch.events.last());
        events.map(|event| event.seq).next()
    }

    /// The newest pieces that those who missed a reading may need.
    fn kept(&self) -> &[Arc<Batch>] {
        let mut events = 0;
        let wanted = self.batches.iter().rev().take_while(|batch| {
            let is_wanted = events < KEPT_EVENTS;
            events += batch.events.len();
            is_wanted
        });
        let count = wanted.count().min(KEPT_BATCHES);
        &self.batches[self.batches.len() - count..]
    }

    /// What is shown of the books; none when they were not read for anybody who sees this much.
    pub fn books(&self, key: &BooksKey) -> Option<&BooksView> {
        self.books.get(key)
    }

    /// Events after a place, oldest first; none when they are not all here.
    pub fn events_after(&self, place: Seq) -> Option<impl Iterator<Item = &StoredEvent> + Clone> {
        let begins = self.batches.first().map_or(self.up_to, |batch| batch.after);
        let newer = self.batches.iter().filter(move |batch| batch.up_to > place);
        let events = newer.flat_map(|batch| &batch.events);
        (begins <= place).then(|| events.filter(move |event| event.seq > place))
    }

    /// What was made for equal views, or makes it.
    pub fn told(&self, key: DeltaKey, make: impl FnOnce() -> Told) -> Arc<Told> {
        let mut all = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let told = all.entry(key).or_insert_with(|| Arc::new(make()));
        Arc::clone(told)
    }
}
