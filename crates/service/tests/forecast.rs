//! A forecast agrees with what is left, and is told to those alone who see the whole account.

use domain::{
    Credits,
    filter::ViewQuery,
    forecast::Outlook,
    ledger::Balance,
    time::{DAY_US, HOUR_US},
};
use service::{ServiceError, ports::PutCompany, tips::Tip};

use crate::support::world::{NOW, World, credits, time, usage};

/// Uses an amount at noon of each of so many days before today, by a company.
pub async fn used_daily(world: &World, company: &str, days: i64, amount: &str) {
    let noon = time("2026-11-23T11:00:00Z");
    let events = (1..=days)
        .map(|back| {
            let at = noon.plus_micros(-back * DAY_US).to_string();
            usage(&format!("{company}-{back}"), company, &at, amount)
        })
        .collect();
    world.ingest(events).await.unwrap();
}

#[tokio::test]
async fn nobody_is_told_a_date_before_a_week_of_use() {
    let world = World::new().await;
    let north = world.north().await;
    for days in [0, 1, 6] {
        if days > 0 {
            used_daily(&world, "acme", days, "40").await;
        }
        let found = world.services.forecast(&north).await.unwrap();
        assert_eq!(
            (found.outlook(), found.forecast.as_ref()),
            (Outlook::NotEnoughData, None)
        );
        let view = found.view();
        assert_eq!(view.headline, "Not enough data yet to say when it runs out");
        assert_eq!(view.cycle_use, None);
    }
}

#[tokio::test]
async fn steady_use_runs_out_when_what_is_left_has_been_used() {
    let world = World::new().await;
    // 22 days of 40 in November leave 120 of the thousand: three days more.
    used_daily(&world, "acme", 50, "40").await;
    let north = world.north().await;
    let Balance { remaining, .. } = world.services.balance(&north).await.unwrap().balance;
    assert_eq!(remaining, credits("120"));
    let found = world.services.forecast(&north).await.unwrap();
    assert_eq!(found.outlook(), Outlook::RunsOut);
    let forecast = found.forecast.clone().unwrap();
    assert_eq!(forecast.days, 50);
    // Today's noon in Berlin is past; the fourth noon from now uses up what three have left.
    let middle = forecast.runs_out_at.p50.unwrap();
    let third_noon = time("2026-11-26T11:00:00Z");
    let off = middle.micros_since(third_noon).abs();
    assert!(off <= DAY_US + 2 * HOUR_US, "{middle}");
    assert!(found.view().headline.starts_with("Likely to run out on 2"));
    // Seven more noons in the cycle: 880 and about 280.
    let more = forecast
        .cycle_use
        .p50
        .saturating_sub(credits("1160"))
        .micro();
    assert!(more.abs() < 20_000_000, "{}", forecast.cycle_use.p50);
    assert!(forecast.cycle_use.p10 < forecast.cycle_use.p50);
    assert!(forecast.cycle_use.p50 < forecast.cycle_use.p90);
}

#[tokio::test]
async fn a_pack_is_more_to_use_and_no_use_that_was_less() {
    let world = World::new().await;
    used_daily(&world, "acme", 50, "40").await;
    let north = world.north().await;
    let before = world.services.forecast(&north).await.unwrap();
    world
        .services
        .adjust(&world.operator, "north", credits("5000"), "a test's")
        .await
        .unwrap();
    let after = world.services.forecast(&north).await.unwrap();
    assert_eq!(after.outlook(), Outlook::Lasts);
    let use_of = |found: &service::forecast::AccountForecast| {
        found.forecast.as_ref().map(|forecast| forecast.cycle_use)
    };
    assert_eq!(use_of(&before), use_of(&after));
}

#[tokio::test]
async fn the_company_whose_budget_ends_first_is_named() {
    let world = World::new().await;
    used_daily(&world, "acme", 30, "10").await;
    used_daily(&world, "bluewater", 30, "5").await;
    let north = world.north().await;
    let first = || world.services.first_budget_end(&north);
    assert_eq!(first().await.unwrap(), None);
    // 220 and 110 are used: acme has two days left, bluewater four.
    for (company, budget) in [("acme", "240"), ("bluewater", "130")] {
        let put = PutCompany {
            budget: Some(credits(budget)),
            ..PutCompany::named(company, company)
        };
        world
            .services
            .put_company(&world.operator, "north", &put)
            .await
            .unwrap();
    }
    let end = first().await.unwrap().unwrap();
    assert_eq!(end.company.key, "acme");
    let now = time(NOW);
    assert!(
        now < end.at && end.at < now.plus_micros(4 * DAY_US),
        "{}",
        end.at
    );
    // What is used up already is nothing that will be.
    let passed = PutCompany {
        budget: Some(credits("220")),
        ..PutCompany::named("acme", "acme")
    };
    world
        .services
        .put_company(&world.operator, "north", &passed)
        .await
        .unwrap();
    assert_eq!(first().await.unwrap().unwrap().company.key, "bluewater");
}

#[tokio::test]
async fn a_company_runs_out_when_the_tip_says_that_its_budget_does() {
    let world = World::new().await;
    used_daily(&world, "acme", 30, "10").await;
    used_daily(&world, "bluewater", 30, "20").await;
    let put = PutCompany {
        budget: Some(credits("240")),
        ..PutCompany::named("acme", "Acme Dental")
    };
    world
        .services
        .put_company(&world.operator, "north", &put)
        .await
        .unwrap();
    let north = world.north().await;
    let of_acme = |key: &str| ViewQuery {
        companies: vec![key.to_owned()],
        ..ViewQuery::default()
    };
    let own = world
        .services
        .company_forecast(north.clone(), &of_acme("acme"))
        .await
        .unwrap();
    let end = world.services.first_budget_end(&north).await.unwrap();
    let out = own
        .forecast
        .as_ref()
        .and_then(|found| found.runs_out_at.p50);
    assert_eq!(out, end.map(|end| end.at));
    let told = world.services.tips(&north, &of_acme("acme")).await.unwrap();
    let tip = told.tips.iter().find_map(|tip| match tip {
        Tip::Budget(end, _) => Some(end.at),
        _ => None,
    });
    assert_eq!(out, tip);
    let board = world
        .services
        .board(&north, &service::companies::BoardQuery::search("acme"))
        .await
        .unwrap();
    assert_eq!(board.lines[0].runs_out_at, out);
    assert_eq!(board.lines[0].outlook, Some(own.outlook()));
    assert!(own.view().headline.starts_with("Likely to run out"));
    // Its use is its own, not the account's; and without a budget there is nothing to run out of.
    let used = own.forecast.map(|found| found.cycle_use.p50).unwrap();
    assert!(used > credits("280") && used < credits("320"), "{used}");
    let free = world
        .services
        .company_forecast(north, &of_acme("bluewater"))
        .await
        .unwrap();
    assert_eq!(
        (free.view().headline.as_str(), free.view().runs_out),
        ("", false)
    );
}

#[tokio::test]
async fn a_client_of_some_companies_is_told_nothing_of_the_account() {
    let world = World::new().await;
    used_daily(&world, "acme", 10, "10").await;
    let client = world.client(&["acme"]).await;
    let scope = world.scope(&client, "north").await;
    let told = world.services.forecast(&scope).await;
    assert!(matches!(told, Err(ServiceError::NotFound)));
    let told = world.services.first_budget_end(&scope).await;
    assert!(matches!(told, Err(ServiceError::NotFound)));
    // Of its own companies it is told.
    let own = world
        .services
        .company_forecast(scope, &ViewQuery::default())
        .await
        .unwrap();
    assert!(!own.is_limited && own.forecast.is_some());
    let spent = world.services.balance(&world.north().await).await.unwrap();
    assert_ne!(spent.balance.used, Credits::ZERO);
}
