//! An account of AWS for the built program: moto behind the recorder of the crate `aurora`, and secrets that must turn
//! up nowhere.

#![allow(unreachable_pub, reason = "a module of a test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;

use howdah_testkit::mcp::{Client, Era, Options, Person};
use serde_json::Value;

/// What nobody may ever read.
const PLANTED: [&str; 3] = [
    "planted-password-5e22",
    "PLANTEDkeyPLANTEDkeyPLANTEDkeyPLANTED11",
    "planted-session-77d0",
];

/// An account of AWS for one test, with the program that uses it.
pub struct Account {
    recorder: Child,
    pub home: tempfile::TempDir,
    environment: Vec<(String, String)>,
    said: Mutex<String>,
}

impl Account {
    pub fn new() -> Self {
        let aurora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../aurora");
        let python = std::env::var_os("HOWDAH_AWS_PYTHON")
            .map_or_else(|| aurora.join("../../.dev/aws/bin/python"), PathBuf::from);
        assert!(
            python.exists(),
            "no moto at {}: `./dev setup` installs it",
            python.display()
        );
        let mut recorder = Command::new(python)
            .arg(aurora.join("tests/aws/recorder.py"))
            .arg(PLANTED[0])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(recorder.stdout.take().unwrap())
            .read_line(&mut port)
            .unwrap();
        let home = tempfile::Builder::new()
            .prefix("howdah-home-")
            .tempdir_in("/tmp")
            .unwrap();
        std::fs::write(
            home.path().join("howdah.toml"),
            "[clusters.aws]\npoll_seconds = 0.05\n",
        )
        .unwrap();
        let environment = [
            ("HOWDAH_HOME", home.path().display().to_string()),
            ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", port.trim())),
            ("AWS_REGION", "eu-central-1".into()),
            ("AWS_ACCESS_KEY_ID", "AKIAPLANTEDEXAMPLE00".into()),
            ("AWS_SECRET_ACCESS_KEY", PLANTED[1].into()),
            ("AWS_SESSION_TOKEN", PLANTED[2].into()),
            ("AWS_EC2_METADATA_DISABLED", "true".into()),
            ("AWS_CONFIG_FILE", "/dev/null".into()),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".into()),
        ]
        .map(|(name, value)| (name.to_owned(), value));
        Self {
            recorder,
            home,
            environment: environment.into(),
            said: Mutex::default(),
        }
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        let output = Command::new(howdah_testkit::howdah())
            .arg("--config")
            .arg(self.home.path().join("howdah.toml"))
            .args(arguments)
            .envs(self.environment.clone())
            .env_remove("DATABASE_URL")
            .env_remove("AWS_PROFILE")
            .current_dir("/")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        self.hear(&format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ));
        output
    }

    pub fn text(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        text
    }

    pub fn refusal(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    pub async fn agent(&self, person: Option<Person>) -> Client {
        let config = self.home.path().join("howdah.toml").display().to_string();
        let environment = self.environment.clone();
        let arguments = ["--toolsets", "all", "--config", &config]
            .map(str::to_owned)
            .into();
        Client::start(Options {
            era: Era::Stateless,
            arguments,
            environment,
            person,
        })
        .await
    }

    pub async fn call(&self, agent: &Client, tool: &str, arguments: Value) -> Value {
        let reply = agent.call_tool(tool, arguments).await.unwrap();
        self.hear(&reply.to_string());
        reply
    }

    /// What the recorder is to have from now on.
    pub fn order(&self, order: &Value) {
        let (_, url) = self
            .environment
            .iter()
            .find(|(name, _)| name == "AWS_ENDPOINT_URL")
            .unwrap();
        let (address, body) = (url.trim_start_matches("http://"), order.to_string());
        let mut stream = TcpStream::connect(address).unwrap();
        let head = format!(
            "POST /_recorder HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        assert!(reply.contains(" 200 "), "{reply}");
    }

    fn hear(&self, said: &str) {
        self.said.lock().unwrap().push_str(said);
    }

    /// No secret was said or written anywhere.
    pub fn assert_clean(&self) {
        let said = self.said.lock().unwrap();
        let mut grep = Command::new("grep");
        grep.arg("-rlaF");
        for secret in PLANTED {
            assert!(!said.contains(secret), "{said}");
            grep.args(["-e", secret]);
        }
        let found = grep.arg(self.home.path()).output().unwrap();
        assert_eq!(
            String::from_utf8_lossy(&found.stdout),
            "",
            "a secret is in these files"
        );
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        drop(self.recorder.kill());
        drop(self.recorder.wait());
    }
}
