use std::collections::{HashMap, HashSet};

use howdah_core::Severity;
use howdah_sql::pg_query::NodeEnum;

use crate::query::{QueryFound, QueryOptions, ScriptStatement};

crate::query_rule!(
    "query/seed-without-conflict",
    "Connection Management: Seed Scripts",
    script
);

/// The share of a script's statements that are inserts of constants, from which on it is a seed.
const MOST: f64 = 0.5;

fn check(script: &[ScriptStatement<'_>], options: &QueryOptions<'_>, found: &mut QueryFound) {
    let inserts: Vec<_> = script.iter().filter(|of| is_insert_of_constants(of)).collect();
    let is_seed = options.is_seed || (script.len() > 1 && inserts.len() as f64 >= MOST * script.len() as f64);
    // What a script has created itself is empty when it inserts.
    let created: HashSet<&str> = script.iter().filter_map(|of| created(of)).collect();
    if !is_seed {
        return;
    }
    // One word for each table: a dump has as many statements as rows.
    let mut tables: Vec<(&str, &ScriptStatement<'_>)> = Vec::new();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for of in inserts {
        let NodeEnum::InsertStmt(insert) = of.statement.node() else {
            continue;
        };
        let name = insert
            .relation
            .as_ref()
            .map_or("", |relation| relation.relname.as_str());
        if insert.on_conflict_clause.is_some() || created.contains(name) {
            continue;
        }
        let count = counts.entry(name).or_default();
        if *count == 0 {
            tables.push((name, of));
        }
        *count += 1;
    }
    for (name, of) in tables {
        let draft = found.add(
            Severity::Note,
            of.span(),
            format!(
                "A second run of this script fails on {name}, or fills it twice: say ON CONFLICT DO NOTHING."
            ),
        );
        match counts.get(name).map_or(0, |count| count - 1) {
            0 => {}
            1 => _ = draft.evidence("So does a second run of another INSERT into it, further below."),
            more => _ = draft.evidence(format!("So does a second run of {more} other INSERTs into it, further below.")),
        }
        let returns = matches!(of.statement.node(), NodeEnum::InsertStmt(insert) if insert.returning_clause.is_some());
        if of.statement.text().len() < 10_000 && !returns {
            draft.unsafe_fix(format!("{} ON CONFLICT DO NOTHING", of.statement.text()));
        }
    }
}

fn is_insert_of_constants(of: &ScriptStatement<'_>) -> bool {
    let NodeEnum::InsertStmt(insert) = of.statement.node() else {
        return false;
    };
    let select = insert
        .select_stmt
        .as_ref()
        .and_then(|select| select.node.as_ref());
    matches!(select, Some(NodeEnum::SelectStmt(select)) if !select.values_lists.is_empty())
        && !of.statement.text().contains('$')
}

fn created<'a>(of: &ScriptStatement<'a>) -> Option<&'a str> {
    match of.statement.node() {
        NodeEnum::CreateStmt(create) if !create.if_not_exists => {
            create.relation.as_ref().map(|relation| relation.relname.as_str())
        }
        _ => None,
    }
}
