use std::time::Duration;

use super::connection::Connection;
use super::dial::Endpoint;
use super::startup::{Attempt, Encryption, encryptions};
use crate::conninfo::{ConnInfo, Host, LoadBalance, SessionAttrs, shuffle};
use crate::error::PgError;

/// How long a server that is starting up is waited for.
const STARTING_MAX: Duration = Duration::from_millis(1_500);
const STARTING_PAUSE: Duration = Duration::from_millis(150);

/// What the session is required to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
}

impl Connection {
    /// Connects to the first host that answers and is what `target_session_attrs` asks for.
    ///
    /// A server that says it is starting up is tried again for 1.5 s; everything else
    /// that fails is reported at once, with every host that was tried.
    pub async fn connect(info: &ConnInfo) -> Result<Self, PgError> {
        Self::connect_with(info, "").await
    }

    /// [`Connection::connect`], with `-c name=value` settings for the startup packet.
    pub(crate) async fn connect_with(info: &ConnInfo, options: &str) -> Result<Self, PgError> {
        let began = tokio::time::Instant::now();
        loop {
            match connect_once(info, options).await {
                Err(error) if error.sqlstate() == Some("57P03") && began.elapsed() < STARTING_MAX => {
                    tokio::time::sleep(STARTING_PAUSE).await;
                }
                result => return result,
            }
        }
    }
}

async fn connect_once(info: &ConnInfo, options: &str) -> Result<Connection, PgError> {
    let passes: &[Role] = match info.session_attrs {
        SessionAttrs::Any => &[Role::Any],
        SessionAttrs::ReadWrite => &[Role::ReadWrite],
        SessionAttrs::ReadOnly => &[Role::ReadOnly],
        SessionAttrs::Primary => &[Role::Primary],
        SessionAttrs::Standby => &[Role::Standby],
        SessionAttrs::PreferStandby => &[Role::Standby, Role::Any],
    };
    let mut hosts: Vec<&Host> = info.hosts.iter().collect();
    if info.load_balance == LoadBalance::Random {
        shuffle(&mut hosts);
    }
    let mut failures = Vec::new();
    for &role in passes {
        failures.clear();
        for host in &hosts {
            match connect_host(info, host, role, options).await {
                Ok(connection) => return Ok(connection),
                Err(error) if goes_on(&error) => failures.push(error),
                Err(error) => return Err(error),
            }
        }
    }
    Err(merge(failures))
}

async fn connect_host(
    info: &ConnInfo,
    host: &Host,
    role: Role,
    options: &str,
) -> Result<Connection, PgError> {
    let resolving = bounded(info, host, async {
        Endpoint::resolve(host).await.map_err(|error| {
            let (reason, hint) = info.dial_failure(host, &error);
            PgError::Connect {
                to: host.to_string(),
                reason,
                hint,
            }
        })
    });
    let mut endpoints = resolving.await?;
    if info.load_balance == LoadBalance::Random {
        shuffle(&mut endpoints);
    }
    let mut failures = Vec::new();
    for endpoint in &endpoints {
        let attempt = bounded(info, host, async {
            let mut connection = connect_endpoint(info, host, endpoint, options).await?;
            fits(&mut connection, role).await?;
            Ok(connection)
        });
        match attempt.await {
            Ok(connection) => return Ok(connection),
            Err(error) if goes_on(&error) => failures.push(error),
            Err(error) => return Err(error),
        }
    }
    Err(merge(failures))
}

/// Tries the encryptions that sslmode allows, in its order.
async fn connect_endpoint(
    info: &ConnInfo,
    host: &Host,
    endpoint: &Endpoint,
    options: &str,
) -> Result<Connection, PgError> {
    let mut last = None;
    for &encryption in encryptions(info.ssl.mode, endpoint) {
        let attempt = Attempt {
            info,
            host,
            endpoint,
            encryption,
            options,
        };
        match attempt.connect().await {
            Ok(connection) => return Ok(connection),
            Err(error) if other_encryption_may_do(&error, encryption) => last = Some(error),
            // Of two failures the first says what was wanted.
            Err(error) => return Err(last.unwrap_or(error)),
        }
    }
    Err(last.unwrap_or_else(|| PgError::Invalid("No way to connect was left".to_owned())))
}

/// `pg_hba.conf` may have a line for the one and not for the other; and a handshake may
/// fail where plain text would not. A wrong password is wrong either way, and is not
/// sent again in the clear.
fn other_encryption_may_do(error: &PgError, tried: Encryption) -> bool {
    match error {
        PgError::Server(error) => error.sqlstate == "28000",
        PgError::Tls { .. } | PgError::Closed { .. } => tried == Encryption::IfOffered,
        _ => false,
    }
}

async fn bounded<T>(
    info: &ConnInfo,
    host: &Host,
    work: impl Future<Output = Result<T, PgError>>,
) -> Result<T, PgError> {
    let Some(limit) = info.connect_timeout else {
        return work.await;
    };
    match tokio::time::timeout(limit, work).await {
        Ok(result) => result,
        Err(_) => Err(PgError::Connect {
            to: host.to_string(),
            reason: format!("no answer within {} s", limit.as_secs_f64()),
            hint: Some(
                "Check the network, security groups and firewalls between here and there; connect_timeout sets the limit."
                    .to_owned(),
            ),
        }),
    }
}

/// Whether the next host is worth trying: this one could not be reached, is not ready,
/// or is not what was asked for. A refusal to let us in is final.
fn goes_on(error: &PgError) -> bool {
    match error {
        PgError::Connect { .. }
        | PgError::Closed { .. }
        | PgError::Timeout { .. }
        | PgError::Protocol { .. } => true,
        PgError::Server(error) => error.sqlstate == "57P03",
        _ => false,
    }
}

/// One error for everything that was tried.
fn merge(mut failures: Vec<PgError>) -> PgError {
    if failures.len() == 1 {
        return failures.remove(0);
    }
    // A server that is starting up is the best of the failures: it can be waited for.
    if let Some(at) = failures.iter().position(|f| f.sqlstate() == Some("57P03")) {
        return failures.remove(at);
    }
    let mut places = Vec::new();
    let mut reasons = Vec::new();
    let mut first_hint = None;
    for failure in failures {
        match failure {
            PgError::Connect { to, reason, hint } => {
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
                if !places.contains(&to) {
                    places.push(to);
                }
                first_hint = first_hint.or(hint);
            }
            other => reasons.push(other.to_string()),
        }
    }
    PgError::Connect {
        to: places.join(", "),
        reason: reasons.join("; "),
        hint: first_hint,
    }
}

/// Whether the server is what `target_session_attrs` asks for.
async fn fits(connection: &mut Connection, role: Role) -> Result<(), PgError> {
    let (asked, found) = match role {
        Role::Any => return Ok(()),
        Role::ReadWrite => ("read-write", !is_read_only(connection).await?),
        Role::ReadOnly => ("read-only", is_read_only(connection).await?),
        Role::Primary => ("primary", !is_standby(connection).await?),
        Role::Standby => ("standby", is_standby(connection).await?),
    };
    if found {
        return Ok(());
    }
    Err(PgError::Connect {
        to: connection.at().to_owned(),
        reason: format!("the server is not what target_session_attrs={asked} asks for"),
        hint: None,
    })
}

/// Servers from 14 on report both settings by themselves; older ones are asked.
async fn is_standby(connection: &mut Connection) -> Result<bool, PgError> {
    if let Some(value) = connection.parameter("in_hot_standby") {
        return Ok(value == "on");
    }
    let rows = connection
        .query("SELECT pg_catalog.pg_is_in_recovery()", &[])
        .await?;
    Ok(rows.first().is_some_and(|row| row.is_true(0)))
}

async fn is_read_only(connection: &mut Connection) -> Result<bool, PgError> {
    if let (Some(standby), Some(read_only)) = (
        connection.parameter("in_hot_standby"),
        connection.parameter("default_transaction_read_only"),
    ) {
        return Ok(standby == "on" || read_only == "on");
    }
    let rows = connection.query("SHOW transaction_read_only", &[]).await?;
    Ok(rows.first().is_some_and(|row| row.get(0) == Some("on")))
}
