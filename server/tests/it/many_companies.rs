//! Members who see more companies than a page lists, and what is said of it.

use axum::body::Body;
use service::{
    Caller,
    keys::KeyAsk,
    ports::{KeyScope, PutCompany},
};

use crate::{
    joining::{follow, get, outcome, post, signed_in},
    pages::{form, with_people},
    support::TestServer,
};

const OWNER: &str = "owner@northwind.example";
const MANY: usize = 150;

async fn with_many() -> (TestServer, Vec<String>) {
    let server = with_people().await;
    let keys: Vec<_> = (0..MANY)
        .map(|number| format!("branch-{number:03}-of-a-long-name"))
        .collect();
    for key in &keys {
        let company = PutCompany::named(key, key);
        let operator = Caller::operator("test");
        let put = server
            .services
            .put_company(&operator, "northwind", &company);
        put.await.unwrap();
    }
    (server, keys)
}

/// The fields of an invitation for these companies.
fn invitation(keys: &[String]) -> Vec<(&'static str, &str)> {
    let person = [
        ("account", "northwind"),
        ("email", "many@example.com"),
        ("role", "client"),
    ];
    let companies = keys.iter().map(|key| ("companies", key.as_str()));
    person.into_iter().chain(companies).collect()
}

#[tokio::test]
async fn who_looks_for_one_company_more_loses_none_of_many_that_were_chosen() {
    let (server, keys) = with_many().await;
    let owner = signed_in(&server, OWNER).await;
    let mut fields = invitation(&keys);
    fields.extend([
        ("page", "/settings/members?account=northwind&new=invitation"),
        ("found", ""),
        ("find", "acme"),
    ]);
    let answer = post(&server, &owner, "/settings/members/invite", &fields).await;
    let page = answer.ok(200).text();
    for key in &keys {
        assert!(page.contains(&format!("value=\"{key}\"")), "{key} is lost");
    }
}

#[tokio::test]
async fn what_was_done_is_told_however_many_companies_it_names() {
    let (server, keys) = with_many().await;
    let owner = signed_in(&server, OWNER).await;
    let mut fields = invitation(&keys);
    fields.push(("next", "/settings/members?account=northwind"));
    post(&server, &owner, "/settings/members/invite", &fields)
        .await
        .ok(303);
    let members = get(&server, &owner, "/settings/members?account=northwind").await;
    let members = members.ok(200).text();
    let row = members
        .split("<tr")
        .find(|row| row.contains("client@acme.example"))
        .unwrap();
    let member = row.split("edit=").nth(1).unwrap();
    let member = member.split('"').next().unwrap().to_owned();
    fields.retain(|(name, _)| *name != "email");
    fields.push(("member", &member));
    let saved = post(&server, &owner, "/settings/members/change", &fields).await;
    let page = follow(&server, &owner, &saved).await.ok(200).text();
    assert!(page.contains("and 147 more"), "{page}");
}

#[tokio::test]
async fn a_secret_waits_for_a_page_that_can_be_read_also_where_the_form_said_none() {
    let server = with_people().await;
    let owner = signed_in(&server, OWNER).await;
    let ask = KeyAsk::lasting(vec![KeyScope::Read], "export");
    let operator = Caller::operator("test");
    let made = server.services.make_key(&operator, Some("northwind"), ask);
    let prefix = made.await.unwrap().key.prefix;
    let fields = [("account", "northwind"), ("prefix", prefix.as_str())];
    let rotated = post(&server, &owner, "/settings/keys/rotate", &fields).await;
    assert_eq!(rotated.status.as_u16(), 303);
    assert_eq!(
        rotated.header("location"),
        "/settings/keys?account=northwind"
    );
    let set = rotated.headers.get_all("set-cookie").iter();
    let mut set = set.map(|set| set.to_str().unwrap().split(';').next().unwrap());
    let told = set
        .find(|set| set.contains("creditscope_outcome="))
        .unwrap()
        .to_owned();
    let brought = format!("{owner}; {told}");
    let missing = get(&server, &brought, "/settings/keys?account=nowhere").await;
    assert_eq!(missing.status.as_u16(), 404);
    assert!(
        !missing.headers.contains_key("set-cookie"),
        "what was not told is not forgotten"
    );
    let page = get(&server, &brought, "/settings/keys?account=northwind").await;
    assert!(page.headers.contains_key("set-cookie"));
    assert!(page.ok(200).text().contains("is rotated"));
}

#[tokio::test]
async fn whatever_refuses_a_form_is_said_on_a_page() {
    let server = with_people().await;
    let owner = signed_in(&server, OWNER).await;
    let body = "account=northwind&number=999&next=/billing/alerts?account=northwind";
    let sent = form("/billing/alerts/acknowledge")
        .header("cookie", &owner)
        .header("sec-fetch-site", "same-origin");
    let refused = server.send(sent.body(Body::from(body)).unwrap()).await;
    assert_eq!(refused.status.as_u16(), 404);
    let said = outcome(&refused);
    assert!(said.contains("It is not there any more."), "{said}");
    assert!(said.contains("</html>"), "{said}");
}

#[tokio::test]
async fn a_refund_that_is_refused_without_scripts_keeps_what_was_entered() {
    let server = with_people().await;
    let owner = signed_in(&server, OWNER).await;
    let event = crate::support::event_with("cut", "/data/credits", serde_json::json!("5"));
    server
        .post("/api/v1/events?account=northwind", &event)
        .await
        .ok(204);
    let page = "/billing/usage?account=northwind&event=test/cut";
    let fields = [
        ("account", "northwind"),
        ("source", "test"),
        ("event", "cut"),
        ("credits", "2k"),
        ("reason", "call was cut"),
        ("next", page),
    ];
    let refused = post(&server, &owner, "/billing/disputes", &fields).await;
    let said = refused.ok(422).text();
    assert!(said.contains("value=\"2k\"") && said.contains(">call was cut</textarea>"));
    assert!(said.contains("aria-invalid=\"true\""), "{said}");
    // Nobody puts words into our mouth by an address.
    let address = format!("{page}&failed=Call+this+number&done=refunded");
    let shown = get(&server, &owner, &address).await.ok(200).text();
    assert!(!shown.contains("Call this number") && !shown.contains("Refunded automatically"));
}
