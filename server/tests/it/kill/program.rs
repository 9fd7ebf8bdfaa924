//! The real program on a folder of its own.

use std::{
    env,
    ffi::OsString,
    io::{BufRead as _, BufReader, Lines},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
    sync::Arc,
};

use domain::{Credits, ledger::OveragePolicy, tenancy::AccountKind, tenancy::Pack, tenancy::Plan};
use service::keys::KeyAsk;
use service::{
    Caller, Services, SystemClock,
    ports::{KeyScope, PutAccount, PutCompany, Store},
};
use storage::{Database, OpenOptions};
use tempfile::TempDir;

use super::client::Client;

/// The account's key.
pub const ACCOUNT: &str = "northwind";

pub fn binary() -> OsString {
    env::var_os("CREDITSCOPE_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_creditscope").into())
}

pub struct Program {
    folder: TempDir,
    token: String,
    platform: String,
    running: Option<(Child, SocketAddr)>,
}

/// The use-cases in this process, on the program's database.
pub struct Beside {
    pub services: Services,
    pub store: Arc<dyn Database>,
}

impl Beside {
    pub async fn close(self) {
        self.services.close().await;
        self.store.close().await.unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Program {
    /// A folder with an account on it; nothing runs yet.
    pub async fn provision() -> Self {
        let mut program = Self {
            folder: tempfile::tempdir().unwrap(),
            token: String::new(),
            platform: String::new(),
            running: None,
        };
        let beside = program.beside().await;
        (program.token, program.platform) = provision(&beside.services).await;
        beside.close().await;
        program
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub async fn beside(&self) -> Beside {
        let options = OpenOptions {
            folder: Some(self.folder.path().to_path_buf()),
            ..OpenOptions::default()
        };
        let store = storage::open("sqlite://creditscope.db", &options)
            .await
            .unwrap();
        let shared: Arc<dyn Store> = Arc::<dyn Database>::clone(&store);
        Beside {
            services: Services::start(shared, Arc::new(SystemClock)),
            store,
        }
    }

    /// Starts the server and waits until it listens.
    pub fn start(&mut self) {
        let lines = self.run(Command::new(binary()), "warn");
        // The rest is read too, or a full pipe would hold the server up.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                eprintln!("{line}");
            }
        });
    }

    /// Starts it as `command`, its log as `log` says; the lines that it goes on to write.
    pub fn run(&mut self, mut command: Command, log: &str) -> Lines<BufReader<ChildStderr>> {
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("CREDITSCOPE_") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(self.folder.path())
            .args(["serve", "--addr", "127.0.0.1:0", "--log", log, "--data-dir"])
            .arg(self.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut server = command.spawn().unwrap();
        let mut lines = BufReader::new(server.stderr.take().unwrap()).lines();
        let addr = lines
            .by_ref()
            .map(Result::unwrap)
            .find_map(|line| line.split_once("listens on http://")?.1.parse().ok());
        self.running = Some((server, addr.unwrap()));
        lines
    }

    /// The server's process id.
    pub fn id(&self) -> u32 {
        self.running.as_ref().unwrap().0.id()
    }

    pub fn client(&self) -> Client {
        let (_, addr) = self.running.as_ref().unwrap();
        Client {
            addr: *addr,
            token: self.token.clone(),
        }
    }

    /// Asks with the platform's key.
    pub fn platform(&self) -> Client {
        Client {
            token: self.platform.clone(),
            ..self.client()
        }
    }

    /// SIGKILL: the server cannot do anything about it.
    pub fn kill(&mut self) {
        if let Some((mut server, _)) = self.running.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }
}

/// The account's key and the platform's.
async fn provision(services: &Services) -> (String, String) {
    let operator = Caller::operator("test");
    let plan = Plan {
        key: "plan".to_owned(),
        name: "Plan".to_owned(),
        monthly_credits: Credits::from_whole(1_000_000_000).unwrap(),
        price: None,
        currency: None,
        rollover: None,
    };
    services.put_plan(&operator, plan).await.unwrap();
    let account = PutAccount {
        key: ACCOUNT.to_owned(),
        name: ACCOUNT.to_owned(),
        kind: AccountKind::Agency,
        time_zone: "Europe/Berlin".to_owned(),
        cycle_anchor: services.now(),
        plan: "plan".to_owned(),
        policy: OveragePolicy::HardStop,
        auto_refund: domain::Credits::ZERO,
    };
    services.put_account(&operator, account).await.unwrap();
    let company = PutCompany::named("acme-dental", "Acme Dental");
    let put = services.put_company(&operator, ACCOUNT, &company);
    put.await.unwrap();
    let scopes = vec![KeyScope::Ingest, KeyScope::Check, KeyScope::Read];
    let made = services.make_key(&operator, Some(ACCOUNT), KeyAsk::lasting(scopes, "test"));
    let token = made.await.unwrap().token;
    let pack = Pack {
        key: "boost".to_owned(),
        name: "Boost".to_owned(),
        credits: Credits::from_whole(1).unwrap(),
        price: None,
        currency: None,
        valid_cycles: 1,
    };
    services.put_pack(&operator, pack).await.unwrap();
    let ask = KeyAsk::lasting(vec![KeyScope::Platform], "test");
    let platform = services.make_key(&operator, None, ask).await.unwrap();
    (token, platform.token)
}
