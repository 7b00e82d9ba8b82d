//! What brings an index back that was dropped, as it was: its definition alone knows nothing of its comment, its
//! tablespace, its statistics and the names of its parts.

use std::collections::BTreeMap;

use howdah_core::Result;
use howdah_pg::catalog::Query;
use howdah_pg::{Row, Session};
use howdah_sql::quote_literal;

use super::IndexProblem;
use super::model::{self, Model, list, text};

/// Adds to every problem whose fix drops an index what undoes that.
pub(super) async fn tell(session: &mut Session, model: &Model, problems: &mut [IndexProblem]) -> Result<()> {
    let oids: BTreeMap<String, String> = model
        .indexes
        .iter()
        .map(|index| (index.name.to_string(), index.oid.to_string()))
        .collect();
    let oid = |problem: &IndexProblem| {
        let drops = problem
            .finding
            .fix
            .as_ref()
            .is_some_and(|fix| fix.sql.starts_with("DROP INDEX"));
        let name = problem.finding.object.as_ref().filter(|_| drops)?;
        oids.get(name)
    };
    let wanted: Vec<&str> = problems.iter().filter_map(oid).map(String::as_str).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let array = crate::array(wanted.into_iter());
    let params = [Some(array.as_str())];
    let query = Query::new(include_str!("../../queries/problems/restored.sql"), &params);
    let read = model::read(session, std::slice::from_ref(&query)).await?;
    let mut parts: BTreeMap<&str, Vec<Part>> = BTreeMap::new();
    for row in read.iter().flat_map(|rows| rows.iter()) {
        parts
            .entry(row.get(0).unwrap_or_default())
            .or_default()
            .push(Part::of(row));
    }
    for problem in problems {
        let parts = oid(problem).and_then(|oid| parts.get(oid.as_str()));
        problem.undo = parts.map(|parts| undo(parts));
    }
    Ok(())
}

/// An index, or a part of that of a partitioned table.
struct Part {
    name: String,
    parent: Option<String>,
    is_partitioned: bool,
    definition: String,
    /// ` WHERE …`, as the definition ends.
    predicate: String,
    tablespace: Option<String>,
    comment: Option<String>,
    /// `table CLUSTER ON index`.
    cluster: Option<String>,
    /// `1 SET STATISTICS 500`.
    statistics: Vec<String>,
}

impl Part {
    fn of(row: Row<'_>) -> Self {
        Self {
            name: text(row, 2),
            parent: row.get(3).map(str::to_owned),
            is_partitioned: row.is_true(4),
            definition: text(row, 5),
            predicate: text(row, 6),
            tablespace: row.get(7).map(str::to_owned),
            comment: row.get(8).map(str::to_owned),
            cluster: row.get(9).map(str::to_owned),
            statistics: list(row.get(10)),
        }
    }

    /// What builds it; of a partitioned table that is a moment's work, as nothing is built of the partitions.
    fn build(&self) -> String {
        let mut build = match self.is_partitioned {
            true => self.definition.clone(),
            false => self.definition.replacen("INDEX ", "INDEX CONCURRENTLY ", 1),
        };
        if let Some(tablespace) = &self.tablespace {
            let end = build.len()
                - if build.ends_with(&self.predicate) {
                    self.predicate.len()
                } else {
                    0
                };
            build.insert_str(end, &format!(" TABLESPACE {tablespace}"));
        }
        format!("{build};")
    }
}

/// A literal without line breaks.
fn on_one_line(text: &str) -> String {
    match text.contains(['\n', '\r']) {
        true => {
            let escaped = text.replace('\\', "\\\\").replace('\'', "''");
            format!("E'{}'", escaped.replace('\n', "\\n").replace('\r', "\\r"))
        }
        false => quote_literal(text),
    }
}

/// The statements that bring an index and its parts back, one a line.
fn undo(parts: &[Part]) -> String {
    let mut lines: Vec<String> = parts.iter().map(Part::build).collect();
    // From below: what is attached is whole by then.
    for part in parts.iter().rev() {
        // The root is nobody's part, or of an index that is still there.
        if let Some(parent) = &part.parent {
            lines.push(format!("ALTER INDEX {parent} ATTACH PARTITION {};", part.name));
        }
    }
    for part in parts {
        let comment = part.comment.as_ref();
        lines.extend(comment.map(|text| format!("COMMENT ON INDEX {} IS {};", part.name, on_one_line(text))));
        lines.extend(
            part.cluster
                .as_ref()
                .map(|cluster| format!("ALTER TABLE {cluster};")),
        );
        let statistics = part.statistics.iter();
        lines.extend(statistics.map(|one| format!("ALTER INDEX {} ALTER COLUMN {one};", part.name)));
    }
    lines.join("\n")
}
