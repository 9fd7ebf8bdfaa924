//! The filters of the pages about usage: figures are those of the API for the same filters, and no filter shows what its
//! reader may not see.

use serde_json::{Value, json};
use service::{Caller, users::PutUser};

use crate::{
    joining::{get, signed_in},
    pages::{PASSWORD, with_people},
    support::{TestServer, event},
};

/// Pages with the filter of companies.
const PAGES: [&str; 5] = [
    "/billing/usage",
    "/billing/trends",
    "/billing/value",
    "/billing/review",
    "/companies",
];

/// A server with usage of two companies, some of it a week earlier.
async fn used() -> TestServer {
    let server = with_people().await;
    let of = |id: &str, company: &str, credits: &str| {
        let mut event = event(id);
        event.as_object_mut().unwrap().remove("time");
        event["subject"] = json!(company);
        event["data"]["credits"] = json!(credits);
        event
    };
    // Data begin before everything that is compared.
    let first = json!([of("old", "acme-dental", "1")]);
    server.post_events(&first).await.ok(204);
    server.clock.advance(21 * domain::time::DAY_US);
    let before = json!([
        of("a-0", "acme-dental", "11"),
        of("b-0", "bluewater-spa", "23")
    ]);
    server.post_events(&before).await.ok(204);
    server.clock.advance(7 * domain::time::DAY_US);
    let now = json!([
        of("a-1", "acme-dental", "101"),
        of("b-1", "bluewater-spa", "1009")
    ]);
    server.post_events(&now).await.ok(204);
    // What is compared ends at the same time of day.
    server.clock.advance(60_000_000);
    server
}

async fn summary(server: &TestServer, cookie: &str, query: &str) -> Value {
    let path = format!("/api/v1/usage/summary?account=northwind&{query}");
    get(server, cookie, &path).await.ok(200).json()
}

/// The first figure behind a mark.
fn figure(page: &str, mark: &str) -> String {
    let at = page.find(mark).unwrap_or_else(|| panic!("no {mark}"));
    let words = page[at..].split('<').find_map(|part| {
        let words = part.split_once('>')?.1.trim();
        words
            .starts_with(|letter: char| letter.is_ascii_digit())
            .then_some(words)
    });
    words.unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_page_narrowed_to_companies_shows_the_figures_of_the_api_for_them() {
    let server = used().await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    for companies in [
        "company=acme-dental",
        "company=bluewater-spa",
        "",
        "company=bluewater-spa&company=acme-dental",
    ] {
        let query = format!("period=7d&{companies}");
        let told = summary(&server, &owner, query.trim_end_matches('&')).await;
        let credits = told["credits"].as_str().unwrap();
        let shown = domain::number::whole_credits(credits.parse().unwrap());
        let page = async |path: &str| {
            let path = format!("{path}?account=northwind&{query}");
            get(&server, &owner, &path).await.ok(200).text()
        };
        let marks = [
            ("/billing/usage", "data-testid=\"agents-total\""),
            ("/billing/trends", "class=\"trend-total\""),
            ("/billing/value", "Value per credit"),
        ];
        for (path, mark) in marks {
            assert_eq!(figure(&page(path).await, mark), shown, "{path} {companies}");
        }
        let board = page("/companies").await;
        assert!(
            board.contains(&format!(" {shown} credits used")),
            "{companies}"
        );
    }
}

#[tokio::test]
async fn a_week_of_one_company_is_reviewed_by_itself_and_marked_for_all_only() {
    let server = used().await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    let review = async |more: &str| {
        let path = format!("/billing/review?account=northwind{more}");
        get(&server, &owner, &path).await.ok(200).text()
    };
    let all = review("").await;
    let one = review("&company=acme-dental").await;
    assert_eq!(figure(&all, "class=\"trend-total\""), "1,110");
    assert_eq!(figure(&one, "class=\"trend-total\""), "101");
    assert!(one.contains("vs 11 in the previous week"), "{one}");
    let without = review("&company=acme-dental&against=none").await;
    assert!(!without.contains("vs 11"), "{without}");
    let mark = "/billing/review/mark";
    assert!(all.contains(mark) && !one.contains(mark));
}

#[tokio::test]
async fn what_is_compared_with_is_the_same_on_the_page_and_in_the_api() {
    let server = used().await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    for (against, words) in [
        ("before", "vs 34 in the previous period"),
        ("week", "vs 34 in the previous week"),
        ("year", "compare with"),
        ("none", "Not compared with anything"),
    ] {
        let query = format!("period=7d&against={against}");
        let told = summary(&server, &owner, &query).await;
        let before = if against == "before" || against == "week" {
            "34"
        } else {
            "0"
        };
        assert_eq!(told["previous"]["credits"], before, "{against}");
        let path = format!("/billing/usage?account=northwind&{query}");
        let page = get(&server, &owner, &path).await.ok(200).text();
        assert!(page.contains(words), "{against}");
    }
    let wrong = "/api/v1/usage/summary?account=northwind&against=them";
    let refused = get(&server, &owner, wrong).await.problem(422);
    assert_eq!(refused.errors()[0].1, "against");
}

#[tokio::test]
async fn every_link_of_the_sidebar_carries_company_period_and_comparison() {
    let server = used().await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    let chosen = "account=northwind&company=acme-dental&period=7d&against=year";
    let links = chosen.replace('&', "&amp;");
    for path in PAGES
        .into_iter()
        .chain(["/billing/alerts", "/settings/members", "/billing/plans"])
    {
        let page = get(&server, &owner, &format!("{path}?{chosen}"))
            .await
            .ok(200)
            .text();
        for to in PAGES
            .into_iter()
            .chain(["/billing/alerts", "/settings/keys"])
        {
            let link = format!("href=\"{to}?{links}\"");
            assert!(page.contains(&link), "{path} to {to}");
        }
    }
    // What was not chosen is not carried, and what is none is dropped.
    let page = get(
        &server,
        &owner,
        "/billing/alerts?account=northwind&period=nonsense",
    )
    .await;
    assert!(
        page.ok(200)
            .text()
            .contains("href=\"/billing/trends?account=northwind\"")
    );
}

#[tokio::test]
async fn an_exact_stretch_of_time_is_not_carried_but_what_was_chosen_before_it_is() {
    let server = used().await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    let rows = "from=2026-11-20T00:00:00%2B01:00&to=2026-11-21T00:00:00%2B01:00&agent=chat";
    let back = "%2Fbilling%2Ftrends%3Faccount%3Dnorthwind%26company%3Dacme-dental%26period%3D90d";
    let path = format!("/billing/usage?account=northwind&{rows}&back={back}");
    let page = get(&server, &owner, &path).await.ok(200).text();
    let carried = "account=northwind&amp;company=acme-dental&amp;period=90d";
    assert!(page.contains(&format!("href=\"/billing/value?{carried}\"")));
    assert!(
        page.contains(&format!(
            "href=\"/billing/trends?{carried}\" data-testid=\"back\""
        )),
        "the way back"
    );
    let outside = format!("/billing/usage?account=northwind&{rows}&back=%2F%2Fevil.example%2F");
    let page = get(&server, &owner, &outside).await.ok(200).text();
    assert!(!page.contains("data-testid=\"back\""));
}

#[tokio::test]
async fn a_client_is_offered_its_own_companies_and_finds_no_others() {
    let server = used().await;
    let client = signed_in(&server, "client@acme.example").await;
    for path in PAGES.into_iter().filter(|path| *path != "/companies") {
        let page = get(&server, &client, path).await.ok(200).text();
        assert!(page.contains("value=\"acme-dental\""), "{path}");
        assert!(!page.contains("luewater"), "{path}");
        let foreign = format!("{path}?company=bluewater-spa");
        let missing = format!("{path}?company=nobody");
        let (foreign, missing) = (
            get(&server, &client, &foreign).await,
            get(&server, &client, &missing).await,
        );
        assert_eq!(
            (foreign.status, missing.status),
            (422.try_into().unwrap(), foreign.status),
            "{path}"
        );
    }
    let find = async |cookie: &str, text: &str| {
        let path = format!("/companies/options?account=northwind&on=/billing/trends&find={text}");
        get(&server, cookie, &path).await.ok(200).text()
    };
    assert!(!find(&client, "blue").await.contains("luewater"));
    let owner = signed_in(&server, "owner@northwind.example").await;
    let found = find(&owner, "blue").await;
    assert!(
        found.contains("Include bluewater-spa") && !found.contains("acme"),
        "{found}"
    );
    assert!(
        found.contains("href=\"/billing/trends?account=northwind&amp;company=bluewater-spa\""),
        "{found}"
    );
    get(
        &server,
        &owner,
        "/companies/options?account=northwind&on=/sign-out&find=a",
    )
    .await
    .ok(404);
}

#[tokio::test]
async fn platform_trends_of_one_account_are_those_of_the_api_and_lead_to_its_rows() {
    let server = used().await;
    let staff = PutUser {
        email: "pm@creditscope.example".to_owned(),
        name: "Paula".to_owned(),
        password: PASSWORD.to_owned(),
        platform_role: Some(domain::tenancy::PlatformRole::ProductManager),
        memberships: Vec::new(),
    };
    let operator = Caller::operator("test");
    server.services.put_user(&operator, staff).await.unwrap();
    let pm = signed_in(&server, "pm@creditscope.example").await;
    for (account, credits) in [("northwind", "1,110"), ("brightside", "0")] {
        let path = format!("/platform/trends?account=northwind&of={account}&period=7d");
        let page = get(&server, &pm, &path).await.ok(200).text();
        assert_eq!(figure(&page, "class=\"trend-total\""), credits, "{account}");
        let rows = format!("href=\"/billing/usage?account={account}&amp;from=");
        assert!(
            page.contains(&rows) && page.contains("back=%2Fplatform%2Ftrends"),
            "{account}"
        );
        let api = format!("/api/v1/platform/trends?account={account}&period=7d");
        let told = get(&server, &pm, &api).await.ok(200).json();
        assert_eq!(told["credits"], credits.replace(',', ""), "{account}");
    }
    // A cycle that was chosen for an account is none of the platform's, and is carried on.
    let path = "/platform/trends?account=northwind&period=this_cycle";
    let page = get(&server, &pm, path).await.ok(200).text();
    let (_, period) = page.split_once("data-choice=\"period\"").unwrap();
    let (period, _) = period.split_once("menu-panel").unwrap();
    assert!(period.contains("Last 30 days"), "{period}");
    assert!(page.contains("href=\"/billing/trends?account=northwind&amp;period=this_cycle\""));
}
