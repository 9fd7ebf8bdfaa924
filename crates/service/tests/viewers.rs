//! Many who look at the same: what they cost.

use std::{
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    Seq, Time,
    filter::ViewQuery,
    live::{LiveFrame, ReadAt},
};
use futures::{Stream, StreamExt as _, poll};
use service::{
    Caller, Changed,
    live::Told,
    ports::{IdentityStore as _, NewUser, PutCompany, SavedSession, StoreResult},
    turn::{Held, Seat, seated},
};
use tokio::{sync::Semaphore, task::JoinSet};

use crate::support::world::{NOW, World, time, usage};

/// Turns that come when they are let.
struct Gate(Semaphore);

#[async_trait]
impl Seat for Gate {
    async fn turn(&self) -> StoreResult<Held> {
        self.0.acquire().await.unwrap().forget();
        Ok(Arc::new(()))
    }
}

type Frames = Pin<Box<dyn Stream<Item = Arc<Told>> + Send>>;

async fn follow(world: &World, caller: &Caller, account: &str, query: &ViewQuery) -> Frames {
    let scope = world.scope(caller, account).await;
    let from = ReadAt {
        as_of: Seq::ZERO,
        books: 0,
        now: world.services.now(),
    };
    Box::pin(world.services.live(scope, query, from).await.unwrap())
}

/// The next delta.
async fn delta(frames: &mut Frames) -> Arc<Told> {
    loop {
        let told = frames.next().await.unwrap();
        if matches!(told.frame(), LiveFrame::Delta(_)) {
            return told;
        }
    }
}

/// Somebody in a session of their own.
async fn signed_in(world: &World, number: u8) -> Caller {
    let email = format!("viewer{number}@example.com");
    let user = NewUser {
        email: email.clone(),
        name: email.clone(),
        password_hash: String::new(),
        platform_role: None,
        memberships: Vec::new(),
    };
    let id_hash = vec![number; 32];
    if world.store.user_by_email(&email).await.unwrap().is_none() {
        let user = world.store.put_user(&user, time(NOW)).await.unwrap();
        let session = SavedSession {
            id_hash: id_hash.clone(),
            user: Some(user.id),
            data: String::new(),
            expires_at: Time::MAX,
        };
        world.store.save_session(&session, true).await.unwrap();
    }
    world.person(&email).await.in_session(id_hash)
}

/// Lets so many look at both accounts for a minute in which nothing happens; how often the database was asked.
async fn idle(viewers: usize) -> usize {
    let world = World::new().await;
    let mut tasks = JoinSet::new();
    for number in 0..viewers {
        let account = if number % 2 == 0 { "north" } else { "south" };
        let query = ViewQuery {
            q: Some(format!("{number}")),
            ..ViewQuery::default()
        };
        let caller = signed_in(&world, u8::try_from(number % 50).unwrap()).await;
        let mut frames = follow(&world, &world.operator, account, &query).await;
        let services = world.services.clone();
        tasks.spawn(async move {
            let over = services.until_changed(caller);
            let listen = async { while frames.next().await.is_some() {} };
            futures::future::select(Box::pin(over), Box::pin(listen)).await;
        });
    }
    // Everybody has caught up by then.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let before = world.store.asked.load(Ordering::Relaxed);
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(tasks.len(), viewers);
    assert!(tasks.try_join_next().is_none());
    world.store.asked.load(Ordering::Relaxed) - before
}

#[tokio::test(start_paused = true)]
async fn a_thousand_who_look_and_see_nothing_happen_ask_as_often_as_two() {
    let two = idle(2).await;
    let many = idle(1_000).await;
    // Four looks a second for all accounts, and what is asked of those who look.
    assert!(two.abs_diff(many) <= 2, "{two} and {many}");
    assert!(many <= 6 * 60, "{many}");
}

#[tokio::test(start_paused = true)]
async fn equal_views_are_told_the_same_frame_and_others_their_own() {
    let world = World::new().await;
    let client = world.client(&["acme"]).await;
    let all = ViewQuery::default();
    let one = ViewQuery {
        companies: vec!["acme".to_owned()],
        ..ViewQuery::default()
    };
    let mut viewers = Vec::new();
    for (caller, query) in [
        (&world.operator, &all),
        (&world.operator, &all),
        (&world.operator, &one),
        (&client, &one),
        (&client, &all),
    ] {
        let mut frames = follow(&world, caller, "north", query).await;
        frames.next().await.unwrap();
        // They have caught up when they wait.
        assert!(matches!(
            frames.next().await.unwrap().frame(),
            LiveFrame::Beat
        ));
        viewers.push(frames);
    }
    let news = usage("e1", "acme", NOW, "5");
    world.ingest(vec![news]).await.unwrap();
    let mut told = Vec::new();
    for frames in &mut viewers {
        told.push(delta(frames).await);
    }
    let same = |a: usize, b: usize| Arc::ptr_eq(&told[a], &told[b]);
    assert!(same(0, 1));
    // Whoever sees all is shown the balance with one company, a client never.
    assert!(!same(0, 2) && !same(2, 3));
    assert!(same(3, 4));
    for told in &told {
        let LiveFrame::Delta(delta) = told.frame() else {
            panic!("no delta");
        };
        assert_eq!(delta.rows.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_is_read_once_for_all_who_look_at_the_same() {
    let mut asked = Vec::new();
    for viewers in [1, 200] {
        let world = World::new().await;
        let mut all = Vec::new();
        for _ in 0..viewers {
            let mut frames = follow(&world, &world.operator, "north", &ViewQuery::default()).await;
            frames.next().await.unwrap();
            all.push(frames);
        }
        for frames in &mut all {
            assert!(matches!(
                frames.next().await.unwrap().frame(),
                LiveFrame::Beat
            ));
        }
        let before = world.store.asked.load(Ordering::Relaxed);
        for number in 0..20 {
            let news = usage(&format!("e{number}"), "acme", NOW, "1");
            world.ingest(vec![news]).await.unwrap();
            for frames in &mut all {
                delta(frames).await;
            }
        }
        asked.push(world.store.asked.load(Ordering::Relaxed) - before);
    }
    assert!(asked[0].abs_diff(asked[1]) <= 20, "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_missed_readings_is_told_everything_once() {
    let world = World::new().await;
    let query = ViewQuery::default();
    let mut quick = follow(&world, &world.operator, "north", &query).await;
    let mut slow = follow(&world, &world.operator, "north", &query).await;
    for frames in [&mut quick, &mut slow] {
        frames.next().await.unwrap();
        assert!(matches!(
            frames.next().await.unwrap().frame(),
            LiveFrame::Beat
        ));
    }
    for number in 0..600 {
        let news = usage(&format!("e{number}"), "acme", NOW, "1");
        world.ingest(vec![news]).await.unwrap();
        if number % 2 == 0 {
            delta(&mut quick).await;
        }
        // Far more readings than are kept, and just as many as are.
        if number == 20 || number == 599 {
            let told = delta(&mut slow).await;
            let LiveFrame::Delta(delta) = told.frame() else {
                panic!("no delta");
            };
            let events: u64 = delta.usage.iter().map(|change| change.added.events).sum();
            assert!(events >= if number == 20 { 20 } else { 578 }, "{events}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whose_session_is_renamed_is_told_apart_from_whose_session_ends() {
    let world = World::new().await;
    let [renamed, ended] = [signed_in(&world, 1).await, signed_in(&world, 2).await];
    let [renamed, ended] = [renamed, ended].map(|caller| {
        let services = world.services.clone();
        tokio::spawn(async move { services.until_changed(caller).await })
    });
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(
        world
            .services
            .rename_session(&[1; 32], &[101; 32])
            .await
            .unwrap()
    );
    world.store.delete_session(&[2; 32]).await.unwrap();
    assert_eq!(renamed.await.unwrap(), Changed::Renamed);
    assert_eq!(ended.await.unwrap(), Changed::Otherwise);
}

#[tokio::test(start_paused = true)]
async fn of_many_who_look_only_those_whose_session_ends_are_told_to_go() {
    let world = World::new().await;
    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let (services, caller) = (world.services.clone(), signed_in(&world, number).await);
        tasks.spawn(async move {
            services.until_changed(caller).await;
            number
        });
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(tasks.try_join_next().is_none());
    world.store.delete_session(&[7; 32]).await.unwrap();
    assert_eq!(tasks.join_next().await.unwrap().unwrap(), 7);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(tasks.try_join_next().is_none());
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_what_is_not_read_for_all_is_told_everything_all_the_same() {
    let world = World::new().await;
    let (mut viewers, mut news) = (Vec::new(), Vec::new());
    // More kinds of books than are read for all.
    for number in 0..40 {
        let company = format!("c{number}");
        let put = PutCompany::named(&company, &company);
        let stored = world.services.put_company(&world.operator, "north", &put);
        stored.await.unwrap();
        let query = ViewQuery {
            companies: vec![company.clone()],
            ..ViewQuery::default()
        };
        viewers.push(follow(&world, &world.operator, "north", &query).await);
        news.push(usage(&format!("e{number}"), &company, NOW, "5"));
    }
    for frames in &mut viewers {
        frames.next().await.unwrap();
        assert!(matches!(
            frames.next().await.unwrap().frame(),
            LiveFrame::Beat
        ));
    }
    world.ingest(news).await.unwrap();
    for (number, frames) in viewers.iter_mut().enumerate() {
        assert_eq!(rows(&delta(frames).await), [format!("e{number}")]);
    }
}

/// The rows of a frame.
fn rows(told: &Arc<Told>) -> Vec<String> {
    let LiveFrame::Delta(delta) = told.frame() else {
        panic!("{:?}", told.frame());
    };
    delta.rows.iter().map(|row| row.id.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn who_waited_for_a_turn_is_told_nothing_again_that_was_read_for_all_meanwhile() {
    let world = World::new().await;
    let query = ViewQuery::default();
    let mut early = follow(&world, &world.operator, "north", &query).await;
    let mut late = follow(&world, &world.operator, "north", &query).await;
    for frames in [&mut early, &mut late] {
        frames.next().await.unwrap();
    }
    assert!(matches!(
        early.next().await.unwrap().frame(),
        LiveFrame::Beat
    ));
    let gate = Arc::new(Gate(Semaphore::new(0)));
    let mut waiting = Box::pin(seated(gate.clone(), late.next()));
    assert!(poll!(&mut waiting).is_pending());
    let news = |id: &str| vec![usage(id, "acme", NOW, "5")];
    world.ingest(news("e1")).await.unwrap();
    assert_eq!(rows(&delta(&mut early).await), ["e1"]);
    // This one is not read for all yet when the turn comes.
    world.ingest(news("e2")).await.unwrap();
    gate.0.add_permits(1);
    let mut told = rows(&waiting.await.unwrap());
    told.sort();
    assert_eq!(told, ["e1", "e2"]);
    assert_eq!(rows(&delta(&mut early).await), ["e2"]);
    world.ingest(news("e3")).await.unwrap();
    assert_eq!(rows(&delta(&mut late).await), ["e3"]);
    assert_eq!(rows(&delta(&mut early).await), ["e3"]);
}
