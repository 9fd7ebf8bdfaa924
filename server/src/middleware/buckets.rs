//! Counts by key, of which only so many are remembered: the one heard of longest ago is forgotten first.

use std::{
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{StateStore, keyed::ShrinkableKeyedStateStore},
};
use hashlink::LruCache;

/// Keys that one limit remembers. Each costs some hundred bytes.
pub const MOST_KEYS: usize = 20_000;

/// A limit for each key.
pub struct Buckets<K: Hash + Eq + Clone, C: Clock = DefaultClock> {
    limiter: RateLimiter<K, Known<K>, C, NoOpMiddleware<C::Instant>>,
    known: Known<K>,
    one: Nanos,
}

/// What is remembered of each key; cheap to clone.
struct Known<K>(Arc<Mutex<LruCache<K, Nanos>>>);

impl<K: Hash + Eq + Clone> Buckets<K> {
    /// Nothing has been counted yet.
    pub fn new(quota: Quota) -> Self {
        Self::with(quota, MOST_KEYS, DefaultClock::default())
    }
}

impl<K: Hash + Eq + Clone, C: Clock> Buckets<K, C> {
    /// The same, of so many keys and by another clock.
    pub(super) fn with(quota: Quota, most: usize, clock: C) -> Self {
        let known = Known(Arc::new(Mutex::new(LruCache::new(most))));
        Self {
            limiter: RateLimiter::new(quota, known.clone(), clock),
            known,
            one: quota.replenish_interval().into(),
        }
    }

    /// Counts one.
    ///
    /// # Errors
    /// How long to wait, when it is one too many; then it is not counted.
    pub fn take(&self, key: &K) -> Result<(), Duration> {
        let taken = self.limiter.check_key(key);
        taken.map_err(|until| until.wait_time_from(self.limiter.clock().now()))
    }

    /// Counts one less, as if it had never been.
    pub fn give_back(&self, key: &K) {
        if let Some(counted) = self.known.lock().get_mut(key) {
            *counted = counted.saturating_sub(self.one);
        }
    }

    /// Forgets keys for which nothing is left to count.
    pub fn forget_quiet(&self) {
        self.limiter.retain_recent();
    }

    /// Keys that are remembered.
    pub fn remembered(&self) -> usize {
        self.known.lock().len()
    }
}

impl<K> Clone for Known<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> Known<K> {
    fn lock(&self) -> MutexGuard<'_, LruCache<K, Nanos>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq + Clone> StateStore for Known<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut known = self.lock();
        let before = known.get(key).copied();
        let (value, after) = measure(before)?;
        known.insert(key.clone(), after);
        Ok(value)
    }
}

impl<K: Hash + Eq + Clone> ShrinkableKeyedStateStore<K> for Known<K> {
    fn retain_recent(&self, drop_below: Nanos) {
        self.lock().retain(|_, counted| *counted > drop_below);
    }

    fn len(&self) -> usize {
        self.lock().len()
    }

    fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use governor::clock::FakeRelativeClock;

    use super::*;

    const EVERY: Duration = Duration::from_secs(30);

    fn three_at_once(most: usize) -> (Buckets<u32, FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let quota = Quota::with_period(EVERY).unwrap();
        let quota = quota.allow_burst(NonZeroU32::new(3).unwrap());
        (Buckets::with(quota, most, clock.clone()), clock)
    }

    #[test]
    fn what_is_one_too_many_has_to_wait_and_other_keys_do_not() {
        let (buckets, clock) = three_at_once(10);
        for _ in 0..3 {
            buckets.take(&1).unwrap();
        }
        assert_eq!(buckets.take(&1), Err(EVERY));
        buckets.take(&2).unwrap();
        clock.advance(EVERY);
        buckets.take(&1).unwrap();
        assert!(buckets.take(&1).is_err());
    }

    #[test]
    fn what_is_given_back_was_never_counted() {
        let (buckets, _) = three_at_once(10);
        for _ in 0..20 {
            buckets.take(&1).unwrap();
            buckets.give_back(&1);
        }
        buckets.give_back(&2);
        for _ in 0..3 {
            buckets.take(&1).unwrap();
        }
        assert!(buckets.take(&1).is_err());
    }

    #[test]
    fn only_so_many_keys_are_remembered_and_those_in_use_are_among_them() {
        let (buckets, _) = three_at_once(10);
        for _ in 0..3 {
            buckets.take(&0).unwrap();
        }
        for key in 1..1_000 {
            buckets.take(&key).unwrap();
            assert!(buckets.take(&0).is_err(), "{key}");
        }
        assert_eq!(buckets.remembered(), 10);
    }

    #[test]
    fn keys_with_nothing_left_to_count_are_forgotten() {
        let (buckets, clock) = three_at_once(10);
        buckets.take(&1).unwrap();
        clock.advance(EVERY * 10);
        buckets.take(&2).unwrap();
        buckets.forget_quiet();
        assert_eq!(buckets.remembered(), 1);
    }
}
