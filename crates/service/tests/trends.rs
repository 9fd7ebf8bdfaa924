//! Trends add up to what every other page says.

use domain::{Credits, calendar::Window, filter::ViewQuery};
use rstest::rstest;
use service::{
    Permission,
    ports::GroupBy,
    trends::{Trends, TrendsQuery},
};

use crate::support::{
    model::sum,
    world::{NOW, World, usage},
};

fn query(text: &str) -> ViewQuery {
    ViewQuery::parse(text).unwrap().0
}

fn asked(text: &str, window: Window, group_by: GroupBy) -> TrendsQuery {
    TrendsQuery {
        view: query(text),
        window,
        group_by,
    }
}

async fn used() -> World {
    let world = World::new().await;
    let mut events = vec![
        usage("now-1", "acme", NOW, "3.5"),
        usage("now-2", "bluewater", "2026-11-20T02:30:00Z", "1.25"),
        usage("now-3", "harbor", "2026-11-01T12:00:00Z", "0.000001"),
    ];
    for day in 10..24 {
        let time = format!("2026-10-{day}T09:00:00Z");
        events.push(usage(&format!("before-{day}"), "acme", &time, "2"));
    }
    world.clock.set("2026-10-25T00:00:00Z".parse().unwrap());
    let later = events.split_off(3);
    world.ingest(later).await.unwrap();
    world.clock.set(NOW.parse().unwrap());
    world.ingest(events).await.unwrap();
    world
}

async fn read(world: &World, text: &str, window: Window, by: GroupBy) -> Trends {
    let scope = world
        .services
        .scope(&world.operator, Some("north"), Permission::Read)
        .await
        .unwrap();
    let trends = world.services.trends(scope, &asked(text, window, by)).await;
    trends.unwrap()
}

#[rstest]
#[case(Window::Hour, GroupBy::Agent)]
#[case(Window::Day, GroupBy::Company)]
#[case(Window::Week, GroupBy::Activity)]
#[case(Window::Month, GroupBy::Company)]
#[tokio::test]
async fn groups_windows_and_hours_add_up_to_the_summary(
    #[case] window: Window,
    #[case] by: GroupBy,
) {
    let world = used().await;
    for period in ["period=30d", "period=this_cycle", "period=30d&company=acme"] {
        let trends = read(&world, period, window, by).await;
        let scope = world
            .services
            .scope(&world.operator, Some("north"), Permission::Read)
            .await
            .unwrap();
        let summary = world.services.summary(scope, &query(period)).await.unwrap();
        assert_eq!(
            (trends.total, trends.previous),
            (summary.current, summary.previous),
            "{period}"
        );
        assert_eq!(
            sum(trends.groups.iter().map(|group| group.total)),
            trends.total
        );
        for group in &trends.groups {
            assert_eq!(group.points.len(), trends.windows.len());
            assert_eq!(
                sum(group.points.iter().copied()),
                group.total,
                "{}",
                group.name
            );
        }
        assert_eq!(sum(trends.heat.iter().flatten().copied()), trends.total);
    }
}

#[tokio::test]
async fn movers_and_hours_say_what_moved_and_when() {
    let world = used().await;
    let trends = read(&world, "period=30d", Window::Day, GroupBy::Company).await;
    let names: Vec<_> = trends
        .movers
        .iter()
        .map(|mover| mover.key.as_str())
        .collect();
    assert_eq!(names, ["acme", "bluewater", "harbor"]);
    assert!(trends.movers[0].change_micro() < 0 && trends.movers[1].change_micro() > 0);
    // 02:30 UTC is 03:30 on a Friday in Berlin.
    assert_eq!(trends.heat[4][3].credits, Credits::from_micro(1_250_000));
}

#[tokio::test]
async fn a_client_sees_the_trends_of_its_companies_only() {
    let world = used().await;
    let client = world.client(&["bluewater"]).await;
    let scope = world
        .services
        .scope(&client, Some("north"), Permission::Read)
        .await
        .unwrap();
    let trends = world
        .services
        .trends(scope, &asked("period=30d", Window::Day, GroupBy::Company))
        .await
        .unwrap();
    let keys: Vec<_> = trends
        .groups
        .iter()
        .map(|group| group.key.as_deref())
        .collect();
    assert_eq!(keys, [Some("bluewater")]);
    assert_eq!(trends.total.events, 1);
    assert_eq!(trends.previous.events, 0);
}
