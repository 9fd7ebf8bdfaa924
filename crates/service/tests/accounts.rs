//! Accounts and their companies.

use domain::{ledger::OveragePolicy, tenancy::AccountKind};
use rstest::rstest;
use service::keys::KeyAsk;
use service::{
    Permission, ServiceError,
    ports::{PutAccount, PutCompany},
};

use crate::{
    plans::plan,
    support::world::{NOW, World, time, usage, wrong, wrongs},
};

fn account(key: &str) -> PutAccount {
    PutAccount {
        key: key.into(),
        name: "Northwind".into(),
        kind: AccountKind::Agency,
        time_zone: "Europe/Berlin".into(),
        cycle_anchor: time("2026-09-30T22:00:00Z"),
        plan: "scale".into(),
        policy: OveragePolicy::HardStop,
        auto_refund: domain::Credits::ZERO,
    }
}

#[tokio::test]
async fn putting_an_account_creates_it_once_and_then_replaces_it() {
    let world = World::new().await;
    let put = |account| world.services.put_account(&world.operator, account);
    let created = put(account("east")).await.unwrap();
    assert!(created.created);
    let replaced = put(PutAccount {
        name: "Eastwind".into(),
        ..account("east")
    })
    .await
    .unwrap();
    assert_eq!(
        (
            replaced.created,
            replaced.value.id,
            replaced.value.name.as_str()
        ),
        (false, created.value.id, "Eastwind")
    );
    // At once, although names are remembered for a moment.
    assert_eq!(
        world
            .services
            .account(&world.operator, "east")
            .await
            .unwrap()
            .name,
        "Eastwind"
    );
}

#[tokio::test]
async fn zone_and_anchor_stay_once_usage_is_recorded() {
    let world = World::new().await;
    let put = |account| world.services.put_account(&world.operator, account);
    let moved = || PutAccount {
        time_zone: "Asia/Kathmandu".into(),
        ..account("north")
    };
    assert!(!put(moved()).await.unwrap().created);
    put(account("north")).await.unwrap();
    world
        .ingest(vec![usage("e1", "acme", NOW, "1")])
        .await
        .unwrap();
    assert!(matches!(put(moved()).await, Err(ServiceError::Conflict(_))));
    let later = PutAccount {
        cycle_anchor: time("2026-10-01T00:00:00Z"),
        ..account("north")
    };
    assert!(matches!(put(later).await, Err(ServiceError::Conflict(_))));
    assert!(
        put(PutAccount {
            name: "Renamed".into(),
            ..account("north")
        })
        .await
        .is_ok()
    );
}

#[tokio::test]
async fn everything_wrong_with_an_account_is_told_at_once() {
    let world = World::new().await;
    let bad = PutAccount {
        key: "-".into(),
        name: " ".into(),
        time_zone: "Berlin".into(),
        plan: "none".into(),
        ..account("x")
    };
    let errors = wrongs(world.services.put_account(&world.operator, bad).await);
    let told: Vec<_> = errors
        .iter()
        .map(|(_, field, reason)| (field.as_str(), reason.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("key", "invalid"),
            ("name", "invalid"),
            ("time_zone", "unknown_time_zone"),
            ("plan", "unknown_plan")
        ]
    );
}

#[tokio::test]
async fn lists_come_in_pages_by_key() {
    let world = World::new().await;
    for key in ["east", "west"] {
        world
            .services
            .put_account(&world.operator, account(key))
            .await
            .unwrap();
    }
    let keys = |after: Option<&'static str>, limit| {
        let world = &world;
        async move {
            let accounts = world
                .services
                .accounts(&world.operator, None, after, limit)
                .await
                .unwrap();
            accounts
                .into_iter()
                .map(|account| account.key)
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(keys(None, 3).await, ["east", "north", "south"]);
    assert_eq!(keys(Some("south"), 3).await, ["west"]);
    let scope = world.north().await;
    let found = world
        .services
        .companies(&scope, Some("WATER"), None, 50)
        .await
        .unwrap();
    assert_eq!(
        found
            .iter()
            .map(|company| company.key.as_str())
            .collect::<Vec<_>>(),
        ["bluewater"]
    );
    let plans = world
        .services
        .plans(&world.operator, Some("a"), 50)
        .await
        .unwrap();
    assert_eq!(
        plans
            .iter()
            .map(|plan| plan.key.as_str())
            .collect::<Vec<_>>(),
        ["scale"]
    );
}

#[rstest]
#[case("bad key", "Name", "key")]
#[case("new", "", "name")]
#[case("new", "tab\there", "name")]
#[tokio::test]
async fn a_company_has_a_key_and_a_name(
    #[case] key: &str,
    #[case] name: &str,
    #[case] field: &str,
) {
    let world = World::new().await;
    assert_eq!(
        wrong(
            world
                .services
                .put_company(&world.operator, "north", &PutCompany::named(key, name))
                .await
        )
        .0,
        field
    );
}

#[tokio::test]
async fn a_company_of_no_account_is_not_found() {
    let world = World::new().await;
    let answer = world
        .services
        .put_company(&world.operator, "nowhere", &PutCompany::named("new", "New"))
        .await;
    assert!(matches!(answer, Err(ServiceError::NotFound)));
}

#[tokio::test]
async fn a_new_name_is_shown_on_old_rows() {
    let world = World::new().await;
    world
        .ingest(vec![usage("e1", "acme", NOW, "1")])
        .await
        .unwrap();
    assert!(
        !world
            .services
            .put_company(
                &world.operator,
                "north",
                &PutCompany::named("acme", "Acme Dental")
            )
            .await
            .unwrap()
            .created
    );
    let event = world
        .services
        .event(&world.north().await, "test", "e1")
        .await
        .unwrap();
    assert_eq!(event.company_name, "Acme Dental");
}

#[tokio::test]
async fn clients_provision_nothing() {
    let world = World::new().await;
    let client = world.client(&["acme"]).await;
    let (services, rules) = (&world.services, []);
    let refusals = [
        services.put_account(&client, account("east")).await.err(),
        services
            .put_company(&client, "north", &PutCompany::named("new", "New"))
            .await
            .err(),
        services.put_plan(&client, plan()).await.err(),
        services
            .put_rate_card(&client, "creditscope.usage", time(NOW), &rules)
            .await
            .err(),
        services.rate_card_types(&client, None, 50).await.err(),
        services
            .make_key(&client, Some("north"), KeyAsk::lasting(vec![], "key"))
            .await
            .err(),
        services.users(&client, None, 50).await.err(),
        services
            .scope(&client, Some("north"), Permission::Provision)
            .await
            .err(),
    ];
    assert!(
        refusals
            .iter()
            .all(|error| matches!(error, Some(ServiceError::Forbidden(_)))),
        "{refusals:?}"
    );
}
