//! Asks the server's planner what statements would cost with indexes that do not exist.

use std::collections::{BTreeMap, BTreeSet};

use howdah_pg::{Column, Flow, PgError, RowView, Session, Sink, Step, Transaction};
use serde_json::Value;

use super::access::{children, number, text};
use super::catalog::Catalog;

/// A question to the planner.
#[derive(Debug, Clone)]
pub(crate) struct Question<'a> {
    /// The statement.
    pub(crate) sql: &'a str,
    /// The indexes to pretend, by a number of the caller's, each with what creates it.
    pub(crate) indexes: &'a [(usize, &'a [String])],
}

/// What the planner said.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// The root of the plan, and which of the pretended indexes it uses.
    Plan(Value, BTreeSet<usize>),
    /// The server's words, where it has no plan.
    Failed(String),
}

/// How the planner is to plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As it would, without parallel workers: what they do is work too.
    Usual,
    /// Scanning everything, so that the plan shows what is asked of each relation.
    Scanning,
}

/// Statements that go to the server at once.
const AT_ONCE: usize = 60;
/// Bytes of a plan.
const PLAN_MAX_BYTES: usize = 4 * 1024 * 1024;

/// Where the extension that pretends indexes is.
#[derive(Debug, Clone)]
pub(crate) enum Hypopg {
    /// In this schema, quoted.
    In(String),
    /// Nowhere: each transaction creates it, and is rolled back.
    ForTheMoment,
}

/// What begins a transaction that creates the extension: from then on it only reads.
const FOR_THE_MOMENT: [&str; 3] = [
    "CREATE SCHEMA howdah_pretended",
    "CREATE EXTENSION hypopg SCHEMA howdah_pretended",
    "SET TRANSACTION READ ONLY",
];

impl Hypopg {
    fn schema(&self) -> &str {
        match self {
            Self::In(schema) => schema,
            Self::ForTheMoment => "howdah_pretended",
        }
    }

    /// Tries whether the extension can be created for the moment.
    pub(crate) async fn try_out(session: &mut Session) -> Result<(), PgError> {
        let steps: Vec<Step<'_>> = [
            "BEGIN",
            "SELECT pg_catalog.set_config('lock_timeout', '500ms', true)",
        ]
        .into_iter()
        .chain(FOR_THE_MOMENT)
        .chain(["ROLLBACK"])
        .map(Step::silent)
        .collect();
        let outcome = session.run(&steps, &mut Cells(BTreeMap::new())).await;
        if session.transaction() != Transaction::Idle && !session.is_closed() {
            session.batch("ROLLBACK").await?;
        }
        outcome.map(|_| ())
    }
}

/// The planner of a session. Every call is a transaction that only reads and begins and ends without pretended
/// indexes, so that it makes no difference which server process a pooler gives.
pub(crate) struct Planner<'a> {
    session: &'a mut Session,
    hypopg: Hypopg,
    /// Settings that turn off what watches statements, with their values: what is asked here is no work of the
    /// application's.
    unwatched: Vec<(String, &'static str)>,
    /// Plans that were made.
    pub(crate) plans: usize,
}

impl<'a> Planner<'a> {
    /// `watching` are settings of what watches statements, as far as the role may change them.
    pub(crate) fn new(session: &'a mut Session, hypopg: Hypopg, watching: &[String]) -> Self {
        let off = |name: &String| match name.ends_with(".track") {
            true => (name.clone(), "none"),
            false => (name.clone(), "-1"),
        };
        Self {
            session,
            hypopg,
            unwatched: watching.iter().map(off).collect(),
            plans: 0,
        }
    }

    pub(crate) fn session(&mut self) -> &mut Session {
        self.session
    }

    /// The answer to each question, in order. Questions about the same indexes should follow each other.
    pub(crate) async fn ask(
        &mut self,
        manner: Manner,
        questions: &[Question<'_>],
    ) -> Result<Vec<Answer>, PgError> {
        let mut answers = Vec::with_capacity(questions.len());
        while answers.len() < questions.len() {
            let rest = &questions[answers.len()..];
            let some = &rest[..rest.len().min(AT_ONCE)];
            answers.extend(self.pipeline(manner, some).await?);
        }
        Ok(answers)
    }

    /// Which of the statements that create indexes the server accepts.
    pub(crate) async fn accepts(
        &mut self,
        creations: &[&[String]],
    ) -> Result<Vec<Result<(), String>>, PgError> {
        // Each has a number of its own, or it would count as pretended already.
        let numbered = creations.iter().enumerate();
        let lists: Vec<Vec<(usize, &[String])>> = numbered.map(|(at, one)| vec![(at, *one)]).collect();
        let questions: Vec<Question<'_>> = lists
            .iter()
            .map(|list| Question {
                sql: "SELECT 1",
                indexes: list,
            })
            .collect();
        let answers = self.ask(Manner::Usual, &questions).await?;
        let verdict = |answer| match answer {
            Answer::Plan(..) => Ok(()),
            Answer::Failed(reason) => Err(reason),
        };
        Ok(answers.into_iter().map(verdict).collect())
    }

    /// The answers up to the first failure, that one included.
    async fn pipeline(&mut self, manner: Manner, questions: &[Question<'_>]) -> Result<Vec<Answer>, PgError> {
        let creates = matches!(self.hypopg, Hypopg::ForTheMoment);
        let begin = if creates { "BEGIN" } else { "BEGIN READ ONLY" };
        let mut sql: Vec<String> = vec![begin.to_owned(), self.settings(manner)];
        if creates {
            sql.extend(FOR_THE_MOMENT.map(str::to_owned));
        }
        // Which question each step belongs to, and the index that it creates.
        let mut owners: Vec<Option<(usize, Option<usize>)>> = vec![None; sql.len()];
        let schema = self.hypopg.schema().to_owned();
        let reset = format!("SELECT {schema}.hypopg_reset()");
        let mut pretended: Option<Vec<usize>> = None;
        for (at, question) in questions.iter().enumerate() {
            let wanted: Vec<usize> = question.indexes.iter().map(|(index, _)| *index).collect();
            if pretended.as_ref() != Some(&wanted) {
                sql.push(reset.clone());
                owners.push(None);
                for (index, creations) in question.indexes {
                    for creation in *creations {
                        let literal = howdah_sql::quote_literal(creation);
                        sql.push(format!(
                            "SELECT indexrelid FROM {schema}.hypopg_create_index({literal})"
                        ));
                        owners.push(Some((at, Some(*index))));
                    }
                }
                pretended = Some(wanted);
            }
            sql.push(format!(
                "EXPLAIN (FORMAT JSON{}) {}",
                match manner {
                    Manner::Usual => "",
                    Manner::Scanning => ", VERBOSE",
                },
                question.sql
            ));
            owners.push(Some((at, None)));
        }
        sql.extend([reset, "ROLLBACK".to_owned()]);
        owners.extend([None, None]);
        let steps: Vec<Step<'_>> = sql
            .iter()
            .zip(&owners)
            .map(|(sql, owner)| {
                if owner.is_some() {
                    Step::new(sql)
                } else {
                    Step::silent(sql)
                }
            })
            .collect();
        let mut cells = Cells(BTreeMap::new());
        let outcome = self.session.run(&steps, &mut cells).await;
        if self.session.transaction() != Transaction::Idle && !self.session.is_closed() {
            self.session.batch("ROLLBACK").await?;
        }
        let failure = match outcome {
            Ok(_) => None,
            Err(PgError::Server(error)) if error.step.is_some() && !error.is_fatal() => Some(error),
            Err(error) => return Err(error),
        };
        let failed_step = failure
            .as_ref()
            .and_then(|error| error.step)
            .unwrap_or(usize::MAX);
        let mut answers = Vec::with_capacity(questions.len());
        let mut oids: BTreeMap<String, usize> = BTreeMap::new();
        for (step, owner) in owners.iter().enumerate() {
            let Some((question, creates)) = owner else {
                continue;
            };
            if step == failed_step {
                let reason = failure.map(|error| error.message.clone()).unwrap_or_default();
                debug_assert_eq!(*question, answers.len());
                answers.push(Answer::Failed(reason));
                return Ok(answers);
            }
            let cell = cells.0.get(&step).map_or("", String::as_str);
            match creates {
                Some(index) => {
                    oids.insert(cell.to_owned(), *index);
                }
                None => {
                    self.plans += 1;
                    answers.push(answer(cell, &oids));
                }
            }
        }
        if let (Some(error), true) = (failure, answers.len() < questions.len()) {
            // A step that belongs to no question failed: the transaction itself cannot be had.
            return Err(PgError::Server(error));
        }
        Ok(answers)
    }

    fn settings(&self, manner: Manner) -> String {
        let mut settings: Vec<(String, String)> = self
            .session
            .pinned_settings()
            .iter()
            .map(|setting| (setting.name.to_owned(), setting.value.clone()))
            .collect();
        let mut set = |name: &str, value: &str| settings.push((name.to_owned(), value.to_owned()));
        set("max_parallel_workers_per_gather", "0");
        set("statement_timeout", "10s");
        set("lock_timeout", "500ms");
        for (name, value) in &self.unwatched {
            set(name, value);
        }
        if manner == Manner::Scanning {
            for name in [
                "enable_indexscan",
                "enable_indexonlyscan",
                "enable_bitmapscan",
                "enable_mergejoin",
                "enable_nestloop",
                "enable_incremental_sort",
            ] {
                set(name, "off");
            }
        }
        let calls: Vec<String> = settings
            .iter()
            .map(|(name, value)| {
                let (name, value) = (howdah_sql::quote_literal(name), howdah_sql::quote_literal(value));
                format!("pg_catalog.set_config({name}, {value}, true)")
            })
            .collect();
        format!("SELECT {}", calls.join(", "))
    }
}

fn answer(cell: &str, oids: &BTreeMap<String, usize>) -> Answer {
    let Ok(mut read) = serde_json::from_str::<Value>(cell) else {
        return Answer::Failed("The plan cannot be read.".to_owned());
    };
    let plan = read
        .get_mut(0)
        .and_then(|first| first.get_mut("Plan"))
        .map(Value::take);
    let Some(plan) = plan else {
        return Answer::Failed("The statement has no plan.".to_owned());
    };
    let mut used = BTreeSet::new();
    indexes_used(&plan, oids, &mut used);
    Answer::Plan(plan, used)
}

fn indexes_used(plan: &Value, oids: &BTreeMap<String, usize>, used: &mut BTreeSet<usize>) {
    // The extension names them <OID>method_table_columns.
    let oid = text(plan, "Index Name")
        .and_then(|name| name.strip_prefix('<')?.split_once('>'))
        .map(|(oid, _)| oid);
    used.extend(oid.and_then(|oid| oids.get(oid)));
    for child in children(plan) {
        indexes_used(child, oids, used);
    }
}

/// The first cell of each step.
struct Cells(BTreeMap<usize, String>);

impl Sink for Cells {
    fn columns(&mut self, _: usize, _: Vec<Column>) {}

    fn row(&mut self, step: usize, row: &RowView<'_>) -> Flow {
        if let Some(cell) = row.cell(0) {
            self.0.insert(step, cell.text().into_owned());
        }
        Flow::Continue
    }

    fn cell_cap(&self) -> usize {
        PLAN_MAX_BYTES
    }
}

/// What a plan costs, in the planner's unit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cost {
    /// What it is reckoned to cost: more than the planner says where that hopes to stop early.
    pub(crate) total: f64,
    /// What it costs to the last row.
    pub(crate) to_the_end: f64,
    /// The name and cost of each scan that runs once; a plan that is not verbose tells no schema.
    pub(crate) scans: Vec<(String, f64)>,
}

/// Reckons a plan.
///
/// A LIMIT over a scan that throws rows away is expected to end after its share of them. That holds only where
/// what is looked for lies evenly in the order of the scan, which it often does not (a plan that looked free
/// took ten times that of the alternative), so that such a plan counts as the geometric mean of its own cost
/// and of that to the end.
///
/// Ranges of blocks are read from front to back, which the planner reckons as one page here and one there.
pub(crate) fn cost(plan: &Value, catalog: &Catalog) -> Cost {
    let mut cost = Cost {
        total: number(plan, "Total Cost"),
        ..Cost::default()
    };
    let excess = block_ranges(plan, catalog);
    cost.total = (cost.total - excess).max(cost.total * 0.001);
    cost.to_the_end = cost.total;
    scans(plan, 1.0, &mut cost.scans);
    let mut limit = plan;
    while text(limit, "Node Type") != Some("Limit") {
        match children(limit) {
            [only] => limit = only,
            _ => return cost,
        }
    }
    let Some(below) = children(limit).first() else {
        return cost;
    };
    let end = number(below, "Total Cost");
    let own = number(limit, "Total Cost");
    if streams_through_a_filter(below) && end > own {
        cost.to_the_end = cost.total - own + end;
        cost.total += (own.max(1.0) * end).sqrt() - own;
    }
    cost
}

/// What scans of block ranges cost less than the planner says.
fn block_ranges(plan: &Value, catalog: &Catalog) -> f64 {
    let is_brin = |below: &&Value| text(below, "Index Name").is_some_and(|name| name.contains(">brin_"));
    let relation = text(plan, "Relation Name").and_then(|name| catalog.of_plain_name(name));
    if let (Some("Bitmap Heap Scan"), Some(index), Some(relation)) = (
        text(plan, "Node Type"),
        children(plan).iter().find(is_brin),
        relation,
    ) {
        let share = (number(index, "Plan Rows") / relation.rows.max(1.0)).min(1.0);
        // At each end of a range a group of blocks is read for a part of its rows.
        let pages = relation.pages * share + 256.0_f64.min(relation.pages);
        let rows = pages / relation.pages.max(1.0) * relation.rows;
        let own = number(index, "Total Cost") + pages + rows * ROW_COST;
        return (number(plan, "Total Cost") - own).max(0.0);
    }
    let is_loop = text(plan, "Node Type") == Some("Nested Loop");
    let of = |(at, child): (usize, &Value)| match at {
        1 if is_loop => 0.0,
        _ => block_ranges(child, catalog),
    };
    children(plan).iter().enumerate().map(of).sum()
}

/// What the planner reckons for a row that is looked at and compared twice.
const ROW_COST: f64 = 0.015;

/// Whether rows flow to a LIMIT from a scan that throws some away, with nothing in between that waits for all.
fn streams_through_a_filter(plan: &Value) -> bool {
    match text(plan, "Node Type") {
        Some("Sort" | "Aggregate" | "Hash" | "Bitmap Heap Scan" | "SetOp") => false,
        Some("Incremental Sort") => children(plan).first().is_some_and(streams_through_a_filter),
        Some(kind) if kind.ends_with("Join") || kind == "Nested Loop" => {
            children(plan).first().is_some_and(streams_through_a_filter)
        }
        _ if plan.get("Filter").is_some() => true,
        _ => children(plan).iter().any(streams_through_a_filter),
    }
}

fn scans(plan: &Value, loops: f64, found: &mut Vec<(String, f64)>) {
    if let (Some(name), true) = (text(plan, "Relation Name"), loops <= 1.0) {
        found.push((name.to_owned(), number(plan, "Total Cost")));
    }
    let is_loop = text(plan, "Node Type") == Some("Nested Loop");
    for (at, child) in children(plan).iter().enumerate() {
        let times = match at {
            1 if is_loop => children(plan)
                .first()
                .map_or(1.0, |outer| number(outer, "Plan Rows").max(1.0)),
            _ => 1.0,
        };
        scans(child, loops * times, found);
    }
}
