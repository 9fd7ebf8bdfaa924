//! The form that gives a company a name and limits.

use std::collections::BTreeMap;

use app::{context::Current, forms::Done};
use axum::{Extension, Form, extract::State, response::Response};
use domain::{Agent, Credits, Invalid, number, tenancy::Company};
use service::{
    Scope, ServiceError, ServiceResult, Services, companies::Limits, ports::Versioned as _,
};

use super::{
    billing::scope,
    fields::{Fields, credits, text},
    members::form_page,
    stale::{self, Outdated, field},
};
use crate::AppState;

/// `POST /companies/limits`: the caps come as one field for each agent.
pub async fn limits(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Form(fields): Form<Fields>,
) -> Response {
    let services = &state.services;
    let done = async {
        check_once(&fields)?;
        let scope = scope(services, &current, text(&fields, "account")).await?;
        let expected = stale::version(Some(text(&fields, "version")))?;
        let (key, limits) = (text(&fields, "company"), read_limits(&fields)?);
        let before = services.company(&scope, key).await?;
        let set = services.set_limits(&scope, key, limits.clone(), expected);
        match set.await {
            Err(ServiceError::Stale) => {
                Ok(Err(outdated(services, &scope, key, &limits, &fields).await?))
            }
            set => {
                set?;
                let now = services.company(&scope, key).await?;
                Ok(Ok(changed(&fields, &before, &now)))
            }
        }
    }
    .await;
    let next = form_page(&fields, app::COMPANIES_PATH);
    stale::go_on(&state, current, done, Some(&next)).await
}

/// What was changed, and the form that gives the company what it had before.
fn changed(fields: &Fields, before: &Company, now: &Company) -> Done {
    let Some(said) = changed_words(before, now) else {
        return Done::said(format!("{} stays as it is.", now.name));
    };
    let of = |amount: Option<Credits>| amount.map(|amount| amount.to_string()).unwrap_or_default();
    let same = ["account", "company", "next"].map(|name| (name, text(fields, name).to_owned()));
    let mut undo = same.to_vec();
    undo.push(("version", now.version().to_string()));
    undo.push(("name", before.name.clone()));
    undo.push(("budget", of(before.budget)));
    for agent in Agent::ALL {
        undo.push((cap_field(agent), of(before.agent_caps.get(&agent).copied())));
    }
    Done::said(said).undone_by("/companies/limits", undo)
}

/// Everything that was changed, in sentences; none when that is nothing.
fn changed_words(before: &Company, now: &Company) -> Option<String> {
    let name = &now.name;
    let renamed = format!("{} is called {name} now.", before.name);
    let budget = match now.budget {
        Some(budget) => {
            let budget = number::credits(budget);
            format!("Budget of {name} is {budget} credits a cycle.")
        }
        None => format!("{name} has no budget now."),
    };
    let caps = format!("The limits of {name} apply from now on.");
    let all = [
        (now.name != before.name, renamed),
        (now.budget != before.budget, budget),
        (now.agent_caps != before.agent_caps, caps),
    ];
    let said = all.into_iter().filter(|(is_changed, _)| *is_changed);
    let said: Vec<_> = said.map(|(_, sentence)| sentence).collect();
    (!said.is_empty()).then(|| said.join(" "))
}

/// The field with what an agent may spend.
const fn cap_field(agent: Agent) -> &'static str {
    match agent {
        Agent::Chat => "cap_chat",
        Agent::VoiceInbound => "cap_voice_inbound",
        Agent::VoiceOutbound => "cap_voice_outbound",
        Agent::VoiceWeb => "cap_voice_web",
        Agent::AutoTrigger => "cap_auto_trigger",
        Agent::Nox => "cap_nox",
    }
}

/// Everything that is wrong with the amounts is said at once.
fn read_limits(fields: &Fields) -> ServiceResult<Limits> {
    let (mut agent_caps, mut wrong) = (BTreeMap::new(), Vec::new());
    let mut read = |name: &str| match credits(fields, name) {
        Ok(amount) => Ok(amount),
        Err(ServiceError::Invalid(Invalid(errors))) => {
            wrong.extend(errors);
            Ok(None)
        }
        Err(error) => Err(error),
    };
    let budget = read("budget")?;
    for agent in Agent::ALL {
        if let Some(cap) = read(cap_field(agent))? {
            agent_caps.insert(agent, cap);
        }
    }
    Invalid::refuse(wrong)?;
    Ok(Limits {
        name: text(fields, "name").to_owned(),
        budget,
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
