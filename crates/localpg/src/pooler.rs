use std::collections::BTreeSet;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use crate::{Account, LocalError, TlsFiles, free_port, port_range, process, write_private};

/// How long it may take until it listens.
const START_LIMIT: Duration = Duration::from_secs(30);

/// pgbouncer before a server: each transaction of a client has one of few sessions for itself.
///
/// ```text
/// <dir>/pooler.json     the record below
///       pgbouncer.ini   written at every start
///       users.txt       roles with the verifiers of their passwords (0600)
///       pgbouncer.log, pgbouncer.pid
/// ```
#[derive(Debug, Clone)]
pub struct Pooler {
    dir: PathBuf,
    account: Account,
    record: Record,
}

/// What is kept in `pooler.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    port: u16,
}

/// What a pooler stands before.
#[derive(Debug, Clone)]
pub struct Pooled {
    /// The server's port on 127.0.0.1.
    pub port: u16,
    /// What the server proves itself with, and the pooler to its clients.
    pub tls: TlsFiles,
    /// Roles with the verifiers of their passwords, as the server has them.
    pub roles: Vec<(String, String)>,
}

impl Pooler {
    /// Where pgbouncer is on this machine.
    pub fn program() -> Result<PathBuf, LocalError> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let usual = ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"];
        std::env::split_paths(&path)
            .filter(|directory| directory.is_absolute())
            .chain(usual.map(PathBuf::from))
            .map(|directory| directory.join("pgbouncer"))
            .find(|program| program.is_file())
            .ok_or(LocalError::NoPooler)
    }

    /// The pooler in `dir`; none if it was never made.
    pub fn open(dir: &Path) -> Result<Option<Self>, LocalError> {
        let path = dir.join("pooler.json");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LocalError::file("read", &path)(error)),
        };
        let record =
            serde_json::from_str(&text).map_err(|error| LocalError::file("read", &path)(error.into()))?;
        Ok(Some(Self {
            dir: dir.to_owned(),
            account: Account::of_servers()?,
            record,
        }))
    }

    /// Makes one in `dir`, on the first free port that is not in `avoid`. One that is there stays.
    pub fn create(dir: &Path, avoid: &BTreeSet<u16>) -> Result<Self, LocalError> {
        if let Some(there) = Self::open(dir)? {
            return Ok(there);
        }
        let account = Account::of_servers()?;
        account.private_directory(dir)?;
        let record = Record {
            port: free_port(port_range(), *port_range().start(), avoid)?,
        };
        let pooler = Self {
            dir: dir.to_owned(),
            account,
            record,
        };
        pooler.save()?;
        Ok(pooler)
    }

    /// The port that it listens on (127.0.0.1), or last did.
    pub fn port(&self) -> u16 {
        self.record.port
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.pid().is_some()
    }

    /// Starts it, on its own port or, where somebody else took that, the next free one that is not in `avoid`; returns
    /// when it listens. One that runs is told what it stands before now.
    pub fn start(&mut self, before: &Pooled, avoid: &BTreeSet<u16>) -> Result<(), LocalError> {
        if let Some(pid) = self.pid() {
            self.write(before)?;
            // One that a worker has started before it was killed may just be beginning to listen.
            if process::wait_until(START_LIMIT, || self.listens() || self.pid().is_none())
                && self.pid().is_some()
            {
                process::send(pid, Signal::HUP);
                return Ok(());
            }
            self.stop();
        }
        let program = Self::program()?;
        let mut avoid = avoid.clone();
        loop {
            let own = self.record.port;
            self.record.port = match avoid.contains(&own) {
                false if free_port(own..=own, own, &avoid).is_ok() => own,
                _ => free_port(port_range(), own, &avoid)?,
            };
            self.save()?;
            self.write(before)?;
            // Of one that was killed: it would not start.
            remove(&self.pid_file())?;
            match self.launch(&program) {
                Err(LocalError::Failed { log, .. })
                    if log.contains("Address already in use") || log.contains("Address in use") =>
                {
                    avoid.insert(self.record.port);
                }
                other => return other,
            }
        }
    }

    /// Ends it; fine when it does not run.
    pub fn stop(&self) {
        for (signal, seconds) in [(Signal::TERM, 5), (Signal::KILL, 5)] {
            let Some(pid) = self.pid() else { return };
            process::send(pid, signal);
            if process::wait_until(Duration::from_secs(seconds), || self.pid().is_none()) {
                return;
            }
        }
    }

    /// Ends it and removes everything of it. Fine when there is nothing.
    pub fn remove_remains(dir: &Path) -> Result<(), LocalError> {
        if let Ok(Some(there)) = Self::open(dir) {
            there.stop();
        }
        match std::fs::remove_dir_all(dir) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(LocalError::file("remove", dir)(error))
            }
            _ => Ok(()),
        }
    }

    /// Its process, known by the file that it was started with: a number in a file proves nothing, and one that is just
    /// starting has not written it.
    fn pid(&self) -> Option<i32> {
        process::started_with("pgbouncer", &self.ini()).first().copied()
    }

    fn listens(&self) -> bool {
        std::net::TcpStream::connect(("127.0.0.1", self.record.port)).is_ok()
    }

    fn launch(&self, program: &Path) -> Result<(), LocalError> {
        let log = self.dir.join("start.log");
        let output = std::fs::OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&log)
            .map_err(LocalError::file("open", &log))?;
        let mut child = self
            .account
            .command(program)
            .arg("-q")
            .arg(self.ini())
            .process_group(0)
            .stdout(Stdio::null())
            .stderr(output)
            .spawn()
            .map_err(|source| LocalError::Program {
                program: program.to_owned(),
                source,
            })?;
        let mut ended = None;
        let listens = process::wait_until(START_LIMIT, || {
            ended = child.try_wait().ok().flatten();
            ended.is_some() || (self.is_running() && self.listens())
        });
        if ended.is_none() && listens {
            crate::process::reap(child);
            return Ok(());
        }
        drop(child.kill());
        drop(child.wait());
        let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
        let said = format!("{}\n{}", read(&self.dir.join("pgbouncer.log")), read(&log));
        let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
        Err(LocalError::Failed {
            what: format!("pgbouncer in {} did not start.", self.dir.display()),
            log: lines[lines.len().saturating_sub(12)..].join("\n"),
        })
    }

    fn write(&self, before: &Pooled) -> Result<(), LocalError> {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let users: String = before
            .roles
            .iter()
            .map(|(role, verifier)| format!("{} {}\n", quoted(role), quoted(verifier)))
            .collect();
        let file = |name: &str| self.dir.join(name).display().to_string();
        let ini = format!(
            "; Written by Howdah at every start; changes here are lost.\n\
             [databases]\n* = host=127.0.0.1 port={}\n\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {}\nunix_socket_dir =\n\
             auth_type = scram-sha-256\nauth_file = {}\npool_mode = transaction\n\
             default_pool_size = 20\nmax_client_conn = 500\nserver_login_retry = 0.5\nignore_startup_parameters = extra_float_digits\n\
             client_tls_sslmode = require\nclient_tls_cert_file = {}\nclient_tls_key_file = {}\n\
             server_tls_sslmode = verify-ca\nserver_tls_ca_file = {}\n\
             logfile = {}\npidfile = {}\n",
            before.port,
            self.record.port,
            file("users.txt"),
            before.tls.certificate.display(),
            before.tls.key.display(),
            before.tls.ca.display(),
            file("pgbouncer.log"),
            file("pgbouncer.pid"),
        );
        for (name, text) in [("users.txt", &users), ("pgbouncer.ini", &ini)] {
            let path = self.dir.join(name);
            write_private(&path, text)?;
            self.account.own(&path)?;
        }
        Ok(())
    }

    fn save(&self) -> Result<(), LocalError> {
        let path = self.dir.join("pooler.json");
        let text = serde_json::to_string_pretty(&self.record)
            .map_err(|error| LocalError::file("write", &path)(error.into()))?;
        write_private(&path, &text)
    }

    fn ini(&self) -> PathBuf {
        self.dir.join("pgbouncer.ini")
    }

    fn pid_file(&self) -> PathBuf {
        self.dir.join("pgbouncer.pid")
    }
}

fn remove(path: &Path) -> Result<(), LocalError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(LocalError::file("remove", path)(error))
        }
        _ => Ok(()),
    }
}
