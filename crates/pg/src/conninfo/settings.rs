use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::keywords::{self, KEYWORDS, Kind};
use super::{
    ChannelBinding, ConnInfo, ConnInfoError, Environment, Host, HostName, Keepalives, LoadBalance,
    RequireAuth, RootCert, SessionAttrs, Ssl, SslCertMode, SslMode, SslNegotiation, TlsVersion,
};
use crate::secret::Secret;
use crate::service;

/// What the server shows in `pg_stat_activity` unless told otherwise.
pub(super) const APPLICATION_NAME: &str = "howdah";
/// libpq waits for ever; a tool that others wait for does not. 0 asks for libpq's way.
pub(super) const CONNECT_TIMEOUT_S: u64 = 10;
const DEFAULT_PORT: u16 = 5432;
/// Where distributions and the PostgreSQL project put sockets, in this order.
const SOCKET_DIRECTORIES: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// Parameters by name, as they were written.
#[derive(Default)]
pub(super) struct Settings(BTreeMap<&'static str, String>);

impl Settings {
    /// Sets a parameter; the last one wins.
    pub(super) fn set(&mut self, key: &str, value: String) -> Result<(), ConnInfoError> {
        let keyword = keywords::find(key)?;
        if value.contains('\0') {
            return Err(ConnInfoError::new(format!("{key} contains the character NUL")));
        }
        match keyword.kind {
            Kind::Used => {
                self.0.insert(keyword.name, value);
            }
            Kind::Unsupported(reason) if !value.is_empty() => {
                return Err(ConnInfoError::new(format!("{key} is not supported")).hint(sentence(reason)));
            }
            Kind::Ignored | Kind::Unsupported(_) => {}
        }
        Ok(())
    }

    /// Adds what the service file and the environment say on what was not written.
    pub(super) fn complete(&mut self, environment: &dyn Environment) -> Result<(), ConnInfoError> {
        let service = self.0.remove("service").or_else(|| environment.var("PGSERVICE"));
        let file = self.0.remove("servicefile");
        if let Some(name) = service.filter(|name| !name.is_empty()) {
            let path = file.map(PathBuf::from);
            for (key, value) in service::read(&name, path.as_deref(), environment)? {
                if !self.0.contains_key(key.as_str()) {
                    self.set(&key, value)?;
                }
            }
        }
        for keyword in KEYWORDS {
            let Some(variable) = keyword.variable.filter(|variable| !variable.is_empty()) else {
                continue;
            };
            if !self.0.contains_key(keyword.name)
                && let Some(value) = environment.var(variable).filter(|value| !value.is_empty())
            {
                self.set(keyword.name, value)?;
            }
        }
        Ok(())
    }

    /// A parameter that was set to something.
    fn take(&mut self, key: &'static str) -> Option<String> {
        self.0.remove(key).filter(|value| !value.is_empty())
    }

    fn choose<T>(
        &mut self,
        key: &'static str,
        default: T,
        parse: impl Fn(&str) -> Result<T, ConnInfoError>,
    ) -> Result<T, ConnInfoError> {
        self.take(key).map_or(Ok(default), |text| parse(&text))
    }

    fn number(&mut self, key: &'static str) -> Result<Option<i64>, ConnInfoError> {
        let Some(text) = self.take(key) else {
            return Ok(None);
        };
        let number = text.trim().parse::<i32>().map_err(|_| {
            let shown: String = text.chars().take(60).collect();
            ConnInfoError::new(format!("{key}={shown} is no whole number"))
        })?;
        Ok(Some(number.into()))
    }

    /// A number where 0 and less mean the system's default.
    fn positive(&mut self, key: &'static str) -> Result<Option<u32>, ConnInfoError> {
        let number = self.number(key)?;
        Ok(number
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| *number > 0))
    }

    /// Checks everything and fills in the defaults.
    pub(super) fn finish(mut self, environment: &dyn Environment) -> Result<ConnInfo, ConnInfoError> {
        self.refuse()?;
        let user = self
            .take("user")
            .or_else(|| environment.os_user())
            .ok_or_else(|| {
                ConnInfoError::new("No user is named, and the operating system's is not known")
                    .hint("Add user=… or postgres://user@….")
            })?;
        let database = self.take("dbname").unwrap_or_else(|| user.clone());
        let passfile = match self.take("passfile") {
            Some(path) => Some(PathBuf::from(path)),
            None => environment.home().map(|home| home.join(".pgpass")),
        };
        let connect_timeout = self.number("connect_timeout")?;
        let connect_timeout_given = connect_timeout.is_some();
        let connect_timeout = match connect_timeout {
            None => Some(CONNECT_TIMEOUT_S),
            Some(seconds) => u64::try_from(seconds).ok().filter(|seconds| *seconds > 0),
        };
        let fallback_name = self.take("fallback_application_name");
        Ok(ConnInfo {
            hosts: self.hosts()?,
            ssl: self.ssl(environment)?,
            user,
            database,
            password: self.take("password").map(Secret::new),
            passfile,
            application_name: self
                .take("application_name")
                .or(fallback_name)
                .unwrap_or_else(|| APPLICATION_NAME.to_owned()),
            options: self.take("options"),
            connect_timeout: connect_timeout.map(Duration::from_secs),
            connect_timeout_given,
            keepalives: Keepalives {
                enabled: self.number("keepalives")?.unwrap_or(1) != 0,
                idle_s: self.positive("keepalives_idle")?,
                interval_s: self.positive("keepalives_interval")?,
                count: self.positive("keepalives_count")?,
                user_timeout_ms: self.positive("tcp_user_timeout")?,
            },
            channel_binding: self.choose("channel_binding", ChannelBinding::Prefer, ChannelBinding::parse)?,
            require_auth: self.choose("require_auth", None, RequireAuth::parse)?,
            session_attrs: self.choose("target_session_attrs", SessionAttrs::Any, SessionAttrs::parse)?,
            load_balance: self.choose("load_balance_hosts", LoadBalance::Disable, LoadBalance::parse)?,
        })
    }

    /// Values that ask for what cannot be given.
    fn refuse(&mut self) -> Result<(), ConnInfoError> {
        match self.take("gssencmode").as_deref() {
            None | Some("disable" | "prefer") => {}
            Some("require") => {
                return Err(ConnInfoError::new("gssencmode=require is not supported")
                    .hint("Encrypt by TLS: sslmode=verify-full."));
            }
            Some(_) => {
                return Err(ConnInfoError::new("gssencmode has a value that is not possible")
                    .hint("gssencmode is one of disable, prefer, require."));
            }
        }
        match self.take("replication").as_deref() {
            None | Some("false" | "off" | "no" | "0") => {}
            Some(_) => {
                return Err(ConnInfoError::new("Replication connections are not supported"));
            }
        }
        match self.take("min_protocol_version").as_deref() {
            None | Some("3.0") => Ok(()),
            Some(_) => Err(ConnInfoError::new(
                "Version 3.0 of the protocol is spoken, and min_protocol_version asks for more",
            )),
        }
    }

    fn hosts(&mut self) -> Result<Vec<Host>, ConnInfoError> {
        let list = |text: Option<String>| -> Vec<String> {
            text.map(|text| text.split(',').map(|part| part.trim().to_owned()).collect())
                .unwrap_or_default()
        };
        let names = list(self.take("host"));
        let addresses = list(self.take("hostaddr"));
        let ports = list(self.take("port"));
        let count = names.len().max(addresses.len()).max(1);
        for (what, list) in [("host", &names), ("hostaddr", &addresses)] {
            if !list.is_empty() && list.len() != count {
                return Err(ConnInfoError::new(format!(
                    "{what} lists {} where {count} are needed: host and hostaddr go in pairs",
                    list.len()
                )));
            }
        }
        if ports.len() > 1 && ports.len() != count {
            return Err(
                ConnInfoError::new(format!("port lists {} values for {count} hosts", ports.len()))
                    .hint("Give one port for all, or one for each."),
            );
        }
        (0..count)
            .map(|index| {
                let port = ports.get(index).or_else(|| ports.first().filter(|_| ports.len() == 1));
                let port = match port.map(String::as_str) {
                    None | Some("") => DEFAULT_PORT,
                    Some(text) => text.parse().ok().filter(|port| *port > 0).ok_or_else(|| {
                        let shown: String = text.chars().take(60).collect();
                        ConnInfoError::new(format!("\"{shown}\" is no port: it is a number from 1 to 65535"))
                            .hint("A password with \":\", \"/\", \"@\" or \"#\" is written in percent-encoding in a URL.")
                    })?,
                };
                let hostaddr = match addresses.get(index).map(String::as_str) {
                    None | Some("") => None,
                    Some(text) => Some(text.parse::<IpAddr>().map_err(|_| {
                        let shown: String = text.chars().take(60).collect();
                        ConnInfoError::new(format!("hostaddr \"{shown}\" is no IP address"))
                            .hint("A name goes into host.")
                    })?),
                };
                let name = names.get(index).map_or("", String::as_str);
                Ok(Host {
                    name: host_name(name, hostaddr.is_some(), port),
                    hostaddr,
                    port,
                })
            })
            .collect()
    }

    fn ssl(&mut self, environment: &dyn Environment) -> Result<Ssl, ConnInfoError> {
        let in_home = |name: &str| {
            let path = environment.home()?.join(".postgresql").join(name);
            path.exists().then_some(path)
        };
        let root = match self.take("sslrootcert") {
            Some(text) if text == "system" => RootCert::System,
            Some(path) => RootCert::File(PathBuf::from(path)),
            None => in_home("root.crt").map_or(RootCert::None, RootCert::File),
        };
        let strictest = if root == RootCert::System {
            SslMode::VerifyFull
        } else {
            SslMode::Prefer
        };
        let mode = self.choose("sslmode", strictest, SslMode::parse)?;
        if root == RootCert::System && mode != SslMode::VerifyFull {
            return Err(ConnInfoError::new(format!(
                "sslrootcert=system with sslmode={mode} would trust any certificate that anyone can buy"
            ))
            .hint("Use sslmode=verify-full."));
        }
        if mode == SslMode::VerifyCa && root == RootCert::None {
            return Err(ConnInfoError::new("sslmode=verify-ca needs to know which authority to trust")
                .hint("Name its certificate with sslrootcert, or put it at ~/.postgresql/root.crt; or use verify-full, which also goes by the system's authorities."));
        }
        let negotiation = self.choose("sslnegotiation", SslNegotiation::Postgres, SslNegotiation::parse)?;
        if negotiation == SslNegotiation::Direct
            && matches!(mode, SslMode::Disable | SslMode::Allow | SslMode::Prefer)
        {
            return Err(ConnInfoError::new(format!(
                "sslnegotiation=direct cannot be combined with sslmode={mode}"
            ))
            .hint("Use sslmode=require or stronger."));
        }
        let min = self.choose("ssl_min_protocol_version", TlsVersion::V1_2, TlsVersion::parse)?;
        let max = self.choose("ssl_max_protocol_version", TlsVersion::V1_3, TlsVersion::parse)?;
        if matches!(max, TlsVersion::V1 | TlsVersion::V1_1) {
            return Err(ConnInfoError::new(format!(
                "ssl_max_protocol_version={max} asks for a version of TLS that is no longer safe"
            ))
            .hint("TLSv1.2 and TLSv1.3 are spoken."));
        }
        if min == TlsVersion::V1_3 && max == TlsVersion::V1_2 {
            return Err(ConnInfoError::new(
                "ssl_min_protocol_version is above ssl_max_protocol_version",
            ));
        }
        let cert_mode = self.choose("sslcertmode", SslCertMode::Allow, SslCertMode::parse)?;
        let cert = self.take("sslcert").map(PathBuf::from);
        let key = self.take("sslkey").map(PathBuf::from);
        Ok(Ssl {
            mode,
            negotiation,
            root,
            cert: cert.or_else(|| in_home("postgresql.crt")),
            key: key.or_else(|| in_home("postgresql.key")),
            cert_mode,
            crl: self
                .take("sslcrl")
                .map(PathBuf::from)
                .or_else(|| in_home("root.crl")),
            sni: self.take("sslsni").as_deref() != Some("0"),
            min,
            max,
        })
    }
}

fn host_name(name: &str, has_address: bool, port: u16) -> HostName {
    if name.starts_with('/') {
        return HostName::Directory(PathBuf::from(name));
    }
    if let Some(rest) = name.strip_prefix('@') {
        return HostName::Abstract(rest.to_owned());
    }
    if !name.is_empty() || has_address {
        return HostName::Tcp(name.to_owned());
    }
    let socket = format!(".s.PGSQL.{port}");
    let has_socket = |directory: &&&str| Path::new(**directory).join(&socket).exists();
    let is_there = |directory: &&&str| Path::new(**directory).is_dir();
    let directory = SOCKET_DIRECTORIES
        .iter()
        .find(has_socket)
        .or_else(|| SOCKET_DIRECTORIES.iter().find(is_there))
        .unwrap_or(&SOCKET_DIRECTORIES[1]);
    HostName::Directory(PathBuf::from(directory))
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars
        .next()
        .map(|c| c.to_uppercase().to_string())
        .unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}
