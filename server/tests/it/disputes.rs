//! Requests for refunds: the platform decides them, an agency says what it thinks, and nobody decides their own.

use axum::{body::Body, http::Method};
use domain::tenancy::{PlatformRole, Role};
use serde_json::{Value, json};
use service::{
    Caller,
    users::{Joining, PutUser},
};

use crate::{
    orders::submit,
    pages::{PASSWORD, cookie, form, get_with, sign_in, with_people},
    support::{Reply, TestServer, event, event_with, request},
};

const DISPUTES: &str = "/api/v1/accounts/northwind/disputes";
const OWNER: &str = "owner@northwind.example";
const CLIENT: &str = "client@acme.example";
const OPERATOR: &str = "otto@platform.example";
const MANAGER: &str = "mia@platform.example";
const DECIDE: &str = "/platform/refunds/decide";

/// People of an agency and of the platform, and three events of 1.5 credits.
async fn with_events() -> TestServer {
    let server = with_people().await;
    for (email, role) in [
        (OPERATOR, PlatformRole::Operator),
        (MANAGER, PlatformRole::ProductManager),
    ] {
        person(&server, email, Some(role), vec![]).await;
    }
    for id in ["a", "b", "c"] {
        server.post_events(&event(id)).await.ok(204);
    }
    server
}

async fn person(
    server: &TestServer,
    email: &str,
    platform_role: Option<PlatformRole>,
    roles: Vec<(&str, Role)>,
) {
    let memberships = roles.into_iter().map(|(account, role)| Joining {
        account: account.to_owned(),
        role,
        companies: vec![],
    });
    let user = PutUser {
        email: email.to_owned(),
        name: email.to_owned(),
        password: PASSWORD.to_owned(),
        platform_role,
        memberships: memberships.collect(),
    };
    let operator = Caller::operator("test");
    server.services.put_user(&operator, user).await.unwrap();
}

async fn signed_in(server: &TestServer, email: &str) -> String {
    cookie(&sign_in(server, email, PASSWORD, "/").await)
}

/// Asks for an event to be refunded; the request.
async fn ask(server: &TestServer, cookie: &str, event: &str, credits: &str) -> Value {
    let body = format!(
        "account=northwind&source=test&event={event}&reason=call+was+cut&credits={credits}&next=/x"
    );
    let to = submit(server, cookie, "/billing/disputes", &body).await;
    assert!(to.starts_with("done=/x"), "{to}");
    request_of(server, event).await
}

async fn request_of(server: &TestServer, event: &str) -> Value {
    let listed = server.get(DISPUTES, &server.read).await.ok(200).json();
    let items = listed["items"].as_array().unwrap();
    items
        .iter()
        .find(|one| one["event"] == event)
        .unwrap()
        .clone()
}

fn id(request: &Value) -> &str {
    request["id"].as_str().unwrap()
}

async fn decide(server: &TestServer, request: &Value, body: &Value) -> Reply {
    let path = format!("{DISPUTES}/{}/decision", id(request));
    server.post(&path, body).await
}

async fn used(server: &TestServer) -> String {
    let used = &server.balance().await["used"];
    used.as_str().unwrap().to_owned()
}

async fn reversals(server: &TestServer, event: &str) -> Vec<Value> {
    let path = format!("/api/v1/events/test/{event}");
    let event = server.get(&path, &server.read).await.ok(200).json();
    event["receipt"]["reversals"].as_array().unwrap().clone()
}

fn decision_form(request: &Value, decision: &str) -> String {
    format!(
        "account=northwind&dispute={}&decision={decision}&reason=no+fault&next=/x",
        id(request)
    )
}

#[tokio::test]
async fn a_decision_that_is_refused_says_why_at_the_field_of_its_request() {
    let server = with_events().await;
    let (owner, operator) = (
        signed_in(&server, OWNER).await,
        signed_in(&server, OPERATOR).await,
    );
    let asked = ask(&server, &owner, "a", "").await;
    let wrong = decision_form(&asked, "approve") + "&credits=2k";
    let page = submit(&server, &operator, DECIDE, &wrong).await;
    assert!(page.contains("Write it in full, for example 2,000."));
    assert!(page.contains("1 field to correct") && page.contains("value=\"2k\""));
    assert_eq!(page.matches("aria-invalid=\"true\"").count(), 1);
    let unsaid = decision_form(&asked, "decline").replace("no+fault", "");
    let page = submit(&server, &operator, DECIDE, &unsaid).await;
    assert_eq!(page.matches("aria-invalid=\"true\"").count(), 1, "{page}");
    assert_eq!(request_of(&server, "a").await["state"], "open");
}

#[tokio::test]
async fn whoever_pays_never_refunds_themselves_by_page_key_or_cookie() {
    let server = with_events().await;
    let owner = signed_in(&server, OWNER).await;
    let asked = ask(&server, &owner, "a", "").await;
    assert_eq!(asked["state"], "open");
    for decision in ["approve", "decline"] {
        let to = submit(&server, &owner, DECIDE, &decision_form(&asked, decision)).await;
        assert!(to.contains("failed="), "{to}");
    }
    let earlier = form("/billing/disputes/decide")
        .header("cookie", &owner)
        .header("sec-fetch-site", "same-origin");
    let accept = decision_form(&asked, "accept");
    let refused = server.send(earlier.body(Body::from(accept)).unwrap()).await;
    assert!(refused.status.is_client_error(), "{}", refused.status);
    let path = format!("{DISPUTES}/{}/decision", id(&asked));
    let approve = json!({ "decision": "approve" });
    for key in [&server.read, &server.check, &server.ingest] {
        server
            .json(Method::POST, &path, key, &approve)
            .await
            .problem(403);
    }
    let reversal = "/api/v1/events/test/a/reversal?account=northwind";
    for (path, body) in [
        (path.as_str(), &approve),
        (reversal, &json!({ "reason": "mine" })),
    ] {
        let by_cookie = request(Method::POST, path, "")
            .header("cookie", &owner)
            .header("content-type", "application/json");
        server
            .send(by_cookie.body(Body::from(body.to_string())).unwrap())
            .await
            .problem(401);
    }
    assert!(
        get_with(&server, "/platform/refunds", &owner)
            .await
            .status
            .is_client_error()
    );
    assert_eq!(request_of(&server, "a").await, asked);
    assert_eq!(used(&server).await, "4.5");
    assert_eq!(reversals(&server, "a").await, [Value::Null; 0]);
}

#[tokio::test]
async fn an_operator_decides_on_a_page_of_all_accounts_that_a_product_manager_reads() {
    let server = with_events().await;
    let (client, operator) = (
        signed_in(&server, CLIENT).await,
        signed_in(&server, OPERATOR).await,
    );
    let manager = signed_in(&server, MANAGER).await;
    let first = ask(&server, &client, "a", "").await;
    let second = ask(&server, &client, "b", "0.5").await;
    let page = get_with(&server, "/platform/refunds", &operator)
        .await
        .ok(200)
        .text();
    for shown in [
        "Refund requests",
        "call was cut",
        "acme-dental",
        "northwind",
        CLIENT,
        "23 Nov 2026, 13:00 UTC, 23 Nov 2026, 14:00 in Europe/Berlin",
        "Approve",
        "Decline",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    let read = get_with(&server, "/platform/refunds", &manager)
        .await
        .ok(200)
        .text();
    assert!(read.contains("call was cut") && !read.contains("Approve"));
    for request in [&first, &second] {
        let form = decision_form(request, "approve");
        assert!(
            submit(&server, &manager, DECIDE, &form)
                .await
                .contains("failed=")
        );
    }
    let form = decision_form(&first, "approve");
    assert_eq!(submit(&server, &operator, DECIDE, &form).await, "done=/x");
    assert_eq!(used(&server).await, "3");
    let form = decision_form(&second, "decline");
    assert_eq!(submit(&server, &operator, DECIDE, &form).await, "done=/x");
    let declined = request_of(&server, "b").await;
    assert_eq!(
        (
            &declined["state"],
            &declined["decided_by"],
            &declined["decision_reason"]
        ),
        (&json!("refused"), &json!(OPERATOR), &json!("no fault"))
    );
    // Who asked reads the reason on the receipt.
    let usage = get_with(&server, "/billing/usage?event=test/b", &client)
        .await
        .ok(200)
        .text();
    assert!(usage.contains("Declined by otto@platform.example: no fault"));
    let page = get_with(&server, "/platform/refunds", &operator).await;
    assert!(page.text().contains("No requests waiting"));
}

#[tokio::test]
async fn the_page_of_requests_goes_on_where_it_ended() {
    let server = with_events().await;
    let client = signed_in(&server, CLIENT).await;
    for number in 0..30 {
        let id = format!("many-{number:02}");
        server.post_events(&event(&id)).await.ok(204);
        ask(&server, &client, &id, "").await;
        server.clock.advance(1_000_000);
    }
    let operator = signed_in(&server, OPERATOR).await;
    let first = get_with(&server, "/platform/refunds", &operator)
        .await
        .text();
    let count = |page: &str| page.matches("class=\"card refund-request\"").count();
    assert_eq!(count(&first), 25);
    let from = first.find("&amp;after=").unwrap();
    let next = first[from + 11..].split('"').next().unwrap();
    let next = format!("/platform/refunds?after={next}");
    let second = get_with(&server, &next, &operator).await.ok(200).text();
    assert_eq!(count(&second), 5);
    assert!(!second.contains("More requests"));
}

#[tokio::test]
async fn a_decision_of_the_platform_says_why_and_refunds_a_part_once() {
    let server = with_events().await;
    let client = signed_in(&server, CLIENT).await;
    let asked = ask(&server, &client, "a", "1").await;
    for (body, field) in [
        (json!({ "decision": "decline" }), "reason"),
        (json!({ "decision": "decline", "reason": " " }), "reason"),
        (
            json!({ "decision": "decline", "reason": "no", "credits": "1" }),
            "credits",
        ),
        (json!({ "decision": "accept" }), "decision"),
        (json!({ "decision": "approve", "credits": "0" }), "credits"),
        (json!({ "decision": "approve", "credits": "-1" }), "credits"),
        // No more than is asked for, even if the event cost more.
        (
            json!({ "decision": "approve", "credits": "1.25" }),
            "credits",
        ),
    ] {
        let refused = decide(&server, &asked, &body).await.problem(422);
        assert_eq!(refused.errors()[0].1, field, "{body}");
    }
    assert_eq!(used(&server).await, "4.5");
    let part = json!({ "decision": "approve", "credits": "0.25", "reason": "half of it was fine" });
    for _ in 0..2 {
        let decided = decide(&server, &asked, &part).await.ok(200).json();
        assert_eq!(
            (
                &decided["state"],
                &decided["refunded_credits"],
                &decided["decision_reason"]
            ),
            (
                &json!("accepted"),
                &json!("0.25"),
                &json!("half of it was fine")
            )
        );
        assert_eq!(used(&server).await, "4.25");
    }
    for other in [
        json!({ "decision": "approve", "credits": "0.5" }),
        json!({ "decision": "decline", "reason": "changed my mind" }),
    ] {
        decide(&server, &asked, &other).await.problem(409);
    }
    let given = reversals(&server, "a").await;
    assert_eq!(given.len(), 1);
    assert_eq!(given[0]["credits"], "0.25");
    let unknown = json!({ "id": "0193f0c4-none" });
    decide(&server, &unknown, &part).await.problem(404);
    let doctor = server.services.doctor(&Caller::operator("test")).await;
    assert_eq!(doctor.unwrap().differences, [""; 0]);
}

#[tokio::test]
async fn what_was_given_back_meanwhile_is_never_refunded_again() {
    let server = with_events().await;
    let client = signed_in(&server, CLIENT).await;
    let (part, all) = (
        ask(&server, &client, "a", "1").await,
        ask(&server, &client, "b", "").await,
    );
    for (id, body) in [
        ("a", json!({ "reason": "cut", "credits": "0.9" })),
        ("b", json!({ "reason": "cut" })),
    ] {
        let path = format!("/api/v1/events/test/{id}/reversal?account=northwind");
        server.post(&path, &body).await.ok(201);
    }
    let approve = json!({ "decision": "approve" });
    let too_much = json!({ "decision": "approve", "credits": "0.7" });
    decide(&server, &part, &too_much).await.problem(422);
    let decided = decide(&server, &part, &approve).await.ok(200).json();
    assert_eq!(decided["refunded_credits"], "0.6");
    let nothing = decide(&server, &all, &approve).await.problem(409);
    assert!(
        nothing
            .text()
            .contains("nothing of this event's cost is left")
    );
    assert_eq!(request_of(&server, "b").await["state"], "open");
    let decline = json!({ "decision": "decline", "reason": "refunded already" });
    decide(&server, &all, &decline).await.ok(200);
    assert_eq!(used(&server).await, "1.5");
}

#[tokio::test]
async fn an_operator_who_asked_as_a_member_does_not_decide_it() {
    let server = with_events().await;
    let both = "both@platform.example";
    let roles = vec![("northwind", Role::Owner)];
    person(&server, both, Some(PlatformRole::Operator), roles).await;
    let both = signed_in(&server, both).await;
    let asked = ask(&server, &both, "a", "").await;
    let page = get_with(&server, "/platform/refunds", &both).await.text();
    assert!(page.contains("You requested this refund yourself"));
    assert!(!page.contains(">Approve<"));
    let to = submit(&server, &both, DECIDE, &decision_form(&asked, "approve")).await;
    assert!(to.contains("failed=") && to.contains("yourself"), "{to}");
    let to = submit(&server, &both, DECIDE, &decision_form(&asked, "decline")).await;
    assert!(to.contains("failed="), "{to}");
    let operator = signed_in(&server, OPERATOR).await;
    let to = submit(
        &server,
        &operator,
        DECIDE,
        &decision_form(&asked, "approve"),
    )
    .await;
    assert_eq!(to, "done=/x");
}

#[tokio::test]
async fn nobody_decides_what_they_asked_for_under_another_address() {
    let mut server = with_events().await;
    let mail = crate::recovery::reading(&mut server);
    let both = "both@platform.example";
    let roles = vec![("northwind", Role::Owner)];
    person(&server, both, Some(PlatformRole::Operator), roles).await;
    let both = signed_in(&server, both).await;
    let asked = ask(&server, &both, "a", "").await;
    crate::recovery::change_address(&server, &mail, &both, "other@platform.example").await;
    // The session has another id since.
    let both = crate::joining::kept(&both);
    for verdict in ["approve", "decline"] {
        let to = submit(&server, &both, DECIDE, &decision_form(&asked, verdict)).await;
        assert!(to.contains("failed=") && to.contains("yourself"), "{to}");
    }
}

fn support_form(request: &Value, supports: &str) -> String {
    format!(
        "account=northwind&dispute={}&supports={supports}&note=we+heard+the+recording&next=/x",
        id(request)
    )
}

#[tokio::test]
async fn an_agency_says_whether_it_supports_its_client_and_the_request_stays_open() {
    const SUPPORT: &str = "/billing/disputes/support";
    let server = with_events().await;
    let (client, owner) = (
        signed_in(&server, CLIENT).await,
        signed_in(&server, OWNER).await,
    );
    let operator = signed_in(&server, OPERATOR).await;
    let of_client = ask(&server, &client, "a", "").await;
    let of_owner = ask(&server, &owner, "b", "").await;
    for (who, request) in [
        (&client, &of_client),
        (&operator, &of_client),
        (&owner, &of_owner),
    ] {
        let to = submit(&server, who, SUPPORT, &support_form(request, "yes")).await;
        assert!(to.contains("failed="), "{to}");
    }
    let plans = get_with(&server, "/billing/plans", &owner)
        .await
        .ok(200)
        .text();
    assert_eq!(
        plans
            .matches("action=\"/billing/disputes/support\"")
            .count(),
        1
    );
    for (supports, said) in [("no", false), ("yes", true)] {
        let form = support_form(&of_client, supports);
        let to = submit(&server, &owner, SUPPORT, &form).await;
        assert_eq!(to, "done=/x");
        let now = request_of(&server, "a").await;
        assert_eq!(now["state"], "open");
        assert_eq!(
            (
                &now["support"]["supports"],
                &now["support"]["by"],
                &now["support"]["note"]
            ),
            (
                &json!(said),
                &json!(OWNER),
                &json!("we heard the recording")
            )
        );
    }
    assert_eq!(used(&server).await, "4.5");
    let page = get_with(&server, "/platform/refunds", &operator)
        .await
        .text();
    assert!(page.contains("supports it: we heard the recording"));
    // It is said to the platform, not to the client.
    let listed = get_with(&server, DISPUTES, &client).await.ok(200).json();
    let receipt = get_with(&server, "/billing/usage?event=test/a", &client).await;
    assert_eq!(listed["items"][0]["support"], Value::Null);
    assert!(!receipt.text().contains("recording"));
    let approve = json!({ "decision": "approve" });
    decide(&server, &of_client, &approve).await.ok(200);
    let late = submit(&server, &owner, SUPPORT, &support_form(&of_client, "no")).await;
    assert!(late.contains("failed="), "{late}");
}

async fn with_policy(server: &TestServer, credits: &str) {
    let account = json!({
        "name": "northwind", "kind": "agency", "time_zone": "Europe/Berlin", "plan": "growth",
        "cycle_anchor": "2026-01-01T00:00:00Z", "auto_refund_credits": credits
    });
    let put = server.put("/api/v1/accounts/northwind", &account).await;
    assert_eq!(put.ok(200).json()["auto_refund_credits"], credits);
}

#[tokio::test]
async fn the_system_approves_at_once_what_the_platforms_policy_lets_through_each_cycle() {
    let server = with_events().await;
    with_policy(&server, "2").await;
    let client = signed_in(&server, CLIENT).await;
    let first = ask(&server, &client, "a", "").await;
    assert_eq!(
        (
            &first["state"],
            &first["decided_by"],
            &first["refunded_credits"]
        ),
        (&json!("accepted"), &json!("system"), &json!("1.5"))
    );
    assert_eq!(reversals(&server, "a").await[0]["actor"], "system");
    // 0.5 are left of the policy: a request for more waits whole.
    let second = ask(&server, &client, "b", "").await;
    assert_eq!(
        (&second["state"], &second["refunded_credits"]),
        (&json!("open"), &Value::Null)
    );
    let third = ask(&server, &client, "c", "0.5").await;
    assert_eq!(third["state"], "accepted");
    assert_eq!(used(&server).await, "2.5");
    // The next cycle begins with the whole policy.
    server.clock.advance(9 * 24 * 3_600_000_000);
    let mut later = event("d");
    later["time"] = json!("2026-12-02T10:00:00Z");
    server.post_events(&later).await.ok(204);
    assert_eq!(ask(&server, &client, "d", "").await["state"], "accepted");
    let doctor = server.services.doctor(&Caller::operator("test")).await;
    assert_eq!(doctor.unwrap().differences, [""; 0]);
    let audit = get_with(&server, "/settings/audit", &signed_in(&server, OWNER).await).await;
    assert!(audit.text().contains("Refund approved"));
}

#[tokio::test]
async fn requests_at_the_same_moment_share_the_policy_of_one_cycle() {
    let server = with_events().await;
    with_policy(&server, "3").await;
    let client = signed_in(&server, CLIENT).await;
    for number in 0..8 {
        server
            .post_events(&event(&format!("at-once-{number}")))
            .await
            .ok(204);
    }
    let asks = (0..8).map(|number| {
        let (server, client) = (&server, &client);
        async move { ask(server, client, &format!("at-once-{number}"), "").await["state"].clone() }
    });
    let states = futures::future::join_all(asks).await;
    let approved = states.iter().filter(|state| *state == "accepted").count();
    assert_eq!(approved, 2, "{states:?}");
}

#[tokio::test]
async fn only_the_platform_sets_the_policy_and_none_is_set_unless_it_says_so() {
    let server = with_events().await;
    let path = "/api/v1/accounts/northwind";
    let account = server.get(path, &server.read).await.ok(200).json();
    assert_eq!(account["auto_refund_credits"], "0");
    let mut put = json!({
        "name": "northwind", "kind": "agency", "time_zone": "Europe/Berlin", "plan": "growth",
        "cycle_anchor": "2026-01-01T00:00:00Z", "auto_refund_credits": "5"
    });
    server
        .json(Method::PUT, path, &server.read, &put)
        .await
        .problem(403);
    put["auto_refund_credits"] = json!("-1");
    let refused = server.put(path, &put).await.problem(422);
    assert_eq!(refused.errors()[0].1, "auto_refund_credits");
}

#[tokio::test]
async fn a_client_never_learns_what_the_agency_pays() {
    let server = with_events().await;
    let pack = json!({ "name": "CANARY-pack", "credits": 500 });
    server.put("/api/v1/packs/canary", &pack).await.ok(201);
    server.spend("most", "900").await;
    let packs = "/api/v1/accounts/northwind/packs";
    server
        .post(packs, &json!({ "pack": "canary" }))
        .await
        .ok(201);
    let mut both = event_with("both", "/data/credits", json!("200"));
    both["time"] = json!("2026-11-23T14:00:00Z");
    server.post_events(&both).await.ok(204);
    let reversal = "/api/v1/events/test/both/reversal?account=northwind";
    let part = json!({ "reason": "cut", "credits": "1" });
    server.post(reversal, &part).await.ok(201);
    let client = signed_in(&server, CLIENT).await;
    let event = get_with(&server, "/api/v1/events/test/both", &client)
        .await
        .ok(200);
    assert_eq!(
        event.json()["receipt"]["paid_by"],
        json!([
            { "grant": "plan", "name": "Plan", "credits": "95.5" },
            { "grant": "add_on", "name": "Add-on", "credits": "104.5" }
        ])
    );
    let account = get_with(&server, "/api/v1/accounts/northwind", &client)
        .await
        .ok(200);
    assert_eq!(account.json()["plan"], Value::Null);
    for path in [
        "/api/v1/events/test/both",
        "/api/v1/accounts/northwind",
        "/api/v1/accounts",
        "/api/v1/events",
        "/api/v1/events?format=csv",
        "/api/v1/events?format=ndjson",
        DISPUTES,
        "/billing/usage",
        "/billing/usage?event=test/both",
        "/billing/trends",
        "/billing/value",
        "/billing/review",
    ] {
        let text = get_with(&server, path, &client).await.ok(200).text();
        for secret in [
            "Growth",
            "growth",
            "CANARY-pack",
            "plan-1",
            "pack-2",
            "grant_number",
        ] {
            assert!(!text.contains(secret), "{path}: {secret}");
        }
    }
}

#[tokio::test]
async fn a_request_that_is_sent_again_is_the_same_request() {
    let server = with_events().await;
    let client = signed_in(&server, CLIENT).await;
    let body = |event: &str, request: &str| {
        format!(
            "account=northwind&source=test&event={event}&reason=call+was+cut&credits=&place=receipt&request={request}"
        )
    };
    let send = async |body: String| {
        let sent = form("/billing/disputes")
            .header("cookie", &client)
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(body))
            .unwrap();
        let reply = server.send(sent).await;
        (reply.status.as_u16(), reply.text())
    };
    let taken = (200, "Refund requested. The platform decides.".to_owned());
    assert_eq!(send(body("a", "r1")).await, taken);
    assert_eq!(send(body("a", "r1")).await, taken);
    // Another one for the same event is refused, and the name of a request means nothing for another event.
    assert_eq!(send(body("a", "r2")).await.0, 422);
    assert_eq!(send(body("b", "r1")).await, taken);
    let listed = server.get(DISPUTES, &server.read).await.ok(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    // Decided meanwhile, it still is the same.
    decide(
        &server,
        &request_of(&server, "a").await,
        &json!({"decision": "decline", "reason": "no fault"}),
    )
    .await
    .ok(200);
    assert_eq!(send(body("a", "r1")).await.0, 200);
}
