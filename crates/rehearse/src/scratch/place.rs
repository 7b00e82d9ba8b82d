//! Where a scratch server lies.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use howdah_localpg::LocalError;

/// A file system in memory, which every Linux has. A rehearsal on 300 tables makes and removes five
/// thousand small files; ext4 takes longer for them than PostgreSQL for all the rest, since it goes
/// past every inode that was freed in the last seconds.
const IN_MEMORY: &str = "/dev/shm";

/// What must be free there, and in memory at all: a schema of 10,000 tables takes a sixth of it.
const ROOM_BYTES: u64 = 4 << 30;

/// A directory of our own, through which the account of the servers may pass: in memory where there is
/// plenty, unless TMPDIR names a place; else among the temporary files.
pub(super) fn private_directory() -> Result<PathBuf, LocalError> {
    let in_memory = Path::new(IN_MEMORY);
    if std::env::var_os("TMPDIR").is_none()
        && has_room(in_memory)
        && let Ok(directory) = made_in(in_memory)
    {
        return Ok(directory);
    }
    let parent = std::env::temp_dir();
    made_in(&parent).map_err(|source| LocalError::File {
        action: "create a directory in",
        path: parent,
        source,
    })
}

fn made_in(parent: &Path) -> std::io::Result<PathBuf> {
    let made = tempfile::Builder::new()
        .prefix("howdah-scratch-")
        .tempdir_in(parent)?;
    std::fs::set_permissions(made.path(), std::fs::Permissions::from_mode(0o711))?;
    Ok(made.keep())
}

fn has_room(directory: &Path) -> bool {
    let Ok(free) = rustix::fs::statvfs(directory) else {
        return false;
    };
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    free.f_bavail.saturating_mul(free.f_frsize) >= ROOM_BYTES
        && available_bytes(&memory).is_some_and(|bytes| bytes >= ROOM_BYTES)
}

/// The memory that programs can still have, as `/proc/meminfo` says.
fn available_bytes(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_as_the_kernel_writes_it() {
        let meminfo = "MemTotal:       49368192 kB\nMemFree:         1000 kB\nMemAvailable:   8388608 kB\n";
        assert_eq!(available_bytes(meminfo), Some(8 << 30));
        assert_eq!(available_bytes("MemTotal: 1 kB\n"), None);
        assert_eq!(available_bytes("MemAvailable: many\n"), None);
    }

    #[test]
    fn where_there_is_nothing_there_is_no_room() {
        assert!(!has_room(Path::new("/nowhere")));
    }
}
