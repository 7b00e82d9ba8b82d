use howdah_core::{Finding, Severity, Span};
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::{Limits, RelationName, parse};

use super::{Key, Script, World, relation_name};

/// So many tables are listed.
const LISTED: usize = 6;

/// One word on all the rows that a script brings along for COPY … FROM STDIN: a dump has such a
/// COPY for each of its tables.
pub(crate) fn copied(script: &Script<'_>, world: &World) -> Option<Finding> {
    let first = script.copies.first()?;
    let rows: usize = script.copies.iter().map(|copy| copy.rows).sum();
    let blocks = match script.copies.len() {
        1 => "A COPY … FROM stdin has".to_owned(),
        more => format!("{more} COPY … FROM stdin have"),
    };
    let rows = howdah_core::counted(rows, "row");
    let (severity, message) = match script.sends_copies {
        true => (
            Severity::Note,
            format!(
                "{blocks} {rows} in the script: psql sends them, and a tool that sends the script itself to the server does not."
            ),
        ),
        false => (
            Severity::Warning,
            format!(
                "{blocks} {rows} in the script, and the tool that runs it sends the server statements only: it fails here."
            ),
        ),
    };
    let mut evidence = earlier_tables(script, world);
    if !script.sends_copies {
        evidence.push("Write the rows as INSERT … VALUES, or load the file with psql.".to_owned());
    }
    Some(Finding {
        code: "migration/not-sql".to_owned(),
        severity,
        object: None,
        span: Some(Span {
            start: first.span.start,
            end: first.span.end,
        }),
        message,
        evidence,
        fix: None,
        guide: None,
    })
}

/// What is to be known of tables that the script has not made itself.
fn earlier_tables(script: &Script<'_>, world: &World) -> Vec<String> {
    let mut tables: Vec<(RelationName, usize)> = Vec::new();
    for copy in &script.copies {
        let parsed = parse(copy.text, &Limits::default());
        let statement = parsed.ok().and_then(|mut script| script.statements.pop());
        let Some(NodeEnum::CopyStmt(statement)) = statement.as_ref().map(|statement| statement.node()) else {
            continue;
        };
        let Some(table) = statement
            .relation
            .as_ref()
            .filter(|table| !world.is_new(&Key::of(table)))
        else {
            continue;
        };
        let name = relation_name(table);
        match tables.iter_mut().find(|(known, _)| *known == name) {
            Some((_, rows)) => *rows += copy.rows,
            None => tables.push((name, copy.rows)),
        }
    }
    let mut lines: Vec<String> = tables
        .iter()
        .take(LISTED)
        .map(|(table, rows)| {
            format!(
                "{table} is not made by this script, and gets {}: they are added to what is there, and again in a second run, or fail where a key is taken",
                howdah_core::counted(*rows, "row")
            )
        })
        .collect();
    if tables.len() > LISTED {
        lines.push(format!("and {} more such tables", tables.len() - LISTED));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::{OfPsql, Plan, Run};
    use crate::{ByText, Options};

    const DUMP: &str = "\\restrict x\nCREATE TABLE public.a (id int);\nCOPY public.a (id) FROM stdin;\n1\n2\n\\.\n\n\
                        COPY b FROM stdin;\n1\n\\.\n\\unrestrict x\n";

    fn found(text: &str, does: OfPsql) -> Vec<Finding> {
        let mut plan = Plan::plain(text, Run::Alone);
        plan.does = does;
        let script = Script::planned(text, &plan);
        ByText::new(None, &Options::default()).review(&script).findings
    }

    #[test]
    fn a_dump_gets_one_note_on_all_its_rows() {
        let findings = found(DUMP, OfPsql::All);
        let [note] = findings.as_slice() else {
            panic!("{findings:#?}");
        };
        assert_eq!(
            (note.code.as_str(), note.severity),
            ("migration/not-sql", Severity::Note)
        );
        assert!(
            note.message
                .starts_with("2 COPY … FROM stdin have 3 rows in the script"),
            "{note:?}"
        );
        assert_eq!(
            note.span.map(|span| &DUMP[span.start..span.end]),
            Some("COPY public.a (id) FROM stdin")
        );
        assert_eq!(note.evidence.len(), 1);
        assert!(
            note.evidence[0].starts_with("b is not made by this script, and gets 1 row:"),
            "{note:?}"
        );
    }

    #[test]
    fn where_nobody_sends_the_rows_it_is_a_warning() {
        let severities = |does| {
            let found = found(DUMP, does);
            found.iter().map(|finding| finding.severity).collect::<Vec<_>>()
        };
        assert_eq!(severities(OfPsql::Nothing), [Severity::Warning; 3]);
        // It sends rows, and knows no command of psql.
        assert_eq!(
            severities(OfPsql::Copy),
            [Severity::Warning, Severity::Note, Severity::Warning]
        );
    }
}
