//! The demo's events one after the other: the same for the same hour, whoever asks and whenever.

use std::{cmp::Reverse, collections::BinaryHeap, sync::Arc};

use domain::{
    Agent, Time,
    event::Envelope,
    time::{HOUR_US, SECOND_US},
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use super::{
    event, leads,
    world::{World, rate::mixed},
};

/// Replies of a conversation.
const TURNS: std::ops::Range<u32> = 2..8;
/// Seconds between two replies.
const PAUSE_S: std::ops::Range<i64> = 12..80;
/// Numbers of conversations and calls: so many that hardly any comes twice.
const REFERENCES: std::ops::Range<u32> = 0x0010_0000..0x0fff_ffff;

/// Something that happens in the demo.
#[derive(Debug, Clone)]
pub struct Occurrence {
    /// When.
    pub time: Time,
    /// Place of the account in the world.
    pub account: usize,
    /// Place of the company in the account.
    pub company: usize,
    /// Who did it.
    pub agent: Agent,
    /// How it is reported.
    pub event: Envelope,
    /// The id of the event that it came of; none when it is usage.
    pub lead_of: Option<String>,
}

/// By time, and by id where times are the same.
impl Ord for Occurrence {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.time, &self.event.id).cmp(&(other.time, &other.event.id))
    }
}

impl PartialOrd for Occurrence {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Occurrence {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Occurrence {}

/// Hands out what happens from some time on.
pub struct Feed {
    world: Arc<World>,
    from: Time,
    next_hour: Time,
    /// What was made of whole hours and is still to come.
    pending: BinaryHeap<Reverse<Occurrence>>,
}

impl Feed {
    /// What happens from a time on.
    pub fn new(world: Arc<World>, from: Time) -> Self {
        let hour = from.plus_micros(-from.micros().rem_euclid(HOUR_US));
        Self {
            world,
            from,
            // What an hour brings in may be reported in the next.
            next_hour: hour.plus_micros(-HOUR_US),
            pending: BinaryHeap::new(),
        }
    }

    /// What happens before a time and was not handed out yet, oldest first.
    pub fn until(&mut self, end: Time) -> Vec<Occurrence> {
        self.make(end);
        let mut due = Vec::new();
        while let Some(Reverse(next)) = self.pending.pop() {
            if next.time >= end {
                self.pending.push(Reverse(next));
                break;
            }
            due.push(next);
        }
        due
    }

    /// When something happens next; the end of what is known after `now` when nothing does.
    pub fn next_time(&mut self, now: Time) -> Time {
        self.make(now.plus_micros(HOUR_US));
        let next = self.pending.peek().map(|Reverse(next)| next.time);
        next.unwrap_or(self.next_hour)
    }

    /// Makes whole hours, until all that happens before `end` is there.
    fn make(&mut self, end: Time) {
        while self.next_hour < end {
            for account in 0..self.world.accounts.len() {
                let made = hour(&self.world, account, self.next_hour);
                let wanted = made.into_iter().filter(|one| one.time >= self.from);
                self.pending.extend(wanted.map(Reverse));
            }
            self.next_hour = self.next_hour.plus_micros(HOUR_US);
        }
    }
}

/// What an account does in an hour, and what comes of it.
fn hour(world: &World, account: usize, start: Time) -> Vec<Occurrence> {
    let of = &world.accounts[account];
    let number = start.micros().div_euclid(HOUR_US).unsigned_abs();
    let mut rng = StdRng::seed_from_u64(mixed(world.seed, of.row.key, number));
    let mut made = Vec::new();
    for (company, in_company) in of.companies.iter().enumerate() {
        let expected = world.expected(of, in_company, start);
        for (agent, expected) in Agent::ALL.into_iter().zip(expected) {
            let who = Who {
                keys: (of.row.key, in_company.row.key),
                places: (account, company),
                agent,
            };
            let mut left = whole(expected, &mut rng);
            while left > 0 {
                let turns = if agent == Agent::Chat {
                    rng.random_range(TURNS).min(left)
                } else {
                    1
                };
                let time = start.plus_micros(rng.random_range(0..HOUR_US / 1_000) * 1_000);
                made.extend(who.happens(time, turns, &mut rng));
                left -= turns;
            }
        }
    }
    made
}

/// Who does something: the keys and places of account and company, and the agent.
struct Who<'a> {
    keys: (&'a str, &'a str),
    places: (usize, usize),
    agent: Agent,
}

impl Who<'_> {
    /// A conversation of some turns, or anything else in one, and what it brings in.
    fn happens(&self, start: Time, turns: u32, rng: &mut StdRng) -> Vec<Occurrence> {
        let reference = rng.random_range(REFERENCES);
        let mut time = start;
        let mut made = Vec::with_capacity(2);
        for turn in 1..=turns {
            let data = event::data(self.agent, reference, turn, rng);
            let event = event::of(self.keys, self.agent, time, data, rng);
            if turn == turns
                && let Some((later, lead)) = leads::of(&event, self.agent, time, rng)
            {
                made.push(self.occurrence(later, lead, event.id.clone()));
            }
            made.push(self.occurrence(time, event, None));
            time = time.plus_micros(rng.random_range(PAUSE_S) * SECOND_US);
        }
        made
    }

    fn occurrence(&self, time: Time, event: Envelope, lead_of: Option<String>) -> Occurrence {
        let (account, company) = self.places;
        Occurrence {
            time,
            account,
            company,
            agent: self.agent,
            event,
            lead_of,
        }
    }
}

/// Brings an expected count to a whole number, so that small ones are right on average.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "some hundreds at most, never negative"
)]
fn whole(expected: f64, rng: &mut StdRng) -> u32 {
    expected.max(0.0).floor() as u32 + u32::from(rng.random_bool(expected.max(0.0).fract()))
}

#[cfg(test)]
mod tests {
    use domain::TimeRange;

    use super::*;
    use crate::demo::world::Size;

    fn world(seed: u64) -> Arc<World> {
        let began = "2026-11-23T14:00:00Z".parse().unwrap();
        Arc::new(World::new(seed, Size::SMALL, began).unwrap())
    }

    fn ids(seed: u64, parts: &[TimeRange]) -> Vec<String> {
        let mut ids = Vec::new();
        for part in parts {
            let mut feed = Feed::new(world(seed), part.start);
            ids.extend(
                feed.until(part.end)
                    .into_iter()
                    .map(|one| one.event.id.unwrap()),
            );
        }
        ids
    }

    #[test]
    fn a_seed_always_makes_the_same_events_and_parts_make_the_whole() {
        let time = |text: &str| text.parse::<Time>().unwrap();
        let (start, middle, end) = (
            time("2026-10-24T11:17:00Z"),
            time("2026-10-25T09:30:00Z"),
            time("2026-10-26T15:00:00Z"),
        );
        let whole = ids(1, &[TimeRange::new(start, end)]);
        assert_eq!(whole, ids(1, &[TimeRange::new(start, end)]));
        let parts = [TimeRange::new(start, middle), TimeRange::new(middle, end)];
        assert_eq!(whole, ids(1, &parts));
        assert!(whole.len() > 300, "{}", whole.len());
        assert_ne!(whole, ids(2, &[TimeRange::new(start, end)]));
    }

    #[test]
    fn something_happens_at_every_hour_of_the_full_demo() {
        let began: Time = "2026-11-23T14:00:00Z".parse().unwrap();
        let world = Arc::new(World::new(1, Size::FULL, began).unwrap());
        let mut feed = Feed::new(world, began);
        for number in 1..=48 {
            let hour = feed.until(began.plus_micros(number * HOUR_US));
            let of_agency = hour.iter().filter(|one| one.account == 0).count();
            assert!(of_agency >= 15, "{of_agency} events in hour {number}");
        }
    }
}
