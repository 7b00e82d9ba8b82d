use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use crate::LocalError;

/// A fresh password of 192 random bits, in letters, digits, `-` and `_`: fit
/// for URLs, shells and password files as it is.
pub fn generate_password() -> Result<String, LocalError> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|error| LocalError::Random(error.to_string()))?;
    Ok(random
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte & 63)]))
        .collect())
}

/// Writes a file that only its owner can read, whole or not at all: a crash
/// leaves the old one or the new one, and beside it at most what the next
/// write of the same file takes over.
pub fn write_private(path: &Path, content: &str) -> Result<(), LocalError> {
    let mut name = OsString::from(".new-");
    name.push(path.file_name().unwrap_or_default());
    let temporary = path.with_file_name(name);
    let written = write_and_rename(&temporary, path, content);
    if written.is_err() {
        // What could not be written is worth nothing; the error is what counts.
        drop(std::fs::remove_file(&temporary));
    }
    written.map_err(LocalError::file("write", path))
}

fn write_and_rename(temporary: &Path, path: &Path, content: &str) -> io::Result<()> {
    let mut file = alone(temporary)?;
    file.set_len(0)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(temporary, path)
}

/// Opens the file, new or left by a crash, while nobody else writes it: the
/// kernel gives up a lock when its holder dies.
fn alone(temporary: &Path) -> io::Result<File> {
    loop {
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32)
            .open(temporary)?;
        file.lock()?;
        // Whoever held the lock has renamed the file away, so that it is theirs.
        let same = |there: Metadata| there.ino() == file.metadata().map_or(0, |own| own.ino());
        if std::fs::symlink_metadata(temporary).is_ok_and(same) {
            return Ok(file);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn passwords_differ_and_need_no_quoting() {
        let one = generate_password().unwrap();
        let two = generate_password().unwrap();
        assert_ne!(one, two);
        assert_eq!(one.len(), 32);
        assert!(
            one.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        );
    }

    #[test]
    fn a_private_file_is_private_and_replaced_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("password");
        write_private(&path, "first").unwrap();
        write_private(&path, "second").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "second");
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
        assert!(write_private(&directory.path().join("none/password"), "x").is_err());
    }

    #[test]
    fn what_a_crash_left_is_taken_over() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("password");
        std::fs::write(directory.path().join(".new-password"), "half of something long").unwrap();
        write_private(&path, "whole").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "whole");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn writers_at_once_leave_one_whole_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("record");
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let path = &path;
                scope.spawn(move || {
                    for _ in 0..25 {
                        write_private(path, &writer.to_string().repeat(1000 * (writer + 1))).unwrap();
                    }
                });
            }
        });
        let text = std::fs::read_to_string(&path).unwrap();
        let writer = text.chars().next().and_then(|c| c.to_digit(10)).unwrap() as usize;
        assert_eq!(text, writer.to_string().repeat(1000 * (writer + 1)));
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
