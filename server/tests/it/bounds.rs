//! Amounts at every door: up to their bound they are taken, past it they are refused with the field, the bound and the cure.

mod doors;
mod far;

use axum::{body::Body, http::Method};
use doors::{ACCOUNT, OTHER_FIELDS, Sign, doors};
use serde_json::{Value, json};

use crate::{
    import,
    joining::{outcome, post, signed_in},
    pages::with_people,
    support::{Reply, TestServer, event_with, request},
};

/// The largest amount in one place.
const MOST: &str = "1000000000";
/// Past every bound, from the least to what no program can hold.
const TOO_LARGE: [&str; 6] = [
    "1000000000.000001",
    "1000000001",
    "9223372036854.775807",
    "9223372036854.775808",
    "1e30",
    "99999999999999999999999999999999",
];
const TAKEN: [&str; 4] = [MOST, "1e9", "999999999.999999", "1"];
const NO_AMOUNT: [&str; 5] = ["NaN", "inf", "0x10", "1.0000001", ""];

/// An account that nothing stops, so that an amount alone decides.
async fn without_an_end() -> TestServer {
    let server = with_people().await;
    let account = json!({
        "name": "Northwind", "kind": "agency", "time_zone": "Europe/Berlin",
        "cycle_anchor": "2026-01-01T00:00:00Z", "plan": "growth", "policy": "overage"
    });
    server.put(ACCOUNT, &account).await.ok(200);
    server
}

#[tokio::test]
async fn every_field_takes_an_amount_up_to_its_bound_and_names_the_bound_past_it() {
    let server = without_an_end().await;
    let mut number = 0;
    for door in doors() {
        for amount in TAKEN {
            let reply = door.send(&server, &mut number, json!(amount)).await;
            let told = format!("{} {amount}: {}", door.name(), reply.text());
            assert!(reply.status.is_success(), "{told}");
        }
        for amount in TOO_LARGE {
            let reply = door.send(&server, &mut number, json!(amount)).await;
            let told = format!("{} {amount}: {}", door.name(), reply.text());
            assert!(door.refuses(&reply), "{told}");
            assert!(reply.text().contains(MOST), "{told}");
        }
        for amount in NO_AMOUNT {
            let reply = door.send(&server, &mut number, json!(amount)).await;
            assert!(
                door.refuses(&reply),
                "{} {amount}: {}",
                door.name(),
                reply.text()
            );
        }
        let whole = door.send(&server, &mut number, json!(1_000_000_000)).await;
        assert!(
            whole.status.is_success(),
            "{}: {}",
            door.name(),
            whole.text()
        );
        for amount in [
            json!(1_000_000_001),
            json!(1e30),
            json!(i64::MAX),
            json!(true),
        ] {
            let reply = door.send(&server, &mut number, amount.clone()).await;
            assert!(
                door.refuses(&reply),
                "{} {amount}: {}",
                door.name(),
                reply.text()
            );
        }
        for amount in ["-0.000001", "-1000000000", "-1000000000.000001", "-1e30"] {
            let reply = door.send(&server, &mut number, json!(amount)).await;
            let is_right =
                door.sign == Sign::Signed && ["-0.000001", "-1000000000"].contains(&amount);
            let told = format!("{} {amount}: {}", door.name(), reply.text());
            assert_eq!(reply.status.is_success(), is_right, "{told}");
            assert!(is_right || door.refuses(&reply), "{told}");
        }
    }
    let operator = service::Caller::operator("test");
    let report = server.services.doctor(&operator).await.unwrap();
    assert_eq!(report.differences, [""; 0]);
}

#[tokio::test]
async fn no_field_of_the_description_that_takes_an_amount_is_left_out() {
    let server = TestServer::start().await;
    let api = server.get("/api/v1/openapi.json", "").await.ok(200).json();
    let doors: Vec<_> = doors().iter().map(|door| door.at.to_owned()).collect();
    let amounts = [
        "credits",
        "used",
        "monthly_credits",
        "rollover",
        "price",
        "budget",
        "agent_caps",
        "auto_refund_credits",
        "value",
        "quantity",
        "credits_per_unit",
        "amount",
        "threshold",
    ];
    let schemas = api["components"]["schemas"].as_object().unwrap();
    let is_sent = |name: &str| {
        ["Put", "Post", "Patch"]
            .iter()
            .any(|verb| name.starts_with(verb))
            || ["UsageData", "LeadData", "RateRule", "AlertCondition"].contains(&name)
    };
    for (name, schema) in schemas.iter().filter(|(name, _)| is_sent(name)) {
        let fields = schema["properties"].as_object().into_iter().flatten();
        for (field, described) in fields.filter(|(field, _)| amounts.contains(&field.as_str())) {
            let full = format!("{name}.{field}");
            let is_other = OTHER_FIELDS.iter().any(|(other, _)| *other == full);
            let is_door = doors
                .iter()
                .any(|at| at.split('/').any(|part| part == field));
            assert!(is_door || is_other, "{full} is at no door");
            let text = described["description"].as_str().unwrap();
            assert!(
                text.contains(MOST) || text.contains("at most") || field == "quantity",
                "{full} does not say its bound: {text}"
            );
        }
    }
}

/// A request in binary mode.
async fn binary(server: &TestServer, id: &str, data: &Value) -> Reply {
    let sent = request(Method::POST, "/api/v1/events", &server.ingest)
        .header("content-type", "application/json")
        .header("ce-specversion", "1.0")
        .header("ce-id", id)
        .header("ce-source", "test")
        .header("ce-type", "creditscope.usage")
        .header("ce-subject", "acme-dental");
    server
        .send(sent.body(Body::from(data.to_string())).unwrap())
        .await
}

#[tokio::test]
async fn events_are_refused_row_by_row_whichever_way_they_are_sent() {
    let server = without_an_end().await;
    let of = |id: &str, amount: &str| event_with(id, "/data/credits", json!(amount));
    for amount in TOO_LARGE {
        let batch = json!([
            of("a", "1"),
            of("b", amount),
            of("c", MOST),
            of("d", amount)
        ]);
        for kind in ["application/json", "application/cloudevents-batch+json"] {
            let sent = request(Method::POST, "/api/v1/events", &server.ingest)
                .header("content-type", kind)
                .body(Body::from(batch.to_string()));
            let reply = server.send(sent.unwrap()).await.problem(422);
            let wrong = |index: u64| {
                (
                    Some(index),
                    "data.credits".to_owned(),
                    "out_of_range".to_owned(),
                )
            };
            assert_eq!(reply.errors(), [wrong(1), wrong(3)], "{kind} {amount}");
        }
        let sent = request(Method::POST, "/api/v1/events", &server.ingest)
            .header("content-type", "application/cloudevents+json")
            .body(Body::from(of("e", amount).to_string()));
        let reply = server.send(sent.unwrap()).await.problem(422);
        assert_eq!(reply.errors()[0].2, "out_of_range", "{amount}");
        let data = of("f", amount)["data"].clone();
        let reply = binary(&server, "f", &data).await.problem(422);
        assert_eq!(reply.errors()[0].2, "out_of_range", "{amount}");
    }
    assert_eq!(server.stored().await, 0);
    binary(&server, "g", &of("g", MOST)["data"]).await.ok(204);
}

#[tokio::test]
async fn a_quantity_is_held_to_its_bound_and_to_that_of_its_price() {
    let server = without_an_end().await;
    let card = |price: &str| {
        json!({ "effective_at": "2026-01-01T00:00:00Z",
            "rules": [{ "match": {}, "unit": "token", "credits_per_unit": price }] })
    };
    let cards = "/api/v1/rate-cards/creditscope.usage";
    for (price, most, over) in [
        ("1", "1000000000", "1000000000.000001"),
        ("0.001", "1000000000000", "1000000000000.000001"),
        ("0", "1000000000000", "9223372036854.775807"),
        ("999999999", "1", "1.1"),
    ] {
        server.put(cards, &card(price)).await.ok(201);
        let send = async |quantity: &str| {
            let mut event = event_with(
                &format!("{price} {quantity}"),
                "/data/quantity",
                json!(quantity),
            );
            event["data"].as_object_mut().unwrap().remove("credits");
            server.post_events(&event).await
        };
        send(most).await.ok(204);
        for over in [over, "9223372036854.775808", "1e30"] {
            let reply = send(over).await.problem(422);
            let wrong = (
                Some(0),
                "data.quantity".to_owned(),
                "out_of_range".to_owned(),
            );
            assert_eq!(reply.errors(), [wrong], "{price} {over}");
        }
    }
    for price in ["1000000000", "1e9", "-1", "99999999999999999999"] {
        let reply = server.put(cards, &card(price)).await.problem(422);
        assert!(reply.errors()[0].1.contains("credits_per_unit"), "{price}");
    }
}

#[tokio::test]
async fn packs_are_ordered_as_many_as_ninety_nine_and_as_their_credits_may_be_together() {
    let server = without_an_end().await;
    let orders = format!("{ACCOUNT}/orders");
    for (key, credits, most) in [
        ("small", "1", 99),
        ("half", "500000000", 2),
        ("all", MOST, 1),
    ] {
        let pack = json!({ "name": key, "credits": credits, "price": "1", "currency": "EUR" });
        let path = format!("/api/v1/packs/{key}");
        server.put(&path, &pack).await.ok(201);
        let order = async |quantity: u32| {
            let asked = json!({ "pack": key, "quantity": quantity });
            server.post(&orders, &asked).await
        };
        for over in [0, most + 1, u32::MAX] {
            let refused = order(over).await.problem(422).errors();
            assert_eq!(refused[0].1, "quantity", "{key} {over}");
        }
        order(most).await.ok(201);
    }
}

#[tokio::test]
async fn forms_refuse_what_the_api_refuses() {
    let server = without_an_end().await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    let limits = |name| vec![("company", "acme-dental"), ("name", "Acme"), (name, "")];
    let forms = [
        ("/companies/limits", "budget", limits("budget")),
        ("/companies/limits", "cap_chat", limits("cap_chat")),
        (
            "/billing/alerts/rules",
            "at",
            vec![("key", "mine"), ("kind", "remaining"), ("at", "")],
        ),
        (
            "/billing/alerts/rules",
            "at",
            vec![("key", "jump"), ("kind", "spike"), ("at", "")],
        ),
    ];
    for (path, field, fields) in forms {
        let send = async |amount: &str| {
            let mut sent = fields.clone();
            sent.retain(|(name, _)| *name != field);
            sent.extend([("account", "northwind"), (field, amount)]);
            let reply = post(&server, &owner, path, &sent).await;
            outcome(&reply)
        };
        for amount in TAKEN {
            let said = send(amount).await;
            assert!(said.contains("done="), "{path} {field} {amount}: {said}");
        }
        for amount in TOO_LARGE.into_iter().chain(["-0.000001", "NaN"]) {
            let said = send(amount).await;
            assert!(said.contains("failed="), "{path} {field} {amount}: {said}");
            let names_bound = said.contains(MOST) || !TOO_LARGE.contains(&amount);
            assert!(names_bound, "{path} {field} {amount}: {said}");
        }
    }
}

#[test]
fn the_command_line_refuses_what_the_api_refuses() {
    let folder = import::prepared();
    let path = folder.path();
    let words = |line: &'static str| line.split(' ').collect::<Vec<_>>();
    import::ok(
        path,
        &words("plan create most --name Most --monthly-credits 1000000000"),
    );
    std::fs::write(
        path.join("rows.csv"),
        "time,id,credits\n2026-11-23T10:00:00Z,one,1\n2026-11-23T10:00:01Z,two,1000000000.000001\n",
    )
    .unwrap();
    for line in [
        "plan create p --name P --monthly-credits 1000000000.000001",
        "plan create p --name P --monthly-credits 1e30",
        "pack create p --name P --credits 1000000000.000001",
        "company create c --account agency --name C --budget 1000000001",
        "import rows.csv --account agency --company one --agent chat --activity chat_reply --allow-old --map=time=time,id=id,credits=credits",
    ] {
        let output = import::run(path, &words(line));
        let told = [output.stderr, output.stdout].concat();
        let told = String::from_utf8_lossy(&told);
        assert!(
            !output.status.success() && told.contains(MOST),
            "{line}: {told}"
        );
    }
}
