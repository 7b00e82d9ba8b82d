use howdah_core::Severity;
use howdah_sql::pg_query::NodeEnum;

use crate::query::{QueryFound, QueryOptions, ScriptStatement};

crate::query_rule!(
    "query/row-by-row-insert",
    "Query Development: Write Operations",
    script
);

/// Inserts in a row from which on it pays to make one of them.
const MANY: usize = 10;
/// Inserts up to which the statement that replaces them is shown.
const SHOWN: usize = 200;

fn check(script: &[ScriptStatement<'_>], _: &QueryOptions<'_>, found: &mut QueryFound) {
    let mut at = 0;
    while at < script.len() {
        let Some(first) = Row::of(script[at]) else {
            at += 1;
            continue;
        };
        let mut rows = vec![first];
        while let Some(next) = script.get(at + rows.len()).and_then(|of| Row::of(*of)) {
            if next.head != rows[0].head {
                break;
            }
            rows.push(next);
        }
        if rows.len() >= MANY {
            report(script[at], &rows, found);
        }
        at += rows.len();
    }
}

/// An insert of a single row of values: all before them, and the values.
struct Row<'a> {
    head: &'a str,
    values: &'a str,
}

impl<'a> Row<'a> {
    fn of(of: ScriptStatement<'a>) -> Option<Self> {
        let NodeEnum::InsertStmt(insert) = of.statement.node() else {
            return None;
        };
        let select = insert
            .select_stmt
            .as_ref()
            .and_then(|select| select.node.as_ref());
        let is_single =
            matches!(select, Some(NodeEnum::SelectStmt(select)) if select.values_lists.len() == 1);
        let is_bare = insert.on_conflict_clause.is_none()
            && insert.returning_clause.is_none()
            && insert.with_clause.is_none();
        if !is_single || !is_bare {
            return None;
        }
        let text = of.statement.text();
        // The word may stand within a name or a string; VALUES of a single row is the last before the values.
        let place = find_values(text)?;
        Some(Self {
            head: text[..place].trim_end(),
            values: text[place + "values".len()..].trim(),
        })
    }
}

fn find_values(text: &str) -> Option<usize> {
    let lower = text.to_ascii_lowercase();
    let place = lower.find("values")?;
    let before = lower[..place].chars().next_back();
    let after = lower[place + "values".len()..].trim_start().chars().next();
    let is_word = before.is_some_and(|c| c.is_whitespace() || c == ')') && after == Some('(');
    is_word.then_some(place)
}

fn report(first: ScriptStatement<'_>, rows: &[Row<'_>], found: &mut QueryFound) {
    let place = first.span();
    let draft = found.add(
        Severity::Warning,
        place,
        format!(
            "{} rows are inserted one by one: one statement of many rows, or COPY, saves a round trip, a parse and a commit for each.",
            rows.len()
        ),
    );
    if rows.len() <= SHOWN {
        let values: Vec<&str> = rows.iter().map(|row| row.values).collect();
        draft.unsafe_fix(format!(
            "{} VALUES\n    {};",
            rows[0].head,
            values.join(",\n    ")
        ));
    }
}
