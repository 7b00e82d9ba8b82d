use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::LocalError;

/// The operating-system account that servers run as: whoever runs Howdah, or,
/// since PostgreSQL refuses to run as root, the account `postgres` (or
/// `$HOWDAH_PG_USER`) when that is root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The account's name, for `pg_ident.conf`.
    pub name: String,
    uid: u32,
    gid: u32,
    /// Whether processes must change to it and files be given to it.
    other: bool,
}

impl Account {
    /// Finds it.
    pub fn of_servers() -> Result<Self, LocalError> {
        if !rustix::process::geteuid().is_root() {
            let uid = rustix::process::geteuid().as_raw();
            let gid = rustix::process::getegid().as_raw();
            // Without an entry for this uid (a container started with a bare
            // --user) initdb fails with a message of its own.
            let name = id(&["-un"]).unwrap_or_else(|| uid.to_string());
            return Ok(Self {
                name,
                uid,
                gid,
                other: false,
            });
        }
        let name = std::env::var("HOWDAH_PG_USER")
            .ok()
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "postgres".to_owned());
        let number = |flag| id(&[flag, "--", &name]).and_then(|text| text.parse().ok());
        match (number("-u"), number("-g")) {
            (Some(uid), Some(gid)) if uid != 0 => Ok(Self {
                name,
                uid,
                gid,
                other: true,
            }),
            _ => Err(LocalError::NoAccount { name }),
        }
    }

    /// Whether servers run as another account than Howdah itself.
    pub fn differs(&self) -> bool {
        self.other
    }

    /// The account's user number.
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// A command that will run as this account, with nothing of Howdah's own
    /// environment but what programs need to be found and loaded: a server
    /// must not inherit credentials that its superuser could read back.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir("/").stdin(Stdio::null());
        for name in [
            "PATH",
            "TZ",
            "LD_LIBRARY_PATH",
            "DYLD_LIBRARY_PATH",
            "DYLD_FALLBACK_LIBRARY_PATH",
        ] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        if self.other {
            command.gid(self.gid).uid(self.uid);
        }
        command
    }

    /// Gives a file, directory or link to the account.
    pub fn own(&self, path: &Path) -> Result<(), LocalError> {
        if self.other {
            std::os::unix::fs::lchown(path, Some(self.uid), Some(self.gid))
                .map_err(LocalError::file("change the owner of", path))?;
        }
        Ok(())
    }

    /// Creates a directory, with its parents, that only the account may enter.
    pub fn private_directory(&self, path: &Path) -> Result<(), LocalError> {
        std::fs::create_dir_all(path).map_err(LocalError::file("create", path))?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))
            .map_err(LocalError::file("set the permissions of", path))?;
        self.own(path)
    }

    /// Checks that the account may enter `directory` and all above it, so that
    /// a failure is explained before anything is made.
    pub fn can_enter(&self, directory: &Path) -> Result<(), LocalError> {
        if !self.other {
            return Ok(());
        }
        let full = directory
            .canonicalize()
            .map_err(LocalError::file("look at", directory))?;
        let mut way: Vec<&Path> = full.ancestors().collect();
        way.reverse();
        for path in way {
            let meta = std::fs::metadata(path).map_err(LocalError::file("look at", path))?;
            let mode = meta.mode();
            let open = mode & 0o001 != 0
                || (meta.gid() == self.gid && mode & 0o010 != 0)
                || (meta.uid() == self.uid && mode & 0o100 != 0);
            if !open {
                return Err(LocalError::Unreachable {
                    account: self.name.clone(),
                    path: PathBuf::from(path),
                });
            }
        }
        Ok(())
    }
}

/// What `id` prints; it asks the name service, of which `/etc/passwd` is but a part.
fn id(arguments: &[&str]) -> Option<String> {
    let output = Command::new("id")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_environment_of_a_server_holds_nothing_of_ours() {
        let account = Account::of_servers().unwrap();
        let output = account.command(Path::new("/usr/bin/env")).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("PATH="), "{text}");
        assert!(!text.contains("CARGO"), "{text}");
    }

    #[test]
    fn a_closed_directory_is_named() {
        let account = Account::of_servers().unwrap();
        if !account.differs() {
            return;
        }
        let closed = tempfile::tempdir().unwrap();
        let mode =
            |mode| std::fs::set_permissions(closed.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        mode(0o700);
        let inner = closed.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        let error = account.can_enter(&inner).unwrap_err();
        assert!(matches!(error, LocalError::Unreachable { path, .. } if path == closed.path()));
        mode(0o711);
        account.can_enter(&inner).unwrap();
    }
}
