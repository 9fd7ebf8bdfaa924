//! What the page and the API read, in the service and over HTTP.

use std::time::Instant;

use domain::{activity::LogAsk, calendar::Window, cursor::Cursor, filter::ViewQuery};
use service::{
    Caller, Permission, Scope, Services, activity::LogRead, ports::GroupBy, trends::TrendsQuery,
};

use crate::{
    client::{Connection, get},
    platform::{ACCOUNT, Platform},
    report::{Report, Times},
};

/// Readings of each thing, after a few that are not counted.
const TIMES: usize = 200;
const UNCOUNTED: usize = 20;
/// Rows of a page of the log.
const ROWS: u32 = 50;

/// Measures everything at the size the database has now.
pub async fn run(platform: &Platform, report: &mut Report) {
    let (services, database) = platform.beside().await;
    let reader = Reader {
        services,
        caller: Caller::operator("bench"),
    };
    reader.totals(report).await;
    reader.log(report).await;
    reader.services.close().await;
    database.close().await.unwrap();
    http(platform, report).await;
}

struct Reader {
    services: Services,
    caller: Caller,
}

impl Reader {
    async fn scope(&self) -> Scope {
        let scope = self
            .services
            .scope(&self.caller, Some(ACCOUNT), Permission::Read);
        scope.await.unwrap()
    }

    async fn totals(&self, report: &mut Report) {
        for period in ["30d", "this_cycle"] {
            let view = of(period);
            let times = timed(async || {
                let summary = self.services.summary(self.scope().await, &view);
                summary.await.unwrap();
            });
            let what = format!("summary in the service, `{period}`");
            report.times(&what, "< 1 ms, flat", &times.await);
        }
        for (period, window, group_by) in [
            ("30d", Window::Day, GroupBy::Agent),
            ("7d", Window::Hour, GroupBy::Company),
            ("90d", Window::Week, GroupBy::Activity),
        ] {
            let query = TrendsQuery {
                view: of(period),
                window,
                group_by,
            };
            let times = timed(async || {
                let trends = self.services.trends(self.scope().await, &query);
                trends.await.unwrap();
            });
            let what = format!("trends in the service, `{period}` by {}", window.id());
            report.times(&what, "flat", &times.await);
        }
        let view = of("30d");
        let times = timed(async || {
            let page = self.services.page(self.scope().await, &view, None);
            page.await.unwrap();
        });
        let what = "the whole page in the service: gauge, cards, bars, log";
        report.times(what, "none", &times.await);
    }

    async fn log(&self, report: &mut Report) {
        let total = self.read(LogAsk::Newest).await.total;
        let times = timed(async || drop(self.read(LogAsk::Newest).await)).await;
        report.times("log page in the service: newest", "< 1 ms", &times);
        for (name, position) in [("middle", total / 2), ("deepest", total - u64::from(ROWS))] {
            let there = self.read(LogAsk::AtPosition(position)).await;
            let first = &there.rows[0];
            let place = Cursor {
                time: first.time,
                seq: first.seq,
            };
            let times = timed(async || drop(self.read(LogAsk::OlderThan(place)).await)).await;
            let what = format!("log page in the service: {name}");
            report.times(&what, "< 1 ms", &times);
            let jump = timed(async || drop(self.read(LogAsk::AtPosition(position)).await)).await;
            let what = format!("jump of the scrollbar: {name}");
            report.times(&what, "none", &jump);
        }
    }

    async fn read(&self, ask: LogAsk) -> domain::activity::LogPage {
        let read = LogRead { ask, limit: ROWS };
        let log = self
            .services
            .log(self.scope().await, &of("30d"), read)
            .await;
        log.unwrap()
    }
}

fn of(period: &str) -> ViewQuery {
    ViewQuery {
        period: Some(period.to_owned()),
        ..ViewQuery::default()
    }
}

async fn timed(mut read: impl AsyncFnMut()) -> Times {
    let mut times = Times::default();
    for number in 0..UNCOUNTED + TIMES {
        let start = Instant::now();
        read().await;
        if number >= UNCOUNTED {
            times.add(start.elapsed());
        }
    }
    times
}

/// One request after the other on one connection.
async fn http(platform: &Platform, report: &mut Report) {
    for (name, path) in [
        ("`GET /healthz`", "/healthz"),
        (
            "`GET /api/v1/usage/summary`",
            "/api/v1/usage/summary?period=30d",
        ),
        (
            "`GET /api/v1/events`, newest 50",
            "/api/v1/events?period=30d&limit=50",
        ),
    ] {
        let request = get(path, &platform.token);
        let mut connection = Connection::open(platform.addr).await;
        let times = timed(async || connection.send(&request).await).await;
        report.times(&format!("{name}, 1 connection"), "none", &times);
    }
}
