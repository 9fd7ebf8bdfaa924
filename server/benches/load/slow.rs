//! The page, alone and while a thousand clients hold connections on which they send next to nothing.

use std::{net::SocketAddr, time::Instant};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    platform::{EMAIL, PASSWORD, Platform},
    report::{Report, Row, Times},
};

/// Clients that send half a head and wait.
const SLOW: usize = 1_000;
/// Pages read, after a few that are not counted.
const PAGES: usize = 300;
const UNCOUNTED: usize = 30;

/// Reads pages alone and beside the slow ones, and waits until those have been closed.
pub async fn run(platform: &Platform, report: &mut Report) {
    let cookie = sign_in(platform.addr).await;
    let alone = pages(platform.addr, &cookie).await;
    let begun = Instant::now();
    let mut slow = Vec::with_capacity(SLOW);
    for _ in 0..SLOW {
        let mut stream = TcpStream::connect(platform.addr).await.unwrap();
        let half = b"GET /billing/usage HTTP/1.1\r\nhost: bench\r\nx-slow: ";
        stream.write_all(half).await.unwrap();
        slow.push(stream);
    }
    let beside = pages(platform.addr, &cookie).await;
    for stream in &mut slow {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    }
    let closed_s = begun.elapsed().as_secs_f64();
    report.row(Row {
        what: format!("the page, {SLOW} slow connections beside it"),
        aim: "p99 < 2 × alone",
        reached: format!(
            "**{:.1} ×**; {}; all closed within {closed_s:.0} s",
            beside.ms(99) / alone.ms(99).max(f64::MIN_POSITIVE),
            beside.line()
        ),
        peer: format!("alone {}", alone.line()),
    });
}

pub async fn sign_in(addr: SocketAddr) -> String {
    let body = format!("email={}&password={PASSWORD}", EMAIL.replace('@', "%40"));
    let request = format!(
        "POST /sign-in HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = exchange(addr, &request).await;
    let (_, rest) = answer.split_once("set-cookie: ").unwrap();
    rest.split(';').next().unwrap().to_owned()
}

async fn pages(addr: SocketAddr, cookie: &str) -> Times {
    let request = format!(
        "GET /billing/usage HTTP/1.1\r\nhost: bench\r\nconnection: close\r\ncookie: {cookie}\r\n\r\n"
    );
    let mut times = Times::default();
    for number in 0..PAGES + UNCOUNTED {
        let begun = Instant::now();
        let answer = exchange(addr, &request).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        if number >= UNCOUNTED {
            times.add(begun.elapsed());
        }
    }
    times
}

pub async fn exchange(addr: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}
