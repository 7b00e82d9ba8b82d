//! What can be said of a target without changing anything: where it is, how it
//! is reached, and the state of its server right now.

use std::time::Duration;

use howdah_core::{Error, ErrorKind, Report};
use howdah_pg::{Connection, Origin, PgError, Target};
use schemars::JsonSchema;
use serde::Serialize;

const QUERY: &str = include_str!("target_state.sql");

/// A server that has not answered by then is reported as down. Clients wait for
/// the answer, and one dead target must not hide the others.
pub const WITHIN: Duration = Duration::from_millis(1800);

/// A target and the state of its server. Secrets are no part of it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TargetState {
    /// The name by which tools take it.
    pub name: String,
    /// Whether it is used where none is named.
    pub default: bool,
    /// What agents may do on it: `read-only`, `confirm` or `read-write`.
    pub mode: String,
    /// Where it comes from: `howdah.toml`, `DATABASE_URL`, `PG* variables`, `--url` or `cluster`.
    pub origin: String,
    /// `host:port`, or the directory of a socket; one for each host.
    pub hosts: Vec<String>,
    /// The database.
    pub database: String,
    /// The role.
    pub user: String,
    /// Under which limits tools work.
    pub limits: TargetLimits,
    /// Whether the server answers.
    pub state: ServerCondition,
    /// The server, where it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerState>,
    /// What went wrong and what to do about it, where it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Whether a server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServerCondition {
    /// It took the connection and answered.
    Up,
    /// There is no answer from where it should be.
    Down,
    /// It is there, and did not let us in.
    Refused,
}

/// The limits that tools keep on a target.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TargetLimits {
    /// A statement is cancelled after so many milliseconds.
    pub statement_timeout_ms: u64,
    /// So many rows are returned where none are asked for.
    pub max_rows: u64,
    /// A result is cut off after so many bytes.
    pub max_bytes: u64,
}

/// A server that answered.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ServerState {
    /// As the server names it: `15.14 (Debian 15.14-1)`.
    pub version: String,
    /// As a number: 150014.
    pub version_num: u32,
    /// Whether it is a replica, on which nothing can be written.
    pub is_in_recovery: bool,
    /// Protocol and cipher; absent where the connection is not encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<String>,
    /// How many connections it takes.
    pub max_connections: u32,
    /// How many clients are connected to it now.
    pub connections: u32,
    /// Since when it runs.
    pub started_at: String,
}

impl TargetState {
    /// Looks at a target, for at most [`WITHIN`]. Never fails: what goes wrong
    /// is the state.
    pub async fn of(target: &Target, default: bool) -> Self {
        let looked = tokio::time::timeout(WITHIN, server(target)).await;
        let result = looked.unwrap_or_else(|_| {
            Err(PgError::Timeout {
                what: format!("Connecting to target \"{}\"", target.name),
                after: WITHIN,
            })
        });
        let info = &target.conninfo;
        let mut state = Self {
            name: target.name.clone(),
            default,
            mode: target.mode.to_string(),
            origin: origin(target.origin).to_owned(),
            hosts: info.hosts().iter().map(ToString::to_string).collect(),
            database: info.database().to_owned(),
            user: info.user().to_owned(),
            limits: TargetLimits {
                statement_timeout_ms: target.limits.statement_timeout_ms,
                max_rows: u64::from(target.limits.max_rows),
                max_bytes: target.limits.max_bytes as u64,
            },
            state: ServerCondition::Up,
            server: None,
            problem: None,
        };
        match result {
            Ok((server, database, user)) => {
                state.server = Some(server);
                state.database = database;
                state.user = user;
            }
            Err(error) => {
                let error = Error::from(error);
                state.state = condition(&error);
                state.problem = Some(error.to_text());
            }
        }
        state
    }

    /// In a line: `shop: up, PostgreSQL 15.14, read-only`.
    pub fn line(&self) -> String {
        let Some(server) = &self.server else {
            let problem = self.problem.as_deref().unwrap_or("no answer");
            return format!(
                "{}: {}: {}",
                self.name,
                self.state.name(),
                problem.lines().next().unwrap_or_default()
            );
        };
        let replica = if server.is_in_recovery { ", a replica" } else { "" };
        format!(
            "{}: up, database {} as {}, PostgreSQL {}{replica}, {}",
            self.name, self.database, self.user, server.version, self.mode
        )
    }

    /// All of it, for a person, below a heading.
    pub fn report(&self, report: Report) -> Report {
        let report = report.facts(self.facts());
        match &self.problem {
            Some(problem) => report.text(problem),
            None => report,
        }
    }

    fn facts(&self) -> Vec<(String, String)> {
        let mut facts = vec![
            ("State", self.state.name().to_owned()),
            ("Mode", self.mode.clone()),
            ("From", self.origin.clone()),
            ("Host", self.hosts.join(", ")),
            ("Database", self.database.clone()),
            ("User", self.user.clone()),
        ];
        if let Some(server) = &self.server {
            let role = if server.is_in_recovery {
                "replica"
            } else {
                "primary"
            };
            facts.push(("Server", format!("PostgreSQL {}, {role}", server.version)));
            facts.push(("TLS", server.tls.clone().unwrap_or_else(|| "off".to_owned())));
            facts.push((
                "Connections",
                format!("{} of {}", server.connections, server.max_connections),
            ));
            facts.push(("Running since", server.started_at.clone()));
        }
        facts.push((
            "Limits",
            format!(
                "{} ms a statement, {} rows, {}",
                self.limits.statement_timeout_ms,
                self.limits.max_rows,
                howdah_core::human_bytes(self.limits.max_bytes)
            ),
        ));
        facts
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

impl ServerCondition {
    /// A word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Refused => "refused",
        }
    }
}

/// A connection of its own, so that a pool with every connection in use is no
/// reason to call a server down.
async fn server(target: &Target) -> Result<(ServerState, String, String), PgError> {
    let mut connection = Connection::connect(&target.conninfo).await?;
    let encrypted = connection.is_tls();
    let rows = connection.query(QUERY, &[]).await?;
    let row = rows.first().ok_or_else(|| PgError::Protocol {
        at: connection.at().to_owned(),
        reason: "one row was expected, and none came".to_owned(),
    })?;
    let text = |column: usize| row.get(column).unwrap_or_default().to_owned();
    let server = ServerState {
        version: text(0),
        version_num: row.parse(1).unwrap_or_default(),
        is_in_recovery: row.is_true(2),
        tls: encrypted
            .then(|| text(5))
            .map(|tls| if tls.is_empty() { "on".to_owned() } else { tls }),
        max_connections: row.parse(6).unwrap_or_default(),
        connections: row.parse(7).unwrap_or_default(),
        started_at: text(8),
    };
    Ok((server, text(4), text(3)))
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Config => "howdah.toml",
        Origin::DatabaseUrl => "DATABASE_URL",
        Origin::Environment => "PG* variables",
        Origin::CommandLine => "--url",
        Origin::Cluster => "cluster",
    }
}

fn condition(error: &Error) -> ServerCondition {
    match error.kind {
        ErrorKind::Unavailable | ErrorKind::Timeout => ServerCondition::Down,
        _ => ServerCondition::Refused,
    }
}
