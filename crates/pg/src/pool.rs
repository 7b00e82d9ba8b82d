use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use deadpool::managed::{self, Metrics, Object, PoolError, QueueMode, RecycleError, RecycleResult};

use crate::conninfo::{ConnInfo, SessionAttrs};
use crate::error::PgError;
use crate::settings::{CONNECTION_CHECK_SINCE, DATE_STYLE, Setting, means_the_same, pinned, startup_options};
use crate::target::{Limits, Target};
use crate::wire::{Connection, RunEnd, Sink, Step};

/// A connection that rested longer is asked whether it still leads anywhere: a network
/// that went away says nothing by itself.
const PING_AFTER: Duration = Duration::from_secs(30);
/// A connection that rested longer is closed.
const REST_MAX: Duration = Duration::from_secs(600);

pub(crate) type Pool = managed::Pool<Manager>;

/// Makes, resets and checks the connections of one target.
pub(crate) struct Manager {
    conninfo: ConnInfo,
    limits: Limits,
    /// Index into [`WAYS`] of what this server accepted last.
    way: AtomicU8,
    /// What `DateStyle` has to be set to where the database prefers another than ISO.
    date_style: OnceLock<String>,
}

/// How the pinned settings reach a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// All in the startup packet.
    Startup,
    /// All but the check of the connection, which servers before 14, and some systems, lack.
    StartupWithoutCheck,
    /// With each pipeline: a pooler in between refuses settings in the startup packet.
    Pipeline,
}

const WAYS: [Way; 3] = [Way::Startup, Way::StartupWithoutCheck, Way::Pipeline];

/// A connection in a pool, with what is known of its session.
pub(crate) struct Pooled {
    connection: Connection,
    settings: Vec<Setting>,
    /// Statements may reach a different server process each time.
    shared: bool,
}

pub(crate) fn new(conninfo: &ConnInfo, limits: &Limits) -> Result<Pool, PgError> {
    let manager = Manager {
        conninfo: conninfo.clone(),
        limits: limits.clone(),
        way: AtomicU8::new(0),
        date_style: OnceLock::new(),
    };
    managed::Pool::builder(manager)
        .max_size(limits.pool_size.max(1))
        .queue_mode(QueueMode::Lifo)
        .wait_timeout(Some(Duration::from_millis(limits.pool_wait_ms)))
        .runtime(deadpool::Runtime::Tokio1)
        .build()
        .map_err(|error| PgError::Invalid(error.to_string()))
}

/// Takes a session out of `pool` for `target`.
pub(crate) async fn session(pool: &Pool, target: &Arc<Target>) -> Result<Session, PgError> {
    pool.retain(|_, metrics| metrics.last_used() < REST_MAX);
    match pool.get().await {
        Ok(object) => Ok(Session {
            object,
            target: Arc::clone(target),
        }),
        Err(PoolError::Backend(error)) => Err(error),
        Err(PoolError::Timeout(_)) => Err(PgError::Busy {
            target: target.name.clone(),
            size: pool.status().max_size,
            after: Duration::from_millis(target.limits.pool_wait_ms),
        }),
        Err(error) => Err(PgError::Invalid(format!(
            "The pool of connections failed: {error}"
        ))),
    }
}

impl Manager {
    async fn connect(&self) -> Result<Pooled, PgError> {
        let first = usize::from(self.way.load(Ordering::Relaxed)).min(WAYS.len() - 1);
        let mut refusal = None;
        for (index, way) in WAYS.iter().enumerate().skip(first) {
            let date_style = self.date_style.get().map_or(DATE_STYLE, String::as_str);
            let settings = pinned(&self.limits, date_style, *way == Way::Startup);
            let options = match way {
                Way::Pipeline => String::new(),
                _ => startup_options(&settings),
            };
            match Connection::connect_with(&self.conninfo, &options).await {
                Ok(connection) => {
                    if *way != Way::Pipeline && self.learn_date_style(&connection) {
                        return Box::pin(self.connect()).await;
                    }
                    let pooled = self.examine(connection, settings, *way).await?;
                    let way = u8::try_from(index).unwrap_or(0);
                    self.way.store(way, Ordering::Relaxed);
                    return Ok(pooled);
                }
                Err(error) if refuses_options(&error) => refusal = Some(error),
                // Without our settings it fails as well: the cause is not among them.
                Err(error) => return Err(error),
            }
        }
        Err(refusal.unwrap_or_else(|| PgError::Invalid("No way to connect was left".to_owned())))
    }

    /// Whether the database prints dates in another style, so that a new connection has to
    /// say ISO, in the order of day and month that the database is set to.
    fn learn_date_style(&self, connection: &Connection) -> bool {
        let Some(shown) = connection.parameter("DateStyle") else {
            return false;
        };
        let (style, order) = shown.split_once(", ").unwrap_or((shown, "MDY"));
        style != DATE_STYLE && self.date_style.set(format!("{DATE_STYLE}, {order}")).is_ok()
    }

    /// Learns whether the session is ours alone, and whether the settings hold.
    async fn examine(
        &self,
        mut connection: Connection,
        settings: Vec<Setting>,
        way: Way,
    ) -> Result<Pooled, PgError> {
        let names: Vec<Option<&str>> = settings.iter().map(|s| Some(s.name)).collect();
        let shown: Vec<String> = (1..=names.len())
            .map(|n| format!("pg_catalog.current_setting(${n}, true)"))
            .collect();
        let sql = format!("SELECT pg_catalog.pg_backend_pid(), {}", shown.join(", "));
        let rows = connection.query(&sql, &names).await?;
        let row = rows.first();
        // A pooler hands out process numbers of its own.
        let shared = row.and_then(|row| row.parse::<i32>(0)) != Some(connection.backend_pid());
        let hold = settings.iter().enumerate().all(|(index, setting)| {
            row.and_then(|row| row.get(index + 1))
                .is_some_and(|shown| means_the_same(&setting.value, shown))
        });
        connection.forget_use();
        if !shared && hold && way != Way::Pipeline {
            return Ok(Pooled {
                connection,
                settings: Vec::new(),
                shared,
            });
        }
        let checks = connection.version_num() >= CONNECTION_CHECK_SINCE && way != Way::StartupWithoutCheck;
        Ok(Pooled {
            connection,
            settings: pinned(&self.limits, DATE_STYLE, checks),
            shared,
        })
    }

    /// Whether a standby has been promoted, or a primary become a standby, since.
    fn has_turned(&self, connection: &Connection) -> bool {
        let standby = match connection.parameter("in_hot_standby") {
            Some(value) => value == "on",
            None => return false,
        };
        match self.conninfo.session_attrs {
            SessionAttrs::ReadWrite | SessionAttrs::Primary => standby,
            SessionAttrs::Standby => !standby,
            SessionAttrs::Any | SessionAttrs::ReadOnly | SessionAttrs::PreferStandby => false,
        }
    }
}

/// Errors by which servers and poolers turn down what a startup packet asks for:
/// unknown settings, values that do not fit, parameters that a pooler does not know.
fn refuses_options(error: &PgError) -> bool {
    matches!(
        error.sqlstate(),
        Some("42704" | "22023" | "08P01" | "0A000" | "42501" | "55P02" | "42601")
    )
}

impl managed::Manager for Manager {
    type Type = Pooled;
    type Error = PgError;

    async fn create(&self) -> Result<Pooled, PgError> {
        // On the heap, as all below: what is rare should not make the future of every call large.
        Box::pin(self.connect()).await
    }

    async fn recycle(&self, pooled: &mut Pooled, metrics: &Metrics) -> RecycleResult<PgError> {
        let connection = &mut pooled.connection;
        connection.settle().await.map_err(RecycleError::Backend)?;
        if connection.is_closed() || self.has_turned(connection) {
            return Err(RecycleError::message("the connection is no longer of use"));
        }
        if metrics.last_used() > PING_AFTER {
            Box::pin(connection.ping()).await.map_err(RecycleError::Backend)?;
        }
        Ok(())
    }
}

/// A connection of a target's pool, for one caller at a time. When it is dropped, the
/// session is reset for the next one; if a call on it was given up half-way, the
/// statement is cancelled on the server and the connection closed.
pub struct Session {
    object: Object<Manager>,
    target: Arc<Target>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("target", &self.target.name)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Puts a new connection in the place of one that has ended.
    ///
    /// # Errors
    /// As connecting fails; the session is of no use then.
    pub(crate) async fn renew(&mut self) -> Result<(), PgError> {
        let Some(pool) = Object::pool(&self.object) else {
            return Err(PgError::Invalid("The pool of connections is gone".to_owned()));
        };
        *self.object = Box::pin(pool.manager().connect()).await?;
        Ok(())
    }

    /// What it is a session of.
    pub fn target(&self) -> &Arc<Target> {
        &self.target
    }

    /// Whether the pinned settings are not in force by themselves, and have to be set with
    /// `SET LOCAL` in every transaction: see [`Session::pinned_settings`].
    pub fn settings_in_pipeline(&self) -> bool {
        !self.pinned_settings().is_empty()
    }

    /// The settings to set in every transaction; empty where the session has them by itself.
    pub fn pinned_settings(&self) -> &[Setting] {
        &self.object.settings
    }

    /// Whether a pooler is in between, so that each transaction may reach another server process.
    pub fn is_shared(&self) -> bool {
        self.object.shared
    }

    /// [`Connection::run`] as the last call of this session, for steps that begin a
    /// transaction and leave it open: it is rolled back, and the session reset, by what is
    /// sent along with the steps and not waited for. Saves the write and the wait that a
    /// `ROLLBACK` and the reset on dropping would cost.
    pub async fn run_last(&mut self, steps: &[Step<'_>], sink: &mut dyn Sink) -> Result<RunEnd, PgError> {
        let discard = !self.is_shared();
        self.object.connection.run_last(steps, sink, discard).await
    }

    /// [`Session::run_last`] for one statement in the simple protocol, which leaves its `$1`…
    /// without values. It must have been parsed as one statement in this transaction.
    pub(crate) async fn simple_last(&mut self, sql: &str, sink: &mut dyn Sink) -> Result<RunEnd, PgError> {
        let discard = !self.is_shared();
        self.object.connection.simple_last(sql, sink, discard).await
    }
}

impl Deref for Session {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.object.connection
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.object.connection
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let discard = !self.object.shared;
        let connection = &mut self.object.connection;
        if connection.is_busy() {
            // The pool throws it away when it comes across it.
            connection.leave();
        } else {
            connection.send_reset(discard);
        }
    }
}
