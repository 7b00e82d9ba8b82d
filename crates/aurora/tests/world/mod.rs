//! A home of its own for the clusters of one test, whose jobs are carried out
//! by worker processes: this test program again, with the test `worker`.

#![allow(unreachable_pub, reason = "a module of a test")]

#[allow(dead_code, reason = "other tests use it")]
pub mod clients;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use howdah_aurora::{Clusters, Operation};
use howdah_core::{Caller, Context};
use howdah_jobs::{Engine, JobRecord, JobState, Launcher, StepState};
use howdah_pg::{ConnInfo, Connection, NoEnvironment};
use howdah_store::Store;

pub struct World {
    home: PathBuf,
    pub engine: Engine,
    pub clusters: Clusters,
}

impl World {
    pub fn new() -> Self {
        let home = tempfile::Builder::new()
            .prefix("howdah-world-")
            .tempdir_in("/tmp")
            .unwrap()
            .keep();
        let launcher = Launcher {
            program: std::env::current_exe().unwrap(),
            arguments: ["--ignored", "--exact", "--nocapture", "worker"]
                .iter()
                .map(Into::into)
                .collect(),
        };
        let engine = Engine::new(Store::open(home.join("store")), launcher);
        Self {
            engine,
            clusters: Clusters::at(home.clone()),
            home,
        }
    }

    pub fn home(&self) -> &Path {
        &self.home
    }

    pub async fn succeed(&self, operation: Operation) -> JobRecord {
        self.clusters.check(&operation).await.unwrap();
        let job = operation.start(&self.engine, "test").await.unwrap();
        let job = self.finished(&job.id).await;
        assert_eq!(job.state, JobState::Succeeded, "{operation:?}: {:?}", job.error);
        job
    }

    /// Waits for the end of a job, replacing workers that died.
    pub async fn finished(&self, job: &str) -> JobRecord {
        let start = Instant::now();
        loop {
            let record = self.engine.job(job).await.unwrap();
            if !record.state.is_active() {
                return record;
            }
            assert!(start.elapsed() < Duration::from_secs(600), "{record:?}");
            self.engine.adopt_orphans().await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Kills the worker so long after it has begun the step; false when the
    /// step was over before.
    pub async fn kill_worker_in(&self, job: &str, step: usize, delay: Duration) -> bool {
        let start = Instant::now();
        loop {
            let record = self.engine.job(job).await.unwrap();
            let over = !matches!(record.steps[step].state, StepState::Pending | StepState::Running);
            if over || !record.state.is_active() {
                return false;
            }
            if record.steps[step].state == StepState::Running
                && let Some(lease) = self.engine.worker(job).await.unwrap()
            {
                tokio::time::sleep(delay).await;
                let pid = lease.owner.pid;
                kill(i32::try_from(pid).unwrap());
                while self
                    .engine
                    .worker(job)
                    .await
                    .unwrap()
                    .is_some_and(|lease| lease.owner.pid == pid)
                {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                return true;
            }
            assert!(start.elapsed() < Duration::from_secs(600), "{record:?}");
            self.engine.adopt_orphans().await.unwrap();
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// How many servers run in this home.
    pub fn servers(&self) -> usize {
        let listed = Command::new("ps")
            .args(["-axww", "-o", "command="])
            .output()
            .unwrap();
        let home = format!("-D {}", self.home.display());
        let text = String::from_utf8_lossy(&listed.stdout).into_owned();
        text.lines().filter(|line| line.contains(&home)).count()
    }

    pub fn left_of_clusters(&self) -> Vec<String> {
        names(&self.home.join("clusters"))
    }

    pub fn left_of_snapshots(&self) -> Vec<String> {
        names(&self.home.join("snapshots"))
    }

    /// Looks for a text in everything that the store and the servers wrote.
    pub fn assert_not_stored(&self, text: &str) {
        let found = Command::new("grep")
            .args(["-rlaF", "--", text])
            .arg(&self.home)
            .output()
            .unwrap();
        let files = String::from_utf8(found.stdout).unwrap();
        assert_eq!(
            files.lines().filter(|file| !file.ends_with("/password")).count(),
            0,
            "{files}"
        );
        assert_eq!(files.lines().count(), 1, "the password itself: {files}");
    }

    /// Connects to an instance as anybody could who has the cluster's password.
    pub async fn instance(&self, endpoint: &str, database: &str) -> Connection {
        let (host, port) = endpoint.split_once(':').unwrap();
        let password = std::fs::read_to_string(self.home.join("clusters/shop/password")).unwrap();
        let ca = self.home.join("clusters/shop/tls/ca.crt");
        let text = format!(
            "host={host} port={port} user=postgres password={password} dbname='{}' sslmode=verify-full sslrootcert={}",
            database.replace('\'', "\\'"),
            ca.display()
        );
        Connection::connect(&ConnInfo::parse_with(&text, &NoEnvironment).unwrap())
            .await
            .unwrap()
    }

    pub async fn eventually(&self, endpoint: &str, database: &str, sql: &str, expected: &str) {
        let start = Instant::now();
        loop {
            let mut connection = self.instance(endpoint, database).await;
            let seen = match connection.query(sql, &[]).await {
                Ok(rows) => rows.first().and_then(|row| row.get(0).map(str::to_owned)),
                Err(_) => None,
            };
            if seen.as_deref() == Some(expected) {
                return;
            }
            assert!(
                start.elapsed() < Duration::from_secs(200),
                "{sql} at {endpoint}: {seen:?}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // Workers first: they would go on making servers.
        let listed = Command::new("ps")
            .args(["-axww", "-o", "pid=,command="])
            .output()
            .unwrap();
        for log in names(&self.home.join("store/logs")) {
            let worker = format!("worker {}", log.trim_end_matches(".log"));
            for line in String::from_utf8_lossy(&listed.stdout)
                .lines()
                .filter(|line| line.ends_with(&worker))
            {
                kill(line.split_whitespace().next().unwrap().parse().unwrap());
            }
        }
        for cluster in names(&self.home.join("clusters")) {
            let cluster = self.home.join("clusters").join(cluster);
            drop(howdah_localpg::Pooler::remove_remains(&cluster.join("proxy")));
            for instance in names(&cluster)
                .iter()
                .filter(|name| *name == "writer" || name.starts_with("reader-"))
            {
                drop(howdah_localpg::Instance::remove_remains(&cluster.join(instance)));
            }
        }
        match std::thread::panicking() {
            true => eprintln!("kept for a look: {}", self.home.display()),
            false => drop(std::fs::remove_dir_all(&self.home)),
        }
    }
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
    let cx = Context::new(Caller::Person { consents: true }).with(Arc::new(Clusters::at(home)));
    howdah_jobs::run_worker(&engine, &job, &cx).await.unwrap();
}

pub fn kill(pid: i32) {
    drop(Command::new("kill").args(["-KILL", &pid.to_string()]).output());
}

pub fn postmaster(data: &Path) -> i32 {
    let text = std::fs::read_to_string(data.join("postmaster.pid")).unwrap();
    text.lines().next().unwrap().parse().unwrap()
}

pub fn postmaster_runs(data: &Path) -> bool {
    Path::new(&format!("/proc/{}/cwd", postmaster(data)))
        .read_link()
        .is_ok_and(|cwd| cwd == data)
}

pub fn names(directory: &Path) -> Vec<String> {
    std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}
