//! Running scripts as their runner would: transactions, failures, what comes after a commit.

use std::collections::BTreeSet;
use std::time::Duration;

use howdah_pg::{Connection, Flow, PgError, RowView, ServerError, Sink, Step, Transaction};

use howdah_sql::RelationName;

use super::elsewhere::Violated;
use super::known_values::Subject;
use super::outcome::Look;
use super::statement::{Mode, Sentence};
use super::{Options, Rehearsal, StatementOutcome};
use crate::clients::{Clients, Scope};
use crate::plans::take_plans;
use crate::trace::{Oid, State};
use crate::{Debris, Effects, Failure, LockMode, RehearseError, Schema, ScratchDatabase, Unit, Wrapping};

/// How many notices of one statement are kept: its plans are among them.
const NOTICES: (usize, usize) = (100_000, 64 << 20);
/// Notices that are handed on for one statement.
const NOTICES_SHOWN: usize = 10;

/// A rehearsal under way.
pub(super) struct Run {
    pub(super) database: ScratchDatabase,
    pub(super) options: Options,
    pub(super) connection: Connection,
    /// Before the script.
    pub(super) start: State,
    /// Now.
    pub(super) state: State,
    /// The number of the last transaction.
    transaction: u32,
    /// The runner's transaction that is open, by the runner's number.
    runner: Option<u32>,
    /// Whether the script has committed anything.
    committed: bool,
    /// Tables that this transaction has written anew, and of which the planner
    /// so knows nothing any more.
    rewritten: BTreeSet<Oid>,
    pub(super) outcomes: Vec<StatementOutcome>,
    /// The first of `outcomes` that belongs to no transaction that is committed.
    uncommitted: usize,
    /// Savepoints of the open transaction, each with the number of outcomes before it.
    savepoints: Vec<(String, usize)>,
    /// The constraint that the last statement violated, if it did.
    pub(super) violated: Option<Violated>,
    /// What each of `outcomes` is about.
    pub(super) subjects: Vec<Subject>,
    pub(super) clients: Option<Clients>,
    /// Roles that no script creates and that were made up, as there is no target.
    pub(super) made_up: BTreeSet<String>,
    /// Whether the script that runs is judged.
    pub(super) is_judged: bool,
    /// What limits every script's result.
    pub(super) common_notes: Vec<String>,
    /// What limits the result of the script that runs.
    notes: Vec<String>,
}

impl Run {
    pub(super) async fn start(
        mut database: ScratchDatabase,
        options: &Options,
    ) -> Result<Self, RehearseError> {
        if database.role.is_empty() {
            let schema = Schema {
                database: database.name.clone(),
                ..Schema::default()
            };
            database.build(&schema).await?;
        }
        let mut common_notes = database.notes.clone();
        common_notes.extend(database.note.clone());
        let connection = connect(&database).await?;
        Ok(Self {
            database,
            options: options.clone(),
            connection,
            start: State::default(),
            state: State::default(),
            transaction: 0,
            runner: None,
            committed: false,
            rewritten: BTreeSet::new(),
            outcomes: Vec::new(),
            uncommitted: 0,
            savepoints: Vec::new(),
            violated: None,
            subjects: Vec::new(),
            clients: None,
            made_up: BTreeSet::new(),
            is_judged: false,
            common_notes,
            notes: Vec::new(),
        })
    }

    /// Before a script that is judged.
    pub(super) async fn begin(&mut self) -> Result<(), RehearseError> {
        self.transaction = 0;
        self.runner = None;
        self.committed = false;
        self.rewritten.clear();
        self.uncommitted = 0;
        self.savepoints.clear();
        self.subjects.clear();
        self.notes.clear();
        self.database.pretend_rows(&self.options.statistics).await?;
        if self.options.clients {
            // The database is copied, and must be left for that.
            self.connection = self.database.server.connect("template1").await?;
            let is_first = self.clients.take().is_none();
            if is_first {
                self.database.make_public_role().await?;
            }
            self.clients = Some(Clients::of(&self.database, &self.options.statistics).await?);
        }
        // What an earlier script has set for its session is none of this one's business.
        self.connection = connect(&self.database).await?;
        self.start = self.look().await?;
        self.state = self.start.clone();
        self.is_judged = true;
        Ok(())
    }

    /// Runs the script that is judged.
    pub(super) async fn script(&mut self, units: &[Unit]) -> Result<(), RehearseError> {
        for unit in units {
            self.enter(unit.transaction).await?;
            self.unit(unit).await?;
        }
        self.leave_runner().await?;
        if self.connection.transaction() != Transaction::Idle {
            if let Some(last) = self.outcomes.last_mut() {
                last.effects.debris.push(Debris::OpenTransaction);
            }
            self.end_open().await?;
        }
        if self.committed {
            self.try_clients(0, true).await?;
            self.hold_against_statistics().await?;
        }
        Ok(())
    }

    /// What limits every script's result.
    pub(super) fn common_notes(&self) -> &[String] {
        &self.common_notes
    }

    /// What the script did that was just run.
    pub(super) fn finish(&mut self) -> Rehearsal {
        let mut notes = self.common_notes.clone();
        notes.append(&mut self.notes);
        Rehearsal {
            major: u16::try_from(self.connection.version_num() / 10_000).unwrap_or_default(),
            statements: std::mem::take(&mut self.outcomes),
            notes,
        }
    }

    async fn unit(&mut self, unit: &Unit) -> Result<(), RehearseError> {
        let sentence = Sentence::of(&unit.sql);
        let mode = match (self.connection.transaction(), sentence.controls_transaction()) {
            (_, true) => Mode::Plain,
            (Transaction::Idle, _) if sentence.runs_in_transaction() => Mode::Own,
            (Transaction::Idle, _) => Mode::Plain,
            _ => Mode::Within,
        };
        let lock_timeout_ms = self.lock_timeout().await?;
        let mut outcome = self.execute(&sentence, mode).await?;
        while let Some(role) = outcome
            .failure
            .as_ref()
            .and_then(|failure| self.role_to_make_up(failure))
        {
            self.make_up(&role).await?;
            outcome = self.execute(&sentence, mode).await?;
        }
        let (touches, notices) = take_plans(self.connection.take_notices());
        if let Some(failure) = outcome.failure.clone()
            && self.lacks_rows(&sentence, &failure, &touches).await?
        {
            self.notes.push(format!(
                "Whether this fails depends on the target's rows, which a rehearsal has not: {} ({}).",
                unit.sql.chars().take(80).collect::<String>(),
                failure.message
            ));
            outcome.failure = None;
            outcome.committed |= mode == Mode::Own;
        }
        let look = Look {
            start: &self.start,
            before: &outcome.before,
            after: &outcome.after,
            touches: &touches,
            rewritten: &self.rewritten,
            sentence: &sentence,
            statistics: &self.options.statistics,
            plain: mode == Mode::Plain && outcome.failure.is_none(),
        };
        // What comes back with a ROLLBACK is not made anew.
        let (mut effects, rewrites) = match sentence.rolls_back() {
            true => (Effects::default(), BTreeSet::new()),
            false => (look.effects(), look.rewrites()),
        };
        self.rewritten.extend(rewrites);
        effects.failure = outcome.failure.clone();
        if effects.failure.is_some() && self.committed {
            effects.debris.push(Debris::HalfApplied);
        }
        self.subjects.push(Subject::of(&sentence));
        self.outcomes.push(StatementOutcome {
            span: unit.span.clone(),
            effects,
            transaction: outcome.transaction,
            lock_timeout_ms,
            notices: notices
                .into_iter()
                .take(NOTICES_SHOWN)
                .map(|notice| notice.message)
                .collect(),
        });
        self.state = outcome.after;
        if outcome.committed {
            self.after_commit().await?;
        }
        Ok(())
    }

    /// Opens and closes the runner's transactions, as the next unit wants it.
    pub(super) async fn enter(&mut self, wanted: Wrapping) -> Result<(), RehearseError> {
        let wanted = match wanted {
            Wrapping::Autocommit => None,
            Wrapping::Transaction(number) => Some(number),
        };
        if self.runner == wanted {
            return Ok(());
        }
        self.leave_runner().await?;
        if wanted.is_some() {
            self.end_open().await?;
            self.batch("BEGIN").await?;
            self.transaction += 1;
            self.runner = wanted;
        }
        Ok(())
    }

    /// Commits the runner's transaction, if one is open.
    pub(super) async fn leave_runner(&mut self) -> Result<(), RehearseError> {
        if self.runner.take().is_none() {
            return Ok(());
        }
        match self.connection.transaction() {
            Transaction::Open => {
                let failure = self.run("COMMIT").await?;
                let failed = failure.is_some();
                if let (Some(failure), Some(last)) = (failure, self.outcomes.last_mut()) {
                    last.effects.failure.get_or_insert(failure);
                }
                match failed {
                    true => self.end_open().await,
                    false => self.after_commit().await,
                }
            }
            Transaction::Failed => self.end_open().await,
            Transaction::Idle => Ok(()),
        }
    }

    /// Rolls back whatever is open.
    pub(super) async fn end_open(&mut self) -> Result<(), RehearseError> {
        if self.connection.transaction() != Transaction::Idle {
            self.batch("ROLLBACK").await?;
            self.rewritten.clear();
            self.uncommitted = self.outcomes.len();
            if self.is_judged {
                self.state = self.look().await?;
            }
        }
        Ok(())
    }

    async fn after_commit(&mut self) -> Result<(), RehearseError> {
        if !self.is_judged {
            return Ok(());
        }
        self.committed = true;
        if !std::mem::take(&mut self.rewritten).is_empty() {
            self.database.pretend_rows(&self.options.statistics).await?;
        }
        self.state.locks.clear();
        self.savepoints.clear();
        let first = std::mem::replace(&mut self.uncommitted, self.outcomes.len());
        self.try_clients(first, false).await
    }

    /// Finds what the statements from `first` on, which are now committed, have
    /// broken, and charges it to the one that has most to do with it.
    async fn try_clients(&mut self, first: usize, all: bool) -> Result<(), RehearseError> {
        let this = first..self.outcomes.len();
        if !self.subjects[first..].iter().any(|subject| subject.noticed) {
            return Ok(());
        }
        let touched = self
            .start
            .relations
            .iter()
            .filter(|(_, relation)| this.clone().any(|number| self.concerns(number, &relation.name)));
        let touched: BTreeSet<Oid> = touched.map(|(oid, _)| *oid).collect();
        let noticed = self.subjects[first..].iter().filter(|subject| subject.noticed);
        let texts: Vec<&str> = noticed.map(|subject| subject.text.as_str()).collect();
        let scope = Scope {
            touched: &touched,
            reaches_far: self.subjects[first..].iter().any(|subject| subject.reaches_far),
            texts: &texts,
            all,
        };
        let Some(clients) = &mut self.clients else {
            return Ok(());
        };
        for (oid, broken) in clients.check(&self.start, scope).await? {
            let name = self.start.relations.get(&oid).map(|relation| &relation.name);
            let noticed = |number: &usize| self.subjects[*number].noticed;
            let concerned = name.and_then(|name| {
                this.clone()
                    .rev()
                    .filter(noticed)
                    .find(|number| self.concerns(*number, name))
            });
            if let Some(number) = concerned.or_else(|| this.clone().rev().find(noticed)) {
                self.outcomes[number].effects.breaks.push(broken);
            }
        }
        Ok(())
    }

    /// Whether a statement has to do with a relation.
    pub(super) fn concerns(&self, number: usize, name: &RelationName) -> bool {
        let locks = &self.outcomes[number].effects.locks;
        locks
            .iter()
            .any(|lock| lock.mode >= LockMode::ShareUpdateExclusive && lock.relation == *name)
            || self.subjects[number].relations.iter().any(|other| {
                other.name == name.name && (other.schema.is_none() || other.schema == name.schema)
            })
    }

    /// Runs one statement and looks at what it did.
    async fn execute(&mut self, sentence: &Sentence<'_>, mode: Mode) -> Result<Executed, RehearseError> {
        match mode {
            Mode::Plain => self.execute_plain(sentence).await,
            Mode::Own => {
                self.batch("BEGIN").await?;
                let before = self.state.after(&mut self.connection).await;
                let before = before.map_err(RehearseError::scratch("looking at the database"))?;
                if let Some(failure) = self.run(sentence.sql).await? {
                    self.batch("ROLLBACK").await?;
                    // A procedure that commits cannot run in a transaction block.
                    if failure.sqlstate == "2D000" {
                        return self.execute_plain(sentence).await;
                    }
                    return Ok(Executed::failed(before, failure, None));
                }
                self.transaction += 1;
                let transaction = Some(self.transaction);
                let after = self.look_at_touched(&before).await?;
                let failure = self.run("COMMIT").await?;
                let committed = failure.is_none();
                if !committed {
                    self.end_open().await?;
                }
                Ok(Executed {
                    before,
                    after,
                    failure,
                    transaction,
                    committed,
                })
            }
            Mode::Within => {
                let before = self.state.after(&mut self.connection).await;
                let before = before.map_err(RehearseError::scratch("looking at the database"))?;
                let transaction = Some(self.transaction);
                let guarded = sentence.may_run_in_subtransaction();
                if guarded {
                    self.batch("SAVEPOINT \"howdah before\"").await?;
                }
                let failure = self.run(sentence.sql).await?;
                match (failure, guarded) {
                    (Some(failure), true) => {
                        self.batch(
                            "ROLLBACK TO SAVEPOINT \"howdah before\"; RELEASE SAVEPOINT \"howdah before\"",
                        )
                        .await?;
                        Ok(Executed::failed(before, failure, transaction))
                    }
                    (Some(failure), false) => {
                        self.end_open().await?;
                        Ok(Executed::failed(before, failure, transaction))
                    }
                    (None, _) => {
                        if guarded {
                            self.batch("RELEASE SAVEPOINT \"howdah before\"").await?;
                        }
                        let after = self.look_at_touched(&before).await?;
                        Ok(Executed {
                            before,
                            after,
                            failure: None,
                            transaction,
                            committed: false,
                        })
                    }
                }
            }
        }
    }

    /// A statement that cannot run in a transaction block, or that opens or ends one.
    async fn execute_plain(&mut self, sentence: &Sentence<'_>) -> Result<Executed, RehearseError> {
        let was = self.connection.transaction();
        let before = self.state.clone();
        let failure = self.run(sentence.sql).await?;
        if self.connection.transaction() == Transaction::Failed {
            self.end_open().await?;
        }
        let is = self.connection.transaction();
        if was == Transaction::Idle && is == Transaction::Open {
            self.transaction += 1;
        }
        let ended = was != Transaction::Idle && is == Transaction::Idle;
        if let Some((name, goes_back)) = sentence.savepoint().filter(|_| failure.is_none()) {
            self.mark(name, goes_back);
        }
        let committed = failure.is_none()
            && match sentence.controls_transaction() {
                true => ended && !sentence.rolls_back(),
                false => is == Transaction::Idle,
            };
        let after = match sentence.controls_transaction() && committed {
            true => before.clone(),
            false => self.look().await?,
        };
        if ended && !committed {
            self.rewritten.clear();
            if failure.is_none() && sentence.rolls_back() {
                self.undo(self.uncommitted);
            }
            self.uncommitted = self.outcomes.len();
        }
        Ok(Executed {
            before,
            after,
            failure,
            transaction: None,
            committed,
        })
    }

    /// Takes note of a savepoint, or goes back to it.
    fn mark(&mut self, name: &str, goes_back: bool) {
        if !goes_back {
            self.savepoints.push((name.to_owned(), self.outcomes.len()));
            return;
        }
        if let Some(at) = self.savepoints.iter().rposition(|(known, _)| known == name) {
            self.undo(self.savepoints[at].1);
            self.savepoints.truncate(at + 1);
        }
    }

    /// The statements from `first` on are taken back: they have locked and worked, and nothing is lost.
    fn undo(&mut self, first: usize) {
        for outcome in self.outcomes.iter_mut().skip(first) {
            outcome.effects.losses.clear();
            outcome.effects.debris.clear();
        }
    }

    async fn lock_timeout(&mut self) -> Result<u64, RehearseError> {
        const SQL: &str = "SELECT (extract(epoch FROM pg_catalog.current_setting('lock_timeout')::interval) * 1000)::bigint";
        let rows = self.connection.query(SQL, &[]).await;
        let rows = rows.map_err(RehearseError::scratch("reading lock_timeout"))?;
        Ok(rows.first().and_then(|row| row.parse(0)).unwrap_or_default())
    }

    pub(super) async fn look(&mut self) -> Result<State, RehearseError> {
        let state = State::of(&mut self.connection).await;
        state.map_err(RehearseError::scratch("looking at the database"))
    }

    async fn look_at_touched(&mut self, before: &State) -> Result<State, RehearseError> {
        let state = before.after(&mut self.connection).await;
        state.map_err(RehearseError::scratch("looking at the database"))
    }

    /// Runs something of our own.
    pub(super) async fn batch(&mut self, sql: &str) -> Result<(), RehearseError> {
        let done = self.connection.batch(sql).await;
        done.map_err(RehearseError::scratch("running the script"))
    }

    /// Runs a statement; the server's refusal is a result.
    pub(super) async fn run(&mut self, sql: &str) -> Result<Option<Failure>, RehearseError> {
        let limit = Duration::from_millis(self.options.statement_timeout_ms);
        let canceller = self.connection.canceller();
        // A script may lift statement_timeout; this it cannot.
        let watch = tokio::spawn(async move {
            tokio::time::sleep(limit).await;
            if let Err(error) = canceller.cancel().await {
                tracing::warn!(%error, "a statement that takes too long could not be stopped");
            }
        });
        let result = self.connection.run(&[Step::silent(sql)], &mut Nothing).await;
        self.violated = None;
        let stopped = watch.is_finished();
        watch.abort();
        match result {
            Ok(_) => Ok(None),
            Err(PgError::Server(error)) if !error.is_fatal() => {
                if stopped && error.sqlstate == "57014" {
                    self.notes.push(format!(
                        "A statement was stopped after {} s on tables without rows, and is not judged: {}",
                        limit.as_secs(),
                        sql.chars().take(80).collect::<String>()
                    ));
                    return Ok(None);
                }
                self.violated = violated(&error);
                Ok(Some(Failure {
                    sqlstate: error.sqlstate.clone(),
                    message: error.message.clone(),
                }))
            }
            Err(PgError::Invalid(why)) => {
                self.notes.push(format!("Not rehearsed: {why}."));
                Ok(None)
            }
            Err(error) => Err(RehearseError::scratch("running the script")(error)),
        }
    }
}

fn violated(error: &ServerError) -> Option<Violated> {
    Some(Violated {
        schema: error.schema.clone()?,
        table: error.table.clone()?,
        constraint: error.constraint.clone()?,
    })
}

async fn connect(database: &ScratchDatabase) -> Result<Connection, RehearseError> {
    let mut connection = database.connect_runner().await?;
    connection.keep_notices(NOTICES.0, NOTICES.1);
    Ok(connection)
}

/// What became of a statement.
struct Executed {
    before: State,
    after: State,
    failure: Option<Failure>,
    transaction: Option<u32>,
    /// Whether what it did, or what it ended, is now there for everybody.
    committed: bool,
}

impl Executed {
    fn failed(before: State, failure: Failure, transaction: Option<u32>) -> Self {
        Self {
            after: before.clone(),
            before,
            failure: Some(failure),
            transaction,
            committed: false,
        }
    }
}

/// Drops what a statement returns.
struct Nothing;

impl Sink for Nothing {
    fn columns(&mut self, _: usize, _: Vec<howdah_pg::Column>) {}

    fn row(&mut self, _: usize, _: &RowView<'_>) -> Flow {
        Flow::Discard
    }
}
