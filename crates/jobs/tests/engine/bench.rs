//! What every test stands on: a store, a directory for the pages, and an engine
//! whose workers are this very program.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use howdah_core::NoProgress;
use howdah_jobs::{Engine, JobRecord, JobState, Launcher, StepState};
use howdah_store::Store;
use tokio_util::sync::CancellationToken;

use crate::pages::{Mischief, Order, WritePages};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) struct Bench {
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(crate) pages: PathBuf,
    _root: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let pages = root.path().join("pages");
        fs::create_dir(&pages).unwrap();
        let store = Store::open(root.path().join("store"));
        let launcher = Launcher {
            program: std::env::current_exe().unwrap(),
            arguments: crate::process::WORKER.map(Into::into).to_vec(),
        };
        Self {
            engine: Engine::new(store.clone(), launcher),
            store,
            pages,
            _root: root,
        }
    }

    pub(crate) fn order(&self, pages: usize, step_ms: u64) -> Order {
        Order {
            directory: self.pages.clone(),
            pages,
            step_ms,
            ..Order::default()
        }
    }

    pub(crate) fn order_with(&self, pages: usize, step_ms: u64, step: &str, mischief: Mischief) -> Order {
        Order {
            mischief: HashMap::from([(step.to_owned(), mischief)]),
            ..self.order(pages, step_ms)
        }
    }

    pub(crate) async fn start(&self, order: &Order) -> String {
        self.engine.start::<WritePages>(order, "a test").await.unwrap().id
    }

    pub(crate) async fn job(&self, id: &str) -> JobRecord {
        self.store.job(id).await.unwrap().unwrap()
    }

    /// Waits until the job is over; a worker that died is replaced.
    pub(crate) async fn end(&self, id: &str) -> JobRecord {
        let stop = CancellationToken::new();
        let job = self.engine.wait(id, PATIENCE, &NoProgress, &stop).await.unwrap();
        assert!(
            !job.state.is_active(),
            "the job hangs: {job:#?}\n{}",
            self.log(id)
        );
        job
    }

    /// Waits until the step is in that state, replacing nobody.
    pub(crate) async fn reaches(&self, id: &str, step: usize, state: StepState) {
        let start = Instant::now();
        while self.job(id).await.steps[step].state != state {
            assert!(
                start.elapsed() < PATIENCE,
                "step {step} is never {state}: {}",
                self.log(id)
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) fn log(&self, id: &str) -> String {
        fs::read_to_string(self.engine.log_file(id)).unwrap_or_default()
    }

    /// Everything in the directory of pages.
    pub(crate) fn found(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(&self.pages)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            // The name left at the door by a worker that was killed inside; see `Alone`.
            .filter(|name| name != "inside")
            .collect();
        names.sort();
        names
    }

    /// The job was done wholly, or taken back wholly, by one worker at a time.
    pub(crate) fn assert_whole(&self, job: &JobRecord) {
        let pages: Vec<String> = (0..job.steps.len()).map(|page| format!("page{page}")).collect();
        let expected = if job.state == JobState::Succeeded {
            pages
        } else {
            Vec::new()
        };
        assert_eq!(self.found(), expected, "{job:#?}");
    }
}

/// Ends a process as the kernel's memory killer would.
pub(crate) fn kill(pid: u32) {
    std::process::Command::new("kill")
        .args(["-KILL", &pid.to_string()])
        .status()
        .unwrap();
}

/// Asks a process to end, as the system does when it shuts down.
pub(crate) fn terminate(pid: u32) {
    std::process::Command::new("kill")
        .args(["-TERM", &pid.to_string()])
        .status()
        .unwrap();
}
