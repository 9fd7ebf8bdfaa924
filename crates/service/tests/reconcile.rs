//! What a page says of the latest comparison of everything with everything.

use domain::filter::ViewQuery;
use service::ports::{MOST_DIFFERENCES, Reconciliation, Store as _};

use crate::support::world::{World, time};

/// What the page of `north` says: nothing, or whether it agreed.
async fn said(world: &World) -> Option<bool> {
    let (dashboard, _) = world
        .services
        .page(world.north().await, &ViewQuery::default(), None)
        .await
        .unwrap();
    dashboard.account.reconciled.map(|said| said.is_clean)
}

#[tokio::test]
async fn a_page_says_when_everything_was_compared_in_the_time_of_its_account() {
    let world = World::new().await;
    assert_eq!(said(&world).await, None);
    world.clock.set(time("2026-10-20T10:05:00Z"));
    assert_eq!(world.services.reconcile().await.unwrap(), 0);
    let (dashboard, _) = world
        .services
        .page(world.north().await, &ViewQuery::default(), None)
        .await
        .unwrap();
    let reconciled = dashboard.account.reconciled.unwrap();
    assert!(reconciled.is_clean);
    assert_eq!(reconciled.at, "20 Oct 12:05");
}

#[tokio::test]
async fn a_difference_is_told_to_the_account_it_is_about() {
    let world = World::new().await;
    let with = |differences: &[&str]| Reconciliation {
        checked_at: time("2026-10-20T10:05:00Z"),
        events: 1,
        differences: differences.iter().map(|&text| text.to_owned()).collect(),
    };
    let many = vec!["books of account south: say 1."; MOST_DIFFERENCES as usize];
    for (differences, is_clean) in [
        (&[][..], true),
        (&["books of account north: say 1."], false),
        (&["account north: 5 were carried over."], false),
        (&["daily of account north, day 3: has 1."], false),
        (&["books of account south: say 1."], true),
        (&["books of account northwind: say 1."], true),
        (&["books of account north-2: say 1."], true),
        (
            &["3 events belong to accounts or companies that do not exist."],
            false,
        ),
        // Nobody after the last one was looked at.
        (&many, false),
    ] {
        world
            .store
            .save_reconciliation(&with(differences))
            .await
            .unwrap();
        assert_eq!(said(&world).await, Some(is_clean), "{differences:?}");
    }
}
