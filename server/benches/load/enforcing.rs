//! Permission over HTTP, alone and while usage is reported.

use std::time::{Duration, Instant};

use service::{Clock as _, SystemClock};
use tokio::task::JoinSet;

use crate::{
    client::{Connection, Request, drive, get, post, post_events},
    events::Events,
    platform::Platform,
    report::{Report, Row, Times},
};

/// Connections that ask.
const MANY: usize = 64;
/// How long each is asked.
const ASKED_FOR: Duration = Duration::from_secs(4);
/// Events of a batch that is reported meanwhile.
pub const BATCH: usize = 1_000;
/// A batch so often: ten thousand events a second.
const BATCH_EVERY: Duration = Duration::from_millis(100);

const JSON: &str = "application/json";

/// Checks beside what answers without any work, then calls held and settled on one account.
pub async fn run(platform: &mut Platform, report: &mut Report) {
    let check = check(platform);
    let health = get("/healthz", &platform.token);
    let [alone, bare] = [ask(platform, &check).await, ask(platform, &health).await];
    row(report, "alone", &alone, &bare);
    let reporting = report_usage(platform, ASKED_FOR * 2);
    let both = async { [ask(platform, &check).await, ask(platform, &health).await] };
    let (reported, [asked, bare]) = tokio::join!(reporting, both);
    let rate = reported.rate(BATCH, " events/s");
    row(report, &format!("while {rate} are reported"), &asked, &bare);
    platform.stored += reported.len() * BATCH;
    let calls = hold_and_settle(platform).await;
    report.row(Row {
        what: format!("calls held and settled on one account, {MANY} connections"),
        aim: "none",
        reached: format!(
            "**{}**, two durable requests each; {}",
            calls.rate(1, " calls/s"),
            calls.line()
        ),
        peer: String::new(),
    });
}

fn row(report: &mut Report, when: &str, asked: &Times, bare: &Times) {
    report.row(Row {
        what: format!("`POST /check`, {MANY} connections, {when}"),
        aim: "p50 ≤ 2 × `/healthz`",
        reached: format!(
            "**{:.1} ×**; {}; {}",
            asked.ms(50) / bare.ms(50).max(f64::MIN_POSITIVE),
            asked.rate(1, "/s"),
            asked.line()
        ),
        peer: format!("`/healthz` {}; {}", bare.rate(1, "/s"), bare.line()),
    });
}

fn check(platform: &Platform) -> Request {
    let company = Events::company(7);
    let body = format!(r#"{{"company":"{company}","agent":"voice_inbound","credits":"3.75"}}"#);
    post("/api/v1/check", &platform.token, JSON, &body)
}

async fn ask(platform: &Platform, request: &Request) -> Times {
    let forever = std::iter::repeat(request.clone());
    drive(platform.addr, MANY, forever, ASKED_FOR).await
}

/// Batches at a steady rate; one that is late does not make the next ones denser.
pub async fn report_usage(platform: &Platform, limit: Duration) -> Times {
    let mut connection = Connection::open(platform.addr).await;
    let mut every = tokio::time::interval(BATCH_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (begun, mut times) = (Instant::now(), Times::default());
    while begun.elapsed() < limit {
        every.tick().await;
        let now = SystemClock.now();
        let body = platform.events.lock().unwrap().batch(BATCH, now, 0);
        let request = post_events(&platform.token, "application/cloudevents-batch+json", &body);
        let start = Instant::now();
        connection.send(&request).await;
        times.add(start.elapsed());
    }
    times.took(begun.elapsed())
}

/// Every connection begins a call and settles it, then the next one. A time is that of both.
async fn hold_and_settle(platform: &Platform) -> Times {
    let (addr, begun) = (platform.addr, Instant::now());
    let mut workers = JoinSet::new();
    for worker in 0..MANY {
        let token = platform.token.clone();
        workers.spawn(async move {
            let mut connection = Connection::open(addr).await;
            let (mut times, mut call) = (Times::default(), 0);
            while begun.elapsed() < ASKED_FOR {
                let [hold, settle] = self::call(&token, &format!("call-{worker}-{call}"));
                call += 1;
                let start = Instant::now();
                connection.send(&hold).await;
                connection.send(&settle).await;
                times.add(start.elapsed());
            }
            times
        });
    }
    let mut all = Times::default();
    for times in workers.join_all().await {
        all.merge(times);
    }
    all.took(begun.elapsed())
}

fn call(token: &str, id: &str) -> [Request; 2] {
    let company = Events::company(7);
    let hold = format!(
        r#"{{"id":"{id}","company":"{company}","agent":"voice_inbound","activity":"voice_call","credits":"5","expires_in_s":60}}"#
    );
    [
        post("/api/v1/holds", token, JSON, &hold),
        post(
            &format!("/api/v1/holds/{id}/settle"),
            token,
            JSON,
            r#"{"credits":"3.75"}"#,
        ),
    ]
}
