//! What can be seen of a server from outside: whether its name resolves, whether anything listens,
//! whether encryption can be set up, and whether it lets the role in. Each part has a verdict of its
//! own, and what fails is an answer, never an error.

mod ttl;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use howdah_pg::{ConnInfo, Connection, Host, PgError};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::sequence::{Cause, StepResult, StepVerdict};
use crate::verdict::Status;

/// How long a name may take to resolve, and a server to take a connection.
const WITHIN: Duration = Duration::from_secs(5);
/// Addresses of a name that are tried.
const ADDRESSES_MAX: usize = 8;

/// A part of connecting, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outside {
    /// Which part: `dns`, `tcp`, `tls`, `authentication`, `limits`, `database`, `pooler`.
    pub part: &'static str,
    /// Whether it went well; `None` where it was not reached or does not apply.
    pub is_fine: Option<bool>,
    /// In a sentence.
    pub message: String,
    /// What to do, where it failed.
    pub next: Option<String>,
}

impl Outside {
    fn fine(part: &'static str, message: impl Into<String>) -> Self {
        Self {
            part,
            is_fine: Some(true),
            message: message.into(),
            next: None,
        }
    }

    fn failed(part: &'static str, message: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            part,
            is_fine: Some(false),
            message: message.into(),
            next: Some(next.into()),
        }
    }

    fn not_reached(part: &'static str, message: impl Into<String>) -> Self {
        Self {
            part,
            is_fine: None,
            message: message.into(),
            next: None,
        }
    }
}

/// Tries each part in turn. `connect` makes the connection; it is given back where it came about.
pub async fn look(
    info: &ConnInfo,
    connect: impl Future<Output = Result<Connection, PgError>>,
) -> (Vec<Outside>, Option<Connection>) {
    let mut parts = Vec::new();
    let mut any_listens = false;
    for host in info.hosts() {
        any_listens |= reach(host, &mut parts).await;
    }
    if !any_listens {
        for part in ["tls", "authentication", "limits"] {
            parts.push(Outside::not_reached(part, "Nothing was reached to ask."));
        }
        return (parts, None);
    }
    let mut connection = match connect.await {
        Ok(connection) => connection,
        Err(error) => {
            parts.extend(refusal(info, &error));
            return (parts, None);
        }
    };
    let encrypted = if connection.is_tls() {
        format!("The connection is encrypted (sslmode={}).", info.ssl_mode())
    } else {
        format!("The connection is not encrypted (sslmode={}).", info.ssl_mode())
    };
    parts.push(Outside::fine("tls", encrypted));
    parts.push(Outside::fine(
        "authentication",
        format!("The server lets {} in.", info.user()),
    ));
    parts.push(pooler(&mut connection).await);
    (parts, Some(connection))
}

/// Name and port of one host; whether anything listens there.
async fn reach(host: &Host, parts: &mut Vec<Outside>) -> bool {
    let (name, port) = (host.name(), host.port());
    if name.starts_with(['/', '@']) {
        parts.push(Outside::not_reached(
            "dns",
            format!("{host} is a socket of this machine: there is no name to resolve."),
        ));
        parts.push(socket(host).await);
        return parts.last().is_some_and(|part| part.is_fine != Some(false));
    }
    let addresses = match host.address() {
        Some(address) => {
            parts.push(Outside::not_reached(
                "dns",
                format!("{address} is an address: there is no name to resolve."),
            ));
            vec![SocketAddr::new(address, port)]
        }
        None => match resolve(&name, port).await {
            Ok((addresses, part)) => {
                parts.push(part);
                addresses
            }
            Err(part) => {
                parts.push(part);
                parts.push(Outside::not_reached(
                    "tcp",
                    format!("Without an address of {name} nothing can be reached."),
                ));
                return false;
            }
        },
    };
    let mut reached = Vec::new();
    let mut failures = Vec::new();
    for address in addresses.iter().take(ADDRESSES_MAX) {
        let began = Instant::now();
        match timeout(WITHIN, TcpStream::connect(address)).await {
            Ok(Ok(_)) => reached.push(format!("{address} in {} ms", began.elapsed().as_millis())),
            Ok(Err(error)) => failures.push((error.kind(), format!("{address}: {}", plain(&error)))),
            Err(_) => failures.push((
                std::io::ErrorKind::TimedOut,
                format!("{address}: no answer within {} s", WITHIN.as_secs()),
            )),
        }
    }
    let told: Vec<&str> = failures.iter().map(|(_, text)| text.as_str()).collect();
    if reached.is_empty() {
        let refused = failures
            .iter()
            .any(|(kind, _)| *kind == std::io::ErrorKind::ConnectionRefused);
        parts.push(Outside::failed(
            "tcp",
            format!("Nothing takes a connection: {}.", told.join("; ")),
            if refused {
                "The machine answers and nothing listens on that port: is the server running, and is the port right?"
            } else {
                "Look at security groups, firewalls, routes and whether the server is publicly reachable at all; a paused or stopped cluster answers like this too."
            },
        ));
        return false;
    }
    let mut message = format!("A server listens: {}", reached.join(", "));
    if !told.is_empty() {
        message.push_str(&format!("; but not at all of its addresses: {}", told.join("; ")));
    }
    parts.push(Outside::fine("tcp", message + "."));
    true
}

async fn socket(host: &Host) -> Outside {
    let path = host.to_string();
    if path.starts_with('@') {
        return Outside::not_reached(
            "tcp",
            format!("{path} is an abstract socket, which is tried by connecting."),
        );
    }
    match timeout(WITHIN, tokio::net::UnixStream::connect(&path)).await {
        Ok(Ok(_)) => Outside::fine("tcp", format!("A server listens at {path}.")),
        Ok(Err(error)) => Outside::failed(
            "tcp",
            format!("Nothing takes a connection at {path}: {}.", plain(&error)),
            "Is the server running, and is this its socket directory (unix_socket_directories)?",
        ),
        Err(_) => Outside::failed(
            "tcp",
            format!("{path} does not answer."),
            "The server may be stopped or frozen: look at its process and its log.",
        ),
    }
}

async fn resolve(name: &str, port: u16) -> Result<(Vec<SocketAddr>, Outside), Outside> {
    let began = Instant::now();
    let found: Vec<SocketAddr> = match timeout(WITHIN, tokio::net::lookup_host((name, port))).await {
        Ok(Ok(found)) => found.collect(),
        Ok(Err(error)) => {
            return Err(Outside::failed(
                "dns",
                format!("The name {name} does not resolve: {}.", plain(&error)),
                "Check the spelling; a cluster that was deleted or renamed takes its name with it, and a private name resolves in its own network only.",
            ));
        }
        Err(_) => {
            return Err(Outside::failed(
                "dns",
                format!("The name {name} did not resolve within {} s.", WITHIN.as_secs()),
                "Look at the name servers of this machine (/etc/resolv.conf).",
            ));
        }
    };
    if found.is_empty() {
        return Err(Outside::failed(
            "dns",
            format!("The name {name} has no address."),
            "Check the name.",
        ));
    }
    let took = began.elapsed().as_millis();
    let addresses: Vec<String> = found.iter().map(|address| address.ip().to_string()).collect();
    let lives = match ttl::of(name).await {
        Some(seconds) if seconds > 30 => {
            format!("; the record lives {seconds} s, so that clients follow a failover late")
        }
        Some(seconds) => format!(
            "; the record lives {seconds} s, what a client itself keeps (the JVM for ever, by some defaults) not counted"
        ),
        None => "; how long the record lives could not be learnt".to_owned(),
    };
    let message = format!("{name} is {} (in {took} ms){lives}.", addresses.join(", "));
    Ok((found, Outside::fine("dns", message)))
}

/// Where a server that was reached did not let the connection come about.
fn refusal(info: &ConnInfo, error: &PgError) -> Vec<Outside> {
    let shown = howdah_core::Error::from(other(error));
    let next = shown
        .hint
        .clone()
        .unwrap_or_else(|| "Look at the server's log.".to_owned());
    let message = shown.message;
    let passed = |part| {
        Outside::fine(
            part,
            format!("It came as far as that (sslmode={}).", info.ssl_mode()),
        )
    };
    let behind = |part| Outside::not_reached(part, "It did not come as far as that.");
    match error {
        PgError::Tls { .. } => vec![
            Outside::failed("tls", message, next),
            behind("authentication"),
            behind("limits"),
        ],
        PgError::Server(server) => match server.sqlstate.as_str() {
            "53300" => vec![
                passed("tls"),
                passed("authentication"),
                Outside::failed(
                    "limits",
                    message,
                    "Every connection is taken. With a superuser's URL `howdah health --only connections` says by whom; close idle ones, and put a pooler in front.",
                ),
            ],
            "3D000" | "42501" => vec![
                passed("tls"),
                passed("authentication"),
                Outside::failed("database", message, next),
            ],
            "57P03" => vec![passed("tls"), Outside::failed("server", message, next)],
            state if state.starts_with("28") => vec![
                passed("tls"),
                Outside::failed("authentication", message, next),
                behind("limits"),
            ],
            _ => vec![Outside::failed("session", message, next)],
        },
        _ => vec![
            Outside::failed(
                "answer",
                message,
                "Something listens there and does not answer as PostgreSQL does: check the port, and proxies in between.",
            ),
            behind("tls"),
            behind("authentication"),
            behind("limits"),
        ],
    }
}

/// The same error once more, to be shown: what it holds is text.
fn other(error: &PgError) -> PgError {
    match error {
        PgError::Server(server) => PgError::Server(server.clone()),
        PgError::Tls { at, reason, hint } => PgError::Tls {
            at: at.clone(),
            reason: reason.clone(),
            hint: hint.clone(),
        },
        PgError::Connect { to, reason, hint } => PgError::Connect {
            to: to.clone(),
            reason: reason.clone(),
            hint: hint.clone(),
        },
        error => PgError::Invalid(error.to_string()),
    }
}

async fn pooler(connection: &mut Connection) -> Outside {
    let asked = connection.query("SELECT pg_catalog.pg_backend_pid()", &[]).await;
    let own = asked.ok().and_then(|rows| rows.first()?.parse::<i32>(0));
    match own {
        Some(pid) if pid == connection.backend_pid() => Outside::fine(
            "pooler",
            "The connection leads to the server itself: there is no pooler in between.",
        ),
        Some(_) => Outside::fine(
            "pooler",
            "A pooler is in between: its own limits count as well as the server's.",
        ),
        None => Outside::not_reached(
            "pooler",
            "Whether there is a pooler in between could not be learnt.",
        ),
    }
}

fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

pub(crate) fn step(part: &Outside) -> StepResult {
    StepResult {
        step: match part.part {
            "dns" => "Does the name resolve?",
            "tcp" => "Does anything listen?",
            "tls" => "Can encryption be set up?",
            "authentication" => "Does the server let the role in?",
            "limits" => "Is there a connection left?",
            "database" => "Is there such a database, and may the role use it?",
            "pooler" => "Is there a pooler in between?",
            "server" => "Is the server ready?",
            _ => "Does a PostgreSQL server answer?",
        }
        .to_owned(),
        verdict: match part.is_fine {
            Some(true) => StepVerdict::Clear,
            Some(false) => StepVerdict::Found,
            None => StepVerdict::Skipped,
        },
        message: part.message.clone(),
    }
}

pub(crate) fn cause(part: &Outside) -> Option<Cause> {
    if part.is_fine != Some(false) {
        return None;
    }
    let cause = match part.part {
        "dns" => "The name of the server does not resolve.",
        "tcp" => "Nothing can be reached there.",
        "tls" => "Encryption cannot be set up as it is asked for.",
        "authentication" => "The server does not let the role in.",
        "limits" => "Every connection is taken.",
        "database" => "The database is not there, or not for this role.",
        "server" => "The server is not ready.",
        _ => "What answers does not let a session begin.",
    };
    Some(Cause::new(
        part.part,
        cause,
        Status::Critical,
        vec![part.message.clone()],
        part.next.clone(),
        100,
    ))
}
