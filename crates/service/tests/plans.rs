//! Plans, and what they mean for a balance.

use domain::tenancy::Plan;
use rstest::rstest;

use crate::support::world::{NOW, World, credits, usage, wrong};

pub fn plan() -> Plan {
    Plan {
        key: "big".into(),
        name: "Big".into(),
        monthly_credits: credits("5"),
        price: Some("199".into()),
        currency: Some("EUR".into()),
    }
}

#[tokio::test]
async fn a_changed_plan_changes_the_balance_at_once() {
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
    assert_eq!(balance().await.remaining(), credits("600"));
    world.put_plan("scale", "300").await;
    assert_eq!(
        (balance().await.remaining(), balance().await.overage()),
        (credits("0"), credits("100"))
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
