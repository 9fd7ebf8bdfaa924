//! How far credits are counted, and that nothing stops silently where a column ends.

use std::sync::Arc;

use domain::{
    AccountId, Credits, Time, TimeRange, bounds::MOST_COUNTED, ledger::GrantKind, usage::Totals,
};
use service::ports::{
    AccountAct, Act, Acted, Expected, Gift, NewEvent, PlatformGrain, PlatformGroupBy, PutCompany,
    Refusal, Reverse, StoreError, Write, Written,
};
use sqlx::{Connection as _, SqliteConnection};
use storage::{Database, OpenOptions};

use super::{
    backend::{Backend, Sqlite},
    upgrade::{as_left_by, names, run, url},
    world::{NOW, World, created, put_account, stored},
};

const TRILLION: i64 = MOST_COUNTED.micro();

fn of(credits: i64, event: NewEvent) -> NewEvent {
    NewEvent {
        credits: Credits::from_micro(credits),
        ..event
    }
}

async fn act(world: &World, account: AccountId, act: Act) -> Result<Acted, Refusal> {
    let actor = "otto".to_owned();
    let write = Write::Act(AccountAct {
        account,
        actor,
        act,
    });
    let written = world.store.commit(&[write], NOW).await.unwrap();
    match written.into_iter().next() {
        Some(Written::Act(acted)) => acted,
        other => panic!("{other:?}"),
    }
}

async fn reverse(world: &World, account: AccountId, event: &str, credits: Option<i64>) {
    let reverse = Reverse {
        source: "gateway".to_owned(),
        id: event.to_owned(),
        credits: credits.map(Credits::from_micro),
        reason: "reported by mistake".to_owned(),
        reversal: format!("back-{}-{event}-{credits:?}", account.0),
    };
    act(world, account, Act::Reverse(reverse)).await.unwrap();
}

pub async fn an_account_is_counted_so_far_and_goes_on_once_something_is_given_back(
    backend: Arc<dyn Backend>,
) {
    let world = World::new(backend).await;
    world.add(vec![of(TRILLION - 1, world.event(1))]).await;
    world.add(vec![of(1, world.event(2))]).await;
    let one = of(1, world.event(3));
    let error = world
        .store
        .commit_events(&[vec![one.clone()]], NOW)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::OutOfRange(_)), "{error}");
    // Neither what costs nothing nor another account is concerned.
    world
        .add(vec![of(0, world.event(4)), world.in_other(&one)])
        .await;
    // Another cycle is: it is what the account used in all.
    let earlier = NOW.plus_micros(-33 * 86_400_000_000);
    let earlier = of(1, world.event_at(5, earlier));
    let error = world.store.commit_events(&[vec![earlier]], NOW).await;
    assert!(matches!(error, Err(StoreError::OutOfRange(_))), "{error:?}");
    world.healthy().await;
    reverse(&world, world.account.id, "event-1", Some(2)).await;
    assert_eq!(world.commit(&[vec![one]]).await, [stored(1, 0)]);
    world.healthy().await;
}

async fn shown(store: &dyn Database) -> Vec<Totals> {
    let day = NOW.micros() - NOW.micros().rem_euclid(86_400_000_000);
    let day = TimeRange::new(
        Time::from_micros(day),
        Time::from_micros(day + 86_400_000_000),
    );
    let mut snapshot = store.snapshot().await.unwrap();
    let mut shown = Vec::new();
    for grain in [PlatformGrain::Hour, PlatformGrain::Day] {
        let cells = snapshot.platform_cells(&[], day, grain, PlatformGroupBy::All);
        let mut sum = Totals::default();
        for cell in cells.await.unwrap() {
            sum.add(cell.totals);
        }
        shown.push(sum);
    }
    shown
}

fn twice(micro: i64, events: u64) -> Vec<Totals> {
    let credits = Credits::from_micro(micro);
    vec![Totals { credits, events }; 2]
}

pub async fn a_total_of_many_accounts_past_every_amount_is_exact_again_once_something_is_given_back(
    backend: Arc<dyn Backend>,
) {
    let world = World::new(backend).await;
    let mut accounts = Vec::new();
    for number in 0..10 {
        let account = put_account(&format!("account-{number}"));
        let store = &world.store;
        let account = store.put_account(&account, &[], &Expected::Any, NOW).await;
        let account = created(account.unwrap()).id;
        let company = PutCompany::named("acme", "acme");
        let put = store.put_company(account, &company, &Expected::Any, 10, NOW);
        let company = created(put.await.unwrap()).id;
        let event = of(TRILLION, world.event_at(number, NOW));
        let event = NewEvent {
            account,
            company,
            ..event
        };
        world.add(vec![event]).await;
        accounts.push(account);
    }
    // Ten trillions are more than an amount can be; nobody else is refused for that, and nothing of it is lost.
    world.add(vec![of(7, world.event_at(99, NOW))]).await;
    assert_eq!(shown(&*world.store).await, twice(i64::MAX, 11));
    world.healthy().await;
    for (number, account) in accounts.iter().enumerate().take(9) {
        reverse(&world, *account, &format!("event-{number}"), None).await;
    }
    assert_eq!(shown(&*world.store).await, twice(TRILLION + 7, 11));
    world.healthy().await;
}

pub async fn credits_are_given_and_taken_so_far_and_no_further(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let account = world.account.id;
    let gift = |credits: i64| {
        Act::Give(Gift {
            kind: GrantKind::Promotion,
            name: "Gift".to_owned(),
            credits: Credits::from_micro(credits),
            cycles: 1,
            reference: None,
        })
    };
    let plan = 10_000_000_000;
    act(&world, account, gift(TRILLION - plan)).await.unwrap();
    let more = act(&world, account, gift(1)).await;
    assert_eq!(more, Err(Refusal::OutOfRange));
    world.add(vec![of(5, world.event(1))]).await;
    act(&world, account, gift(5)).await.unwrap();
    let taken = |credits: i64| Act::Correct {
        credits: Credits::from_micro(credits),
        reason: "too much was given".to_owned(),
    };
    act(&world, account, taken(TRILLION)).await.unwrap();
    act(&world, account, taken(TRILLION)).await.unwrap();
    let more = act(&world, account, taken(1)).await;
    assert_eq!(more, Err(Refusal::OutOfRange));
    world.healthy().await;
}

pub async fn what_is_paid_and_given_back_again_and_again_is_compared_exactly(
    backend: Arc<dyn Backend>,
) {
    let world = World::new(backend).await;
    // In all more than SQLite can add up, though never much of it at once.
    for number in 0..12 {
        world.add(vec![of(TRILLION, world.event(number))]).await;
        let id = format!("event-{number}");
        reverse(&world, world.account.id, &id, None).await;
    }
    world.healthy().await;
}

/// The last schema in which totals over all accounts stopped at the end of what a column can hold.
const STOPPED: i64 = 41;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn totals_that_stopped_in_an_earlier_program_are_made_anew() {
    let backend = Sqlite::start();
    let world = World::new(Arc::clone(&backend)).await;
    let huge = of(TRILLION - 10_000_000, world.event_at(1, NOW));
    world.add(vec![huge.clone(), world.in_other(&huge)]).await;
    let before = world.event_at(2, NOW.plus_micros(-7_200_000_000));
    world.add(vec![before]).await;
    let right = twice(2 * TRILLION - 18_500_000, 3);
    assert_eq!(shown(&*world.store).await, right);
    // One that stopped, and one that stopped and was taken off from there.
    for (name, credits) in [("stopped", i64::MAX), ("wrong", i64::MAX - TRILLION)] {
        let old = backend.backup_path(&format!("{name}.db"));
        as_left_by(STOPPED, &backend.backup_path("test.db"), &old).await;
        let mut connection = SqliteConnection::connect(&url(&old)).await.unwrap();
        let rows = "WHERE credits > 1000000000000000";
        for table in ["platform_hour", "platform_day"] {
            let stop = format!("UPDATE {table} SET credits = {credits} {rows}");
            run(&mut connection, stop).await;
        }
        // Since that day one of the two accounts is on another plan.
        for change in [
            "INSERT INTO plans (key, name, monthly_credits, created_at, updated_at) VALUES ('larger', 'Larger', 1, 0, 0)",
            "INSERT INTO plan_terms (plan, version, effective_at, name, monthly_credits) VALUES ('larger', 1, 0, 'Larger', 1)",
            "UPDATE accounts SET plan = 'larger' WHERE account_id = (SELECT max(account_id) FROM accounts)",
        ] {
            run(&mut connection, change.to_owned()).await;
        }
        connection.close().await.unwrap();
        let store = storage::open(&url(&old), &OpenOptions::default())
            .await
            .unwrap();
        assert_eq!(store.doctor().await.unwrap().differences, [""; 0], "{name}");
        assert_eq!(shown(&*store).await, right, "{name}");
        let mut connection = SqliteConnection::connect(&url(&old)).await.unwrap();
        let plans = "SELECT DISTINCT plan FROM platform_hour";
        let plans = names(&mut connection, plans.to_owned()).await;
        assert_eq!(plans.into_iter().collect::<Vec<_>>(), ["growth"], "{name}");
        connection.close().await.unwrap();
        // The account goes on where it was.
        let one = of(8_500_000, world.event_at(3, NOW));
        store.commit_events(&[vec![one]], NOW).await.unwrap();
        let more = of(1, world.event_at(4, NOW));
        assert!(store.commit_events(&[vec![more]], NOW).await.is_err());
        assert_eq!(store.doctor().await.unwrap().differences, [""; 0], "{name}");
    }
}
