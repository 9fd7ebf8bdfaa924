//! Where passwords are hashed: few at once, since each takes much memory and a processor for tens of milliseconds.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    thread,
};

use tokio::sync::Semaphore;

use crate::{ServiceError, ServiceResult, ports::StoreError};

/// Most that are hashed at once, on whatever machine: each takes 19 MiB, the cost of argon2 that OWASP recommends.
const MOST_SLOTS: usize = 4;
/// Most that wait for a slot: behind them one would wait for seconds.
const MOST_WAITING: usize = 64;
/// When to try again after that, in seconds.
const RETRY_AFTER_S: u32 = 2;

/// Runs what hashes; cheap to clone.
#[derive(Clone)]
pub struct Hashing(Arc<Slots>);

struct Slots {
    /// Places to hash in.
    free: Semaphore,
    /// Places to hash in, and to wait in.
    admitted: Semaphore,
    done: AtomicU64,
    running: AtomicU32,
    most_at_once: AtomicU32,
}

impl Default for Hashing {
    /// Half of the processors, so that the other half answers what does not hash.
    fn default() -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Self::with_slots((processors / 2).clamp(1, MOST_SLOTS))
    }
}

impl Hashing {
    fn with_slots(slots: usize) -> Self {
        Self(Arc::new(Slots {
            free: Semaphore::new(slots),
            admitted: Semaphore::new(slots + MOST_WAITING),
            done: AtomicU64::new(0),
            running: AtomicU32::new(0),
            most_at_once: AtomicU32::new(0),
        }))
    }

    /// Runs what hashes, in its turn, beside the threads that answer requests.
    ///
    /// # Errors
    /// [`ServiceError::Busy`] when too many wait.
    pub(crate) async fn run<T, F>(&self, work: F) -> ServiceResult<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let busy = || ServiceError::Busy {
            retry_after_s: RETRY_AFTER_S,
        };
        let _admitted = self.0.admitted.try_acquire().map_err(|_| busy())?;
        let free = self.0.free.acquire().await.map_err(|_| busy())?;
        // The place is given back by whoever hashes: a caller that left has not ended it.
        free.forget();
        let place = Place(Arc::clone(&self.0));
        let done = tokio::task::spawn_blocking(move || place.run(work)).await;
        done.map_err(|error| StoreError::new(error).into())
    }

    /// How many were hashed since the process began.
    pub fn done(&self) -> u64 {
        self.0.done.load(Ordering::Relaxed)
    }

    /// How many were hashed at once, at most.
    pub fn most_at_once(&self) -> u32 {
        self.0.most_at_once.load(Ordering::Relaxed)
    }
}

/// A place to hash in, given back when it is dropped.
struct Place(Arc<Slots>);

impl Place {
    fn run<T>(self, work: impl FnOnce() -> T) -> T {
        let running = self.0.running.fetch_add(1, Ordering::Relaxed) + 1;
        self.0.most_at_once.fetch_max(running, Ordering::Relaxed);
        self.0.done.fetch_add(1, Ordering::Relaxed);
        let value = work();
        self.0.running.fetch_sub(1, Ordering::Relaxed);
        value
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.free.add_permits(1);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures::future::join_all;

    use super::*;

    #[tokio::test]
    async fn only_so_many_hash_at_once_and_only_so_many_wait() {
        let hashing = Hashing::with_slots(2);
        let (go, held) = mpsc::channel::<()>();
        let held = Arc::new(std::sync::Mutex::new(held));
        let all = (0..100).map(|_| {
            let held = Arc::clone(&held);
            hashing.run(move || held.lock().unwrap().recv().is_ok())
        });
        // Whoever is admitted waits until all have asked.
        let release = async {
            for _ in 0..100 {
                go.send(()).unwrap();
            }
        };
        let (answers, ()) = tokio::join!(join_all(all), release);
        let refused = answers.iter().filter(|answer| answer.is_err()).count();
        assert_eq!(refused, 100 - MOST_WAITING - 2);
        assert_eq!(hashing.done(), 66);
        assert!(hashing.most_at_once() <= 2);
        assert!(hashing.run(|| true).await.unwrap(), "places are given back");
    }

    #[tokio::test]
    async fn whoever_leaves_does_not_free_the_place_of_what_still_hashes() {
        let hashing = Hashing::with_slots(1);
        let (go, held) = mpsc::channel::<()>();
        let left = tokio::spawn({
            let hashing = hashing.clone();
            async move { hashing.run(move || held.recv().is_ok()).await }
        });
        while hashing.done() == 0 {
            tokio::task::yield_now().await;
        }
        left.abort();
        assert!(left.await.unwrap_err().is_cancelled());
        assert_eq!(hashing.0.free.available_permits(), 0);
        go.send(()).unwrap();
        hashing.run(|| ()).await.unwrap();
        assert_eq!(hashing.most_at_once(), 1);
    }
}
