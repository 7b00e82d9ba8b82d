//! The built program, killed at random moments while it creates a cluster, the
//! command and its worker alike: the next command finishes the job or takes it
//! back, and nothing is left over.
// Who belongs to whom is read from proc(5).
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longer than a cluster takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

struct Home(PathBuf);

impl Home {
    fn new() -> Self {
        let home = tempfile::Builder::new()
            .prefix("howdah-kill-")
            .tempdir_in("/tmp")
            .unwrap()
            .keep();
        Self(home)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_howdah"));
        command
            .args(arguments)
            .env("HOWDAH_HOME", &self.0)
            .current_dir("/tmp")
            .stdin(Stdio::null());
        for variable in ["DATABASE_URL", "PGHOST", "PGDATABASE", "PGSERVICE", "RUST_LOG"] {
            command.env_remove(variable);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The result of a command that succeeds.
    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_str(&text).unwrap()
    }

    fn create(&self) -> Child {
        self.command(&["cluster", "create", "shop", "--readers", "1", "--wait"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// The latest job, once there is one.
    fn job(&self) -> Option<Value> {
        self.json(&["job", "list"])["jobs"].get(0).cloned()
    }

    /// Waits for the job's end by the command that people use for it.
    fn end(&self, id: &str) -> Value {
        let start = Instant::now();
        loop {
            self.run(&["job", "show", id, "--follow", "--quiet"]);
            let job = self.json(&["job", "show", id]);
            let state = job["state"].as_str().unwrap();
            if !matches!(state, "queued" | "running" | "undoing") {
                return job;
            }
            assert!(start.elapsed() < PATIENCE, "{job:#}");
        }
    }

    /// Processes that have to do with this home: workers, servers, what they started.
    fn processes(&self) -> Vec<(u32, String)> {
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else {
                continue;
            };
            let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
            let home = self.0.to_str().unwrap().as_bytes();
            let about = [&command, &environment]
                .iter()
                .any(|text| text.windows(home.len()).any(|some| some == home));
            if about && !command.is_empty() {
                found.push((pid, String::from_utf8_lossy(&command).replace('\0', " ")));
            }
        }
        found
    }

    fn workers(&self) -> Vec<u32> {
        let work = |(pid, command): (u32, String)| command.contains("job work").then_some(pid);
        self.processes().into_iter().filter_map(work).collect()
    }

    fn assert_nothing_is_left(&self) {
        let start = Instant::now();
        while !self.processes().is_empty() {
            assert!(start.elapsed() < PATIENCE, "{:#?}", self.processes());
            std::thread::sleep(Duration::from_millis(50));
        }
        let clusters = self.0.join("clusters");
        assert!(
            !clusters.exists() || names(&clusters).is_empty(),
            "{:?}",
            names(&clusters)
        );
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        for (pid, _) in self.processes() {
            kill(pid);
        }
        if std::thread::panicking() {
            eprintln!("kept for a look: {}", self.0.display());
        } else {
            fs::remove_dir_all(&self.0).ok();
        }
    }
}

fn kill(pid: u32) {
    Command::new("kill")
        .args(["-KILL", &pid.to_string()])
        .status()
        .unwrap();
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// 0 to `most` milliseconds, by the clock's last digits.
fn some_time(most: u64) -> Duration {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    Duration::from_millis(u64::from(now.subsec_micros()) % (most + 1))
}

#[test]
fn killed_at_random_moments_nothing_is_orphaned() {
    let mut killed = 0;
    for round in 0..16 {
        // On a fast machine whole jobs fit between two kills; then further rounds hit early.
        if round >= 4 && killed >= 4 {
            break;
        }
        let home = Home::new();
        let mut command = home.create();
        // In some rounds the job has just begun, in others it is nearly done.
        std::thread::sleep(match round {
            0..4 => some_time(1_500) + Duration::from_millis(100 + 500 * round),
            _ => some_time(600),
        });
        command.kill().unwrap();
        command.wait().unwrap();
        for _ in 0..3 {
            for worker in home.workers() {
                kill(worker);
                killed += 1;
            }
            // Any command that deals with jobs takes up what was left.
            home.run(&["job", "list"]);
            std::thread::sleep(some_time(1_200));
        }
        let Some(job) = home.job() else {
            home.assert_nothing_is_left();
            continue;
        };
        let job = home.end(job["id"].as_str().unwrap());
        match job["state"].as_str().unwrap() {
            "succeeded" => {
                let shown = home.json(&["cluster", "show", "shop"]);
                assert!(shown.to_string().contains("available"), "{shown:#}");
                assert_secret_is_kept(&home, &job);
                home.json(&[
                    "cluster",
                    "delete",
                    "shop",
                    "--skip-final-snapshot",
                    "--yes",
                    "--wait",
                ]);
            }
            // Killed too often in one step: taken back, and it says so.
            "failed" => assert!(
                job["error"]["message"].as_str().unwrap().contains("in a row"),
                "{job:#}"
            ),
            state => panic!("{state}: {job:#}"),
        }
        home.assert_nothing_is_left();
    }
    assert!(killed >= 4, "only {killed} workers were met");
}

/// The password is in its own file, and in nothing that jobs write or print.
fn assert_secret_is_kept(home: &Home, job: &Value) {
    let file = job["result"]["password_file"].as_str().unwrap();
    let password = fs::read_to_string(file).unwrap();
    let password = password.trim();
    assert!(password.len() >= 12);
    assert!(!job.to_string().contains(password), "the job's result");
    let store = home.0.join("store");
    for directory in [store.clone(), store.join("logs")] {
        for name in names(&directory) {
            let Ok(bytes) = fs::read(directory.join(&name)) else {
                continue;
            };
            let found = bytes
                .windows(password.len())
                .any(|some| some == password.as_bytes());
            assert!(!found, "the password is in {name}");
        }
    }
}

#[test]
fn cancelled_in_its_midst_everything_is_gone() {
    let home = Home::new();
    let started = home.json(&["cluster", "create", "shop", "--readers", "1"]);
    let id = started["job_id"].as_str().unwrap().to_owned();
    std::thread::sleep(some_time(1_500));
    // Its worker is gone too: somebody else has to take it back.
    home.workers().into_iter().for_each(kill);
    let cancelled = home.run(&["job", "cancel", &id]);
    if !cancelled.status.success() {
        // Faster than the cancel.
        assert_eq!(home.end(&id)["state"], "succeeded");
        return;
    }
    let job = home.end(&id);
    assert_eq!(job["state"], "cancelled", "{job:#}");
    home.assert_nothing_is_left();
    // The same once more, from the start, to its end.
    home.json(&["job", "resume", &id]);
    assert_eq!(home.end(&id)["state"], "succeeded");
    home.json(&[
        "cluster",
        "delete",
        "shop",
        "--skip-final-snapshot",
        "--yes",
        "--wait",
    ]);
    home.assert_nothing_is_left();
}

#[test]
fn interrupting_the_command_leaves_the_job_at_work() {
    let home = Home::new();
    let mut command = home.create();
    let start = Instant::now();
    while home.workers().is_empty() {
        assert!(start.elapsed() < PATIENCE, "no worker begins");
        std::thread::sleep(Duration::from_millis(20));
    }
    Command::new("kill")
        .args(["-INT", &command.id().to_string()])
        .status()
        .unwrap();
    assert_eq!(command.wait().unwrap().code(), Some(130));
    let id = home.job().unwrap()["id"].as_str().unwrap().to_owned();
    let job = home.end(&id);
    assert_eq!(job["state"], "succeeded", "{job:#}");
    assert!(
        job["steps"]
            .as_array()
            .unwrap()
            .iter()
            .all(|step| step["attempts"].is_null()),
        "{job:#}"
    );
    home.json(&[
        "cluster",
        "delete",
        "shop",
        "--skip-final-snapshot",
        "--yes",
        "--wait",
    ]);
    home.assert_nothing_is_left();
}

#[test]
fn what_does_not_exist_says_what_does() {
    let home = Home::new();
    let empty = home.run(&["job", "list"]);
    assert_eq!(empty.status.code(), Some(0));
    assert!(
        String::from_utf8_lossy(&empty.stdout).contains("howdah cluster create NAME"),
        "{empty:?}"
    );
    let unknown = home.run(&["job", "show", "nosuchjb"]);
    assert_eq!(unknown.status.code(), Some(1));
    let said = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(
        said.contains("no job nosuchjb") && said.contains("howdah job list"),
        "{said}"
    );
}
