//! A figure that stands twice on the page Trends reads alike in both places.

use domain::time::DAY_US;
use serde_json::json;

use crate::{
    joining::{get, signed_in},
    pages::with_people,
    support::event,
};

/// Names and whole credits of a list of the page.
fn figures(list: &str) -> Vec<(String, String)> {
    let list = &list[..list.find("</ul>").unwrap()];
    let rows = list.split("<li>").skip(1);
    let mut figures: Vec<_> = rows
        .map(|row| (text(row, "trend-name"), text(row, "<b>")))
        .collect();
    figures.sort();
    figures
}

/// The words behind a mark, up to the end of its element.
fn text(row: &str, mark: &str) -> String {
    let at = row.find(mark).unwrap();
    let words = row[at..].split('<').find_map(|part| {
        let words = part.split_once('>')?.1.trim();
        (!words.is_empty()).then_some(words)
    });
    words.unwrap().to_owned()
}

#[tokio::test]
async fn an_increase_reads_the_same_credits_as_the_legend() {
    let server = with_people().await;
    let mut first = event("first");
    first["data"]["credits"] = json!("1");
    server.post_events(&json!([first])).await.ok(204);
    server.clock.advance(20 * DAY_US);
    let agents = [("chat", "10.5"), ("nox", "20.5"), ("voice_web", "30.5")];
    let batch: Vec<_> = agents
        .into_iter()
        .map(|(agent, credits)| {
            let mut event = event(agent);
            event.as_object_mut().unwrap().remove("time");
            event["data"]["agent"] = json!(agent);
            event["data"]["credits"] = json!(credits);
            event
        })
        .collect();
    server.post_events(&json!(batch)).await.ok(204);
    let owner = signed_in(&server, "owner@northwind.example").await;
    let page = get(&server, &owner, "/billing/trends?period=7d")
        .await
        .ok(200)
        .text();
    let legend = figures(&page[page.find("data-testid=\"legend\"").unwrap()..]);
    let increases = figures(&page[page.find("Top increases").unwrap()..]);
    let wholes: Vec<_> = legend.iter().map(|(_, whole)| whole.as_str()).collect();
    assert_eq!(wholes, ["10", "21", "31"], "{legend:?}");
    assert_eq!(increases, legend);
}
