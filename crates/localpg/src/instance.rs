mod initdb;
mod launch;
mod socket;

use std::collections::BTreeSet;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use crate::private_file::remove_unfinished;
use crate::process::{self, PidFile};
use crate::{Account, Installation, Limits, LocalError, free_port, limits, port_range, write_private};

/// How long a server may take to become ready. Recovery after a crash of the
/// machine is the slow case.
const START_LIMIT: Duration = Duration::from_secs(180);

/// How long a fast stop may take before it is made an immediate one.
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// One PostgreSQL server: a directory of its own with the data directory, the
/// server log and what is needed to start it again.
///
/// ```text
/// <dir>/data           the data directory (0700)
///       server.log     what the server writes (server.log.1: before, when it grew large)
///       instance.json  the record below
///       run/           its Unix socket, or a link to a directory in /tmp where the path is too long for one
/// ```
#[derive(Debug, Clone)]
pub struct Instance {
    dir: PathBuf,
    account: Account,
    record: Record,
}

/// What is kept in `instance.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    installation: Installation,
    port: u16,
    socket_dir: PathBuf,
    /// Written into the server's configuration at every start.
    settings: Vec<(String, String)>,
    /// What it is held to from its start on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limits: Option<Limits>,
}

/// How to make an instance.
#[derive(Debug, Clone)]
pub struct InitOptions {
    /// Name of the superuser.
    pub superuser: String,
    /// Their password, for connections over TCP; without one there is none.
    pub password: Option<String>,
    /// Configuration parameters, later ones win.
    pub settings: Vec<(String, String)>,
    /// The whole of `pg_hba.conf`; without it TLS and SCRAM over TCP, and the
    /// superuser over the Unix socket for the accounts that own the server.
    pub hba: Option<String>,
    /// Whether the new files are flushed to the disk before init returns.
    pub durable: bool,
    /// Where the search for a free port begins at the first start; the first
    /// of [`port_range`] without it.
    pub port: Option<u16>,
}

impl Default for InitOptions {
    fn default() -> Self {
        Self {
            superuser: "postgres".into(),
            password: None,
            settings: Vec::new(),
            hba: None,
            durable: true,
            port: None,
        }
    }
}

/// What an instance is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// No process of it runs.
    Stopped,
    /// It runs and does not take connections: starting, recovering, stopping.
    Busy,
    /// It takes connections.
    Ready,
}

/// How to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopMode {
    /// Sessions are ended, then it shuts down in order.
    Fast,
    /// At once; the next start recovers.
    Immediate,
}

impl Instance {
    /// Makes a new instance in `dir`, which must not exist yet. After an error
    /// nothing is left of it.
    pub fn init(dir: &Path, installation: &Installation, options: &InitOptions) -> Result<Self, LocalError> {
        let account = Account::of_servers()?;
        let mut instance = Self::lay_out(dir, installation, &options.settings, account)?;
        if let Some(port) = options.port {
            instance.record.port = port;
        }
        let made = instance
            .run_initdb(options)
            .and_then(|()| instance.write_access(options.hba.as_deref(), &options.superuser))
            .and_then(|()| instance.save());
        match made {
            Ok(()) => Ok(instance),
            Err(error) => {
                instance.remove()?;
                Err(error)
            }
        }
    }

    /// Makes an instance of a copied data directory: `fill` puts the data at
    /// the path it is given. After an error nothing is left of it.
    pub fn from_copy(
        dir: &Path,
        installation: &Installation,
        settings: &[(String, String)],
        fill: impl FnOnce(&Path, &Account) -> Result<(), LocalError>,
    ) -> Result<Self, LocalError> {
        let account = Account::of_servers()?;
        let instance = Self::lay_out(dir, installation, settings, account)?;
        match fill(&instance.data_dir(), &instance.account).and_then(|()| instance.save()) {
            Ok(()) => Ok(instance),
            Err(error) => {
                instance.remove()?;
                Err(error)
            }
        }
    }

    /// The instance in `dir`. If its programs are gone (an upgraded package),
    /// others of the same major version take their place.
    pub fn open(dir: &Path) -> Result<Self, LocalError> {
        let not = |why: String| LocalError::NotAnInstance {
            path: dir.to_owned(),
            why,
        };
        let path = dir.join("instance.json");
        let text = std::fs::read_to_string(&path).map_err(|error| not(error.to_string()))?;
        let mut record: Record = serde_json::from_str(&text).map_err(|error| not(error.to_string()))?;
        if record.installation.program("postgres").is_none() {
            record.installation = Installation::require(Some(record.installation.major))?;
        }
        Ok(Self {
            dir: dir.to_owned(),
            account: Account::of_servers()?,
            record,
        })
    }

    /// Ends whatever still runs on an instance that was not finished or is no
    /// longer wanted, and removes its directory. Fine when there is nothing.
    pub fn remove_remains(dir: &Path) -> Result<(), LocalError> {
        process::end_all(&dir.join("data"));
        socket::remove_elsewhere(dir, &Account::of_servers()?);
        match std::fs::remove_dir_all(dir) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(LocalError::file("remove", dir)(error))
            }
            _ => Ok(()),
        }
    }

    /// Ends the server at once and removes everything of it.
    pub fn remove(&self) -> Result<(), LocalError> {
        Self::remove_remains(&self.dir)
    }

    /// The instance's own directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The data directory.
    pub fn data_dir(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// The port it listens on (127.0.0.1), or last did.
    pub fn port(&self) -> u16 {
        self.record.port
    }

    /// The directory of its Unix socket.
    pub fn socket_dir(&self) -> &Path {
        &self.record.socket_dir
    }

    /// The programs it runs with.
    pub fn installation(&self) -> &Installation {
        &self.record.installation
    }

    /// The account it runs as.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Replaces configuration parameters, in effect from the next start or [`Self::reload`].
    pub fn set(&mut self, settings: &[(String, String)]) -> Result<(), LocalError> {
        for (name, value) in settings {
            self.record.settings.retain(|(known, _)| known != name);
            self.record.settings.push((name.clone(), value.clone()));
        }
        self.save()
    }

    /// A configuration parameter as it was set here; what somebody set on the server itself is not known.
    pub fn setting(&self, name: &str) -> Option<&str> {
        let mut settings = self.record.settings.iter();
        settings.find_map(|(known, value)| (known == name).then_some(value.as_str()))
    }

    /// Holds it to these limits at once, as far as the operating system can, and from every start on.
    pub fn limit(&mut self, limits: Limits) -> Result<(), LocalError> {
        if self.pid().is_some() {
            for pid in process::all_of(&self.data_dir()) {
                limits.impose(pid, self.record.port.into());
            }
        }
        if self.record.limits.as_ref() == Some(&limits) {
            return Ok(());
        }
        self.record.limits = Some(limits);
        self.save()
    }

    /// What the operating system says that the running server is held to; none where it cannot be asked.
    pub fn held_to(&self) -> Option<Limits> {
        limits::of(self.pid()?)
    }

    /// Notes that its directory was renamed while it did not run, replaces parameters that have paths in them, and
    /// chooses the port that it tries first at its next start.
    pub fn relocated(&mut self, settings: &[(String, String)], port: Option<u16>) -> Result<(), LocalError> {
        self.move_socket_dir()?;
        if let Some(port) = port {
            self.record.port = port;
        }
        self.set(settings)
    }

    /// What it is doing now.
    pub fn status(&self) -> Status {
        let data = self.data_dir();
        match PidFile::read(&data) {
            Some(file) if process::belongs_to(file.pid, &data) => match file.status.as_str() {
                "ready" => Status::Ready,
                _ => Status::Busy,
            },
            _ => Status::Stopped,
        }
    }

    /// Process number of the running server.
    pub fn pid(&self) -> Option<i32> {
        let data = self.data_dir();
        PidFile::read(&data)
            .map(|file| file.pid)
            .filter(|pid| process::belongs_to(*pid, &data))
    }

    /// Starts it, on its own port or, where somebody else took that, the next
    /// free one that is not in `avoid`; returns when it takes connections.
    /// That it runs already is fine.
    pub fn start(&mut self, avoid: &BTreeSet<u16>) -> Result<(), LocalError> {
        let _alone = self.lock()?;
        if let Some(pid) = self.pid() {
            return self.await_ready(pid);
        }
        self.clear_leftovers()?;
        let mut avoid = avoid.clone();
        let mut wanted = self.record.port;
        loop {
            let range = port_range();
            // Its own port may come from a range that has been changed since.
            let own = wanted == self.record.port && !avoid.contains(&wanted);
            wanted = match own && free_port(wanted..=wanted, wanted, &avoid).is_ok() {
                true => wanted,
                false => free_port(range, wanted, &avoid)?,
            };
            self.record.port = wanted;
            self.write_configuration()?;
            self.save()?;
            match self.launch() {
                // Taken between the look and the bind.
                Err(LocalError::Failed { log, .. }) if is_port_taken(&log) => {
                    avoid.insert(wanted);
                }
                other => return other,
            }
        }
    }

    /// Has a server that runs, or is just starting, take its parameters anew, as far as that needs no restart.
    pub fn reload(&self) -> Result<(), LocalError> {
        let _alone = self.lock()?;
        self.write_configuration()?;
        match self.pid() {
            Some(pid) => {
                self.await_ready(pid)?;
                process::send(pid, Signal::HUP);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Stops it; fine when it does not run.
    pub fn stop(&self, mode: StopMode) -> Result<(), LocalError> {
        let _alone = self.lock()?;
        let data = self.data_dir();
        // Of a start that was killed.
        remove_unfinished(&self.dir)?;
        remove_unfinished(&data)?;
        let Some(pid) = self.pid() else {
            process::end_all(&data);
            return Ok(());
        };
        if mode == StopMode::Fast {
            process::send(pid, Signal::INT);
            if process::wait_until(STOP_LIMIT, || !process::belongs_to(pid, &data)) {
                return Ok(());
            }
        }
        process::send(pid, Signal::QUIT);
        if !process::wait_until(Duration::from_secs(10), || process::all_of(&data).is_empty()) {
            process::end_all(&data);
        }
        Ok(())
    }

    /// The end of the server's log, at most `bytes` of it.
    pub fn log_tail(&self, bytes: u64) -> String {
        let mut tail = Vec::new();
        let read = std::fs::File::open(self.log_path()).and_then(|mut file| {
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(bytes)))?;
            file.take(bytes).read_to_end(&mut tail)
        });
        match read {
            Ok(_) => String::from_utf8_lossy(&tail).trim().to_owned(),
            Err(_) => String::new(),
        }
    }

    /// The files of the server's log that are there, the oldest first.
    pub fn logs(&self) -> Vec<PathBuf> {
        let path = self.log_path();
        let both = [path.with_extension("log.1"), path];
        both.into_iter().filter(|path| path.exists()).collect()
    }

    fn log_path(&self) -> PathBuf {
        self.dir.join("server.log")
    }

    fn lay_out(
        dir: &Path,
        installation: &Installation,
        settings: &[(String, String)],
        account: Account,
    ) -> Result<Self, LocalError> {
        if let Some(parent) = dir.parent() {
            std::fs::create_dir_all(parent).map_err(LocalError::file("create", parent))?;
            account.can_enter(parent)?;
        }
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(dir)
            .map_err(LocalError::file("create", dir))?;
        account.own(dir)?;
        let record = Record {
            installation: installation.clone(),
            port: *port_range().start(),
            socket_dir: PathBuf::new(),
            settings: settings.to_vec(),
            limits: None,
        };
        let mut instance = Self {
            dir: dir.to_owned(),
            account,
            record,
        };
        match instance.make_socket_dir() {
            Ok(()) => Ok(instance),
            Err(error) => {
                instance.remove()?;
                Err(error)
            }
        }
    }

    fn save(&self) -> Result<(), LocalError> {
        let text = serde_json::to_string_pretty(&self.record)
            .map_err(|error| LocalError::file("write", &self.dir)(error.into()))?;
        write_private(&self.dir.join("instance.json"), &text)
    }

    /// Only one start or stop at a time, whichever process wants it; given up
    /// by the operating system when that process dies.
    fn lock(&self) -> Result<std::fs::File, LocalError> {
        let path = self.dir.join("lock");
        std::fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .and_then(|file| file.lock().map(|()| file))
            .map_err(LocalError::file("lock", &path))
    }
}

fn is_port_taken(log: &str) -> bool {
    log.contains("could not bind") || log.contains("could not create any TCP/IP sockets")
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}
