use howdah_core::{Context, Effect, Error, Output, Report, Result, Tool, Toolset};
use howdah_pg::guard::{self, Caps, Query};
use howdah_pg::{Column, Flow, RowView, Sink};
use howdah_sql::{Kind, Limits, StatementEffect};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::audited::Audited;
use crate::sql_input::{self, Param};
use crate::target_session;

/// Shows the plan of a statement. With analyze the statement is run, read-only,
/// and the plan has real times and row counts.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct ExplainQuery {
    /// One SELECT, INSERT, UPDATE, DELETE or MERGE, without EXPLAIN.
    #[arg(
        value_name = "SQL",
        default_value = "",
        help = "One statement; else --file, else standard input"
    )]
    pub sql: String,
    /// The values of $1, $2 …
    #[arg(
        long = "param",
        value_name = "VALUE",
        help = "The values of $1, $2 …, one --param for each"
    )]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<Param>,
    /// Run it, and measure. Only for statements that read.
    #[arg(long)]
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
    /// Text as psql shows it (if not given), or json.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    #[serde(default)]
    pub format: PlanFormat,
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
}

/// How a plan is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanFormat {
    /// Indented lines.
    #[default]
    Text,
    /// PostgreSQL's JSON.
    Json,
}

/// A plan as the server gave it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Plan {
    /// Lines, or PostgreSQL's JSON.
    #[schemars(with = "Value")]
    pub plan: Value,
    /// Whether the statement was run.
    pub analyzed: bool,
    /// From the call to the plan.
    pub duration_ms: f64,
}

howdah_core::tool!(ExplainQuery);

/// Bytes of a plan.
const PLAN_MAX_BYTES: usize = 4 * 1024 * 1024;

impl Tool for ExplainQuery {
    const NAME: &'static str = "explain_query";
    const TITLE: &'static str = "Explain a query";
    const TOOLSET: Toolset = Toolset::Core;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["explain"];
    const EXAMPLES: &'static str = "
        howdah explain 'SELECT * FROM orders WHERE id = 5'               the plan
        howdah explain --analyze --buffers 'SELECT count(*) FROM orders'   run it and measure
        howdah explain --format json --file report.sql                   for a program";
    type Out = Plan;

    async fn run(self, cx: &Context) -> Result<Plan> {
        let sql = sql_input::statement(&cx.caller, &self.sql, self.file.as_deref()).await?;
        let before = self.options();
        self.check(&sql)?;
        let mut session = target_session::open(cx, self.target.as_deref(), self.database.as_deref()).await?;
        let explain = format!("{before}{sql}");
        let audited = Audited::begin(cx, Self::NAME, &session, &explain)?;
        let params: Vec<Option<String>> = self.params.iter().map(Param::text).collect();
        let params: Vec<Option<&str>> = params.iter().map(Option::as_deref).collect();
        let query = Query {
            sql: &explain,
            params: &params,
            caps: Caps {
                rows: None,
                bytes: PLAN_MAX_BYTES,
                cell_bytes: PLAN_MAX_BYTES,
            },
            timeout_ms: None,
        };
        let mut lines = Lines(Vec::new());
        let outcome = guard::query(&mut session, &query, &mut lines)
            .await
            .map_err(|error| {
                let mut error = Error::from(error);
                // Positions count from the start of what the caller sent.
                let ahead = before.chars().count();
                error.position = error.position.map(|at| at.saturating_sub(ahead).max(1));
                error
            });
        audited.end(outcome.as_ref().map(|done| done.rows)).await?;
        let done = outcome?;
        let text = lines.0.join("\n");
        let plan = match self.format {
            PlanFormat::Json => serde_json::from_str(&text)?,
            PlanFormat::Text => Value::String(text),
        };
        Ok(Plan {
            plan,
            analyzed: self.analyze,
            duration_ms: (done.duration.as_secs_f64() * 1e6).round() / 1e3,
        })
    }
}

impl ExplainQuery {
    fn options(&self) -> String {
        let format = match self.format {
            PlanFormat::Json => "JSON",
            PlanFormat::Text => "TEXT",
        };
        let mut options = format!("EXPLAIN (FORMAT {format}");
        for (set, option) in [
            (self.analyze, "ANALYZE"),
            (self.buffers, "BUFFERS"),
            (self.verbose, "VERBOSE, SETTINGS"),
        ] {
            if set {
                options.push_str(&format!(", {option}"));
            }
        }
        options.push_str(") ");
        options
    }

    /// That there is one statement, which has a plan, and may be run if that is asked for.
    fn check(&self, sql: &str) -> Result<()> {
        let script = howdah_sql::parse(sql, &Limits::default())?;
        let [statement] = script.statements.as_slice() else {
            let count = script.statements.len();
            return Err(Error::invalid(format!(
                "The text holds {count} statements, and one is explained in each call."
            )));
        };
        let kind = statement.kind();
        match kind {
            Kind::Explain { .. } => Err(Error::invalid("The statement begins with EXPLAIN already.")
                .hint("Send what it explains, with analyze, buffers and format as arguments.")),
            Kind::Select | Kind::SelectWriting | Kind::Insert | Kind::Update | Kind::Delete | Kind::Merge => {
                if self.analyze && kind.effect() != StatementEffect::ReadOnly {
                    return Err(
                        Error::refused(format!("ANALYZE would carry out the {}.", kind.name()))
                            .hint("Leave analyze out to see the plan."),
                    );
                }
                Ok(())
            }
            kind => Err(Error::invalid(format!("{} has no plan.", kind.name()))),
        }
    }
}

struct Lines(Vec<String>);

impl Sink for Lines {
    fn columns(&mut self, _: usize, _: Vec<Column>) {}

    fn row(&mut self, _: usize, row: &RowView<'_>) -> Flow {
        self.0.extend(row.cell(0).map(|cell| cell.text().into_owned()));
        Flow::Continue
    }

    fn cell_cap(&self) -> usize {
        PLAN_MAX_BYTES
    }
}

impl Output for Plan {
    fn report(&self) -> Report {
        Report::new().code(match &self.plan {
            Value::String(text) => text.clone(),
            json => format!("{json:#}"),
        })
    }

    fn summary(&self) -> String {
        match self.analyzed {
            true => format!("The plan, measured in {} ms.", self.duration_ms),
            false => "The plan, with estimates only; analyze measures.".to_owned(),
        }
    }
}
