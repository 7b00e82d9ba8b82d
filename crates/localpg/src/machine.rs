//! What this machine has for servers.

use std::path::Path;

/// Processors and memory that there are for the servers of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// Processors that Howdah, and so what it starts, may use.
    pub cpus: u32,
    /// Its memory, or that of the container, in bytes; none where it cannot be asked (macOS).
    pub memory_bytes: Option<u64>,
}

impl Machine {
    /// As it is now.
    pub fn look() -> Self {
        let cpus = std::thread::available_parallelism().map_or(1, |cpus| cpus.get());
        Self {
            cpus: u32::try_from(cpus).unwrap_or(u32::MAX),
            memory_bytes: memory(Path::new("/")),
        }
    }
}

/// The least of what the kernel has and what the container gets (cgroups, version 2 or 1).
fn memory(root: &Path) -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(root.join(path)).ok();
    let all = read("proc/meminfo").and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        kib.checked_mul(1024)
    });
    // `max`, which is no number, is no bound.
    let bound = |path: &str| read(path)?.trim().parse::<u64>().ok();
    let bounds = [
        "sys/fs/cgroup/memory.max",
        "sys/fs/cgroup/memory/memory.limit_in_bytes",
    ];
    all.into_iter().chain(bounds.into_iter().filter_map(bound)).min()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn memory_is_the_least_that_is_said() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        assert_eq!(memory(root.path()), None);
        write(
            "proc/meminfo",
            "MemTotal:        8388608 kB\nMemFree:         1000 kB\n",
        );
        assert_eq!(memory(root.path()), Some(8 << 30));
        write("sys/fs/cgroup/memory.max", "max\n");
        assert_eq!(memory(root.path()), Some(8 << 30));
        write("sys/fs/cgroup/memory.max", "4294967296\n");
        assert_eq!(memory(root.path()), Some(4 << 30));
        std::fs::remove_file(root.path().join("sys/fs/cgroup/memory.max")).unwrap();
        write(
            "sys/fs/cgroup/memory/memory.limit_in_bytes",
            "9223372036854771712\n",
        );
        assert_eq!(memory(root.path()), Some(8 << 30));
    }
}
