//! Spikes of an account that has known weeks behind it.

use domain::{
    Agent, Credits, TimeRange,
    alert::{Condition, Rule},
    filter::ViewQuery,
    spike::Spike,
    time::{DAY_US, HOUR_US},
    usage::CompanyName,
};
use serde_json::json;
use service::{
    Permission, ServiceError,
    review::ReviewQuery,
    spikes::{FoundSpike, NamedCause},
};

use crate::support::world::{NOW, World, credits, time, usage, wrong};

/// Five weeks with ten credits a day at two o'clock, and two hours of calls today that nobody expected.
pub async fn busy() -> World {
    let world = World::new().await;
    let now = time(NOW);
    let days = (0..36).map(|back| {
        let at = now.plus_micros(-back * DAY_US).to_string();
        usage(&format!("day-{back}"), "acme", &at, "10")
    });
    world.ingest(days.collect()).await.unwrap();
    let calls = [1, 2].map(|back| {
        json!({
            "specversion": "1.0", "id": format!("call-{back}"), "source": "gateway", "type": "creditscope.usage",
            "subject": "harbor", "time": now.plus_micros(-back * HOUR_US).to_string(),
            "data": {"agent": "voice_outbound", "activity": "voice_call", "credits": "60"}
        })
    });
    world.ingest(calls.to_vec()).await.unwrap();
    world
}

fn week() -> ViewQuery {
    ViewQuery {
        period: Some("7d".to_owned()),
        ..ViewQuery::default()
    }
}

#[tokio::test]
async fn a_spike_is_taken_apart_and_its_parts_add_up() {
    let world = busy().await;
    let found = world
        .services
        .spikes(world.north().await, &week())
        .await
        .unwrap();
    let spikes = found.spikes.unwrap();
    assert_eq!(spikes.len(), 1);
    let spike = &spikes[0];
    assert_eq!(spike.spike.range.start, time("2026-11-23T12:00:00Z"));
    assert_eq!(spike.spike.range.end, time("2026-11-23T14:00:00Z"));
    assert_eq!(
        (spike.spike.used, spike.spike.expected),
        (credits("120"), Credits::ZERO)
    );
    let cause = &spike.causes[0];
    assert_eq!(
        (
            cause.company.key.as_str(),
            cause.agent,
            cause.activity.as_str()
        ),
        ("harbor", Agent::VoiceOutbound, "voice_call")
    );
    let parts = spike
        .causes
        .iter()
        .map(|cause| cause.excess.micro())
        .sum::<i64>();
    assert_eq!(parts + spike.others.micro(), spike.spike.excess().micro());
}

#[tokio::test]
async fn a_client_is_told_of_its_own_companies_only() {
    let world = busy().await;
    let client = world.client(&["acme"]).await;
    let scope = world.scope(&client, "north").await;
    let found = world.services.spikes(scope.clone(), &week()).await.unwrap();
    assert_eq!(found.spikes, Some(vec![]));
    let review = world
        .services
        .review(scope.clone(), &ReviewQuery::default())
        .await
        .unwrap();
    assert_eq!(review.by_company.groups.len(), 1);
    let refused = world.services.mark_reviewed(&scope, "2026-11-23").await;
    assert!(matches!(
        refused,
        Err(ServiceError::Forbidden(_) | ServiceError::NotFound)
    ));
    let harbor = world.client(&["harbor"]).await;
    let scope = world.scope(&harbor, "north").await;
    let found = world.services.spikes(scope, &week()).await.unwrap();
    // Two hours of calls and no weeks before them.
    assert_eq!(found.spikes, None);
}

#[tokio::test]
async fn a_week_is_looked_through_once() {
    let world = busy().await;
    let scope = world
        .services
        .scope(&world.operator, Some("north"), Permission::Dispute)
        .await
        .unwrap();
    let review = async |day: Option<&str>| {
        let query = ReviewQuery {
            week: day.map(str::to_owned),
            ..ReviewQuery::default()
        };
        world.services.review(scope.clone(), &query).await.unwrap()
    };
    let running = review(None).await;
    assert!(!running.is_over && running.reviewed.is_none());
    assert_eq!(running.by_agent.total.credits, credits("130"));
    // The same part of the week before: Monday up to now.
    assert_eq!(running.by_agent.previous.credits, credits("10"));
    assert_eq!(running.spikes.spikes.as_ref().map(Vec::len), Some(1));
    world
        .services
        .mark_reviewed(&scope, "2026-11-24")
        .await
        .unwrap();
    let (when, who) = review(Some("2026-11-29")).await.reviewed.unwrap();
    assert_eq!((when, who.as_str()), (time(NOW), "test"));
    world.clock.set(time("2026-12-02T00:00:00Z"));
    world
        .services
        .mark_reviewed(&scope, "2026-11-23")
        .await
        .unwrap();
    let past = review(Some("2026-11-23")).await;
    assert!(past.is_over);
    assert_eq!(past.reviewed.unwrap().0, time(NOW));
    assert_eq!(review(Some("2026-11-16")).await.reviewed, None);
    let refused = world
        .services
        .review(
            scope.clone(),
            &ReviewQuery {
                week: Some("soon".to_owned()),
                ..ReviewQuery::default()
            },
        )
        .await;
    assert_eq!(wrong(refused.map(|_| ())).0, "week");
}

#[tokio::test]
async fn a_spike_is_told_once_and_when_it_is_over() {
    let world = busy().await;
    let scope = world
        .services
        .scope(&world.operator, Some("north"), Permission::Bill)
        .await
        .unwrap();
    for (key, least) in [("large", "121"), ("any", "50")] {
        let rule = Rule {
            key: key.to_owned(),
            condition: Condition::Spike {
                credits: credits(least),
            },
            ..Rule::usual()
        };
        world.services.put_alert_rule(&scope, rule).await.unwrap();
    }
    world.services.watch_all().await.unwrap();
    world.services.watch_all().await.unwrap();
    let told = async || world.services.alerts(&scope, None, 9).await.unwrap();
    let alerts = told().await;
    assert_eq!(alerts.len(), 1);
    assert_eq!(
        (alerts[0].rule.as_str(), alerts[0].reading.observed),
        ("any", credits("120"))
    );
    world.clock.set(time("2026-11-23T18:00:00Z"));
    world.services.watch_all().await.unwrap();
    assert_eq!(
        told().await[0].recovered_at,
        Some(time("2026-11-23T18:00:00Z"))
    );
}

#[tokio::test]
async fn a_long_period_is_refused_and_a_short_history_says_nothing() {
    let world = World::new().await;
    let long = ViewQuery {
        from: Some("2026-01-01".to_owned()),
        to: Some("2026-11-01".to_owned()),
        ..ViewQuery::default()
    };
    let refused = world.services.spikes(world.north().await, &long).await;
    assert_eq!(wrong(refused.map(|_| ())).0, "to");
    world
        .ingest(vec![usage("e1", "acme", NOW, "10")])
        .await
        .unwrap();
    let found = world.services.spikes(world.north().await, &week()).await;
    assert_eq!(found.unwrap().spikes, None);
}

/// A spike of 100 credits above what is expected, made of these parts and all others.
fn made_of(parts: &[&str], others: &str) -> FoundSpike {
    let cause = |excess: &&str| NamedCause {
        company: CompanyName {
            key: "acme".to_owned(),
            name: "Acme".to_owned(),
        },
        agent: Agent::Chat,
        activity: "chat_reply".to_owned(),
        used: credits(excess),
        expected: Credits::ZERO,
        excess: credits(excess),
        worst_hour: time(NOW),
    };
    FoundSpike {
        spike: Spike {
            range: TimeRange::new(time(NOW).plus_micros(-HOUR_US), time(NOW)),
            used: credits("110"),
            expected: credits("10"),
        },
        causes: parts.iter().map(cause).collect(),
        others: credits(others),
    }
}

#[test]
fn shares_of_a_spike_end_at_a_hundred_percent_and_lower_use_elsewhere_is_an_offset() {
    let offset = made_of(&["104", "46"], "-50");
    assert_eq!(offset.shares(), ["69%", "31%", "0%"]);
    assert_eq!(
        (offset.increase(), offset.offset()),
        (credits("150"), credits("50"))
    );
    let mostly = offset.mostly_from().unwrap();
    assert!(
        mostly.starts_with("69% of the increase from Acme"),
        "{mostly}"
    );

    let others = made_of(&["60", "25.5"], "14.5");
    assert_eq!(others.shares(), ["60%", "26%", "14%"]);
    assert_eq!(
        (others.increase(), others.offset()),
        (others.spike.excess(), Credits::ZERO)
    );

    let alone = made_of(&["104"], "-4");
    assert_eq!(alone.shares(), ["100%", "0%"]);
    assert!(
        alone
            .mostly_from()
            .unwrap()
            .starts_with("all of the increase from")
    );
    assert_eq!(made_of(&[], "100").shares(), ["100%"]);
}
