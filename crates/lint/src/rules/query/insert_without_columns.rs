use howdah_core::Severity;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::quote_ident;

use crate::query::{Query, QueryFound, span_at};

crate::query_rule!("query/insert-without-columns", "Query Development: Always");

fn check(query: &Query<'_>, found: &mut QueryFound) {
    let NodeEnum::InsertStmt(insert) = query.statement.node() else {
        return;
    };
    // DEFAULT VALUES has no source.
    if !insert.cols.is_empty() || insert.select_stmt.is_none() {
        return;
    }
    let Some(relation) = &insert.relation else { return };
    let start = usize::try_from(relation.location).unwrap_or(0);
    let start = start.saturating_sub(query.statement.span().start);
    let end = crate::query::word_end(query.text, start);
    let draft = found.add(
        Severity::Warning,
        span_at(query.text, start),
        format!(
            "INSERT INTO {} names no columns: it breaks, or fills the wrong ones, when the table changes.",
            relation.relname
        ),
    );
    let schema = Some(relation.schemaname.as_str()).filter(|schema| !schema.is_empty());
    let width = insert.select_stmt.as_ref().and_then(|select| match &select.node {
        Some(NodeEnum::SelectStmt(select)) => {
            match select.values_lists.first().and_then(|list| list.node.as_ref()) {
                Some(NodeEnum::List(list)) => Some(list.items.len()),
                _ => None,
            }
        }
        _ => None,
    });
    if let Some((table, width)) = query.tables.find(schema, &relation.relname).zip(width) {
        let names: Vec<String> = table
            .columns
            .iter()
            .take(width)
            .map(|column| quote_ident(&column.name))
            .collect();
        draft.object(table.name.to_string());
        if relation.alias.is_none() && query.text.len() < 10_000 && !query.text[start..end].contains('"') {
            draft.safe_fix(format!(
                "{} ({}){}",
                &query.text[..end],
                names.join(", "),
                &query.text[end..]
            ));
        }
    }
}
