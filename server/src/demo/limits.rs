//! Which of the demo's events happen: agents stop where credits or a budget are used up, as a platform's do that asks
//! before each reply.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use domain::{
    Credits,
    event::{AgeLimit, Envelope, MAX_EVENTS},
};
use service::{
    Caller, Permission, ServiceResult, Services,
    companies::BoardQuery,
    ingest::{IngestBatch, Verdict},
};

use super::{feed::Occurrence, world::World};

/// Place of an account, and of one of its companies.
type Place = (usize, Option<usize>);

/// Remembers what did not happen, so that nothing comes of it either.
#[derive(Default)]
pub struct Limits {
    dropped: HashSet<String>,
}

impl Limits {
    /// Those events that happen.
    pub async fn keep(
        &mut self,
        services: &Services,
        caller: &Caller,
        world: &World,
        due: Vec<Occurrence>,
    ) -> ServiceResult<Vec<Envelope>> {
        let mut left = HashMap::new();
        for one in &due {
            for place in guarded(world, one) {
                if let Entry::Vacant(unknown) = left.entry(place) {
                    unknown.insert(remaining(services, caller, world, place).await?);
                }
            }
        }
        let mut prices = prices(services, caller, world, &due).await?;
        let mut kept = Vec::with_capacity(due.len());
        for one in due {
            let places = guarded(world, &one);
            let spends = one.lead_of.is_none();
            let is_stopped = places.iter().any(|place| left[place] <= Credits::ZERO);
            if self.never_was(&one) || (spends && is_stopped) {
                self.drop(&one);
                continue;
            }
            if spends && !places.is_empty() {
                let id = one.event.id.as_deref().unwrap_or_default();
                let price = prices.remove(id).unwrap_or(Credits::ZERO);
                for place in &places {
                    left.entry(*place)
                        .and_modify(|left| *left = left.saturating_sub(price));
                }
            }
            kept.push(one.event);
        }
        Ok(kept)
    }

    /// Says that something did not happen.
    pub fn drop(&mut self, one: &Occurrence) {
        self.dropped.extend(one.event.id.clone());
    }

    /// Whether what this came of did not happen.
    pub fn never_was(&self, one: &Occurrence) -> bool {
        let of = one.lead_of.as_ref();
        of.is_some_and(|id| self.dropped.contains(id))
    }
}

/// The limits that an event may run into in the demo.
fn guarded(world: &World, one: &Occurrence) -> Vec<Place> {
    let account = &world.accounts[one.account];
    let of_account = account.row.stops_at_percent.map(|_| (one.account, None));
    let stops = account.companies[one.company].row.stops;
    let of_company = stops.then_some((one.account, Some(one.company)));
    of_account.into_iter().chain(of_company).collect()
}

/// What a limit leaves.
async fn remaining(
    services: &Services,
    caller: &Caller,
    world: &World,
    (account, company): Place,
) -> ServiceResult<Credits> {
    let account = &world.accounts[account];
    let scope = services
        .scope(caller, Some(account.row.key), Permission::Read)
        .await?;
    let Some(company) = company else {
        let balance = services.balance(&scope).await?.balance;
        let percent = account.row.stops_at_percent.unwrap_or(100);
        let kept = balance.allocation.micro() / 100 * (100 - i64::from(percent));
        return Ok(balance.remaining.saturating_sub(Credits::from_micro(kept)));
    };
    let key = account.companies[company].row.key;
    let board = services.board(&scope, &BoardQuery::search(key)).await?;
    let line = board.lines.iter().find(|line| line.company.key == key);
    let left = line.and_then(|line| Some(line.company.budget?.saturating_sub(line.used.credits)));
    Ok(left.unwrap_or(Credits::from_micro(i64::MAX)))
}

/// What the events cost that may run into a limit, by their ids.
async fn prices(
    services: &Services,
    caller: &Caller,
    world: &World,
    due: &[Occurrence],
) -> ServiceResult<HashMap<String, Credits>> {
    let asked = |one: &&Occurrence| one.lead_of.is_none() && !guarded(world, one).is_empty();
    let asked: Vec<_> = due
        .iter()
        .filter(asked)
        .map(|one| one.event.clone())
        .collect();
    let mut prices = HashMap::with_capacity(asked.len());
    for events in asked.chunks(MAX_EVENTS) {
        let batch = IngestBatch {
            events: events.to_vec(),
            account: None,
            age: AgeLimit::Enforced,
        };
        let verdicts = services.judge(caller, batch, &[]).await?;
        for (event, verdict) in events.iter().zip(verdicts) {
            if let Verdict::New(price) | Verdict::Known(price) = verdict {
                prices.extend(event.id.clone().map(|id| (id, price)));
            }
        }
    }
    Ok(prices)
}
