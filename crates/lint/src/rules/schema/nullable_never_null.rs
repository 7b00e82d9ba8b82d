use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Found, Review, TableKind};

crate::schema_rule!("schema/nullable-never-null", "Schema Design: Design Rules");

fn check(review: &Review<'_>, found: &mut Found) {
    for (table, column) in review.columns() {
        if column.is_not_null || table.kind == TableKind::Foreign || !review.has_evidence(table) {
            continue;
        }
        let confirmed = review.observed.never_null.get(&(table.oid, column.number));
        let never = column
            .statistics
            .as_ref()
            .is_some_and(|statistics| statistics.null_fraction == 0.0);
        if !never || confirmed == Some(&false) || says_not_null(table, column.number, &column.name) {
            continue;
        }
        let name = quote_ident(&column.name);
        let draft = found.add(
            Severity::Note,
            format!(
                "{}.{name} may be null and never is: say NOT NULL if a row makes no sense without it.",
                table.name
            ),
        );
        draft.column(table, column);
        draft.evidence(match confirmed {
            Some(_) => format!("none in all of its {}", table.rows_text()),
            None => format!("none among the rows that ANALYZE read, of {}", table.rows_text()),
        });
        draft.unsafe_fix(format!(
            "ALTER TABLE {} ALTER COLUMN {name} SET NOT NULL;",
            table.name
        ));
    }
}

/// Whether a CHECK already rules NULL out.
fn says_not_null(table: &crate::schema::Table, number: i16, name: &str) -> bool {
    let wanted = format!("{} IS NOT NULL", quote_ident(name));
    table.constraints.iter().any(|constraint| {
        constraint.columns.contains(&number)
            && constraint
                .definition
                .as_ref()
                .is_some_and(|definition| definition.contains(&wanted))
    })
}
