//! This machine: the programs, the account, the directory and the ports that
//! local clusters need.

use std::path::{Path, PathBuf};

use howdah_core::human_bytes;
use howdah_localpg::{Account, Installation, SUPPORTED_MAJORS, free_port};

use super::{Check, Who};

/// Below this a local cluster cannot be made: an empty one takes some 40 MiB,
/// and its first WAL segments as much again.
const LEAST_FREE_BYTES: u64 = 256 << 20;
/// Below this it soon runs full.
const COMFORTABLE_FREE_BYTES: u64 = 2 << 30;

pub(super) fn checks() -> Vec<Check> {
    let mut checks = vec![programs(), account()];
    match howdah_store::home() {
        Ok(home) => {
            checks.push(directory(&home));
            checks.extend(room(&home));
        }
        Err(error) => checks.push(
            Check::missing("directory", error.to_string())
                .fix(Who::You, "export HOWDAH_HOME=/a/directory/of/yours"),
        ),
    }
    checks.push(port());
    checks
}

fn programs() -> Check {
    let found = Installation::all();
    let (usable, other): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|found| SUPPORTED_MAJORS.contains(&found.major));
    if usable.is_empty() {
        let message = match other.first() {
            Some(other) => format!(
                "only PostgreSQL {} is installed, and Howdah knows {} to {}; without one there are no local clusters.",
                other.version,
                SUPPORTED_MAJORS.start(),
                SUPPORTED_MAJORS.end()
            ),
            None => "no server is installed; without one there are no local clusters.".to_owned(),
        };
        return Check::warn("postgresql", message).fix(Who::MachineAdministrator, install());
    }
    let list: Vec<String> = usable
        .iter()
        .map(|found| format!("{} in {}", found.version, found.bin_dir.display()))
        .collect();
    Check::ok("postgresql", format!("{}.", list.join(", ")))
}

/// The command that installs a server, as far as the system is known.
fn install() -> &'static str {
    if cfg!(target_os = "macos") {
        return "brew install postgresql@17";
    }
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let families: String = release
        .lines()
        .filter(|line| line.starts_with("ID=") || line.starts_with("ID_LIKE="))
        .collect();
    if families.contains("debian") || families.contains("ubuntu") {
        "apt-get install postgresql postgresql-contrib"
    } else if families.contains("rhel") || families.contains("fedora") || families.contains("centos") {
        "dnf install postgresql-server postgresql-contrib"
    } else if families.contains("alpine") {
        "apk add postgresql postgresql-contrib"
    } else if families.contains("arch") {
        "pacman -S postgresql"
    } else if families.contains("suse") {
        "zypper install postgresql-server postgresql-contrib"
    } else {
        "install a PostgreSQL server, or name the directory of one in HOWDAH_PG_DIRS"
    }
}

fn account() -> Check {
    match Account::of_servers() {
        Ok(account) => Check::ok("account", format!("servers run as {}.", account.name)),
        Err(error) => Check::warn("account", error.to_string()).fix(
            Who::MachineAdministrator,
            "useradd --system --create-home postgres   # or name another in HOWDAH_PG_USER",
        ),
    }
}

/// The directory, or the one above it that exists already, must take files.
fn directory(home: &Path) -> Check {
    let existing = existing(home);
    let shown = home.display();
    // Asking the system is not enough: it may be a file system that is read-only.
    match tempfile_in(&existing) {
        Ok(()) if existing == home => Check::ok("directory", format!("{shown} can be written.")),
        Ok(()) => Check::ok("directory", format!("{shown} will be made when it is needed.")),
        Err(error) => Check::missing(
            "directory",
            format!("{} cannot be written: {error}.", existing.display()),
        )
        .fix(
            Who::You,
            "export HOWDAH_HOME=/a/directory/of/yours   # jobs, approvals and local clusters are kept there",
        ),
    }
}

fn tempfile_in(directory: &Path) -> std::io::Result<()> {
    let probe = directory.join(format!(".howdah-doctor-{}", std::process::id()));
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&probe)?;
    std::fs::remove_file(&probe)
}

fn existing(path: &Path) -> PathBuf {
    path.ancestors()
        .find(|path| path.is_dir())
        .unwrap_or(Path::new("/"))
        .to_owned()
}

fn room(home: &Path) -> Option<Check> {
    let at = existing(home);
    let disk = rustix::fs::statvfs(&at).ok()?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let message = format!("{} free in {}.", human_bytes(free), at.display());
    Some(if free < LEAST_FREE_BYTES {
        Check::missing("disk", message).fix(
            Who::You,
            "free some room, or point HOWDAH_HOME to a disk that has it",
        )
    } else if free < COMFORTABLE_FREE_BYTES {
        Check::warn("disk", message).fix(
            Who::You,
            "free some room before you load data into local clusters",
        )
    } else {
        Check::ok("disk", message)
    })
}

fn port() -> Check {
    let range = howdah_localpg::port_range();
    let shown = format!("{} to {}", range.start(), range.end());
    let first = *range.start();
    match free_port(range, first, &std::collections::BTreeSet::new()) {
        Ok(port) => Check::ok("ports", format!("local clusters use {shown}; {port} is free.")),
        Err(error) => Check::warn("ports", error.to_string()).fix(
            Who::You,
            "export HOWDAH_PORTS=first-last   # a range with free ports",
        ),
    }
}
