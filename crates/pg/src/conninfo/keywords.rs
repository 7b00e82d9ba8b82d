use super::ConnInfoError;

/// How a parameter is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It takes effect.
    Used,
    /// It makes no difference here, and is accepted.
    Ignored,
    /// It would change what the user gets, and we cannot do it: refused with this reason.
    Unsupported(&'static str),
}

/// A parameter of libpq: its name, the variable that sets it, and what it means here.
pub(crate) struct Keyword {
    pub(crate) name: &'static str,
    pub(crate) variable: Option<&'static str>,
    pub(crate) kind: Kind,
}

const fn used(name: &'static str, variable: &'static str) -> Keyword {
    Keyword {
        name,
        variable: Some(variable),
        kind: Kind::Used,
    }
}

const fn plain(name: &'static str) -> Keyword {
    Keyword {
        name,
        variable: None,
        kind: Kind::Used,
    }
}

const fn ignored(name: &'static str) -> Keyword {
    Keyword {
        name,
        variable: None,
        kind: Kind::Ignored,
    }
}

const fn unsupported(name: &'static str, reason: &'static str) -> Keyword {
    Keyword {
        name,
        variable: None,
        kind: Kind::Unsupported(reason),
    }
}

/// Every parameter of libpq 18.
pub(crate) const KEYWORDS: &[Keyword] = &[
    used("service", "PGSERVICE"),
    used("servicefile", "PGSERVICEFILE"),
    used("user", "PGUSER"),
    used("password", "PGPASSWORD"),
    used("passfile", "PGPASSFILE"),
    used("channel_binding", "PGCHANNELBINDING"),
    used("connect_timeout", "PGCONNECT_TIMEOUT"),
    used("dbname", "PGDATABASE"),
    used("host", "PGHOST"),
    used("hostaddr", "PGHOSTADDR"),
    used("port", "PGPORT"),
    used("options", "PGOPTIONS"),
    used("application_name", "PGAPPNAME"),
    plain("fallback_application_name"),
    plain("keepalives"),
    plain("keepalives_idle"),
    plain("keepalives_interval"),
    plain("keepalives_count"),
    plain("tcp_user_timeout"),
    used("sslmode", "PGSSLMODE"),
    used("sslnegotiation", "PGSSLNEGOTIATION"),
    used("sslcert", "PGSSLCERT"),
    used("sslkey", "PGSSLKEY"),
    used("sslcertmode", "PGSSLCERTMODE"),
    used("sslrootcert", "PGSSLROOTCERT"),
    used("sslcrl", "PGSSLCRL"),
    used("sslsni", "PGSSLSNI"),
    used("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION"),
    used("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION"),
    used("require_auth", "PGREQUIREAUTH"),
    used("gssencmode", "PGGSSENCMODE"),
    used("target_session_attrs", "PGTARGETSESSIONATTRS"),
    used("load_balance_hosts", "PGLOADBALANCEHOSTS"),
    used("replication", ""),
    used("min_protocol_version", "PGMINPROTOCOLVERSION"),
    // The session always speaks UTF-8, and never compresses; Kerberos is not spoken.
    ignored("client_encoding"),
    ignored("sslcompression"),
    ignored("krbsrvname"),
    ignored("gsslib"),
    ignored("gssdelegation"),
    ignored("max_protocol_version"),
    unsupported(
        "sslpassword",
        "keys that are encrypted with a passphrase cannot be read; store the key decrypted with mode 0600",
    ),
    unsupported("sslcrldir", "name one file with sslcrl"),
    unsupported("requirepeer", "protect the socket's directory instead"),
    unsupported("scram_client_key", "give the password"),
    unsupported("scram_server_key", "give the password"),
    unsupported("sslkeylogfile", "TLS keys are never written to a file"),
];

/// The parameter called `name`; the error suggests names that are near.
pub(crate) fn find(name: &str) -> Result<&'static Keyword, ConnInfoError> {
    if let Some(keyword) = KEYWORDS.iter().find(|keyword| keyword.name == name) {
        return Ok(keyword);
    }
    let shown: String = name.chars().take(60).collect();
    let mut near: Vec<(usize, &str)> = KEYWORDS
        .iter()
        .map(|keyword| {
            (
                strsim::osa_distance(&shown.to_lowercase(), keyword.name),
                keyword.name,
            )
        })
        .filter(|(distance, keyword)| *distance <= (keyword.len() / 3).max(1))
        .collect();
    near.sort_unstable();
    let error = ConnInfoError::new(format!("\"{shown}\" is no connection parameter"));
    Err(match near.as_slice() {
        [] => error
            .hint("libpq's parameters are known: host, port, dbname, user, password, sslmode, service, …"),
        near => {
            let names: Vec<&str> = near.iter().take(3).map(|(_, name)| *name).collect();
            error.hint(format!("Did you mean {}?", names.join(" or ")))
        }
    })
}
