//! What is asked: every route and every server function, about something.

#![expect(clippy::too_many_lines, reason = "a list is as long as what it lists")]

use axum::http::Method;
use domain::activity::LogAsk;
use serde::Serialize;
use serde_json::{Value, json};

/// What is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Names {
    pub account: &'static str,
    pub company: &'static str,
    pub event: &'static str,
    pub hold: &'static str,
    pub order: &'static str,
    pub key: &'static str,
    pub webhook: &'static str,
    pub message: &'static str,
    pub dispute: &'static str,
    /// A number is no name that is taken out: it may be part of any other.
    pub alert: &'static str,
}

impl Names {
    /// Longest first, so that none is taken out of the middle of another.
    pub fn all(&self) -> [&'static str; 9] {
        let mut names = [
            self.account,
            self.company,
            self.event,
            self.hold,
            self.order,
            self.key,
            self.webhook,
            self.message,
            self.dispute,
        ];
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        names
    }
}

pub const OWN: Names = Names {
    account: "northwind",
    company: "acme-dental",
    event: "acme-event",
    hold: "acme-hold",
    order: "northwind-order",
    key: "aaaaaaaaaaaa",
    webhook: "northwind-hook",
    message: "msg_northwind",
    dispute: "northwind-dispute",
    alert: "1",
};
pub const OTHER_COMPANY: Names = Names {
    company: "bluewater-spa",
    event: "spa-event",
    hold: "spa-hold",
    ..OWN
};
pub const MISSING_COMPANY: Names = Names {
    // As long as the names they stand for: an answer of a function says how long its text is.
    company: "none-of-these",
    event: "no--event",
    hold: "no-hold",
    ..OWN
};
pub const OTHER_ACCOUNT: Names = Names {
    account: "brightside",
    company: "brightside-east",
    event: "east-event",
    hold: "east-hold",
    order: "brightside-order",
    key: "bbbbbbbbbbbb",
    webhook: "brightside-hook",
    message: "msg_brightside",
    dispute: "brightside-dispute",
    alert: "2",
};
pub const MISSING: Names = Names {
    account: "nowhere",
    order: "no-order",
    key: "cccccccccccc",
    webhook: "no-hook",
    message: "msg_none",
    dispute: "no-dispute",
    alert: "99",
    ..MISSING_COMPANY
};

/// What one may do, to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Anyone: a signature inside says whose it is.
    Signature,
    /// To read the catalogue.
    Catalogue,
    /// To read, of the companies one may see.
    Read,
    /// To read what is of the whole account.
    ReadAll,
    Ingest,
    Check,
    Bill,
    Manage,
    Provision,
    /// To read across accounts.
    Staff,
}

/// One thing asked.
#[derive(Debug, Clone)]
pub struct Ask {
    pub route: &'static str,
    pub method: Method,
    pub path: String,
    pub body: Option<Value>,
    /// The arguments of a function, which are no JSON.
    pub arguments: Vec<u8>,
    pub need: Need,
}

/// What routes of pages begin their path with.
pub const PAGE: &str = " /page/";

impl Ask {
    /// What is sent with it.
    pub fn bytes(&self) -> Vec<u8> {
        self.body
            .as_ref()
            .map_or_else(|| self.arguments.clone(), |body| body.to_string().into())
    }

    /// Whether it asks for a page, which is for people.
    pub fn is_page(&self) -> bool {
        self.route.contains(PAGE)
    }
}

/// A function's path without the hash that tells versions apart.
pub fn without_hash(path: &str) -> &str {
    path.trim_end_matches(|letter: char| letter.is_ascii_digit())
}

/// Arguments of a function, as a page writes them.
pub fn packed(arguments: &impl Serialize) -> Vec<u8> {
    postcard::to_allocvec(arguments).unwrap()
}

pub fn function(name: &str) -> &'static str {
    leptos::server_fn::axum::server_fn_paths()
        .map(|(path, _)| path)
        .find(|path| without_hash(path) == format!("/api/fn/{name}"))
        .unwrap()
}

/// Everything there is to ask. Reading comes first; what ends something comes last.
pub fn all(names: &Names) -> Vec<Ask> {
    let mut asks = reads(names);
    asks.extend(functions(names));
    asks.extend(writes(names));
    asks
}

fn ask(route: &'static str, path: String, body: Option<Value>, need: Need) -> Ask {
    let (method, _) = route.split_once(' ').unwrap();
    Ask {
        route,
        method: method.parse().unwrap(),
        path,
        body,
        arguments: Vec::new(),
        need,
    }
}

fn reads(names: &Names) -> Vec<Ask> {
    let Names {
        account,
        company,
        event,
        hold,
        webhook,
        ..
    } = *names;
    let get = |route, path: String, need| ask(route, path, None, need);
    let of_account = format!("/api/v1/accounts/{account}");
    vec![
        get(
            "GET /api/v1/accounts",
            "/api/v1/accounts".to_owned(),
            Need::Read,
        ),
        get("GET /api/v1/accounts/{key}", of_account.clone(), Need::Read),
        get(
            "GET /api/v1/accounts/{key}/alert-rules",
            format!("{of_account}/alert-rules"),
            Need::ReadAll,
        ),
        get(
            "GET /api/v1/accounts/{key}/digest",
            format!("{of_account}/digest"),
            Need::ReadAll,
        ),
        get(
            "GET /api/v1/accounts/{key}/alerts",
            format!("{of_account}/alerts"),
            Need::ReadAll,
        ),
        get(
            "GET /api/v1/accounts/{key}/webhooks",
            format!("{of_account}/webhooks"),
            Need::Manage,
        ),
        get(
            "GET /api/v1/accounts/{key}/webhooks/{id}/deliveries",
            format!("{of_account}/webhooks/{webhook}/deliveries"),
            Need::Manage,
        ),
        get(
            "GET /api/v1/accounts/{key}/api-keys",
            format!("{of_account}/api-keys"),
            Need::Manage,
        ),
        get(
            "GET /api/v1/accounts/{key}/companies",
            format!("{of_account}/companies"),
            Need::Read,
        ),
        get(
            "GET /api/v1/accounts/{key}/companies/{company_key}",
            format!("{of_account}/companies/{company}"),
            Need::Read,
        ),
        get(
            "GET /api/v1/accounts/{key}/disputes",
            format!("{of_account}/disputes"),
            Need::Read,
        ),
        get(
            "GET /api/v1/accounts/{key}/grants",
            format!("{of_account}/grants"),
            Need::ReadAll,
        ),
        get(
            "GET /api/v1/accounts/{key}/ledger",
            format!("{of_account}/ledger"),
            Need::ReadAll,
        ),
        get(
            "GET /api/v1/accounts/{key}/orders",
            format!("{of_account}/orders"),
            Need::ReadAll,
        ),
        get(
            "GET /api/v1/balance",
            format!("/api/v1/balance?account={account}"),
            Need::ReadAll,
        ),
        get(
            "GET /api/v1/events",
            format!("/api/v1/events?account={account}"),
            Need::Read,
        ),
        get(
            "GET /api/v1/events",
            format!("/api/v1/events?account={account}&company={company}"),
            Need::Read,
        ),
        get(
            "GET /api/v1/events/{source}/{id}",
            format!("/api/v1/events/test/{event}?account={account}"),
            Need::Read,
        ),
        get(
            "GET /api/v1/forecast",
            format!("/api/v1/forecast?account={account}"),
            Need::ReadAll,
        ),
        get(
            "GET /api/v1/holds/{id}",
            format!("/api/v1/holds/{hold}?account={account}"),
            Need::Check,
        ),
        get(
            "GET /api/v1/packs",
            "/api/v1/packs".to_owned(),
            Need::Catalogue,
        ),
        get(
            "GET /api/v1/packs/{key}",
            "/api/v1/packs/boost".to_owned(),
            Need::Catalogue,
        ),
        get(
            "GET /api/v1/plans",
            "/api/v1/plans".to_owned(),
            Need::Catalogue,
        ),
        get(
            "GET /api/v1/plans/{key}",
            "/api/v1/plans/growth".to_owned(),
            Need::Catalogue,
        ),
        get(
            "GET /api/v1/rate-cards",
            "/api/v1/rate-cards".to_owned(),
            Need::Provision,
        ),
        get(
            "GET /api/v1/rate-cards/{type}",
            "/api/v1/rate-cards/creditscope.usage".to_owned(),
            Need::Provision,
        ),
        get(
            "GET /api/v1/advice",
            format!("/api/v1/advice?account={account}"),
            Need::ReadAll,
        ),
        get(
            "GET /api/v1/sources",
            format!("/api/v1/sources?account={account}"),
            Need::ReadAll,
        ),
        get(
            "GET /api/v1/spikes",
            format!("/api/v1/spikes?account={account}&company={company}"),
            Need::Read,
        ),
        get(
            "GET /api/v1/leads/summary",
            format!("/api/v1/leads/summary?account={account}&company={company}"),
            Need::Read,
        ),
        get(
            "GET /api/v1/platform/trends",
            "/api/v1/platform/trends?by=account".to_owned(),
            Need::Staff,
        ),
        get(
            "GET /page/companies/options",
            format!(
                "/companies/options?account={account}&company={company}&on=/billing/trends&find={company}"
            ),
            Need::Read,
        ),
        get(
            "GET /page/platform/refunds",
            "/platform/refunds".to_owned(),
            Need::Staff,
        ),
        get(
            "GET /api/v1/usage/series",
            format!(
                "/api/v1/usage/series?account={account}&company={company}&window=day&group_by=company"
            ),
            Need::Read,
        ),
        get(
            "GET /api/v1/usage/summary",
            format!("/api/v1/usage/summary?account={account}&company={company}"),
            Need::Read,
        ),
    ]
}

fn functions(names: &Names) -> Vec<Ask> {
    let Names {
        account,
        company,
        event,
        ..
    } = *names;
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("account", account)
        .append_pair("company", company)
        .finish();
    let call = |route, name: &str, arguments| Ask {
        arguments,
        ..ask(route, function(name).to_owned(), None, Need::Read)
    };
    vec![
        call("POST /api/fn/load_page", "load_page", packed(&(&query,))),
        call(
            "POST /api/fn/read_log",
            "read_log",
            packed(&(&query, LogAsk::Newest, 20_u32)),
        ),
        call(
            "POST /api/fn/read_receipt",
            "read_receipt",
            packed(&(&query, "test", event)),
        ),
    ]
}

fn writes(names: &Names) -> Vec<Ask> {
    let Names {
        account,
        company,
        event,
        hold,
        order,
        key,
        webhook,
        message,
        dispute,
        alert,
    } = *names;
    let of_account = format!("/api/v1/accounts/{account}");
    let held = format!("/api/v1/holds/{hold}");
    let at = format!("?account={account}");
    let spent = json!({
        "specversion": "1.0", "id": "new", "source": "matrix", "type": "creditscope.usage", "subject": company,
        "account": account, "data": { "agent": "chat", "activity": "chat_reply", "credits": "1" }
    });
    let asked = json!({ "company": company, "agent": "chat", "credits": "1" });
    let new_hold = json!({
        "company": company, "agent": "chat", "activity": "voice_call", "credits": "1", "expires_in_s": 60
    });
    let changed = json!({ "name": "Changed" });
    vec![
        ask(
            "POST /api/v1/events",
            "/api/v1/events".to_owned(),
            Some(spent),
            Need::Ingest,
        ),
        ask(
            "POST /api/v1/check",
            format!("/api/v1/check{at}"),
            Some(asked),
            Need::Check,
        ),
        ask(
            "POST /api/v1/holds",
            format!("/api/v1/holds{at}"),
            Some(new_hold),
            Need::Check,
        ),
        ask(
            "PATCH /api/v1/holds/{id}",
            format!("{held}{at}"),
            Some(json!({ "used": "0.5" })),
            Need::Check,
        ),
        ask(
            "POST /api/v1/holds/{id}/settle",
            format!("{held}/settle{at}"),
            Some(json!({ "credits": "1" })),
            Need::Check,
        ),
        // It is settled: ending it again is a conflict for those who may.
        ask(
            "DELETE /api/v1/holds/{id}",
            format!("{held}{at}"),
            None,
            Need::Check,
        ),
        ask(
            "POST /api/v1/events/{source}/{id}/reversal",
            format!("/api/v1/events/test/{event}/reversal{at}"),
            Some(json!({ "reason": "wrong", "credits": "0.1" })),
            Need::Provision,
        ),
        ask(
            "POST /api/v1/accounts/{key}/disputes/{id}/decision",
            format!("{of_account}/disputes/{dispute}/decision"),
            Some(json!({ "decision": "decline", "reason": "no fault" })),
            Need::Provision,
        ),
        ask(
            "POST /api/v1/accounts/{key}/orders",
            format!("{of_account}/orders"),
            Some(json!({ "pack": "boost" })),
            Need::Bill,
        ),
        ask(
            "POST /api/v1/accounts/{key}/orders/{id}/payment",
            format!("{of_account}/orders/{order}/payment"),
            Some(json!({ "status": "failed", "reason": "no" })),
            Need::Provision,
        ),
        ask(
            "POST /api/v1/accounts/{key}/packs",
            format!("{of_account}/packs"),
            Some(json!({ "pack": "boost" })),
            Need::Provision,
        ),
        ask(
            "POST /api/v1/accounts/{key}/adjustments",
            format!("{of_account}/adjustments"),
            Some(json!({ "credits": "1", "reason": "kind" })),
            Need::Provision,
        ),
        ask(
            "POST /api/v1/accounts/{key}/portal-sessions",
            format!("{of_account}/portal-sessions"),
            Some(
                json!({ "user": "ada", "role": "client", "companies": [company], "expires_in_s": 60 }),
            ),
            Need::Provision,
        ),
        ask(
            "DELETE /api/v1/accounts/{key}/portal-sessions/{user}",
            format!("{of_account}/portal-sessions/somebody"),
            None,
            Need::Provision,
        ),
        ask(
            "PUT /api/v1/accounts/{key}/digest",
            format!("{of_account}/digest"),
            Some(json!({ "weekly": true })),
            Need::Bill,
        ),
        ask(
            "PUT /api/v1/accounts/{key}/alert-rules/{rule}",
            format!("{of_account}/alert-rules/low"),
            Some(json!({ "condition": { "kind": "remaining", "credits": "10" } })),
            Need::Bill,
        ),
        ask(
            "POST /api/v1/accounts/{key}/alert-rules/{rule}/snooze",
            format!("{of_account}/alert-rules/credits-used/snooze"),
            Some(json!({ "for_s": 60 })),
            Need::Bill,
        ),
        ask(
            "POST /api/v1/accounts/{key}/alerts/{number}/acknowledgement",
            format!("{of_account}/alerts/{alert}/acknowledgement"),
            None,
            Need::Bill,
        ),
        ask(
            "DELETE /api/v1/accounts/{key}/alert-rules/{rule}",
            format!("{of_account}/alert-rules/credits-used"),
            None,
            Need::Bill,
        ),
        ask(
            "POST /api/v1/accounts/{key}/webhooks",
            format!("{of_account}/webhooks"),
            Some(json!({ "url": "http://127.0.0.1:9/hook" })),
            Need::Manage,
        ),
        ask(
            "POST /api/v1/accounts/{key}/webhooks/{id}/test",
            format!("{of_account}/webhooks/{webhook}/test"),
            None,
            Need::Manage,
        ),
        ask(
            "POST /api/v1/accounts/{key}/webhooks/{id}/enable",
            format!("{of_account}/webhooks/{webhook}/enable"),
            None,
            Need::Manage,
        ),
        ask(
            "POST /api/v1/accounts/{key}/webhooks/{id}/deliveries/{message}/replay",
            format!("{of_account}/webhooks/{webhook}/deliveries/{message}/replay"),
            None,
            Need::Manage,
        ),
        ask(
            "DELETE /api/v1/accounts/{key}/webhooks/{id}",
            format!("{of_account}/webhooks/{webhook}"),
            None,
            Need::Manage,
        ),
        ask(
            "POST /api/v1/accounts/{key}/api-keys",
            format!("{of_account}/api-keys"),
            Some(json!({ "scopes": ["read"] })),
            Need::Manage,
        ),
        ask(
            "POST /api/v1/accounts/{key}/api-keys/{prefix}/rotation",
            format!("{of_account}/api-keys/{key}/rotation"),
            Some(json!({ "overlap_s": 60 })),
            Need::Manage,
        ),
        ask(
            "DELETE /api/v1/accounts/{key}/api-keys/{prefix}",
            format!("{of_account}/api-keys/{key}"),
            None,
            Need::Manage,
        ),
        ask(
            "PUT /api/v1/accounts/{key}/companies/{company_key}",
            format!("{of_account}/companies/{company}"),
            Some(changed),
            Need::Provision,
        ),
        ask(
            "PUT /api/v1/accounts/{key}",
            of_account.clone(),
            Some(json!({
                "name": "Changed", "kind": "agency", "time_zone": "Europe/Berlin",
                "cycle_anchor": "2026-01-01T00:00:00Z", "plan": "growth"
            })),
            Need::Provision,
        ),
        ask(
            "PUT /api/v1/accounts/{key}/suspension",
            format!("{of_account}/suspension"),
            Some(json!({ "suspended": false })),
            Need::Provision,
        ),
        ask(
            "PUT /api/v1/plans/{key}",
            "/api/v1/plans/growth".to_owned(),
            Some(json!({ "name": "Growth", "monthly_credits": "1000" })),
            Need::Provision,
        ),
        ask(
            "PUT /api/v1/packs/{key}",
            "/api/v1/packs/boost".to_owned(),
            Some(json!({ "name": "Boost", "credits": "100" })),
            Need::Provision,
        ),
        ask(
            "PUT /api/v1/rate-cards/{type}",
            "/api/v1/rate-cards/creditscope.usage".to_owned(),
            Some(json!({
                "effective_at": "2026-01-01T00:00:00Z",
                "rules": [{ "unit": "token", "credits_per_unit": "0.001", "rounding": "up", "decimals": 3 }]
            })),
            Need::Provision,
        ),
        ask(
            "POST /api/v1/payments/events",
            "/api/v1/payments/events".to_owned(),
            Some(json!({ "type": "payment.paid", "data": { "order": order } })),
            Need::Signature,
        ),
    ]
}
