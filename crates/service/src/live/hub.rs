//! Who follows which account, and what was read of it for all of them.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use domain::AccountId;
use tokio::sync::watch;

use super::{
    reading::Reading,
    view_key::{BooksKey, OwnedAsk},
};

/// Kinds of books that are read of an account for all who follow it. Whoever asks for another one reads for themselves, and
/// waits for their turn: many of them must not make the one reading long.
const MOST_ASKS: usize = 32;

/// Tells those who follow an account what is new. The database, not the hub, says what that is.
#[derive(Debug, Clone, Default)]
pub struct Hub(pub(super) Arc<Inner>);

/// What all users of a hub share.
#[derive(Debug, Default)]
pub(super) struct Inner {
    followed: Mutex<BTreeMap<AccountId, Followed>>,
    /// Accounts with something new since alerts were looked at.
    news: Mutex<BTreeSet<AccountId>>,
    /// Followed accounts with something new since they were read.
    told: Mutex<BTreeSet<AccountId>>,
    /// Wakes the watcher.
    pub(super) wake: watch::Sender<()>,
    /// Counts readings when they begin.
    begun: AtomicU64,
}

/// An account that is followed.
#[derive(Debug)]
struct Followed {
    readings: watch::Sender<Option<Arc<Reading>>>,
    /// Whose books are read with it, and how many followers ask for them.
    asks: HashMap<Arc<BooksKey>, (Arc<OwnedAsk>, usize)>,
    /// Who only wants to know that there is something new.
    listeners: usize,
    /// How often this process said that there is.
    told: u64,
}

impl Followed {
    fn new() -> Self {
        Self {
            readings: watch::channel(None).0,
            asks: HashMap::new(),
            listeners: 0,
            told: 0,
        }
    }

    fn is_left(&self) -> bool {
        self.asks.is_empty() && self.listeners == 0
    }
}

/// What of an account is to be read.
pub(super) struct ToRead {
    pub account: AccountId,
    pub asks: Vec<(Arc<BooksKey>, Arc<OwnedAsk>)>,
    pub before: Option<Arc<Reading>>,
    /// How often this process had said that there is something new.
    pub told: u64,
}

/// One who is told that an account has something new; forgotten when dropped.
pub(super) struct Listener {
    inner: Arc<Inner>,
    account: AccountId,
    /// How often this process had said before that there is something new.
    pub told: u64,
    pub readings: watch::Receiver<Option<Arc<Reading>>>,
}

/// One who follows an account; forgotten when dropped.
pub(super) struct Follower {
    inner: Arc<Inner>,
    account: AccountId,
    books: Arc<BooksKey>,
    pub readings: watch::Receiver<Option<Arc<Reading>>>,
}

impl Hub {
    /// Wakes those who follow these accounts.
    pub(crate) fn notify(&self, changed: &[AccountId]) {
        lock(&self.0.news).extend(changed);
        let followed = lock(&self.0.followed);
        let known = changed
            .iter()
            .filter(|account| followed.contains_key(account));
        let known: Vec<_> = known.copied().collect();
        drop(followed);
        if !known.is_empty() {
            self.0.tell(known);
        }
    }

    /// Lets alerts look at an account.
    pub(crate) fn mark(&self, account: AccountId) {
        lock(&self.0.news).insert(account);
    }

    /// Accounts with something new since the last call.
    pub(crate) fn take_news(&self) -> BTreeSet<AccountId> {
        std::mem::take(&mut *lock(&self.0.news))
    }

    /// Follows an account, with books as `ask` says.
    pub(super) fn follow(&self, ask: OwnedAsk) -> Follower {
        let (account, books) = (ask.account(), Arc::new(BooksKey::of(&ask)));
        let mut followed = lock(&self.0.followed);
        let is_first = !followed.contains_key(&account);
        let entry = followed.entry(account).or_insert_with(Followed::new);
        let asked = entry.asks.entry(Arc::clone(&books));
        asked.or_insert_with(|| (Arc::new(ask), 0)).1 += 1;
        let readings = entry.readings.subscribe();
        drop(followed);
        self.0.wake_for(is_first);
        Follower {
            inner: Arc::clone(&self.0),
            account,
            books,
            readings,
        }
    }

    /// Listens to what an account has, whatever that is.
    pub(super) fn listen(&self, account: AccountId) -> Listener {
        let mut followed = lock(&self.0.followed);
        let is_first = !followed.contains_key(&account);
        let entry = followed.entry(account).or_insert_with(Followed::new);
        entry.listeners += 1;
        let (told, readings) = (entry.told, entry.readings.subscribe());
        drop(followed);
        self.0.wake_for(is_first);
        Listener {
            inner: Arc::clone(&self.0),
            account,
            told,
            readings,
        }
    }

    /// Lets those who follow an account look at it, although nothing was booked.
    pub(crate) fn nudge(&self, account: AccountId) {
        let is_followed = lock(&self.0.followed).contains_key(&account);
        if is_followed {
            self.0.tell([account]);
        }
    }
}

impl Inner {
    /// The watcher may be waiting for somebody to follow anything at all.
    fn wake_for(&self, is_first: bool) {
        if is_first {
            self.wake.send_replace(());
        }
    }

    /// Lets accounts be read.
    pub(super) fn tell(&self, accounts: impl IntoIterator<Item = AccountId>) {
        let accounts: Vec<_> = accounts.into_iter().collect();
        let mut followed = lock(&self.followed);
        for account in &accounts {
            if let Some(entry) = followed.get_mut(account) {
                entry.told += 1;
            }
        }
        drop(followed);
        lock(&self.told).extend(accounts);
        self.wake.send_replace(());
    }

    /// Lets an account be read in the next round, whenever that is.
    pub(super) fn again(&self, account: AccountId) {
        lock(&self.told).insert(account);
    }

    /// Accounts that were told of, and are followed.
    pub(super) fn take_told(&self) -> Vec<AccountId> {
        let told = std::mem::take(&mut *lock(&self.told));
        let followed = lock(&self.followed);
        let told = told
            .into_iter()
            .filter(|account| followed.contains_key(account));
        told.collect()
    }

    /// Accounts that are followed.
    pub(super) fn followed(&self) -> Vec<AccountId> {
        lock(&self.followed).keys().copied().collect()
    }

    /// What of an account is to be read; none when nobody follows it any more.
    pub(super) fn to_read(&self, account: AccountId) -> Option<ToRead> {
        let followed = lock(&self.followed);
        let entry = followed.get(&account)?;
        let asks = entry
            .asks
            .iter()
            .map(|(key, (ask, count))| ((Arc::clone(key), Arc::clone(ask)), *count));
        let asks = most_asked(asks.collect(), MOST_ASKS);
        Some(ToRead {
            account,
            asks,
            before: entry.readings.borrow().clone(),
            told: entry.told,
        })
    }

    /// Hands a reading to those who follow the account.
    pub(super) fn publish(&self, account: AccountId, reading: Reading) {
        if let Some(entry) = lock(&self.followed).get(&account) {
            entry.readings.send_replace(Some(Arc::new(reading)));
        }
    }

    /// The number of a reading that begins now.
    pub(super) fn begin(&self) -> u64 {
        self.begun.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Up to which number readings have begun.
    fn begun(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }
}

impl Follower {
    /// Whose books this one is shown.
    pub const fn books(&self) -> &Arc<BooksKey> {
        &self.books
    }

    /// Up to which number readings have begun: what is read from now on is newer than they are.
    pub fn begun(&self) -> u64 {
        self.inner.begun()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut followed = lock(&self.inner.followed);
        let Some(entry) = followed.get_mut(&self.account) else {
            return;
        };
        if let Some((_, count)) = entry.asks.get_mut(&self.books) {
            *count -= 1;
            if *count == 0 {
                entry.asks.remove(&self.books);
            }
        }
        if entry.is_left() {
            followed.remove(&self.account);
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut followed = lock(&self.inner.followed);
        let Some(entry) = followed.get_mut(&self.account) else {
            return;
        };
        entry.listeners -= 1;
        if entry.is_left() {
            followed.remove(&self.account);
        }
    }
}

/// Those that most ask for.
fn most_asked<T>(mut asks: Vec<(T, usize)>, most: usize) -> Vec<T> {
    if asks.len() > most {
        asks.select_nth_unstable_by_key(most, |(_, count)| Reverse(*count));
        asks.truncate(most);
    }
    asks.into_iter().map(|(ask, _)| ask).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_kinds_of_books_those_that_most_ask_for_are_read_for_all() {
        let asks: Vec<_> = (0..1_000).map(|ask| (ask, ask * 7 % 1_000)).collect();
        let read: BTreeSet<_> = most_asked(asks, MOST_ASKS).into_iter().collect();
        let most: BTreeSet<_> = (0..1_000).filter(|ask| ask * 7 % 1_000 >= 968).collect();
        assert_eq!(read, most);
        assert_eq!(most_asked(vec![("a", 1)], MOST_ASKS), ["a"]);
        assert_eq!(most_asked::<u8>(vec![], MOST_ASKS), [0; 0]);
    }
}
