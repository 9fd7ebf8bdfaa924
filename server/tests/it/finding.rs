//! Finding pages, companies, actions and accounts by their names: what is offered is what the reader may use.

use domain::tenancy::PlatformRole;
use serde_json::json;
use service::{Caller, users::PutUser};

use crate::{
    joining::{get, signed_in},
    pages::{PASSWORD, with_people},
    support::TestServer,
};

/// Somebody who runs the platform, signed in.
async fn staff(server: &TestServer) -> String {
    let email = "operator@creditscope.example";
    let user = PutUser {
        email: email.to_owned(),
        name: email.to_owned(),
        password: PASSWORD.to_owned(),
        platform_role: Some(PlatformRole::Operator),
        memberships: vec![],
    };
    let operator = Caller::operator("test");
    server.services.put_user(&operator, user).await.unwrap();
    signed_in(server, email).await
}

const READERS: [&str; 2] = ["owner@northwind.example", "client@acme.example"];

async fn find(server: &TestServer, cookie: &str, path: &str) -> String {
    let page = get(server, cookie, path).await.ok(200).text();
    let found = page
        .split("data-results=\"")
        .nth(1)
        .unwrap_or_else(|| panic!("{page}"));
    found
        .split("class=\"picker-count\"")
        .next()
        .unwrap()
        .replace("<!>", "")
}

/// Where links with this class lead, without what stands behind the path.
fn paths(html: &str, class: &str) -> Vec<String> {
    let links = html.split("<a ").skip(1);
    let links = links.map(|link| link.split('>').next().unwrap());
    let links = links.filter(|link| link.contains(&format!("class=\"{class}\"")));
    let href = |link: &str| {
        let href = link.split("href=\"").nth(1).unwrap_or_default();
        href.split(['"', '?']).next().unwrap_or_default().to_owned()
    };
    links.map(href).collect()
}

/// The group of results with a title.
fn group<'a>(found: &'a str, title: &str) -> &'a str {
    let group = found
        .split("<section>")
        .find(|group| group.contains(&format!("<h3>{title}</h3>")));
    group.unwrap_or_default()
}

#[tokio::test]
async fn the_pages_that_are_found_are_those_of_the_navigation() {
    let server = with_people().await;
    for email in READERS {
        let cookie = signed_in(&server, email).await;
        let page = get(&server, &cookie, "/go").await.ok(200).text();
        let mut shown = paths(&page, "nav-item");
        let found = find(&server, &cookie, "/go").await;
        let mut offered = paths(group(&found, "Pages"), "picker-item");
        shown.sort();
        offered.sort();
        assert_eq!(shown, offered, "{email}");
        for path in offered {
            get(&server, &cookie, &format!("{path}?account=northwind"))
                .await
                .ok(200);
        }
    }
}

#[tokio::test]
async fn actions_are_those_that_the_reader_may_do() {
    let server = with_people().await;
    let pack = json!({ "name": "Boost 500", "credits": 500 });
    server.put("/api/v1/packs/boost", &pack).await.ok(201);
    let [owner, client] = [
        signed_in(&server, READERS[0]).await,
        signed_in(&server, READERS[1]).await,
    ];
    let found = find(&server, &owner, "/go").await;
    for action in [
        "Create alert",
        "Invite a member",
        "Create API key",
        "Buy Boost 500",
    ] {
        assert!(
            group(&found, "Actions").contains(action),
            "{action}: {found}"
        );
    }
    let found = find(&server, &client, "/go").await;
    assert_eq!(group(&found, "Actions"), "", "{found}");
    assert_eq!(
        find(&server, &client, "/go?q=boost")
            .await
            .matches("picker-item")
            .count(),
        0
    );
}

#[tokio::test]
async fn a_company_that_is_found_carries_over_to_pages_and_actions() {
    let server = with_people().await;
    let owner = signed_in(&server, READERS[0]).await;
    let found = find(
        &server,
        &owner,
        "/go?account=northwind&q=acme&on=/billing/trends",
    )
    .await;
    let first = found.split("<section>").nth(1).unwrap();
    assert!(first.contains("<h3>Companies</h3>"), "{found}");
    let here = "href=\"/billing/trends?account=northwind&amp;company=acme-dental\"";
    assert!(
        first.contains(here) || first.contains(&here.replace("&amp;", "&")),
        "{first}"
    );
    assert!(group(&found, "Pages").contains("company=acme"), "{found}");
    assert!(
        group(&found, "Actions").contains("Set budget for"),
        "{found}"
    );
    // On a page that is about no company, the company's usage.
    let found = find(
        &server,
        &owner,
        "/go?account=northwind&q=acme&on=/settings/keys",
    )
    .await;
    assert_eq!(
        paths(group(&found, "Companies"), "picker-item"),
        ["/billing/usage"]
    );
    // Another reader's company is not found, whatever is typed.
    let client = signed_in(&server, READERS[1]).await;
    let found = find(&server, &client, "/go?account=northwind&q=blue").await;
    assert_eq!(group(&found, "Companies"), "", "{found}");
}

#[tokio::test]
async fn however_many_companies_there_are_a_few_are_listed() {
    let server = with_people().await;
    for number in 0..40 {
        let path = format!("/api/v1/accounts/northwind/companies/branch-{number}");
        server
            .put(&path, &json!({ "name": format!("Branch {number}") }))
            .await
            .ok(201);
    }
    let owner = signed_in(&server, READERS[0]).await;
    for path in ["/go?account=northwind", "/go?account=northwind&q=branch"] {
        let found = find(&server, &owner, path).await;
        assert_eq!(
            paths(group(&found, "Companies"), "picker-item").len(),
            4,
            "{path}"
        );
    }
    let found = find(&server, &owner, "/go?account=northwind&q=branch+37").await;
    assert!(group(&found, "Companies").contains("branch-37"), "{found}");
}

#[tokio::test]
async fn accounts_are_found_by_name_with_how_their_credits_stand_and_lead_to_the_same_page() {
    let server = with_people().await;
    server.spend("a", "900").await;
    for number in 0..9 {
        let path = format!("/api/v1/accounts/shop-{number}");
        let account = json!({
            "name": format!("Shop {number}"), "kind": "customer", "time_zone": "UTC",
            "cycle_anchor": "2026-01-01T00:00:00Z", "plan": "growth"
        });
        server.put(&path, &account).await.ok(201);
    }
    let staff = staff(&server).await;
    let found = find(
        &server,
        &staff,
        "/accounts?account=northwind&on=/settings/brand&recent=shop-3,nowhere",
    )
    .await;
    assert!(found.contains("All accounts"), "{found}");
    assert!(group(&found, "Recent").contains("Shop 3"), "{found}");
    assert!(
        !group(&found, "Other accounts, A–Z").contains("Shop 3"),
        "{found}"
    );
    assert!(found.contains("90% · Almost out"), "{found}");
    // A customer has no clients, and so no page for what they see.
    assert!(found.contains("/billing/usage?account=shop-3"), "{found}");
    let found = find(
        &server,
        &staff,
        "/accounts?account=northwind&on=/billing/trends&q=shop+4",
    )
    .await;
    assert_eq!(found.matches("picker-item").count(), 1, "{found}");
    assert!(found.contains("/billing/trends?account=shop-4"), "{found}");
    // Who has one account finds no other.
    let client = signed_in(&server, READERS[1]).await;
    let found = find(&server, &client, "/accounts?account=northwind&q=shop").await;
    assert_eq!(found.matches("picker-item").count(), 0, "{found}");
    let found = find(&server, &client, "/accounts?account=northwind").await;
    assert!(
        !found.contains("account-meter"),
        "a client sees no balance: {found}"
    );
}

#[tokio::test]
async fn who_runs_the_platform_begins_with_all_accounts_and_everybody_else_with_their_own_credits()
{
    let server = with_people().await;
    let begins = async |cookie: &str| {
        let reply = get(&server, cookie, "/").await.ok(303);
        reply.header("location").to_owned()
    };
    assert_eq!(begins(&staff(&server).await).await, "/platform/trends");
    for email in READERS {
        let cookie = signed_in(&server, email).await;
        assert_eq!(begins(&cookie).await, "/billing/usage");
    }
}
