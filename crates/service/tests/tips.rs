//! Tips say what is worth knowing, once, and only to those who may know.

use domain::{
    filter::ViewQuery,
    time::{DAY_US, HOUR_US},
};
use serde_json::json;
use service::{Permission, Scope, ports::PutCompany, tips::Tip};

use crate::{
    advice,
    forecast::used_daily,
    spikes,
    support::world::{NOW, World, credits, time, usage},
};

async fn tips(world: &World, scope: &Scope) -> Vec<Tip> {
    let all = ViewQuery::default();
    world.services.tips(scope, &all).await.unwrap().tips.clone()
}

/// Somebody who may say that a week was looked through.
async fn reviewer(world: &World) -> Scope {
    let scope = world
        .services
        .scope(&world.operator, Some("north"), Permission::Dispute);
    scope.await.unwrap()
}

#[tokio::test]
async fn a_spike_is_told_until_somebody_looked_through_its_week() {
    let world = spikes::busy().await;
    let scope = reviewer(&world).await;
    let told = tips(&world, &scope).await;
    let [Tip::Spike(week, spike)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(week.start, time("2026-11-22T23:00:00Z"));
    assert_eq!(spike.spike.excess(), credits("120"));
    assert_eq!(spike.causes[0].company.key, "harbor");
    let client = world.client(&["acme"]).await;
    let of_acme = world.scope(&client, "north").await;
    assert_eq!(tips(&world, &of_acme).await, []);
    world
        .services
        .mark_reviewed(&scope, "2026-11-23")
        .await
        .unwrap();
    assert_eq!(tips(&world, &scope).await, []);
}

#[tokio::test]
async fn what_happens_after_a_week_was_looked_through_is_told_again() {
    let world = spikes::busy().await;
    let scope = reviewer(&world).await;
    world
        .services
        .mark_reviewed(&scope, "2026-11-23")
        .await
        .unwrap();
    let later = time(NOW).plus_micros(DAY_US);
    world.clock.set(later);
    let at = later.plus_micros(-HOUR_US).to_string();
    let again = vec![usage("again", "bluewater", &at, "75")];
    world.ingest(again).await.unwrap();
    let told = tips(&world, &scope).await;
    let [Tip::Spike(_, spike)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(spike.causes[0].company.key, "bluewater");
}

#[tokio::test]
async fn a_plan_that_would_have_cost_less_is_told_to_those_who_see_all() {
    let world = advice::used().await;
    let more = vec![usage("oct-2", "acme", "2026-10-10T10:00:00Z", "1000")];
    world.ingest(more).await.unwrap();
    let told = tips(&world, &world.north().await).await;
    let [Tip::Plan(plan)] = told.as_slice() else {
        panic!("{told:?}");
    };
    let names = (plan.name.as_str(), plan.own.as_str());
    assert_eq!(names, ("growth", "scale"));
    // Twelve packs of 20.25 in two cycles, against 30.5 more for each.
    assert_eq!((plan.saved_micro, plan.cycles), (credits("182").micro(), 2));
    let client = world.client(&["acme"]).await;
    let scope = world.scope(&client, "north").await;
    assert_eq!(tips(&world, &scope).await, []);
}

/// So many calls a minute ago, each of so many seconds and one credit.
async fn call(world: &World, name: &str, calls: u32, seconds: u32) {
    let at = time(NOW).plus_micros(-HOUR_US).to_string();
    let event = |call| {
        json!({
            "specversion": "1.0", "id": format!("{name}-{call}"), "source": "gateway", "type": "creditscope.usage",
            "subject": "acme", "time": at,
            "data": {"agent": "voice_web", "activity": "voice_call", "credits": "1", "metadata": {"duration_s": seconds}}
        })
    };
    world.ingest((0..calls).map(event).collect()).await.unwrap();
}

#[tokio::test]
async fn short_calls_are_told_of_once_they_are_many_and_cost_a_part() {
    let few = World::new().await;
    call(&few, "short", 19, 4).await;
    assert_eq!(tips(&few, &few.north().await).await, []);
    let little = World::new().await;
    call(&little, "short", 20, 4).await;
    call(&little, "long", 380, 40).await;
    assert_eq!(tips(&little, &little.north().await).await, []);
    let many = World::new().await;
    call(&many, "short", 21, 4).await;
    call(&many, "long", 379, 40).await;
    let told = tips(&many, &many.north().await).await;
    let [Tip::ShortCalls(short, calls)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!((short.credits, short.events), (credits("21"), 21));
    assert_eq!((calls.credits, calls.events), (credits("400"), 400));
}

#[tokio::test]
async fn a_budget_that_will_be_used_up_is_told_and_forgotten_when_it_is_raised() {
    let world = World::new().await;
    used_daily(&world, "acme", 30, "10").await;
    let limit = async |budget: &str| {
        let put = PutCompany {
            budget: Some(credits(budget)),
            ..PutCompany::named("acme", "Acme Dental")
        };
        world
            .services
            .put_company(&world.operator, "north", &put)
            .await
            .unwrap();
    };
    limit("240").await;
    let north = world.north().await;
    let told = tips(&world, &north).await;
    let [Tip::Budget(end, cycle)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(end.company.key, "acme");
    assert!(cycle.contains(end.at) && end.at > time(NOW));
    limit("9000").await;
    assert_eq!(tips(&world, &north).await, []);
}

/// Gives a company of `north` a budget.
async fn budget(world: &World, company: &str, budget: &str) {
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

async fn tips_of(world: &World, scope: &Scope, company: &str) -> Vec<Tip> {
    let query = ViewQuery {
        companies: vec![company.to_owned()],
        ..ViewQuery::default()
    };
    world
        .services
        .tips(scope, &query)
        .await
        .unwrap()
        .tips
        .clone()
}

#[tokio::test]
async fn a_budget_that_is_passed_is_told_as_passed_and_the_next_one_as_likely() {
    let world = World::new().await;
    used_daily(&world, "acme", 30, "10").await;
    used_daily(&world, "bluewater", 30, "5").await;
    budget(&world, "acme", "200").await;
    budget(&world, "bluewater", "130").await;
    let told = tips(&world, &world.north().await).await;
    let [Tip::BudgetsUsed(passed, 0, _), Tip::Budget(next, _)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(passed.company.key, "acme");
    assert_eq!(
        (passed.used, passed.budget),
        (credits("220"), credits("200"))
    );
    assert_eq!(next.company.key, "bluewater");
}

#[tokio::test]
async fn nothing_is_projected_while_ai_features_have_stopped() {
    let world = World::new().await;
    used_daily(&world, "acme", 30, "10").await;
    budget(&world, "acme", "240").await;
    let north = world.north().await;
    assert!(matches!(
        tips(&world, &north).await.as_slice(),
        [Tip::Budget(..)]
    ));
    world
        .services
        .suspend(&world.operator, "north", true)
        .await
        .unwrap();
    world.clock.set(time(NOW).plus_micros(HOUR_US));
    budget(&world, "acme", "241").await;
    assert_eq!(tips(&world, &north).await, []);
}

#[tokio::test]
async fn tips_of_a_company_are_of_that_company_only() {
    let world = spikes::busy().await;
    used_daily(&world, "acme", 10, "10").await;
    budget(&world, "acme", "20").await;
    let scope = reviewer(&world).await;
    let of_acme = tips_of(&world, &scope, "acme").await;
    let is_own = |tip: &Tip| match tip {
        Tip::SpikeOfSome(_, spike) => spike.causes.iter().all(|cause| cause.company.key == "acme"),
        Tip::BudgetsUsed(end, 0, _) => end.company.key == "acme",
        _ => false,
    };
    assert!(of_acme.iter().all(is_own), "{of_acme:?}");
    assert!(
        of_acme
            .iter()
            .any(|tip| matches!(tip, Tip::BudgetsUsed(..))),
        "{of_acme:?}"
    );
    let of_harbor = tips_of(&world, &scope, "harbor").await;
    let is_of_acme = |tip: &Tip| matches!(tip, Tip::BudgetsUsed(..));
    assert!(!of_harbor.iter().any(is_of_acme), "{of_harbor:?}");
    assert!(tips(&world, &scope).await.iter().any(is_of_acme));
}
