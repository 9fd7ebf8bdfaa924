//! Forms of the page Alerts.

use app::context::Current;
use axum::{Extension, Form, extract::State, response::Response};
use domain::{
    Credits,
    alert::{Condition, Rule},
};
use serde::Deserialize;
use service::{
    Scope, ServiceError, ServiceResult, Services,
    ports::{Expected, Versioned as _},
};

use super::{
    billing::{go_on, scope},
    stale::{self, Outdated, field},
};
use crate::AppState;

/// Stores a rule.
#[derive(Debug, Deserialize)]
pub struct RuleForm {
    account: String,
    /// The rule to change; a new one when empty.
    #[serde(default)]
    key: String,
    kind: String,
    #[serde(default)]
    at: String,
    #[serde(default)]
    company: String,
    by_mail: Option<String>,
    by_webhook: Option<String>,
    /// The version that the form shows.
    version: Option<String>,
    next: Option<String>,
}

/// Removes or snoozes a rule.
#[derive(Debug, Deserialize)]
pub struct RuleKeyForm {
    account: String,
    key: String,
    #[serde(default)]
    for_s: u32,
    next: Option<String>,
}

/// Says that an alert is known.
#[derive(Debug, Deserialize)]
pub struct AlertForm {
    account: String,
    number: i64,
    next: Option<String>,
}

/// Says whether there is a digest every week.
#[derive(Debug, Deserialize)]
pub struct DigestForm {
    account: String,
    /// `on` to have it sent; missing to have it sent no more.
    weekly: Option<String>,
    next: Option<String>,
}

/// Says whether the reader gets a kind of email.
#[derive(Debug, Deserialize)]
pub struct EmailForm {
    account: String,
    kind: String,
    /// `on` to subscribe; missing to unsubscribe.
    subscribed: Option<String>,
    next: Option<String>,
}

/// Levels as people write them: `75, 90, 100 %`.
fn levels(text: &str) -> ServiceResult<Vec<u32>> {
    let words = text
        .split([',', ' ', ';', '%'])
        .filter(|word| !word.is_empty());
    let levels: Result<Vec<u32>, _> = words.map(str::parse).collect();
    levels
        .map_err(|_| ServiceError::invalid("threshold", "must be percentages such as 75, 90, 100"))
}

fn credits(text: &str) -> ServiceResult<Credits> {
    let plain = text.replace([',', ' '], "");
    plain
        .parse()
        .map_err(|error| ServiceError::invalid("threshold", error))
}

fn condition(form: &RuleForm) -> ServiceResult<Condition> {
    let at = form.at.trim();
    Ok(match form.kind.as_str() {
        "used_percent" => Condition::UsedPercent {
            levels: levels(at)?,
        },
        "remaining" => Condition::Remaining {
            credits: credits(at)?,
        },
        "company_budget" => Condition::CompanyBudget {
            company: Some(form.company.trim().to_owned()).filter(|key| !key.is_empty()),
            levels: levels(at)?,
        },
        "projected_run_out" => Condition::ProjectedRunOut,
        "spike" => Condition::Spike {
            credits: credits(at)?,
        },
        _ => return Err(ServiceError::invalid("kind", "must be one of the list")),
    })
}

/// `POST /billing/alerts/rules`
pub async fn put_rule(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Form(form): Form<RuleForm>,
) -> Response {
    let services = &state.services;
    let done = async {
        let scope = scope(services, &current, &form.account).await?;
        let rule = Rule {
            key: form.key.clone(),
            condition: condition(&form)?,
            by_mail: form.by_mail.is_some(),
            by_webhook: form.by_webhook.is_some(),
            snoozed_until: None,
        };
        if form.key.is_empty() {
            services.add_alert_rule(&scope, rule).await?;
            return Ok(None);
        }
        let expected = stale::version(form.version.as_deref())?;
        let expected = expected.map_or(Expected::Any, Expected::version);
        let put = services.put_alert_rule_if(&scope, rule.clone(), &expected);
        Ok(match put.await {
            Err(ServiceError::Stale) => Some(outdated(services, &scope, &form, &rule).await?),
            put => put.map(|_| None)?,
        })
    }
    .await;
    let next = form.next.as_deref();
    stale::go_on(&state, current, done, next, "changed").await
}

/// What the rule says by now, beside what was sent.
async fn outdated(
    services: &Services,
    scope: &Scope,
    form: &RuleForm,
    yours: &Rule,
) -> ServiceResult<Outdated> {
    let rules = services.alert_rules(scope).await?;
    let now = rules.into_iter().find(|rule| rule.key == form.key);
    // Somebody deleted it: saved anyway, it would be a new one.
    let now = now.ok_or_else(|| {
        ServiceError::Conflict("this alert was deleted meanwhile: create a new one".to_owned())
    })?;
    let yes = |is_on: bool| if is_on { "On" } else { "Off" }.to_owned();
    let mut sent = vec![
        ("account".to_owned(), form.account.clone()),
        ("key".to_owned(), form.key.clone()),
        ("kind".to_owned(), form.kind.clone()),
        ("at".to_owned(), form.at.clone()),
        ("company".to_owned(), form.company.clone()),
    ];
    for (name, is_on) in [("by_mail", yours.by_mail), ("by_webhook", yours.by_webhook)] {
        sent.extend(is_on.then(|| (name.to_owned(), "1".to_owned())));
    }
    let condition = |rule: &Rule| rule.condition.to_string();
    Ok(Outdated {
        what: condition(&now),
        action: "/billing/alerts/rules",
        has_files: false,
        fields: vec![
            field("Condition", condition(yours), condition(&now)),
            field("Email", yes(yours.by_mail), yes(now.by_mail)),
            field("Webhooks", yes(yours.by_webhook), yes(now.by_webhook)),
        ],
        sent,
        version: now.version(),
    })
}

/// `POST /billing/alerts/remove`
pub async fn remove_rule(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<RuleKeyForm>,
) -> Response {
    let done = async {
        let scope = scope(&services, &current, &form.account).await?;
        services.delete_alert_rule(&scope, &form.key).await
    };
    go_on(done.await, form.next.as_deref(), "rule-removed")
}

/// `POST /billing/alerts/snooze`
pub async fn snooze_rule(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<RuleKeyForm>,
) -> Response {
    let done = async {
        let scope = scope(&services, &current, &form.account).await?;
        services
            .snooze_alert_rule(&scope, &form.key, form.for_s)
            .await
    };
    go_on(done.await, form.next.as_deref(), "changed")
}

/// `POST /billing/alerts/digest`
pub async fn put_digest(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<DigestForm>,
) -> Response {
    let done = async {
        let scope = scope(&services, &current, &form.account).await?;
        services
            .set_weekly_digest(&scope, form.weekly.is_some())
            .await
    };
    go_on(done.await, form.next.as_deref(), "digest")
}

/// `POST /billing/alerts/emails`
pub async fn put_email(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<EmailForm>,
) -> Response {
    let done = async {
        let scope = scope(&services, &current, &form.account).await?;
        let kind = form
            .kind
            .parse()
            .map_err(|()| ServiceError::invalid("kind", "must be alerts or digest"))?;
        let is_on = form.subscribed.is_some();
        services.set_own_email(&scope, kind, is_on).await
    };
    go_on(done.await, form.next.as_deref(), "emails")
}

/// `POST /billing/alerts/acknowledge`
pub async fn acknowledge(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<AlertForm>,
) -> Response {
    let done = async {
        let scope = scope(&services, &current, &form.account).await?;
        services.acknowledge_alert(&scope, form.number).await
    };
    go_on(done.await, form.next.as_deref(), "known")
}
