//! Live traffic: an event every second or two, and calls that run for a while, for as long as the server runs.

mod call;

use std::time::Duration;

use domain::{
    Agent,
    event::{AgeLimit, Envelope},
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use service::{Caller, Services, ingest::IngestBatch};
use tokio::{sync::watch, task::JoinSet};

use super::{
    accounts::{ACCOUNTS, DemoAccount, DemoCompany},
    history, leads,
};
use call::Call;

/// Shortest and longest pause between two events.
const PAUSE_MS: std::ops::Range<u64> = 700..2_800;
/// Most calls at a time; further ones are reported when they have ended.
const MOST_CALLS: usize = 9;

/// Sends events and makes calls until it is told to stop; then ends the calls that run, so that none holds credits
/// any longer.
pub async fn traffic(services: Services, caller: Caller, mut stopping: watch::Receiver<bool>) {
    let mut rng = StdRng::seed_from_u64(services.now().micros().unsigned_abs());
    let mut calls = JoinSet::new();
    loop {
        let pause = Duration::from_millis(rng.random_range(PAUSE_MS));
        tokio::select! {
            // Whoever could tell is gone: that is a stop too.
            _ = stopping.wait_for(|stopping| *stopping) => break,
            () = tokio::time::sleep(pause) => {}
        }
        while calls.try_join_next().is_some() {}
        let account = if rng.random_bool(0.8) {
            &ACCOUNTS[0]
        } else {
            &ACCOUNTS[1]
        };
        let (company, agent) = pick(account, &mut rng);
        if is_call(agent) && calls.len() < MOST_CALLS {
            let call = Call::new(account, company, agent, &mut rng);
            calls.spawn(call.run(services.clone(), caller.clone(), stopping.clone()));
        } else {
            report(&services, &caller, (account, company, agent), &mut rng).await;
        }
    }
    while calls.join_next().await.is_some() {}
}

const fn is_call(agent: Agent) -> bool {
    matches!(
        agent,
        Agent::VoiceInbound | Agent::VoiceOutbound | Agent::VoiceWeb
    )
}

async fn report(
    services: &Services,
    caller: &Caller,
    (account, company, agent): (&DemoAccount, &DemoCompany, Agent),
    rng: &mut StdRng,
) {
    let now = services.now();
    let mut event = history::event(account, company, agent, now, rng);
    event.source = event.source.map(|source| format!("{source}-live"));
    let lead = leads::of(&event, agent, now, rng).map(|(_, lead)| Envelope {
        source: Some("crm-live".to_owned()),
        time: None,
        ..lead
    });
    let batch = IngestBatch {
        events: [event].into_iter().chain(lead).collect(),
        account: None,
        age: AgeLimit::Enforced,
    };
    if let Err(error) = services.ingest(caller, batch).await {
        tracing::warn!(%error, "the demo's event was not taken");
    }
}

/// Who spends next, by how much each usually does.
fn pick(account: &'static DemoAccount, rng: &mut StdRng) -> (&'static DemoCompany, Agent) {
    let pairs = account.companies.iter().flat_map(|company| {
        Agent::ALL.map(|agent| {
            (
                company,
                agent,
                company.weight * company.agents[usize::from(agent.index())],
            )
        })
    });
    let pairs: Vec<_> = pairs.collect();
    let mut left = rng.random_range(0.0..pairs.iter().map(|(_, _, weight)| weight).sum::<f64>());
    for (company, agent, weight) in &pairs {
        if left < *weight {
            return (company, *agent);
        }
        left -= weight;
    }
    (&account.companies[0], Agent::Chat)
}
