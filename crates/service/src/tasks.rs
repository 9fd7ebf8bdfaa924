//! Background work that a panic does not end: it is told, counted, and tried again; what stays down is named.

use std::{
    any::Any,
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::FutureExt as _;
use tokio::time::Instant;

/// How long to wait after a first panic; twice as long after each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// How long to wait at most.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// How long a task may fail before it counts as down: a single fault is mended by the next try.
pub const DOWN_AFTER: Duration = Duration::from_secs(10);

/// What became of a task so far.
#[derive(Debug, Clone, Copy, Default)]
struct Course {
    /// Panics since the process began.
    panics: u64,
    /// Panics since it last ended well.
    in_a_row: u32,
    /// When the first of those was.
    failing_since: Option<Instant>,
}

/// The background tasks of a process; cheap to clone. Names are fixed, so their number is bounded.
#[derive(Debug, Clone, Default)]
pub struct Tasks(Arc<Mutex<BTreeMap<&'static str, Course>>>);

impl Tasks {
    /// Does `work` for ever, pausing as it says; after a panic, for longer and longer.
    pub async fn repeat<F, W>(&self, name: &'static str, mut work: F)
    where
        F: FnMut() -> W,
        W: Future<Output = Duration>,
    {
        loop {
            // Making the future is work as well.
            let pause = match self.guard(name, async { work().await }).await {
                Some(pause) => pause,
                None => self.pause_after_panic(name),
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Does something once; none when it panicked. For tasks that are handed their work and go on with the next.
    pub async fn guard<T>(&self, name: &'static str, work: impl Future<Output = T>) -> Option<T> {
        match AssertUnwindSafe(work).catch_unwind().await {
            Ok(value) => {
                self.ended_well(name);
                Some(value)
            }
            Err(panic) => {
                self.panicked(name, panic.as_ref());
                None
            }
        }
    }

    /// Tasks that have done nothing but panic for a while.
    pub fn down(&self) -> Vec<&'static str> {
        self.with(|courses| {
            let is_down = |course: &Course| {
                course
                    .failing_since
                    .is_some_and(|since| since.elapsed() >= DOWN_AFTER)
            };
            let down = courses.iter().filter(|(_, course)| is_down(course));
            down.map(|(name, _)| *name).collect()
        })
    }

    /// Panics of every task since the process began.
    pub fn panics(&self) -> Vec<(&'static str, u64)> {
        self.with(|courses| {
            let panics = courses.iter().map(|(name, course)| (*name, course.panics));
            panics.collect()
        })
    }

    fn pause_after_panic(&self, name: &'static str) -> Duration {
        let in_a_row = self.with(|courses| courses.get(name).map_or(0, |course| course.in_a_row));
        let doubled = in_a_row.saturating_sub(1).min(16);
        LONGEST_PAUSE.min(FIRST_PAUSE * 2_u32.pow(doubled))
    }

    fn ended_well(&self, name: &'static str) {
        let failed = self.with(|courses| {
            let course = courses.entry(name).or_default();
            course.failing_since = None;
            std::mem::take(&mut course.in_a_row)
        });
        if failed > 0 {
            tracing::info!(task = name, "a background task works again");
        }
    }

    fn panicked(&self, name: &'static str, panic: &(dyn Any + Send)) {
        self.with(|courses| {
            let course = courses.entry(name).or_default();
            course.panics += 1;
            course.in_a_row = course.in_a_row.saturating_add(1);
            course.failing_since.get_or_insert_with(Instant::now);
        });
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        tracing::error!(
            task = name,
            panic = text.unwrap_or("not a text"),
            "a background task panicked; it is started again"
        );
    }

    fn with<T>(&self, look: impl FnOnce(&mut BTreeMap<&'static str, Course>) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const NAME: &str = "counting";
    const REST: Duration = Duration::from_secs(1);

    /// Work that panics at its first `faults` calls, with a count of its calls.
    fn counting(tasks: &Tasks, faults: u32) -> (Arc<AtomicU32>, tokio::task::JoinHandle<()>) {
        let calls = Arc::new(AtomicU32::new(0));
        let (counted, tasks) = (Arc::clone(&calls), tasks.clone());
        let running = tokio::spawn(async move {
            let work = || async {
                assert!(counted.fetch_add(1, Ordering::SeqCst) >= faults, "a fault");
                REST
            };
            tasks.repeat(NAME, work).await;
        });
        (calls, running)
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_panics_is_counted_and_done_again() {
        let tasks = Tasks::default();
        let (calls, running) = counting(&tasks, 2);
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(calls.load(Ordering::SeqCst) > 3, "it goes on");
        assert_eq!(tasks.panics(), [(NAME, 2)]);
        assert!(tasks.down().is_empty());
        running.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_stays_down_is_named_until_it_works_again() {
        let tasks = Tasks::default();
        let (_, running) = counting(&tasks, 6);
        tokio::time::sleep(DOWN_AFTER / 2).await;
        assert!(tasks.down().is_empty(), "one fault is no outage");
        tokio::time::sleep(DOWN_AFTER).await;
        assert_eq!(tasks.down(), [NAME]);
        tokio::time::sleep(LONGEST_PAUSE).await;
        assert!(tasks.down().is_empty(), "it works again");
        running.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_always_panics_is_tried_less_and_less_often_but_for_ever() {
        let tasks = Tasks::default();
        let (calls, running) = counting(&tasks, u32::MAX);
        tokio::time::sleep(LONGEST_PAUSE * 10).await;
        let before = calls.load(Ordering::SeqCst);
        assert!(before < 30, "{before} tries in ten minutes");
        tokio::time::sleep(LONGEST_PAUSE * 2).await;
        assert!(calls.load(Ordering::SeqCst) > before);
        running.abort();
    }
}
