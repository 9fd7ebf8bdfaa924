//! Live traffic: an event every second or two, for as long as the server runs.

use std::time::Duration;

use domain::{Agent, event::AgeLimit};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use service::{Caller, Services, ingest::IngestBatch};

use super::{
    accounts::{ACCOUNTS, DemoAccount, DemoCompany},
    history,
};

/// Shortest and longest pause between two events.
const PAUSE_MS: std::ops::Range<u64> = 700..2_800;

/// Sends events until the task is stopped.
pub async fn traffic(services: Services, caller: Caller) {
    let mut rng = StdRng::seed_from_u64(services.now().micros().unsigned_abs());
    loop {
        tokio::time::sleep(Duration::from_millis(rng.random_range(PAUSE_MS))).await;
        let account = if rng.random_bool(0.8) {
            &ACCOUNTS[0]
        } else {
            &ACCOUNTS[1]
        };
        let (company, agent) = pick(account, &mut rng);
        let mut event = history::event(account, company, agent, services.now(), &mut rng);
        event.source = event.source.map(|source| format!("{source}-live"));
        let batch = IngestBatch {
            events: vec![event],
            account: None,
            age: AgeLimit::Enforced,
        };
        if let Err(error) = services.ingest(&caller, batch).await {
            tracing::warn!(%error, "the demo's event was not taken");
        }
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
