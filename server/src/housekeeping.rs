//! What a server does now and then by itself. A panic of one task ends none of them, nor itself: [`service::tasks`].

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use service::Services;
use tokio::time::Instant;

use crate::{AppState, telemetry};

/// How often sessions that have ended are removed.
const SWEEP_EVERY: Duration = Duration::from_hours(1);

/// How often it is written down when keys were used.
const NOTE_EVERY: Duration = Duration::from_mins(1);

/// How often books are looked at that have to be brought up to now: an abandoned hold ends this late at most.
const RENEW_EVERY: Duration = Duration::from_secs(1);

/// How often accounts with news are looked at for alerts.
const WATCH_EVERY: Duration = Duration::from_secs(1);
/// How often all accounts are, also at their past.
const WATCH_ALL_EVERY: Duration = Duration::from_mins(10);
/// How often keys and endpoints are looked at that will end.
const WATCH_ENDINGS_EVERY: Duration = Duration::from_mins(10);
/// How often messages are looked for that are due again.
const SEND_EVERY: Duration = Duration::from_secs(1);

/// How often usage across accounts is read before anybody asks for it: what came late is read again.
const READ_AHEAD_EVERY: Duration = Duration::from_mins(5);

/// When everything is first compared: once the first pages have been served.
const RECONCILE_FIRST: Duration = Duration::from_secs(20);
/// How often after that.
const RECONCILE_EVERY: Duration = Duration::from_mins(10);
/// It reads every event: on a large database it rests this many times as long as it took.
const RECONCILE_REST: u32 = 30;

/// How long looking at the file rests after each table, at least, and as a multiple of what it took.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// See [`LOOK_EVERY`].
const LOOK_REST: u32 = 30;

/// Runs every task until dropped.
pub async fn run(services: Services, state: AppState) {
    let (services, tasks) = (&services, services.tasks());
    let (metrics, limiter, guesses) = (&state.metrics, &state.limiter, &state.guesses);
    let first_comparison = async {
        tokio::time::sleep(RECONCILE_FIRST).await;
        tasks.repeat("reconciliation", || reconcile(services)).await;
    };
    let table = AtomicU32::new(0);
    let look = async {
        // Once, at the start, as a whole: it takes about as long as reading the file.
        tasks.guard("file", look_at_file(services)).await;
        tasks
            .repeat("file", || look_at_next_table(services, &table))
            .await;
    };
    let all_alerts = async {
        tokio::time::sleep(WATCH_ALL_EVERY).await;
        tasks.repeat("all-alerts", || watch_all(services)).await;
    };
    tokio::join!(
        tasks.repeat("metrics", || async { telemetry::upkeep(metrics) }),
        tasks.repeat("limits", || async {
            limiter.forget_quiet();
            guesses.forget_quiet();
            NOTE_EVERY
        }),
        tasks.repeat("keys", || note_used_keys(services)),
        tasks.repeat("names", || tell_unlisted(services)),
        tasks.repeat("sessions", || sweep(services)),
        tasks.repeat("renewal", || renew(services)),
        tasks.repeat("alerts", || watch_news(services)),
        all_alerts,
        tasks.repeat("endings", || watch_endings(services)),
        tasks.repeat("messages", || send(services)),
        tasks.repeat("reading-ahead", || read_ahead(services)),
        first_comparison,
        look,
    );
}

async fn look_at_file(services: &Services) {
    if let Err(error) = services.look_at_file().await {
        tracing::error!(%error, "the database's file could not be looked at");
    }
}

/// Looks at one table after the other, for ever.
async fn look_at_next_table(services: &Services, table: &AtomicU32) -> Duration {
    let begun = Instant::now();
    let number = table.fetch_add(1, Ordering::Relaxed);
    match services.look_at_table(number).await {
        Ok(true) => {}
        Ok(false) => table.store(0, Ordering::Relaxed),
        Err(error) => tracing::error!(%error, "a table could not be looked at"),
    }
    LOOK_EVERY.max(begun.elapsed() * LOOK_REST)
}

async fn note_used_keys(services: &Services) -> Duration {
    if let Err(error) = services.note_used_keys().await {
        tracing::error!(%error, "when keys were used could not be written down");
    }
    NOTE_EVERY
}

async fn tell_unlisted(services: &Services) -> Duration {
    match services.tell_unlisted().await {
        Ok(accounts) => telemetry::unlisted(accounts),
        Err(error) => tracing::error!(%error, "accounts with too many names could not be told"),
    }
    NOTE_EVERY
}

async fn sweep(services: &Services) -> Duration {
    match services.sweep_sessions().await {
        Ok(0) => {}
        Ok(ended) => tracing::info!(ended, "removed sessions that have ended"),
        Err(error) => tracing::error!(%error, "ended sessions could not be removed"),
    }
    SWEEP_EVERY
}

/// Compares everything with everything: a page says when that was, and whether it agreed.
async fn reconcile(services: &Services) -> Duration {
    let begun = Instant::now();
    match services.reconcile().await {
        Ok(0) => tracing::info!("log, totals and ledger agree"),
        Ok(differences) => tracing::error!(
            differences,
            "log, totals and ledger do not agree: run creditscope doctor"
        ),
        Err(error) => tracing::error!(%error, "log, totals and ledger could not be compared"),
    }
    RECONCILE_EVERY.max(begun.elapsed() * RECONCILE_REST)
}

/// Looks at accounts with news: what crossed a level is told within two seconds.
async fn watch_news(services: &Services) -> Duration {
    services.watch_news().await;
    WATCH_EVERY
}

/// Looks at all accounts, also at their past.
async fn watch_all(services: &Services) -> Duration {
    if let Err(error) = services.watch_all().await {
        tracing::error!(%error, "alerts could not be looked at");
    }
    if let Err(error) = services.tell_weeks().await {
        tracing::error!(%error, "weeks could not be told");
    }
    WATCH_ALL_EVERY
}

/// Tells of keys and endpoints that will end.
async fn watch_endings(services: &Services) -> Duration {
    if let Err(error) = services.tell_endings().await {
        tracing::error!(%error, "keys and endpoints that end could not be looked at");
    }
    WATCH_ENDINGS_EVERY
}

/// Reads what is read most slowly before somebody waits for it.
async fn read_ahead(services: &Services) -> Duration {
    if let Err(error) = services.read_platform_ahead().await {
        tracing::error!(%error, "usage across accounts could not be read ahead");
    }
    READ_AHEAD_EVERY
}

/// Sends what is to be told, at once when there is something new, and again when it is due.
async fn send(services: &Services) -> Duration {
    match services.send_due().await {
        Ok(0) => {}
        Ok(sent) => {
            tracing::debug!(sent, "tried to send messages");
            return Duration::ZERO;
        }
        Err(error) => tracing::error!(%error, "messages could not be sent"),
    }
    let _ = tokio::time::timeout(SEND_EVERY, services.messages()).await;
    Duration::ZERO
}

/// Brings books up to now that nobody asks about, so that cycles begin and abandoned holds end in time.
async fn renew(services: &Services) -> Duration {
    match services.renew_due().await {
        Ok(0) => {}
        Ok(accounts) => tracing::info!(accounts, "brought books up to now"),
        Err(error) => tracing::error!(%error, "books could not be brought up to now"),
    }
    RENEW_EVERY
}
