//! Which processes belong to a data directory. A process number in a file
//! proves nothing: it may be that of another program by now.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// What a running server says about itself in `postmaster.pid`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PidFile {
    pub(crate) pid: i32,
    pub(crate) port: Option<u16>,
    /// `starting`, `stopping`, `ready` or `standby`.
    pub(crate) status: String,
}

impl PidFile {
    /// `None` when there is no such file, or not yet more than its beginning.
    pub(crate) fn read(data: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(Self::path(data)).ok()?;
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        Some(Self {
            // A server in single-user mode writes its number with a minus.
            pid: lines.first()?.parse::<i32>().ok()?.checked_abs()?,
            port: lines.get(3).and_then(|line| line.parse().ok()),
            status: lines.get(7).copied().unwrap_or_default().to_owned(),
        })
    }

    pub(crate) fn path(data: &Path) -> PathBuf {
        data.join("postmaster.pid")
    }
}

/// Whether process `pid` is a PostgreSQL process of this data directory.
#[cfg(target_os = "linux")]
pub(crate) fn belongs_to(pid: i32, data: &Path) -> bool {
    use std::os::unix::ffi::OsStrExt;

    let data = data.canonicalize().unwrap_or_else(|_| data.to_owned());
    let directory = PathBuf::from(format!("/proc/{pid}"));
    if std::fs::read_link(directory.join("cwd")).is_ok_and(|cwd| cwd == data) {
        return true;
    }
    // A process of this directory without its working directory: initdb, and a
    // postmaster that has just been started.
    let line = std::fs::read(directory.join("cmdline")).unwrap_or_default();
    let mut arguments = line.split(|byte| *byte == 0);
    let program = arguments.next().unwrap_or_default();
    (program.ends_with(b"/initdb") || program.ends_with(b"/postgres"))
        && arguments.any(|argument| argument == data.as_os_str().as_bytes())
}

/// Whether process `pid` is a PostgreSQL process of this data directory.
#[cfg(not(target_os = "linux"))]
pub(crate) fn belongs_to(pid: i32, data: &Path) -> bool {
    all_of(data).contains(&pid)
}

/// Every process that works in the data directory or names it as an argument:
/// the postmaster, its children, a forgotten `initdb` and what it started.
#[cfg(target_os = "linux")]
pub(crate) fn all_of(data: &Path) -> Vec<i32> {
    let own = std::process::id() as i32;
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| *pid != own && belongs_to(*pid, data))
        .collect()
}

/// As on Linux, by the command lines that `ps` shows: the postmaster and
/// `initdb`, whose end their children notice.
#[cfg(not(target_os = "linux"))]
pub(crate) fn all_of(data: &Path) -> Vec<i32> {
    let data = data.canonicalize().unwrap_or_else(|_| data.to_owned());
    let named = format!(" -D {}", data.display());
    let output = std::process::Command::new("ps")
        .args(["-axww", "-o", "pid=,stat=,command="])
        .output();
    let Ok(output) = output else { return Vec::new() };
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| {
            let (pid, rest) = line.trim_start().split_once(' ')?;
            let (state, command) = rest.trim_start().split_once(' ')?;
            let ours = command.ends_with(&named) || command.contains(&format!("{named} "));
            (ours && !state.starts_with('Z')).then(|| pid.parse().ok())?
        })
        .collect()
}

/// The processes of a program that were started with a file as an argument.
#[cfg(target_os = "linux")]
pub(crate) fn started_with(program: &str, file: &Path) -> Vec<i32> {
    let is_one = |pid: &i32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut arguments = line.split(|byte| *byte == 0);
        let named = arguments.next().unwrap_or_default();
        named.ends_with(program.as_bytes())
            && arguments.any(|argument| argument == file.as_os_str().as_encoded_bytes())
    };
    let entries = std::fs::read_dir("/proc").into_iter().flatten();
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(is_one)
        .collect()
}

/// The processes of a program that were started with a file as an argument.
#[cfg(not(target_os = "linux"))]
pub(crate) fn started_with(program: &str, file: &Path) -> Vec<i32> {
    let listed = std::process::Command::new("ps")
        .args(["-axww", "-o", "pid=,command="])
        .output();
    let text = listed.map_or_else(
        |_| String::new(),
        |output| String::from_utf8_lossy(&output.stdout).into_owned(),
    );
    let file = file.display().to_string();
    let one = |line: &str| {
        let (pid, command) = line.trim_start().split_once(' ')?;
        let is_one =
            command.trim_start().split(' ').next()?.ends_with(program) && command.trim_end().ends_with(&file);
        is_one.then(|| pid.parse().ok()).flatten()
    };
    text.lines().filter_map(one).collect()
}

/// Waits for the end of a child in the background, so that a server that is stopped later does not stay behind as a
/// zombie of this process.
pub(crate) fn reap(mut child: std::process::Child) {
    let waiting = std::thread::Builder::new()
        .name("reaper".into())
        .spawn(move || child.wait());
    if let Err(error) = waiting {
        tracing::debug!(%error, "no thread to wait for a server");
    }
}

/// Sends a signal; that the process is gone already is no error.
pub(crate) fn send(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid)
        && let Err(error) = kill_process(pid, signal)
    {
        tracing::debug!(?pid, ?signal, %error, "signal not delivered");
    }
}

/// Waits until `done`, looking every few milliseconds; whether it came in time.
pub(crate) fn wait_until(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    let mut pause = Duration::from_millis(5);
    loop {
        if done() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(pause);
        pause = (pause * 3 / 2).min(Duration::from_millis(50));
    }
}

/// Ends every process of the data directory, by force if need be.
pub(crate) fn end_all(data: &Path) {
    for (signal, limit) in [(Signal::TERM, 1), (Signal::QUIT, 3), (Signal::KILL, 5)] {
        let processes = all_of(data);
        if processes.is_empty() {
            return;
        }
        for pid in processes {
            send(pid, signal);
        }
        if wait_until(Duration::from_secs(limit), || all_of(data).is_empty()) {
            return;
        }
    }
    tracing::warn!(data = %data.display(), "processes of this data directory could not be ended");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn reads_what_the_server_wrote() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(PidFile::read(directory.path()), None);
        let path = PidFile::path(directory.path());
        std::fs::write(
            &path,
            "4711\n/data\n1700000000\n15432\n/run\n127.0.0.1\n 12345  7\nready   \n",
        )
        .unwrap();
        let read = PidFile::read(directory.path()).unwrap();
        assert_eq!(
            read,
            PidFile {
                pid: 4711,
                port: Some(15432),
                status: "ready".into()
            }
        );
        std::fs::write(&path, "-12\n/data\n").unwrap();
        assert_eq!(PidFile::read(directory.path()).unwrap().pid, 12);
        for broken in ["", "abc\n", "99999999999999\n", "-2147483648\n"] {
            std::fs::write(&path, broken).unwrap();
            assert_eq!(PidFile::read(directory.path()), None, "{broken:?}");
        }
    }

    #[test]
    fn a_foreign_process_does_not_belong() {
        let directory = tempfile::tempdir().unwrap();
        assert!(!belongs_to(std::process::id() as i32, directory.path()));
        assert!(!belongs_to(1, directory.path()));
    }

    #[test]
    fn a_process_in_the_directory_belongs_until_it_is_ended() {
        if !cfg!(target_os = "linux") {
            return;
        }
        let directory = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .current_dir(directory.path())
            .spawn()
            .unwrap();
        assert!(belongs_to(child.id() as i32, directory.path()));
        end_all(directory.path());
        assert!(!child.wait().unwrap().success());
    }
}
