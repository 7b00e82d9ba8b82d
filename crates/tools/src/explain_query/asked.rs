//! The plan as the server gives it.

use howdah_core::{Context, Error, Result};
use howdah_pg::guard::write::explain_write;
use howdah_pg::guard::{self, Caps, Query};
use howdah_pg::{Column, Flow, RowView, Session, Sink};
use howdah_sql::{Kind, Limits, StatementEffect};

use super::{ExplainQuery, PlanFormat};
use crate::audited::Audited;
use crate::sql_input::Param;

/// Bytes of a plan.
const PLAN_MAX_BYTES: usize = 64 * 1024 * 1024;
/// From this version on a statement is planned for whatever values its parameters have.
const GENERIC_SINCE: u32 = 160_000;

/// What the server printed.
pub(super) struct Asked {
    pub(super) text: String,
    pub(super) duration_ms: f64,
}

impl ExplainQuery {
    pub(super) async fn ask(&self, cx: &Context, session: &mut Session, sql: &str, kind: Kind) -> Result<Asked> {
        let lacks_values = self.params.is_empty() && has_parameters(sql)?;
        let is_generic = lacks_values && !self.analyze && session.version_num() >= GENERIC_SINCE;
        if lacks_values && !is_generic {
            return Err(Error::invalid("The statement has parameters, and their values were not given.")
                .hint("Give each as params (--param VALUE). From version 16 on a plan for any value can be had, without analyze."));
        }
        let options = self.options(is_generic);
        let before = format!("EXPLAIN ({options}) ");
        let explain = format!("{before}{sql}");
        let mut audited = Audited::begin(cx, "explain_query", session, &explain)?;
        let params: Vec<Option<String>> = self.params.iter().map(Param::text).collect();
        let params: Vec<Option<&str>> = params.iter().map(Option::as_deref).collect();
        let caps = Caps {
            rows: None,
            bytes: PLAN_MAX_BYTES,
            cell_bytes: PLAN_MAX_BYTES,
        };
        let mut lines = Lines(Vec::new());
        let is_write = self.analyze && kind.effect() != StatementEffect::ReadOnly;
        let outcome = match is_write {
            true => {
                audited.writes();
                explain_write(session, sql, &params, &options, caps, &mut lines).await
            }
            false => {
                let query = Query {
                    sql: &explain,
                    params: &params,
                    caps,
                    timeout_ms: None,
                };
                guard::query(session, &query, &mut lines).await
            }
        };
        let outcome = outcome.map_err(|error| {
            let mut error = Error::from(error);
            // Positions count from the start of what the caller sent.
            let ahead = before.chars().count();
            error.position = error.position.map(|at| at.saturating_sub(ahead).max(1));
            error
        });
        audited.end(outcome.as_ref().map(|done| done.rows)).await?;
        let done = outcome?;
        Ok(Asked {
            text: lines.0.join("\n"),
            duration_ms: (done.duration.as_secs_f64() * 1e6).round() / 1e3,
        })
    }

    fn options(&self, is_generic: bool) -> String {
        let format = match self.format {
            PlanFormat::Text | PlanFormat::Json => "JSON",
            PlanFormat::Postgres => "TEXT",
        };
        let mut options = format!("FORMAT {format}");
        // The tree is read from all that is known, and shows what matters of it.
        let reads_all = self.format == PlanFormat::Text;
        for (set, option) in [
            (self.analyze, "ANALYZE"),
            (self.buffers || (reads_all && self.analyze), "BUFFERS"),
            (self.verbose || reads_all, "VERBOSE, SETTINGS"),
            (is_generic, "GENERIC_PLAN"),
        ] {
            if set {
                options.push_str(", ");
                options.push_str(option);
            }
        }
        options
    }

    /// That there is one statement, which has a plan, and may be run if that is asked for.
    pub(super) fn check(&self, sql: &str) -> Result<Kind> {
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
                if self.analyze && kind.effect() != StatementEffect::ReadOnly && !self.roll_back {
                    return Err(
                        Error::refused(format!("ANALYZE would carry out the {}.", kind.name())).hint(
                            "Leave analyze out to see the plan; at the command line --roll-back carries it out and takes it back.",
                        ),
                    );
                }
                Ok(kind.clone())
            }
            kind => Err(Error::invalid(format!("{} has no plan.", kind.name()))),
        }
    }
}

/// Whether the text has `$1` somewhere, outside of strings and comments.
fn has_parameters(sql: &str) -> Result<bool> {
    let trees = howdah_sql::tree(sql, &Limits::default())?;
    Ok(trees.iter().any(|tree| tree.to_string().contains("\"ParamRef\"")))
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
