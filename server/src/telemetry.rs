//! Logs to stderr, numbers to Prometheus.

use std::{sync::OnceLock, time::Duration};

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use service::{
    Services,
    ports::NameSort,
    writer::{CommitObserver, CommitSeen},
};
use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// Upper bounds of the duration histograms, in seconds: from a cached read to the request timeout.
const SECONDS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0,
];
/// How often the recorder lets go of what it no longer needs.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Events by what became of them.
pub const EVENTS: &str = "creditscope_events_total";
/// Time a transaction of the writer took.
const COMMIT_SECONDS: &str = "creditscope_commit_duration_seconds";
/// Events of a transaction of the writer.
const COMMIT_EVENTS: &str = "creditscope_commit_events_total";
/// Requests that wait for the writer.
const QUEUE_DEPTH: &str = "creditscope_writer_queue_depth";
/// Accounts with more names than are listed.
const UNLISTED: &str = "creditscope_accounts_with_unlisted_names";
/// HTTP requests by method, route and status.
pub const REQUESTS: &str = "creditscope_http_requests_total";
/// Time until an answer's head was ready.
pub const REQUEST_SECONDS: &str = "creditscope_http_request_duration_seconds";

/// Panics of background tasks.
const TASK_PANICS: &str = "creditscope_task_panics_total";
/// Background tasks that are down.
const TASK_DOWN: &str = "creditscope_task_down";

/// Starts logging. Only the first call of a process counts.
///
/// # Errors
/// A filter that cannot be read.
pub fn start_logging(filter: &str, format: LogFormat) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter).map_err(|error| error.to_string())?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // What cannot be written is dropped. Telling that on stderr, as is usual, panics when nobody reads it any more.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    // A second call is a test's; the first one's settings stay.
    let _ = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    Ok(())
}

/// The process's metrics.
pub fn metrics() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(install).clone()
}

fn install() -> PrometheusHandle {
    let builder = PrometheusBuilder::new();
    let builder =
        match builder.set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS) {
            Ok(builder) => builder,
            Err(error) => {
                tracing::error!(%error, "histograms are left out of the metrics");
                PrometheusBuilder::new()
            }
        };
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::error!("another metrics recorder is installed: /metrics stays empty");
    }
    describe_counter!(EVENTS, "Events by outcome: accepted, duplicate, refused");
    describe_counter!(COMMIT_EVENTS, "Events handed to the database");
    describe_histogram!(
        COMMIT_SECONDS,
        Unit::Seconds,
        "Time of a write transaction until it is durable"
    );
    describe_counter!(TASK_PANICS, "Panics of background tasks, by task");
    describe_gauge!(TASK_DOWN, "1 for a background task that is down");
    describe_gauge!(
        UNLISTED,
        "Accounts with more sources or activities than are counted by themselves"
    );
    describe_gauge!(QUEUE_DEPTH, "Write requests that wait for the writer");
    describe_counter!(REQUESTS, "HTTP requests by method, route and status");
    describe_histogram!(
        REQUEST_SECONDS,
        Unit::Seconds,
        "Time until an answer's head was ready"
    );
    handle
}

/// Counts the writer's transactions.
pub fn commit_observer() -> CommitObserver {
    std::sync::Arc::new(|seen: CommitSeen| {
        metrics::histogram!(COMMIT_SECONDS).record(seen.took.as_secs_f64());
        metrics::counter!(COMMIT_EVENTS).increment(u64::try_from(seen.events).unwrap_or(u64::MAX));
    })
}

/// The metrics as Prometheus reads them.
pub fn render(handle: &PrometheusHandle, services: &Services) -> String {
    metrics::gauge!(QUEUE_DEPTH).set(u32::try_from(services.queue_depth()).unwrap_or(u32::MAX));
    let down = services.tasks().down();
    for (task, panics) in services.tasks().panics() {
        metrics::counter!(TASK_PANICS, "task" => task).absolute(panics);
        metrics::gauge!(TASK_DOWN, "task" => task).set(if down.contains(&task) {
            1.0
        } else {
            0.0
        });
    }
    handle.render()
}

/// Keeps the recorder's memory bounded; when to do so again.
pub fn upkeep(handle: &PrometheusHandle) -> Duration {
    handle.run_upkeep();
    UPKEEP_EVERY
}

/// Notes how many accounts have more names than are listed.
pub fn unlisted(accounts: [(NameSort, usize); 2]) {
    for (sort, count) in accounts {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        metrics::gauge!(UNLISTED, "names" => sort.plural()).set(count);
    }
}
