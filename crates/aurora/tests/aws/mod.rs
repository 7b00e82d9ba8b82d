//! An account of AWS for one test: moto behind the strict recorder, a home, and secrets that
//! must turn up nowhere.
//!
//! Credentials are found in the environment, which belongs to a process: so a test runs its
//! body in a process of its own, this test program again.

#![allow(unreachable_pub, reason = "a module of a test")]

pub mod case;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use howdah_aurora::{Clusters, Operation};
use howdah_core::{Caller, Config, Context};
use howdah_jobs::{Engine, JobRecord, JobState, Launcher};
use howdah_store::Store;
use serde_json::{Value, json};

/// Tests that carry out each case in an account, and the worker of the jobs of all tests of the file, which is no test.
#[allow(unused_macros, reason = "other tests use it")]
macro_rules! scenarios {
    ($($test:ident $body:ident $cases:expr, $how:ident;)*) => {$(
        #[test]
        fn $test() {
            in_account(stringify!($body));
        }

        #[tokio::test(flavor = "multi_thread")]
        #[ignore = "run by the test of that name"]
        async fn $body() {
            for case in $cases {
                case.$how().await;
            }
        }
    )*

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "run by the other tests, as their worker"]
    async fn worker() {
        account::work().await;
    }
    };
}

/// What nobody may ever read: the password in Secrets Manager, the secret key, the session token.
pub const PLANTED: [&str; 3] = [
    "planted-password-7c1f",
    "PLANTEDkeyPLANTEDkeyPLANTEDkeyPLANTED00",
    "planted-session-token-91ab",
];

/// Runs the ignored test `body` in a process that has an account of its own.
pub fn in_account(body: &str) {
    let mut recorder = Recorder::start();
    let home = tempfile::Builder::new()
        .prefix("howdah-aws-")
        .tempdir_in("/tmp")
        .unwrap()
        .keep();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", body])
        .env("HOWDAH_TEST_HOME", &home)
        .env("HOWDAH_TEST_RECORDER", recorder.port.to_string())
        .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", recorder.port))
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", "AKIAPLANTEDEXAMPLE00")
        .env("AWS_SECRET_ACCESS_KEY", PLANTED[1])
        .env("AWS_SESSION_TOKEN", PLANTED[2])
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env_remove("AWS_PROFILE")
        .output()
        .unwrap();
    recorder.end();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        output.status.success(),
        "{said}\nkept for a look: {}",
        home.display()
    );
    for secret in PLANTED {
        assert!(!said.contains(secret), "the output has {secret}");
    }
    std::fs::remove_dir_all(&home).unwrap();
}

struct Recorder {
    child: Child,
    port: u16,
}

impl Recorder {
    fn start() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = std::env::var_os("HOWDAH_AWS_PYTHON")
            .map_or_else(|| here.join("../../.dev/aws/bin/python"), PathBuf::from);
        assert!(
            python.exists(),
            "no moto at {}: `./dev setup` installs it",
            python.display()
        );
        let mut child = Command::new(python)
            .arg(here.join("tests/aws/recorder.py"))
            .arg(PLANTED[0])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let port = line.trim().parse().expect("the recorder says its port");
        Self { child, port }
    }

    /// It ends when nobody can write to it any more.
    fn end(&mut self) {
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        drop(self.child.kill());
    }
}

/// The body's side of it.
pub struct Account {
    port: u16,
    home: PathBuf,
    pub engine: Engine,
    pub clusters: Arc<Clusters>,
}

impl Account {
    /// With `[clusters.aws]` as given, and looks at short intervals.
    pub fn with(settings: &str) -> Self {
        let home = PathBuf::from(std::env::var_os("HOWDAH_TEST_HOME").expect("set by in_account"));
        let port = std::env::var("HOWDAH_TEST_RECORDER").unwrap().parse().unwrap();
        let text = format!("[clusters.aws]\npoll_seconds = 0.02\n{settings}\n");
        std::fs::write(home.join("howdah.toml"), text).unwrap();
        let launcher = Launcher {
            program: std::env::current_exe().unwrap(),
            arguments: ["--ignored", "--exact", "--nocapture", "worker"]
                .iter()
                .map(Into::into)
                .collect(),
        };
        Self {
            port,
            engine: Engine::new(Store::open(home.join("store")), launcher),
            clusters: Arc::new(clusters(&home)),
            home,
        }
    }

    /// Everything new, with what was there before; then the plan for the calls that follow.
    pub fn reset(&self, seed: &Value, plan: &Value) {
        let mut order = plan.clone();
        order["reset"] = true.into();
        order["seed"] = seed.clone();
        self.order(&order);
    }

    pub fn order(&self, order: &Value) {
        http(self.port, "POST", &order.to_string());
    }

    pub fn state(&self) -> Value {
        serde_json::from_str(&http(self.port, "GET", "")).unwrap()
    }

    /// Carries a job out in this process.
    pub async fn run(&self, operation: &Operation) -> JobRecord {
        let idle = Launcher {
            program: "/bin/true".into(),
            arguments: vec![],
        };
        let engine = Engine::new(self.engine.store().clone(), idle);
        let job = operation.start(&engine, "test").await.unwrap();
        let cx = Context::new(Caller::Person { consents: true }).with(Arc::clone(&self.clusters));
        Box::pin(engine.work(&job.id, &cx)).await.unwrap();
        self.engine.job(&job.id).await.unwrap()
    }

    /// Checks an operation, carries it out, and wants it to succeed.
    pub async fn succeed(&self, operation: &Operation) -> JobRecord {
        self.clusters.check(operation).await.unwrap();
        let job = Box::pin(self.run(operation)).await;
        assert_eq!(job.state, JobState::Succeeded, "{operation:?}: {:?}", job.error);
        job
    }

    /// Carries a job out by worker processes, the first of which is killed while it waits for
    /// the reply to a call that never comes.
    pub async fn run_killed(&self, operation: &Operation) -> JobRecord {
        let job = operation.start(&self.engine, "test").await.unwrap();
        let start = Instant::now();
        while self.state()["hanging"] == 0 {
            assert!(
                start.elapsed() < Duration::from_secs(120),
                "{operation:?} never came to that call"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let pid = self
            .engine
            .worker(&job.id)
            .await
            .unwrap()
            .expect("a worker has it")
            .owner
            .pid;
        assert!(
            Command::new("kill")
                .args(["-KILL", &pid.to_string()])
                .status()
                .unwrap()
                .success()
        );
        loop {
            let record = self.engine.job(&job.id).await.unwrap();
            if !record.state.is_active() {
                return record;
            }
            assert!(start.elapsed() < Duration::from_secs(300), "{record:?}");
            self.engine.adopt_orphans().await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// That every request was one by the model of AWS, and that no secret was written anywhere.
    pub async fn assert_clean(&self, job: Option<&JobRecord>) {
        let violations = self.state()["violations"].clone();
        assert_eq!(violations, json!([]), "requests that AWS would not take");
        if let Some(job) = job {
            let events = self.engine.events(&job.id, 10_000).await.unwrap();
            let told = format!("{job:?}{events:?}");
            assert!(PLANTED.iter().all(|secret| !told.contains(secret)), "{told}");
        }
        let mut grep = Command::new("grep");
        grep.arg("-rlaF");
        for secret in PLANTED {
            grep.args(["-e", secret]);
        }
        let found = grep.arg(&self.home).output().unwrap();
        assert_eq!(
            String::from_utf8_lossy(&found.stdout),
            "",
            "a secret is in these files"
        );
    }
}

fn clusters(home: &Path) -> Clusters {
    let text = std::fs::read_to_string(home.join("howdah.toml")).unwrap();
    Clusters::below(home.to_owned(), &Config::parse(&text, "howdah.toml").unwrap()).unwrap()
}

/// What a worker process does.
pub async fn work() {
    let home = PathBuf::from(std::env::var_os("HOWDAH_HOME").expect("set by the launcher"));
    let job = std::env::args().next_back().unwrap();
    let launcher = Launcher {
        program: "/bin/false".into(),
        arguments: vec![],
    };
    let engine = Engine::new(Store::open(home.join("store")), launcher);
    let cx = Context::new(Caller::Person { consents: true }).with(Arc::new(clusters(&home)));
    howdah_jobs::run_worker(&engine, &job, &cx).await.unwrap();
}

/// One request to the recorder itself.
fn http(port: u16, method: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!(
        "{method} /_recorder HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply.split_once("\r\n\r\n").expect("a reply").1.to_owned()
}

/// The keys of an object, or the texts of a list.
pub fn names(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(found) => found.keys().map(String::as_str).collect(),
        Value::Array(found) => found.iter().map(|name| name.as_str().unwrap()).collect(),
        _ => panic!("{value}"),
    }
}
