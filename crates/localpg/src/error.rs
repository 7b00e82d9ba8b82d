use std::path::{Path, PathBuf};

use howdah_core::ErrorKind;

/// What can go wrong with a PostgreSQL server on this machine.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// No PostgreSQL server programs of the wanted major version.
    #[error("PostgreSQL{} is not installed on this machine (found: {found}).", wanted.map(|m| format!(" {m}")).unwrap_or_default())]
    NotInstalled {
        /// The major version that was asked for; `None` if any would have done.
        wanted: Option<u16>,
        /// The versions that are installed, for reading.
        found: String,
    },
    /// Howdah runs as root, PostgreSQL must not, and there is no account for it.
    #[error("PostgreSQL does not run as root, and there is no account {name:?} that it could run as.")]
    NoAccount {
        /// The account that was looked for.
        name: String,
    },
    /// The account that servers run as cannot reach a directory.
    #[error("The account {account:?}, which PostgreSQL servers run as, cannot use {}.", path.display())]
    Unreachable {
        /// The account.
        account: String,
        /// The first directory on the way that it may not enter.
        path: PathBuf,
    },
    /// A file or directory operation failed.
    #[error("Could not {action} {}: {source}.", path.display())]
    File {
        /// What was tried, as a verb: `create`, `read`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// A program could not be run at all.
    #[error("Could not run {}: {source}.", program.display())]
    Program {
        /// The program.
        program: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// A program or server ended with an error.
    #[error("{what}")]
    Failed {
        /// What failed, as a sentence.
        what: String,
        /// The end of what it wrote, for the reader to judge.
        log: String,
    },
    /// Every port that may be used is taken.
    #[error("No free port between {first} and {last}.")]
    NoPort {
        /// First port tried.
        first: u16,
        /// Last port tried.
        last: u16,
    },
    /// There is no pgbouncer.
    #[error("pgbouncer is not installed on this machine.")]
    NoPooler,
    /// A directory is not what it should be.
    #[error("{} is not a PostgreSQL instance of Howdah: {why}.", path.display())]
    NotAnInstance {
        /// The directory.
        path: PathBuf,
        /// What is missing or wrong.
        why: String,
    },
    /// The certificate library failed.
    #[error("Certificates could not be made: {0}.")]
    Certificate(String),
    /// The operating system gave no random bytes.
    #[error("No random bytes from the operating system: {0}.")]
    Random(String),
}

impl LocalError {
    /// For `map_err`: a failed file operation.
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { action, path, source }
    }

    fn is_disk_full(&self) -> bool {
        match self {
            Self::File { source, .. } => source.kind() == std::io::ErrorKind::StorageFull,
            Self::Failed { log, .. } => log.contains("No space left on device"),
            _ => false,
        }
    }

    fn advice(&self) -> Option<String> {
        if self.is_disk_full() {
            return Some("The disk is full: free some space, then try again.".into());
        }
        Some(match self {
            Self::NotInstalled { .. } => "Install a server package (Debian and Ubuntu: `apt-get install postgresql`; macOS: `brew install postgresql`), or name directories with server programs in HOWDAH_PG_DIRS. `howdah doctor` shows what was found.".into(),
            Self::NoAccount { .. } => "Run Howdah as an ordinary user, or name an existing account in HOWDAH_PG_USER. Debian's postgresql packages create the account postgres.".into(),
            Self::Unreachable { account, .. } => format!("Set HOWDAH_HOME to a directory that {account:?} can enter (the default for root is /var/lib/howdah), or let it enter this one (chmod o+x)."),
            Self::NoPooler => "Install it (Debian and Ubuntu: `apt-get install pgbouncer`; Red Hat: `dnf install pgbouncer`; macOS: `brew install pgbouncer`), or put it into the PATH.".into(),
            Self::NoPort { .. } => "Stop a server that is not needed, or set HOWDAH_PORTS=first-last to another range.".into(),
            Self::File { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied => "Check who owns it, or set HOWDAH_HOME to a directory of your own.".into(),
            _ => return None,
        })
    }
}

impl From<LocalError> for howdah_core::Error {
    fn from(error: LocalError) -> Self {
        let kind = match error {
            LocalError::Certificate(_) => ErrorKind::Internal,
            _ => ErrorKind::Local,
        };
        let mut out = Self::new(kind, error.to_string());
        if let LocalError::Failed { log, .. } = &error
            && !log.is_empty()
        {
            out = out.detail(log.clone());
        }
        match error.advice() {
            Some(advice) => out.hint(advice),
            None => out,
        }
    }
}
