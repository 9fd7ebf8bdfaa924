//! Who sees what: someone else's looks exactly like missing.

use domain::{
    UserId,
    activity::LogAsk,
    calendar::Window,
    event::AgeLimit,
    filter::ViewQuery,
    tenancy::{PlatformRole, Role},
};
use rstest::rstest;
use service::{
    Caller, Permission, ServiceError, ServiceResult,
    activity::LogRead,
    ports::{DirectoryStore as _, GroupBy, Membership, PutCompany, User},
};

use crate::support::world::{COMPANIES, NOW, World, credits, usage, wrong};

/// One credit for acme, ten for bluewater, a hundred for harbor, and a thousand in the other account.
async fn world() -> World {
    let world = World::new().await;
    for (company, amount) in COMPANIES.into_iter().zip(["1", "10", "100"]) {
        world
            .ingest(vec![usage(&format!("{company}-1"), company, NOW, amount)])
            .await
            .unwrap();
    }
    let south = vec![usage("south-1", "lakeside", NOW, "1000")];
    world
        .ingest_as(&world.operator, Some("south"), AgeLimit::Enforced, south)
        .await
        .unwrap();
    world
}

fn user(platform_role: Option<PlatformRole>, memberships: Vec<Membership>) -> Caller {
    Caller::from_user(&User {
        id: UserId(9),
        email: "someone@example.com".into(),
        name: "Someone".into(),
        password_hash: String::new(),
        platform_role,
        memberships,
        disabled: false,
        email_proof: None,
        second_factor: service::ports::SecondFactor::default(),
    })
}

async fn member(world: &World, role: Role) -> Caller {
    let account = world.store.account("north").await.unwrap().unwrap().id;
    user(
        None,
        vec![Membership {
            account,
            role,
            companies: vec![],
        }],
    )
}

fn is_missing<T>(answer: &ServiceResult<T>) -> bool {
    matches!(answer, Err(ServiceError::NotFound))
}

#[tokio::test]
async fn a_client_sees_the_sums_and_rows_of_its_companies_only() {
    let world = world().await;
    let client = world.client(&["acme", "harbor"]).await;
    let (scope, query) = (world.scope(&client, "north").await, ViewQuery::default());
    let services = &world.services;
    assert_eq!(
        services
            .summary(scope.clone(), &query)
            .await
            .unwrap()
            .current
            .credits,
        credits("101")
    );
    let series = services
        .series(scope.clone(), &query, Window::Month, GroupBy::Company)
        .await
        .unwrap();
    assert_eq!(
        series
            .groups
            .iter()
            .map(|(key, _)| key.as_str())
            .collect::<Vec<_>>(),
        ["acme", "harbor"]
    );
    let log = services
        .log(
            scope.clone(),
            &query,
            LogRead {
                ask: LogAsk::Newest,
                limit: 50,
            },
        )
        .await
        .unwrap();
    assert_eq!(
        log.rows
            .iter()
            .map(|row| row.id.as_str())
            .collect::<Vec<_>>(),
        ["harbor-1", "acme-1"]
    );
    let (dashboard, _) = services.page(scope.clone(), &query, None).await.unwrap();
    assert_eq!(
        (
            dashboard.cycle_used,
            dashboard.books.balance,
            dashboard.account.companies
        ),
        (credits("101"), None, 2)
    );
    let companies = services.companies(&scope, None, None, 50).await.unwrap();
    assert_eq!(
        companies
            .iter()
            .map(|company| company.key.as_str())
            .collect::<Vec<_>>(),
        ["acme", "harbor"]
    );
}

#[tokio::test]
async fn another_company_looks_like_none() {
    let world = world().await;
    let client = world.client(&["acme"]).await;
    let scope = world.scope(&client, "north").await;
    let services = &world.services;
    assert!(is_missing(&services.balance(&scope).await));
    assert!(is_missing(&services.company(&scope, "harbor").await));
    assert!(is_missing(
        &services.event(&scope, "test", "harbor-1").await
    ));
    assert!(is_missing(
        &services.receipt(&scope, None, "test", "harbor-1").await
    ));
    assert!(services.event(&scope, "test", "acme-1").await.is_ok());
    let narrowed = |key: &str| ViewQuery {
        companies: vec![key.to_owned()],
        ..ViewQuery::default()
    };
    let (hidden, missing) = (narrowed("harbor"), narrowed("nobody"));
    assert_eq!(
        wrong(services.summary(scope.clone(), &hidden).await),
        wrong(services.summary(scope.clone(), &missing).await)
    );
}

#[tokio::test]
async fn another_account_looks_like_none() {
    let world = world().await;
    let owner = member(&world, Role::Owner).await;
    let scope = |key| world.services.scope(&owner, Some(key), Permission::Read);
    assert!(scope("north").await.is_ok());
    assert!(is_missing(&scope("south").await) && is_missing(&scope("nowhere").await));
    assert!(is_missing(&world.services.account(&owner, "south").await));
    let north = world.scope(&owner, "north").await;
    assert!(is_missing(
        &world.services.event(&north, "test", "south-1").await
    ));
    let accounts = world
        .services
        .accounts(&owner, None, None, 50)
        .await
        .unwrap();
    assert_eq!(
        accounts
            .iter()
            .map(|account| account.key.as_str())
            .collect::<Vec<_>>(),
        ["north"]
    );
}

#[rstest]
#[case(Role::Owner)]
#[case(Role::BillingAdmin)]
#[case(Role::Analyst)]
#[tokio::test]
async fn a_member_without_a_list_of_companies_sees_the_whole_account(#[case] role: Role) {
    let world = world().await;
    let caller = member(&world, role).await;
    let scope = world
        .services
        .scope(&caller, None, Permission::Read)
        .await
        .unwrap();
    assert!(scope.sees_all());
    assert_eq!(
        world.services.balance(&scope).await.unwrap().balance.used,
        credits("111")
    );
}

#[tokio::test]
async fn a_client_without_companies_sees_nothing() {
    let world = world().await;
    let caller = member(&world, Role::Client).await;
    let scope = world.scope(&caller, "north").await;
    assert!(!scope.sees_all());
    assert_eq!(
        world
            .services
            .summary(scope, &ViewQuery::default())
            .await
            .unwrap()
            .current
            .events,
        0
    );
}

#[tokio::test]
async fn platform_staff_read_every_account_and_only_operators_change_them() {
    let world = world().await;
    let (manager, operator) = (
        user(Some(PlatformRole::ProductManager), vec![]),
        user(Some(PlatformRole::Operator), vec![]),
    );
    for caller in [&manager, &operator] {
        assert!(world.scope(caller, "south").await.sees_all());
        assert_eq!(
            world
                .services
                .accounts(caller, None, None, 50)
                .await
                .unwrap()
                .len(),
            2
        );
        // Without a name they begin with the first account.
        let first = world
            .services
            .scope(caller, None, Permission::Read)
            .await
            .unwrap();
        assert_eq!(first.account().key, "north");
    }
    assert!(matches!(
        world
            .services
            .put_company(&manager, "north", &PutCompany::named("new", "New"))
            .await,
        Err(ServiceError::Forbidden(_))
    ));
    assert!(
        world
            .services
            .put_company(&operator, "north", &PutCompany::named("new", "New"))
            .await
            .unwrap()
            .created
    );
}

#[tokio::test]
async fn nobody_reads_without_being_allowed_to() {
    let world = world().await;
    let nobody = user(None, vec![]);
    for account in [None, Some("north"), Some("nowhere")] {
        let answer = world
            .services
            .scope(&nobody, account, Permission::Read)
            .await;
        assert!(
            matches!(answer, Err(ServiceError::Forbidden(_))),
            "{account:?}"
        );
    }
    let owner = member(&world, Role::Owner).await;
    assert!(matches!(
        world
            .services
            .scope(&owner, Some("north"), Permission::Ingest)
            .await,
        Err(ServiceError::Forbidden(_))
    ));
}

#[tokio::test]
async fn a_platform_key_must_name_the_account() {
    let world = world().await;
    assert_eq!(
        wrong(
            world
                .services
                .scope(&world.operator, None, Permission::Read)
                .await
        ),
        ("account".to_owned(), "required".to_owned())
    );
}

#[rstest]
#[case(ViewQuery { tz: Some("Mars/Olympus".into()), ..ViewQuery::default() }, "tz", "invalid")]
#[case(ViewQuery { from: Some("2026-11-01".into()), ..ViewQuery::default() }, "to", "required")]
#[case(ViewQuery { to: Some("2026-11-01".into()), ..ViewQuery::default() }, "from", "required")]
#[case(ViewQuery { from: Some("1 November".into()), to: Some("2026-11-01".into()), ..ViewQuery::default() }, "from", "invalid")]
#[case(ViewQuery { from: Some("2026-11-02".into()), to: Some("2026-11-01".into()), ..ViewQuery::default() }, "to", "invalid")]
#[case(ViewQuery { period: Some("7d".into()), from: Some("2026-11-01".into()), to: Some("2026-11-02".into()), ..ViewQuery::default() }, "period", "invalid")]
#[case(ViewQuery { period: Some("8d".into()), ..ViewQuery::default() }, "period", "invalid")]
#[case(ViewQuery { companies: vec!["nobody".into()], ..ViewQuery::default() }, "company", "unknown_company")]
#[tokio::test]
async fn a_view_that_cannot_be_is_refused_with_its_field(
    #[case] query: ViewQuery,
    #[case] field: &str,
    #[case] reason: &str,
) {
    let world = world().await;
    let expected = (field.to_owned(), reason.to_owned());
    assert_eq!(
        wrong(world.services.summary(world.north().await, &query).await),
        expected
    );
    assert_eq!(
        wrong(
            world
                .services
                .count_events(world.north().await, &query)
                .await
        ),
        expected
    );
}
