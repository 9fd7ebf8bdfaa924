//! Remembers what was asked and what was answered, and holds the database against it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard},
};

use domain::{
    Credits,
    ledger::{Hold, HoldState},
};
use service::{Caller, Permission, Scope, desk::HOLDS_SOURCE, ports::BooksNeeds};
use tokio::sync::Notify;

use super::program::{ACCOUNT, Beside, Program};

/// How a call was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Settled(i64),
    Released,
}

/// A call as its caller knows it.
#[derive(Debug, Default)]
struct Call {
    is_begun: bool,
    /// Uses that were reported, and may have been taken: the last one that was acknowledged, and one after it.
    uses: BTreeSet<i64>,
    ends: Option<Ending>,
    is_ended: bool,
}

#[derive(Default)]
struct Seen {
    next: u64,
    answers: u64,
    events: BTreeMap<String, i64>,
    acknowledged: BTreeSet<String>,
    calls: BTreeMap<String, Call>,
}

/// What all tasks have seen.
#[derive(Clone, Default)]
pub struct Witness {
    seen: Arc<Mutex<Seen>>,
    answered: Arc<Notify>,
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seen = self.seen();
        let (answers, events, calls) = (seen.answers, seen.events.len(), seen.calls.len());
        write!(f, "{answers} answers, {events} events, {calls} calls")
    }
}

impl Witness {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    fn answer(&self, what: impl FnOnce(&mut Seen)) {
        let mut seen = self.seen();
        what(&mut seen);
        seen.answers += 1;
        self.answered.notify_one();
    }

    pub fn new_id(&self, kind: &str) -> String {
        let mut seen = self.seen();
        seen.next += 1;
        format!("{kind}-{}", seen.next)
    }

    /// Waits until so many more answers have come.
    pub async fn wait_for(&self, more: u64) {
        let wanted = self.seen().answers + more;
        while self.seen().answers < wanted {
            self.answered.notified().await;
        }
    }

    pub fn sends(&self, batch: &BTreeMap<String, i64>) {
        let batch = batch.iter().map(|(id, credits)| (id.clone(), *credits));
        self.seen().events.extend(batch);
    }

    pub fn acknowledged(&self, batch: &BTreeMap<String, i64>) {
        self.answer(|seen| seen.acknowledged.extend(batch.keys().cloned()));
    }

    pub fn unacknowledged(&self) -> BTreeMap<String, i64> {
        let seen = self.seen();
        let events = seen.events.iter();
        events
            .filter(|(id, _)| !seen.acknowledged.contains(*id))
            .map(|(id, credits)| (id.clone(), *credits))
            .collect()
    }

    fn call(&self, id: &str, what: impl FnOnce(&mut Call)) {
        what(self.seen().calls.entry(id.to_owned()).or_default());
    }

    /// Every call that somebody tried to begin.
    pub fn calls(&self) -> Vec<String> {
        self.seen().calls.keys().cloned().collect()
    }

    pub fn begins(&self, id: &str) {
        self.call(id, |call| {
            call.uses.insert(0);
        });
    }

    pub fn begun(&self, id: &str) {
        self.call(id, |call| call.is_begun = true);
        self.answer(|_| ());
    }

    pub fn uses(&self, id: &str, used: i64) {
        self.call(id, |call| {
            call.uses.insert(used);
        });
    }

    pub fn used(&self, id: &str, used: i64) {
        self.call(id, |call| call.uses.retain(|of| *of >= used));
        self.answer(|_| ());
    }

    pub fn ends(&self, id: &str, ending: Ending) {
        self.call(id, |call| call.ends = Some(ending));
    }

    /// A conflict says that it had ended by itself before.
    pub fn ended(&self, id: &str, ending: Ending, status: u16) {
        assert!(status == 200 || status == 409, "{status}");
        self.call(id, |call| {
            call.is_ended = status == 200;
            call.ends = (status == 200).then_some(ending);
        });
        self.answer(|_| ());
    }

    /// Every active hold was asked for by somebody, and together they are what the books call held.
    pub async fn knows_all_holds(&self, program: &Program) {
        let beside = program.beside().await;
        let account = scope(&beside).await.account().id;
        let mut snapshot = beside.store.snapshot().await.unwrap();
        let needs = BTreeMap::from([(account, BooksNeeds::default())]);
        let now = beside.services.now();
        let books = snapshot.books(&needs, now).await.unwrap();
        let holds = snapshot.active_holds(account, None, u32::MAX).await;
        let holds = holds.unwrap();
        drop(snapshot);
        let held: i64 = holds.iter().map(|(hold, _)| hold.reserved().micro()).sum();
        assert_eq!(books[0].held.micro(), held);
        {
            let seen = self.seen();
            for (hold, _) in &holds {
                let call = seen.calls.get(&hold.id);
                let call = call.unwrap_or_else(|| panic!("nobody began {}", hold.id));
                assert!(call.uses.contains(&hold.used.micro()), "{hold:?} {call:?}");
                assert!(!call.is_ended, "{hold:?} {call:?}");
            }
        }
        beside.close().await;
    }

    /// The database has what was acknowledged, once, and nothing that was not asked for.
    pub async fn agrees(&self, program: &Program) {
        let beside = program.beside().await;
        let scope = scope(&beside).await;
        let mut used = 0;
        let (events, calls) = {
            let mut seen = self.seen();
            (seen.events.clone(), std::mem::take(&mut seen.calls))
        };
        for (id, credits) in &events {
            let event = beside.services.event(&scope, "kill", id).await;
            let event = event.unwrap_or_else(|error| panic!("{id}: {error}"));
            assert_eq!(event.credits.micro(), *credits, "{id}");
            used += credits;
        }
        let mut count = events.len();
        for (id, call) in &calls {
            let hold = beside.services.hold(&scope, id).await;
            let hold = hold.ok().map(|by| by.hold);
            assert!(hold.is_some() || !call.is_begun, "{id} was begun");
            let cost = hold.map_or(0, |hold| cost(call, &hold));
            if cost > 0 {
                let event = beside.services.event(&scope, HOLDS_SOURCE, id).await;
                assert_eq!(event.unwrap().credits.micro(), cost);
                count += 1;
            }
            used += cost;
        }
        let balance = beside.services.balance(&scope).await.unwrap().balance;
        assert_eq!((balance.used.micro(), balance.held), (used, Credits::ZERO));
        let report = beside.services.doctor(&Caller::operator("test")).await;
        assert_eq!(report.unwrap().events, count as u64);
        self.seen().calls = calls;
        beside.close().await;
    }
}

/// What a call cost in the end, if that is one of the things it may have cost.
fn cost(call: &Call, hold: &Hold) -> i64 {
    let cost = hold.settled.map(Credits::micro).unwrap();
    match (hold.state, call.ends) {
        (HoldState::Settled, Some(Ending::Settled(asked))) => assert_eq!(cost, asked),
        (HoldState::Released, Some(Ending::Released)) | (HoldState::Expired, _) => {
            assert!(call.uses.contains(&cost), "{hold:?} {call:?}");
        }
        _ => panic!("{hold:?} {call:?}"),
    }
    let by_itself = hold.state == HoldState::Expired;
    assert!(!(by_itself && call.is_ended), "{hold:?} {call:?}");
    cost
}

async fn scope(beside: &Beside) -> Scope {
    let operator = Caller::operator("test");
    let scope = beside
        .services
        .scope(&operator, Some(ACCOUNT), Permission::Read);
    scope.await.unwrap()
}
