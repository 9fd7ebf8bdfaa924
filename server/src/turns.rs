//! Turns at reading: pages, files, server functions, the API's reads, and the questions of open pages wait in one queue
//! for each account.
//!
//! Few read at once, because a page costs as much as a thousand checks. Whoever sends many requests waits behind its own
//! ones: a place that becomes free goes to the account that has waited longest for its next turn. Within an account, what
//! was asked for and what open pages ask take turns as well.
//!
//! Turns are taken where the database is read ([`service::turn`]), so that nothing reads for anybody without one.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use service::{Caller, ServiceError, ports::StoreError};
use tokio::sync::oneshot;

#[cfg(test)]
mod tests;

/// When to come back to a queue that is full.
const RETRY_AFTER_S: u32 = 2;

/// How many may read, and wait to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimits {
    /// Requests that read at once.
    pub at_once: u32,
    /// Of them, those of one account.
    pub account: u32,
    /// Requests of one account that wait for a turn.
    pub waiting: u32,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            at_once: storage::READERS,
            account: 2,
            waiting: 64,
        }
    }
}

/// Accounts times [`ReadLimits::waiting`] may not be any number.
const MAX_WAITING: usize = 4_096;

/// Whose turn it is: an account's members and keys share turns, those who run the platform have their own, and so have
/// those who are not known, by where they come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Party {
    /// An account.
    Account(i64),
    /// Somebody of no account, by name.
    Caller(String),
    /// Somebody who is not known.
    Stranger(Option<IpAddr>),
}

/// What is done when others wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// It is refused when too many do.
    Some,
    /// The answer has begun, and is only broken off when more wait than can be kept in mind.
    More,
    /// It waits however many do. As many can as there are requests: what was perhaps written already is not refused.
    Endless,
    /// The same, for the question of an open page; each has one at most.
    Open,
}

impl Party {
    /// Whose turn a caller's is.
    pub(crate) fn of(caller: &Caller) -> Self {
        match caller.own_accounts().first() {
            Some(account) => Self::Account(account.0),
            None => Self::Caller(caller.name().to_owned()),
        }
    }
}

/// Hands out turns.
#[derive(Clone)]
pub struct Turns(Arc<Mutex<Queue>>);

struct Queue {
    limits: ReadLimits,
    reading: HashMap<Party, u32>,
    all_reading: u32,
    waiting: HashMap<Party, Waiting>,
    all_waiting: usize,
    /// Of them, those that may be refused.
    all_counted: usize,
    /// Those who wait, in the order of their next turns.
    order: VecDeque<Party>,
}

/// Who waits of one party.
#[derive(Default)]
struct Waiting {
    asked: VecDeque<Call>,
    /// Questions of open pages.
    open: VecDeque<Call>,
    /// Whether the last turn went to what was asked for.
    was_asked: bool,
}

/// How somebody who waits is told.
struct Call {
    tell: oneshot::Sender<()>,
    is_counted: bool,
}

impl Waiting {
    fn counted(&self) -> usize {
        self.asked.iter().filter(|call| call.is_counted).count()
    }

    fn is_empty(&self) -> bool {
        self.asked.is_empty() && self.open.is_empty()
    }

    /// Whose turn is next: one that was asked for, one of an open page.
    fn next(&mut self) -> Option<Call> {
        let prefers_open = self.was_asked && !self.open.is_empty();
        self.was_asked = !prefers_open && !self.asked.is_empty();
        if self.was_asked {
            self.asked.pop_front()
        } else {
            self.open.pop_front()
        }
    }
}

/// A turn; it ends when dropped.
pub struct Turn {
    turns: Turns,
    party: Party,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut queue = self.turns.queue();
        queue.end(&self.party);
        queue.hand_out();
    }
}

/// A place in the queue. Whoever leaves it gives back what they were just given.
struct Place {
    turns: Turns,
    party: Party,
    called: oneshot::Receiver<()>,
    is_done: bool,
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        self.called.close();
        let mut queue = self.turns.queue();
        if self.called.try_recv().is_ok() {
            queue.end(&self.party);
            queue.hand_out();
        } else {
            queue.forget_gone(&self.party);
        }
    }
}

impl Turns {
    /// Nobody reads yet.
    pub fn new(limits: ReadLimits) -> Self {
        Self(Arc::new(Mutex::new(Queue {
            limits,
            reading: HashMap::new(),
            all_reading: 0,
            waiting: HashMap::new(),
            all_waiting: 0,
            all_counted: 0,
            order: VecDeque::new(),
        })))
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// [`ServiceError::Busy`] when too many of the caller's requests wait already.
    pub async fn take(&self, caller: &Caller) -> Result<Turn, ServiceError> {
        Ok(self.take_as(Party::of(caller), Patience::Some).await?)
    }

    /// Waits for the next turn of an answer that has begun: it is not broken off because others wait too.
    ///
    /// # Errors
    /// [`ServiceError::Busy`] when more wait than can be kept in mind.
    pub async fn take_next(&self, caller: &Caller) -> Result<Turn, ServiceError> {
        Ok(self.take_as(Party::of(caller), Patience::More).await?)
    }

    /// Waits for the turn of a party.
    ///
    /// # Errors
    /// [`StoreError::Crowded`] when too many wait for that much patience.
    pub(crate) async fn take_as(
        &self,
        party: Party,
        patience: Patience,
    ) -> Result<Turn, StoreError> {
        let Some(call) = self.queue().join(&party, patience)? else {
            return Ok(self.turn(party));
        };
        let mut place = Place {
            turns: self.clone(),
            party: party.clone(),
            called: call,
            is_done: false,
        };
        // The sender is dropped only with the queue.
        let _ = (&mut place.called).await;
        place.is_done = true;
        Ok(self.turn(party))
    }

    /// Requests that read, and that wait.
    pub fn counts(&self) -> (u32, usize) {
        let queue = self.queue();
        (queue.all_reading, queue.all_waiting)
    }

    fn turn(&self, party: Party) -> Turn {
        Turn {
            turns: self.clone(),
            party,
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// A turn at once, or a place in the queue.
    fn join(
        &mut self,
        party: &Party,
        patience: Patience,
    ) -> Result<Option<oneshot::Receiver<()>>, StoreError> {
        if self.may_read(party) && !self.waiting.contains_key(party) {
            self.begin(party);
            return Ok(None);
        }
        let most = match patience {
            Patience::Some => self.limits.waiting as usize,
            Patience::More => MAX_WAITING,
            Patience::Endless | Patience::Open => usize::MAX,
        };
        let is_counted = most < usize::MAX;
        let theirs = self.waiting.get(party).map_or(0, Waiting::counted);
        if is_counted && (theirs >= most || self.all_counted >= MAX_WAITING) {
            return Err(StoreError::Crowded {
                retry_after_s: RETRY_AFTER_S,
            });
        }
        if !self.waiting.contains_key(party) {
            self.order.push_back(party.clone());
        }
        let (tell, called) = oneshot::channel();
        let waiting = self.waiting.entry(party.clone()).or_default();
        let line = if patience == Patience::Open {
            &mut waiting.open
        } else {
            &mut waiting.asked
        };
        line.push_back(Call { tell, is_counted });
        self.all_waiting += 1;
        self.all_counted += usize::from(is_counted);
        Ok(Some(called))
    }

    fn may_read(&self, party: &Party) -> bool {
        let own = self.reading.get(party).copied().unwrap_or(0);
        self.all_reading < self.limits.at_once && own < self.limits.account
    }

    fn begin(&mut self, party: &Party) {
        *self.reading.entry(party.clone()).or_default() += 1;
        self.all_reading += 1;
    }

    fn end(&mut self, party: &Party) {
        self.all_reading -= 1;
        if let Some(own) = self.reading.get_mut(party) {
            *own -= 1;
            if *own == 0 {
                self.reading.remove(party);
            }
        }
    }

    /// Calls those whose turn it is, until nobody can be.
    fn hand_out(&mut self) {
        let mut passed = 0;
        while passed < self.order.len() && self.all_reading < self.limits.at_once {
            let Some(party) = self.order.pop_front() else {
                return;
            };
            let is_called = self.may_read(&party) && self.call(&party);
            if self.waiting.contains_key(&party) {
                self.order.push_back(party);
            }
            passed = if is_called { 0 } else { passed + 1 };
        }
    }

    /// Gives a turn to the first of a party who still waits.
    fn call(&mut self, party: &Party) -> bool {
        while let Some(first) = self.waiting.get_mut(party).and_then(Waiting::next) {
            self.all_waiting -= 1;
            self.all_counted -= usize::from(first.is_counted);
            if first.tell.send(()).is_ok() {
                self.begin(party);
                self.forget_empty(party);
                return true;
            }
        }
        self.forget_empty(party);
        false
    }

    /// Forgets a party of which nobody waits.
    fn forget_empty(&mut self, party: &Party) {
        if self.waiting.get(party).is_some_and(Waiting::is_empty) {
            self.waiting.remove(party);
            self.order.retain(|other| other != party);
        }
    }

    /// Forgets those of a party who do not wait any more, and the party when nobody is left.
    fn forget_gone(&mut self, party: &Party) {
        let Some(waiting) = self.waiting.get_mut(party) else {
            return;
        };
        let (mut gone, mut counted) = (0, 0);
        for line in [&mut waiting.asked, &mut waiting.open] {
            line.retain(|call| {
                let is_gone = call.tell.is_closed();
                gone += usize::from(is_gone);
                counted += usize::from(is_gone && call.is_counted);
                !is_gone
            });
        }
        self.all_waiting -= gone;
        self.all_counted -= counted;
        self.forget_empty(party);
    }
}
