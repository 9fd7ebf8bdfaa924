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

#[tokio::test]
async fn open_pages_take_turns_with_what_is_asked_for_and_fill_no_queue() {
    let caller = Caller::operator("a");
    let party = || Party::of(&caller);
    let turns = turns(1, 1, 2);
    let mut turn = Some(now(&turns, &caller));
    let mut open = Vec::new();
    for _ in 0..5_000 {
        let mut one = Box::pin(turns.take_as(party(), Patience::Open));
        assert!(poll!(&mut one).is_pending());
        open.push(one);
    }
    let mut asked = vec![wait(&turns, &caller).await, wait(&turns, &caller).await];
    let refused = turns.take(&caller).now_or_never().unwrap();
    assert!(matches!(refused, Err(ServiceError::Busy { .. })));
    let mut written = Box::pin(turns.take_as(party(), Patience::Endless));
    assert!(poll!(&mut written).is_pending());
    turn.take();
    for _ in 0..2 {
        drop(is_called(&mut asked.remove(0)).await.expect("their turn"));
        let Poll::Ready(Ok(_next)) = poll!(&mut open.remove(0)) else {
            panic!("the turn of an open page");
        };
    }
    assert!(poll!(&mut written).is_ready());
    drop(open);
    assert_eq!(turns.counts(), (0, 0));
}
