//! What a page says of the latest comparison of everything with everything.

use domain::filter::ViewQuery;
use service::ports::{DoctorReport, Reconciliation, Store as _};

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
    world.clock.set(time("2026-11-25T10:05:00Z"));
    assert_eq!(world.services.reconcile().await.unwrap(), 0);
    let (dashboard, _) = world
        .services
        .page(world.north().await, &ViewQuery::default(), None)
        .await
        .unwrap();
    let reconciled = dashboard.account.reconciled.unwrap();
    assert!(reconciled.is_clean);
    assert_eq!(reconciled.at, "25 Nov 11:05");
}

#[tokio::test]
async fn a_difference_is_told_to_the_account_it_is_about() {
    let world = World::new().await;
    let with = |differing: &[&str], concerns_all| Reconciliation {
        checked_at: time("2026-11-25T10:05:00Z"),
        report: DoctorReport {
            differing: differing.iter().map(|&key| key.to_owned()).collect(),
            concerns_all,
            ..DoctorReport::default()
        },
    };
    for (differing, concerns_all, is_clean) in [
        (&[][..], false, true),
        (&["north"], false, false),
        (&["south", "north"], false, false),
        (&["south"], false, true),
        (&["northwind"], false, true),
        (&["north-2"], false, true),
        // Of no account, or so many that not every account was looked at.
        (&[], true, false),
        (&["south"], true, false),
    ] {
        world
            .store
            .save_reconciliation(&with(differing, concerns_all))
            .await
            .unwrap();
        assert_eq!(said(&world).await, Some(is_clean), "{differing:?}");
    }
}
