use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use howdah_core::Progress;
use howdah_pg::{Connection, PgError, Session, Target};
use tokio_util::sync::CancellationToken;

use super::attend::{Gives, Heeds};
use super::{Observer, Options};
use crate::journal::{self, Entry, LOCK_CHANGE, LOCK_TABLE, State, StepState, Wanted};
use crate::{ChangeError, Plan, planner, settings};

/// Between two looks whether a server is back or a lock is free.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Settings of the session that carries a change out. Parallel workers would take the
/// processors that the clients need; `row_security` off makes a policy that would hide rows an error;
/// another isolation, as the role's default, would make a batch fail wherever a client wrote.
const SETTINGS: &str = "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = '60s'; \
     SET row_security = off; SET max_parallel_workers_per_gather = 0; SET max_parallel_maintenance_workers = 0; \
     SET synchronous_commit = on; SET default_transaction_isolation = 'read committed'; SET default_transaction_read_only = off";

/// One session that does everything and holds the change's advisory locks: where another
/// howdah has them, this one does nothing.
pub(super) struct Worker {
    pub(super) target: Arc<Target>,
    pub(super) options: Options,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) cancel: CancellationToken,
    pub(super) session: Option<Session>,
    connected: AtomicBool,
    pub(super) id: String,
    plan: Option<Plan>,
    progress: Share,
    /// Whether the role may let ordinary triggers rest (`session_replication_role`).
    pub(super) may_be_replica: Option<bool>,
}

/// What is written to the journal by itself.
pub(super) enum Write {
    /// The change's state, with the error that stopped it.
    State(State, Option<String>),
    /// These steps were not done after all.
    Forget(Range<usize>),
    /// No backfill has come anywhere.
    ForgetPositions,
}

/// Which part of the whole the present step is.
struct Share {
    title: String,
    before: f64,
    part: f64,
    begun: Instant,
}

impl Worker {
    pub(super) fn new(
        target: Arc<Target>,
        options: Options,
        observer: Arc<dyn Observer>,
        cancel: CancellationToken,
    ) -> Self {
        Self {
            target,
            options,
            observer,
            cancel,
            session: None,
            connected: AtomicBool::new(false),
            id: String::new(),
            plan: None,
            progress: Share {
                title: String::new(),
                before: 0.0,
                part: 0.0,
                begun: Instant::now(),
            },
            may_be_replica: None,
        }
    }

    /// A session without any lock. A server that is starting up or gone is waited for.
    pub(super) async fn fresh(&self) -> Result<Session, ChangeError> {
        let until = Instant::now() + self.options.server_patience;
        loop {
            let error = match self.open().await {
                Ok(session) => {
                    self.connected.store(true, Ordering::Relaxed);
                    return Ok(session);
                }
                Err(error) => error,
            };
            if !is_gone(&error) || Instant::now() > until {
                return Err(error.into());
            }
            self.pause(LOOK_AGAIN).await?;
        }
    }

    async fn open(&self) -> Result<Session, PgError> {
        let mut session = Box::pin(self.target.session()).await?;
        if session.is_shared() {
            return Err(PgError::Invalid(
                "A change needs a session of its own; there is a pooler in transaction mode in between. Connect to the server directly."
                    .to_owned(),
            ));
        }
        session.batch(SETTINGS).await?;
        Ok(session)
    }

    /// Makes the session the one that carries out the change: takes the change's lock,
    /// for which it waits while a dead howdah's backend, or a living howdah, has it.
    pub(super) async fn adopt(&mut self, mut session: Session, id: &str) -> Result<(), ChangeError> {
        self.id = id.to_owned();
        let name = format!("SET application_name = 'howdah change {id}'");
        let (class, key) = (LOCK_CHANGE.to_string(), lock_key(id).to_string());
        let mut told = false;
        loop {
            let locked: Result<bool, PgError> = async {
                session.batch(&name).await?;
                let rows = session
                    .query(
                        "SELECT pg_try_advisory_lock($1::int, $2::int)",
                        &[Some(&class), Some(&key)],
                    )
                    .await?;
                Ok(rows.first().is_some_and(|row| row.is_true(0)))
            }
            .await;
            match locked {
                Ok(true) => break,
                Ok(false) => {
                    if !told {
                        self.observer
                            .says("Another session has this change in hand; waiting for it.");
                        told = true;
                    }
                    self.pause(LOOK_AGAIN).await?;
                }
                Err(error) if is_gone(&error) => session = self.fresh().await?,
                Err(error) => return Err(error.into()),
            }
        }
        self.session = Some(session);
        Ok(())
    }

    /// Takes the locks on the plan's tables: no other change may touch them.
    pub(super) async fn lock_tables(&mut self, plan: &Plan) -> Result<(), ChangeError> {
        self.plan = Some(plan.clone());
        for setting in settings::leading(&planner::parse(&plan.script)?)? {
            self.connection().await?.batch(&setting.sql).await?;
        }
        let sql = "SELECT pg_try_advisory_lock($1::int, to_regclass($2)::oid::int) \
                   WHERE to_regclass($2) IS NOT NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks \
                       WHERE pid = pg_backend_pid() AND locktype = 'advisory' AND granted AND objsubid = 2 \
                         AND classid::bigint = $1::bigint AND objid = to_regclass($2)::oid)";
        let class = LOCK_TABLE.to_string();
        for table in plan.tables() {
            let name = table.to_string();
            let until = Instant::now() + Duration::from_secs(10);
            loop {
                let rows = self
                    .connection()
                    .await?
                    .query(sql, &[Some(&class), Some(&name)])
                    .await?;
                if rows.first().is_none_or(|row| row.is_true(0)) {
                    break;
                }
                if Instant::now() > until {
                    return Err(ChangeError::Busy {
                        message: format!("Another change is at work on {name}"),
                    });
                }
                self.pause(LOOK_AGAIN).await?;
            }
        }
        Ok(())
    }

    /// Its connection; anew where it was lost.
    pub(super) async fn connection(&mut self) -> Result<&mut Connection, ChangeError> {
        Ok(self.session().await?)
    }

    /// The session; anew where it was lost.
    pub(super) async fn session(&mut self) -> Result<&mut Session, ChangeError> {
        if self.session.is_none() {
            let session = Box::pin(self.fresh()).await?;
            let id = self.id.clone();
            Box::pin(self.adopt(session, &id)).await?;
            if let Some(plan) = self.plan.take() {
                Box::pin(self.lock_tables(&plan)).await?;
            }
        }
        match &mut self.session {
            Some(session) => Ok(session),
            None => Err(ChangeError::Stopped),
        }
    }

    /// Whether there ever was a session: a server that never answered is not waited for again.
    pub(super) fn was_connected(&self) -> bool {
        self.connected.load(Ordering::Relaxed)
    }

    /// Whether the error says that the session is gone rather than that something is wrong.
    pub(super) fn is_lost(&self, error: &ChangeError) -> bool {
        matches!(error, ChangeError::Pg(error) if is_gone(error))
    }

    /// A session in the place of one that was lost.
    pub(super) async fn reconnect(&mut self, error: &ChangeError) -> Result<(), ChangeError> {
        self.observer
            .says(&format!("The connection was lost ({error}); connecting again."));
        self.session = None;
        self.connection().await?;
        Ok(())
    }

    /// Writes to the journal, again on a new session where it is lost meanwhile.
    pub(super) async fn write(&mut self, id: &str, write: Write) -> Result<(), ChangeError> {
        let until = Instant::now() + self.options.server_patience;
        loop {
            match self.write_once(id, &write).await {
                Err(error) if self.is_lost(&error) && Instant::now() < until => {
                    self.reconnect(&error).await?
                }
                other => return other,
            }
        }
    }

    async fn write_once(&mut self, id: &str, write: &Write) -> Result<(), ChangeError> {
        let connection = self.connection().await?;
        match write {
            Write::State(state, error) => {
                journal::set_state(connection, id, *state, error.as_deref()).await?
            }
            Write::Forget(steps) => {
                let (first, end) = (steps.start.to_string(), steps.end.to_string());
                let sql =
                    "DELETE FROM howdah.steps WHERE change = $1 AND ordinal >= $2::int AND ordinal < $3::int";
                connection
                    .query(sql, &[Some(id), Some(&first), Some(&end)])
                    .await?;
            }
            Write::ForgetPositions => {
                connection
                    .query("DELETE FROM howdah.positions WHERE change = $1", &[Some(id)])
                    .await?;
            }
        }
        Ok(())
    }

    /// What the journal says of the change.
    pub(super) async fn entry(&mut self, id: &str) -> Result<Entry, ChangeError> {
        let found = journal::find(self.connection().await?, id).await;
        let entry = match found {
            Err(error) if self.is_lost(&error) => {
                self.reconnect(&error).await?;
                journal::find(self.connection().await?, id).await?
            }
            found => found?,
        };
        entry.ok_or_else(|| ChangeError::Unknown(id.to_owned()))
    }

    /// Notes a step's state by itself.
    pub(super) async fn note(&mut self, id: &str, step: usize, state: StepState) -> Result<(), ChangeError> {
        let sql = journal::step_sql(id, step, state);
        self.connection().await?.batch(&sql).await?;
        Ok(())
    }

    /// Runs a statement to its end and tells the observer.
    pub(super) async fn execute(&mut self, sql: &str) -> Result<(), ChangeError> {
        self.attended(sql, Gives::Nothing, Heeds::Nobody).await?;
        Ok(())
    }

    /// One value of a query of our own.
    pub(super) async fn value(
        &mut self,
        sql: &str,
        params: &[Option<&str>],
    ) -> Result<Option<String>, ChangeError> {
        let rows = self.connection().await?.query(sql, params).await?;
        Ok(rows.first().and_then(|row| row.get(0).map(str::to_owned)))
    }

    /// Whether an expression is true.
    pub(super) async fn holds(&mut self, expression: &str) -> Result<bool, ChangeError> {
        Ok(self
            .value(&format!("SELECT ({expression})"), &[])
            .await?
            .as_deref()
            == Some("t"))
    }

    /// What stops the change now: a person's wish, or an error for the caller's.
    pub(super) fn stops(&self, wanted: Wanted) -> Result<Option<Wanted>, ChangeError> {
        if self.cancel.is_cancelled() {
            return Err(ChangeError::Stopped);
        }
        Ok(Some(wanted).filter(|wanted| *wanted != Wanted::Run))
    }

    /// Waits, unless the caller wants it to stop.
    pub(super) async fn pause(&self, duration: Duration) -> Result<(), ChangeError> {
        tokio::select! {
            () = tokio::time::sleep(duration) => Ok(()),
            () = self.cancel.cancelled() => Err(ChangeError::Stopped),
        }
    }

    /// Whether the hours in which the caller wants backfills to work are over.
    pub(super) async fn outside_window(&mut self) -> Result<bool, ChangeError> {
        let Some((from, to)) = self.options.window else {
            return Ok(false);
        };
        let now = self
            .value("SELECT to_char(localtime, 'HH24:MI')", &[])
            .await?
            .unwrap_or_default();
        let (hour, minute) = now.split_once(':').unwrap_or(("0", "0"));
        let now =
            time::Time::from_hms(hour.parse().unwrap_or(0), minute.parse().unwrap_or(0), 0).unwrap_or(from);
        let inside = if from <= to {
            from <= now && now < to
        } else {
            now >= from || now < to
        };
        Ok(!inside)
    }

    /// Begins a step's share of the progress.
    pub(super) fn report(&mut self, title: &str, before: f64, part: f64, begun: Instant) {
        self.progress = Share {
            title: title.to_owned(),
            before,
            part,
            begun,
        };
        self.fraction(0.0);
    }

    /// How much of the step is done.
    pub(super) fn fraction(&self, of_step: f64) {
        let fraction = self.progress.before + self.progress.part * of_step.clamp(0.0, 1.0);
        let elapsed = self.progress.begun.elapsed().as_secs_f64();
        let eta_s = (fraction > 0.05 && elapsed > 1.0).then(|| elapsed * (1.0 - fraction) / fraction);
        self.observer.progress(Progress {
            phase: self.progress.title.clone(),
            fraction: Some(fraction),
            eta_s,
        });
    }
}

/// Whether the server, or the way to it, is gone and may come back.
fn is_gone(error: &PgError) -> bool {
    match error {
        PgError::Closed { .. } | PgError::Connect { .. } | PgError::Timeout { .. } | PgError::Busy { .. } => {
            true
        }
        PgError::Server(server) => {
            server.is_fatal() && !matches!(server.sqlstate.as_str(), "28000" | "28P01" | "3D000" | "42501")
                || matches!(server.sqlstate.as_str(), "57P01" | "57P02" | "57P03")
        }
        PgError::Protocol { .. } => true,
        _ => false,
    }
}

/// The key of a change's advisory lock: the first 32 bits of its id.
fn lock_key(id: &str) -> i32 {
    u32::from_str_radix(id.get(..8).unwrap_or("0"), 16)
        .unwrap_or(0)
        .cast_signed()
}
