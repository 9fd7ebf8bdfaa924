//! Two people fill in the same form: the later one is shown both values.

use axum::body::Body;
use serde_json::{Value, json};

use crate::{
    joining::{forms, get, outcome, post, signed_in},
    pages::{form, with_people},
    support::{Reply, TestServer},
};

const COMPANY: &str = "/api/v1/accounts/northwind/companies/acme-dental";

/// The version that the form with this action shows.
fn version_in(page: &str, action: &str, which: &str) -> String {
    let mut forms = page
        .split("<form")
        .skip(1)
        .map(|form| form.split("</form>").next().unwrap());
    let form = forms
        .find(|form| form.contains(&format!("action=\"{action}\"")) && form.contains(which))
        .unwrap_or_else(|| panic!("no form {action} of {which}"));
    let at = form.find("name=\"version\"").unwrap();
    let value = form[at..].split("value=\"").nth(1).unwrap();
    value.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_limits_form_that_is_out_of_date_shows_both_values_and_its_reader_decides() {
    let server = with_people().await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    let sheet = "/companies?account=northwind&edit=acme-dental";
    let board = get(&server, &owner, sheet).await.ok(200).text();
    let version = version_in(&board, "/companies/limits", "value=\"acme-dental\"");
    let save = async |name: &str, budget: &str, version: &str| {
        let fields = [
            ("account", "northwind"),
            ("company", "acme-dental"),
            ("name", name),
            ("budget", budget),
            ("version", version),
            ("next", "/companies?account=northwind"),
        ];
        post(&server, &owner, "/companies/limits", &fields).await
    };
    save("Acme Dental", "1234", &version).await.ok(303);
    // Another person, who opened the form before, only wants another name.
    let asked = save("Acme & Sons", "", &version).await.ok(412).text();
    assert!(asked.contains("Changed meanwhile"));
    assert!(asked.contains("1234") && asked.contains("Acme &amp; Sons"));
    let stored = server.get(COMPANY, &server.platform).await.ok(200).json();
    assert_eq!(
        (&stored["name"], &stored["budget"]),
        (&json!("Acme Dental"), &json!("1234"))
    );
    // The page's own form saves it anyway, from what is stored now.
    let current = version_in(&asked, "/companies/limits", "acme-dental");
    assert_ne!(current, version);
    let saved = save("Acme & Sons", "", &current).await.ok(303);
    assert!(outcome(&saved).contains("done=/companies"));
    let stored = server.get(COMPANY, &server.platform).await.ok(200).json();
    assert_eq!(
        (&stored["name"], &stored["budget"]),
        (&json!("Acme & Sons"), &Value::Null)
    );
    // Who sends what is stored already has nothing to decide.
    save("Acme & Sons", "", &version).await.ok(303);
    let refused = save("Acme & Sons", "", "nonsense").await;
    assert!(outcome(&refused).contains("failed="));
}

#[tokio::test]
async fn forms_of_members_and_alerts_are_held_to_their_version() {
    let server = with_people().await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    let members = get(&server, &owner, "/settings/members")
        .await
        .ok(200)
        .text();
    let change = "/settings/members/change";
    let row = members
        .split("<tr")
        .find(|row| row.contains("client@acme.example"))
        .unwrap();
    let sheet = row
        .split("edit=")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let sheet = format!("/settings/members?account=northwind&edit={sheet}");
    let page = get(&server, &owner, &sheet).await.ok(200).text();
    let version = version_in(&page, change, "acme-dental");
    let member = {
        let form = page
            .split("<form")
            .find(|form| form.contains(&version))
            .unwrap();
        let at = form.find("name=\"member\"").unwrap();
        form[at..]
            .split("value=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .to_owned()
    };
    let place = async |role: &str| {
        let fields = [
            ("account", "northwind"),
            ("member", &member),
            ("role", role),
            ("companies", ""),
            ("version", &version),
        ];
        post(&server, &owner, change, &fields).await
    };
    place("analyst").await.ok(303);
    let asked = place("billing_admin").await.ok(412).text();
    assert!(asked.contains("analyst") && asked.contains("billing_admin"));

    let sheet = "/billing/alerts?account=northwind&edit=credits-used";
    let page = get(&server, &owner, sheet).await.ok(200).text();
    let version = version_in(&page, "/billing/alerts/rules", "credits-used");
    let rule = async |at: &str| {
        let fields = [
            ("account", "northwind"),
            ("key", "credits-used"),
            ("kind", "used_percent"),
            ("at", at),
            ("version", &version),
        ];
        post(&server, &owner, "/billing/alerts/rules", &fields).await
    };
    rule("50").await.ok(303);
    let asked = rule("60").await.ok(412).text();
    assert!(asked.contains("50%") && asked.contains("60%"));
}

#[tokio::test]
async fn the_form_of_branding_is_held_to_its_version() {
    let server = with_people().await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    let page = get(&server, &owner, "/settings/brand").await.ok(200).text();
    let version = version_in(&page, "/settings/brand", "name=\"colour\"");
    let brand = async |name: &str| {
        let mut body = String::new();
        for (field, value) in [
            ("account", "northwind"),
            ("name", name),
            ("version", &version),
        ] {
            body += "--part\r\ncontent-disposition: form-data; name=\"";
            body += field;
            body += "\"\r\n\r\n";
            body += value;
            body += "\r\n";
        }
        body += "--part--\r\n";
        let request = form("/settings/brand").header("cookie", owner.clone());
        let mut request = request.body(Body::from(body)).unwrap();
        let kind = "multipart/form-data; boundary=part".parse().unwrap();
        request.headers_mut().insert("content-type", kind);
        server.send(request).await
    };
    brand("Northwind").await.ok(303);
    let asked = brand("Southwind").await.ok(412).text();
    assert!(asked.contains("Northwind") && asked.contains("Southwind"));
}

/// The fields of the form that orders an item.
fn order_form(page: &str, item: &str) -> Vec<(String, String)> {
    let forms = page.split("<form").skip(1);
    let mut forms = forms.map(|form| form.split("</form>").next().unwrap());
    let form = forms
        .find(|form| {
            form.contains("/billing/orders") && form.contains(&format!("value=\"{item}\""))
        })
        .unwrap_or_else(|| panic!("no form for {item}"));
    let hidden = form.split("<input type=\"hidden\"").skip(1);
    let part = |text: &str, name: &str| {
        let rest = text.split(&format!("{name}=\"")).nth(1).unwrap_or_default();
        rest.split('"').next().unwrap_or_default().to_owned()
    };
    hidden
        .map(|text| (part(text, "name"), part(text, "value")))
        .collect()
}

/// Cancels what is pending, as the platform's operator would.
async fn cancel_all(server: &TestServer) {
    let path = "/api/v1/accounts/northwind/orders";
    let read = server.get(path, &server.platform).await.ok(200).json();
    let caller = service::Caller::operator("test");
    for order in read["items"].as_array().unwrap() {
        let id = order["id"].as_str().unwrap();
        let permission = service::Permission::Provision;
        let scope = server
            .services
            .scope(&caller, Some("northwind"), permission);
        let scope = scope.await.unwrap();
        server.services.cancel_order(&scope, id).await.unwrap();
    }
}

async fn order(server: &TestServer, cookie: &str, fields: &[(String, String)]) -> Reply {
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    post(server, cookie, "/billing/orders", &fields).await
}

#[tokio::test]
async fn what_was_chosen_is_ordered_as_it_was_seen_or_shown_as_it_is_now() {
    let server = with_people().await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    let plan = |price: &str| json!({ "name": "Large", "monthly_credits": "5000", "price": price, "currency": "EUR" });
    server.put("/api/v1/plans/large", &plan("99")).await.ok(201);
    let pack = json!({ "name": "Boost", "credits": "500", "price": "9", "currency": "EUR" });
    server.put("/api/v1/packs/boost", &pack).await.ok(201);
    let page = async |item: &str| {
        let path = format!("/billing/plans?{item}");
        get(&server, &owner, &path).await.ok(200).text()
    };
    let orders = async || {
        let path = "/api/v1/accounts/northwind/orders";
        let read = server.get(path, &server.platform).await.ok(200).json();
        read["items"].as_array().unwrap().len()
    };
    let seen = order_form(&page("switch=large").await, "large");
    // The price changed meanwhile.
    server
        .put("/api/v1/plans/large", &plan("199"))
        .await
        .ok(200);
    let asked = order(&server, &owner, &seen).await.ok(412).text();
    // Its summary as it is now, and that nothing was done.
    assert!(asked.contains("It was changed meanwhile"), "{asked}");
    assert!(
        asked.contains("data-testid=\"total\"") && asked.contains("€199.00"),
        "{asked}"
    );
    assert_eq!(orders().await, 0);
    // The page's own form orders what it shows.
    let placed = order(&server, &owner, &order_form(&asked, "large"))
        .await
        .ok(303);
    assert!(placed.header("location").contains("order="));
    assert_eq!(orders().await, 1);
    cancel_all(&server).await;
    // Somebody else moved the account to another plan meanwhile.
    let (large, boost) = (
        order_form(&page("switch=large").await, "large"),
        order_form(&page("buy=boost").await, "boost"),
    );
    let account = json!({
        "name": "Northwind", "kind": "agency", "time_zone": "Europe/Berlin",
        "cycle_anchor": "2026-01-01T00:00:00Z", "plan": "large"
    });
    server
        .put("/api/v1/accounts/northwind", &account)
        .await
        .ok(200);
    for chosen in [large, boost] {
        let asked = order(&server, &owner, &chosen).await.ok(412).text();
        assert!(asked.contains("It was changed meanwhile"), "{asked}");
    }
    assert_eq!(orders().await, 1);
    let boost = order_form(&page("buy=boost").await, "boost");
    order(&server, &owner, &boost).await.ok(303);
    assert_eq!(orders().await, 2);
}

/// Forms that replace what was read before: they carry its version.
const VERSIONED: [&str; 5] = [
    "/billing/alerts/rules",
    "/billing/orders",
    "/companies/limits",
    "/settings/brand",
    "/settings/members/change",
];
/// Forms that carry none: they add something, end something, or say what shall be.
const UNVERSIONED: [&str; 22] = [
    "/billing/orders/cancel",
    "/settings/members/invite",
    "/settings/members/remove",
    "/settings/members/revoke",
    "/settings/keys/make",
    "/settings/keys/rotate",
    "/settings/keys/revoke",
    "/billing/review/mark",
    "/billing/alerts/remove",
    "/billing/alerts/snooze",
    "/billing/alerts/acknowledge",
    "/billing/alerts/digest",
    "/billing/alerts/emails",
    "/settings/webhooks/make",
    "/settings/webhooks/remove",
    "/settings/webhooks/enable",
    "/settings/webhooks/test",
    "/settings/webhooks/replay",
    "/billing/disputes",
    "/billing/disputes/support",
    "/platform/refunds/decide",
    "/settings/members/second-factor",
];

#[tokio::test]
async fn every_form_that_replaces_something_carries_its_version() {
    let server = with_people().await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    let pack = json!({ "name": "Boost", "credits": "500" });
    server.put("/api/v1/packs/boost", &pack).await.ok(201);
    for (path, _) in forms() {
        let is_known = VERSIONED.contains(&path) || UNVERSIONED.contains(&path);
        assert!(is_known, "{path}: does it replace something?");
    }
    let pages = [
        "/billing/alerts?edit=credits-used",
        "/billing/plans?buy=boost",
        "/companies?edit=acme-dental",
        "/settings/brand",
        "/settings/members?edit=1",
    ];
    for (path, page) in VERSIONED.iter().zip(pages) {
        let shown = get(&server, &owner, page).await.ok(200).text();
        let parts = shown.split("<form").skip(1);
        let mut parts = parts.map(|form| form.split("</form>").next().unwrap());
        let carries = parts.any(|form| {
            form.contains(&format!("action=\"{path}\"")) && form.contains("name=\"version\"")
        });
        assert!(carries, "{page}: {path}");
    }
}
