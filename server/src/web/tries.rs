//! How often something may be tried in a while.

use domain::Time;
use moka::{policy::EvictionPolicy, sync::Cache};
use sha2::{Digest as _, Sha256};

/// Names that are remembered at most, whatever is typed: past it the one heard of longest ago is let go.
const MAX_NAMES: u64 = 50_000;

/// Counts tries by name, in windows of time.
#[derive(Debug, Clone)]
pub struct Tries {
    most: u32,
    window_us: i64,
    /// When the window began, and how many tries it saw.
    /// Of names only a hash, which has one size.
    seen: Cache<[u8; 32], (Time, u32)>,
}

impl Tries {
    /// So many tries of a name in a window.
    pub fn new(most: u32, window_us: i64) -> Self {
        Self {
            most,
            window_us,
            seen: Cache::builder()
                .max_capacity(MAX_NAMES)
                .eviction_policy(EvictionPolicy::lru())
                .build(),
        }
    }

    /// Counts a try before it is made.
    ///
    /// # Errors
    /// How many seconds to wait.
    pub fn take(&self, name: &str, now: Time) -> Result<(), u32> {
        let window_us = self.window_us;
        let counted = self.seen.entry(hash_of(name)).and_upsert_with(|entry| {
            match entry.map(moka::Entry::into_value) {
                Some((since, tries)) if now.micros_since(since) < window_us => {
                    (since, tries.saturating_add(1))
                }
                _ => (now, 1),
            }
        });
        let (since, tries) = counted.into_value();
        if tries <= self.most {
            return Ok(());
        }
        let left_us = window_us - now.micros_since(since);
        Err(u32::try_from(left_us / 1_000_000 + 1).unwrap_or(u32::MAX))
    }

    /// Whether no try of a name is left in its window.
    pub fn is_full(&self, name: &str) -> bool {
        let seen = self.seen.get(&hash_of(name));
        seen.is_some_and(|(_, tries)| tries == self.most)
    }

    /// Forgets the tries of a name.
    pub fn forget(&self, name: &str) {
        self.seen.invalidate(&hash_of(name));
    }
}

fn hash_of(name: &str) -> [u8; 32] {
    Sha256::digest(name).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_tries_in_a_window_and_no_more() {
        let tries = Tries::new(2, 10_000_000);
        let at = |seconds: i64| Time::from_micros(seconds * 1_000_000);
        assert_eq!(tries.take("a", at(0)), Ok(()));
        assert_eq!(tries.take("a", at(1)), Ok(()));
        assert_eq!(tries.take("a", at(2)), Err(9));
        assert_eq!(tries.take("b", at(2)), Ok(()));
        assert_eq!(tries.take("a", at(10)), Ok(()));
        assert!(!tries.is_full("a") && !tries.is_full("c"));
        assert_eq!(tries.take("b", at(3)), Ok(()));
        assert!(tries.is_full("b"));
        tries.forget("b");
        assert_eq!(tries.take("b", at(3)), Ok(()));
    }
}
