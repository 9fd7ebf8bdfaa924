//! Plans, and what they mean for a balance.

use domain::tenancy::Plan;
use rstest::rstest;

use crate::support::world::{NOW, World, credits, time, usage, wrong};

pub fn plan() -> Plan {
    Plan {
        key: "big".into(),
        name: "Big".into(),
        monthly_credits: credits("5"),
        price: Some("199".into()),
        currency: Some("EUR".into()),
        rollover: None,
    }
}

#[tokio::test]
async fn a_plan_that_is_changed_changes_the_next_cycle_and_not_what_was_given() {
    let world = World::new().await;
    world
        .ingest(vec![usage("e1", "acme", NOW, "400")])
        .await
        .unwrap();
    let balance = || async {
        world
            .services
            .balance(&world.north().await)
            .await
            .unwrap()
            .balance
    };
    assert_eq!(balance().await.remaining, credits("600"));
    world.put_plan("scale", "300").await;
    assert_eq!(balance().await.remaining, credits("600"));
    world.clock.set(time("2026-12-02T00:00:00Z"));
    assert_eq!(
        (balance().await.allocation, balance().await.remaining),
        (credits("300"), credits("300"))
    );
}

#[rstest]
#[case(Plan { price: None, ..plan() }, "currency", "required")]
#[case(Plan { price: Some("much".into()), ..plan() }, "price", "invalid")]
#[case(Plan { price: Some("-1".into()), ..plan() }, "price", "invalid")]
#[case(Plan { currency: Some("euro".into()), ..plan() }, "currency", "invalid")]
#[case(Plan { monthly_credits: credits("-1"), ..plan() }, "monthly_credits", "negative")]
#[case(Plan { key: String::new(), ..plan() }, "key", "invalid")]
#[tokio::test]
async fn a_plan_is_checked(#[case] plan: Plan, #[case] field: &str, #[case] reason: &str) {
    let world = World::new().await;
    assert_eq!(
        wrong(world.services.put_plan(&world.operator, plan).await),
        (field.to_owned(), reason.to_owned())
    );
}
