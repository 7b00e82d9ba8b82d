//! The directory of the Unix socket.

use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::PathBuf;

use super::Instance;
use crate::{LocalError, process};

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
                PathBuf::from(format!("/tmp/howdah-{:016x}", u64::from_ne_bytes(random)))
            }
        };
        self.check_socket_dir()
    }

    /// Makes the directory of the socket if it is missing (a cleaned `/tmp`)
    /// and refuses one that somebody else put there.
    pub(super) fn check_socket_dir(&self) -> Result<(), LocalError> {
        let path = &self.record.socket_dir;
        match std::fs::DirBuilder::new().mode(0o700).create(path) {
            Ok(()) => return self.account.own(path),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(LocalError::file("create", path)(error)),
        }
        let meta = std::fs::symlink_metadata(path).map_err(LocalError::file("look at", path))?;
        match meta.is_dir() && meta.uid() == self.account.uid() && meta.mode() & 0o022 == 0 {
            true => Ok(()),
            false => Err(LocalError::NotAnInstance {
                path: path.clone(),
                why: "its socket directory belongs to somebody else".into(),
            }),
        }
    }

    pub(super) fn remove_socket_dir(&self) {
        if !self.record.socket_dir.starts_with(&self.dir)
            && self.record.socket_dir.starts_with("/tmp")
            && self.check_socket_dir().is_ok()
        {
            process::end_all(&self.data_dir());
            if let Err(error) = std::fs::remove_dir_all(&self.record.socket_dir) {
                tracing::warn!(%error, "a socket directory in /tmp stays");
            }
        }
    }
}
