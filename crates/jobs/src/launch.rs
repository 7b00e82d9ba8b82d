use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use howdah_store::{Store, private_directory};

use crate::JobsError;

/// Logs of workers are removed after as long as their jobs are remembered.
const LOGS_KEPT: Duration = Duration::from_secs(90 * 24 * 3600);

/// How a worker process is started: a program, and arguments that the job's id
/// is added to.
///
/// The worker gets this process's environment, with `HOWDAH_HOME` set to where
/// the store is; its working directory is the store's, so relative paths among
/// the arguments do not work. It reads nothing, writes to a log file beside the
/// store, and makes itself a session of its own ([`run_worker`](crate::run_worker)),
/// so nothing that ends its parent ends it.
#[derive(Debug, Clone)]
pub struct Launcher {
    /// What is run.
    pub program: PathBuf,
    /// What comes before the job's id.
    pub arguments: Vec<OsString>,
}

impl Launcher {
    /// `howdah job work`, by this very program. Options that the worker must
    /// share (`--config`, with an absolute path) are put in front by the caller.
    pub fn this_program() -> io::Result<Self> {
        let program = std::env::current_exe()?;
        // An upgrade may have replaced the file while this process runs; the kernel still has it.
        let program = if program.exists() || !cfg!(target_os = "linux") {
            program
        } else {
            "/proc/self/exe".into()
        };
        Ok(Self {
            program,
            arguments: vec!["job".into(), "work".into()],
        })
    }

    /// Starts a worker for the job and returns at once.
    pub(crate) fn launch(&self, store: &Store, job: &str) -> Result<(), JobsError> {
        let failed = |source| JobsError::Launch {
            id: job.to_owned(),
            program: self.program.clone(),
            source,
        };
        let log = open_log(store, job)?;
        let errors = log.try_clone().map_err(failed)?;
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .arg(job)
            .current_dir(store.directory())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors);
        if store.directory().ends_with("store")
            && let Some(home) = store.directory().parent()
        {
            command.env("HOWDAH_HOME", home);
        }
        let mut child = command.spawn().map_err(failed)?;
        // Somebody has to collect the process when it ends before this one does.
        std::thread::Builder::new()
            .name("howdah-reaper".into())
            .spawn(move || child.wait())
            .map_err(failed)?;
        Ok(())
    }
}

/// The file that the job's workers write to.
pub(crate) fn log_file(store: &Store, job: &str) -> PathBuf {
    store.directory().join("logs").join(format!("{job}.log"))
}

fn open_log(store: &Store, job: &str) -> Result<File, JobsError> {
    let directory = store.directory().join("logs");
    private_directory(&directory)?;
    remove_old(&directory);
    let path = log_file(store, job);
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&path)
        .map_err(|source| howdah_store::StoreError::Io { path, source }.into())
}

/// What cannot be removed is tried again next time.
fn remove_old(directory: &Path) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let age = entry
            .metadata()
            .and_then(|found| found.modified())
            .map(|at| at.elapsed());
        if matches!(age, Ok(Ok(age)) if age > LOGS_KEPT) {
            std::fs::remove_file(entry.path()).ok();
        }
    }
}
