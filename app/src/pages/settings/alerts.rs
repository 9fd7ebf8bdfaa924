//! Alerts: what is watched, what was told, and where it is told.

mod emails;
mod rule;
mod webhooks;

use std::collections::BTreeMap;

use domain::{
    Credits, Time,
    alert::{Condition, Ending, Rule, Sentence, capitalised},
    calendar::Zone,
    number,
};
use leptos::prelude::*;
use service::{
    Scope, Services,
    ports::{Alert, ApiKey, EmailKind},
};

use super::{
    FramedPage,
    endings::keys_notice,
    frame::{Ask, Frame, at, hidden},
    keys::MOST_KEYS,
};
use crate::{ALERTS_PATH, error::AppError};
use rule::RuleSheet;
use webhooks::Webhooks;

/// Alerts of the history.
const MOST_TOLD: u32 = 50;
/// Companies that are offered.
const MOST_COMPANIES: u32 = 500;
/// The page Alerts.
#[derive(Debug, Clone)]
pub struct AlertsPage {
    frame: Frame,
    rules: Vec<Rule>,
    lasting: Vec<Alert>,
    told: Vec<Alert>,
    companies: BTreeMap<String, String>,
    is_told_weekly: bool,
    own_emails: Vec<(EmailKind, bool)>,
    webhooks: Option<Webhooks>,
    keys: Vec<ApiKey>,
    sheet: Option<RuleSheet>,
    may_change: bool,
    zone: Zone,
    now: Time,
}

impl FramedPage for AlertsPage {
    const PATH: &'static str = ALERTS_PATH;
    const TITLE: &'static str = "Alerts";

    async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
        let (scope, frame) = ask.frame(ALERTS_PATH).await?;
        let rules = ask.services.alert_rules(&scope).await?;
        let told = ask.services.alerts(&scope, None, MOST_TOLD).await?;
        let lasting = ask.services.lasting_alerts(&scope).await?;
        let (mut webhooks, mut keys) = (None, Vec::new());
        if scope.may_manage() {
            webhooks = Some(Webhooks::read(ask, &scope).await?);
            let (_, caller) = ask.current.known()?;
            let account = Some(frame.account.as_str());
            keys = ask.services.keys(caller, account, None, MOST_KEYS).await?;
        }
        let sheet = if scope.may_bill() {
            RuleSheet::read(ask, &scope, &frame, &rules).await?
        } else {
            None
        };
        Ok(Self {
            sheet,
            companies: names(ask.services, &scope).await?,
            may_change: scope.may_bill(),
            zone: Zone::named(&scope.account().time_zone).unwrap_or_else(|_| Zone::utc()),
            now: ask.services.now(),
            frame,
            is_told_weekly: ask.services.weekly_digest(&scope).await?,
            own_emails: ask.services.own_emails(&scope).await?,
            rules,
            lasting,
            told,
            webhooks,
            keys,
        })
    }

    fn view(self) -> AnyView {
        let webhooks = self
            .webhooks
            .as_ref()
            .map(|webhooks| webhooks.view(&self.frame, &self.zone));
        let endpoints = self
            .webhooks
            .as_ref()
            .and_then(|webhooks| webhooks.notice(&self.zone));
        let sheet = self
            .sheet
            .as_ref()
            .map(|sheet| sheet.view(&self.frame, self.now));
        let parts = view! {
            {keys_notice(&self.keys, &self.zone, self.now)}
            {endpoints}
            {self.open()}
            {self.rules()}
            {self.weekly()}
            {self.own_emails()}
            {webhooks}
            {self.history()}
            {sheet}
        };
        self.frame.clone().view(
            "Alerts",
            "Get notified before credits run out. Each threshold notifies once in a billing cycle.",
            parts.into_any(),
        )
    }
}

impl AlertsPage {
    /// What an alert says, with the company's name; and the exact figures.
    fn words(&self, alert: &Alert) -> (String, String) {
        let reading = &alert.reading;
        let company = self.companies.get(&reading.subject);
        let sentence = Sentence {
            kind: &alert.kind,
            reading,
            mark: reading.mark,
            company: company.unwrap_or(&reading.subject),
            zone: &self.zone,
        };
        let exact = format!(
            "{} of {}",
            number::credits(reading.observed),
            number::credits(reading.limit)
        );
        (capitalised(&sentence.fired()), exact)
    }

    /// What is still so.
    fn open(&self) -> impl IntoView + use<> {
        let cards: Vec<_> = self.lasting.iter().map(|alert| self.card(alert)).collect();
        let calm = cards.is_empty().then(|| {
            view! { <p class="card empty-card" data-testid="calm">"No active alerts."</p> }
        });
        view! {
            <section aria-labelledby="now">
                <header class="section-header"><h2 id="now">"Active alerts"</h2><p>"Sent and still ongoing."</p></header>
                <div data-live="active-alerts">{calm}<ul class="alert-list" data-testid="open-alerts">{cards}</ul></div>
            </section>
        }
    }

    fn card(&self, alert: &Alert) -> AnyView {
        let since = format!("Since {}", at(alert.fired_at, &self.zone));
        let known = alert
            .acknowledged
            .as_ref()
            .map(|(time, who)| format!(" · Acknowledged by {who}, {}", at(*time, &self.zone)));
        let acknowledge = (self.may_change && known.is_none()).then(|| {
            view! {
                <form method="post" action="/billing/alerts/acknowledge">
                    {hidden("account", self.frame.account.clone())}{hidden("number", alert.number.to_string())}{hidden("next", self.frame.back())}
                    <button class="button" type="submit">"Acknowledge"</button>
                </form>
            }
        });
        let class = if known.is_some() {
            "card alert-card known"
        } else {
            "card alert-card"
        };
        let (words, exact) = self.words(alert);
        view! {
            <li class=class><div><b title=exact>{words}</b><small class="dim">{since}{known}</small></div>{acknowledge}</li>
        }
        .into_any()
    }

    fn rules(&self) -> impl IntoView + use<> {
        let rows: Vec<_> = self.rules.iter().map(|rule| self.rule(rule)).collect();
        let table = if rows.is_empty() {
            view! { <p class="card empty-card">"No alert rules yet. Without one, the first sign that credits are used up is that AI features stop."</p> }.into_any()
        } else {
            view! {
                <div class="card table-card" tabindex="0" role="group" aria-label="Table of rules">
                    <table data-testid="rules"><thead><tr><th scope="col">"Condition"</th><th scope="col">"Notify via"</th><th scope="col">"Status"</th><th scope="col"><span class="visually-hidden">"Actions"</span></th></tr></thead><tbody>{rows}</tbody></table>
                </div>
            }
            .into_any()
        };
        let add = self.may_change.then(|| {
            view! { <a class="button primary" href=self.frame.sheet("new", "rule") data-noscroll="">"Create alert"</a> }
        });
        view! {
            <section class="stack" aria-labelledby="watched">
                <header class="section-header"><h2 id="watched">"Rules"</h2><p>"Emails go to owners and billing admins."</p>{add}</header>
                {table}
            </section>
        }
    }

    fn rule(&self, rule: &Rule) -> AnyView {
        let mut ways = vec!["This page"];
        if rule.by_mail {
            ways.push("email");
        }
        if rule.by_webhook {
            ways.push("webhooks");
        }
        let state = match rule.snoozed_until.filter(|_| rule.is_snoozed(self.now)) {
            Some(until) => {
                view! { <span class="state warn">{format!("Snoozed until {}", at(until, &self.zone))}</span> }.into_any()
            }
            None => view! { <span class="state good">"Active"</span> }.into_any(),
        };
        let change = self.may_change.then(|| self.change(rule));
        view! {
            <tr><th scope="row">{self.condition(&rule.condition)}<small>{rule.key.clone()}</small></th><td>{ways.join(", ")}</td><td>{state}</td><td>{change}</td></tr>
        }
        .into_any()
    }

    /// What a rule watches, with the company's name.
    fn condition(&self, condition: &Condition) -> String {
        match condition {
            Condition::CompanyBudget {
                company: Some(company),
                levels,
            } => Condition::CompanyBudget {
                company: Some(self.companies.get(company).unwrap_or(company).clone()),
                levels: levels.clone(),
            }
            .to_string(),
            other => other.to_string(),
        }
    }

    fn change(&self, rule: &Rule) -> impl IntoView + use<> {
        let label = format!("Edit: {}", self.condition(&rule.condition));
        view! { <a class="quiet-button" href=self.frame.sheet("edit", &rule.key) data-noscroll="" aria-label=label>"Edit"</a> }
    }

    fn history(&self) -> impl IntoView + use<> {
        let rows: Vec<_> = self.told.iter().map(|alert| self.line(alert)).collect();
        let table = if rows.is_empty() {
            view! { <p class="card empty-card">"No alerts yet. They appear here as soon as a threshold is crossed."</p> }.into_any()
        } else {
            view! {
                <div class="card table-card" tabindex="0" role="group" aria-label="Table of alerts">
                    <table data-testid="told"><thead><tr><th scope="col">"Alert"</th><th scope="col">"Sent"</th><th scope="col">"Resolved"</th><th scope="col">"Acknowledged by"</th></tr></thead><tbody>{rows}</tbody></table>
                </div>
            }
            .into_any()
        };
        view! {
            <section aria-labelledby="history">
                <header class="section-header"><h2 id="history">"History"</h2><p>{format!("The latest {MOST_TOLD} alerts. Times are in {}.", self.zone.name())}</p></header>
                <div data-live="history">{table}</div>
            </section>
        }
    }

    fn line(&self, alert: &Alert) -> AnyView {
        let over = match (alert.recovered_at, alert.ending, alert.lasts()) {
            (Some(time), Some(ending), _) if ending != Ending::Recovered => {
                format!("{} · {ending}", at(time, &self.zone))
            }
            (Some(time), ..) => at(time, &self.zone),
            (None, _, true) => "Ongoing".to_owned(),
            (None, _, false) => "Replaced by a later alert".to_owned(),
        };
        let known = alert.acknowledged.as_ref().map(|(_, who)| who.clone());
        let (words, exact) = self.words(alert);
        view! {
            <tr><th scope="row" title=exact>{words}<small>{alert.rule.clone()}</small></th><td>{at(alert.fired_at, &self.zone)}</td><td>{over}</td><td>{known.unwrap_or_else(|| "–".to_owned())}</td></tr>
        }
        .into_any()
    }
}

async fn names(services: &Services, scope: &Scope) -> Result<BTreeMap<String, String>, AppError> {
    let companies = services
        .companies(scope, None, None, MOST_COMPANIES)
        .await?;
    let names = companies
        .into_iter()
        .map(|company| (company.key, company.name));
    Ok(names.collect())
}

/// From what on, as people write it.
pub fn threshold_of(condition: &Condition) -> String {
    let plain = |credits: Credits| number::credits(credits);
    match condition {
        Condition::UsedPercent { levels } | Condition::CompanyBudget { levels, .. } => {
            let levels: Vec<_> = levels.iter().map(u32::to_string).collect();
            levels.join(", ")
        }
        Condition::Remaining { credits } | Condition::Spike { credits } => plain(*credits),
        Condition::ProjectedRunOut => String::new(),
    }
}
