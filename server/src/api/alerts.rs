//! Alerts of an account: its rules, and what they told.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use domain::{
    Credits,
    alert::{Condition, Ending, Rule},
    calendar::Zone,
};
use serde::{Deserialize, Serialize};
use service::{
    Permission, Services,
    ports::{Alert, Versioned as _},
};
use utoipa::ToSchema;

use super::{
    auth::Authed,
    body::JsonBody,
    list::{ListParams, Page, Paging, Sorted},
    problem::Answer,
    query::Params,
    times,
    version::{Precondition, read_answer},
};

/// What is watched: a `kind`, and what goes with it.
#[derive(Debug, ToSchema)]
#[schema(as = AlertCondition)]
#[expect(
    dead_code,
    reason = "describes a type of the domain, which knows nothing of HTTP"
)]
pub struct ConditionSchema {
    /// `used_percent`, `remaining`, `company_budget`, `projected_run_out` or `spike`.
    #[schema(example = "used_percent")]
    kind: String,
    /// Of `used_percent` and `company_budget`: percent, rising, each sent once in a billing cycle.
    #[schema(example = json!([75, 90, 100]))]
    levels: Option<Vec<u32>>,
    /// Of `remaining`: no more than this remains. Of `spike`: at least so much above expected. At most 1000000000.
    credits: Option<String>,
    /// Of `company_budget`: the company's key; every company that has a budget, when left out.
    company: Option<String>,
}

/// A rule.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertRule)]
pub struct RuleBody {
    /// Unique in its account.
    #[schema(example = "credits-used")]
    pub key: String,
    /// What is watched.
    #[schema(value_type = ConditionSchema)]
    pub condition: Condition,
    /// Whether owners and billing admins get an email.
    pub by_mail: bool,
    /// Whether the account's webhooks are called.
    pub by_webhook: bool,
    /// Until then nobody is notified; null when it is not snoozed.
    #[schema(required)]
    pub snoozed_until: Option<String>,
    /// The version of the rest: its `ETag` without the quotation marks, for `If-Match`.
    #[schema(example = "0f1e2d3c4b5a69788796a5b4")]
    pub version: String,
}

/// A rule to store.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PutAlertRule)]
pub struct PutRuleBody {
    /// What is watched.
    #[schema(value_type = ConditionSchema)]
    condition: Condition,
    /// Whether owners and billing admins get an email; they do when left out.
    #[serde(default = "yes")]
    #[schema(default = true)]
    by_mail: bool,
    /// Whether the account's webhooks are called; they are when left out.
    #[serde(default = "yes")]
    #[schema(default = true)]
    by_webhook: bool,
}

const fn yes() -> bool {
    true
}

/// For how long nobody is notified.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Snooze)]
pub struct SnoozeBody {
    /// In seconds, at most 35 days; 0 ends it.
    #[schema(example = 86_400)]
    for_s: u32,
}

/// An alert that was sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alert)]
pub struct AlertBody {
    /// Its number.
    number: i64,
    /// Key of the rule.
    rule: String,
    /// What the rule watches.
    #[schema(example = "used_percent")]
    kind: String,
    /// The company it is about; null when it is about the account.
    #[schema(required)]
    company: Option<String>,
    /// The level that was crossed, in percent where levels are.
    level: u32,
    /// What was measured.
    #[schema(value_type = String, example = "68012.5")]
    observed: Credits,
    /// What it was measured by.
    #[schema(value_type = String, example = "75000")]
    limit: Credits,
    /// When credits will be used up, or when the spike began.
    #[schema(required)]
    at: Option<String>,
    /// When it was sent.
    fired_at: String,
    /// When it was resolved; null while it lasts, and when a later alert took its place.
    #[schema(required)]
    recovered_at: Option<String>,
    /// Why it was resolved: `recovered`, `new_cycle`, `rule_changed`, `rule_deleted` or `budget_removed`; null while it
    /// lasts, and when a later alert took its place.
    #[schema(required)]
    reason: Option<&'static str>,
    /// Whether it is ongoing.
    lasts: bool,
    /// When somebody acknowledged it.
    #[schema(required)]
    acknowledged_at: Option<String>,
    /// Who did.
    #[schema(required)]
    acknowledged_by: Option<String>,
}

impl From<Rule> for RuleBody {
    fn from(rule: Rule) -> Self {
        Self {
            version: rule.version().to_string(),
            key: rule.key,
            condition: rule.condition,
            by_mail: rule.by_mail,
            by_webhook: rule.by_webhook,
            snoozed_until: rule.snoozed_until.map(times::rfc3339_utc),
        }
    }
}

impl AlertBody {
    fn new(alert: Alert, zone: &Zone) -> Self {
        let time = |time| times::rfc3339(time, zone);
        let lasts = alert.lasts();
        let reading = alert.reading;
        let (acknowledged_at, acknowledged_by) = alert.acknowledged.unzip();
        Self {
            number: alert.number,
            rule: alert.rule,
            kind: alert.kind,
            company: Some(reading.subject).filter(|subject| !subject.is_empty()),
            level: reading.level,
            observed: reading.observed,
            limit: reading.limit,
            at: reading.at.map(time),
            fired_at: time(alert.fired_at),
            recovered_at: alert.recovered_at.map(time),
            reason: alert.ending.map(Ending::id),
            lasts,
            acknowledged_at: acknowledged_at.map(time),
            acknowledged_by,
        }
    }
}

/// Lists an account's alert rules
#[utoipa::path(
    get, path = "/api/v1/accounts/{key}/alert-rules", tag = "Alerts", operation_id = "list_alert_rules",
    params(
        ("key" = String, Path, description = "The account's key."),
        ListParams,
    ),
    responses(
        (status = 200, description = "The rules, at most 50.", body = Page<RuleBody>),
        (status = 404, description = "No such account."),
    ),
)]
pub async fn list_rules(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(account): Path<String>,
    params: Params,
) -> Answer<Json<Page<RuleBody>>> {
    let mut rest = params.plain();
    let page = Paging::take(&mut rest);
    rest.finish()?;
    let page = page.of::<String>(format!("alert-rules:{account}"))?;
    let scope = services
        .scope(&caller, Some(&account), Permission::Read)
        .await?;
    let rules = services.alert_rules(&scope).await?;
    let place = |rule: &Rule| rule.key.clone();
    Ok(Json(page.page_of_all(
        rules,
        Sorted::Up,
        place,
        RuleBody::from,
    )))
}

/// Stores an alert rule
///
/// A rule notifies once in a cycle and level, when the level is crossed, and once more when it is resolved. A changed rule is
/// compared with what is true now: what is crossed and was not sent in this cycle is sent.
#[utoipa::path(
    put, path = "/api/v1/accounts/{key}/alert-rules/{rule}", tag = "Alerts", operation_id = "put_alert_rule",
    params(
        ("key" = String, Path, description = "The account's key."),
        ("rule" = String, Path, description = "The rule's key."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request."),
        ("If-Match" = Option<String>, Header, description = "Replaces only the version with this `ETag`; `*` replaces any and creates nothing."),
        ("If-None-Match" = Option<String>, Header, description = "`*` creates and replaces nothing."),
    ),
    request_body = PutRuleBody,
    responses(
        (status = 200, description = "Stored.", body = RuleBody, headers(("ETag" = String, description = "Its version, for `If-Match`."))),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such account."),
        (status = 409, description = "There are 50 rules already."),
    ),
)]
pub async fn put_rule(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path((account, key)): Path<(String, String)>,
    Precondition(expected): Precondition,
    params: Params,
    JsonBody(body): JsonBody<PutRuleBody>,
) -> Answer<Response> {
    params.none()?;
    let scope = services
        .scope(&caller, Some(&account), Permission::Bill)
        .await?;
    let rule = Rule {
        key,
        condition: body.condition,
        by_mail: body.by_mail,
        by_webhook: body.by_webhook,
        snoozed_until: None,
    };
    let stored = services.put_alert_rule_if(&scope, rule, &expected);
    Ok(read_answer(stored.await?, RuleBody::from))
}

/// Deletes an alert rule
#[utoipa::path(
    delete, path = "/api/v1/accounts/{key}/alert-rules/{rule}", tag = "Alerts", operation_id = "delete_alert_rule",
    params(
        ("key" = String, Path, description = "The account's key."),
        ("rule" = String, Path, description = "The rule's key."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request."),
    ),
    responses(
        (status = 204, description = "Deleted. Its alerts are resolved and stay in the list."),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such rule."),
    ),
)]
pub async fn delete_rule(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path((account, key)): Path<(String, String)>,
    params: Params,
) -> Answer<StatusCode> {
    params.none()?;
    let scope = services
        .scope(&caller, Some(&account), Permission::Bill)
        .await?;
    services.delete_alert_rule(&scope, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Snoozes an alert rule
///
/// Its alerts are still kept and shown, but nobody gets an email or an event. What is ongoing when the snooze ends is sent
/// then.
#[utoipa::path(
    post, path = "/api/v1/accounts/{key}/alert-rules/{rule}/snooze", tag = "Alerts", operation_id = "snooze_alert_rule",
    params(
        ("key" = String, Path, description = "The account's key."),
        ("rule" = String, Path, description = "The rule's key."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request."),
    ),
    request_body = SnoozeBody,
    responses(
        (status = 200, description = "Snoozed.", body = RuleBody),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such rule."),
    ),
)]
pub async fn snooze_rule(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path((account, key)): Path<(String, String)>,
    params: Params,
    JsonBody(body): JsonBody<SnoozeBody>,
) -> Answer<Json<RuleBody>> {
    params.none()?;
    let scope = services
        .scope(&caller, Some(&account), Permission::Bill)
        .await?;
    let rule = services.snooze_alert_rule(&scope, &key, body.for_s).await?;
    Ok(Json(rule.into()))
}

/// Lists alerts, newest first
#[utoipa::path(
    get, path = "/api/v1/accounts/{key}/alerts", tag = "Alerts", operation_id = "list_alerts",
    params(
        ("key" = String, Path, description = "The account's key."),
        ListParams,
    ),
    responses(
        (status = 200, description = "The alerts.", body = Page<AlertBody>),
        (status = 404, description = "No such account."),
    ),
)]
pub async fn list_alerts(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(account): Path<String>,
    params: Params,
) -> Answer<Json<Page<AlertBody>>> {
    let mut rest = params.plain();
    let page = Paging::take(&mut rest);
    rest.finish()?;
    let page = page.of::<i64>(format!("alerts:{account}"))?;
    let scope = services
        .scope(&caller, Some(&account), Permission::Read)
        .await?;
    let zone = times::zone(scope.account(), None)?;
    let alerts = services.alerts(&scope, page.after, page.to_read()).await?;
    let place = |alert: &Alert| alert.number;
    Ok(Json(
        page.page(alerts, place, |alert| AlertBody::new(alert, &zone)),
    ))
}

/// Acknowledges an alert
#[utoipa::path(
    post, path = "/api/v1/accounts/{key}/alerts/{number}/acknowledgement", tag = "Alerts", operation_id = "acknowledge_alert",
    params(
        ("key" = String, Path, description = "The account's key."),
        ("number" = i64, Path, description = "The alert's number."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request."),
    ),
    responses(
        (status = 204, description = "Acknowledged. Who did so first stays."),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such alert."),
    ),
)]
pub async fn acknowledge(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path((account, number)): Path<(String, i64)>,
    params: Params,
) -> Answer<StatusCode> {
    params.none()?;
    let scope = services
        .scope(&caller, Some(&account), Permission::Bill)
        .await?;
    services.acknowledge_alert(&scope, number).await?;
    Ok(StatusCode::NO_CONTENT)
}
