//! The real program against clients that send megabytes over live streams, readers that do not read, and receivers of
//! webhooks that do not answer: what it takes of memory, and how long others wait.
//!
//! `FRAMES` says how many streams send and how many readers do not read, `TESTS` how many test events are asked for,
//! `LEDGER_SEED` what is drawn. `CREDITSCOPE_BIN` says of which binary the figures are.

use std::{
    env, fs,
    net::SocketAddr,
    process::Command,
    time::{Duration, Instant},
};

use app::functions::Asked;
use domain::{
    Seq,
    live::{LiveFrame, ReadAt},
};
use futures::{SinkExt as _, StreamExt as _};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use service::{Clock as _, SystemClock};
use tokio::{
    net::{TcpSocket, TcpStream},
    task::JoinSet,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use crate::{
    kill::{
        client::Client,
        program::{self, ACCOUNT, Program},
        seed,
    },
    live_access::{Socket, asking, path},
    viewers::{frame, look, people, sign_in},
    webhooks::receiver,
    webhooks_fair::silent,
};

/// How many streams send in the short form.
const FRAMES: usize = 4;
/// How many test events are asked for in the short form.
const TESTS: usize = 40;
/// Largest message that is sent, in bytes.
const MOST_BYTES: usize = 14 * 1024 * 1024;
/// What the program may take more for them, in megabytes: before, each stayed as long as it was.
const MOST_MORE: u64 = 100;
/// Events of one write while readers do not read.
const BATCH: usize = 400;
/// As long as anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);

fn asked_for(name: &str) -> Option<usize> {
    env::var(name).ok().map(|text| text.parse().unwrap())
}

/// A running program whose log goes to ours.
fn started(program: &mut Program, settings: &[(&str, &str)]) {
    let mut command = Command::new(program::binary());
    for (name, value) in settings {
        command.env(format!("CREDITSCOPE_{name}"), value);
    }
    let lines = program.run(command, "warn");
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            eprintln!("{line}");
        }
    });
}

/// What the system says of the program's memory, in megabytes.
fn memory(program: &Program, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes / 1024
}

/// What it takes now; the peak is counted from here.
fn before(program: &Program) -> u64 {
    fs::write(format!("/proc/{}/clear_refs", program.id()), "5").unwrap();
    memory(program, "VmRSS")
}

fn peak(program: &Program) -> u64 {
    memory(program, "VmHWM")
}

/// Sockets that the program has open; its files come and go.
fn sockets(program: &Program) -> usize {
    let open = fs::read_dir(format!("/proc/{}/fd", program.id())).unwrap();
    let links = open.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    links
        .filter(|link| link.to_string_lossy().starts_with("socket:"))
        .count()
}

/// Sends so many bytes in one message, whole or in parts, and waits for the end.
async fn flood(mut socket: Socket, bytes: usize, parts: usize) {
    use tokio_tungstenite::tungstenite::protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    };
    for part in 0..parts {
        let kind = if part == 0 {
            Data::Binary
        } else {
            Data::Continue
        };
        let content = vec![7; bytes / parts];
        let frame = Frame::message(content, OpCode::Data(kind), part + 1 == parts);
        // It may be closed before all of it was sent.
        if socket.send(Message::Frame(frame)).await.is_err() {
            return;
        }
    }
    while socket.next().await.is_some_and(|message| message.is_ok()) {}
}

/// A reader that follows and does not read, with as little room for what it does not read as the system allows.
async fn deaf(addr: SocketAddr, cookie: &str) -> WebSocketStream<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let stream = socket.connect(addr).await.unwrap();
    let mut request = format!("ws://{addr}{}", path())
        .into_client_request()
        .unwrap();
    let headers = request.headers_mut();
    headers.insert("cookie", cookie.parse().unwrap());
    headers.insert("origin", format!("http://{addr}").parse().unwrap());
    let mut socket = client_async(request, stream).await.unwrap().0;
    let from = ReadAt {
        as_of: Seq::ZERO,
        books: 0,
        now: SystemClock.now(),
    };
    let query = format!("account={ACCOUNT}");
    let asked = Asked {
        view: 1,
        query,
        from: Some(from),
        ..Asked::default()
    };
    socket.send(asking(&asked)).await.unwrap();
    socket
}

/// Stores events, and waits until somebody who looks was told; how long that took.
async fn told(client: &Client, viewer: &mut Socket, batch: usize, events: usize) -> Duration {
    let events: Vec<_> = (0..events)
        .map(|event| {
            json!({
                "specversion": "1.0", "id": format!("{batch}-{event}"), "source": "floods",
                "type": "creditscope.usage", "subject": "acme-dental",
                "data": { "agent": "chat", "activity": "chat_reply", "credits": "1", "reference": "r".repeat(100) }
            })
        })
        .collect();
    let begun = Instant::now();
    let sent = client.ask("POST", "/api/v1/events", &events.into()).await;
    let (status, body) = sent.unwrap();
    assert!((200..300).contains(&status), "{status} {body}");
    loop {
        match frame(viewer).await {
            LiveFrame::Delta(_) => return begun.elapsed(),
            LiveFrame::Beat | LiveFrame::Hello { .. } => {}
            LiveFrame::Resync | LiveFrame::Parts(_) => panic!("something else"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_megabytes_fill_no_memory_and_who_does_not_read_is_cut_off() {
    let long_form = asked_for("FRAMES");
    let frames = long_form.unwrap_or(FRAMES);
    let mut random = StdRng::seed_from_u64(seed());
    let mut program = Program::provision().await;
    people(&program).await;
    started(&mut program, &[("RATE_ADDRESS", "100000")]);
    let client = program.client();
    let addr = client.addr;
    let cookie = sign_in(addr, 0).await;
    let query = format!("account={ACCOUNT}");
    let mut viewer = look(addr, &cookie, &query).await;
    told(&client, &mut viewer, 0, 1).await;
    let at_rest = before(&program);
    let mut floods = JoinSet::new();
    for _ in 0..frames {
        let bytes = random.random_range(MOST_BYTES / 2..=MOST_BYTES);
        let parts = [1, 1, 16, 1_000][random.random_range(0..4)];
        let socket = look(addr, &cookie, &query).await;
        floods.spawn(flood(socket, bytes, parts));
    }
    let all = tokio::time::timeout(PATIENCE, floods.join_all());
    all.await.unwrap();
    let most = peak(&program);
    println!(
        "{frames} streams with messages of 7 to 14 MB: {at_rest} MB before, {most} MB at the peak"
    );
    assert!(most < at_rest + MOST_MORE, "{at_rest} MB, then {most} MB");
    told(&client, &mut viewer, 1, 1).await;
    if long_form.is_some() {
        cut_off(&program, &mut viewer, &cookie, frames).await;
    }
}

/// Readers that do not read, while much is told.
async fn cut_off(program: &Program, viewer: &mut Socket, cookie: &str, readers: usize) {
    let client = program.client();
    let (at_rest, open) = (before(program), sockets(program));
    let mut deaf_ones = Vec::with_capacity(readers);
    for _ in 0..readers {
        deaf_ones.push(deaf(client.addr, cookie).await);
    }
    let (begun, mut took) = (Instant::now(), Vec::new());
    while sockets(program) > open {
        assert!(begun.elapsed() < PATIENCE, "{} are open", sockets(program));
        took.push(told(&client, viewer, took.len() + 2, BATCH).await);
    }
    took.sort_unstable();
    let at = |share: usize| took[(took.len() - 1) * share / 100].as_millis();
    eprintln!(
        "{readers} readers that do not read: the last was cut off after {:.1} s, {at_rest} MB before, {} MB at the peak; \
         {} writes of {BATCH} events each reached one who reads within p50 {} ms, p99 {} ms, longest {} ms",
        begun.elapsed().as_secs_f64(),
        peak(program),
        took.len(),
        at(50),
        at(99),
        at(100)
    );
    drop(deaf_ones);
}

async fn ask(client: &Client, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let (status, text) = client.ask(method, path, body).await.unwrap();
    let value = serde_json::from_str(&text).unwrap_or(Value::Null);
    (status, value)
}

async fn hook(client: &Client, account: &str, to: SocketAddr) -> String {
    let path = format!("/api/v1/accounts/{account}/webhooks");
    let url = json!({ "url": format!("http://{to}/hook") });
    let (status, made) = ask(client, "POST", &path, &url).await;
    assert_eq!(status, 201, "{made}");
    format!("{path}/{}/test", made["id"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tests_of_receivers_that_say_nothing_delay_no_other_account() {
    let tests = asked_for("TESTS").unwrap_or(TESTS);
    let mut random = StdRng::seed_from_u64(seed());
    let mut program = Program::provision().await;
    started(&mut program, &[("WEBHOOK_PRIVATE_TARGETS", "true")]);
    let client = program.platform();
    let account = json!({
        "name": "Other", "kind": "customer", "time_zone": "Europe/Berlin",
        "cycle_anchor": "2026-01-01T00:00:00Z", "plan": "plan"
    });
    let (status, made) = ask(&client, "PUT", "/api/v1/accounts/other", &account).await;
    assert_eq!(status, 201, "{made}");
    let (nowhere, _) = silent().await;
    let (address, received) = receiver().await;
    let good = hook(&client, "other", address).await;
    let mut hooks = Vec::new();
    for _ in 0..10 {
        hooks.push(hook(&client, ACCOUNT, nowhere).await);
    }
    let (mut taken, mut waited) = (0, Vec::new());
    for number in 0..tests {
        let hook = &hooks[random.random_range(0..hooks.len())];
        let (status, told) = ask(&client, "POST", hook, &json!({})).await;
        assert!(matches!(status, 202 | 409), "{status} {told}");
        taken += usize::from(status == 202);
        // Now and then somebody else tests theirs; in the end at the latest.
        if number + 1 == tests || random.random_ratio(1, 20) {
            let before = received.lock().unwrap().len();
            let begun = Instant::now();
            let (status, told) = ask(&client, "POST", &good, &json!({})).await;
            assert_eq!(status, 202, "{told}");
            let arriving = async {
                while received.lock().unwrap().len() == before {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            tokio::time::timeout(PATIENCE, arriving).await.unwrap();
            waited.push(begun.elapsed());
        }
    }
    waited.sort_unstable();
    println!(
        "{tests} tests of receivers that say nothing, {taken} of them taken: {} of another account arrived within {} ms, \
         half of them within {} ms",
        waited.len(),
        waited[waited.len() - 1].as_millis(),
        waited[waited.len() / 2].as_millis()
    );
}
