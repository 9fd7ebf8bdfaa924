//! Turns at reading: pages, files, server functions and the API's reads wait in one queue for each account.
//!
//! Few read at once, because a page costs as much as a thousand checks. Whoever sends many requests waits behind its own
//! ones: a place that becomes free goes to the account that has waited longest for its next turn.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use service::{Caller, ServiceError};
use tokio::sync::oneshot;

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

/// Whose turn it is: an account's members and keys share turns, those who run the platform have their own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Party {
    Account(i64),
    Caller(String),
}

impl Party {
    fn of(caller: &Caller) -> Self {
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
    waiting: HashMap<Party, VecDeque<oneshot::Sender<()>>>,
    all_waiting: usize,
    /// Those who wait, in the order of their next turns.
    order: VecDeque<Party>,
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
            order: VecDeque::new(),
        })))
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// [`ServiceError::Busy`] when too many of the caller's requests wait already.
    pub async fn take(&self, caller: &Caller) -> Result<Turn, ServiceError> {
        let most = self.queue().limits.waiting as usize;
        self.take_within(caller, most).await
    }

    /// Waits for the next turn of an answer that has begun: it is not broken off because others wait too.
    ///
    /// # Errors
    /// [`ServiceError::Busy`] when more wait than can be kept in mind.
    pub async fn take_next(&self, caller: &Caller) -> Result<Turn, ServiceError> {
        self.take_within(caller, MAX_WAITING).await
    }

    async fn take_within(&self, asking: &Caller, most: usize) -> Result<Turn, ServiceError> {
        let party = Party::of(asking);
        let Some(call) = self.queue().join(&party, most)? else {
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
        most: usize,
    ) -> Result<Option<oneshot::Receiver<()>>, ServiceError> {
        if self.may_read(party) && !self.waiting.contains_key(party) {
            self.begin(party);
            return Ok(None);
        }
        let waiting = self.waiting.get(party).map_or(0, VecDeque::len);
        if waiting >= most || self.all_waiting >= MAX_WAITING {
            return Err(ServiceError::Busy {
                retry_after_s: RETRY_AFTER_S,
            });
        }
        let (call, called) = oneshot::channel();
        self.waiting
            .entry(party.clone())
            .or_default()
            .push_back(call);
        if waiting == 0 {
            self.order.push_back(party.clone());
        }
        self.all_waiting += 1;
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
        while let Some(first) = self.waiting.get_mut(party).and_then(VecDeque::pop_front) {
            self.all_waiting -= 1;
            if first.send(()).is_ok() {
                self.begin(party);
                self.forget_gone(party);
                return true;
            }
        }
        self.forget_gone(party);
        false
    }

    /// Forgets those of a party who do not wait any more, and the party when nobody is left.
    fn forget_gone(&mut self, party: &Party) {
        let Some(waiting) = self.waiting.get_mut(party) else {
            return;
        };
        let before = waiting.len();
        waiting.retain(|call| !call.is_closed());
        self.all_waiting -= before - waiting.len();
        if waiting.is_empty() {
            self.waiting.remove(party);
            self.order.retain(|other| other != party);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::Future, pin::Pin, task::Poll};

    use futures::{FutureExt as _, poll};

    use super::*;

    type Wait<'a> = Pin<Box<dyn Future<Output = Result<Turn, ServiceError>> + 'a>>;

    fn turns(at_once: u32, account: u32, waiting: u32) -> Turns {
        Turns::new(ReadLimits {
            at_once,
            account,
            waiting,
        })
    }

    async fn wait<'a>(turns: &'a Turns, caller: &'a Caller) -> Wait<'a> {
        let mut wait = Box::pin(turns.take(caller));
        assert!(poll!(&mut wait).is_pending(), "a turn was free");
        wait
    }

    async fn is_called(wait: &mut Wait<'_>) -> Option<Turn> {
        match poll!(wait) {
            Poll::Ready(turn) => Some(turn.unwrap_or_else(|_| panic!("refused"))),
            Poll::Pending => None,
        }
    }

    fn now(turns: &Turns, caller: &Caller) -> Turn {
        match turns.take(caller).now_or_never() {
            Some(Ok(turn)) => turn,
            _ => panic!("no turn was free"),
        }
    }

    #[tokio::test]
    async fn whoever_asks_for_much_waits_behind_their_own_requests() {
        let (noisy, quiet) = (Caller::operator("noisy"), Caller::operator("quiet"));
        let turns = turns(3, 2, 64);
        let held = [now(&turns, &noisy), now(&turns, &noisy)];
        let mut waiting = Vec::new();
        for _ in 0..10 {
            waiting.push(wait(&turns, &noisy).await);
        }
        drop(now(&turns, &quiet));
        assert!(is_called(&mut waiting[0]).await.is_none());
        drop(held);
        let first = is_called(&mut waiting[0]).await.unwrap();
        let second = is_called(&mut waiting[1]).await.unwrap();
        assert!(is_called(&mut waiting[2]).await.is_none());
        drop((first, second));
    }

    #[tokio::test]
    async fn a_free_place_goes_to_each_in_turn() {
        let callers = ["a", "b", "c"].map(Caller::operator);
        let turns = turns(1, 1, 64);
        let mut turn = Some(now(&turns, &callers[0]));
        let mut waiting = Vec::new();
        for caller in [0, 0, 0, 1, 1, 2] {
            waiting.push((caller, wait(&turns, &callers[caller]).await));
        }
        let mut order = Vec::new();
        while !waiting.is_empty() {
            turn.take();
            for index in 0..waiting.len() {
                if let Some(called) = is_called(&mut waiting[index].1).await {
                    turn = Some(called);
                    order.push(waiting.remove(index).0);
                    break;
                }
            }
        }
        assert_eq!(order, [0, 1, 2, 0, 1, 0]);
    }

    #[tokio::test]
    async fn a_queue_that_is_full_refuses_and_others_have_theirs() {
        let (noisy, quiet) = (Caller::operator("noisy"), Caller::operator("quiet"));
        let turns = turns(1, 1, 2);
        let held = now(&turns, &noisy);
        let waiting = [wait(&turns, &noisy).await, wait(&turns, &noisy).await];
        let refused = turns.take(&noisy).now_or_never().unwrap();
        assert!(matches!(refused, Err(ServiceError::Busy { .. })));
        let other = wait(&turns, &quiet).await;
        assert_eq!(turns.counts(), (1, 3));
        drop((waiting, other));
        assert_eq!(turns.counts(), (1, 0));
        drop(held);
        assert_eq!(turns.counts(), (0, 0));
    }

    #[tokio::test]
    async fn who_leaves_after_being_called_gives_the_turn_on() {
        let caller = Caller::operator("a");
        let turns = turns(1, 1, 8);
        let held = now(&turns, &caller);
        let (first, mut second) = (wait(&turns, &caller).await, wait(&turns, &caller).await);
        drop(held);
        drop(first);
        assert!(is_called(&mut second).await.is_some());
    }
}
