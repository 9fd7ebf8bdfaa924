//! Forms of the page Alerts.

use app::{context::Current, forms::Done};
use axum::{Extension, Form, extract::State, response::Response};
use domain::{
    Credits,
    alert::{Condition, Rule},
    calendar::Zone,
    time::SECOND_US,
};
use serde::Deserialize;
use service::{
    Scope, ServiceError, ServiceResult, Services,
    ports::{EmailKind, Expected, Versioned as _},
};

use super::{
    billing::scope,
    fields::amount,
    outcome::finish,
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
    /// Whether it is taken back.
    undo: Option<String>,
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
    amount("threshold", text)
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
            let added = services.add_alert_rule(&scope, rule).await?;
            let said = format!("Alert created: {}.", added.condition);
            let undo = of_rule(&form.account, &added.key, form.next.as_deref());
            return Ok(Ok(
                Done::said(said).undone_by("/billing/alerts/remove", undo)
            ));
        }
        let before = found(services, &scope, &form.key).await;
        let expected = stale::version(form.version.as_deref())?;
        let expected = expected.map_or(Expected::Any, Expected::version);
        let put = services.put_alert_rule_if(&scope, rule.clone(), &expected);
        match put.await {
            Err(ServiceError::Stale) => Ok(Err(outdated(services, &scope, &form, &rule).await?)),
            put => Ok(Ok(changed(&form, before.ok().as_ref(), &put?))),
        }
    }
    .await;
    stale::go_on(&state, current, done, form.next.as_deref()).await
}

async fn found(services: &Services, scope: &Scope, key: &str) -> ServiceResult<Rule> {
    let rules = services.alert_rules(scope).await?;
    let found = rules.into_iter().find(|rule| rule.key == key);
    found.ok_or(ServiceError::NotFound)
}

/// What names a rule in a form.
fn of_rule(account: &str, key: &str, next: Option<&str>) -> Vec<(&'static str, String)> {
    vec![
        ("account", account.to_owned()),
        ("key", key.to_owned()),
        ("next", next.unwrap_or_default().to_owned()),
    ]
}

/// The fields of the form that stores a rule.
fn to_store(account: &str, rule: &Rule, next: Option<&str>) -> Vec<(&'static str, String)> {
    let mut fields = of_rule(account, &rule.key, next);
    fields.push(("kind", rule.condition.kind().to_owned()));
    fields.push(("at", app::pages::settings::threshold_of(&rule.condition)));
    if let Condition::CompanyBudget {
        company: Some(company),
        ..
    } = &rule.condition
    {
        fields.push(("company", company.clone()));
    }
    let ways = [("by_mail", rule.by_mail), ("by_webhook", rule.by_webhook)];
    let ways = ways.into_iter().filter(|(_, is_on)| *is_on);
    fields.extend(ways.map(|(name, _)| (name, "1".to_owned())));
    fields
}

/// What a rule says now, and the form that makes it say again what it said before.
fn changed(form: &RuleForm, before: Option<&Rule>, now: &Rule) -> Done {
    let done = Done::said(format!("Alert saved: {}.", now.condition));
    let Some(before) = before else {
        return done;
    };
    let mut undo = to_store(&form.account, before, form.next.as_deref());
    undo.push(("version", now.version().to_string()));
    done.undone_by("/billing/alerts/rules", undo)
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
        let rule = found(&services, &scope, &form.key).await?;
        services.delete_alert_rule(&scope, &form.key).await?;
        let said = format!(
            "Alert deleted: {}. What it told is resolved.",
            rule.condition
        );
        let undo = to_store(&form.account, &rule, form.next.as_deref());
        Ok(Done::said(said).undone_by("/billing/alerts/rules", undo))
    };
    finish(done.await, form.next.as_deref())
}

/// `POST /billing/alerts/snooze`
pub async fn snooze_rule(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<RuleKeyForm>,
) -> Response {
    let done = async {
        let scope = scope(&services, &current, &form.account).await?;
        let before = found(&services, &scope, &form.key).await?;
        let rule = services
            .snooze_alert_rule(&scope, &form.key, form.for_s)
            .await?;
        let zone = Zone::named(&scope.account().time_zone).unwrap_or_else(|_| Zone::utc());
        let said = match rule.snoozed_until {
            Some(until) => format!("Snoozed until {}: {}.", zone.minute(until), rule.condition),
            None => format!("Resumed: {}.", rule.condition),
        };
        let now = services.now();
        let left_us = before
            .snoozed_until
            .map_or(0, |until| until.micros_since(now));
        let seconds = (left_us / SECOND_US).max(0);
        let mut undo = of_rule(&form.account, &form.key, form.next.as_deref());
        undo.push(("for_s", seconds.to_string()));
        Ok(Done::said(said).undone_by("/billing/alerts/snooze", undo))
    };
    finish(done.await, form.next.as_deref())
}

/// `POST /billing/alerts/digest`
pub async fn put_digest(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<DigestForm>,
) -> Response {
    let is_on = form.weekly.is_some();
    let done = async {
        let scope = scope(&services, &current, &form.account).await?;
        services.set_weekly_digest(&scope, is_on).await?;
        let said = if is_on {
            "The weekly email digest is on, from this week on."
        } else {
            "The weekly email digest is off, from this week on."
        };
        let mut undo = vec![
            ("account", form.account.clone()),
            ("next", form.next.clone().unwrap_or_default()),
        ];
        undo.extend((!is_on).then(|| ("weekly", "on".to_owned())));
        Ok(Done::said(said).undone_by("/billing/alerts/digest", undo))
    };
    finish(done.await, form.next.as_deref())
}

/// `POST /billing/alerts/emails`
pub async fn put_email(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<EmailForm>,
) -> Response {
    let is_on = form.subscribed.is_some();
    let done = async {
        let scope = scope(&services, &current, &form.account).await?;
        let kind: EmailKind = form
            .kind
            .parse()
            .map_err(|()| ServiceError::invalid("kind", "must be alerts or digest"))?;
        services.set_own_email(&scope, kind, is_on).await?;
        let said = if is_on {
            format!("You get this email: {}.", kind.name())
        } else {
            format!("You do not get this email any more: {}.", kind.name())
        };
        let mut undo = vec![
            ("account", form.account.clone()),
            ("kind", form.kind.clone()),
            ("next", form.next.clone().unwrap_or_default()),
        ];
        undo.extend((!is_on).then(|| ("subscribed", "on".to_owned())));
        Ok(Done::said(said).undone_by("/billing/alerts/emails", undo))
    };
    finish(done.await, form.next.as_deref())
}

/// `POST /billing/alerts/acknowledge`
pub async fn acknowledge(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<AlertForm>,
) -> Response {
    let done = async {
        let scope = scope(&services, &current, &form.account).await?;
        if form.undo.is_some() {
            services.unacknowledge_alert(&scope, form.number).await?;
            return Ok(Done::said("The alert is not acknowledged any more."));
        }
        if !services.acknowledge_alert(&scope, form.number).await? {
            let said = "The alert was acknowledged before: the page says by whom.";
            return Ok(Done::said(said));
        }
        let undo = [
            ("account", form.account.clone()),
            ("number", form.number.to_string()),
            ("undo", "1".to_owned()),
            ("next", form.next.clone().unwrap_or_default()),
        ];
        let said = "The alert is acknowledged: everybody sees by whom.";
        Ok(Done::said(said).undone_by("/billing/alerts/acknowledge", undo))
    };
    finish(done.await, form.next.as_deref())
}
