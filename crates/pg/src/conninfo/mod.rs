//! Where and how to connect, in every way that libpq's users write it.

mod environment;
mod keyvalue;
mod keywords;
mod settings;
mod shape;
mod url;

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use environment::{Environment, NoEnvironment, ProcessEnvironment};
pub(crate) use shape::{AuthMethod, Keepalives, RequireAuth, RootCert, Ssl, SslCertMode, TlsVersion};
pub use shape::{ChannelBinding, LoadBalance, SessionAttrs, SslMode, SslNegotiation};

use crate::bridge::Bridge;
use crate::error::PgError;
use crate::passfile;
use crate::secret::Secret;

/// How a server is reached and as whom: everything that a connection string, the
/// environment, a service file and a password file say together. Displays without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnInfo {
    pub(crate) hosts: Vec<Host>,
    pub(crate) user: String,
    pub(crate) database: String,
    pub(crate) password: Option<Secret>,
    pub(crate) passfile: Option<PathBuf>,
    pub(crate) application_name: String,
    pub(crate) options: Option<String>,
    /// For each address that is tried; `None` waits for ever.
    pub(crate) connect_timeout: Option<Duration>,
    /// Whether the text, or what completed it, sets that limit.
    pub(crate) connect_timeout_given: bool,
    pub(crate) keepalives: Keepalives,
    pub(crate) ssl: Ssl,
    pub(crate) channel_binding: ChannelBinding,
    pub(crate) require_auth: Option<RequireAuth>,
    pub(crate) session_attrs: SessionAttrs,
    pub(crate) load_balance: LoadBalance,
}

/// One of the hosts that are tried in turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    pub(crate) name: HostName,
    /// Connected to in place of what the name resolves to; the name is still what the certificate must show.
    pub(crate) hostaddr: Option<IpAddr>,
    pub(crate) port: u16,
}

/// What a host is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HostName {
    /// A name or an address.
    Tcp(String),
    /// The directory of a Unix-domain socket.
    Directory(PathBuf),
    /// The directory part of a name in Linux's abstract socket namespace.
    Abstract(String),
    /// A server that is reached by calls.
    Bridge(Bridge),
}

/// What is wrong with a connection string, its environment or its files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConnInfoError {
    /// What is wrong, naming the parameter and never its secret.
    pub message: String,
    /// How to write it.
    pub hint: Option<String>,
}

impl ConnInfoError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<ConnInfoError> for howdah_core::Error {
    fn from(error: ConnInfoError) -> Self {
        let mut shown = Self::invalid(error.message);
        shown.hint = error.hint;
        shown
    }
}

impl ConnInfo {
    /// Parses a URL (`postgres://…`) or `key=value` pairs as libpq does, completed by a
    /// service file, the `PG*` variables of this process and libpq's defaults. An empty
    /// text takes everything from there.
    pub fn parse(text: &str) -> Result<Self, ConnInfoError> {
        Self::parse_with(text, &ProcessEnvironment)
    }

    /// [`ConnInfo::parse`] with another environment. [`NoEnvironment`] is for text of
    /// unknown origin: it must not be completed with this user's secrets.
    pub fn parse_with(text: &str, environment: &dyn Environment) -> Result<Self, ConnInfoError> {
        let mut settings = if url::is_url(text) {
            url::parse(text)?
        } else {
            keyvalue::parse(text)?
        };
        settings.complete(environment)?;
        settings.finish(environment)
    }

    /// A server that is reached by calls in place of a socket, as `user`, who is only shown: the
    /// calls carry credentials of their own.
    pub fn bridged(bridge: Bridge, user: &str, database: &str) -> Result<Self, ConnInfoError> {
        let mut info = Self::parse_with("host=localhost user=x sslmode=disable", &NoEnvironment)?;
        info.user = user.to_owned();
        info.database = database.to_owned();
        // A cluster that was paused is resumed by the first call, and answers half a minute later.
        info.connect_timeout = Some(Duration::from_secs(90));
        info.connect_timeout_given = true;
        info.hosts = vec![Host {
            name: HostName::Bridge(bridge),
            hostaddr: None,
            port: 0,
        }];
        Ok(info)
    }

    /// Whether the server is reached by calls, so that it sends no notices and keeps no session.
    pub fn is_bridged(&self) -> bool {
        self.hosts
            .iter()
            .any(|host| matches!(host.name, HostName::Bridge(_)))
    }

    /// The same, for another database of the server.
    #[must_use]
    pub fn with_database(&self, database: &str) -> Self {
        Self {
            database: database.to_owned(),
            ..self.clone()
        }
    }

    /// The same, with this password.
    #[must_use]
    pub fn with_password(&self, password: Secret) -> Self {
        Self {
            password: Some(password),
            ..self.clone()
        }
    }

    /// The hosts in the order in which they are tried.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// The role that logs in.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The database.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// How the connection is to be encrypted.
    pub fn ssl_mode(&self) -> SslMode {
        self.ssl.mode
    }

    /// Whether the limit for each attempt was given, and is no default.
    pub(crate) fn sets_connect_timeout(&self) -> bool {
        self.connect_timeout_given
    }

    /// With another limit for each attempt.
    #[must_use]
    pub(crate) fn with_connect_timeout(&self, limit: Duration) -> Self {
        Self {
            connect_timeout: Some(limit),
            ..self.clone()
        }
    }

    /// With TCP's checks on a silent peer at most as slow as a pool can bear, where nothing
    /// else was asked for: the system's defaults let a server that vanished in a failover be
    /// waited for a quarter of an hour and more.
    #[must_use]
    pub(crate) fn with_brisk_keepalives(mut self) -> Self {
        let keepalives = &mut self.keepalives;
        if keepalives.enabled {
            keepalives.idle_s.get_or_insert(30);
            keepalives.interval_s.get_or_insert(10);
            keepalives.count.get_or_insert(3);
            keepalives.user_timeout_ms.get_or_insert(60_000);
        }
        self
    }

    /// What a person should know about these settings, as sentences.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let remote = self.hosts.iter().any(Host::is_remote);
        match self.ssl.mode {
            SslMode::Require if self.ssl.root == RootCert::None && remote => notes.push(
                "sslmode=require encrypts, and does not check who the server is: use verify-full with sslrootcert."
                    .to_owned(),
            ),
            SslMode::Disable | SslMode::Allow | SslMode::Prefer if remote => notes.push(format!(
                "sslmode={} lets passwords and data go over the network in the clear.",
                self.ssl.mode
            )),
            _ => {}
        }
        notes
    }

    /// `user@host:port/database`, for messages about connecting.
    pub(crate) fn identity(&self, host: &Host) -> String {
        format!("{}@{host}/{}", self.user, self.database)
    }

    /// The password for `host`: the one that was given, or the password file's.
    pub(crate) fn password_for(&self, host: &Host) -> Result<Option<Secret>, PgError> {
        if let Some(password) = &self.password {
            return Ok(Some(password.clone()));
        }
        let Some(path) = &self.passfile else {
            return Ok(None);
        };
        Ok(passfile::lookup(path, host, &self.database, &self.user)?)
    }

    /// The settings as a URL that psql takes; without the password unless `reveal` is set.
    pub fn to_url(&self, reveal: bool) -> String {
        url::format(self, reveal)
    }
}

impl fmt::Display for ConnInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_url(false))
    }
}

impl Host {
    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The host as libpq's `host` parameter takes it.
    pub fn name(&self) -> String {
        match &self.name {
            HostName::Tcp(name) => name.clone(),
            HostName::Directory(path) => path.display().to_string(),
            HostName::Abstract(name) => format!("@{name}"),
            HostName::Bridge(bridge) => bridge.label().to_owned(),
        }
    }

    /// The address that it is connected to, where none has to be looked up.
    pub fn address(&self) -> Option<IpAddr> {
        self.hostaddr.or_else(|| match &self.name {
            HostName::Tcp(name) => name.parse().ok(),
            _ => None,
        })
    }

    /// Whether the way there leaves this machine, as far as the name tells.
    pub fn is_remote(&self) -> bool {
        match (&self.name, self.hostaddr) {
            (_, Some(address)) => !address.is_loopback(),
            (HostName::Tcp(name), None) => {
                name != "localhost"
                    && name
                        .parse::<IpAddr>()
                        .map_or(true, |address| !address.is_loopback())
            }
            _ => false,
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = self.port;
        match (&self.name, self.hostaddr) {
            (HostName::Tcp(name), Some(address)) if name.is_empty() => {
                write!(f, "{}", std::net::SocketAddr::new(address, port))
            }
            (HostName::Tcp(name), _) if name.contains(':') => write!(f, "[{name}]:{port}"),
            (HostName::Tcp(name), _) => write!(f, "{name}:{port}"),
            (HostName::Directory(path), _) => write!(f, "{}/.s.PGSQL.{port}", path.display()),
            (HostName::Abstract(name), _) => write!(f, "@{name}/.s.PGSQL.{port}"),
            (HostName::Bridge(bridge), _) => f.write_str(bridge.label()),
        }
    }
}

/// Puts `items` in a random order.
pub(crate) fn shuffle<T>(items: &mut [T]) {
    for last in (1..items.len()).rev() {
        let mut bytes = [0; 8];
        // Without randomness the order stays as it is written.
        if getrandom::fill(&mut bytes).is_err() {
            return;
        }
        let choice = u64::from_ne_bytes(bytes) % (last as u64 + 1);
        items.swap(last, usize::try_from(choice).unwrap_or(0));
    }
}
