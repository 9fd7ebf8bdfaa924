//! Leads: stored once, counted exactly, and compared with the usage that they came from.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    Agent, Credits, Quantity, Time, TimeRange,
    lead::{LEAD_REACH_US, LeadKind, NewLead, Worth, is_short_call},
    time::{BUCKET_US, DAY_US, MINUTE_US},
    usage::Totals,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use service::ports::{
    AccountAct, Act, AgentCell, ChatCell, CommitOutcome, Grain, LeadCell, NewEvent, Reverse,
    Selection, Write,
};

use super::{
    backend::Backend,
    world::{NOW, World, stored},
};

fn lead(world: &World, number: i64, kind: LeadKind, worth: Option<(i64, &str)>) -> NewEvent {
    NewEvent {
        id: format!("lead-{number}"),
        kind: "creditscope.lead".to_owned(),
        activity: kind.id().to_owned(),
        credits: Credits::ZERO,
        lead: Some(NewLead {
            kind,
            worth: worth.map(|(amount_micro, currency)| Worth {
                amount_micro,
                currency: currency.to_owned(),
            }),
        }),
        ..world.event(number)
    }
}

pub async fn an_identity_is_of_a_lead_or_of_usage_for_ever(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let booking = lead(&world, 1, LeadKind::Booking, Some((5_000_000, "EUR")));
    let usage = world.event(2);
    let batch = vec![booking.clone(), usage.clone()];
    assert_eq!(
        world.commit(std::slice::from_ref(&batch)).await,
        [stored(2, 0)]
    );
    assert_eq!(world.commit(&[batch]).await, [stored(0, 2)]);
    let changed = NewEvent {
        fingerprint: 99,
        ..booking.clone()
    };
    assert_eq!(
        world.commit(&[vec![world.event(3), changed]]).await,
        [CommitOutcome::Conflict(vec![1])]
    );
    // The same identity, once as usage and once as a lead.
    let as_usage = NewEvent {
        id: booking.id.clone(),
        ..world.event(4)
    };
    let as_lead = NewEvent {
        id: usage.id.clone(),
        ..lead(&world, 5, LeadKind::Lead, None)
    };
    assert_eq!(
        world.commit(&[vec![as_usage], vec![as_lead]]).await,
        [
            CommitOutcome::Conflict(vec![0]),
            CommitOutcome::Conflict(vec![0])
        ]
    );
    let both = vec![
        NewEvent {
            id: "both".to_owned(),
            ..world.event(6)
        },
        NewEvent {
            id: "both".to_owned(),
            ..lead(&world, 7, LeadKind::Lead, None)
        },
    ];
    assert_eq!(
        world.commit(&[both]).await,
        [CommitOutcome::Conflict(vec![1])]
    );
    // Nothing of what was refused is there, and a lead is no usage.
    assert_eq!(world.store.doctor().await.unwrap().events, 1);
    assert_eq!(world.used(world.account.id, NOW).await, usage.credits);
    for sql in ["UPDATE leads SET amount = 1", "DELETE FROM leads"] {
        let error = world.backend.meddle(sql).await.unwrap_err();
        assert!(error.contains("append-only"), "{error}");
    }
    world.healthy().await;
}

/// Two hundred leads over forty days, and the events they may have come from.
async fn filled(world: &World) -> (Vec<NewEvent>, Vec<NewEvent>) {
    let mut rng = StdRng::seed_from_u64(7);
    let at = |rng: &mut StdRng| NOW.plus_micros(-rng.random_range(0..90 * DAY_US));
    let (mut leads, mut usage) = (Vec::new(), Vec::new());
    for number in 0..400 {
        let reference = match rng.random_range(0..4) {
            0 => None,
            1 => Some(format!("Conv_{}", rng.random_range(0..60))),
            _ => Some(format!("conv_{}", rng.random_range(0..60))),
        };
        let company = world.companies[rng.random_range(0..3)];
        let agent = Agent::ALL[rng.random_range(0..6)];
        let time = at(&mut rng);
        let placed = NewEvent {
            company,
            agent,
            reference,
            ..world.event_at(number, time)
        };
        if number % 2 == 0 {
            let kind = LeadKind::ALL[rng.random_range(0..3)];
            let worth = [None, Some((1_500_001, "EUR")), Some((70_000_000, "USD"))];
            let sort = lead(world, number, kind, worth[rng.random_range(0..3)]);
            leads.push(NewEvent {
                id: sort.id,
                lead: sort.lead,
                credits: Credits::ZERO,
                ..placed
            });
        } else {
            let seconds = rng.random_range(0..20);
            let (quantity, unit, metadata) = match rng.random_range(0..4) {
                0 => (Some(seconds), Some("second"), None),
                1 => (Some(seconds), Some("token"), None),
                2 => (None, None, Some(format!("{{\"duration_s\":{seconds}.5}}"))),
                _ => (None, None, Some("{\"duration_s\":\"long\"}".to_owned())),
            };
            let quantity = quantity.and_then(Quantity::from_whole);
            usage.push(NewEvent {
                credits: Credits::from_micro(number * 1_003),
                is_short_call: is_short_call(agent, quantity, unit, metadata.as_deref()),
                quantity,
                unit: unit.map(str::to_owned),
                metadata,
                ..placed
            });
        }
    }
    world
        .add(leads.iter().chain(&usage).cloned().collect())
        .await;
    (leads, usage)
}

fn selections(world: &World) -> [Selection; 3] {
    [
        Selection::default(),
        Selection {
            companies: Some(vec![world.companies[1]]),
            ..Selection::default()
        },
        Selection {
            agents: vec![Agent::Chat, Agent::VoiceWeb],
            companies: Some(world.companies[..2].to_vec()),
            ..Selection::default()
        },
    ]
}

fn is_of(selection: &Selection, event: &NewEvent) -> bool {
    let companies = selection.companies.as_ref();
    companies.is_none_or(|companies| companies.contains(&event.company))
        && (selection.agents.is_empty() || selection.agents.contains(&event.agent))
}

/// Days, buckets, and a range that begins and ends within them.
fn ranges(world: &World) -> [(Grain, TimeRange); 3] {
    let zone = world.cycles.zone();
    let day = |back: i64| zone.day_of(NOW.plus_micros(-back * DAY_US));
    let start = NOW.plus_micros(-60 * DAY_US);
    [
        (Grain::Day, TimeRange::new(day(70), day(3))),
        (
            Grain::Bucket,
            TimeRange::new(start.bucket(), start.bucket().plus_micros(999 * BUCKET_US)),
        ),
        (
            Grain::Event,
            TimeRange::new(start, NOW.plus_micros(-7 * MINUTE_US)),
        ),
    ]
}

fn start_of(event: &NewEvent, grain: Grain, range: TimeRange) -> Time {
    match grain {
        Grain::Day => event.day_start,
        Grain::Bucket => event.time.bucket(),
        Grain::Event => event.time.bucket().max(range.start),
    }
}

type Counted = BTreeMap<(Time, i64, Agent, LeadKind, Option<String>), (u64, i64)>;

fn by_key(cells: impl IntoIterator<Item = LeadCell>) -> Counted {
    let mut counted = Counted::new();
    for cell in cells {
        let key = (
            cell.start,
            cell.company.0,
            cell.agent,
            cell.kind,
            cell.currency,
        );
        let sum = counted.entry(key).or_default();
        sum.0 += cell.leads;
        sum.1 += cell.worth_micro;
    }
    counted
}

pub async fn leads_are_counted_exactly_at_every_grain(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let (leads, _) = filled(&world).await;
    world.add(vec![world.in_other(&leads[0])]).await;
    let mut snapshot = world.store.snapshot().await.unwrap();
    for selection in selections(&world) {
        for (grain, range) in ranges(&world) {
            let found = snapshot.lead_cells(world.account.id, &selection, range, grain);
            let right = leads
                .iter()
                .filter(|event| range.contains(event.time) && is_of(&selection, event))
                .map(|event| {
                    let lead = event.lead.as_ref().unwrap();
                    let worth = lead.worth.as_ref();
                    LeadCell {
                        start: start_of(event, grain, range),
                        company: event.company,
                        agent: event.agent,
                        kind: lead.kind,
                        currency: worth.map(|worth| worth.currency.clone()),
                        worth_micro: worth.map_or(0, |worth| worth.amount_micro),
                        leads: 1,
                    }
                });
            let right = by_key(right);
            assert!(!right.is_empty());
            assert_eq!(by_key(found.await.unwrap()), right, "{grain:?}");
        }
    }
    let first = snapshot.first_lead(world.account.id).await.unwrap();
    assert_eq!(first, leads.iter().map(|lead| lead.time).min());
    drop(snapshot);
    world.healthy().await;
}

fn sum(cells: &[AgentCell]) -> Totals {
    let mut sum = Totals::default();
    for cell in cells {
        sum.add(cell.totals);
    }
    sum
}

/// Credits, chats and replies of all companies.
fn counted(cells: &[ChatCell]) -> (Credits, u64, u64) {
    let credits = cells
        .iter()
        .fold(Credits::ZERO, |sum, cell| sum.saturating_add(cell.credits));
    let chats = cells.iter().map(|cell| cell.chats).sum();
    let replies = cells.iter().map(|cell| cell.replies).sum();
    (credits, chats, replies)
}

/// Credits, chats and replies of the conversations in which some reply is so.
fn by_talk(replies: &[&NewEvent], is_so: &dyn Fn(&NewEvent) -> bool) -> (Credits, u64, u64) {
    let mut talks: BTreeMap<_, Vec<&NewEvent>> = BTreeMap::new();
    for event in replies.iter().filter(|event| event.reference.is_some()) {
        let talk = (event.company, event.reference.clone());
        talks.entry(talk).or_default().push(event);
    }
    talks.retain(|_, talk| talk.iter().any(|event| is_so(event)));
    let all = total(talks.values().flatten().copied());
    (all.credits, talks.len() as u64, all.events)
}

fn total<'a>(events: impl Iterator<Item = &'a NewEvent>) -> Totals {
    let mut sum = Totals::default();
    for event in events {
        sum.add(Totals {
            credits: event.credits,
            events: 1,
        });
    }
    sum
}

pub async fn short_calls_and_chats_without_a_lead_are_told_exactly(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let mut snapshot = world.store.snapshot().await.unwrap();
    assert_eq!(snapshot.first_lead(world.account.id).await.unwrap(), None);
    drop(snapshot);
    let (leads, usage) = filled(&world).await;
    let names = |event: &NewEvent| {
        event.reference.is_some()
            && leads.iter().any(|lead| {
                lead.reference == event.reference
                    && lead.company == event.company
                    && lead.time.micros_since(event.time).abs() <= LEAD_REACH_US
            })
    };
    let mut snapshot = world.store.snapshot().await.unwrap();
    for selection in selections(&world) {
        for (grain, range) in ranges(&world) {
            let there = || {
                usage
                    .iter()
                    .filter(|event| range.contains(event.time) && is_of(&selection, event))
            };
            let calls = snapshot.short_calls(world.account.id, &selection, range, grain);
            let right = total(there().filter(|event| event.is_short_call));
            assert_eq!(sum(&calls.await.unwrap()), right, "{grain:?}");
            let chats = snapshot.chats_with_lead(world.account.id, &selection, range);
            let with_lead = counted(&chats.await.unwrap());
            let of_chat: Vec<_> = there().filter(|event| event.agent == Agent::Chat).collect();
            assert_eq!(with_lead, by_talk(&of_chat, &names), "{range:?}");
            let chats = snapshot.chats(world.account.id, &selection, range);
            let all = counted(&chats.await.unwrap());
            assert_eq!(all, by_talk(&of_chat, &|_| true), "{range:?}");
        }
    }
    drop(snapshot);
    // What is given back of a short call is no longer wasted.
    let short = usage.iter().find(|event| event.is_short_call).unwrap();
    let reverse = AccountAct {
        account: world.account.id,
        actor: "test".to_owned(),
        act: Act::Reverse(Reverse {
            source: short.source.clone(),
            id: short.id.clone(),
            reversal: "back".to_owned(),
            credits: None,
            reason: "nobody spoke".to_owned(),
        }),
    };
    let written = world.store.commit(&[Write::Act(reverse)], NOW).await;
    assert_eq!(written.unwrap().len(), 1);
    let all = TimeRange::new(NOW.plus_micros(-99 * DAY_US).bucket(), NOW.bucket_ceil());
    let mut snapshot = world.store.snapshot().await.unwrap();
    let left = snapshot
        .short_calls(world.account.id, &Selection::default(), all, Grain::Bucket)
        .await
        .unwrap();
    let before = total(usage.iter().filter(|event| event.is_short_call));
    assert_eq!(
        sum(&left).credits,
        before.credits.saturating_sub(short.credits)
    );
    drop(snapshot);
    world.healthy().await;
}

pub async fn the_doctor_compares_leads_and_short_calls(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    filled(&world).await;
    world.healthy().await;
    for table in [
        "lead_bucket",
        "lead_day",
        "short_call_bucket",
        "short_call_day",
    ] {
        let column = if table.starts_with("lead") {
            "leads"
        } else {
            "events"
        };
        let path = world.backend.backup_path(table);
        world.store.backup(&path).await.unwrap();
        let sql = format!(
            "UPDATE {table} SET {column} = {column} + 1 WHERE start = (SELECT min(start) FROM {table})"
        );
        world.backend.meddle_with(table, &sql).await.unwrap();
        let copy = world.backend.open_backup(table).await;
        let report = copy.doctor().await.unwrap();
        let named = report.differences.iter().any(|text| text.contains(table));
        assert!(named, "{table}: {:?}", report.differences);
    }
}
