use std::path::PathBuf;

use howdah_core::{Caller, Context, Effect, Error, ErrorKind, Output, Report, Result, Tool, Toolset};
use howdah_pg::export::{Export, Exported, Format};
use howdah_pg::guard::write::WritePreview;
use howdah_pg::guard::{self, Caps, GuardError, Guarded, Query};
use howdah_pg::values::{self, CellNote, ResultColumn, ResultSet, RowCollector, Types};
use howdah_pg::{Session, Sink};
use howdah_sql::{Kind, Limits, StatementEffect};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::audited::Audited;
use crate::near_relation;
use crate::sql_input::{self, Param};
use crate::target_session;
use crate::writing::{self, Consent};

/// Runs one SQL statement and returns its rows. It only reads unless the target's
/// mode allows writes; what is not known to be harmless is refused with the reason.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct RunQuery {
    /// One statement. Values belong into params, as $1, $2 …
    #[arg(
        value_name = "SQL",
        default_value = "",
        help = "One statement; else --file, else standard input"
    )]
    pub sql: String,
    /// The values of $1, $2 … The server chooses their types by the statement.
    #[arg(
        long = "param",
        value_name = "VALUE",
        help = "The values of $1, $2 …, one --param for each"
    )]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<Param>,
    /// Rows at most (1000 if not given, unless the target says otherwise).
    #[arg(long, value_name = "N")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_rows: Option<u32>,
    /// Milliseconds that it may run; not more than the target's limit.
    #[arg(
        long,
        value_name = "MS",
        help = "Milliseconds that it may run, in place of the target's limit"
    )]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub timeout_ms: Option<u64>,
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
    pub file: Option<PathBuf>,
    /// Write all rows to this file
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub output: Option<PathBuf>,
    /// csv, jsonl or table; else as the file's name ends
    #[arg(long, value_name = "FORMAT", requires = "output", value_parser = ["csv", "jsonl", "table"])]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub format: Option<String>,
    /// Replace the file if it exists
    #[arg(long, requires = "output")]
    #[serde(default)]
    #[schemars(skip)]
    pub overwrite: bool,
}

/// The rows, or what became of a write.
#[derive(Debug, Serialize, JsonSchema)]
pub struct QueryResult {
    /// The columns in order; several may share a name.
    pub columns: Vec<ResultColumn>,
    /// An array for each row.
    #[schemars(with = "Vec<Vec<serde_json::Value>>")]
    pub rows: Box<RawValue>,
    /// The number of rows in `rows`, or in the file.
    pub row_count: u64,
    /// Whether there are more rows.
    pub truncated: bool,
    /// From the call to the last row.
    pub duration_ms: f64,
    /// The server's command tag: `SELECT 3`, `UPDATE 7`.
    pub command: String,
    /// What the server had to say meanwhile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
    /// Cells whose value does not show all: cut ones, arrays with bounds of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<CellNote>,
    /// The file that the rows were written to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub written_to: Option<Exported>,
    /// Set where nothing was run: the write waits for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<writing::Pending>,
    #[serde(skip)]
    #[schemars(skip)]
    shown: ResultSet,
}

howdah_core::tool!(RunQuery);

impl Tool for RunQuery {
    const NAME: &'static str = "run_query";
    const TITLE: &'static str = "Run a query";
    const TOOLSET: Toolset = Toolset::Core;
    const EFFECT: Effect = Effect::AsTargetAllows;
    const COMMAND: &'static [&'static str] = &["query"];
    const EXAMPLES: &'static str = "
        howdah query 'SELECT * FROM orders LIMIT 5'              a guarded query
        howdah query 'SELECT $1::int + 1' --param 41             with a bound value
        howdah query --file report.sql --output report.csv       all rows into a file
        howdah query 'DELETE FROM carts WHERE stale' --yes       a write, with your consent";
    type Out = QueryResult;

    async fn run(self, cx: &Context) -> Result<QueryResult> {
        let person = matches!(cx.caller, Caller::Person { .. });
        if !person && self.output.is_some() {
            return Err(Error::refused(
                "Files are written for people at the command line only.",
            ));
        }
        let sql = sql_input::statement(&cx.caller, &self.sql, self.file.as_deref()).await?;
        let mut session = target_session::open(cx, self.target.as_deref(), self.database.as_deref()).await?;
        let params: Vec<Option<String>> = self.params.iter().map(Param::text).collect();
        let params: Vec<Option<&str>> = params.iter().map(Option::as_deref).collect();
        let mut audited = Audited::begin(cx, Self::NAME, &session, &sql)?;
        let outcome = self
            .statement(cx, &mut session, &sql, &params, person, &mut audited)
            .await;
        let outcome = match outcome {
            Err(error) => Err(near_relation::suggested(&mut session, &sql, error).await),
            done => done,
        };
        audited
            .end(outcome.as_ref().map(|result| result.row_count))
            .await?;
        outcome
    }
}

impl RunQuery {
    async fn statement(
        &self,
        cx: &Context,
        session: &mut Session,
        sql: &str,
        params: &[Option<&str>],
        person: bool,
        audited: &mut Audited,
    ) -> Result<QueryResult> {
        let limit = session.target().limits.statement_timeout_ms;
        let timeout_ms = match person {
            true => self.timeout_ms,
            false => self.timeout_ms.map(|ms| ms.clamp(1, limit.max(1))),
        };
        // The guard turns a write away by its text alone, before it asks the server.
        let refused = match self.read(session, sql, params, timeout_ms).await {
            Err(Failure::Guard(GuardError::Refused(refused))) => refused,
            other => return other.map_err(Error::from),
        };
        let refusal = (effect(sql)? == StatementEffect::ReadOnly).then_some(refused);
        let consent = writing::consent(cx, session, sql, params, refusal, audited).await?;
        let preview = match consent {
            Consent::Given => None,
            Consent::After(preview) => Some(preview),
            Consent::Pending(pending) => return Ok(QueryResult::pending(pending)),
        };
        self.write(session, sql, params, timeout_ms, preview.as_deref())
            .await
            .map_err(Error::from)
    }

    async fn read(
        &self,
        session: &mut Session,
        sql: &str,
        params: &[Option<&str>],
        timeout_ms: Option<u64>,
    ) -> Result<QueryResult, Failure> {
        if let Some(mut export) = self.export()? {
            let query = Query {
                sql,
                params,
                caps: whole(self.max_rows),
                timeout_ms,
            };
            let guarded = guard::query(session, &query, &mut export).await?;
            return self.exported(session, export, guarded).await;
        }
        let (mut rows, caps) = self.collector(session);
        let query = Query {
            sql,
            params,
            caps,
            timeout_ms,
        };
        let guarded = guard::query(session, &query, &mut rows).await?;
        collected(session, rows, guarded).await
    }

    async fn write(
        &self,
        session: &mut Session,
        sql: &str,
        params: &[Option<&str>],
        timeout_ms: Option<u64>,
        preview: Option<&WritePreview>,
    ) -> Result<QueryResult, Failure> {
        let mut export = self.export()?;
        let (mut rows, caps) = self.collector(session);
        let caps = if export.is_some() { whole(None) } else { caps };
        let sink: &mut dyn Sink = match &mut export {
            Some(export) => export,
            None => &mut rows,
        };
        let guarded = writing::execute(session, sql, params, caps, timeout_ms, preview, sink).await?;
        match export {
            Some(export) => self.exported(session, export, guarded).await,
            None => collected(session, rows, guarded).await,
        }
    }

    fn collector(&self, session: &Session) -> (RowCollector, Caps) {
        let limits = &session.target().limits;
        let max_rows = self.max_rows.unwrap_or(limits.max_rows).min(limits.max_rows_cap);
        let rows = RowCollector::new(values::Caps {
            max_rows: max_rows as usize,
            max_bytes: limits.max_bytes,
            max_cell_bytes: limits.max_cell_bytes,
        });
        let caps = Caps {
            rows: Some(max_rows),
            // The collector keeps within its own.
            bytes: usize::MAX,
            cell_bytes: limits.max_cell_bytes,
        };
        (rows, caps)
    }

    fn export(&self) -> Result<Option<Export>> {
        let Some(path) = &self.output else {
            return Ok(None);
        };
        let format = match self.format.as_deref() {
            Some("csv") => Format::Csv,
            Some("jsonl") => Format::JsonLines,
            Some(_) => Format::Table,
            None => Format::of(path).ok_or_else(|| {
                Error::invalid(format!(
                    "The name of {} does not tell its format.",
                    path.display()
                ))
                .hint("Add --format csv, --format jsonl or --format table.")
            })?,
        };
        Ok(Some(Export::create(path, format, self.overwrite)?))
    }

    async fn exported(
        &self,
        session: &mut Session,
        export: Export,
        guarded: Guarded,
    ) -> Result<QueryResult, Failure> {
        let written = export
            .finish(&mut Types::new(), session)
            .await
            .map_err(Error::from)?;
        let mut result = QueryResult::of(guarded);
        result.row_count = written.rows;
        result.written_to = Some(written);
        Ok(result)
    }
}

/// What a statement does, as far as its text tells; an error where it is no single statement.
fn effect(sql: &str) -> Result<StatementEffect> {
    let script = howdah_sql::parse(sql, &Limits::default())?;
    Ok(match script.statements.as_slice() {
        [statement] => match statement.kind() {
            // The guard has the word on what can be copied and how.
            Kind::Copy { .. } => StatementEffect::Writes,
            kind => kind.effect(),
        },
        // The guard says what is wrong with none and with several.
        _ => StatementEffect::ReadOnly,
    })
}

/// Everything, for a file.
fn whole(max_rows: Option<u32>) -> Caps {
    Caps {
        rows: max_rows,
        bytes: usize::MAX,
        cell_bytes: usize::MAX,
    }
}

async fn collected(
    session: &mut Session,
    rows: RowCollector,
    guarded: Guarded,
) -> Result<QueryResult, Failure> {
    let shown = rows.finish();
    let types = Types::new().resolve(session, &shown.columns).await?;
    let json = shown.to_json(&types);
    let rows = RawValue::from_string(json.json)
        .map_err(|error| Error::new(ErrorKind::Internal, format!("The rows are no JSON: {error}")))?;
    let mut result = QueryResult::of(guarded);
    result.columns = shown.described(&types);
    result.rows = rows;
    result.row_count = json.rows as u64;
    result.truncated |= json.truncated.is_some();
    result.notes = json.notes;
    result.shown = shown;
    Ok(result)
}

/// A refusal of the guard is told from everything else that goes wrong.
enum Failure {
    Guard(GuardError),
    Other(Error),
}

impl From<GuardError> for Failure {
    fn from(error: GuardError) -> Self {
        Self::Guard(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Guard(error) => error.into(),
            Failure::Other(error) => error,
        }
    }
}

impl QueryResult {
    pub(crate) fn of(guarded: Guarded) -> Self {
        Self {
            columns: Vec::new(),
            rows: no_rows(),
            row_count: guarded.rows,
            truncated: guarded.truncated,
            duration_ms: (guarded.duration.as_secs_f64() * 1e6).round() / 1e3,
            command: guarded.command_tag,
            notices: guarded
                .notices
                .iter()
                .map(|n| format!("{}: {}", n.severity, n.message))
                .collect(),
            notes: Vec::new(),
            written_to: None,
            pending: None,
            shown: ResultSet::default(),
        }
    }

    fn pending(pending: writing::Pending) -> Self {
        Self {
            columns: Vec::new(),
            rows: no_rows(),
            row_count: 0,
            truncated: false,
            duration_ms: 0.0,
            command: String::new(),
            notices: Vec::new(),
            notes: Vec::new(),
            written_to: None,
            pending: Some(pending),
            shown: ResultSet::default(),
        }
    }
}

fn no_rows() -> Box<RawValue> {
    RawValue::from_string("[]".to_owned()).unwrap_or_default()
}

impl Output for QueryResult {
    fn report(&self) -> Report {
        let mut report = Report::new();
        for notice in &self.notices {
            report = report.text(notice);
        }
        if let Some(pending) = &self.pending {
            return report.text(pending.text());
        }
        if let Some(written) = &self.written_to {
            return report.text(format!(
                "{} written to {} ({}) in {} ms.",
                howdah_core::counted(written.rows, "row"),
                written.path.display(),
                howdah_core::human_bytes(written.bytes),
                self.duration_ms
            ));
        }
        if self.columns.is_empty() {
            return report.text(format!("{} ({} ms)", self.command, self.duration_ms));
        }
        report = report.code(values::print_table(&self.shown));
        if self.truncated {
            report = report.text("There are more rows: narrow the query, raise --max-rows, or write them to a file with --output.");
        }
        report
    }

    fn summary(&self) -> String {
        if let Some(pending) = &self.pending {
            return pending.text();
        }
        let mut summary = match (self.columns.is_empty(), self.row_count) {
            (true, _) => format!("{}.", self.command),
            (false, rows) => howdah_core::counted(rows, "row"),
        };
        if self.truncated {
            summary.push_str("; there are more: narrow the query, aggregate, or raise max_rows");
        }
        for notice in &self.notices {
            summary.push_str(&format!("\n{notice}"));
        }
        summary
    }
}
