use std::collections::BTreeSet;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use crate::process::{self, PidFile};
use crate::{Account, Installation, LocalError, free_port, port_range, write_private};

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
///       server.log     what the server writes
///       instance.json  the record below
///       run/           its Unix socket, or in /tmp where the path is too long for one
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

const STRICT_HBA: &str = "\
# Written by Howdah. The accounts that own this server are its superuser over
# the Unix socket; everybody else needs TLS and a password.
local    all          all                  peer map=howdah
local    replication  all                  peer map=howdah
hostssl  all          all    127.0.0.1/32  scram-sha-256
hostssl  all          all    ::1/128       scram-sha-256
";

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
        if let Ok(instance) = Self::open(dir) {
            instance.remove_socket_dir();
        }
        match std::fs::remove_dir_all(dir) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(LocalError::file("remove", dir)(error))
            }
            _ => Ok(()),
        }
    }

    /// Ends the server at once and removes everything of it.
    pub fn remove(&self) -> Result<(), LocalError> {
        self.remove_socket_dir();
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

    /// Replaces configuration parameters, in effect from the next start.
    pub fn set(&mut self, settings: &[(String, String)]) -> Result<(), LocalError> {
        for (name, value) in settings {
            self.record.settings.retain(|(known, _)| known != name);
            self.record.settings.push((name.clone(), value.clone()));
        }
        self.save()
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

    /// Stops it; fine when it does not run.
    pub fn stop(&self, mode: StopMode) -> Result<(), LocalError> {
        let _alone = self.lock()?;
        let data = self.data_dir();
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

    fn run_initdb(&self, options: &InitOptions) -> Result<(), LocalError> {
        let program = self.record.installation.bin_dir.join("initdb");
        let password_file = self.dir.join("initdb.password");
        if let Some(password) = &options.password {
            write_private(&password_file, password)?;
            self.account.own(&password_file)?;
        }
        // macOS and old C libraries have no C.UTF-8; plain C sorts the same.
        let mut failure = String::new();
        for locale in ["C.UTF-8", "C"] {
            let mut command = self.account.command(&program);
            command
                .arg("-D")
                .arg(self.data_dir())
                .args(["--username", &options.superuser]);
            command.args(["--encoding=UTF8", &format!("--locale={locale}")]);
            command.args(["--auth-local=peer", "--auth-host=scram-sha-256"]);
            if options.password.is_some() {
                command.arg("--pwfile").arg(&password_file);
            }
            if !options.durable {
                command.arg("--no-sync");
            }
            let output = command.output().map_err(|source| LocalError::Program {
                program: program.clone(),
                source,
            })?;
            if output.status.success() {
                failure.clear();
                break;
            }
            failure = format!(
                "{}\n{}",
                String::from_utf8_lossy(&output.stdout).trim(),
                String::from_utf8_lossy(&output.stderr).trim()
            );
            if !failure.contains("locale") {
                break;
            }
        }
        if options.password.is_some() {
            std::fs::remove_file(&password_file).map_err(LocalError::file("remove", &password_file))?;
        }
        match failure.is_empty() {
            true => Ok(()),
            false => Err(LocalError::Failed {
                what: format!(
                    "initdb of PostgreSQL {} failed.",
                    self.record.installation.version
                ),
                log: last_lines(&failure),
            }),
        }
    }

    fn write_access(&self, hba: Option<&str>, superuser: &str) -> Result<(), LocalError> {
        let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let mut ident = String::from("# Written by Howdah: who may be whom over the Unix socket.\n");
        for account in [self.account.name.as_str(), "root"] {
            ident.push_str(&format!("howdah  {}  {}\n", quote(account), quote(superuser)));
        }
        for (name, text) in [
            ("pg_hba.conf", hba.unwrap_or(STRICT_HBA)),
            ("pg_ident.conf", &ident),
        ] {
            let path = self.data_dir().join(name);
            write_private(&path, text)?;
            self.account.own(&path)?;
        }
        let path = self.data_dir().join("postgresql.conf");
        let mut text = std::fs::read_to_string(&path).map_err(LocalError::file("read", &path))?;
        text.push_str("\n# Written anew at every start by Howdah.\ninclude 'howdah.conf'\n");
        write_private(&path, &text)?;
        self.account.own(&path)
    }

    fn write_configuration(&self) -> Result<(), LocalError> {
        let own = [
            ("port", self.record.port.to_string()),
            ("listen_addresses", "127.0.0.1".to_owned()),
            (
                "unix_socket_directories",
                format!("\"{}\"", self.record.socket_dir.display()),
            ),
            ("logging_collector", "off".to_owned()),
            ("password_encryption", "scram-sha-256".to_owned()),
        ];
        let given = self
            .record
            .settings
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()));
        let mut text = String::from("# Written by Howdah at every start; changes here are lost.\n");
        for (name, value) in own.into_iter().chain(given) {
            text.push_str(&format!(
                "{name} = '{}'\n",
                value.replace('\\', "\\\\").replace('\'', "''")
            ));
        }
        let path = self.data_dir().join("howdah.conf");
        write_private(&path, &text)?;
        self.account.own(&path)
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

    /// Makes way for a start after a crash. The server itself refuses to start
    /// when another program has the process number in its old pid file, so
    /// such a file goes; never while anything still runs on the data.
    fn clear_leftovers(&self) -> Result<(), LocalError> {
        let data = self.data_dir();
        if !process::wait_until(Duration::from_secs(5), || process::all_of(&data).is_empty()) {
            process::end_all(&data);
        }
        let mut stale = vec![PidFile::path(&data)];
        if let Ok(entries) = std::fs::read_dir(&self.record.socket_dir) {
            stale.extend(entries.filter_map(Result::ok).map(|entry| entry.path()));
        }
        for path in stale {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(LocalError::file("remove", &path)(error));
                }
                _ => {}
            }
        }
        self.check_socket_dir()
    }

    fn launch(&self) -> Result<(), LocalError> {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(self.log_path())
            .map_err(LocalError::file("open", &self.log_path()))?;
        let before = log.metadata().map_or(0, |meta| meta.len());
        let program = self.record.installation.bin_dir.join("postgres");
        let mut command = self.account.command(&program);
        command
            .arg("-D")
            .arg(self.data_dir())
            .stdout(Stdio::null())
            .stderr(log);
        // Out of reach of the terminal's Ctrl-C.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command
            .spawn()
            .map_err(|source| LocalError::Program { program, source })?;

        let data = self.data_dir();
        let mut ended = None;
        let ready = process::wait_until(START_LIMIT, || {
            ended = child.try_wait().ok().flatten();
            let own = |file: &PidFile| file.pid == child.id() as i32 && file.status == "ready";
            ended.is_some() || PidFile::read(&data).as_ref().is_some_and(own)
        });
        if let Some(status) = ended {
            let log = self.log_since(before);
            return Err(LocalError::Failed {
                what: format!(
                    "The PostgreSQL server in {} did not start ({status}).",
                    data.display()
                ),
                log,
            });
        }
        let pid = child.id() as i32;
        reap(child);
        if !ready {
            process::send(pid, Signal::QUIT);
            process::wait_until(Duration::from_secs(10), || process::all_of(&data).is_empty());
            return Err(LocalError::Failed {
                what: format!(
                    "The PostgreSQL server in {} was not ready after {} s and was stopped.",
                    data.display(),
                    START_LIMIT.as_secs()
                ),
                log: self.log_since(before),
            });
        }
        Ok(())
    }

    fn await_ready(&self, pid: i32) -> Result<(), LocalError> {
        let data = self.data_dir();
        let over = process::wait_until(START_LIMIT, || match PidFile::read(&data) {
            Some(file) => file.status == "ready" || !process::belongs_to(pid, &data),
            None => true,
        });
        match over && self.status() == Status::Ready {
            true => Ok(()),
            false => Err(LocalError::Failed {
                what: format!(
                    "The PostgreSQL server in {} does not become ready.",
                    data.display()
                ),
                log: last_lines(&self.log_tail(4096)),
            }),
        }
    }

    fn log_since(&self, start: u64) -> String {
        let length = std::fs::metadata(self.log_path()).map_or(0, |meta| meta.len());
        last_lines(&self.log_tail(length.saturating_sub(start).min(8192)))
    }

    fn make_socket_dir(&mut self) -> Result<(), LocalError> {
        // The address of a Unix socket holds 107 bytes (103 on macOS), and the
        // server adds a lock file's name to check against.
        const LONGEST: usize = 103 - "/.s.PGSQL.65535".len();
        let own = self.dir.join("run");
        // Double quotes enclose the path in the setting.
        let fits = own.as_os_str().len() <= LONGEST && !own.to_string_lossy().contains('"');
        self.record.socket_dir = match fits {
            true => own,
            false => {
                let mut random = [0_u8; 8];
                getrandom::fill(&mut random).map_err(|error| LocalError::Random(error.to_string()))?;
                PathBuf::from(format!("/tmp/howdah-{:016x}", u64::from_ne_bytes(random)))
            }
        };
        self.check_socket_dir()
    }

    /// Makes the directory of the socket if it is missing (a cleaned `/tmp`)
    /// and refuses one that somebody else put there.
    fn check_socket_dir(&self) -> Result<(), LocalError> {
        let path = &self.record.socket_dir;
        match std::fs::DirBuilder::new().mode(0o700).create(path) {
            Ok(()) => return self.account.own(path),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(LocalError::file("create", path)(error)),
        }
        let meta = std::fs::symlink_metadata(path).map_err(LocalError::file("look at", path))?;
        match meta.is_dir() && meta.uid() == self.account.uid() && meta.mode() & 0o022 == 0 {
            true => Ok(()),
            false => Err(LocalError::NotAnInstance {
                path: path.clone(),
                why: "its socket directory belongs to somebody else".into(),
            }),
        }
    }

    fn remove_socket_dir(&self) {
        if !self.record.socket_dir.starts_with(&self.dir)
            && self.record.socket_dir.starts_with("/tmp")
            && self.check_socket_dir().is_ok()
        {
            process::end_all(&self.data_dir());
            if let Err(error) = std::fs::remove_dir_all(&self.record.socket_dir) {
                tracing::warn!(%error, "a socket directory in /tmp stays");
            }
        }
    }
}

/// Waits for the end of the child in the background, so that a server that is
/// stopped later does not stay behind as a zombie of this process.
fn reap(mut child: Child) {
    let waiting = std::thread::Builder::new()
        .name("reaper".into())
        .spawn(move || child.wait());
    if let Err(error) = waiting {
        tracing::debug!(%error, "no thread to wait for a server");
    }
}

fn is_port_taken(log: &str) -> bool {
    log.contains("could not bind") || log.contains("could not create any TCP/IP sockets")
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}
