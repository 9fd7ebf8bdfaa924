//! Checks of one account, alone and while another does what its people and keys may do.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinSet;

use crate::{
    client::{Request, drive, post},
    enforcing::report_usage,
    platform::{NEIGHBOUR, Platform},
    report::{Report, Row, Times},
    slow::{exchange, sign_in},
};

/// Pages that the noisy account has in flight.
const PAGES: usize = 16;
/// Exports that it downloads at once.
const EXPORTS: usize = 4;
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
    let (reported, beside_batches) =
        tokio::join!(report_usage(platform, MEASURED), checks(platform));
    platform.stored += reported.len() * crate::enforcing::BATCH;
    let what = format!(
        "{} reported",
        reported.rate(crate::enforcing::BATCH, " events/s")
    );
    row(report, &what, &beside_batches, &alone);
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
                    exchange(addr, &request).await;
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
