#[path = "explain_query/asked.rs"]
mod asked;
#[path = "explain_query/drawn.rs"]
mod drawn;
#[path = "explain_query/report.rs"]
mod report;

use std::collections::BTreeMap;
use std::path::Path;

use howdah_advise::plan::{
    Comparison, Figures, Found, Plan as Read, compare, prove, read_plans, read_relations, tree,
};
use howdah_advise::plans::{Reading, examine};
use howdah_core::{Caller, Context, Effect, Error, Result, Tool, Toolset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::near_relation;
use crate::sql_input::{self, Param};
use crate::target_session;

pub use drawn::DrawnNode;
pub use howdah_advise::plans::PlanFinding;

/// Shows the plan of a statement, and what is wrong with it. With analyze it is run, read-only, and measured.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct ExplainQuery {
    /// One statement, without EXPLAIN.
    #[arg(
        value_name = "SQL",
        default_value = "",
        help = "One statement; else --file, else standard input"
    )]
    #[serde(default)]
    pub sql: String,
    /// The values of $1, $2 …
    #[arg(
        long = "param",
        value_name = "VALUE",
        help = "The values of $1, $2 …, one --param for each"
    )]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<Param>,
    /// Run it: only what reads.
    #[arg(long, help = "Run it, and measure; of a write see --roll-back")]
    #[serde(default)]
    pub analyze: bool,
    /// Count blocks read and written.
    #[arg(long)]
    #[serde(default)]
    pub buffers: bool,
    /// Show columns, schemas and settings as well.
    #[arg(long)]
    #[serde(default)]
    pub verbose: bool,
    /// A tree, or the server's forms.
    #[arg(help = "Tree with what each node took, the server's json, or its own text",
        long, value_name = "FORMAT", default_value = "text")]
    #[serde(default)]
    pub format: PlanFormat,
    /// A plan in place of sql.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// A plan to compare with.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<String>,
    /// The target; the default one if not given.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Another database of its server.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// Read the statement from this file
    #[arg(short, long, value_name = "FILE", conflicts_with = "sql", value_hint = clap::ValueHint::FilePath)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub file: Option<std::path::PathBuf>,
    /// Read a plan from this file in place of a statement: EXPLAIN as text or JSON, or a log of auto_explain; - for standard input
    #[arg(long = "plan", value_name = "FILE", conflicts_with_all = ["sql", "file", "analyze"], value_hint = clap::ValueHint::FilePath)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub plan_file: Option<std::path::PathBuf>,
    /// Say what changed since the plan in this file
    #[arg(long = "compare", value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub earlier_file: Option<std::path::PathBuf>,
    /// With --analyze: carry out a write to measure it, and take it back
    #[arg(long, requires = "analyze")]
    #[serde(default)]
    #[schemars(skip)]
    pub roll_back: bool,
}

/// How a plan is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanFormat {
    /// A tree.
    #[default]
    Text,
    /// PostgreSQL's JSON.
    Json,
    /// PostgreSQL's text.
    Postgres,
}

/// A plan, and what is wrong with it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Plan {
    /// The tree or the server's text, or its JSON.
    #[schemars(with = "Value")]
    pub plan: Value,
    /// Whether the statement was run.
    pub analyzed: bool,
    /// From the call to the plan.
    pub duration_ms: f64,
    /// Milliseconds of the execution, where it was run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_ms: Option<f64>,
    /// What it was expected to cost, in the planner's unit.
    pub cost: f64,
    /// What is wrong, what could save most time first.
    pub findings: Vec<PlanFinding>,
    /// What changed since the earlier plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
    /// The other plans of a log, the slowest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherPlan>,
    /// What else should be known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Its nodes, for a picture.
    #[serde(skip)]
    #[schemars(skip)]
    pub nodes: Vec<DrawnNode>,
    #[serde(skip)]
    #[schemars(skip)]
    format: PlanFormat,
}

/// A further plan of a log.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct OtherPlan {
    /// The line that its entry begins on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Milliseconds that it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms: Option<f64>,
    /// The statement, cut to one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
}

howdah_core::tool!(ExplainQuery);

/// Further plans of a log that are told.
const OTHERS_MAX: usize = 20;

impl Tool for ExplainQuery {
    const NAME: &'static str = "explain_query";
    const TITLE: &'static str = "Explain a query";
    const TOOLSET: Toolset = Toolset::Core;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["explain"];
    const EXAMPLES: &'static str = "
        howdah explain 'SELECT * FROM orders WHERE id = 5'               the plan, and what is wrong with it
        howdah explain --analyze --buffers 'SELECT count(*) FROM orders'   run it and measure
        howdah explain --plan slow.txt --compare before.txt              plans in files: what changed
        howdah explain --plan postgresql.log                             the slowest that auto_explain logged";
    type Out = Plan;

    async fn run(self, cx: &Context) -> Result<Plan> {
        let person = matches!(cx.caller, Caller::Person { .. });
        let has_file = self.plan_file.is_some() || self.earlier_file.is_some();
        if !person && (has_file || self.roll_back) {
            return Err(Error::refused(
                "Files are read, and writes are tried out, for people at the command line only.",
            )
            .hint("Give plans as `plan` and `earlier`."));
        }
        let earlier = match text(self.earlier.as_deref(), self.earlier_file.as_deref()).await? {
            Some((text, _)) => Some(slowest(read(&text)?.0)?.0),
            None => None,
        };
        let mut plan = match text(self.plan.as_deref(), self.plan_file.as_deref()).await? {
            Some((text, cut)) => {
                let mut plan = self.of_text(&text)?;
                plan.1.notes.extend(cut);
                plan
            }
            None => self.of_server(cx, person).await?,
        };
        plan.1.comparison = earlier.map(|earlier| compare(&earlier.plan, &plan.0));
        Ok(plan.1)
    }
}

impl ExplainQuery {
    /// Reads a plan that was made elsewhere.
    fn of_text(&self, text: &str) -> Result<(Read, Plan)> {
        let began = std::time::Instant::now();
        let (found, notes) = read(text)?;
        let (found, others) = slowest(found)?;
        let mut plan = self.reading(&found.plan, &BTreeMap::new());
        plan.notes = notes;
        plan.others = others;
        if self.format != PlanFormat::Text {
            plan.plan = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
        }
        plan.duration_ms = (began.elapsed().as_secs_f64() * 1e6).round() / 1e3;
        Ok((found.plan, plan))
    }

    /// Asks the server for the plan, and whether indexes mend what is wrong with it.
    async fn of_server(&self, cx: &Context, person: bool) -> Result<(Read, Plan)> {
        let sql = sql_input::statement(&cx.caller, &self.sql, self.file.as_deref()).await?;
        let kind = self.check(&sql)?;
        let mut session = target_session::open(cx, self.target.as_deref(), self.database.as_deref()).await?;
        let asked = match self.ask(cx, &mut session, &sql, kind).await {
            Ok(asked) => asked,
            Err(error) => return Err(near_relation::suggested(&mut session, &sql, error).await),
        };
        let read = slowest(read(&asked.text)?.0)?.0.plan;
        let relations = read_relations(&mut session, &read).await?;
        let mut plan = self.reading(&read, &relations);
        plan.notes = prove(&mut session, &sql, &read, &mut plan.findings, person).await?;
        match self.format {
            PlanFormat::Text => {}
            PlanFormat::Postgres => plan.plan = Value::String(asked.text),
            PlanFormat::Json => {
                // JSON that is nested deeper than a reader takes stays text.
                plan.plan = serde_json::from_str(&asked.text).unwrap_or(Value::String(asked.text));
            }
        }
        plan.duration_ms = asked.duration_ms;
        Ok((read, plan))
    }

    fn reading(&self, plan: &Read, relations: &BTreeMap<(String, String), howdah_advise::plan::RelationFacts>) -> Plan {
        let figures = Figures::of(plan);
        let findings = examine(&Reading {
            plan,
            figures: &figures,
            relations,
        });
        Plan {
            plan: Value::String(match self.format {
                PlanFormat::Text => tree(plan, &figures),
                _ => String::new(),
            }),
            analyzed: plan.is_analyzed(),
            duration_ms: 0.0,
            total_ms: plan.total_ms(),
            cost: plan.root().cost.map_or(0.0, |cost| cost.1),
            findings,
            comparison: None,
            others: Vec::new(),
            notes: Vec::new(),
            nodes: drawn::nodes(plan, &figures),
            format: self.format,
        }
    }
}

/// A plan as it was given, or from a file, and a note where that is not all of it: it may be a log.
async fn text(given: Option<&str>, file: Option<&Path>) -> Result<Option<(String, Option<String>)>> {
    match (given, file) {
        (Some(text), _) => Ok(Some((text.to_owned(), None))),
        (None, Some(file)) => {
            let from_stdin = file.as_os_str() == "-";
            sql_input::log((!from_stdin).then_some(file)).await.map(Some)
        }
        (None, None) => Ok(None),
    }
}

/// The plans of a text, and what of it was not read.
fn read(text: &str) -> Result<(Vec<Found>, Vec<String>)> {
    let (found, unread) = read_plans(text).map_err(|error| {
        Error::invalid(error.to_string()).hint(
            "What EXPLAIN prints as text or with FORMAT JSON is read, and the log of a server with auto_explain.",
        )
    })?;
    // By reason: a log has as many as the server had statements.
    let mut reasons: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for one in unread {
        let (line, times) = reasons.entry(one.reason).or_insert((one.line, 0));
        *line = one.line.min(*line);
        *times += 1;
    }
    let notes = reasons.into_iter().map(|(reason, (line, times))| match times {
        1 => format!("The plan on line {line} was not read: {reason}"),
        _ => format!("{times} plans were not read, the first of them on line {line}: {reason}"),
    });
    Ok((found, notes.collect()))
}

/// The plan that took longest, and what is told of the others.
fn slowest(mut found: Vec<Found>) -> Result<(Found, Vec<OtherPlan>)> {
    let took = |one: &Found| one.duration_ms.or(one.plan.total_ms()).unwrap_or(0.0);
    found.sort_by(|a, b| took(b).total_cmp(&took(a)));
    let mut found = found.into_iter();
    let first = found.next().ok_or_else(|| Error::invalid("None of the plans could be read."))?;
    let others = found.take(OTHERS_MAX).map(|one| OtherPlan {
        line: one.line,
        ms: one.duration_ms,
        statement: one.plan.query.as_deref().map(report::one_line),
    });
    Ok((first, others.collect()))
}
