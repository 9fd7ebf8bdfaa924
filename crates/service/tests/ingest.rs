//! Taking in events: who may, what it costs, and what is refused.

use domain::event::{AgeLimit, MAX_EVENTS};
use rstest::rstest;
use serde_json::json;
use service::{
    Caller, ServiceError,
    ingest::{IngestBatch, Verdict},
    ports::{ApiKey, Committed, DirectoryStore as _, KeyScope},
};

use crate::support::world::{NOW, World, credits, time, usage, wrong, wrongs};

async fn key(world: &World, account: Option<&str>, scopes: &[KeyScope]) -> Caller {
    let account = match account {
        Some(key) => Some(world.store.account(key).await.unwrap().unwrap().id),
        None => None,
    };
    Caller::from_key(&ApiKey {
        prefix: "test".into(),
        secret_hash: vec![],
        account,
        scopes: scopes.to_vec(),
        name: "test".into(),
        created_at: time(NOW),
        revoked_at: None,
        expires_at: None,
        used_at: None,
    })
}

#[tokio::test]
async fn events_are_stored_once_with_day_and_cycle_of_the_account() {
    let world = World::new().await;
    let event = usage("e1", "acme", "2026-11-22T23:30:00Z", "3.75");
    assert_eq!(
        world.ingest(vec![event.clone()]).await.unwrap(),
        Committed {
            accepted: 1,
            duplicates: 0
        }
    );
    assert_eq!(
        world.ingest(vec![event.clone(), event]).await.unwrap(),
        Committed {
            accepted: 0,
            duplicates: 2
        }
    );
    let state = world.store.state();
    let [stored] = state.events.as_slice() else {
        panic!("{:?}", state.events)
    };
    assert_eq!(stored.new.credits, credits("3.75"));
    assert_eq!(stored.new.day_start, time("2026-11-22T23:00:00Z"));
    assert_eq!(stored.new.cycle_start, time("2026-10-31T23:00:00Z"));
    assert_eq!(stored.recorded_at, time(NOW));
}

#[tokio::test]
async fn an_event_without_a_time_happens_now_and_its_retry_is_a_duplicate() {
    let world = World::new().await;
    let mut event = usage("e1", "acme", NOW, "1");
    event.as_object_mut().unwrap().remove("time");
    world.ingest(vec![event.clone()]).await.unwrap();
    world.clock.set(time(NOW).plus_micros(60_000_000));
    assert_eq!(
        world.ingest(vec![event]).await.unwrap(),
        Committed {
            accepted: 0,
            duplicates: 1
        }
    );
    assert_eq!(world.store.state().events[0].new.time, time(NOW));
}

#[tokio::test]
async fn a_known_id_with_other_content_refuses_the_whole_batch() {
    let world = World::new().await;
    world
        .ingest(vec![usage("e1", "acme", NOW, "1")])
        .await
        .unwrap();
    let batch = vec![
        usage("e2", "acme", NOW, "1"),
        usage("e1", "acme", NOW, "2"),
        usage("e3", "acme", NOW, "1"),
        usage("e3", "acme", NOW, "9"),
    ];
    let conflict = |index| (Some(index), "id".to_owned(), "conflict".to_owned());
    assert_eq!(
        wrongs(world.ingest(batch).await),
        [conflict(1), conflict(3)]
    );
    assert_eq!(world.store.state().events.len(), 1);
}

#[tokio::test]
async fn the_same_id_in_two_accounts_is_two_events() {
    let world = World::new().await;
    let ingest = |account| {
        world.ingest_as(
            &world.operator,
            Some(account),
            AgeLimit::Enforced,
            vec![usage("e1", "acme", NOW, "1")],
        )
    };
    assert_eq!(ingest("north").await.unwrap().accepted, 1);
    assert_eq!(ingest("south").await.unwrap().accepted, 1);
}

#[tokio::test]
async fn every_offending_event_is_named_and_nothing_is_stored() {
    let world = World::new().await;
    let mut robot = usage("e3", "acme", NOW, "1");
    robot["data"]["agent"] = json!("robot");
    let batch = vec![
        usage("e1", "acme", NOW, "1"),
        usage("e2", "nobody", NOW, "1"),
        robot,
        usage("e4", "acme", "2026-12-01T00:00:00Z", "1"),
    ];
    let errors = wrongs(world.ingest(batch).await);
    let told: Vec<_> = errors
        .iter()
        .map(|(index, field, reason)| (index.unwrap(), field.as_str(), reason.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (1, "subject", "unknown_company"),
            (2, "data.agent", "unknown_agent"),
            (3, "time", "time_in_future")
        ]
    );
    assert!(world.store.state().events.is_empty());
}

#[rstest]
#[case("2026-11-23T14:08:10Z", None)]
#[case("2026-11-23T14:08:10.000001Z", Some("time_in_future"))]
#[case("2026-10-31T23:00:00Z", None)]
// October ended on the 31st at 23:00 and closed three days later.
#[case("2026-10-31T22:59:59Z", Some("cycle_closed"))]
#[case("2026-10-19T14:03:10Z", Some("cycle_closed"))]
#[case("2026-10-19T14:03:09.999999Z", Some("time_too_old"))]
#[tokio::test]
async fn a_time_has_bounds(#[case] at: &str, #[case] reason: Option<&str>) {
    let world = World::new().await;
    let answer = world
        .ingest_as(
            &world.operator,
            Some("north"),
            AgeLimit::Enforced,
            vec![usage("e1", "acme", at, "1")],
        )
        .await;
    let found = wrongs(answer)
        .pop()
        .map(|(_, field, reason)| (field, reason));
    assert_eq!(
        found,
        reason.map(|reason| ("time".to_owned(), reason.to_owned()))
    );
}

#[tokio::test]
async fn a_cycle_takes_late_events_within_its_grace() {
    let world = World::new().await;
    world.clock.set(time("2026-11-03T22:59:59Z"));
    let late = |id| {
        world.ingest_as(
            &world.operator,
            Some("north"),
            AgeLimit::Enforced,
            vec![usage(id, "acme", "2026-10-31T22:00:00Z", "1")],
        )
    };
    assert_eq!(late("e1").await.unwrap().accepted, 1);
    assert_eq!(
        world.store.state().events[0].new.cycle_start,
        time("2026-09-30T22:00:00Z")
    );
    world.clock.set(time("2026-11-03T23:00:00Z"));
    assert_eq!(
        wrong(late("e2").await),
        ("time".to_owned(), "cycle_closed".to_owned())
    );
}

#[tokio::test]
async fn history_is_taken_when_the_bound_is_lifted_and_the_future_never() {
    let world = World::new().await;
    assert_eq!(
        world
            .ingest(vec![usage("e1", "acme", "2019-02-28T12:00:00Z", "1")])
            .await
            .unwrap()
            .accepted,
        1
    );
    assert_eq!(
        wrong(
            world
                .ingest(vec![usage("e2", "acme", "2027-01-01T00:00:00Z", "1")])
                .await
        )
        .1,
        "time_in_future"
    );
}

#[rstest]
#[case(&["north"], "acme", None)]
#[case(&["north"], "lakeside", Some("unknown_company"))]
#[case(&["south"], "lakeside", None)]
#[case(&["nowhere"], "acme", Some("unknown_account"))]
#[case(&[], "lakeside", None)]
#[case(&[], "acme", Some("ambiguous_company"))]
#[case(&[], "nobody", Some("unknown_company"))]
#[tokio::test]
async fn a_platform_key_names_the_account_or_a_company_that_only_one_has(
    #[case] account: &[&str],
    #[case] company: &str,
    #[case] reason: Option<&str>,
) {
    let world = World::new().await;
    let caller = key(&world, None, &[KeyScope::Platform]).await;
    let mut event = usage("e1", company, NOW, "1");
    if let Some(account) = account.first() {
        event["account"] = json!(account);
    }
    let answer = world
        .ingest_as(&caller, None, AgeLimit::Enforced, vec![event])
        .await;
    assert_eq!(
        wrongs(answer).pop().map(|(_, _, reason)| reason).as_deref(),
        reason
    );
}

#[tokio::test]
async fn an_accounts_key_writes_to_its_account_only() {
    let world = World::new().await;
    let caller = key(&world, Some("north"), &[KeyScope::Ingest]).await;
    let ingest = |event| world.ingest_as(&caller, None, AgeLimit::Enforced, vec![event]);
    assert_eq!(
        ingest(usage("e1", "acme", NOW, "1"))
            .await
            .unwrap()
            .accepted,
        1
    );
    let north = world.store.account("north").await.unwrap().unwrap().id;
    assert_eq!(world.store.state().events[0].new.account, north);
    // Someone else's account and company look exactly like missing ones.
    let with_account = |account: &str| {
        let mut event = usage("e2", "lakeside", NOW, "1");
        event["account"] = json!(account);
        event
    };
    assert_eq!(
        wrong(ingest(with_account("south")).await),
        wrong(ingest(with_account("nowhere")).await)
    );
    assert_eq!(
        wrong(ingest(usage("e3", "lakeside", NOW, "1")).await),
        wrong(ingest(usage("e3", "nobody", NOW, "1")).await)
    );
}

#[rstest]
#[case(Some("north"), KeyScope::Read)]
#[case(Some("north"), KeyScope::Check)]
#[tokio::test]
async fn a_key_without_the_scope_is_refused(
    #[case] account: Option<&str>,
    #[case] scope: KeyScope,
) {
    let world = World::new().await;
    let caller = key(&world, account, &[scope]).await;
    let answer = world
        .ingest_as(
            &caller,
            None,
            AgeLimit::Enforced,
            vec![usage("e1", "acme", NOW, "1")],
        )
        .await;
    assert!(
        matches!(answer, Err(ServiceError::Forbidden(_))),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_batch_holds_one_to_ten_thousand_events() {
    let world = World::new().await;
    assert_eq!(
        wrong(world.ingest(vec![]).await),
        ("events".to_owned(), "required".to_owned())
    );
    let event = usage("e1", "acme", NOW, "1");
    assert_eq!(
        wrong(world.ingest(vec![event; MAX_EVENTS + 1]).await),
        ("events".to_owned(), "too_many".to_owned())
    );
}

#[tokio::test]
async fn what_would_become_of_events_is_said_and_nothing_stored() {
    let world = World::new().await;
    let batch = [
        usage("e1", "acme", NOW, "1.5"),
        usage("e2", "nobody", NOW, "1"),
    ];
    let events = batch
        .into_iter()
        .map(|event| serde_json::from_value(event).unwrap())
        .collect();
    let batch = IngestBatch {
        events,
        account: Some("north".into()),
        age: AgeLimit::Enforced,
    };
    let verdicts = world
        .services
        .judge(&world.operator, batch, &[])
        .await
        .unwrap();
    assert_eq!(verdicts[0], Verdict::New(credits("1.5")));
    let Verdict::Refused(errors) = &verdicts[1] else {
        panic!("{verdicts:?}")
    };
    assert_eq!(errors[0].reason, "unknown_company");
    assert_eq!(world.store.state().newest(), domain::Seq::ZERO);
}
