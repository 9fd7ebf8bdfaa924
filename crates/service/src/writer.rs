//! The one writer: many waiting requests become one durable transaction.

use std::{sync::Arc, time::Duration};

use domain::{
    AccountId, Invalid,
    bounds::{OUT_OF_RANGE, past_counting},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use crate::{
    Clock, ServiceError, ServiceResult,
    live::Hub,
    ports::{
        AccountAct, Acted, CommitOutcome, NewEvent, Refusal, Store, StoreError, Write, Written,
    },
    request::Part,
    tasks::Tasks,
};

/// Requests that may wait. At the aimed 5,000 a second this is under a second of work; past it senders are told to wait.
const QUEUE_REQUESTS: usize = 4_096;
/// Events of one transaction: large enough to spread the cost of a sync, small enough to keep waits short.
const GROUP_EVENTS: usize = 20_000;
/// When senders should try again after a full queue.
const RETRY_AFTER_S: u32 = 1;

/// Its name among background tasks.
const NAME: &str = "writer";

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

type Reply = oneshot::Sender<Result<Written, Arc<StoreError>>>;

struct Job {
    write: Write,
    reply: Reply,
}

/// What a write adds to a transaction, in events.
fn size(write: &Write) -> usize {
    match write.plain() {
        Write::Events(events) => events.len(),
        Write::Act(_) | Write::Keyed(..) => 1,
    }
}

/// Hands writes to the writer task.
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
        let task = Task {
            tasks: store.tasks(),
            store,
            clock,
            hub,
            observer,
        };
        tokio::spawn(task.run(jobs));
        Self { queue }
    }

    /// Stores events and returns when they are durable.
    pub(crate) async fn commit(&self, events: Vec<NewEvent>) -> ServiceResult<CommitOutcome> {
        match self.write(Write::Events(events)).await? {
            Written::Events(outcome) => Ok(outcome),
            Written::Act(_) | Written::Overtaken => Err(unasked()),
        }
    }

    /// Does something to the books of an account and returns when it is durable.
    pub(crate) async fn act(&self, act: AccountAct) -> ServiceResult<Result<Acted, Refusal>> {
        match self.write(Write::Act(act)).await? {
            Written::Act(acted) => Ok(acted),
            Written::Events(_) | Written::Overtaken => Err(unasked()),
        }
    }

    /// Does a write; as a part of the request with a key that runs, once.
    async fn write(&self, write: Write) -> ServiceResult<Written> {
        let Some(part) = Part::next() else {
            return self.queue(write).await;
        };
        if let Some(done) = known(&part, &write)? {
            return Ok(done);
        }
        let written = self
            .queue(Write::Keyed(part.clone(), Box::new(write)))
            .await?;
        if written == Written::Overtaken {
            part.overtaken();
        }
        Ok(written)
    }

    async fn queue(&self, write: Write) -> ServiceResult<Written> {
        let (reply, answer) = oneshot::channel();
        let amount = match write.plain() {
            Write::Events(events) if events.iter().all(|event| event.lead.is_some()) => {
                "data.value"
            }
            Write::Events(_) => "data.credits",
            Write::Act(_) | Write::Keyed(..) => "credits",
        };
        self.queue
            .try_send(Job { write, reply })
            .map_err(|_| ServiceError::Busy {
                retry_after_s: RETRY_AFTER_S,
            })?;
        match answer.await {
            Ok(Ok(outcome)) => Ok(outcome),
            Ok(Err(error)) => Err(refused(&error, amount)),
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

/// What a part of a request came to that was done before.
fn known(part: &Part, write: &Write) -> ServiceResult<Option<Written>> {
    let done = match write {
        Write::Events(_) => part
            .outcome()
            .map(|done| done.map(|stored| Written::Events(CommitOutcome::Stored(stored)))),
        Write::Act(_) | Write::Keyed(..) => part
            .outcome()
            .map(|done| done.map(|acted| Written::Act(Ok(acted)))),
    };
    Ok(done.map_err(StoreError::new)?)
}

fn unasked() -> ServiceError {
    ServiceError::Store(StoreError::new("an answer to something else"))
}

fn refused(error: &StoreError, amount: &str) -> ServiceError {
    match error {
        StoreError::OutOfRange(_) => Invalid::one(amount, OUT_OF_RANGE, past_counting()).into(),
        StoreError::Failed(_) | StoreError::Unavailable(_) | StoreError::Crowded { .. } => {
            error.shared().into()
        }
    }
}

/// What the writer task works with.
struct Task {
    tasks: Tasks,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    hub: Hub,
    observer: CommitObserver,
}

impl Task {
    async fn run(self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(first) = jobs.recv().await {
            let group = gather(first, &mut jobs);
            let (writes, replies) = group.into_iter().map(|job| (job.write, job.reply)).unzip();
            // After a panic the replies are gone, which tells those who wait to try again; the next group may be well.
            let _ = self.tasks.guard(NAME, self.commit(writes, replies)).await;
        }
    }

    /// Makes writes durable together. When their sum is larger than can be counted, they are made durable in parts, so
    /// that only the one that is too large is refused. After any other failure nothing is tried again: it may have been
    /// stored after all, and what is done to the books must not be done twice.
    async fn commit(&self, mut writes: Vec<Write>, mut replies: Vec<Reply>) {
        let started = Instant::now();
        match self.store.commit(&writes, self.clock.now()).await {
            Ok(outcomes) => {
                (self.observer)(CommitSeen {
                    requests: writes.len(),
                    events: writes.iter().map(size).sum(),
                    took: started.elapsed(),
                });
                self.hub.notify(&accounts_changed(&writes, &outcomes));
                for (reply, outcome) in replies.into_iter().zip(outcomes) {
                    let _ = reply.send(Ok(outcome));
                }
            }
            Err(StoreError::OutOfRange(_)) if writes.len() > 1 => {
                let half = writes.len() / 2;
                let (later_writes, later_replies) =
                    (writes.split_off(half), replies.split_off(half));
                Box::pin(self.commit(writes, replies)).await;
                Box::pin(self.commit(later_writes, later_replies)).await;
            }
            Err(error) => fail(replies, error),
        }
    }
}

fn gather(first: Job, jobs: &mut mpsc::Receiver<Job>) -> Vec<Job> {
    let mut events = size(&first.write);
    let mut group = vec![first];
    while events < GROUP_EVENTS {
        let Ok(job) = jobs.try_recv() else { break };
        events += size(&job.write);
        group.push(job);
    }
    group
}

fn accounts_changed(writes: &[Write], outcomes: &[Written]) -> Vec<AccountId> {
    let mut accounts = Vec::new();
    for (write, outcome) in writes.iter().zip(outcomes) {
        match (write.plain(), outcome) {
            (Write::Events(batch), Written::Events(CommitOutcome::Stored(committed)))
                if committed.accepted > 0 =>
            {
                accounts.extend(batch.iter().map(|event| event.account));
            }
            (Write::Act(act), Written::Act(Ok(_))) => accounts.push(act.account),
            _ => {}
        }
    }
    accounts.sort_unstable();
    accounts.dedup();
    accounts
}

fn fail(replies: Vec<Reply>, error: StoreError) {
    let error = Arc::new(error);
    for reply in replies {
        let _ = reply.send(Err(Arc::clone(&error)));
    }
}
