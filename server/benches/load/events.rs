//! Plausible usage events as a gateway would send them.

use domain::{Agent, Time};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

/// Makes events, always the same ones. Ids are ordered by time, as `UUIDv7`.
pub struct Events {
    random: StdRng,
    companies: usize,
    made: u64,
}

impl Events {
    pub fn new(companies: usize) -> Self {
        Self {
            random: StdRng::seed_from_u64(7),
            companies,
            made: 0,
        }
    }

    pub fn company(number: usize) -> String {
        format!("company-{number:03}")
    }

    /// One event as JSON.
    pub fn one(&mut self, time: Time) -> String {
        self.made += 1;
        let random = &mut self.random;
        let agent = Agent::ALL[usize::from(random.random_range(0..36_u8).isqrt().min(5))];
        let company = Self::company(random.random_range(0..self.companies));
        let (gateway, seconds) = (random.random_range(0..3), random.random_range(1..400));
        let (whole, part) = (random.random_range(0..20), random.random_range(0..1_000));
        let (id, made) = (time.micros() / 1_000, self.made);
        let (tail, call): (u32, u32) = (random.random(), random.random());
        format!(
            r#"{{"specversion":"1.0","id":"{id:012x}-{made:08x}-{tail:08x}","source":"gateway-{gateway}","type":"creditscope.usage","subject":"{company}","time":"{time}","data":{{"agent":"{agent}","activity":"{agent}_activity","credits":"{whole}.{part:03}","reference":"call_{call:08x}","metadata":{{"seconds":{seconds}}}}}}}"#
        )
    }

    /// A batch; `first` is when its first event happened, `every_us` the time between two.
    pub fn batch(&mut self, count: usize, first: Time, every_us: i64) -> String {
        let mut text = String::with_capacity(count * 320);
        let mut time = first;
        for number in 0..count {
            text.push(if number == 0 { '[' } else { ',' });
            text.push_str(&self.one(time));
            time = time.plus_micros(every_us);
        }
        text.push(']');
        text
    }
}
