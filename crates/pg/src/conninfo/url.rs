use super::settings::Settings;
use super::{ConnInfo, ConnInfoError, Host, RootCert, SslCertMode, TlsVersion};

const SCHEMES: [&str; 2] = ["postgresql://", "postgres://"];

/// Whether the text is meant as a URL.
pub(super) fn is_url(text: &str) -> bool {
    without_scheme(text).is_some()
}

fn without_scheme(text: &str) -> Option<&str> {
    let text = text.trim();
    SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme))
}

/// Parses `postgres://user:password@host:port,host:port/dbname?key=value&…`.
pub(super) fn parse(text: &str) -> Result<Settings, ConnInfoError> {
    let mut settings = Settings::default();
    let mut rest = without_scheme(text).unwrap_or(text);

    let authority = rest.find('/').unwrap_or(rest.len());
    if let Some(at) = rest[..authority].find('@') {
        let (user, password) = match rest[..at].split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (&rest[..at], None),
        };
        if !user.is_empty() {
            settings.set("user", decode(user, "user")?)?;
        }
        if let Some(password) = password.filter(|password| !password.is_empty()) {
            settings.set("password", decode(password, "password")?)?;
        }
        rest = &rest[at + 1..];
    }

    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    loop {
        let (host, after) = match rest.strip_prefix('[') {
            Some(inner) => {
                let end = inner
                    .find(']')
                    .ok_or_else(|| ConnInfoError::new("The IPv6 address in the URL has no closing \"]\""))?;
                let after = &inner[end + 1..];
                if end == 0 || !(after.is_empty() || after.starts_with([':', '/', '?', ','])) {
                    return Err(ConnInfoError::new("The IPv6 address in the URL is malformed")
                        .hint("Write it as [::1], or [::1]:5432 with a port."));
                }
                (&inner[..end], after)
            }
            None => rest.split_at(rest.find([':', '/', '?', ',']).unwrap_or(rest.len())),
        };
        let (port, after) = match after.strip_prefix(':') {
            Some(tail) => tail.split_at(tail.find(['/', '?', ',']).unwrap_or(tail.len())),
            None => ("", after),
        };
        hosts.push(decode(host, "host")?);
        ports.push(decode(port, "port")?);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => {
                rest = after;
                break;
            }
        }
    }
    if hosts.iter().any(|host| !host.is_empty()) {
        settings.set("host", hosts.join(","))?;
    }
    if ports.iter().any(|port| !port.is_empty()) {
        settings.set("port", ports.join(","))?;
    }

    let (path, query) = match rest.split_once('?') {
        Some((path, query)) => (path, query),
        None => (rest, ""),
    };
    if let Some(database) = path.strip_prefix('/').filter(|database| !database.is_empty()) {
        settings.set("dbname", decode(database, "dbname")?)?;
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            ConnInfoError::new("A parameter in the URL has no \"=\"")
                .hint("Characters such as \"?\", \"&\", \"@\", \"/\" and \"#\" in user, password or database are written in percent-encoding, \"@\" as %40.")
        })?;
        let key = decode(key, "a parameter's name")?;
        let value = decode(value, &key)?;
        // What JDBC's users write.
        if key == "ssl" && value == "true" {
            settings.set("sslmode", "require".to_owned())?;
        } else {
            settings.set(&key, value)?;
        }
    }
    Ok(settings)
}

/// Resolves percent-encoding.
fn decode(text: &str, what: &str) -> Result<String, ConnInfoError> {
    let malformed = |reason: &str| {
        let what: String = what.chars().take(60).collect();
        ConnInfoError::new(format!("The percent-encoding of {what} in the URL {reason}"))
            .hint("Write a literal \"%\" as %25.")
    };
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first != b'%' {
            bytes.push(*first);
            rest = tail;
            continue;
        }
        let (digits, tail) = tail
            .split_first_chunk::<2>()
            .ok_or_else(|| malformed("is cut short"))?;
        let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
        let (Some(high), Some(low)) = (high, low) else {
            return Err(malformed("has a digit that is none"));
        };
        let byte = u8::try_from(high * 16 + low).unwrap_or(0);
        if byte == 0 {
            return Err(malformed("has the forbidden %00"));
        }
        bytes.push(byte);
        rest = tail;
    }
    String::from_utf8(bytes).map_err(|_| malformed("does not give UTF-8"))
}

fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Writes everything that is not libpq's default.
pub(super) fn format(info: &ConnInfo, reveal: bool) -> String {
    // It has no address that another program could connect to.
    if info.is_bridged() {
        let label = info.hosts.first().map(Host::name).unwrap_or_default();
        return format!("{label}, database {}, user {}", info.database, info.user);
    }
    let mut url = String::from("postgresql://");
    url.push_str(&encode(&info.user));
    if let Some(password) = info.password.as_ref().filter(|_| reveal) {
        url.push(':');
        url.push_str(&encode(password.expose()));
    }
    url.push('@');
    let hosts: Vec<String> = info.hosts.iter().map(host).collect();
    url.push_str(&hosts.join(","));
    url.push('/');
    url.push_str(&encode(&info.database));
    let mut separator = '?';
    for (key, value) in parameters(info, reveal) {
        url.push(separator);
        url.push_str(&format!("{key}={}", encode(&value)));
        separator = '&';
    }
    url
}

fn host(host: &Host) -> String {
    let name = host.name();
    let name = match name.contains(':') && !name.starts_with(['/', '@']) {
        true => format!("[{}]", encode_address(&name)),
        false => encode(&name),
    };
    format!("{name}:{}", host.port)
}

/// An IPv6 address keeps its colons; a zone's "%" does not stay bare.
fn encode_address(address: &str) -> String {
    let parts: Vec<String> = address.split(':').map(encode).collect();
    parts.join(":")
}

fn parameters(info: &ConnInfo, reveal: bool) -> Vec<(&'static str, String)> {
    let mut parameters = Vec::new();
    let mut add = |key, value: Option<String>| {
        if let Some(value) = value {
            parameters.push((key, value));
        }
    };
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|p| p.display().to_string());
    let number = |number: Option<u32>| number.map(|number| number.to_string());

    if info.hosts.iter().any(|host| host.hostaddr.is_some()) {
        let addresses: Vec<String> = info
            .hosts
            .iter()
            .map(|host| host.hostaddr.map(|a| a.to_string()).unwrap_or_default())
            .collect();
        add("hostaddr", Some(addresses.join(",")));
    }
    add("sslmode", Some(info.ssl.mode.to_string()));
    if info.ssl.negotiation != super::SslNegotiation::Postgres {
        add("sslnegotiation", Some(info.ssl.negotiation.to_string()));
    }
    add(
        "sslrootcert",
        match &info.ssl.root {
            RootCert::None => None,
            RootCert::System => Some("system".to_owned()),
            RootCert::File(path) => Some(path.display().to_string()),
        },
    );
    add("sslcert", path(&info.ssl.cert));
    add("sslkey", path(&info.ssl.key));
    add("sslcrl", path(&info.ssl.crl));
    let changed = |same: bool, value: &str| (!same).then(|| value.to_owned());
    add(
        "sslcertmode",
        changed(
            info.ssl.cert_mode == SslCertMode::Allow,
            info.ssl.cert_mode.name(),
        ),
    );
    add("sslsni", changed(info.ssl.sni, "0"));
    add(
        "ssl_min_protocol_version",
        changed(info.ssl.min == TlsVersion::V1_2, info.ssl.min.name()),
    );
    add(
        "ssl_max_protocol_version",
        changed(info.ssl.max == TlsVersion::V1_3, info.ssl.max.name()),
    );
    add(
        "channel_binding",
        changed(
            info.channel_binding == super::ChannelBinding::Prefer,
            info.channel_binding.name(),
        ),
    );
    add(
        "require_auth",
        info.require_auth.as_ref().map(ToString::to_string),
    );
    add(
        "target_session_attrs",
        changed(
            info.session_attrs == super::SessionAttrs::Any,
            info.session_attrs.name(),
        ),
    );
    add(
        "load_balance_hosts",
        changed(
            info.load_balance == super::LoadBalance::Disable,
            info.load_balance.name(),
        ),
    );
    add(
        "application_name",
        changed(
            info.application_name == super::settings::APPLICATION_NAME,
            &info.application_name,
        ),
    );
    add("options", info.options.clone());
    let timeout = info.connect_timeout.map_or(0, |timeout| timeout.as_secs());
    add(
        "connect_timeout",
        changed(!info.connect_timeout_given, &timeout.to_string()),
    );
    add("keepalives", changed(info.keepalives.enabled, "0"));
    add("keepalives_idle", number(info.keepalives.idle_s));
    add("keepalives_interval", number(info.keepalives.interval_s));
    add("keepalives_count", number(info.keepalives.count));
    add("tcp_user_timeout", number(info.keepalives.user_timeout_ms));
    // The usual place needs no mention.
    let unusual = |path: &&std::path::PathBuf| path.file_name().is_none_or(|name| name != ".pgpass");
    if let Some(path) = info.passfile.as_ref().filter(unusual).filter(|_| reveal) {
        add("passfile", Some(path.display().to_string()));
    }
    parameters
}
