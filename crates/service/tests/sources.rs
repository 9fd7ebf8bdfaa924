//! Who reports, who is late, and who is told.

use domain::{
    filter::ViewQuery,
    time::{DAY_US, HOUR_US, MINUTE_US},
};
use serde_json::{Value, json};
use service::ServiceError;

use crate::support::world::{NOW, World, time};

fn from(source: &str, number: i64, at: domain::Time) -> Value {
    json!({
        "specversion": "1.0", "id": format!("{source}-{number}"), "source": source, "type": "creditscope.usage",
        "subject": "acme", "time": at.to_string(), "data": {"agent": "chat", "activity": "chat_reply", "credits": "1"}
    })
}

#[tokio::test]
async fn a_source_that_is_silent_for_longer_than_ever_is_late() {
    let world = World::new().await;
    let start = time(NOW);
    // One reports every hour for three days, the other one twice a day.
    for hour in 0..72 {
        let now = start.plus_micros(hour * HOUR_US);
        world.clock.set(now);
        let mut batch = vec![from("voice-gw-2", hour, now.plus_micros(-MINUTE_US))];
        if hour % 12 == 0 {
            batch.push(from("crm", hour, now));
        }
        world.ingest(batch).await.unwrap();
    }
    let last = start.plus_micros(71 * HOUR_US);
    let query = ViewQuery::default();
    let complete = async || {
        let scope = world.north().await;
        let dashboard = world.services.dashboard(scope, &query).await;
        dashboard.unwrap().account.complete
    };
    world.clock.set(last.plus_micros(90 * MINUTE_US));
    assert_eq!(complete().await, None);
    world.clock.set(last.plus_micros(91 * MINUTE_US));
    let view = complete().await.unwrap();
    assert_eq!(view.late, ["voice-gw-2"]);
    assert_eq!(view.to, "14:02:10");
    let found = world.services.sources(&world.north().await).await.unwrap();
    assert_eq!(found.complete_to, Some(last.plus_micros(-MINUTE_US)));
    let names: Vec<_> = found
        .sources
        .iter()
        .map(|one| (one.name.as_str(), one.events))
        .collect();
    assert_eq!(names, [("crm", 6), ("voice-gw-2", 72)]);
    // Clients are not told who reports to their agency.
    let client = world.client(&["acme"]).await;
    let scope = world.scope(&client, "north").await;
    let refused = world.services.sources(&scope).await;
    assert!(matches!(refused, Err(ServiceError::NotFound)));
    let dashboard = world.services.dashboard(scope, &query).await;
    assert_eq!(dashboard.unwrap().account.complete, None);
    // Who is gone for good keeps nobody waiting.
    world.clock.set(last.plus_micros(36 * DAY_US));
    assert_eq!(complete().await, None);
}
