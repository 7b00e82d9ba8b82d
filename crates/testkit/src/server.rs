use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock};

use howdah_localpg::{InitOptions, Installation, Instance, StopMode, TlsFiles, port_range};
use tokio::sync::OnceCell;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

use crate::watchdog::Watchdog;

/// The password of the role `scram`, which TCP asks for.
const SCRAM_PASSWORD: &str = "correct horse/battery@staple?";

/// Who may connect: anybody on this machine without a password, to keep tests
/// quick, but `scram` and `tls_only`, who are there to test just that.
const HBA: &str = "\
local    all          all                    trust
local    replication  all                    trust
host     all          scram    127.0.0.1/32  scram-sha-256
hostssl  all          tls_only 127.0.0.1/32  scram-sha-256
host     all          tls_only 127.0.0.1/32  reject
host     all          all      127.0.0.1/32  trust
host     replication  all      127.0.0.1/32  trust
";

/// The major versions that tests run on: 15 (or the newest below 18) and 18, as
/// far as installed; `HOWDAH_TEST_MAJORS=13,14,…` says others.
pub fn majors() -> Vec<u16> {
    if let Ok(list) = std::env::var("HOWDAH_TEST_MAJORS") {
        return list
            .split(',')
            .map(|major| major.trim().parse().expect("HOWDAH_TEST_MAJORS=13,14,…"))
            .collect();
    }
    let installed: BTreeSet<u16> = installations().iter().map(|found| found.major).collect();
    let older = match installed.contains(&15) {
        true => Some(15),
        false => installed.iter().copied().filter(|major| *major < 18).max(),
    };
    let chosen: Vec<u16> = older
        .into_iter()
        .chain(installed.contains(&18).then_some(18))
        .collect();
    assert!(
        !chosen.is_empty(),
        "the tests need a PostgreSQL server: run ./dev test, which installs one"
    );
    chosen
}

/// The programs of a major version, out of those on the machine and those that
/// `./dev` put into `.dev/pg`.
pub fn installation(major: u16) -> Installation {
    Installation::choose(installations().to_vec(), Some(major)).unwrap()
}

fn installations() -> &'static [Installation] {
    static FOUND: OnceLock<Vec<Installation>> = OnceLock::new();
    FOUND.get_or_init(|| Installation::all_with(&[checkout().join(".dev/pg")]))
}

/// The root of the source tree.
pub(crate) fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("crates/testkit")
        .to_owned()
}

/// How a server of one's own should be.
#[derive(Debug, Clone, Default)]
pub struct ServerOptions {
    /// The major version; 0 for the last of [`majors`].
    pub major: u16,
    /// Configuration parameters over the usual ones of tests.
    pub settings: Vec<(String, String)>,
    /// The whole of `pg_hba.conf`, in place of the usual one.
    pub hba: Option<String>,
}

/// The server of that major version that this test process shares, started by
/// whoever asks first.
pub async fn server(major: u16) -> &'static Server {
    static SHARED: Mutex<BTreeMap<u16, &'static OnceCell<Server>>> = Mutex::new(BTreeMap::new());
    let cell = *lock(&SHARED)
        .entry(major)
        .or_insert_with(|| Box::leak(Box::default()));
    cell.get_or_init(|| {
        private(ServerOptions {
            major,
            ..ServerOptions::default()
        })
    })
    .await
}

/// A server for one test alone, which may stop and break it.
pub async fn private(options: ServerOptions) -> Server {
    tokio::task::spawn_blocking(move || Server::start_new(&options))
        .await
        .unwrap()
        .with_roles()
        .await
}

/// A running server with the roles `postgres` (superuser), `plain` (may only
/// log in), `scram` and `tls_only` (ordinary, with [`Server::scram_password`]).
pub struct Server {
    instance: Mutex<Instance>,
    major: u16,
    directory: PathBuf,
    tls: TlsFiles,
    // Last: removes the directory when all else is dropped.
    _watchdog: Watchdog,
}

/// How often a server is started at most, each time at another port.
const ATTEMPTS: u32 = 4;

/// The ports of this process's servers, also of those that are stopped.
static PORTS: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

impl Server {
    fn start_new(options: &ServerOptions) -> Self {
        let major = match options.major {
            0 => *majors().last().expect("a version"),
            major => major,
        };
        let (directory, watchdog) = Watchdog::directory();
        let tls_directory = directory.join("tls");
        std::fs::create_dir(&tls_directory).unwrap();
        let tls = TlsFiles::create(&tls_directory, &howdah_localpg::Account::of_servers().unwrap()).unwrap();
        let usual = [
            ("fsync", "off"),
            ("full_page_writes", "off"),
            ("synchronous_commit", "off"),
            ("shared_buffers", "16MB"),
            ("max_connections", "100"),
            ("max_wal_size", "256MB"),
            ("min_wal_size", "32MB"),
            ("autovacuum_naptime", "1h"),
            ("log_min_messages", "warning"),
        ];
        let mut settings: Vec<(String, String)> = usual
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        settings.extend(tls.settings());
        settings.extend(options.settings.clone());
        let range = port_range();
        // Test processes that start together should not all try the same port.
        let spread = u16::try_from(std::process::id() as usize * 37 % range.len()).unwrap_or(0);
        let init = InitOptions {
            settings,
            hba: Some(options.hba.clone().unwrap_or_else(|| HBA.to_owned())),
            durable: false,
            port: Some(range.start() + spread),
            ..InitOptions::default()
        };
        let mut instance = Instance::init(&directory.join("server"), &installation(major), &init)
            .unwrap_or_else(|error| panic!("{error:?}"));
        // A server that a test has stopped for a moment finds its own port again.
        let mut taken = lock(&PORTS).clone();
        // Where the server writes its log elsewhere, an instance cannot tell that another test was faster at its port.
        for attempt in 1.. {
            match instance.start(&taken) {
                Ok(()) => break,
                Err(error) => assert!(attempt < ATTEMPTS, "{error:?}"),
            }
            taken.extend(lock(&PORTS).iter().copied().chain([instance.port()]));
        }
        lock(&PORTS).insert(instance.port());
        Self {
            instance: Mutex::new(instance),
            major,
            directory,
            tls,
            _watchdog: watchdog,
        }
    }

    async fn with_roles(self) -> Self {
        let client = self.probe("postgres").await;
        client
            .batch_execute(&format!(
                "CREATE ROLE plain LOGIN; \
                 CREATE ROLE scram LOGIN PASSWORD '{SCRAM_PASSWORD}'; \
                 CREATE ROLE tls_only LOGIN PASSWORD '{SCRAM_PASSWORD}'"
            ))
            .await
            .unwrap();
        self
    }

    /// The major version.
    pub fn major(&self) -> u16 {
        self.major
    }

    /// The TCP port, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        lock(&self.instance).port()
    }

    /// The directory of the Unix socket.
    pub fn socket_dir(&self) -> PathBuf {
        lock(&self.instance).socket_dir().to_owned()
    }

    /// A directory of this server for whatever the test puts on the disk; the
    /// account of the server may pass through it.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The data directory.
    pub fn data_dir(&self) -> PathBuf {
        lock(&self.instance).data_dir()
    }

    /// The authority that signed the server's certificate (for `localhost`,
    /// 127.0.0.1 and ::1): `sslrootcert`.
    pub fn ca_file(&self) -> &Path {
        &self.tls.ca
    }

    /// The password of the roles `scram` and `tls_only`, as it is, not encoded.
    pub fn scram_password(&self) -> &'static str {
        SCRAM_PASSWORD
    }

    /// A URL for the superuser.
    pub fn url(&self, database: &str) -> String {
        self.url_as("postgres", database)
    }

    /// A URL for a role; with the password where the role has one.
    pub fn url_as(&self, role: &str, database: &str) -> String {
        let password = match role {
            "scram" | "tls_only" => format!(":{}", percent_encode(SCRAM_PASSWORD)),
            _ => String::new(),
        };
        format!(
            "postgresql://{}{password}@127.0.0.1:{}/{}",
            percent_encode(role),
            self.port(),
            percent_encode(database)
        )
    }

    /// A client of another make than Howdah's, as superuser: the judge of what
    /// happened. It goes away when it is dropped.
    pub async fn probe(&self, database: &str) -> Client {
        self.probe_as("postgres", database).await
    }

    /// As [`Server::probe`], as some role.
    pub async fn probe_as(&self, role: &str, database: &str) -> Client {
        let mut config = tokio_postgres::Config::new();
        config
            .host_path(self.socket_dir())
            .port(self.port())
            .user(role)
            .dbname(database);
        config.application_name("howdah-test-probe");
        let (client, connection) = config.connect(NoTls).await.unwrap();
        tokio::spawn(async move {
            // Ends with an error when the test stops the server, as it may.
            drop(connection.await);
        });
        client
    }

    /// A new, empty database named after `prefix`, in which everybody may
    /// create schemas and objects in `public`.
    pub async fn database(&self, prefix: &str) -> Database<'_> {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        self.database_named(&format!("{prefix}_{number}")).await
    }

    /// A new database of exactly that name, which may be as hostile as you like.
    pub async fn database_named(&self, name: &str) -> Database<'_> {
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        let mut admin = self.probe("postgres").await;
        // PostgreSQL 18.4 was seen to fail here on an empty machine with "starting batch while batch
        // already in progress" (aio.c), an error of its own in a session's first statement: nothing is made
        // then, and another session is asked. An error of any other kind is the test's.
        for attempt in 1.. {
            match admin
                .batch_execute(&format!("CREATE DATABASE {quoted} TEMPLATE template0"))
                .await
            {
                Ok(()) => break,
                Err(error) if error.code() == Some(&SqlState::INTERNAL_ERROR) && attempt < ATTEMPTS => {
                    eprintln!("a database was not made at attempt {attempt}: {error:?}");
                    admin = self.probe("postgres").await;
                }
                Err(error) => panic!("the database {quoted}: {error:?}"),
            }
        }
        admin
            .batch_execute(&format!("GRANT CREATE ON DATABASE {quoted} TO PUBLIC"))
            .await
            .unwrap();
        let database = Database {
            server: self,
            name: name.to_owned(),
        };
        database
            .probe()
            .await
            .batch_execute("GRANT ALL ON SCHEMA public TO PUBLIC")
            .await
            .unwrap();
        database
    }

    /// Stops it in order: sessions are ended.
    pub async fn stop(&self) {
        self.with_instance(|instance| instance.stop(StopMode::Fast).unwrap())
            .await;
    }

    /// Stops it as a crash would.
    pub async fn crash(&self) {
        self.with_instance(|instance| instance.stop(StopMode::Immediate).unwrap())
            .await;
    }

    /// Starts it again, on the same port unless that was taken meanwhile.
    pub async fn start(&self) {
        self.with_instance(|instance| {
            instance
                .start(&BTreeSet::new())
                .unwrap_or_else(|error| panic!("{error:?}"));
        })
        .await;
    }

    /// Stops and starts it.
    pub async fn restart(&self) {
        self.stop().await;
        self.start().await;
    }

    /// The end of the server's log, for the message of a failing test.
    pub fn log_tail(&self) -> String {
        lock(&self.instance).log_tail(8192)
    }

    async fn with_instance(&self, act: impl FnOnce(&mut Instance) + Send + 'static) {
        let mut instance = lock(&self.instance).clone();
        let instance = tokio::task::spawn_blocking(move || {
            act(&mut instance);
            instance
        });
        let instance = instance.await.unwrap();
        *lock(&self.instance) = instance;
    }
}

/// A database of a test's own; it goes with its server.
pub struct Database<'a> {
    server: &'a Server,
    /// Its name, unquoted.
    pub name: String,
}

impl Database<'_> {
    /// A URL for the superuser.
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// A URL for a role; see [`Server`] for those that exist.
    pub fn url_as(&self, role: &str) -> String {
        self.server.url_as(role, &self.name)
    }

    /// See [`Server::probe`].
    pub async fn probe(&self) -> Client {
        self.server.probe(&self.name).await
    }

    /// Runs statements as superuser, with the independent client.
    pub async fn execute(&self, sql: &str) {
        self.probe()
            .await
            .batch_execute(sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is whole at any moment: a test that panicked meanwhile
    // must not fail the others.
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn percent_encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
