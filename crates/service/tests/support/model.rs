//! Usage as a plain list, and sums over it that nobody can get wrong.

use domain::{Agent, Credits, Time, TimeRange, filter::ViewQuery, time::DAY_US, usage::Totals};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::world::{COMPANIES, NOW};

pub const ACTIVITIES: [&str; 3] = ["chat_reply", "voice_call", "proactive_message"];
const REFERENCES: [Option<&str>; 5] = [
    None,
    Some("call_1"),
    Some("CALL_12"),
    Some("conv_é7"),
    Some("c"),
];

/// One event as the model knows it.
#[derive(Debug, Clone)]
pub struct Spent {
    pub time: Time,
    pub company: &'static str,
    pub agent: Agent,
    pub activity: &'static str,
    pub credits: Credits,
    pub reference: Option<&'static str>,
}

impl Spent {
    /// As it is reported.
    pub fn event(&self, id: usize) -> Value {
        json!({
            "specversion": "1.0", "id": format!("e{id}"), "source": "model", "type": "creditscope.usage",
            "subject": self.company, "time": self.time.to_string(),
            "data": {"agent": self.agent, "activity": self.activity, "credits": self.credits, "reference": self.reference}
        })
    }

    /// Whether the company filter lets it through.
    pub fn is_of(&self, query: &ViewQuery) -> bool {
        query.companies.is_empty() || query.companies.iter().any(|key| key == self.company)
    }

    /// Whether the activity and reference filters let it through.
    pub fn matches(&self, query: &ViewQuery) -> bool {
        let starts = |prefix: &String| {
            self.reference
                .is_some_and(|text| domain::fold::starts_with(text, prefix))
        };
        (query.activities.is_empty()
            || query
                .activities
                .iter()
                .any(|activity| activity == self.activity))
            && query.q.as_ref().is_none_or(starts)
    }

    /// Whether the agent filter lets it through.
    pub fn is_by(&self, query: &ViewQuery) -> bool {
        query.agents.is_empty() || query.agents.contains(&self.agent)
    }
}

/// All of them together.
pub fn sum(totals: impl IntoIterator<Item = Totals>) -> Totals {
    let mut sum = Totals::default();
    for total in totals {
        sum.add(total);
    }
    sum
}

/// The sum of those events in a range that pass.
pub fn total(events: &[Spent], range: TimeRange, passes: impl Fn(&Spent) -> bool) -> Totals {
    let counted = events
        .iter()
        .filter(|event| range.contains(event.time) && passes(event));
    sum(counted.map(|event| Totals {
        credits: event.credits,
        events: 1,
    }))
}

prop_compose! {
    /// An event of the last hundred days, some of them at the same instant and some on the edge of a quarter of an hour.
    pub fn spent()(
        back in prop_oneof![0..(100 * DAY_US), (0_i64..100).prop_map(|days| days * DAY_US), (0_i64..9_600).prop_map(|quarters| quarters * 900_000_000)],
        company in prop::sample::select(COMPANIES.as_slice()),
        agent in prop::sample::select(Agent::ALL.as_slice()),
        activity in prop::sample::select(ACTIVITIES.as_slice()),
        micro in 0_i64..50_000_000,
        reference in prop::sample::select(REFERENCES.as_slice()),
    ) -> Spent {
        let time = NOW.parse::<Time>().unwrap().plus_micros(-back);
        Spent { time, company, agent, activity, credits: Credits::from_micro(micro), reference }
    }
}

/// Zones whose days begin on every kind of quarter.
pub fn zones() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
    ])
}

fn some_of(values: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    prop::sample::subsequence(values, 0..=values.len())
        .prop_map(|values| values.iter().map(|&value| value.to_owned()).collect())
}

fn periods() -> impl Strategy<Value = (Option<String>, Option<String>, Option<String>)> {
    let named = prop::sample::select(vec![
        None,
        Some("this_cycle"),
        Some("last_cycle"),
        Some("7d"),
        Some("30d"),
        Some("90d"),
    ]);
    let instant = |back: i64| NOW.parse::<Time>().unwrap().plus_micros(-back).to_string();
    let dates = prop::sample::select(vec![
        ("2026-10-20", "2026-10-30"),
        ("2026-11-23", "2026-11-23"),
        ("2026-08-01", "2026-12-31"),
    ]);
    prop_oneof![
        named.prop_map(|name| (name.map(str::to_owned), None, None)),
        (0..(100 * DAY_US), 1..(60 * DAY_US)).prop_map(move |(back, length)| (
            None,
            Some(instant(back)),
            Some(instant(back - length))
        )),
        dates.prop_map(|(from, to)| (None, Some(from.to_owned()), Some(to.to_owned()))),
    ]
}

prop_compose! {
    /// Any view of `north` that a URL can ask for.
    pub fn view()(
        companies in some_of(&COMPANIES),
        agents in prop::sample::subsequence(Agent::ALL.as_slice(), 0..=6),
        activities in some_of(&ACTIVITIES),
        (period, from, to) in periods(),
        tz in prop::option::of(zones()),
        q in prop::sample::select(vec![None, None, None, Some("call_1"), Some("c"), Some("CONV_é"), Some(" conv_e\u{301}")]),
    ) -> ViewQuery {
        let (tz, q) = (tz.map(str::to_owned), q.map(str::to_owned));
        ViewQuery { account: None, companies, agents, activities, period, from, to, tz, q, against: None }
    }
}

/// Runs a use-case to its end, on a clock that needs no waiting.
pub fn run<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(future)
}
