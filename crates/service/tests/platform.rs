//! Usage across accounts adds up to that of the accounts, for those who may see all of them.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    Credits,
    calendar::{Comparison, Window},
    event::AgeLimit,
    filter::ViewQuery,
};
use rstest::rstest;
use service::{
    Permission, ServiceError, Services,
    platform::{PlatformBy, PlatformQuery, PlatformTrends},
};

use crate::support::{
    model::sum,
    world::{NOW, World, credits, time, usage, wrong},
};

fn query(text: &str, window: Window, by: PlatformBy) -> PlatformQuery {
    PlatformQuery {
        period: ViewQuery::parse(text).unwrap().0,
        plans: Vec::new(),
        accounts: Vec::new(),
        window,
        by,
        compared: Comparison::Previous,
    }
}

/// North spends 3.5 and 1.25 now and 2 before; south 1,200.5 now, which is more than its plan has.
async fn used() -> World {
    let world = World::new().await;
    let north = vec![
        usage("now-1", "acme", NOW, "3.5"),
        usage("now-2", "bluewater", "2026-11-20T02:30:00Z", "1.25"),
        usage("before", "acme", "2026-10-12T09:00:00Z", "2"),
    ];
    world.ingest(north).await.unwrap();
    let south = vec![
        usage("south-1", "acme", "2026-11-10T10:00:00Z", "600.25"),
        usage("south-2", "lakeside", "2026-11-11T10:00:00Z", "600.25"),
    ];
    world
        .ingest_as(&world.operator, Some("south"), AgeLimit::Lifted, south)
        .await
        .unwrap();
    world
}

async fn read(world: &World, query: &PlatformQuery) -> PlatformTrends {
    let found = world.services.platform_trends(&world.operator, query).await;
    found.unwrap()
}

#[rstest]
#[case(Window::Hour, PlatformBy::Agent)]
#[case(Window::Day, PlatformBy::Activity)]
#[case(Window::Week, PlatformBy::Plan)]
#[case(Window::Month, PlatformBy::Agent)]
#[case(Window::Day, PlatformBy::Account)]
#[tokio::test]
async fn groups_windows_and_hours_add_up_to_the_accounts(
    #[case] window: Window,
    #[case] by: PlatformBy,
) {
    let world = used().await;
    let found = read(&world, &query("period=30d", window, by)).await;
    let trends = &found.trends;
    assert_eq!(trends.total.credits, credits("1205.25"));
    assert_eq!(trends.total.events, 4);
    assert_eq!(trends.previous.credits, credits("2"));
    let points = trends.groups.iter().flat_map(|group| group.points.clone());
    assert_eq!(sum(points), trends.total);
    assert_eq!(
        sum(trends.groups.iter().map(|group| group.total)),
        trends.total
    );
    assert_eq!(
        sum(trends.groups.iter().map(|group| group.previous)),
        trends.previous
    );
    assert_eq!(sum(trends.heat.iter().flatten().copied()), trends.total);
    for group in &trends.groups {
        assert_eq!(group.points.len(), trends.windows.len(), "{}", group.name);
    }
}

#[tokio::test]
async fn accounts_are_named_counted_and_compared() {
    let world = used().await;
    let found = read(&world, &query("", Window::Day, PlatformBy::Account)).await;
    assert_eq!((found.accounts, found.active), (2, (2, 1)));
    let largest: Vec<_> = found
        .largest
        .iter()
        .map(|account| (account.key.as_str(), account.now.credits))
        .collect();
    assert_eq!(
        largest,
        [("south", credits("1200.5")), ("north", credits("4.75"))]
    );
    let changes: BTreeMap<_, _> = found
        .trends
        .movers
        .iter()
        .map(|mover| (mover.name.as_str(), mover.change_micro()))
        .collect();
    assert_eq!(changes["south account"], credits("1200.5").micro());
    assert_eq!(changes["north account"], credits("2.75").micro());
    let adoption: Vec<_> = found.adoption.iter().map(|part| part.accounts).collect();
    assert_eq!(adoption, [2, 0, 0, 0, 0, 0]);
    assert_eq!(found.concentration.len(), 1);
    assert_eq!(found.concentration[0].credits, credits("1200.5"));
    // On the eleventh day of a cycle that began in Berlin on the first.
    assert_eq!((found.run_outs.accounts, found.run_outs.before), (1, 0));
    assert_eq!(found.run_outs.weeks, [0, 1, 0, 0, 0]);
}

#[tokio::test]
async fn an_account_narrows_everything_and_adds_up_to_all_of_them() {
    let world = used().await;
    let all = [
        PlatformBy::Agent,
        PlatformBy::Activity,
        PlatformBy::Plan,
        PlatformBy::Account,
    ];
    for (window, by) in [Window::Hour, Window::Day, Window::Week]
        .into_iter()
        .flat_map(|window| all.map(|by| (window, by)))
    {
        let of = |accounts: &[&str]| PlatformQuery {
            accounts: accounts.iter().map(|key| (*key).to_owned()).collect(),
            ..query("", window, by)
        };
        let (north, south) = (
            read(&world, &of(&["north"])).await,
            read(&world, &of(&["south"])).await,
        );
        assert_eq!(
            north.trends.total.credits,
            credits("4.75"),
            "{window:?} {by:?}"
        );
        assert_eq!(
            north.trends.previous.credits,
            credits("2"),
            "{window:?} {by:?}"
        );
        assert_eq!(
            south.trends.total.credits,
            credits("1200.5"),
            "{window:?} {by:?}"
        );
        assert_eq!((north.accounts, north.active), (1, (1, 1)));
        assert_eq!((north.run_outs.accounts, south.run_outs.accounts), (0, 1));
        assert!(north.largest.iter().all(|account| account.key == "north"));
        let together = read(&world, &of(&["south", "north", "north"])).await;
        let everything = read(&world, &query("", window, by)).await;
        assert_eq!(
            together.trends.total, everything.trends.total,
            "{window:?} {by:?}"
        );
        assert_eq!(
            together.trends.previous, everything.trends.previous,
            "{window:?} {by:?}"
        );
        assert_eq!(together.trends.heat, everything.trends.heat);
        assert_eq!(together.adoption, everything.adoption);
        let points = |found: &PlatformTrends| -> Vec<_> {
            found
                .trends
                .groups
                .iter()
                .map(|group| (group.name.clone(), group.points.clone()))
                .collect()
        };
        if by != PlatformBy::Account && window != Window::Hour {
            assert_eq!(points(&together), points(&everything), "{window:?} {by:?}");
        }
    }
}

#[tokio::test]
async fn an_account_must_be_one_and_goes_without_plans() {
    let world = used().await;
    let of = |accounts: Vec<String>, plans: Vec<String>| PlatformQuery {
        accounts,
        plans,
        ..query("", Window::Day, PlatformBy::Agent)
    };
    for (asked, field) in [
        (of(vec!["nobody".to_owned()], vec![]), "account"),
        (
            of(vec!["north".to_owned()], vec!["scale".to_owned()]),
            "plan",
        ),
        (
            of((0..21).map(|at| at.to_string()).collect(), vec![]),
            "account",
        ),
    ] {
        let refused = world
            .services
            .platform_trends(&world.operator, &asked)
            .await;
        assert_eq!(wrong(refused).0, field);
    }
}

#[tokio::test]
async fn a_plan_narrows_everything_and_must_be_one() {
    let world = used().await;
    world.put_plan("empty", "5").await;
    let of = |plan: &str| PlatformQuery {
        plans: vec![plan.to_owned()],
        ..query("", Window::Day, PlatformBy::Plan)
    };
    let found = read(&world, &of("empty")).await;
    assert_eq!(found.trends.total.credits, Credits::ZERO);
    assert_eq!((found.accounts, found.active), (0, (0, 0)));
    let found = read(&world, &of("scale")).await;
    assert_eq!(found.trends.total.credits, credits("1205.25"));
    assert_eq!(found.trends.groups[0].name, "Scale");
    let refused = world
        .services
        .platform_trends(&world.operator, &of("gone"))
        .await;
    assert_eq!(wrong(refused).0, "plan");
}

#[rstest]
#[case("period=this_cycle", "period")]
#[case("from=2026-11-01T10:00:00Z&to=2026-11-03", "from")]
#[case("from=2020-01-01&to=2026-11-03", "to")]
#[tokio::test]
async fn a_period_is_whole_days_of_no_account(#[case] text: &str, #[case] field: &str) {
    let world = World::new().await;
    let query = query(text, Window::Day, PlatformBy::Agent);
    let refused = world
        .services
        .platform_trends(&world.operator, &query)
        .await;
    let Err(ServiceError::Invalid(invalid)) = refused else {
        panic!("{text} was taken");
    };
    assert!(
        invalid.0.iter().any(|error| error.field == field),
        "{invalid:?}"
    );
}

#[tokio::test]
async fn whoever_may_not_read_every_account_is_refused() {
    let world = used().await;
    let client = world.client(&["acme"]).await;
    let query = query("", Window::Day, PlatformBy::Agent);
    let refused = world.services.platform_trends(&client, &query).await;
    assert!(matches!(refused, Err(ServiceError::Forbidden(_))));
    let scope = world
        .services
        .scope(&client, Some("south"), Permission::Read)
        .await;
    assert!(scope.is_err());
}

#[tokio::test]
async fn late_news_and_what_is_given_back_are_in_the_next_reading() {
    let world = used().await;
    world.services.read_platform_ahead().await.unwrap();
    let views = [
        query("period=30d", Window::Day, PlatformBy::Account),
        query(
            "from=2026-11-10&to=2026-11-21",
            Window::Day,
            PlatformBy::Agent,
        ),
        query(
            "from=2026-11-23&to=2026-11-24",
            Window::Hour,
            PlatformBy::Agent,
        ),
    ];
    let narrowed = PlatformQuery {
        plans: vec!["scale".to_owned()],
        ..views[0].clone()
    };
    let views = [&views[..], &[narrowed]].concat();
    // What is read once and again, and by services that remember nothing.
    let agree = async |after: &str| {
        let fresh = Services::start(Arc::clone(&world.store) as _, Arc::clone(&world.clock) as _);
        for view in &views {
            let right = fresh.platform_trends(&world.operator, view).await.unwrap();
            assert_eq!(read(&world, view).await, right, "after {after}");
        }
    };
    agree("nothing").await;
    let today = usage("today", "acme", NOW, "7");
    world.ingest(vec![today]).await.unwrap();
    agree("news of today").await;
    let late = usage("late", "bluewater", "2026-11-12T08:00:00Z", "9.5");
    world.ingest(vec![late]).await.unwrap();
    agree("late news").await;
    let before = usage("later", "harbor", "2026-10-14T08:00:00Z", "0");
    world.ingest(vec![before]).await.unwrap();
    agree("late news without credits").await;
    let scope = world
        .services
        .scope(&world.operator, Some("north"), Permission::Bill)
        .await
        .unwrap();
    let given_back = world
        .services
        .reverse(&scope, "test", "now-2", None, "a test");
    given_back.await.unwrap();
    agree("an event of a day that is over was given back").await;
    world.clock.set(time("2026-11-24T00:00:00Z"));
    agree("midnight").await;
}
