//! What the operating system holds the processes of a server to. It needs no privilege: a process may be kept to some
//! processors, and its private memory may be bounded; both hold for all that it starts. Only Linux has both.

use std::process::{Child, Command};

#[cfg(target_os = "linux")]
use rustix::process::Pid;
use serde::{Deserialize, Serialize};

/// What each process of a server may use of this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// On how many processors they run; all that Howdah may use without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus: Option<u32>,
    /// How much memory of its own each may have, in bytes, beside what they share: a session that asks for more gets
    /// the error `out of memory` and goes on. No bound without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process_memory_bytes: Option<u64>,
}

impl Limits {
    /// The words before a program and its arguments by which it begins with the bound of its memory: a process may
    /// lower its own, where another account's may only be lowered with a privilege.
    pub(crate) fn words_before(&self) -> Option<[String; 4]> {
        let bytes = self.process_memory_bytes.filter(|_| cfg!(target_os = "linux"))?;
        // The soft limit alone, so that it can be raised again.
        let script = r#"ulimit -S -d "$0" 2>/dev/null; exec "$@""#;
        Some(["/bin/sh", "-c", script, &(bytes >> 10).to_string()].map(str::to_owned))
    }

    /// Starts a program on its processors, which it has from the thread that starts it. `turn` spreads servers over the
    /// processors: those with numbers that follow each other get different ones.
    pub(crate) fn spawn(&self, command: &mut Command, turn: usize) -> std::io::Result<Child> {
        if self.cpus.is_none() {
            return command.spawn();
        }
        let starting = || {
            keep_to_processors(None, self.cpus, turn);
            command.spawn()
        };
        std::thread::scope(|scope| {
            let ended = scope.spawn(starting).join();
            ended.unwrap_or_else(|_| Err(std::io::Error::other("the thread that starts it has ended")))
        })
    }

    /// Holds a process that runs to the limits, as far as its account or a privilege allows; what is not held is held
    /// from its next start on, and seen by [`of`].
    pub(crate) fn impose(&self, pid: i32, turn: usize) {
        keep_to_processors(Some(pid), self.cpus, turn);
        bound_memory(pid, self.process_memory_bytes);
    }
}

/// Keeps a process, or this thread, to so many processors.
#[cfg(target_os = "linux")]
fn keep_to_processors(pid: Option<i32>, cpus: Option<u32>, turn: usize) {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    let kept = sched_getaffinity(None).and_then(|own| {
        let all: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|cpu| own.is_set(*cpu)).collect();
        let wanted = cpus.map_or(all.len(), |cpus| cpus.max(1) as usize).min(all.len());
        let mut set = CpuSet::new();
        for cpu in all.iter().cycle().skip(turn % all.len().max(1)).take(wanted) {
            set.set(*cpu);
        }
        sched_setaffinity(pid.and_then(Pid::from_raw), &set)
    });
    if let Err(error) = kept {
        tracing::debug!(pid, %error, "not kept to its processors");
    }
}

/// Bounds the memory of a process.
#[cfg(target_os = "linux")]
fn bound_memory(pid: i32, bytes: Option<u64>) {
    use rustix::process::{Resource, Rlimit, getrlimit, prlimit};

    // The hard limit stays, so that the soft one can be raised again.
    let maximum = getrlimit(Resource::Data).maximum;
    let bound = |bytes: u64| maximum.map_or(bytes, |most| bytes.min(most));
    let current = bytes.map(bound).or(maximum);
    if let Err(error) = prlimit(Pid::from_raw(pid), Resource::Data, Rlimit { current, maximum }) {
        tracing::debug!(pid, %error, "its memory is not bounded before its next start");
    }
}

#[cfg(not(target_os = "linux"))]
fn keep_to_processors(_: Option<i32>, _: Option<u32>, _: usize) {}

#[cfg(not(target_os = "linux"))]
fn bound_memory(_: i32, _: Option<u64>) {}

/// What a process is held to, as the operating system says.
#[cfg(target_os = "linux")]
pub(crate) fn of(pid: i32) -> Option<Limits> {
    let process = Pid::from_raw(pid)?;
    let cpus = rustix::thread::sched_getaffinity(Some(process)).ok()?.count();
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    Some(Limits {
        cpus: Some(cpus),
        process_memory_bytes: data_limit(&limits),
    })
}

/// What a process is held to, as the operating system says: it cannot be asked here.
#[cfg(not(target_os = "linux"))]
pub(crate) fn of(_: i32) -> Option<Limits> {
    None
}

/// The soft limit of a process's data, of the kernel's table.
#[cfg(target_os = "linux")]
fn data_limit(table: &str) -> Option<u64> {
    let line = table
        .lines()
        .find_map(|line| line.strip_prefix("Max data size"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_process_is_held_and_let_go() {
        let limits = Limits {
            cpus: Some(1),
            process_memory_bytes: Some(64 << 20),
        };
        let words = limits.words_before().unwrap();
        let mut command = Command::new(&words[0]);
        let mut child = limits
            .spawn(command.args(&words[1..]).args(["sleep", "60"]), 1)
            .unwrap();
        let pid = child.id() as i32;
        let name = || std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap();
        while name() != "sleep\n" {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        assert_eq!(of(pid).unwrap(), limits);
        // This thread is not.
        let own = of(std::process::id() as i32).unwrap();
        assert_eq!(own.process_memory_bytes, None);
        for turn in 0..3 {
            limits.impose(pid, turn);
            assert_eq!(of(pid).unwrap(), limits);
        }
        let more = Limits {
            cpus: own.cpus.map(|all| all + 1),
            process_memory_bytes: Some(128 << 20),
        };
        more.impose(pid, 0);
        let held = of(pid).unwrap();
        assert_eq!(
            (held.cpus, held.process_memory_bytes),
            (own.cpus, Some(128 << 20))
        );
        Limits::default().impose(pid, 0);
        assert_eq!(of(pid).unwrap(), own);
        child.kill().unwrap();
        child.wait().unwrap();
        // Nothing to be held is no error.
        limits.impose(pid, 0);
        assert_eq!(of(pid), None);
    }

    #[test]
    fn a_limit_is_read_as_the_kernel_writes_it() {
        let table = "Limit                     Soft Limit           Hard Limit           Units     \n\
                     Max data size             1073741824           unlimited            bytes     \n";
        assert_eq!(data_limit(table), Some(1 << 30));
        assert_eq!(data_limit(&table.replace("1073741824", "unlimited ")), None);
    }
}
