//! Starting the server process.

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;

use super::{Instance, START_LIMIT, Status, last_lines};
use crate::process::{self, PidFile};
use crate::{LocalError, write_private};

/// A log of this size is put aside at the next start.
const LARGE_LOG_BYTES: u64 = 16 << 20;

impl Instance {
    pub(super) fn write_configuration(&self) -> Result<(), LocalError> {
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

    /// Makes way for a start after a crash. The server itself refuses to start
    /// when another program has the process number in its old pid file, so
    /// such a file goes; never while anything still runs on the data.
    pub(super) fn clear_leftovers(&self) -> Result<(), LocalError> {
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

    pub(super) fn launch(&self) -> Result<(), LocalError> {
        self.turn_log();
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(self.log_path())
            .map_err(LocalError::file("open", &self.log_path()))?;
        let before = log.metadata().map_or(0, |meta| meta.len());
        let program = self.record.installation.bin_dir.join("postgres");
        let limits = self.record.limits.clone().unwrap_or_default();
        // What it starts is held to the same.
        let mut command = match limits.words_before() {
            Some([shell, words @ ..]) => {
                let mut command = self.account.command(Path::new(&shell));
                command.args(words).arg(&program);
                command
            }
            None => self.account.command(&program),
        };
        command
            .arg("-D")
            .arg(self.data_dir())
            .stdout(Stdio::null())
            .stderr(log);
        // Out of reach of the terminal's Ctrl-C.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = limits
            .spawn(&mut command, self.record.port.into())
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
        process::reap(child);
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

    pub(super) fn await_ready(&self, pid: i32) -> Result<(), LocalError> {
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

    pub(super) fn log_since(&self, start: u64) -> String {
        let length = std::fs::metadata(self.log_path()).map_or(0, |meta| meta.len());
        last_lines(&self.log_tail(length.saturating_sub(start).min(8192)))
    }

    /// Puts a log that has grown large aside, in place of the one put aside before.
    fn turn_log(&self) {
        let path = self.log_path();
        if std::fs::metadata(&path).is_ok_and(|meta| meta.len() > LARGE_LOG_BYTES)
            && let Err(error) = std::fs::rename(&path, path.with_extension("log.1"))
        {
            tracing::warn!(log = %path.display(), "the log could not be put aside: {error}");
        }
    }
}
