//! The read-only guard: nothing from outside reaches a server but through here.
//!
//! A statement is read by PostgreSQL's own grammar (`statement.rs`, `mention.rs`); what
//! it names, and all that this would run in turn, is looked up in the catalog and judged
//! (`judge.rs` and its kin, with the list in `allow/`); where names leave a doubt the
//! server's analyser is asked (`analyser.rs`); and what was found harmless, and no other
//! text, is run in a READ ONLY transaction which is rolled back (`run.rs`). Unsure means
//! refused. Looking and running happen in one transaction of one session, so that both
//! see the same search path, also behind a pooler.

mod allow;
mod analyser;
mod bodies;
mod body;
mod builtins;
mod examine;
mod facts;
mod judge;
mod mention;
mod nodetree;
mod refusal;
mod round;
mod rows;
mod run;
mod statement;
mod stored;
pub mod write;

use std::borrow::Cow;
use std::time::{Duration, Instant};

use howdah_sql::SyntaxError;

pub use refusal::Refusal;
pub use run::Caps;

use builtins::Builtins;
use judge::{Account, Judge, Reader, Reading, STATEMENT, Scope};
use mention::{Call, Mentions};
use run::Capped;
use statement::Candidate;
use stored::When;

use crate::target::Analyser;
use crate::{Notice, PgError, Session, Sink, Transaction};

/// A statement to run.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// One statement.
    pub sql: &'a str,
    /// The values of `$1`… in text; `None` is NULL. The server chooses their types.
    pub params: &'a [Option<&'a str>],
    /// How much of the result is wanted.
    pub caps: Caps,
    /// Milliseconds that it may run; `None` for the target's limit.
    pub timeout_ms: Option<u64>,
}

impl<'a> Query<'a> {
    /// A statement without parameters, with the limits of the session's target.
    pub fn new(sql: &'a str, session: &Session) -> Self {
        let limits = &session.target().limits;
        Self {
            sql,
            params: &[],
            caps: Caps {
                rows: Some(limits.max_rows),
                bytes: limits.max_bytes,
                cell_bytes: limits.max_cell_bytes,
            },
            timeout_ms: None,
        }
    }

    /// With these values for `$1`….
    #[must_use]
    pub fn params(self, params: &'a [Option<&'a str>]) -> Self {
        Self { params, ..self }
    }

    /// With at most so many rows; the target's cap holds nevertheless.
    #[must_use]
    pub fn max_rows(mut self, rows: u32, session: &Session) -> Self {
        self.caps.rows = Some(rows.min(session.target().limits.max_rows_cap));
        self
    }
}

/// What became of a statement that was run.
#[derive(Debug)]
pub struct Guarded {
    /// Rows that reached the sink.
    pub rows: u64,
    /// Whether there were more.
    pub truncated: bool,
    /// The server's command tag, such as `SELECT 3`.
    pub command_tag: String,
    /// What the server had to say meanwhile.
    pub notices: Vec<Notice>,
    /// From the call to the last row.
    pub duration: Duration,
    /// What settled that it is harmless.
    pub settled_by: SettledBy,
}

/// What settled that a statement is harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SettledBy {
    /// The grammar: it names nothing.
    Grammar,
    /// The catalog: whatever its names mean is harmless.
    Catalog,
    /// The server's analyser: what its names mean to the server is harmless.
    Analyser,
    /// Nothing: it is a write, to which somebody consented.
    Consent,
}

/// What the guard thinks of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may be run.
    Harmless(SettledBy),
    /// It may not.
    Refused(Refusal),
}

/// Why a statement was not run, or failed.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// The text is no SQL.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// The statement is not harmless, or cannot be told to be.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The server, or the way to it, failed.
    #[error(transparent)]
    Pg(#[from] PgError),
}

impl From<GuardError> for howdah_core::Error {
    fn from(error: GuardError) -> Self {
        match error {
            GuardError::Syntax(error) => error.into(),
            GuardError::Refused(refusal) => refusal.into(),
            GuardError::Pg(error) => error.into(),
        }
    }
}

/// Runs a statement if it is harmless. Its columns and rows go to `out`, as step 0.
///
/// # Errors
/// A refusal before anything ran; else what the server said. The session is at rest
/// again in each case, and reset when it is dropped. Dropping the future cancels the
/// statement on the server.
pub async fn query(
    session: &mut Session,
    query: &Query<'_>,
    out: &mut dyn Sink,
) -> Result<Guarded, GuardError> {
    let started = Instant::now();
    let candidate = statement::read(query.sql)?;
    let mut opening = run::opening(session, "BEGIN READ ONLY", query.timeout_ms);
    let mut settled_by = SettledBy::Grammar;
    if !candidate.mentions.is_empty() {
        let mut settled = settle(session, &candidate, std::mem::take(&mut opening)).await;
        if is_stale(session, &settled) {
            session.renew().await?;
            let opening = run::opening(session, "BEGIN READ ONLY", query.timeout_ms);
            settled = settle(session, &candidate, opening).await;
        }
        match settled {
            Ok(Ok(by)) => settled_by = by,
            Ok(Err(refusal)) => {
                close(session).await?;
                return Err(refusal.into());
            }
            Err(error) => {
                close(session).await?;
                return Err(error);
            }
        }
    }
    session.take_notices();
    let mut capped = Capped {
        out,
        caps: query.caps,
        step: 0,
        rows: 0,
        bytes: 0,
        truncated: false,
    };
    let mut outcome = execute(session, &candidate, query, &opening, &mut capped).await;
    if settled_by == SettledBy::Grammar && capped.rows == 0 && is_stale(session, &outcome) {
        session.renew().await?;
        let opening = run::opening(session, "BEGIN READ ONLY", query.timeout_ms);
        outcome = execute(session, &candidate, query, &opening, &mut capped).await;
    }
    let (rows, truncated) = (capped.rows, capped.truncated);
    Ok(Guarded {
        rows,
        truncated,
        command_tag: outcome?,
        notices: session.take_notices(),
        duration: started.elapsed(),
        settled_by,
    })
}

/// Whether a connection of the pool had met its end before the statement could begin, so that it is asked on a
/// new one. Once the statement runs, whoever ends the connection may mean the statement: nothing is repeated then.
fn is_stale<T>(session: &mut Session, outcome: &Result<T, GuardError>) -> bool {
    matches!(outcome, Err(GuardError::Pg(error)) if error.is_end_of_connection()) && session.is_closed()
}

async fn execute(
    session: &mut Session,
    candidate: &Candidate<'_>,
    query: &Query<'_>,
    opening: &[String],
    capped: &mut Capped<'_>,
) -> Result<String, GuardError> {
    match candidate.without_values && query.params.is_empty() {
        true => run::run_without_values(session, opening, query.sql, capped).await,
        false => run::run(session, opening, query.sql, query.params, capped).await,
    }
}

/// Judges a statement without running it.
///
/// # Errors
/// As the parser, the catalog or the connection fail; a refusal is no error here.
pub async fn examine(session: &mut Session, sql: &str) -> Result<Verdict, GuardError> {
    let candidate = match statement::read(sql) {
        Ok(candidate) => candidate,
        Err(GuardError::Refused(refusal)) => return Ok(Verdict::Refused(refusal)),
        Err(error) => return Err(error),
    };
    if candidate.mentions.is_empty() {
        return Ok(Verdict::Harmless(SettledBy::Grammar));
    }
    let opening = run::opening(session, "BEGIN READ ONLY", None);
    let verdict = settle(session, &candidate, opening).await;
    close(session).await?;
    match verdict {
        Ok(Ok(by)) => Ok(Verdict::Harmless(by)),
        Ok(Err(refusal)) | Err(GuardError::Refused(refusal)) => Ok(Verdict::Refused(refusal)),
        Err(error) => Err(error),
    }
}

/// Texts that are judged together.
const TOGETHER: usize = 64;

/// Judges many statements without running any, each as [`examine`] does. What several name is looked up once: where
/// nothing speaks against all of them together, nothing does against any, and else it is found by halves.
///
/// # Errors
/// As the connection fails; what fails for one of them stands in its place.
pub async fn examine_all(
    session: &mut Session,
    texts: &[&str],
) -> Result<Vec<Result<Verdict, GuardError>>, GuardError> {
    let mut verdicts: Vec<Option<Result<Verdict, GuardError>>> = Vec::new();
    let mut candidates: Vec<Option<Candidate<'_>>> = Vec::new();
    for text in texts {
        let (verdict, candidate) = match statement::read(text) {
            Ok(candidate) if candidate.mentions.is_empty() => {
                (Some(Ok(Verdict::Harmless(SettledBy::Grammar))), None)
            }
            Ok(candidate) => (None, Some(candidate)),
            Err(GuardError::Refused(refusal)) => (Some(Ok(Verdict::Refused(refusal))), None),
            Err(error) => (Some(Err(error)), None),
        };
        verdicts.push(verdict);
        candidates.push(candidate);
    }
    let open: Vec<usize> = (0..texts.len()).filter(|at| candidates[*at].is_some()).collect();
    let mut groups: Vec<Vec<usize>> = open.chunks(TOGETHER).map(<[usize]>::to_vec).collect();
    while let Some(group) = groups.pop() {
        if let [only] = group.as_slice() {
            verdicts[*only] = Some(match examine(session, texts[*only]).await {
                Err(GuardError::Pg(error)) if session.is_closed() => return Err(error.into()),
                verdict => verdict,
            });
            continue;
        }
        let mentions: Vec<&Mentions> = group
            .iter()
            .filter_map(|at| candidates[*at].as_ref())
            .map(|candidate| &candidate.mentions)
            .collect();
        let opening = run::opening(session, "BEGIN READ ONLY", None);
        let found = by_names(session, &mentions, opening).await;
        close(session).await?;
        match found {
            Ok(Ok(doubts)) if doubts.is_empty() => {
                for at in group {
                    verdicts[at] = Some(Ok(Verdict::Harmless(SettledBy::Catalog)));
                }
            }
            Err(GuardError::Pg(error)) if session.is_closed() => return Err(error.into()),
            // Whatever it is about, it is said of the statement that it is about.
            _ => {
                let (first, second) = group.split_at(group.len() / 2);
                groups.extend([second.to_vec(), first.to_vec()]);
            }
        }
    }
    let unsettled = || Ok(Verdict::Refused(Refusal::new("It could not be judged.")));
    Ok(verdicts
        .into_iter()
        .map(|verdict| verdict.unwrap_or_else(unsettled))
        .collect())
}

/// Turns away a text that would only cost time and memory to parse: comments nested
/// deep, very many statements. Linear; the guard does it by itself.
///
/// # Errors
/// A refusal that says which it is.
pub fn bounded(sql: &str) -> Result<(), Refusal> {
    statement::bounded(sql)
}

/// Why a text cannot be run as a query, where that shows without asking a server.
///
/// # Errors
/// The text is no SQL.
pub fn refusal_of(sql: &str) -> Result<Refusal, GuardError> {
    match statement::read(sql) {
        Err(GuardError::Refused(refusal)) => Ok(refusal),
        Err(error) => Err(error),
        Ok(_) => Ok(Refusal::new("It is not a query that only reads.")),
    }
}

/// What a statement names as a server of another encoding may read it.
fn encoded<'m>(session: &Session, mentions: &'m Mentions) -> Result<Cow<'m, Mentions>, Refusal> {
    if session.parameter("server_encoding") == Some("UTF8") {
        return Ok(Cow::Borrowed(mentions));
    }
    let mut folded = mentions.clone();
    folded.for_other_encoding()?;
    Ok(Cow::Owned(folded))
}

/// Opens the transaction and judges by their names alone what statements name, in it: what speaks against any of them,
/// or why none of them can be judged.
async fn by_names(
    session: &mut Session,
    mentions: &[&Mentions],
    mut opening: Vec<String>,
) -> Result<Result<Vec<judge::Doubt>, Refusal>, GuardError> {
    let target = std::sync::Arc::clone(session.target());
    let key = key(&target);
    if !Builtins::are_fresh(&key) {
        let steps: Vec<crate::Step<'_>> = opening.iter().map(|sql| crate::Step::silent(sql)).collect();
        facts::fetch(session, &steps).await?;
        opening.clear();
    }
    let builtins = Builtins::of(session, &key).await?;
    if let Some(object) = &builtins.replaced {
        let refusal = Refusal::new(format!(
            "The server's own {object} runs code that is not known to be harmless."
        ));
        return Ok(Err(refusal.object(object)));
    }
    let mut judge = Judge::new(builtins, &target.guard, &target.name);
    for mentions in mentions {
        match encoded(session, mentions) {
            Ok(mentions) => judge.mentions(&mentions, Scope::Session, STATEMENT),
            Err(refusal) => return Ok(Err(refusal)),
        }
    }
    judge.settle(session, opening).await?;
    Ok(Ok(judge.finish()))
}

/// Opens the transaction and judges what the candidate names, in it.
async fn settle(
    session: &mut Session,
    candidate: &Candidate<'_>,
    opening: Vec<String>,
) -> Result<Result<SettledBy, Refusal>, GuardError> {
    let doubts = match by_names(session, &[&candidate.mentions], opening).await? {
        Ok(doubts) => doubts,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Some(first) = doubts.first() else {
        return Ok(Ok(SettledBy::Catalog));
    };
    let target = std::sync::Arc::clone(session.target());
    let mentions = match encoded(session, &candidate.mentions) {
        Ok(mentions) => mentions,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let by_text = |call: &&Call| call.name.name.starts_with("pg_input_");
    let types_in_text = mentions.calls.iter().any(|call| by_text(&call));
    let constant_types = mentions
        .calls
        .iter()
        .filter(by_text)
        .all(|call| call.constant_type);
    // A modifier is read with whatever literal names its type, and speaks against the statement in any case.
    let hopeless = doubts
        .iter()
        .any(|doubt| doubt.certain || doubt.account == Account::Modifier)
        || reading_runs_code(&doubts, &mentions)
        || target.guard.analyser == Analyser::Never
        // Its answer is a notice, and none comes through a service.
        || target.conninfo.is_bridged();
    let Some(sql) = candidate.analysed.filter(|_| !hopeless) else {
        return Ok(Err(first.refusal.clone()));
    };
    let builtins = Builtins::of(session, &key(&target)).await?;
    let found = analyser::analyse(session, sql, &[]).await?;
    // First by the names in bodies alone, which asks the analyser nothing more.
    for ask_for_bodies in [false, true] {
        let mut judge = Judge::new(std::sync::Arc::clone(&builtins), &target.guard, &target.name);
        judge.exact = true;
        judge.constant_types = constant_types;
        judge.open_bodies = ask_for_bodies.then(Vec::new);
        judge.references(&found, When::Runs, Reading::Rewritten, STATEMENT);
        if types_in_text {
            // Those that are named in text are not in the tree.
            let names = mentions.types.iter();
            judge
                .wants
                .type_names
                .extend(names.map(|name| (name.clone(), Scope::Session, STATEMENT)));
        }
        for name in &mentions.targets {
            judge
                .wants
                .relation_names
                .insert((name.clone(), Scope::Session, Reading::Planned, STATEMENT));
        }
        judge.settle(session, Vec::new()).await?;
        let mut asked = 0;
        while let Some((function, via)) = judge.open_bodies.as_mut().and_then(Vec::pop) {
            asked += 1;
            let found = match asked <= BODIES_MAX {
                true => bodies::analyse(session, &builtins, &function).await?,
                false => None,
            };
            match found {
                Some(found) => judge.references(&found, When::Runs, Reading::Plain, via),
                None => judge.body(&function, via),
            }
            judge.settle(session, Vec::new()).await?;
        }
        match judge.finish().into_iter().next() {
            None => return Ok(Ok(SettledBy::Analyser)),
            Some(doubt) if ask_for_bodies => return Ok(Err(doubt.refusal)),
            Some(_) => {}
        }
    }
    Ok(Err(first.refusal.clone()))
}

/// Bodies that the analyser is asked about for one statement.
const BODIES_MAX: usize = 32;

/// Whether what the doubts are about could run when the analyser takes in the text.
fn reading_runs_code(doubts: &[judge::Doubt], mentions: &Mentions) -> bool {
    doubts.iter().any(|doubt| match doubt.run_by {
        Some(Reader::Own) => mentions.literal,
        Some(Reader::Analyser) => true,
        Some(Reader::Parts) => mentions.bracketed,
        None => false,
    })
}

/// Tells the databases apart whose built-in functions were read.
fn key(target: &crate::Target) -> String {
    format!("{} {}", target.name, target.conninfo)
}

/// Ends a transaction that is still open.
async fn close(session: &mut Session) -> Result<(), PgError> {
    if session.transaction() == Transaction::Idle || session.is_closed() {
        return Ok(());
    }
    session.batch("ROLLBACK").await
}
