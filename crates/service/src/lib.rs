//! The use-cases of Creditscope over storage traits: no SQL, no HTTP, no Leptos.
//!
//! Every call takes a [`Caller`] or the [`Scope`] made from one; none can be made without.

pub mod accounts;
pub mod activity;
pub mod advice;
pub mod alerts;
pub mod audit;
pub mod billing;
pub mod books;
mod brand;
pub mod caller;
pub mod clock;
pub mod companies;
mod damage;
pub mod dashboard;
pub mod desk;
pub mod digest;
mod directory;
pub mod disputes;
pub mod email_address;
pub mod emails;
pub mod endings;
pub mod enforce;
pub mod error;
pub mod forecast;
pub mod hashing;
pub mod idempotency;
pub mod ingest;
pub mod keys;
pub mod ledger;
mod levels;
pub mod live;
pub mod mail;
pub mod members;
mod names;
pub mod orders;
mod outbox;
pub mod passkeys;
mod passwords;
pub mod payments;
pub mod platform;
pub mod portal;
pub mod ports;
pub mod rates;
mod reconcile;
pub mod recovery;
mod renewal;
pub mod request;
pub mod review;
mod seal;
pub mod second_factor;
mod selection;
pub mod sessions;
pub mod single_sign_on;
pub mod sources;
pub mod spikes;
mod split;
mod standing;
pub mod tasks;
pub mod tips;
pub mod trends;
pub mod tries;
pub mod turn;
pub mod usage;
pub mod users;
pub mod value;
pub mod webhooks;
pub mod writer;

use std::sync::Arc;

use tokio::sync::{Notify, watch};

pub use caller::{Caller, Permission, Scope};
pub use clock::{Clock, SystemClock};
pub use error::{ServiceError, ServiceResult, log_failure};
pub use standing::Changed;

use crate::{
    damage::Damage,
    directory::Directory,
    enforce::Checks,
    hashing::Hashing,
    live::Hub,
    mail::{Mailer, NoMail, Pages},
    payments::{Manual, PaymentProvider},
    ports::Store,
    tasks::Tasks,
    webhooks::{Courier, NoCourier},
    writer::{CommitObserver, Writer},
};

/// Why no work should be sent here now.
#[derive(Debug, thiserror::Error)]
pub enum Unready {
    /// The database does not answer.
    #[error("the database does not answer: {0}")]
    Database(#[source] ports::StoreError),
    /// The writer's queue is full or closed.
    #[error("too much work is waiting")]
    Busy,
    /// The database's file is damaged.
    #[error("the database's file is damaged")]
    Damaged,
    /// Background tasks have panicked for a while.
    #[error("down: {}", .0.join(", "))]
    Down(Vec<&'static str>),
}

/// All use-cases, sharing one database, one writer and one clock.
#[derive(Clone)]
pub struct Services {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    directory: Arc<Directory>,
    writer: Writer,
    tasks: Tasks,
    damage: Damage,
    checks: Checks,
    hub: Hub,
    standing: standing::Watch,
    hashing: Hashing,
    tips: tips::Remembered,
    spans_read: platform::SpansRead,
    payments: Arc<dyn PaymentProvider>,
    mail: Arc<dyn Mailer>,
    pages: Option<Arc<Pages>>,
    courier: Arc<dyn Courier>,
    /// Whether platform staff may do nothing without a second factor.
    staff_need_second_factor: bool,
    /// Told when a message can be sent at once.
    messages: Arc<Notify>,
    /// Told whenever something was done that the audit log keeps: who may do what may have changed.
    deeds: watch::Sender<()>,
}

impl Services {
    /// Starts the writer over `store`. Call inside a tokio runtime.
    pub fn start(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self::start_observed(store, clock, Arc::new(|_| ()))
    }

    /// Starts the writer over `store`, telling `observer` of every transaction. Call inside a tokio runtime.
    pub fn start_observed(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        observer: CommitObserver,
    ) -> Self {
        let hub = Hub::default();
        let tasks = store.tasks();
        let writer = Writer::start(
            Arc::clone(&store),
            Arc::clone(&clock),
            hub.clone(),
            observer,
        );
        live::watch(Arc::clone(&store), Arc::clone(&clock), &hub, tasks.clone());
        let standing = standing::Watch::default();
        let deeds = watch::channel(()).0;
        standing.start(
            Arc::clone(&store),
            Arc::clone(&clock),
            deeds.subscribe(),
            tasks.clone(),
        );
        Self {
            directory: Arc::new(Directory::new(Arc::clone(&store))),
            checks: Checks::start(Arc::clone(&store), Arc::clone(&clock)),
            store,
            clock,
            writer,
            tasks,
            damage: Damage::default(),
            hub,
            standing,
            hashing: Hashing::default(),
            tips: tips::Remembered::default(),
            spans_read: platform::SpansRead::default(),
            payments: Arc::new(Manual),
            mail: Arc::new(NoMail),
            pages: None,
            courier: Arc::new(NoCourier),
            staff_need_second_factor: false,
            messages: Arc::new(Notify::new()),
            deeds,
        }
    }

    /// The same use-cases with another way of paying orders.
    #[must_use]
    pub fn with_payments(self, payments: Arc<dyn PaymentProvider>) -> Self {
        Self { payments, ..self }
    }

    /// The same use-cases with emails that are sent.
    #[must_use]
    pub fn with_mail(self, mail: Arc<dyn Mailer>) -> Self {
        Self { mail, ..self }
    }

    /// The same use-cases with emails that lead to pages.
    #[must_use]
    pub fn with_pages(self, pages: Pages) -> Self {
        let pages = Some(Arc::new(pages));
        Self { pages, ..self }
    }

    /// The same use-cases with webhooks that are called.
    #[must_use]
    pub fn with_courier(self, courier: Arc<dyn Courier>) -> Self {
        Self { courier, ..self }
    }

    /// The clock every use-case reads.
    pub fn now(&self) -> domain::Time {
        self.clock.now()
    }

    /// The time, for what is stored and told of it: in a request with a key the same each time it runs.
    pub(crate) fn moment(&self) -> domain::Time {
        request::noted(|| self.clock.now())
    }

    /// A new id that sorts by time: a UUID of version 7.
    pub(crate) fn new_id(&self) -> String {
        let millis = u64::try_from(self.now().micros() / 1_000).unwrap_or(0);
        request::noted(|| {
            let mut random = [0_u8; 10];
            rand::fill(&mut random);
            uuid::Builder::from_unix_timestamp_millis(millis, &random)
                .into_uuid()
                .to_string()
        })
    }

    /// Whether the database answers, the writer takes work, and all background tasks run.
    ///
    /// # Errors
    /// What is in the way.
    pub async fn ready(&self) -> Result<(), Unready> {
        self.store.ping().await.map_err(Unready::Database)?;
        if !self.writer.is_open() {
            return Err(Unready::Busy);
        }
        if self.is_damaged() {
            return Err(Unready::Damaged);
        }
        let down = self.tasks.down();
        if down.is_empty() {
            Ok(())
        } else {
            Err(Unready::Down(down))
        }
    }

    /// The background tasks of this process.
    pub const fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// Where passwords are hashed.
    pub const fn hashing(&self) -> &Hashing {
        &self.hashing
    }

    /// Write requests that wait for the writer.
    pub fn queue_depth(&self) -> usize {
        self.writer.depth()
    }

    /// Proves that events, roll-ups, cycle totals and the ledger agree. Operators only: it reads everything.
    pub async fn doctor(&self, caller: &Caller) -> ServiceResult<ports::DoctorReport> {
        caller.require_platform(Permission::Provision)?;
        Ok(self.store.doctor().await?)
    }

    /// Stops taking writes and waits until those accepted are durable.
    pub async fn close(&self) {
        self.writer.close().await;
    }
}
