//! A server process with an agency on it.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::{
    Credits, Time,
    calendar::Zone,
    ledger::OveragePolicy,
    tenancy::{AccountKind, Plan, Role},
    time::DAY_US,
};
use service::keys::KeyAsk;
use service::{
    Caller, Clock as _, Services, SystemClock,
    ports::{KeyScope, PutAccount, PutCompany, Store},
    users::{Joining, PutUser},
};
use storage::{Database, OpenOptions};
use tempfile::TempDir;

use crate::{
    events::Events,
    report::{Report, Row},
};

/// Companies of the agency.
const COMPANIES: usize = 50;
/// Over how many days events are spread: within one billing cycle and within `period=30d`.
const DAYS: i64 = 27;
/// The kernel counts processor time in hundredths of a second, on every machine Linux runs on today.
const TICK_MS: u64 = 10;
/// More requests a second than any machine answers.
const UNLIMITED: &str = "1000000";
/// The agency's key.
pub const ACCOUNT: &str = "agency";
/// The one company of another account.
pub const NEIGHBOUR: &str = "next-door";
/// Who looks at the page.
pub const EMAIL: &str = "owner@bench.example";
pub const PASSWORD: &str = "bench-password";

/// A running server; it is stopped when this is dropped.
pub struct Platform {
    pub addr: SocketAddr,
    pub token: String,
    /// A key that may do everything.
    pub operator: String,
    /// A key of another account that asks for permission.
    pub neighbour: String,
    pub events: Arc<Mutex<Events>>,
    /// Events stored so far.
    pub stored: usize,
    folder: TempDir,
    server: Child,
}

impl Drop for Platform {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Platform {
    /// Provisions an agency on an empty database, then starts the server on it.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (services, database) = open(&folder).await;
        let (token, operator) = provision(&services).await;
        let neighbour = provision_neighbour(&services).await;
        services.close().await;
        database.close().await.unwrap();
        let (server, addr) = serve(&folder);
        Self {
            addr,
            token,
            operator,
            neighbour,
            events: Arc::new(Mutex::new(Events::new(COMPANIES))),
            stored: 0,
            folder,
            server,
        }
    }

    /// The use-cases in this process, on the database that the server has open too.
    pub async fn beside(&self) -> (Services, Arc<dyn Database>) {
        open(&self.folder).await
    }

    /// When the first and the last of the events are said to have happened.
    pub fn span() -> (Time, Time) {
        let now = SystemClock.now();
        (now.plus_micros(-DAYS * DAY_US), now)
    }

    /// Processor time of the server's process so far: what it costs does not depend on what else runs.
    pub fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.server.id())).unwrap();
        // After the name, which ends with the last parenthesis, user and system time are the 12th and 13th field.
        let fields = stat[stat.rfind(')').unwrap() + 1..].split_whitespace();
        let ticks: u64 = fields
            .skip(11)
            .take(2)
            .map(|field| field.parse::<u64>().unwrap())
            .sum();
        Duration::from_millis(ticks * TICK_MS)
    }

    /// What the server's process holds in memory, and how large its database is.
    pub fn memory(&self, report: &mut Report) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.server.id()));
        let Ok(status) = status else { return };
        let mb = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
            Some(kib * 1024.0 / 1e6)
        };
        let (now, most) = (mb("VmRSS:").unwrap_or(0.0), mb("VmHWM:").unwrap_or(0.0));
        let file = fs::metadata(self.folder.path().join("creditscope.db"));
        let file_mb = file.map_or(0, |file| file.len()) / 1_000_000;
        report.row(Row {
            what: "server's memory (RSS)".to_owned(),
            aim: "≤ 100 MB",
            reached: format!("**{now:.0} MB**, at most {most:.0} MB during the run"),
            peer: format!("database file {file_mb} MB"),
        });
    }

    /// Asks the server to stop and waits until it has.
    pub async fn stop(mut self) {
        let process = self.server.id().to_string();
        Command::new("kill").arg(process).status().unwrap();
        tokio::task::spawn_blocking(move || self.server.wait().unwrap())
            .await
            .unwrap();
    }
}

async fn open(folder: &TempDir) -> (Services, Arc<dyn Database>) {
    let options = OpenOptions {
        folder: Some(folder.path().to_path_buf()),
        ..OpenOptions::default()
    };
    let database = storage::open("sqlite://creditscope.db", &options)
        .await
        .unwrap();
    let store: Arc<dyn Store> = Arc::<dyn Database>::clone(&database);
    (Services::start(store, Arc::new(SystemClock)), database)
}

fn serve(folder: &TempDir) -> (Child, SocketAddr) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_creditscope"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CREDITSCOPE_") {
            command.env_remove(name);
        }
    }
    command
        .current_dir(folder.path())
        .args(["serve", "--addr", "127.0.0.1:0", "--log", "warn"])
        // All of it comes from one address and one key: what is measured is the work, not how it is limited.
        .env("CREDITSCOPE_RATE_KEY", UNLIMITED)
        .env("CREDITSCOPE_RATE_ACCOUNT", UNLIMITED)
        .env("CREDITSCOPE_RATE_ADDRESS", UNLIMITED)
        .arg("--data-dir")
        .arg(folder.path())
        .stderr(Stdio::piped());
    let mut server = command.spawn().unwrap();
    let mut lines = BufReader::new(server.stderr.take().unwrap()).lines();
    let addr = lines
        .by_ref()
        .map(Result::unwrap)
        .find_map(|line| line.split_once("listens on http://")?.1.parse().ok());
    // The rest is read too, or a full pipe would hold the server up.
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            eprintln!("{line}");
        }
    });
    (server, addr.unwrap())
}

/// An agency, its companies, someone to sign in; the key that reports and reads its usage and asks permission, and the
/// one that may do everything.
async fn provision(services: &Services) -> (String, String) {
    let operator = Caller::operator("bench");
    let plan = Plan {
        key: "plan".to_owned(),
        name: "Plan".to_owned(),
        monthly_credits: Credits::from_whole(500_000_000).unwrap(),
        price: None,
        currency: None,
        rollover: None,
    };
    services.put_plan(&operator, plan).await.unwrap();
    let account = PutAccount {
        key: ACCOUNT.to_owned(),
        name: "Agency".to_owned(),
        kind: AccountKind::Agency,
        time_zone: "Europe/Berlin".to_owned(),
        cycle_anchor: Zone::utc().day_of(Platform::span().0.plus_micros(-DAY_US)),
        plan: "plan".to_owned(),
        policy: OveragePolicy::HardStop,
        auto_refund: domain::Credits::ZERO,
    };
    services.put_account(&operator, account).await.unwrap();
    for number in 0..COMPANIES {
        let key = Events::company(number);
        let company = PutCompany::named(&key, &key);
        let put = services.put_company(&operator, ACCOUNT, &company);
        put.await.unwrap();
    }
    let owner = PutUser {
        email: EMAIL.to_owned(),
        name: "Owner".to_owned(),
        password: PASSWORD.to_owned(),
        platform_role: None,
        memberships: vec![Joining {
            account: ACCOUNT.to_owned(),
            role: Role::Owner,
            companies: vec![],
        }],
    };
    services.put_user(&operator, owner).await.unwrap();
    let scopes = vec![KeyScope::Ingest, KeyScope::Read, KeyScope::Check];
    let made = services.make_key(&operator, Some(ACCOUNT), KeyAsk::lasting(scopes, "bench"));
    let token = made.await.unwrap().token;
    let made = services.make_key(
        &operator,
        None,
        KeyAsk::lasting(vec![KeyScope::Platform], "bench"),
    );
    (token, made.await.unwrap().token)
}

/// Another account with one company; the key that asks permission for it.
async fn provision_neighbour(services: &Services) -> String {
    let operator = Caller::operator("bench");
    let account = PutAccount {
        key: "neighbour".to_owned(),
        name: "Neighbour".to_owned(),
        kind: AccountKind::Customer,
        time_zone: "Europe/Berlin".to_owned(),
        cycle_anchor: Zone::utc().day_of(Platform::span().0.plus_micros(-DAY_US)),
        plan: "plan".to_owned(),
        policy: OveragePolicy::HardStop,
        auto_refund: domain::Credits::ZERO,
    };
    services.put_account(&operator, account).await.unwrap();
    let company = PutCompany::named(NEIGHBOUR, NEIGHBOUR);
    let put = services.put_company(&operator, "neighbour", &company);
    put.await.unwrap();
    let ask = KeyAsk::lasting(vec![KeyScope::Check], "bench");
    let made = services.make_key(&operator, Some("neighbour"), ask);
    made.await.unwrap().token
}
