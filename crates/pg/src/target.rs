use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::conninfo::ConnInfo;
use crate::error::PgError;
use crate::pool::{self, Pool, Session};
use crate::wire::Connection;

/// What agents and the dashboard may do on a target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Queries only.
    #[default]
    ReadOnly,
    /// A person confirms each write.
    Confirm,
    /// Writes without asking.
    ReadWrite,
}

impl Mode {
    /// As `howdah.toml` writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::Confirm => "confirm",
            Self::ReadWrite => "read-write",
        }
    }

    /// Whether writes are possible at all.
    pub fn is_writable(self) -> bool {
        self != Self::ReadOnly
    }
}

impl std::fmt::Display for Mode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What a statement and its result may cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Milliseconds that a statement may run.
    pub statement_timeout_ms: u64,
    /// Milliseconds that it may wait for a lock.
    pub lock_timeout_ms: u64,
    /// Milliseconds that a transaction may stand idle.
    pub idle_in_transaction_timeout_ms: u64,
    /// Rows of a result, where the caller names no number.
    pub max_rows: u32,
    /// Rows of a result, whatever number the caller names.
    pub max_rows_cap: u32,
    /// Bytes kept of a cell.
    pub max_cell_bytes: usize,
    /// Bytes kept of a result.
    pub max_bytes: usize,
    /// Seconds for each attempt to connect, where the URL sets no `connect_timeout`.
    pub connect_timeout_s: u64,
    /// Connections at the same time.
    pub pool_size: usize,
    /// Milliseconds that a call waits for one of them.
    pub pool_wait_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            statement_timeout_ms: 30_000,
            lock_timeout_ms: 5_000,
            idle_in_transaction_timeout_ms: 60_000,
            max_rows: 1_000,
            max_rows_cap: 100_000,
            max_cell_bytes: 64 * 1024,
            max_bytes: 1024 * 1024,
            connect_timeout_s: 10,
            pool_size: 32,
            pool_wait_ms: 10_000,
        }
    }
}

/// Whether the guard may ask the server's analyser what a statement would call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Analyser {
    /// Where names alone do not settle it.
    #[default]
    Auto,
    /// Never: what names do not settle is refused.
    Never,
}

/// What the operator of a target allows beyond what the guard knows to be harmless.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct GuardPolicy {
    /// Functions, as `schema.name` or `schema.name(type, …)`.
    pub allow_functions: Vec<String>,
    /// Extensions all of whose functions are allowed.
    pub allow_extensions: Vec<String>,
    /// Foreign servers whose tables may be read.
    pub allow_foreign_servers: Vec<String>,
    /// Whether the server's analyser is asked.
    pub analyser: Analyser,
}

/// Where a target comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A section of `howdah.toml`.
    Config,
    /// The variable `DATABASE_URL`.
    DatabaseUrl,
    /// The `PG*` variables.
    Environment,
    /// An option of the command line, or a call of `connect_to_database`.
    CommandLine,
    /// A cluster that Howdah made.
    Cluster,
}

/// A named database, what may be done there, and its connections.
pub struct Target {
    /// The name by which it is asked for.
    pub name: String,
    /// How it is reached.
    pub conninfo: ConnInfo,
    /// What agents may do.
    pub mode: Mode,
    /// What statements may cost.
    pub limits: Limits,
    /// What the operator allows.
    pub guard: GuardPolicy,
    /// Where it comes from.
    pub origin: Origin,
    pool: OnceLock<Pool>,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target")
            .field("name", &self.name)
            .field("conninfo", &self.conninfo.to_string())
            .field("mode", &self.mode)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

impl Target {
    /// A target that is read-only, with the default limits. It connects when it is first used.
    pub fn new(name: impl Into<String>, conninfo: ConnInfo, origin: Origin) -> Self {
        Self {
            name: name.into(),
            conninfo,
            mode: Mode::default(),
            limits: Limits::default(),
            guard: GuardPolicy::default(),
            origin,
            pool: OnceLock::new(),
        }
    }

    /// With this mode.
    #[must_use]
    pub fn with_mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// With these limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// With this policy.
    #[must_use]
    pub fn with_guard(self, guard: GuardPolicy) -> Self {
        Self { guard, ..self }
    }

    /// The same server and rules, another database, connections of its own.
    pub(crate) fn for_database(&self, database: &str) -> Self {
        Self {
            name: format!("{}/{database}", self.name),
            conninfo: self.conninfo.with_database(database),
            mode: self.mode,
            limits: self.limits.clone(),
            guard: self.guard.clone(),
            origin: self.origin,
            pool: OnceLock::new(),
        }
    }

    /// A session, from the pool or new. A connection that was lost meanwhile (a restart, a
    /// failover, a terminated backend) is noticed and replaced first.
    pub async fn session(self: &Arc<Self>) -> Result<Session, PgError> {
        let pool = match self.pool.get() {
            Some(pool) => pool,
            None => {
                let made = pool::new(&self.bounded_conninfo(), &self.limits)?;
                self.pool.get_or_init(|| made)
            }
        };
        pool::session(pool, self).await
    }

    /// A connection beside the pool, in which the server's own settings hold and none of ours.
    pub async fn connect(&self) -> Result<Connection, PgError> {
        Connection::connect(&self.bounded_conninfo()).await
    }

    /// The limits of the target hold where the connection string sets none of its own.
    fn bounded_conninfo(&self) -> ConnInfo {
        let conninfo = if self.conninfo.sets_connect_timeout() {
            self.conninfo.clone()
        } else {
            let limit = Duration::from_secs(self.limits.connect_timeout_s);
            self.conninfo.with_connect_timeout(limit)
        };
        conninfo.with_brisk_keepalives()
    }
}
