use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

/// A process, told apart from every other one: from those of other machines
/// and containers, from those before a reboot, and from a later process that
/// was given the same number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The machine's name, for people.
    pub host: String,
    /// The machine: its id together with its name.
    pub machine: String,
    /// This start of the machine.
    pub boot: String,
    /// The space in which process numbers are unique: containers have their own.
    pub namespace: String,
    /// The process number.
    pub pid: u32,
    /// When the process started, in the system's own unit.
    pub started: String,
}

/// What can be said about an [`Owner`] from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It runs.
    Alive,
    /// It has ended.
    Dead,
    /// The machine was started anew since.
    Rebooted,
    /// It is on another machine or in another container: only time will tell.
    Elsewhere,
}

impl Owner {
    /// The process that asks.
    pub fn this_process() -> &'static Self {
        static THIS: OnceLock<Owner> = OnceLock::new();
        THIS.get_or_init(|| {
            let pid = std::process::id();
            let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
            Self {
                machine: format!("{}@{host}", system::machine_id()),
                boot: system::boot_id(),
                namespace: system::pid_namespace(),
                pid,
                started: system::started(pid).unwrap_or_default(),
                host,
            }
        })
    }

    /// Whether the process still runs, as far as it can be seen from this one.
    pub fn standing(&self) -> Standing {
        let here = Self::this_process();
        if self.machine != here.machine {
            return Standing::Elsewhere;
        }
        if self.boot != here.boot {
            return Standing::Rebooted;
        }
        if self.namespace != here.namespace {
            return Standing::Elsewhere;
        }
        match system::started(self.pid) {
            Some(started) if started == self.started => Standing::Alive,
            _ => Standing::Dead,
        }
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs::read_to_string;

    pub(super) fn machine_id() -> String {
        ["/etc/machine-id", "/var/lib/dbus/machine-id"]
            .iter()
            .find_map(|file| read_to_string(file).ok())
            .map(|id| id.trim().to_owned())
            .unwrap_or_default()
    }

    pub(super) fn boot_id() -> String {
        read_to_string("/proc/sys/kernel/random/boot_id").map_or(String::new(), |id| id.trim().to_owned())
    }

    pub(super) fn pid_namespace() -> String {
        std::fs::read_link("/proc/self/ns/pid")
            .map_or(String::new(), |link| link.to_string_lossy().into_owned())
    }

    /// When the process started, in clock ticks since the machine did; `None`
    /// when there is no such process, or only what its parent has not yet collected.
    pub(super) fn started(pid: u32) -> Option<String> {
        let stat = read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name, in parentheses, may itself hold spaces and parentheses.
        let after_name = &stat[stat.rfind(')')? + 1..];
        let mut fields = after_name.split_ascii_whitespace();
        if matches!(fields.next()?, "Z" | "X" | "x") {
            return None;
        }
        // Field 22 of proc(5); the state just taken was field 3.
        fields.nth(18).map(str::to_owned)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::process::Command;

    fn output(program: &str, arguments: &[&str]) -> Option<String> {
        let output = Command::new(program)
            .args(arguments)
            .env("LC_ALL", "C")
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        (output.status.success() && !text.is_empty()).then_some(text)
    }

    pub(super) fn machine_id() -> String {
        output("sysctl", &["-n", "kern.uuid"]).unwrap_or_default()
    }

    pub(super) fn boot_id() -> String {
        output("sysctl", &["-n", "kern.bootsessionuuid"]).unwrap_or_default()
    }

    pub(super) fn pid_namespace() -> String {
        String::new()
    }

    pub(super) fn started(pid: u32) -> Option<String> {
        let line = output("ps", &["-o", "stat=,lstart=", "-p", &pid.to_string()])?;
        let (state, started) = line.split_once(char::is_whitespace)?;
        (!state.starts_with('Z')).then(|| started.trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn this_process_is_alive() {
        assert_eq!(Owner::this_process().standing(), Standing::Alive);
    }

    #[test]
    fn a_reused_number_is_another_process() {
        let owner = Owner {
            started: "1".into(),
            ..Owner::this_process().clone()
        };
        assert_eq!(owner.standing(), Standing::Dead);
    }

    #[test]
    fn an_ended_process_is_dead_before_and_after_it_is_collected() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let owner = Owner {
            pid: child.id(),
            started: system::started(child.id()).unwrap(),
            ..Owner::this_process().clone()
        };
        assert_eq!(owner.standing(), Standing::Alive);
        child.kill().unwrap();
        let ended = || owner.standing() == Standing::Dead;
        for _ in 0..200 {
            if ended() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(ended(), "not yet collected");
        child.wait().unwrap();
        assert!(ended(), "collected");
    }

    #[test]
    fn reboots_and_other_machines_are_told_apart() {
        let here = Owner::this_process();
        let other = |change: fn(&mut Owner)| {
            let mut owner = here.clone();
            change(&mut owner);
            owner.standing()
        };
        assert_eq!(other(|o| o.boot = "earlier".into()), Standing::Rebooted);
        assert_eq!(other(|o| o.machine = "elsewhere".into()), Standing::Elsewhere);
        assert_eq!(other(|o| o.namespace = "pid:[1]".into()), Standing::Elsewhere);
    }
}
