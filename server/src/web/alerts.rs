//! Forms of the page Alerts.

use app::context::Current;
use axum::{Extension, Form, extract::State, response::Response};
use domain::{
    Credits,
    alert::{Condition, Rule},
};
use serde::Deserialize;
use service::{ServiceError, ServiceResult, Services};

use super::billing::{go_on, scope};

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
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<RuleForm>,
) -> Response {
    let done = async {
        let scope = scope(&services, &current, &form.account).await?;
        let condition = condition(&form)?;
        let key = if form.key.is_empty() {
            services.free_rule_key(&scope, &condition).await?
        } else {
            form.key.clone()
        };
        let rule = Rule {
            key,
            condition,
            by_mail: form.by_mail.is_some(),
            by_webhook: form.by_webhook.is_some(),
            snoozed_until: None,
        };
        services.put_alert_rule(&scope, rule).await
    };
    go_on(done.await, form.next.as_deref(), "changed")
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
