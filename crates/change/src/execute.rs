//! Carrying out a plan: step by step, with the journal, whatever is killed meanwhile.

mod analyse;
mod attend;
mod autocommit;
mod backfill;
mod batches;
mod compact;
mod examine;
mod pace;
mod tighten;
mod transaction;
mod undo;
mod worker;

use std::sync::Arc;
use std::time::{Duration, Instant};

use howdah_core::Progress;
use howdah_pg::Target;
use howdah_sql::Script;
use howdah_sql::pg_query::NodeEnum;
use tokio_util::sync::CancellationToken;

use crate::journal::{self, Entry, State, StepState, Wanted};
use crate::plan::Phase;
use crate::{Accepts, Action, ChangeError, Plan};

use attend::Heeds;
use worker::{Worker, Write};

/// What a caller decides about a run.
#[derive(Debug, Clone)]
pub struct Options {
    /// What is removed in the end.
    pub contract: Contract,
    /// How long a lock is tried for before the change gives up, resumable.
    pub lock_patience: Duration,
    /// How long a server that is gone is waited for.
    pub server_patience: Duration,
    /// Hours of the day, in the server's time zone, outside of which no backfill works.
    pub window: Option<(time::Time, time::Time)>,
    /// What a person agrees to beforehand.
    pub accepts: Accepts,
    /// What a caller wants to find again when the change is done: kept with the change that begins.
    pub before: Option<String>,
}

/// What a run removes when everything else is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contract {
    /// Nothing: the change can still be taken back.
    Nothing,
    /// What only a rollback would need, and no client sees.
    WayBack,
    /// That, and the old names that clients may have used so far.
    OldNames,
}

impl Contract {
    /// Whether steps of that phase are carried out.
    fn reaches(self, phase: Phase) -> bool {
        match phase {
            Phase::Expand | Phase::Swap => true,
            Phase::Contract => self != Self::Nothing,
            Phase::Retire => self == Self::OldNames,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            contract: Contract::WayBack,
            lock_patience: Duration::from_secs(600),
            server_patience: Duration::from_secs(60),
            window: None,
            accepts: Accepts::default(),
            before: None,
        }
    }
}

/// Learns what the executor does.
pub trait Observer: Send + Sync {
    /// A statement was executed, or a batch of them; `sql` may contain literals of the script.
    fn executed(&self, sql: &str, rows: Option<u64>, took: Duration, sqlstate: Option<&str>);
    /// How far it has come.
    fn progress(&self, progress: Progress);
    /// Something that a person may want to know: who blocks, what is waited for.
    fn says(&self, message: &str);
}

/// Nobody wants to know.
pub struct Silent;

impl Observer for Silent {
    fn executed(&self, _: &str, _: Option<u64>, _: Duration, _: Option<&str>) {}
    fn progress(&self, _: Progress) {}
    fn says(&self, _: &str) {}
}

/// How a run ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Everything is done.
    Done,
    /// Everything was done before.
    WasDone,
    /// Done but for what a rollback would need, or for old names that clients may still use.
    Expanded,
    /// It waits, as a person wanted.
    Paused,
    /// It was taken back, as a person wanted.
    RolledBack,
}

/// What changes neither schema nor rows of a table, by command tag. Not TRUNCATE: there may be rows by now.
const LOOKS_AFTER: [&str; 5] = [
    "VACUUM",
    "ANALYZE",
    "REINDEX",
    "CLUSTER",
    "REFRESH MATERIALIZED VIEW",
];

/// Whether a script does nothing but that, and so may be wanted again: whatever else is in one is done once.
fn only_looks_after(script: &Script) -> bool {
    script.statements.iter().all(|statement| match statement.node() {
        // It empties what somebody may have filled since.
        NodeEnum::RefreshMatViewStmt(refresh) if refresh.skip_data => false,
        _ => LOOKS_AFTER.contains(&statement.kind().name()),
    })
}

/// How often a server may be lost in one run.
const LOSSES: u32 = 1_000;

/// What is asked of an executor.
#[derive(Clone, Copy)]
enum Work<'a> {
    Script(&'a str),
    Resume(&'a str),
    TakeBack(&'a str),
}

/// Carries out changes on one target.
pub struct Executor {
    target: Arc<Target>,
    options: Options,
    observer: Arc<dyn Observer>,
    cancel: CancellationToken,
}

impl Executor {
    /// For that target. Triggering `cancel` stops it between two batches, resumable.
    pub fn new(
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
        }
    }

    /// Carries out a script: from the start, or, where the journal knows it, from where it stopped.
    pub async fn run(&self, sql: &str) -> Result<(Plan, Ended), ChangeError> {
        self.again(Work::Script(sql)).await
    }

    /// Goes on with a change of the journal.
    pub async fn resume(&self, id: &str) -> Result<(Plan, Ended), ChangeError> {
        self.again(Work::Resume(id)).await
    }

    /// Takes a change back.
    pub async fn rollback(&self, id: &str) -> Result<(Plan, Ended), ChangeError> {
        self.again(Work::TakeBack(id)).await
    }

    /// Begins anew, from the journal, as often as the server is lost.
    async fn again(&self, work: Work<'_>) -> Result<(Plan, Ended), ChangeError> {
        let mut losses = 0;
        loop {
            let mut worker = self.worker();
            let result = match work {
                Work::Script(sql) => Box::pin(self.script(&mut worker, sql)).await,
                Work::Resume(id) => Box::pin(self.known(&mut worker, id, false)).await,
                Work::TakeBack(id) => Box::pin(self.known(&mut worker, id, true)).await,
            };
            match result {
                Err(error) if worker.is_lost(&error) && worker.was_connected() && losses < LOSSES => {
                    losses += 1;
                    self.observer
                        .says(&format!("The connection was lost ({error}); connecting again."));
                    worker.pause(Duration::from_millis(100)).await?;
                }
                other => return other,
            }
        }
    }

    async fn script(&self, worker: &mut Worker, sql: &str) -> Result<(Plan, Ended), ChangeError> {
        let script = crate::planner::parse(sql)?;
        let mut session = worker.fresh().await?;
        let database = session.query("SELECT current_database()", &[]).await?;
        let database = database
            .first()
            .and_then(|row| row.get(0).map(str::to_owned))
            .unwrap_or_default();
        let id = crate::planner::plan_id(&database, &script);
        // The lock first: whoever comes second finds in the journal what the first one did.
        worker.adopt(session, &id).await?;
        let connection = worker.connection().await?;
        let repeats = only_looks_after(&script);
        let entry = match journal::find(connection, &id).await? {
            Some(entry) if entry.state != State::RolledBack && !(repeats && entry.state == State::Done) => {
                entry
            }
            _ => {
                let accepts = self.options.accepts;
                let session = worker.session().await?;
                let plan = Box::pin(crate::planner::plan_accepting(session, sql, accepts)).await?;
                if !plan.refusals.is_empty() {
                    return Err(ChangeError::Refused(
                        plan.refusals.iter().map(|refusal| refusal.text()).collect(),
                    ));
                }
                let found = crate::preflight(worker.connection().await?, &plan).await?;
                for warning in &found.warnings {
                    self.observer.says(warning);
                }
                if !found.stops.is_empty() {
                    return Err(ChangeError::Refused(found.stops));
                }
                let connection = worker.connection().await?;
                journal::create(connection).await?;
                if let Some((other, state)) = journal::rival(connection, &plan).await? {
                    return Err(ChangeError::Busy {
                        message: format!(
                            "The change {other} on the same table is not finished ({state}): resume it or roll it back first"
                        ),
                    });
                }
                journal::begin(connection, &plan, self.options.before.as_deref()).await?;
                journal::find(connection, &id)
                    .await?
                    .ok_or_else(|| ChangeError::Unknown(id.clone()))?
            }
        };
        let plan = entry.plan.clone();
        Ok((plan, Box::pin(self.carry_on(worker, entry)).await?))
    }

    async fn known(&self, worker: &mut Worker, id: &str, back: bool) -> Result<(Plan, Ended), ChangeError> {
        let mut session = worker.fresh().await?;
        if journal::find(&mut session, id).await?.is_none() {
            return Err(ChangeError::Unknown(id.to_owned()));
        }
        worker.adopt(session, id).await?;
        // It may have come further while the lock was waited for.
        let entry = worker.entry(id).await?;
        let plan = entry.plan.clone();
        if back {
            Box::pin(self.take_back(worker, &plan)).await?;
            return Ok((plan, Ended::RolledBack));
        }
        Ok((plan, Box::pin(self.carry_on(worker, entry)).await?))
    }

    fn worker(&self) -> Worker {
        Worker::new(
            Arc::clone(&self.target),
            self.options.clone(),
            Arc::clone(&self.observer),
            self.cancel.clone(),
        )
    }

    /// Takes back what was done before a statement failed that will never succeed; what cannot be taken
    /// back stays as it is, for a person to decide.
    async fn leave_nothing(&self, worker: &mut Worker, plan: &Plan) {
        match Box::pin(self.take_back(worker, plan)).await {
            Ok(()) => self.observer.says(
                "A statement failed that would fail again, so what was done before it has been taken back.",
            ),
            Err(error) => self.observer.says(&format!(
                "What was done before stays as it is: {error}. See it with: howdah change status {}",
                plan.id
            )),
        }
    }

    async fn carry_on(&self, worker: &mut Worker, entry: Entry) -> Result<Ended, ChangeError> {
        let (plan, id) = (entry.plan.clone(), entry.plan.id.clone());
        match entry.state {
            State::Done => return Ok(Ended::WasDone),
            State::RolledBack => return Ok(Ended::RolledBack),
            State::RollingBack => {
                Box::pin(self.take_back(worker, &plan)).await?;
                return Ok(Ended::RolledBack);
            }
            State::Running | State::Paused | State::Failed | State::Expanded => {}
        }
        worker.write(&id, Write::State(State::Running, None)).await?;
        worker.lock_tables(&plan).await?;
        let ended = Box::pin(self.forward(worker, &plan)).await;
        match ended {
            Ok(()) => {}
            Err(Interrupted::Wanted(Wanted::Cancel)) => {
                Box::pin(self.take_back(worker, &plan)).await?;
                return Ok(Ended::RolledBack);
            }
            Err(Interrupted::Wanted(_)) => {
                worker.write(&id, Write::State(State::Paused, None)).await?;
                return Ok(Ended::Paused);
            }
            Err(Interrupted::Failed(error)) => {
                if !matches!(error, ChangeError::Stopped) {
                    // The error itself is what is reported, whether or not the journal can take it.
                    let noted = worker
                        .write(&id, Write::State(State::Failed, Some(error.to_string())))
                        .await;
                    if let Err(error) = noted {
                        tracing::warn!("The journal could not be written: {error}");
                    }
                }
                if is_for_good(&error) {
                    self.leave_nothing(worker, &plan).await;
                }
                return Err(error);
            }
        }
        let contract = self.options.contract;
        let contracted = plan.steps.iter().all(|step| contract.reaches(step.phase));
        let (state, ended) = if contracted {
            (State::Done, Ended::Done)
        } else {
            (State::Expanded, Ended::Expanded)
        };
        worker.write(&id, Write::State(state, None)).await?;
        Ok(ended)
    }

    async fn forward(&self, worker: &mut Worker, plan: &Plan) -> Result<(), Interrupted> {
        let weights: Vec<f64> = plan
            .steps
            .iter()
            .map(|step| 0.05 + step.estimate.seconds_max)
            .collect();
        let total: f64 = weights.iter().sum();
        let begun = Instant::now();
        let mut at = 0;
        let mut repeats = 0;
        while let Some(step) = plan.steps.get(at) {
            if !self.options.contract.reaches(step.phase) {
                break;
            }
            let before: f64 = weights[..at].iter().sum();
            worker.report(&step.title, before / total, weights[at] / total, begun);
            match Box::pin(self.step(worker, plan, at)).await {
                Ok(Stepped::Done) => at += 1,
                Ok(Stepped::Wanted(wanted)) => return Err(Interrupted::Wanted(wanted)),
                // Rows that a check found wrong are filled again, by the statement's backfill.
                Ok(Stepped::Wrong(error)) => {
                    let backfill = plan.steps[..at].iter().rposition(|other| {
                        other.statement == step.statement && matches!(other.action, Action::Backfill(_))
                    });
                    match backfill {
                        Some(back) if repeats < 5 => {
                            repeats += 1;
                            worker.write(&plan.id, Write::Forget(back..at)).await?;
                            at = back;
                        }
                        _ => return Err(error.into()),
                    }
                }
                // The server went away: what the journal knows decides.
                Err(error) if worker.is_lost(&error) => worker.reconnect(&error).await?,
                Err(error) => return Err(error.into()),
            }
        }
        loop {
            match worker.analyse(plan).await {
                Ok(()) => return Ok(()),
                Err(error) if worker.is_lost(&error) => worker.reconnect(&error).await?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Carries out a step, unless the journal says that it is done.
    async fn step(&self, worker: &mut Worker, plan: &Plan, at: usize) -> Result<Stepped, ChangeError> {
        let step = &plan.steps[at];
        let entry = worker.entry(&plan.id).await?;
        if entry.is_done(at) {
            return Ok(Stepped::Done);
        }
        if let Some(wanted) = worker.stops(entry.wanted)? {
            return Ok(Stepped::Wanted(wanted));
        }
        worker.note(&plan.id, at, StepState::Running).await?;
        match &step.action {
            Action::Transaction { lock, statements } => {
                return worker
                    .transaction(plan, at, lock, statements, StepState::Done)
                    .await;
            }
            Action::Autocommit { sql, cleanup } => {
                let proof = step.proof.as_deref();
                if let Some(wanted) = worker.autocommit(sql, cleanup, proof, Heeds::Everybody).await? {
                    return Ok(Stepped::Wanted(wanted));
                }
            }
            Action::Backfill(backfill) => {
                if let Some(wanted) = Box::pin(worker.backfill(plan, at, backfill)).await? {
                    return Ok(Stepped::Wanted(wanted));
                }
            }
            Action::Batches(batches) => {
                if let Some(wanted) = Box::pin(worker.batches(plan, at, batches)).await? {
                    return Ok(Stepped::Wanted(wanted));
                }
            }
            Action::Compact(compact) => {
                if let Some(wanted) = Box::pin(worker.compact(plan, at, compact)).await? {
                    return Ok(Stepped::Wanted(wanted));
                }
            }
            Action::Verify { sql, failure } => match worker.verify(sql, failure).await? {
                Stepped::Done => {}
                other => return Ok(other),
            },
            Action::Check {
                setup,
                sql,
                failure,
                hint,
            } => {
                if let Some(setup) = setup {
                    worker.execute(setup).await?;
                }
                if let Some(wanted) = worker.check(sql, failure, hint).await? {
                    return Ok(Stepped::Wanted(wanted));
                }
            }
        }
        worker.note(&plan.id, at, StepState::Done).await?;
        Ok(Stepped::Done)
    }
}

/// How a step ended well, or nearly so.
enum Stepped {
    Done,
    Wanted(Wanted),
    Wrong(ChangeError),
}

/// Why the steps were not carried out to the end.
enum Interrupted {
    Wanted(Wanted),
    Failed(ChangeError),
}

/// Whether the server's error is in what the script says, so that no other try and no change of rows helps:
/// syntax, names and types (class 42), what it does not support (0A), what depends on it (2B). A right that is
/// missing (42501) can be granted, and the change resumed.
fn is_for_good(error: &ChangeError) -> bool {
    let ChangeError::Pg(error) = error else {
        return false;
    };
    let class = error.sqlstate().and_then(|state| state.get(..2));
    matches!(class, Some("42" | "0A" | "2B")) && error.sqlstate() != Some("42501")
}

impl From<ChangeError> for Interrupted {
    fn from(error: ChangeError) -> Self {
        Self::Failed(error)
    }
}
