//! What usage brought in agrees with the plain lists of events and leads, for any filter, period and zone.

use std::collections::BTreeMap;

use domain::{
    Agent, Credits, Time,
    calendar::Window,
    filter::ViewQuery,
    lead::{Gain, LEAD_REACH_US, LeadKind},
    usage::Totals,
};
use proptest::{prelude::*, test_runner::TestCaseResult};
use serde_json::{Value as Json, json};
use service::{
    ServiceError,
    value::{Value, ValueQuery},
};

use crate::support::{
    self,
    model::{Spent, run, spent, total, view, zones},
    world::World,
};

const WORTHS: [Option<(i64, &str)>; 3] = [None, Some((12_500_000, "EUR")), Some((3, "USD"))];

/// A lead, placed as usage is.
#[derive(Debug, Clone)]
struct Got {
    from: Spent,
    kind: LeadKind,
    worth: Option<(i64, &'static str)>,
}

impl Got {
    fn event(&self, id: usize) -> Json {
        let mut data =
            json!({"agent": self.from.agent, "kind": self.kind, "reference": self.from.reference});
        if let Some((micro, currency)) = self.worth {
            data["value"] = json!(Credits::from_micro(micro));
            data["currency"] = json!(currency);
        }
        json!({
            "specversion": "1.0", "id": format!("l{id}"), "source": "model", "type": "creditscope.lead",
            "subject": self.from.company, "time": self.from.time.to_string(), "data": data
        })
    }
}

prop_compose! {
    fn got()(
        from in spent(),
        kind in prop::sample::select(LeadKind::ALL.as_slice()),
        worth in prop::sample::select(WORTHS.as_slice()),
    ) -> Got {
        Got { from, kind, worth }
    }
}

async fn world_of(zone: &'static str, events: &[Spent], leads: &[Got]) -> World {
    let world = World::in_zone(zone, "2026-01-31T10:07:30.5Z").await;
    let usage = events.iter().enumerate().map(|(id, event)| event.event(id));
    let leads = leads.iter().enumerate().map(|(id, lead)| lead.event(id));
    let batch: Vec<_> = usage.chain(leads).collect();
    if !batch.is_empty() {
        world.ingest(batch).await.unwrap();
    }
    world
}

/// The view as far as leads know it.
fn of_leads(query: ViewQuery) -> ViewQuery {
    ViewQuery {
        activities: Vec::new(),
        q: None,
        ..query
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn value_is_the_sum_of_the_events_and_leads(
        zone in zones(),
        events in prop::collection::vec(spent(), 0..80),
        leads in prop::collection::vec(got(), 0..60),
        query in view(),
        window in prop::sample::select(vec![Window::Hour, Window::Day, Window::Week, Window::Month]),
    ) {
        let asked = ValueQuery { view: of_leads(query), window };
        let value = run(async {
            let world = world_of(zone, &events, &leads).await;
            world.services.value(world.north().await, &asked).await
        });
        match value {
            Ok(value) => check(&value, &events, &leads, &asked.view)?,
            // Hours of a long time are refused, and nothing else is.
            Err(error) => prop_assert!(window == Window::Hour && matches!(error, ServiceError::Invalid(_)), "{}", error),
        }
    }
}

fn check(value: &Value, events: &[Spent], leads: &[Got], query: &ViewQuery) -> TestCaseResult {
    let passes = |event: &Spent| event.is_of(query) && event.is_by(query);
    let gain = |range: domain::TimeRange, of: &dyn Fn(&Spent) -> bool| {
        let mut gain = Gain {
            used: total(events, range, |event| passes(event) && of(event)),
            ..Gain::default()
        };
        for lead in leads {
            let is_there = range.contains(lead.from.time);
            if is_there && passes(&lead.from) && of(&lead.from) {
                let (worth, currency) = lead.worth.unzip();
                gain.add_leads(lead.kind, 1, currency, worth.unwrap_or(0));
            }
        }
        gain
    };
    let all = |_: &Spent| true;
    prop_assert_eq!(&value.total, &gain(value.range, &all));
    prop_assert_eq!(&value.previous, &gain(value.previous_range, &all));
    for (agent, found) in &value.agents {
        let right = gain(value.range, &|event| event.agent == *agent);
        prop_assert_eq!(found, &right);
    }
    let mut of_companies = Gain::default();
    for part in &value.companies {
        let right = gain(value.range, &|event| event.company == part.key);
        prop_assert_eq!(&part.gain, &right);
        of_companies.used.add(part.gain.used);
        for kind in LeadKind::ALL {
            of_companies.add_leads(kind, part.gain.of(kind), None, 0);
        }
    }
    prop_assert_eq!(of_companies.used, value.total.used);
    prop_assert_eq!(of_companies.leads, value.total.leads);
    for (window, found) in &value.windows {
        prop_assert_eq!(found, &gain(window.within(value.range), &all));
    }
    check_wasted(value, events, leads, passes)
}

fn check_wasted(
    value: &Value,
    events: &[Spent],
    leads: &[Got],
    passes: impl Fn(&Spent) -> bool,
) -> TestCaseResult {
    let leads_to_something = |event: &Spent| {
        event.reference.is_some()
            && leads.iter().any(|lead| {
                let apart: i64 = lead.from.time.micros_since(event.time);
                lead.from.reference == event.reference
                    && lead.from.company == event.company
                    && apart.abs() <= LEAD_REACH_US
            })
    };
    let chats = |event: &Spent| passes(event) && event.agent == Agent::Chat;
    let wasted = value.wasted;
    let all = total(events, value.range, chats);
    let mut talks: BTreeMap<_, Vec<&Spent>> = BTreeMap::new();
    let mut untold = 0;
    for event in events {
        if !chats(event) || !value.range.contains(event.time) {
            continue;
        }
        if event.reference.is_some() {
            let talk = (event.company, event.reference);
            talks.entry(talk).or_default().push(event);
        } else {
            untold += 1;
        }
    }
    prop_assert_eq!(wasted.chats.credits, all.credits);
    prop_assert_eq!(wasted.chats.events, talks.len() as u64 + untold);
    talks.retain(|_, talk| !talk.iter().any(|event| leads_to_something(event)));
    let without = Totals {
        credits: talks.values().flatten().fold(Credits::ZERO, |sum, event| {
            sum.saturating_add(event.credits)
        }),
        events: talks.len() as u64,
    };
    prop_assert_eq!(
        wasted.chats_without_lead,
        (!leads.is_empty()).then_some(without)
    );
    prop_assert_eq!(wasted.short_calls, Totals::default());
    Ok(())
}

fn lead(data: &Json) -> Json {
    json!({
        "specversion": "1.0", "id": data.to_string(), "source": "crm", "type": "creditscope.lead",
        "subject": "acme", "time": support::world::NOW, "data": data
    })
}

#[tokio::test]
async fn leads_are_checked_field_by_field() {
    let world = World::new().await;
    for (data, field) in [
        (json!({"kind": "lead"}), "data.agent"),
        (json!({"agent": "chat"}), "data.kind"),
        (json!({"agent": "chat", "kind": "visit"}), "data.kind"),
        (
            json!({"agent": "chat", "kind": "sale", "value": "5"}),
            "data.currency",
        ),
        (
            json!({"agent": "chat", "kind": "sale", "currency": "EUR"}),
            "data.value",
        ),
        (
            json!({"agent": "chat", "kind": "sale", "value": -1, "currency": "EUR"}),
            "data.value",
        ),
        (
            json!({"agent": "chat", "kind": "sale", "value": "1000000000.000001", "currency": "EUR"}),
            "data.value",
        ),
        (
            json!({"agent": "chat", "kind": "sale", "value": 1, "currency": "Euro"}),
            "data.currency",
        ),
        (
            json!({"agent": "chat", "kind": "lead", "worth": 1}),
            "data.worth",
        ),
    ] {
        let error = world.ingest(vec![lead(&data)]).await.unwrap_err();
        let ServiceError::Invalid(invalid) = error else {
            panic!("{data}: {error}");
        };
        assert_eq!(invalid.0[0].field, field, "{data}");
    }
}

#[tokio::test]
async fn a_lead_costs_nothing_and_views_that_it_does_not_know_are_refused() {
    let world = World::new().await;
    let sale =
        lead(&json!({"agent": "chat", "kind": "sale", "value": "1000000000", "currency": "EUR"}));
    world.ingest(vec![sale]).await.unwrap();
    let asked = ValueQuery {
        view: ViewQuery::default(),
        window: Window::Day,
    };
    let value = world
        .services
        .value(world.north().await, &asked)
        .await
        .unwrap();
    assert_eq!(value.total.used, Totals::default());
    assert_eq!(value.total.of(LeadKind::Sale), 1);
    let now: Time = support::world::NOW.parse().unwrap();
    assert!(value.range.contains(now.plus_micros(-1)));
    for narrowed in [
        ViewQuery {
            activities: vec!["chat_reply".to_owned()],
            ..ViewQuery::default()
        },
        ViewQuery {
            q: Some("call".to_owned()),
            ..ViewQuery::default()
        },
    ] {
        let asked = ValueQuery {
            view: narrowed,
            ..asked.clone()
        };
        let refused = world.services.value(world.north().await, &asked).await;
        assert!(matches!(refused, Err(ServiceError::Invalid(_))));
    }
}
