use std::path::PathBuf;

/// What a connection string is completed from.
pub trait Environment {
    /// An environment variable; `None` where it is unset or no Unicode.
    fn var(&self, name: &str) -> Option<String>;
    /// The user's home directory.
    fn home(&self) -> Option<PathBuf>;
    /// The operating system's name of the user.
    fn os_user(&self) -> Option<String>;
}

/// The environment of this process.
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn var(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn home(&self) -> Option<PathBuf> {
        std::env::home_dir()
    }

    /// As libpq: the account of the effective user. Accounts that are not in
    /// `/etc/passwd` (macOS, directory services) are found by `USER` or `LOGNAME`.
    fn os_user(&self) -> Option<String> {
        let uid = rustix::process::geteuid().as_raw().to_string();
        let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let listed = accounts.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1)? == uid).then(|| name.to_owned())
        });
        listed
            .or_else(|| self.var("USER"))
            .or_else(|| self.var("LOGNAME"))
    }
}

/// No variables, no files, no user: for a connection string of unknown origin, which
/// must not be completed with the secrets of whoever runs this process.
pub struct NoEnvironment;

impl Environment for NoEnvironment {
    fn var(&self, _: &str) -> Option<String> {
        None
    }

    fn home(&self) -> Option<PathBuf> {
        None
    }

    fn os_user(&self) -> Option<String> {
        None
    }
}
