//! Many who look at one account, over sockets to the real program: each is told everything once, soon, and cheaply.
//!
//! `VIEWERS` says how many look; when it is set, they first look for a while at an account in which nothing happens, and
//! then at one to which something comes fifty times a second. What this costs is printed: `CREDITSCOPE_BIN` says of
//! which binary.

use std::{
    collections::BTreeMap,
    env,
    process::Command,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use app::functions::{Asked, LiveMessage};
use domain::{
    Seq,
    live::{LiveFrame, ReadAt},
};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::json;
use service::{
    Caller, Clock as _, SystemClock,
    users::{Joining, PutUser},
};
use tokio::{sync::Semaphore, task::JoinSet};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use crate::{
    kill::program::{self, ACCOUNT, Program},
    live_access::{Socket, asking, path},
};

/// How many look in the short form.
const VIEWERS: usize = 24;
/// So many of those who look, of all of them evenly, look at what they are told: looking at it costs more than telling it.
const LISTENERS: usize = 100;
/// Events that are stored at once.
const BATCH: usize = 2;
/// How long those who look see nothing happen, in the long form.
const QUIET: Duration = Duration::from_secs(10);
/// How often something comes, in the long form.
const EVERY: Duration = Duration::from_millis(20);
/// As long as anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);
const PASSWORD: &str = "seven green lanterns hum";
/// People who are signed in; each looks many times.
const PEOPLE: usize = 4;

/// When each event was sent.
type Sent = Arc<Mutex<BTreeMap<String, Instant>>>;

fn many() -> Option<usize> {
    env::var("VIEWERS").ok().map(|text| text.parse().unwrap())
}

pub async fn people(program: &Program) {
    let beside = program.beside().await;
    for number in 0..PEOPLE {
        let user = PutUser {
            email: format!("viewer{number}@northwind.example"),
            name: "Viewer".to_owned(),
            password: PASSWORD.to_owned(),
            platform_role: None,
            memberships: vec![Joining {
                account: ACCOUNT.to_owned(),
                role: domain::tenancy::Role::Owner,
                companies: Vec::new(),
            }],
        };
        let operator = Caller::operator("test");
        beside.services.put_user(&operator, user).await.unwrap();
    }
    beside.close().await;
}

/// The cookie of somebody who signs in.
pub async fn sign_in(addr: std::net::SocketAddr, number: usize) -> String {
    let body = format!(
        "email=viewer{number}@northwind.example&password={}&next=/",
        PASSWORD.replace(' ', "+")
    );
    let request = format!(
        "POST /sign-in HTTP/1.1\r\nhost: {addr}\r\norigin: http://{addr}\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = crate::listener::exchange(addr, &request).await;
    let cookie = answer.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("set-cookie").then_some(value)
    });
    let cookie = cookie.unwrap_or_else(|| panic!("{answer}"));
    cookie.split(';').next().unwrap().to_owned()
}

/// Looks, and has been told that it is followed.
pub async fn look(addr: std::net::SocketAddr, cookie: &str, query: &str) -> Socket {
    let mut request = format!("ws://{addr}{}", path())
        .into_client_request()
        .unwrap();
    let headers = request.headers_mut();
    headers.insert("cookie", cookie.parse().unwrap());
    headers.insert("origin", format!("http://{addr}").parse().unwrap());
    let mut socket = connect_async(request).await.unwrap().0;
    let asked = Asked {
        view: 1,
        query: query.to_owned(),
        from: Some(ReadAt {
            as_of: Seq::ZERO,
            books: 0,
            now: SystemClock.now(),
        }),
        ..Asked::default()
    };
    socket.send(asking(&asked)).await.unwrap();
    assert!(matches!(frame(&mut socket).await, LiveFrame::Hello { .. }));
    socket
}

pub async fn frame(socket: &mut Socket) -> LiveFrame {
    loop {
        if let Message::Binary(bytes) = socket.next().await.unwrap().unwrap() {
            assert_eq!(bytes[0], 0, "refused");
            return postcard::from_bytes::<LiveMessage>(&bytes[1..])
                .unwrap()
                .frame;
        }
    }
}

/// Takes what comes, without a look at it.
async fn take(mut socket: Socket) {
    while socket.next().await.is_some_and(|message| message.is_ok()) {}
}

/// Listens until all events were told; how long each took.
async fn listen(mut socket: Socket, sent: Sent, count: usize) -> Vec<Duration> {
    let mut took = BTreeMap::new();
    let mut place = Seq::ZERO;
    while took.len() < count {
        let delta = match frame(&mut socket).await {
            LiveFrame::Delta(delta) => delta,
            LiveFrame::Beat => continue,
            other => panic!("{other:?}"),
        };
        assert_eq!(delta.after, place, "what came before is missing");
        place = delta.up_to;
        let now = Instant::now();
        let sent = sent.lock().unwrap();
        for row in delta.rows {
            let before = took.insert(row.id.clone(), now - sent[&row.id]);
            assert!(before.is_none(), "{} came twice", row.id);
        }
    }
    took.into_values().collect()
}

/// Stores events; in the long form, fifty times a second.
async fn report(program: &Program, sent: &Sent, batches: usize, is_paced: bool) {
    let client = program.client();
    let mut pace = tokio::time::interval(EVERY);
    for batch in 0..batches {
        if is_paced {
            pace.tick().await;
        }
        let ids: Vec<_> = (0..BATCH).map(|event| format!("{batch}-{event}")).collect();
        let events: Vec<_> = ids
            .iter()
            .map(|id| {
                json!({
                    "specversion": "1.0", "id": id, "source": "viewers", "type": "creditscope.usage",
                    "subject": "acme-dental",
                    "data": { "agent": "chat", "activity": "chat_reply", "credits": "1" }
                })
            })
            .collect();
        let now = Instant::now();
        sent.lock()
            .unwrap()
            .extend(ids.into_iter().map(|id| (id, now)));
        let (status, body) = client
            .ask("POST", "/api/v1/events", &events.into())
            .await
            .unwrap();
        assert!((200..300).contains(&status), "{status} {body}");
    }
}

/// What the program has used of processors, in seconds, and of memory, in megabytes.
fn used(program: &Program) -> (f64, u64) {
    let folder = format!("/proc/{}", program.id());
    let stat = std::fs::read_to_string(format!("{folder}/stat")).unwrap();
    let fields: Vec<_> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks: f64 = fields[11..13]
        .iter()
        .map(|text| text.parse::<f64>().unwrap())
        .sum();
    let status = std::fs::read_to_string(format!("{folder}/status")).unwrap();
    let resident = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap();
    let kilobytes: u64 = resident.split_whitespace().nth(1).unwrap().parse().unwrap();
    (ticks / 100.0, kilobytes / 1024)
}

async fn everybody(addr: std::net::SocketAddr, viewers: usize) -> Vec<Socket> {
    let mut cookies = Vec::new();
    for number in 0..PEOPLE {
        cookies.push(sign_in(addr, number).await);
    }
    let (cookies, at_once) = (Arc::new(cookies), Arc::new(Semaphore::new(32)));
    let mut tasks = JoinSet::new();
    for number in 0..viewers {
        let (cookies, at_once) = (Arc::clone(&cookies), Arc::clone(&at_once));
        tasks.spawn(async move {
            let _place = at_once.acquire().await.unwrap();
            let filter = ["", "&agent=chat"][number % 2];
            let query = format!("account={ACCOUNT}{filter}");
            look(addr, &cookies[number % PEOPLE], &query).await
        });
    }
    tasks.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_who_looks_is_told_everything_once() {
    let viewers = many().unwrap_or(VIEWERS);
    let is_long = many().is_some();
    let batches = if is_long { 500 } else { 20 };
    let mut program = Program::provision().await;
    people(&program).await;
    let mut command = Command::new(program::binary());
    // All come from one address.
    for name in [
        "RATE_ADDRESS",
        "LIVE_PERSON",
        "LIVE_ACCOUNT",
        "LIVE_ADDRESS",
    ] {
        command.env(format!("CREDITSCOPE_{name}"), "100000");
    }
    let lines = program.run(command, "warn");
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            eprintln!("{line}");
        }
    });
    let addr = program.client().addr;
    let sockets = everybody(addr, viewers).await;
    if is_long {
        tokio::time::sleep(Duration::from_secs(3)).await;
        let before = used(&program);
        tokio::time::sleep(QUIET).await;
        let after = used(&program);
        let share = (after.0 - before.0) / QUIET.as_secs_f64() * 100.0;
        println!(
            "{viewers} who see nothing happen: {share:.1}% of a processor, {} MB",
            after.1
        );
    }
    let sent = Sent::default();
    let (mut tasks, mut others) = (JoinSet::new(), JoinSet::new());
    let each = viewers.div_ceil(LISTENERS);
    for (number, socket) in sockets.into_iter().enumerate() {
        if number % each == 0 {
            tasks.spawn(listen(socket, Arc::clone(&sent), batches * BATCH));
        } else {
            others.spawn(take(socket));
        }
    }
    let (before, began) = (used(&program), Instant::now());
    report(&program, &sent, batches, is_long).await;
    let told = tokio::time::timeout(PATIENCE, tasks.join_all())
        .await
        .unwrap();
    let after = used(&program);
    assert!(others.try_join_next().is_none(), "a stream ended");
    assert_eq!(told.len() + others.len(), viewers);
    let mut took: Vec<_> = told.into_iter().flatten().collect();
    took.sort_unstable();
    let at = |share: usize| took[(took.len() - 1) * share / 1000].as_millis();
    println!(
        "{viewers} who see {} events: p50 {} ms, p90 {} ms, p99 {} ms, longest {} ms, {:.0}% of a processor, {} MB",
        batches * BATCH,
        at(500),
        at(900),
        at(990),
        at(1000),
        (after.0 - before.0) / began.elapsed().as_secs_f64() * 100.0,
        after.1
    );
}
