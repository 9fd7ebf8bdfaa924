//! The fields of the API that take amounts.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Reply, TestServer, event_with};

/// What an amount may be at a door besides too large.
#[derive(Clone, Copy, PartialEq)]
pub enum Sign {
    Signed,
    Unsigned,
}

/// A place where an amount comes in over HTTP as JSON.
#[derive(Clone)]
pub struct Door {
    method: Method,
    /// `{n}` becomes another number each time.
    path: &'static str,
    /// Where in the body it stands, as a JSON Pointer.
    pub at: &'static str,
    /// What its error names.
    field: &'static str,
    pub sign: Sign,
    body: Value,
}

fn door(method: &Method, path: &'static str, at: &'static str, body: &Value) -> Door {
    let field = at[1..].replace('/', ".");
    Door {
        method: method.clone(),
        path,
        at,
        field: field.leak(),
        sign: Sign::Unsigned,
        body: body.clone(),
    }
}

pub const ACCOUNT: &str = "/api/v1/accounts/northwind";
const HOLD: &str = "/api/v1/holds/{n}?account=northwind";
const RULE: &str = "/api/v1/accounts/northwind/alert-rules/r{n}";

/// Every field of the API that takes an amount of credits or of money and is bounded by itself.
pub fn doors() -> Vec<Door> {
    [spending(), offers(), accounts()].concat()
}

/// What is used, checked and held.
fn spending() -> Vec<Door> {
    let send = Method::POST;
    let event = event_with("e{n}", "/source", json!("gate"));
    let hold = json!({ "id": "made-{n}", "company": "acme-dental", "agent": "chat", "activity": "chat_reply",
        "credits": "1", "expires_in_s": 60 });
    let check = json!({ "company": "acme-dental", "agent": "chat", "credits": "1" });
    let lead = json!({ "specversion": "1.0", "id": "l{n}", "source": "test", "type": "creditscope.lead",
        "subject": "acme-dental",
        "data": { "agent": "chat", "kind": "sale", "value": "5", "currency": "EUR" } });
    let cost = json!({ "credits": "1" });
    vec![
        door(
            &send,
            "/api/v1/events?account=northwind",
            "/data/credits",
            &event,
        ),
        door(
            &send,
            "/api/v1/events?account=northwind",
            "/data/value",
            &lead,
        ),
        door(&send, "/api/v1/check?account=northwind", "/credits", &check),
        door(&send, "/api/v1/holds?account=northwind", "/credits", &hold),
        door(&Method::PATCH, HOLD, "/used", &json!({ "used": "1" })),
        door(&Method::PATCH, HOLD, "/credits", &cost),
        door(
            &send,
            "/api/v1/holds/{n}/settle?account=northwind",
            "/credits",
            &cost,
        ),
    ]
}

/// What is sold.
fn offers() -> Vec<Door> {
    let put = Method::PUT;
    let plan = json!({ "name": "P", "monthly_credits": "5", "price": "5", "currency": "EUR", "rollover": "5" });
    let pack = json!({ "name": "P", "credits": "5", "price": "5", "currency": "EUR" });
    vec![
        door(&put, "/api/v1/plans/p{n}", "/monthly_credits", &plan),
        door(&put, "/api/v1/plans/p{n}", "/rollover", &plan),
        door(&put, "/api/v1/plans/p{n}", "/price", &plan),
        door(&put, "/api/v1/packs/p{n}", "/credits", &pack),
        door(&put, "/api/v1/packs/p{n}", "/price", &pack),
    ]
}

/// What accounts and companies are given, and held to.
fn accounts() -> Vec<Door> {
    let put = Method::PUT;
    let company = json!({ "name": "A", "budget": "5", "agent_caps": { "chat": "5" } });
    let companies = "/api/v1/accounts/northwind/companies/c{n}";
    let account = json!({
        "name": "Northwind", "kind": "agency", "time_zone": "Europe/Berlin", "auto_refund_credits": "5",
        "cycle_anchor": "2026-01-01T00:00:00Z", "plan": "growth", "policy": "overage"
    });
    let given = json!({ "credits": "5", "reason": "test" });
    let adjustments = "/api/v1/accounts/northwind/adjustments";
    let signed = Door {
        sign: Sign::Signed,
        ..door(&Method::POST, adjustments, "/credits", &given)
    };
    let rule = |kind: &str| {
        let rule = json!({ "condition": { "kind": kind, "credits": "5" } });
        door(&put, RULE, "/condition/credits", &rule)
    };
    vec![
        door(&put, ACCOUNT, "/auto_refund_credits", &account),
        door(&put, companies, "/budget", &company),
        door(&put, companies, "/agent_caps/chat", &company),
        rule("remaining"),
        rule("spike"),
        signed,
    ]
}

/// Fields of the description that take an amount, and why they are not among the doors.
pub const OTHER_FIELDS: [(&str, &str); 6] = [
    (
        "PostReversal.credits",
        "at most what is left of the event's cost",
    ),
    (
        "PostDecision.credits",
        "at most what is left of the event's cost",
    ),
    (
        "UsageData.quantity",
        "held to its own bound and to that of its price",
    ),
    (
        "PostOrder.quantity",
        "a number of packs, held to 99 and to the bound of what they come to",
    ),
    ("RateRule.credits_per_unit", "nine digits before the point"),
    ("RateRule.quantity", "a JSON Pointer, no amount"),
];

impl Door {
    pub async fn send(&self, server: &TestServer, number: &mut u32, amount: Value) -> Reply {
        *number += 1;
        if self.path.contains("holds/{n}") {
            let hold = json!({ "id": number.to_string(), "company": "acme-dental", "agent": "chat",
                "activity": "chat_reply", "credits": "0.000001", "expires_in_s": 60 });
            let made = server.post("/api/v1/holds?account=northwind", &hold).await;
            made.ok(201);
        }
        let numbered = |text: &str| text.replace("{n}", &number.to_string());
        let mut body: Value = serde_json::from_str(&numbered(&self.body.to_string())).unwrap();
        *body.pointer_mut(self.at).unwrap() = amount;
        let path = numbered(self.path);
        let reply = server.json(self.method.clone(), &path, &server.platform, &body);
        reply.await
    }

    pub fn name(&self) -> String {
        format!("{} {} {}", self.method, self.path, self.field)
    }

    /// Whether the answer names this field as wrong.
    pub fn refuses(&self, reply: &Reply) -> bool {
        reply.status == StatusCode::UNPROCESSABLE_ENTITY && {
            let (_, field, _) = &reply.errors()[0];
            // Conditions of alert rules are checked by themselves.
            field == self.field
                || self.field.ends_with(&format!(".{field}"))
                || self.field.starts_with(&format!("{field}."))
        }
    }
}
