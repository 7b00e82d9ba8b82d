use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use howdah_core::{Error, ErrorKind, Result};
use howdah_pg::{PgError, Session};
use schemars::JsonSchema;
use serde::Serialize;

use super::catalog::{self, Catalog, Server};
use super::compared;
use super::definition::Method;
use super::described::described;
use super::leading;
use super::planner::{Hypopg, Planner};
use super::pretended::{choices, prune};
use super::reading::{CHECK_LINE, Examined, Planned, Reader, SAMPLES_MAX, complete, variants};
use super::selection::{Bounds, End, Selection};
use super::verified::{Run, Verified};
use super::wide::{self, Widths};
use super::workload::{Statement, Unread, Workload, one_line};
use super::writes::{self, Write};

/// How indexes are chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct AdviseOptions {
    /// Bytes that the new indexes may take together.
    pub budget_bytes: u64,
    /// What the workload's writes may cost with them, as a multiple of what they cost without.
    pub write_factor: f64,
    /// How long to look for a better answer, at most.
    pub time: Duration,
    /// Plans to look for it with, which end the search before its time does unless the server is slow or busy, so that
    /// two runs agree. If not given, those that a quiet machine makes in the time.
    pub plans: Option<usize>,
    /// Whether hypopg may be created where it is not, in transactions that are rolled back.
    pub create_for_the_moment: bool,
    /// The widest values, where the database is a copy that has none itself.
    pub widths: Option<Widths>,
}

impl Default for AdviseOptions {
    fn default() -> Self {
        Self {
            budget_bytes: 500 * 1024 * 1024,
            write_factor: 2.5,
            // Eight seconds of a quiet machine, and time enough for the same answer on one that is busy.
            time: Duration::from_secs(20),
            plans: Some(8_000),
            create_for_the_moment: false,
            widths: None,
        }
    }
}

/// Indexes for a workload, and what they are reckoned to bring.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Advice {
    /// The database.
    pub database: String,
    /// The one that gains most first.
    pub indexes: Vec<AdvisedIndex>,
    /// The work of the workload's statements that is left with them, in per cent of what it is now, in the planner's unit.
    pub left_percent: f64,
    /// What they take together, as reckoned.
    pub bytes: u64,
    /// What the workload's writes cost with them, as a multiple of what they cost now, as reckoned.
    pub write_factor: f64,
    /// Statements that were planned.
    pub statements: usize,
    /// Statements that no index could be advised for, with the reason.
    pub not_planned: Vec<Unread>,
    /// What would have helped and is not to be had, and what else should be known.
    pub notes: Vec<String>,
    /// From the call to the answer.
    pub duration_ms: u64,
    /// Plans that the server made for it.
    pub plans: usize,
    /// What measuring in a copy showed, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
    /// The statements that read, to be measured.
    #[serde(skip)]
    #[schemars(skip)]
    pub(crate) runs: Vec<Run>,
}

/// An index that is advised.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AdvisedIndex {
    /// The relation, quoted as needed.
    pub relation: String,
    /// Its schema as it is called.
    #[serde(skip)]
    #[schemars(skip)]
    pub(crate) schema: String,
    /// The access method.
    pub method: Method,
    /// What builds it while the relation is written to; of a partitioned table, what builds it at once.
    pub ddl: String,
    /// The same for a script or a transaction, where it blocks writes while it is built.
    pub create: String,
    /// Bytes that it is reckoned to take.
    pub bytes: u64,
    /// What the workload's writes would cost without it, as a multiple of what they cost now.
    pub write_factor_without: f64,
    /// The statements that it helps, the one that gains most first.
    pub helps: Vec<Helped>,
    /// Whether the planner was asked about it; where not, its cost is by a rule.
    pub is_planned: bool,
    /// An index of the relation that it makes superfluous, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
}

/// A statement that an index helps.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Helped {
    /// Its text, cut to one line.
    pub statement: String,
    /// The line in the file that it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Its cost with all other advised indexes, in the planner's unit, over several sets of constants.
    pub cost_without: f64,
    /// Its cost with this one too.
    pub cost_with: f64,
}

/// The part of what the writes may cost that is used: what they really cost differs from what is reckoned.
const WRITE_MARGIN: f64 = 0.85;
/// Templates up to which each is planned with several sets of constants.
const SEVERAL_CONSTANTS_MAX: usize = 400;
/// Templates that indexes are looked for; those beyond matter least and only count.
const TEMPLATES_MAX: usize = 1_200;

/// Chooses indexes for a workload on the session's database. Nothing there is changed: statements are planned and
/// not run, and the indexes are pretended.
///
/// # Errors
/// Where the server has no hypopg, or fails. What cannot be planned is no error but told in the advice.
pub async fn advise(
    session: &mut Session,
    workload: &Workload,
    options: &AdviseOptions,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<Advice> {
    let started = Instant::now();
    let server = catalog::read_server(session).await?;
    let hypopg = hypopg(session, &server, options).await?;
    let is_for_the_moment = matches!(hypopg, Hypopg::ForTheMoment);
    progress("reading the statements");
    let mut not_planned = workload.unread.clone();
    let (samples, left_out) = workload.samples(SAMPLES_MAX, TEMPLATES_MAX);
    let several = samples.len() <= SEVERAL_CONSTANTS_MAX;
    let mut examined = Examined::default();
    let mut texts = complete(session, &mut examined, &samples).await?;
    let filled: Vec<&str> = texts.iter().map(|(filled, _)| filled.as_str()).collect();
    examined.judge(session, &filled).await?;
    let refused: Vec<Option<String>> = filled.iter().map(|text| examined.refuses(text)).collect();
    let mut planner = Planner::new(session, hypopg, &server.watching);
    progress("planning them as they are");
    let mut read = Reader {
        statements: Vec::new(),
        names: BTreeSet::new(),
    };
    for (at, sample) in samples.into_iter().enumerate() {
        match &refused[at] {
            Some(reason) => not_planned.push(Unread::new(&sample.text, sample.line, reason)),
            None => read
                .statements
                .push(Planned::new(sample, std::mem::take(&mut texts[at]))),
        }
    }
    read.plan(&mut planner, 0, &mut not_planned).await?;
    let names: Vec<_> = read.names.iter().cloned().collect();
    let mut catalog = catalog::read_catalog(planner.session(), &names, &server).await?;
    if read
        .add_checks(&mut planner, &mut examined, &catalog, &mut not_planned)
        .await?
    {
        let names: Vec<_> = read.names.iter().cloned().collect();
        catalog = catalog::read_catalog(planner.session(), &names, &server).await?;
    }
    match &options.widths {
        Some(widths) => wide::take_over(widths, &mut catalog),
        None => wide::measure(planner.session(), &mut catalog).await?,
    }
    let statements = read.finish(&catalog, &mut not_planned);
    compared::measure(planner.session(), &statements, &mut catalog).await?;
    let mut variants = variants(&statements, &catalog, several);
    examined
        .harmless(planner.session(), &statements, &mut variants)
        .await?;
    progress("pretending indexes");
    let mut notes = notes(&server, &catalog, &statements);
    if is_for_the_moment {
        notes.push(
            "The extension hypopg is not in this database: it was created in transactions that were rolled back, which \
             leaves nothing of it. CREATE EXTENSION hypopg makes advice quicker."
                .to_owned(),
        );
    }
    notes.extend(by_parameter(&statements));
    let (mut choices, too_wide) = choices(
        &mut planner,
        &mut examined,
        &statements,
        &variants,
        &catalog,
        &server,
    )
    .await?;
    notes.extend(too_wide);
    leading::put_first(&mut planner, &mut examined, &mut variants, &choices, &catalog).await?;
    let plans = options.plans.unwrap_or_else(|| plans_for(options.time));
    let until = started + options.time.mul_f64(0.4);
    let bundles = prune(&mut planner, &mut choices, &variants, plans, until).await?;
    progress("choosing");
    let weights: Vec<f64> = statements
        .iter()
        .map(|planned| planned.statement.weight)
        .collect();
    let times: Vec<Option<f64>> = statements.iter().map(|planned| planned.statement.ms).collect();
    let writes: Vec<Write> = statements
        .iter()
        .filter_map(|planned| {
            let Statement { text, weight, .. } = &planned.statement;
            writes::write(text, &planned.plan, *weight, &catalog)
        })
        .collect();
    if left_out > 0 {
        notes.push(format!(
            "The {left_out} templates of least weight were not looked at: {TEMPLATES_MAX} are the most."
        ));
    }
    // However long reading took, there is time to choose; and some to finish what was begun, and to tell it.
    let until = (started + options.time.mul_f64(0.85)).max(Instant::now() + options.time / 4);
    let bounds = Bounds {
        bytes: options.budget_bytes as f64 * 0.97,
        write_factor: 1.0 + (options.write_factor - 1.0) * WRITE_MARGIN,
        plans,
        until,
    };
    let mut selection = Selection::new(choices, &variants, &weights, &times, &writes, &catalog, bounds);
    let chosen = selection.run(&mut planner, &bundles).await?;
    let (end, made) = selection.end();
    notes.extend(ended(end, made));
    let left_percent = left(&selection, &chosen);
    let indexes = described(&selection, &chosen, &statements, &catalog);
    let runs = variants
        .iter()
        .filter(|variant| {
            let statement = &statements[variant.statement].statement;
            !statement.writes && statement.line != CHECK_LINE
        })
        .map(|variant| Run {
            sql: variant.sql.clone(),
            text: statements[variant.statement].statement.text.clone(),
            weight: variant.share * statements[variant.statement].statement.weight,
        })
        .collect();
    if statements.iter().all(|planned| !planned.statement.writes) && !statements.is_empty() {
        notes.push(
            "The workload holds no statement that writes, so that nothing is known of what indexes cost it."
                .to_owned(),
        );
    }
    Ok(Advice {
        database: server.database,
        left_percent,
        bytes: indexes.iter().map(|index| index.bytes).sum(),
        write_factor: selection.write_factor(&chosen),
        indexes,
        statements: statements
            .iter()
            .filter(|planned| planned.statement.line != CHECK_LINE)
            .count(),
        not_planned,
        notes,
        duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        plans: planner.plans,
        verified: None,
        runs,
    })
}

/// Why no index can be pretended on the session's database, if so: who would have to install what.
///
/// # Errors
/// As the server fails.
pub async fn why_not(session: &mut Session, options: &AdviseOptions) -> Result<Option<Error>> {
    let server = catalog::read_server(session).await?;
    match hypopg(session, &server, options).await {
        Ok(_) => Ok(None),
        Err(error) if error.kind == ErrorKind::Refused => Ok(Some(error)),
        Err(error) => Err(error),
    }
}

/// The extension that pretends indexes, or the way to do without it being there.
async fn hypopg(session: &mut Session, server: &Server, options: &AdviseOptions) -> Result<Hypopg> {
    if let Some(schema) = &server.hypopg {
        return Ok(Hypopg::In(schema.clone()));
    }
    if !server.hypopg_available || !options.create_for_the_moment {
        return Err(without_hypopg(server));
    }
    if server.has_event_triggers {
        return Err(without_hypopg(server).detail(
            "It would be created for the moment, in transactions that are rolled back, but event triggers would run.",
        ));
    }
    match Hypopg::try_out(session).await {
        Ok(()) => Ok(Hypopg::ForTheMoment),
        Err(PgError::Server(error)) if !error.is_fatal() => Err(without_hypopg(server).detail(format!(
            "It cannot be created for the moment either: {}.",
            error.message
        ))),
        Err(error) => Err(error.into()),
    }
}

fn without_hypopg(server: &Server) -> Error {
    let hint = match (server.hypopg_available, server.is_rds) {
        (true, _) => format!(
            "Its files are there: run CREATE EXTENSION hypopg in {}, as a role that may create extensions.",
            server.database
        ),
        (false, true) => "On Aurora and RDS it comes with the engine from PostgreSQL 14 on; a member of rds_superuser runs \
                          CREATE EXTENSION hypopg after an upgrade to a minor version that has it."
            .to_owned(),
        (false, false) => "Install the package postgresql-NN-hypopg (or hypopg_NN) on the server, then run CREATE EXTENSION hypopg; \
                           it needs no restart."
            .to_owned(),
    };
    Error::refused("The extension hypopg, which lets the planner pretend indexes, is not in this database.")
        .hint(hint)
}

/// Plans that a second stands for, about what a quiet machine makes of an application's statements. The search is bound
/// by them, so that its answer does not depend on what else runs; the clock is there for a machine that is slower.
const PLANS_A_SECOND: f64 = 1_000.0;
/// What reading an application's statements and finishing take of the time.
const READING: Duration = Duration::from_millis(500);

fn plans_for(time: Duration) -> usize {
    (time.saturating_sub(READING).max(time / 4).as_secs_f64() * PLANS_A_SECOND) as usize
}

/// What is said of a search that did not come to its end.
fn ended(end: End, made: usize) -> Option<String> {
    match end {
        End::Done => None,
        End::Plans => Some(format!(
            "The search ended after the {made} plans that its time is taken to be enough for: with more --seconds it looks further."
        )),
        End::Clock => Some(format!(
            "The clock ended the search, after {made} plans: another run may give another answer. More --seconds look \
             further and give the same one twice."
        )),
    }
}

fn left(selection: &Selection<'_>, chosen: &BTreeSet<usize>) -> f64 {
    let sum = |costs: Vec<f64>| {
        costs
            .iter()
            .zip(&selection.weights)
            .map(|(cost, weight)| cost * weight)
            .sum::<f64>()
    };
    let before = sum(selection.costs(&BTreeSet::new()));
    if before <= 0.0 {
        100.0
    } else {
        100.0 * sum(selection.costs(chosen)) / before
    }
}

/// What is said of statements whose parameters hide what an index would be on.
fn by_parameter(statements: &[Planned]) -> Option<String> {
    let mut hidden = statements.iter().filter(|planned| planned.looks_by_parameter());
    let first = &hidden.next()?.statement.text;
    let more = match hidden.count() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!(
        "What is looked for is computed with a parameter, as in data ->> $1, so that no index on the expression can be told: give \
         such statements with that constant, in a file or from a log. It is this one{more}: {}",
        one_line(first)
    ))
}

/// What would help and is not to be had.
fn notes(server: &Server, catalog: &Catalog, statements: &[Planned]) -> Vec<String> {
    use super::deparsed::Shape;
    let mut notes = Vec::new();
    if server.explains_all && server.watched.iter().any(|name| name.starts_with("auto_explain")) {
        notes.push(
            "auto_explain.log_min_duration is 0 here: auto_explain then fails at plans with pretended indexes, so that \
             none can be judged. A superuser asks without it, or sets it to 1 ms."
                .to_owned(),
        );
    }
    if server
        .watched
        .iter()
        .any(|name| name == "pg_stat_statements.track")
    {
        notes.push(format!(
            "This role may not turn pg_stat_statements off for itself, so that the plans that were asked for are counted there. As a \
             superuser, once (PostgreSQL 15 on): GRANT SET ON PARAMETER pg_stat_statements.track TO {};",
            howdah_sql::quote_ident(&server.role)
        ));
    }
    let wants_trigrams = statements.iter().flat_map(|planned| &planned.accesses).flat_map(|access| &access.conditions).any(
        |condition| {
            matches!(&condition.shape, Shape::Like { ignores_case, pattern }
                if (*ignores_case || super::pattern::prefix_length(pattern) == 0) && super::pattern::has_trigram(pattern))
        },
    );
    if wants_trigrams && server.trigrams.is_none() {
        let how = match (server.trigrams_available, server.may_create) {
            (true, true) => "run CREATE EXTENSION pg_trgm and ask again",
            (true, false) => "an owner of the database runs CREATE EXTENSION pg_trgm; then ask again",
            (false, _) => {
                "its files have to be installed on the server first (the package postgresql-contrib)"
            }
        };
        notes.push(format!(
            "Statements search within texts (LIKE '%…%', ILIKE): an index needs the extension pg_trgm: {how}."
        ));
    }
    for relation in catalog.relations.values() {
        let known = relation.columns.iter().any(|column| column.has_statistics);
        if !known && relation.rows > 0.0 {
            notes.push(format!(
                "Nothing is known of the values in {}: run ANALYZE, or ask as a role that may read it ({} may not, or it was never analysed).",
                relation.name, server.role
            ));
        }
        if relation.rows <= 0.0 && relation.pages > 1.0 {
            notes.push(format!(
                "{} was never analysed: run ANALYZE and ask again.",
                relation.name
            ));
        }
    }
    notes
}
