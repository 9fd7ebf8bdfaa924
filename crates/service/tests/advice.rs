//! Advice replays what was used, cycle by cycle, and says nothing it does not know.

use domain::tenancy::{Pack, Plan};
use service::{Permission, ServiceError, advice::Advice};

use crate::support::world::{World, credits, usage};

fn plan(key: &str, monthly: &str, price: Option<&str>) -> Plan {
    Plan {
        key: key.into(),
        name: key.into(),
        monthly_credits: credits(monthly),
        price: price.map(str::to_owned),
        currency: price.map(|_| "EUR".to_owned()),
        rollover: None,
    }
}

/// September to November in Berlin: nothing, 1,250.5 credits, 900, and some of a cycle that still runs.
pub async fn used() -> World {
    let world = World::new().await;
    for plan in [
        plan("scale", "1000", Some("100")),
        plan("growth", "2000", Some("130.5")),
        plan("unpriced", "9000", None),
    ] {
        world
            .services
            .put_plan(&world.operator, plan)
            .await
            .unwrap();
    }
    let pack = Pack {
        key: "boost".into(),
        name: "Boost".into(),
        credits: credits("100"),
        price: Some("20.25".into()),
        currency: Some("EUR".into()),
        valid_cycles: 1,
    };
    world
        .services
        .put_pack(&world.operator, pack)
        .await
        .unwrap();
    let events = vec![
        usage("sep", "acme", "2026-09-30T21:59:59Z", "1250.5"),
        usage("oct", "bluewater", "2026-09-30T22:00:00Z", "900"),
        usage("nov", "acme", "2026-11-02T10:00:00Z", "5000"),
    ];
    world.ingest(events).await.unwrap();
    world
}

async fn read(world: &World) -> Advice {
    let scope = world.north().await;
    world.services.advice(&scope).await.unwrap()
}

#[tokio::test]
async fn complete_cycles_are_replayed_under_every_plan_with_a_price() {
    let world = used().await;
    let advice = read(&world).await;
    let cycles: Vec<_> = advice.cycles.iter().map(|(_, used)| *used).collect();
    assert_eq!(cycles, [credits("1250.5"), credits("900")]);
    let plans: Vec<_> = advice
        .replays
        .iter()
        .map(|replay| (replay.plan.key.as_str(), replay.total_micro))
        .collect();
    // 250.5 credits past the plan are three packs.
    let scale = credits("260.75").micro();
    assert_eq!(
        plans,
        [("scale", scale), ("growth", credits("261").micro())]
    );
    assert_eq!(advice.better(), None);
    assert_eq!(advice.own().unwrap().cycles[0].packs[0].1, 3);
}

#[tokio::test]
async fn a_cheaper_plan_is_named_with_what_it_saves() {
    let world = used().await;
    let cheaper = plan("growth", "2000", Some("120"));
    world
        .services
        .put_plan(&world.operator, cheaper)
        .await
        .unwrap();
    let advice = read(&world).await;
    let (best, saved) = advice.better().unwrap();
    assert_eq!(
        (best.plan.key.as_str(), saved),
        ("growth", credits("20.75").micro())
    );
}

#[tokio::test]
async fn nothing_is_said_without_a_complete_cycle_or_a_price() {
    let world = World::new().await;
    world
        .ingest(vec![usage("now", "acme", "2026-11-02T10:00:00Z", "5")])
        .await
        .unwrap();
    let advice = read(&world).await;
    assert!(advice.cycles.is_empty() && advice.replays.is_empty());
    assert!(advice.better().is_none() && advice.currency.is_none());
}

#[tokio::test]
async fn a_reader_of_some_companies_learns_nothing_of_plans() {
    let world = used().await;
    let client = world.client(&["acme"]).await;
    let scope = world
        .services
        .scope(&client, Some("north"), Permission::Read);
    let refused = world.services.advice(&scope.await.unwrap()).await;
    assert!(matches!(refused, Err(ServiceError::NotFound)));
}
