//! How many events are expected of an agent in an hour.

use domain::{
    Agent, Time,
    time::{DAY_US, HOUR_US},
};
use jiff::civil::Weekday;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use super::{DemoAccount, DemoCompany, World};
use crate::demo::cast::Trend;

/// How busy each hour of a day is for chat: evenings too, few at night.
const CHAT_HOURS: [f64; 24] = [
    0.14, 0.10, 0.08, 0.08, 0.10, 0.14, 0.25, 0.45, 0.80, 1.00, 1.05, 1.00, 0.85, 0.95, 1.05, 1.00,
    0.95, 0.90, 0.85, 0.90, 0.85, 0.60, 0.40, 0.22,
];
/// How busy each hour is for calls: opening hours, with a lunch break.
const VOICE_HOURS: [f64; 24] = [
    0.02, 0.01, 0.01, 0.01, 0.01, 0.02, 0.05, 0.25, 1.10, 1.50, 1.60, 1.40, 0.90, 1.10, 1.45, 1.40,
    1.10, 0.70, 0.30, 0.15, 0.10, 0.06, 0.04, 0.02,
];

/// How much days differ from one another.
const MOOD: std::ops::Range<f64> = 0.93..1.07;
/// How long usage grows or shrinks until the demo begins.
const TREND_US: i64 = 90 * DAY_US;

impl World {
    /// How many events each agent of a company is expected to have in the hour that begins at `hour`.
    pub fn expected(
        &self,
        account: &DemoAccount,
        company: &DemoCompany,
        hour: Time,
    ) -> [f64; Agent::ALL.len()] {
        if hour < account.joined {
            return [0.0; Agent::ALL.len()];
        }
        let at = company.zone.at(hour);
        let of_account =
            account.row.events_a_day * self.mood(account, hour) * self.trend(account, hour);
        Agent::ALL.map(|agent| {
            let share = company.row.agents[usize::from(agent.index())] * company.row.weight;
            let hours = if is_by_opening_hours(agent) {
                &VOICE_HOURS
            } else {
                &CHAT_HOURS
            };
            let of_day = hours[usize::try_from(at.hour()).unwrap_or(0)] / hours.iter().sum::<f64>();
            let usual = of_account * share * of_day * week(agent, at.weekday());
            self.size
                .count(usual + self.surge(account, company, agent, hour))
        })
    }

    fn surge(&self, account: &DemoAccount, company: &DemoCompany, agent: Agent, hour: Time) -> f64 {
        let surges = self.surges.iter().filter(|surge| {
            (surge.account, surge.company, surge.agent) == (account.row.key, company.row.key, agent)
                && surge.range.contains(hour)
        });
        surges.map(|surge| surge.events_an_hour).sum()
    }

    /// Days differ from one another.
    fn mood(&self, account: &DemoAccount, hour: Time) -> f64 {
        let day = account.cycles.zone().day_of(hour);
        let number = day.micros().div_euclid(HOUR_US).unsigned_abs();
        let seed = mixed(self.seed, account.row.key, number.wrapping_add(1 << 40));
        StdRng::seed_from_u64(seed).random_range(MOOD)
    }

    /// What usage is of what it is when the demo begins.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a part of some months in microseconds, for a factor"
    )]
    fn trend(&self, account: &DemoAccount, hour: Time) -> f64 {
        let before_us = self.began.micros_since(hour).clamp(0, TREND_US);
        let before = before_us as f64 / TREND_US as f64;
        match account.row.trend {
            Trend::Steady => 1.0 - 0.08 * before,
            Trend::Growing => 1.0 - 0.65 * before,
            Trend::Shrinking => 1.0 + before,
        }
    }
}

/// Whether an agent works while the company is open.
const fn is_by_opening_hours(agent: Agent) -> bool {
    matches!(
        agent,
        Agent::VoiceInbound | Agent::VoiceOutbound | Agent::Nox
    )
}

/// How busy a day of the week is.
fn week(agent: Agent, day: Weekday) -> f64 {
    match (is_by_opening_hours(agent), day) {
        (true, Weekday::Sunday) => 0.10,
        (true, Weekday::Saturday) => 0.28,
        (false, Weekday::Sunday) => 0.60,
        (false, Weekday::Saturday) => 0.72,
        (_, Weekday::Monday) => 1.10,
        (_, Weekday::Friday) => 0.95,
        _ => 1.0,
    }
}

/// A seed of its own for each name and number, the same on every machine.
pub fn mixed(seed: u64, name: &str, number: u64) -> u64 {
    let start = seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    name.bytes().fold(start, |mixed, byte| {
        (mixed ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
