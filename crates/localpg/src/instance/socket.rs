//! The directory of the Unix socket.

use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::Instance;
use crate::{Account, LocalError};

impl Instance {
    pub(super) fn make_socket_dir(&mut self) -> Result<(), LocalError> {
        // The address of a Unix socket holds 107 bytes (103 on macOS), and the
        // server adds a lock file's name to check against.
        const LONGEST: usize = 103 - "/.s.PGSQL.65535".len();
        let own = self.dir.join("run");
        // Double quotes enclose the path in the setting.
        let fits = own.as_os_str().len() <= LONGEST && !own.to_string_lossy().contains('"');
        self.record.socket_dir = match fits {
            true => own,
            false => {
                let mut random = [0_u8; 8];
                getrandom::fill(&mut random).map_err(|error| LocalError::Random(error.to_string()))?;
                let elsewhere = PathBuf::from(format!("/tmp/howdah-{:016x}", u64::from_ne_bytes(random)));
                // First, so that it is found by whoever removes the remains of
                // an instance that was never finished.
                std::os::unix::fs::symlink(&elsewhere, &own).map_err(LocalError::file("create", &own))?;
                elsewhere
            }
        };
        self.check_socket_dir()
    }

    /// Chooses the socket's directory anew where it lies in that of the instance, which was renamed.
    pub(super) fn move_socket_dir(&mut self) -> Result<(), LocalError> {
        let own = self.dir.join("run");
        match std::fs::symlink_metadata(&own) {
            Ok(meta) if meta.is_symlink() => return self.check_socket_dir(),
            Ok(_) => std::fs::remove_dir_all(&own).map_err(LocalError::file("remove", &own))?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(LocalError::file("look at", &own)(error)),
        }
        self.make_socket_dir()
    }

    /// Makes the directory of the socket if it is missing (a cleaned `/tmp`)
    /// and refuses one that somebody else put there.
    pub(super) fn check_socket_dir(&self) -> Result<(), LocalError> {
        let path = &self.record.socket_dir;
        match std::fs::DirBuilder::new().mode(0o700).create(path) {
            Ok(()) => return self.account.own(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(LocalError::file("create", path)(error)),
        }
        match is_of(&self.account, path).map_err(LocalError::file("look at", path))? {
            true => Ok(()),
            false => Err(LocalError::NotAnInstance {
                path: path.clone(),
                why: "its socket directory belongs to somebody else".into(),
            }),
        }
    }
}

/// Removes the directory in `/tmp` that an instance, finished or not, has its
/// socket in. Nothing may run on the instance any more.
pub(super) fn remove_elsewhere(dir: &Path, account: &Account) {
    let linked = std::fs::read_link(dir.join("run")).ok();
    let Some(path) = linked.filter(|path| {
        let name = path.file_name().unwrap_or_default();
        path.parent() == Some(Path::new("/tmp")) && name.as_encoded_bytes().starts_with(b"howdah-")
    }) else {
        return;
    };
    let removed = is_of(account, &path).and_then(|ours| match ours {
        true => std::fs::remove_dir_all(&path),
        false => Ok(()),
    });
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            tracing::warn!(%error, "a socket directory in /tmp stays");
        }
        _ => {}
    }
}

fn is_of(account: &Account, path: &Path) -> std::io::Result<bool> {
    let meta = std::fs::symlink_metadata(path)?;
    Ok(meta.is_dir() && meta.uid() == account.uid() && meta.mode() & 0o022 == 0)
}
