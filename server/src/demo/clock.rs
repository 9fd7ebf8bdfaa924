//! The clock of the demo's past.

use std::sync::atomic::{AtomicI64, Ordering};

use domain::Time;
use service::Clock;

/// A clock that stands where it was set.
#[derive(Debug, Default)]
pub struct PastClock(AtomicI64);

impl PastClock {
    /// Sets it.
    pub fn set(&self, now: Time) {
        self.0.store(now.micros(), Ordering::SeqCst);
    }
}

impl Clock for PastClock {
    fn now(&self) -> Time {
        Time::from_micros(self.0.load(Ordering::SeqCst))
    }
}
