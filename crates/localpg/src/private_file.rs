//! Files that only their owner can read, written whole or not at all.
//!
//! While it is written a file is called `.new-<name>`, and its writer holds a
//! lock on it. The lock goes with the writer, however that ends, so the next
//! one who writes the same file, or [`remove_unfinished`], knows what is left
//! of a dead one from what a living one is at.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use crate::LocalError;

/// How the names of files begin that are not whole yet.
pub(crate) const UNFINISHED: &str = ".new-";

/// Writes a file that only its owner can read, whole or not at all: a crash
/// leaves the old one or the new one.
pub fn write_private(path: &Path, content: &str) -> Result<(), LocalError> {
    let Some(name) = path.file_name() else {
        return Err(LocalError::file("write", path)(ErrorKind::InvalidInput.into()));
    };
    let mut unfinished = std::ffi::OsString::from(UNFINISHED);
    unfinished.push(name);
    let unfinished = path.with_file_name(unfinished);
    begin(&unfinished)
        .and_then(|mut file| {
            let written = file
                .write_all(content.as_bytes())
                .and_then(|()| file.sync_all())
                .and_then(|()| std::fs::rename(&unfinished, path));
            if written.is_err() {
                // What could not be written is worth nothing; the error is what counts.
                drop(std::fs::remove_file(&unfinished));
            }
            written
        })
        .map_err(LocalError::file("write", path))
}

/// Removes from `directory` what writers that died left unfinished.
pub(crate) fn remove_unfinished(directory: &Path) -> Result<(), LocalError> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(LocalError::file("read", directory)(error)),
    };
    for entry in entries {
        let entry = entry.map_err(LocalError::file("read", directory))?;
        if entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(UNFINISHED.as_bytes())
        {
            let path = entry.path();
            remove_abandoned(&path).map_err(LocalError::file("remove", &path))?;
        }
    }
    Ok(())
}

/// Makes the unfinished file and locks it, after whoever else is writing it
/// has ended. Always a new one: what is there may be linked to something else.
fn begin(unfinished: &Path) -> io::Result<File> {
    loop {
        let made = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(unfinished);
        match made {
            Ok(file) => {
                file.lock()?;
                if is_at(&file, unfinished)? {
                    return Ok(file);
                }
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => remove_abandoned(unfinished)?,
            Err(error) => return Err(error),
        }
    }
}

/// Waits until nobody writes the unfinished file; if it is still there then,
/// its writer died, and it is removed.
fn remove_abandoned(unfinished: &Path) -> io::Result<()> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let found = std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(unfinished);
    let file = match found {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    file.lock()?;
    match is_at(&file, unfinished)? {
        true => std::fs::remove_file(unfinished),
        false => Ok(()),
    }
}

/// Whether the path still leads to this very file.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let held = file.metadata()?;
    match std::fs::symlink_metadata(path) {
        Ok(found) => Ok((found.dev(), found.ino()) == (held.dev(), held.ino())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::fs::PermissionsExt;

    use super::*;

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
    fn what_a_dead_writer_left_goes_and_a_living_one_is_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("record");
        let unfinished = directory.path().join(".new-record");

        std::fs::write(&unfinished, "half").unwrap();
        write_private(&path, "whole").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "whole");
        assert!(!unfinished.exists());

        std::fs::write(&unfinished, "half").unwrap();
        remove_unfinished(directory.path()).unwrap();
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);

        let living = begin(&unfinished).unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| write_private(&path, "later"));
            std::thread::sleep(std::time::Duration::from_millis(50));
            assert!(!waiting.is_finished());
            std::fs::rename(&unfinished, &path).unwrap();
            drop(living);
            waiting.join().unwrap().unwrap();
        });
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "later");
    }

    #[test]
    fn many_writers_of_one_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("record");
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let path = &path;
                scope.spawn(move || {
                    let text = writer.to_string().repeat(5000);
                    for _ in 0..20 {
                        write_private(path, &text).unwrap();
                        let seen = std::fs::read_to_string(path).unwrap();
                        assert_eq!(seen, seen[..1].repeat(5000));
                    }
                });
            }
        });
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_it_is_linked_to_stays() {
        let directory = tempfile::tempdir().unwrap();
        let other = directory.path().join("other");
        let path = directory.path().join("record");
        std::fs::write(&other, "kept").unwrap();
        std::fs::hard_link(&other, directory.path().join(".new-record")).unwrap();
        write_private(&path, "new").unwrap();
        assert_eq!(std::fs::read_to_string(&other).unwrap(), "kept");
    }
}
