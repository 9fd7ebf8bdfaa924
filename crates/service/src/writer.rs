//! The one writer: many waiting requests become one durable transaction.

use std::{sync::Arc, time::Duration};

use domain::AccountId;
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use crate::{
    Clock, ServiceError, ServiceResult,
    live::Hub,
    ports::{CommitOutcome, NewEvent, Store, StoreError},
};

/// Requests that may wait. At the aimed 5,000 a second this is under a second of work; past it senders are told to wait.
const QUEUE_REQUESTS: usize = 4_096;
/// Events of one transaction: large enough to spread the cost of a sync, small enough to keep waits short.
const GROUP_EVENTS: usize = 20_000;
/// When senders should try again after a full queue.
const RETRY_AFTER_S: u32 = 1;

/// Is told of every transaction of the writer, for measuring.
pub type CommitObserver = Arc<dyn Fn(CommitSeen) + Send + Sync>;

/// One transaction of the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommitSeen {
    /// Requests in it.
    pub requests: usize,
    /// Events in it.
    pub events: usize,
    /// From the first statement to durable.
    pub took: Duration,
}

struct Job {
    events: Vec<NewEvent>,
    reply: oneshot::Sender<Result<CommitOutcome, Arc<StoreError>>>,
}

/// Hands events to the writer task.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Job>,
}

impl Writer {
    /// Starts the writer task.
    pub(crate) fn start(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        hub: Hub,
        observer: CommitObserver,
    ) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE_REQUESTS);
        tokio::spawn(run(store, clock, hub, jobs, observer));
        Self { queue }
    }

    /// Stores events and returns when they are durable.
    pub(crate) async fn commit(&self, events: Vec<NewEvent>) -> ServiceResult<CommitOutcome> {
        let (reply, answer) = oneshot::channel();
        self.queue
            .try_send(Job { events, reply })
            .map_err(|_| ServiceError::Busy {
                retry_after_s: RETRY_AFTER_S,
            })?;
        match answer.await {
            Ok(Ok(outcome)) => Ok(outcome),
            Ok(Err(error)) => Err(ServiceError::Store(StoreError::new(error.to_string()))),
            Err(_) => Err(ServiceError::Busy {
                retry_after_s: RETRY_AFTER_S,
            }),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        !self.queue.is_closed() && self.queue.capacity() > 0
    }

    /// Requests that wait.
    pub(crate) fn depth(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Waits until everything queued is durable.
    pub(crate) async fn close(&self) {
        // Holding every place of the queue means that no job is left in it.
        if let Ok(places) = self.queue.reserve_many(QUEUE_REQUESTS).await {
            drop(places);
        }
        let _ = self.commit(Vec::new()).await;
    }
}

async fn run(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    hub: Hub,
    mut jobs: mpsc::Receiver<Job>,
    observer: CommitObserver,
) {
    while let Some(first) = jobs.recv().await {
        let group = gather(first, &mut jobs);
        let (batches, replies): (Vec<_>, Vec<_>) =
            group.into_iter().map(|job| (job.events, job.reply)).unzip();
        let started = Instant::now();
        match store.commit(&batches, clock.now()).await {
            Ok(outcomes) => {
                let events = batches.iter().map(Vec::len).sum();
                observer(CommitSeen {
                    requests: batches.len(),
                    events,
                    took: started.elapsed(),
                });
                hub.notify(&accounts_stored(&batches, &outcomes));
                for (reply, outcome) in replies.into_iter().zip(outcomes) {
                    let _ = reply.send(Ok(outcome));
                }
            }
            Err(error) => fail(replies, error),
        }
    }
}

fn gather(first: Job, jobs: &mut mpsc::Receiver<Job>) -> Vec<Job> {
    let mut events = first.events.len();
    let mut group = vec![first];
    while events < GROUP_EVENTS {
        let Ok(job) = jobs.try_recv() else { break };
        events += job.events.len();
        group.push(job);
    }
    group
}

fn accounts_stored(batches: &[Vec<NewEvent>], outcomes: &[CommitOutcome]) -> Vec<AccountId> {
    let stored = batches
        .iter()
        .zip(outcomes)
        .filter(|(_, outcome)| match outcome {
            CommitOutcome::Stored(committed) => committed.accepted > 0,
            CommitOutcome::Conflict(_) => false,
        });
    let mut accounts: Vec<_> = stored
        .flat_map(|(batch, _)| batch.iter().map(|event| event.account))
        .collect();
    accounts.sort_unstable();
    accounts.dedup();
    accounts
}

fn fail(replies: Vec<oneshot::Sender<Result<CommitOutcome, Arc<StoreError>>>>, error: StoreError) {
    let error = Arc::new(error);
    for reply in replies {
        let _ = reply.send(Err(Arc::clone(&error)));
    }
}
