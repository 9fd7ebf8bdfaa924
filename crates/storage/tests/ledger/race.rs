//! Many hands on one account at once: never more is let through than there is.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use domain::{Agent, Credits, Time, ledger::OveragePolicy, ledger::Renewal};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use service::{
    Scope, ServiceError, ServiceResult, Services,
    enforce::{BeginHold, EndHold},
};

use super::{
    machine::{asked_for, seed},
    office::{COMPANIES, Office, Opening, micro},
};

/// Tasks at once.
const TASKS: u64 = 64;
/// Holds and settlements of the short form.
const OPERATIONS: i64 = 3_000;
/// The largest hold.
const MOST: i64 = 2_000_000;

/// What all tasks have done so far.
#[derive(Default)]
struct Tally {
    /// Writes that were answered.
    operations: AtomicI64,
    /// What settlements cost in all.
    spent: AtomicI64,
    /// Holds that were denied.
    denied: AtomicI64,
    /// The next hold's number.
    next: AtomicU64,
}

impl Tally {
    fn count(&self) {
        self.operations.fetch_add(1, Ordering::SeqCst);
    }
}

/// One of the tasks.
struct Hand {
    services: Services,
    scope: Scope,
    tally: Arc<Tally>,
    random: StdRng,
}

impl Hand {
    /// Holds and settles until nothing is left; a denial for a large amount is followed by a smaller one.
    async fn work(mut self) {
        let mut most = MOST;
        while most > 0 {
            let credits = self.random.random_range(1..=most);
            match self.hold(credits).await {
                Ok(id) => self.end(&id, credits).await,
                Err(ServiceError::Denied(decision)) => {
                    // Somebody else's hold may leave something: the last credit is looked for, too.
                    most = decision
                        .remaining
                        .map_or(i64::MAX, Credits::micro)
                        .min(credits / 2);
                    self.tally.denied.fetch_add(1, Ordering::SeqCst);
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    async fn hold(&self, credits: i64) -> ServiceResult<String> {
        let number = self.tally.next.fetch_add(1, Ordering::SeqCst);
        let begin = BeginHold {
            id: Some(format!("call-{number}")),
            company: COMPANIES[0].to_owned(),
            agent: Agent::VoiceInbound,
            activity: "voice_call".to_owned(),
            credits: micro(credits),
            expires_in_s: 3_600,
        };
        let answered = self.services.begin_hold(&self.scope, begin).await;
        self.tally.count();
        answered.map(|by| by.hold.id)
    }

    /// Ends a hold in one of the ways in which calls end, at no more than it reserved.
    async fn end(&mut self, id: &str, credits: i64) {
        let cost = self.random.random_range(0..=credits);
        if self.random.random_ratio(1, 8) {
            self.release_at(id, cost).await;
        } else {
            let end = EndHold {
                credits: micro(cost),
                reference: None,
                metadata: None,
            };
            let settled = self.services.settle_hold(&self.scope, id, end).await;
            settled.unwrap();
        }
        self.tally.count();
        self.tally.spent.fetch_add(cost, Ordering::SeqCst);
    }

    /// Spends what the others left, after which nothing goes any more.
    async fn spend_the_rest(&self) {
        let balance = self.services.balance(&self.scope).await.unwrap().balance;
        if balance.remaining > Credits::ZERO {
            let id = self.hold(balance.remaining.micro()).await.unwrap();
            self.release_at(&id, balance.remaining.micro()).await;
        }
        let balance = self.services.balance(&self.scope).await.unwrap().balance;
        assert_eq!(balance.used, balance.allocation);
        let denied = self.hold(1).await;
        assert!(matches!(denied, Err(ServiceError::Denied(_))), "{denied:?}");
    }

    async fn release_at(&self, id: &str, used: i64) {
        let renewal = Renewal {
            used: Some(micro(used)),
            ..Renewal::default()
        };
        let renewed = self.services.renew_hold(&self.scope, id, renewal).await;
        renewed.unwrap();
        self.tally.count();
        let released = self.services.release_hold(&self.scope, id).await;
        released.unwrap();
    }
}

/// Looks again and again, and never sees the account past its credits.
async fn watch(services: Services, scope: Scope, tally: Arc<Tally>, limit: i64) {
    while Arc::strong_count(&tally) > 2 {
        let balance = services.balance(&scope).await.unwrap().balance;
        assert_eq!(balance.overage, Credits::ZERO);
        assert!(balance.held <= balance.remaining, "{balance:?}");
        assert!(balance.used.micro() <= limit, "{balance:?}");
        tokio::task::yield_now().await;
    }
}

async fn exhaust(operations: i64, programs: usize) {
    // About as many operations are needed until it is spent: each hold and its end cost half of half the largest.
    let credits = operations / 2 * MOST / 4;
    let now: Time = "2026-11-10T12:00:00Z".parse().unwrap();
    let office = Office::open(Opening {
        zone: "Europe/Berlin",
        anchor: "2026-01-01T00:00:00Z".parse().unwrap(),
        now,
        plans: vec![("plan".to_owned(), credits, None)],
    })
    .await;
    office.put_account(0, "plan", OveragePolicy::HardStop).await;
    let scope = office.scope().await;
    let (tally, seed) = (Arc::new(Tally::default()), seed());
    let watcher = watch(
        office.services[0].clone(),
        scope.clone(),
        Arc::clone(&tally),
        credits,
    );
    let watcher = tokio::spawn(watcher);
    let hands: Vec<_> = (0..TASKS)
        .map(|task| {
            let program = usize::try_from(task).unwrap() % programs;
            let hand = Hand {
                services: office.services[program].clone(),
                scope: scope.clone(),
                tally: Arc::clone(&tally),
                random: StdRng::seed_from_u64(seed.wrapping_add(task)),
            };
            tokio::spawn(hand.work())
        })
        .collect();
    for hand in hands {
        hand.await.unwrap();
    }
    watcher.await.unwrap();
    exact(&office, &scope, &tally, credits).await;
    let last = Hand {
        services: office.services[0].clone(),
        scope: scope.clone(),
        tally: Arc::clone(&tally),
        random: StdRng::seed_from_u64(seed),
    };
    last.spend_the_rest().await;
    office.healthy().await;
}

async fn exact(office: &Office, scope: &Scope, tally: &Tally, credits: i64) {
    let spent = tally.spent.load(Ordering::SeqCst);
    let (operations, denied) = (&tally.operations, &tally.denied);
    eprintln!(
        "{operations:?} operations, {denied:?} denied, {spent} of {credits} micro-credits spent"
    );
    assert!(spent <= credits);
    let balance = office.services[0].balance(scope).await.unwrap().balance;
    assert_eq!(balance.used.micro(), spent);
    assert_eq!(balance.remaining.micro(), credits - spent);
    assert_eq!(
        (balance.held, balance.overage),
        (Credits::ZERO, Credits::ZERO)
    );
    let shown = office.services[1].balance(scope).await.unwrap().balance;
    assert_eq!(shown, balance);
    office.healthy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_holds_at_once_never_spend_more_than_there_is() {
    exhaust(asked_for("RACE_OPS").unwrap_or(OPERATIONS), 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_programs_on_one_file_never_spend_more_than_there_is() {
    exhaust(asked_for("RACE_OPS").unwrap_or(OPERATIONS / 3), 2).await;
}
