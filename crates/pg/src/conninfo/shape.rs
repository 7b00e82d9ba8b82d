use std::fmt;
use std::path::PathBuf;

use super::ConnInfoError;

/// An enumeration whose values have libpq's names.
macro_rules! choice {
    ($(#[$meta:meta])* $vis:vis enum $type:ident for $parameter:literal { $($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $vis enum $type { $($(#[$doc])* $variant),+ }

        impl $type {
            /// As libpq writes it.
            $vis fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            pub(crate) fn parse(text: &str) -> Result<Self, ConnInfoError> {
                match text {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(not_one_of($parameter, text, &[$($name),+])),
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

fn not_one_of(parameter: &str, text: &str, names: &[&str]) -> ConnInfoError {
    let shown: String = text.chars().take(60).collect();
    ConnInfoError::new(format!("{parameter}={shown} is not possible"))
        .hint(format!("{parameter} is one of {}.", names.join(", ")))
}

choice! {
    /// How a connection is encrypted, and whether the server must prove who it is.
    pub enum SslMode for "sslmode" {
        /// Never encrypted.
        Disable = "disable",
        /// Encrypted only where the server insists.
        Allow = "allow",
        /// Encrypted where the server can. libpq's default.
        Prefer = "prefer",
        /// Always encrypted; the certificate is checked only where a root certificate file exists.
        Require = "require",
        /// The certificate must be signed by a trusted authority.
        VerifyCa = "verify-ca",
        /// It must also be for the host's name.
        VerifyFull = "verify-full",
    }
}

choice! {
    /// How TLS begins.
    pub enum SslNegotiation for "sslnegotiation" {
        /// By asking the server in PostgreSQL's protocol first.
        Postgres = "postgres",
        /// At once, as servers from 17 on can.
        Direct = "direct",
    }
}

choice! {
    /// Whether SCRAM is tied to the TLS channel.
    pub enum ChannelBinding for "channel_binding" {
        /// Never.
        Disable = "disable",
        /// Where the server can.
        Prefer = "prefer",
        /// Always, or no connection.
        Require = "require",
    }
}

choice! {
    /// What the session must be able to do.
    pub enum SessionAttrs for "target_session_attrs" {
        /// Any server.
        Any = "any",
        /// Accepts writes by default.
        ReadWrite = "read-write",
        /// Accepts none by default.
        ReadOnly = "read-only",
        /// No standby.
        Primary = "primary",
        /// A standby.
        Standby = "standby",
        /// A standby where there is one.
        PreferStandby = "prefer-standby",
    }
}

choice! {
    /// In which order hosts are tried.
    pub enum LoadBalance for "load_balance_hosts" {
        /// As written.
        Disable = "disable",
        /// At random.
        Random = "random",
    }
}

choice! {
    /// Whether a client certificate is shown.
    pub(crate) enum SslCertMode for "sslcertmode" {
        Disable = "disable",
        Allow = "allow",
        Require = "require",
    }
}

choice! {
    /// Versions of TLS that can be bounds.
    pub(crate) enum TlsVersion for "ssl_min_protocol_version" {
        V1 = "TLSv1",
        V1_1 = "TLSv1.1",
        V1_2 = "TLSv1.2",
        V1_3 = "TLSv1.3",
    }
}

choice! {
    /// The ways in which a server lets someone in.
    pub(crate) enum AuthMethod for "require_auth" {
        /// A password in the clear.
        Password = "password",
        /// An MD5 hash of it.
        Md5 = "md5",
        /// Kerberos by GSSAPI; never spoken here.
        Gss = "gss",
        /// Kerberos by SSPI; never spoken here.
        Sspi = "sspi",
        /// SCRAM, with or without channel binding.
        ScramSha256 = "scram-sha-256",
        /// SCRAM that was tied to the TLS channel; `require_auth` knows it as `scram-sha-256`.
        ScramSha256Plus = "scram-sha-256-plus",
        /// No exchange at all: trust, peer, a client certificate.
        None = "none",
    }
}

/// The authentication methods that the user lets a server ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequireAuth {
    methods: Vec<AuthMethod>,
    /// Whether the list names what is forbidden.
    negated: bool,
}

impl RequireAuth {
    pub(crate) fn parse(text: &str) -> Result<Option<Self>, ConnInfoError> {
        if text.is_empty() {
            return Ok(None);
        }
        let negated = text.starts_with('!');
        let mut methods = Vec::new();
        for part in text.split(',') {
            if part.starts_with('!') != negated {
                return Err(ConnInfoError::new(format!(
                    "require_auth={text} mixes methods with and without \"!\""
                )));
            }
            methods.push(AuthMethod::parse(part.trim_start_matches('!'))?);
        }
        Ok(Some(Self { methods, negated }))
    }

    pub(crate) fn allows(&self, method: AuthMethod) -> bool {
        let method = match method {
            AuthMethod::ScramSha256Plus => AuthMethod::ScramSha256,
            other => other,
        };
        self.methods.contains(&method) != self.negated
    }
}

impl fmt::Display for RequireAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, method) in self.methods.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let not = if self.negated { "!" } else { "" };
            write!(f, "{comma}{not}{method}")?;
        }
        Ok(())
    }
}

/// TCP's own checks on a silent peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Keepalives {
    pub(crate) enabled: bool,
    /// Seconds of silence before the first probe; `None` and 0 are the system's default, as below.
    pub(crate) idle_s: Option<u32>,
    /// Seconds between probes.
    pub(crate) interval_s: Option<u32>,
    /// Probes until the connection is given up.
    pub(crate) count: Option<u32>,
    /// Milliseconds that sent data may stay unacknowledged.
    pub(crate) user_timeout_ms: Option<u32>,
}

/// Who may have signed the server's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RootCert {
    /// Nobody was named.
    None,
    /// The authorities in this file.
    File(PathBuf),
    /// The authorities that the operating system trusts.
    System,
}

/// Everything about encryption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ssl {
    pub(crate) mode: SslMode,
    pub(crate) negotiation: SslNegotiation,
    pub(crate) root: RootCert,
    pub(crate) cert: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
    pub(crate) cert_mode: SslCertMode,
    pub(crate) crl: Option<PathBuf>,
    pub(crate) sni: bool,
    pub(crate) min: TlsVersion,
    pub(crate) max: TlsVersion,
}
