//! Checks of one account, alone and while another does what its people and keys may do.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinSet;

use crate::{
    client::{Request, drive, post},
    enforcing::report_usage,
    events::Events,
    platform::{ACCOUNT, NEIGHBOUR, Platform},
    report::{Report, Row, Times},
    slow::{exchange, sign_in},
};

/// Pages that the noisy account has in flight.
const PAGES: usize = 16;
/// Exports that it downloads at once.
const EXPORTS: usize = 4;
/// Connections that write with a key each time.
const WRITERS: usize = 8;
/// Connections that send a test message to a webhook.
const TESTERS: usize = 8;
/// Live sockets that are opened, over and over.
const SOCKETS: usize = 32;
/// For how long checks are measured.
const MEASURED: Duration = Duration::from_secs(6);

/// Measures checks of the quiet account, one at a time, beside each kind of noise.
pub async fn run(platform: &mut Platform, report: &mut Report) {
    let alone = checks(platform).await;
    let cookie = sign_in(platform.addr).await;
    let page = format!(
        "GET /billing/usage HTTP/1.1\r\nhost: bench\r\nconnection: close\r\ncookie: {cookie}\r\n\r\n"
    );
    let export = format!(
        "GET /api/v1/events?format=csv HTTP/1.1\r\nhost: bench\r\nconnection: close\r\nauthorization: Bearer {}\r\n\r\n",
        platform.token
    );
    let noise = Noise::begin(platform.addr, &page, PAGES);
    let beside_pages = checks(platform).await;
    noise.end().await;
    row(
        report,
        &format!("{PAGES} pages in flight"),
        &beside_pages,
        &alone,
    );
    let noise = Noise::begin(platform.addr, &export, EXPORTS);
    let beside_exports = checks(platform).await;
    noise.end().await;
    row(
        report,
        &format!("{EXPORTS} exports at once"),
        &beside_exports,
        &alone,
    );
    for (what, request, connections) in more_noise(platform, &cookie).await {
        let noise = Noise::begin(platform.addr, &request, connections);
        let beside = checks(platform).await;
        noise.end().await;
        row(report, &format!("{connections} {what}"), &beside, &alone);
    }
    let (reported, beside_batches) =
        tokio::join!(report_usage(platform, MEASURED), checks(platform));
    platform.stored += reported.len() * crate::enforcing::BATCH;
    let what = format!(
        "{} reported",
        reported.rate(crate::enforcing::BATCH, " events/s")
    );
    row(report, &what, &beside_batches, &alone);
}

/// What else a role and a key of the account allow: `#` in a request becomes another number each time.
async fn more_noise(platform: &Platform, cookie: &str) -> Vec<(&'static str, String, usize)> {
    let form = |path: &str, body: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: bench\r\nconnection: close\r\ncookie: {cookie}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let make = form(
        "/settings/webhooks/make",
        &format!("account={ACCOUNT}&url=https%3A%2F%2Fexample.invalid%2F"),
    );
    exchange(platform.addr, &make).await;
    let page = format!(
        "GET /billing/alerts HTTP/1.1\r\nhost: bench\r\nconnection: close\r\ncookie: {cookie}\r\n\r\n"
    );
    let page = exchange(platform.addr, &page).await;
    let webhook = page
        .split_once("name=\"webhook\" value=\"")
        .and_then(|(_, rest)| rest.split('"').next())
        .unwrap_or_default();
    let test = form(
        "/settings/webhooks/test",
        &format!("account={ACCOUNT}&webhook={webhook}"),
    );
    let body = format!(
        r#"{{"company":"{}","agent":"chat","activity":"chat_reply","credits":"1","expires_in_s":60}}"#,
        Events::company(0)
    );
    let keyed = format!(
        "POST /api/v1/holds HTTP/1.1\r\nhost: bench\r\nconnection: close\r\nauthorization: Bearer {}\r\n\
         idempotency-key: bench-#\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        platform.token,
        body.len()
    );
    let socket = format!(
        "GET {} HTTP/1.1\r\nhost: bench\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\ncookie: {cookie}\r\n\r\n",
        <app::functions::Follow as leptos::server_fn::ServerFn>::PATH
    );
    vec![
        ("writes with an `Idempotency-Key` at once", keyed, WRITERS),
        ("test messages to a webhook at once", test, TESTERS),
        ("live sockets opened over and over", socket, SOCKETS),
    ]
}

fn row(report: &mut Report, noise: &str, beside: &Times, alone: &Times) {
    report.row(Row {
        what: format!("an account's `POST /check` beside another with {noise}"),
        aim: "p99 < 1.5 × alone",
        reached: format!(
            "**{:.1} ×**; {}",
            beside.ms(99) / alone.ms(99).max(f64::MIN_POSITIVE),
            beside.line()
        ),
        peer: format!("alone {}", alone.line()),
    });
}

async fn checks(platform: &Platform) -> Times {
    let body = format!(r#"{{"company":"{NEIGHBOUR}","agent":"chat","credits":"1"}}"#);
    let check: Request = post(
        "/api/v1/check",
        &platform.neighbour,
        "application/json",
        &body,
    );
    drive(platform.addr, 1, std::iter::repeat(check), MEASURED).await
}

/// Counts what is sent, so that no request is the same as another.
static NUMBER: AtomicU64 = AtomicU64::new(0);
/// The longest that one answer is waited for.
const LONGEST: Duration = Duration::from_secs(2);

/// Requests that are sent again and again over several connections.
struct Noise {
    goes_on: Arc<AtomicBool>,
    makers: JoinSet<()>,
}

impl Noise {
    fn begin(addr: SocketAddr, request: &str, connections: usize) -> Self {
        let goes_on = Arc::new(AtomicBool::new(true));
        let mut makers = JoinSet::new();
        for _ in 0..connections {
            let (goes_on, request) = (Arc::clone(&goes_on), request.to_owned());
            makers.spawn(async move {
                while goes_on.load(Ordering::Relaxed) {
                    let number = NUMBER.fetch_add(1, Ordering::Relaxed).to_string();
                    let request = request.replace('#', &number);
                    // A socket stays open, and is left after a while like a page that is.
                    let exchanged = exchange(addr, &request);
                    let _ = tokio::time::timeout(LONGEST, exchanged).await;
                }
            });
        }
        Self { goes_on, makers }
    }

    /// Ends the noise; a long export is given up.
    async fn end(mut self) {
        self.goes_on.store(false, Ordering::Relaxed);
        self.makers.shutdown().await;
    }
}
