//! Asks the server's planner what statements would cost with indexes that do not exist.

use std::collections::{BTreeMap, BTreeSet};

use howdah_pg::{Column, Flow, PgError, RowView, Session, Sink, Step, Transaction};
use serde_json::Value;

use super::access::{children, text};

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
