//! The form that gives a company a name and limits.

use std::collections::BTreeMap;

use app::context::Current;
use axum::{Extension, Form, extract::State, response::Response};
use domain::{Agent, Credits};
use service::{
    Scope, ServiceError, ServiceResult, Services, companies::Limits, ports::Versioned as _,
};

use super::{
    billing::scope,
    stale::{self, Outdated, field},
};
use crate::AppState;

/// `POST /companies/limits`: the caps come as one field for each agent.
pub async fn limits(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let services = &state.services;
    let form: BTreeMap<_, _> = fields.iter().cloned().collect();
    let text = |name: &str| form.get(name).map(|text| text.trim()).unwrap_or_default();
    let done = async {
        check_once(&fields)?;
        let scope = scope(services, &current, text("account")).await?;
        let expected = stale::version(Some(text("version")))?;
        let (key, limits) = (text("company"), read_limits(&text)?);
        let set = services.set_limits(&scope, key, limits.clone(), expected);
        Ok(match set.await {
            Err(ServiceError::Stale) => {
                Some(outdated(services, &scope, key, &limits, &fields).await?)
            }
            set => set.map(|()| None)?,
        })
    }
    .await;
    let next = form.get("next").map(String::as_str);
    stale::go_on(&state, current, done, next, "limits").await
}

fn read_limits<'a>(text: &impl Fn(&str) -> &'a str) -> ServiceResult<Limits> {
    let mut agent_caps = BTreeMap::new();
    for agent in Agent::ALL {
        let name = format!("cap_{}", agent.id());
        if let Some(cap) = amount(&name, text(&name))? {
            agent_caps.insert(agent, cap);
        }
    }
    Ok(Limits {
        name: text("name").to_owned(),
        budget: amount("budget", text("budget"))?,
        agent_caps,
    })
}

/// What the company has by now, beside what was sent.
async fn outdated(
    services: &Services,
    scope: &Scope,
    key: &str,
    yours: &Limits,
    sent: &[(String, String)],
) -> ServiceResult<Outdated> {
    let now = services.company(scope, key).await?;
    let words = |amount: Option<Credits>| amount.map(|amount| amount.to_string());
    let words = |amount| words(amount).unwrap_or_default();
    let mut fields = vec![
        field("Name", yours.name.clone(), now.name.clone()),
        field("Budget", words(yours.budget), words(now.budget)),
    ];
    fields.extend(Agent::ALL.map(|agent| {
        let of = |caps: &BTreeMap<Agent, Credits>| words(caps.get(&agent).copied());
        field(
            format!("Cap of {}", agent.name()),
            of(&yours.agent_caps),
            of(&now.agent_caps),
        )
    }));
    let kept = |name: &str| name != "version" && name != "next";
    Ok(Outdated {
        version: now.version(),
        what: now.name,
        action: "/companies/limits",
        has_files: false,
        fields,
        sent: sent
            .iter()
            .filter(|(name, _)| kept(name))
            .cloned()
            .collect(),
    })
}

fn check_once(fields: &[(String, String)]) -> ServiceResult<()> {
    let mut names: Vec<_> = fields.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(ServiceError::invalid(pair[0], "must be given once")),
        None => Ok(()),
    }
}

fn amount(field: &str, text: &str) -> ServiceResult<Option<Credits>> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|error| ServiceError::invalid(field, error))
}
