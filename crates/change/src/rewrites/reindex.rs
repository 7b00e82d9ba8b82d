use async_trait::async_trait;
use howdah_rehearse::LockMode;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{ReindexObjectType, ReindexStmt};
use howdah_sql::{RelationName, quote_ident, quote_literal};

use crate::ask::beside;
use crate::blocking::rewritten;
use crate::form::relation_name;
use crate::proof;
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Estimate, Form, Index, Planning, Relation, Step, Undo};

/// REINDEX beside readers and writers, index by index.
struct Reindex;

rewrite!(Reindex);

#[async_trait]
impl Rewrite for Reindex {
    fn code(&self) -> &'static str {
        "reindex"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        matches!(form.node, NodeEnum::ReindexStmt(_))
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let NodeEnum::ReindexStmt(statement) = &form.node else { return Ok(()) };
        match (ReindexObjectType::try_from(statement.kind), &statement.relation) {
            (Ok(ReindexObjectType::ReindexObjectIndex), Some(range)) => {
                let written = relation_name(range);
                match super::drop_index::find(planning, &written) {
                    Some((relation, index)) => {
                        let targets = if relation.kind == 'p' {
                            attached(planning, &relation, &index).await?
                        } else {
                            vec![(relation, index)]
                        };
                        for (relation, index) in targets {
                            one(planning, &relation, &index, tablespace(statement)).await?;
                        }
                    }
                    None => planning.refuse(format!("There is no index {written}"), None),
                }
            }
            (Ok(ReindexObjectType::ReindexObjectTable), Some(range)) => {
                let written = relation_name(range);
                let Some(relation) = planning.facts.relation(&written).cloned() else {
                    planning.refuse(format!("The table {written} does not exist"), None);
                    return Ok(());
                };
                let leaves: Vec<Relation> = match relation.kind {
                    'p' => planning.facts.leaves(&relation).into_iter().cloned().collect(),
                    _ => vec![relation],
                };
                for leaf in leaves {
                    for index in &leaf.indexes {
                        one(planning, &leaf, index, tablespace(statement)).await?;
                    }
                }
            }
            (Ok(ReindexObjectType::ReindexObjectSchema | ReindexObjectType::ReindexObjectDatabase), _) => {
                let (what, name) = match ReindexObjectType::try_from(statement.kind) {
                    Ok(ReindexObjectType::ReindexObjectSchema) => ("SCHEMA", statement.name.clone()),
                    _ => ("DATABASE", planning.facts.server.database.clone()),
                };
                planning.step(
                    Step::autocommit(
                        format!("Rebuild the indexes of the {} {}", what.to_lowercase(), quote_ident(&name)),
                        format!("REINDEX {what} CONCURRENTLY {}", quote_ident(&name)),
                    )
                    .reason("REINDEX keeps writers out, and readers who plan; CONCURRENTLY lets clients go on. System catalogs and indexes of exclusion constraints are left out."),
                );
            }
            _ => planning.refuse(
                "REINDEX SYSTEM keeps everybody out of the catalogs".to_owned(),
                Some("Rebuild a catalog's index only where it is broken, in a quiet hour, by hand."),
            ),
        }
        Ok(())
    }
}

/// `(TABLESPACE x)`.
fn tablespace(statement: &ReindexStmt) -> Option<String> {
    statement.params.iter().find_map(|param| match &param.node {
        Some(NodeEnum::DefElem(option)) if option.defname == "tablespace" => match &option.arg.as_ref()?.node {
            Some(NodeEnum::String(name)) => Some(name.sval.clone()),
            _ => None,
        },
        _ => None,
    })
}

/// The indexes of the leaves that hang on an index of a partitioned table.
async fn attached(
    planning: &mut Planning<'_>,
    relation: &Relation,
    index: &Index,
) -> Result<Vec<(Relation, Index)>, ChangeError> {
    let name = beside(&relation.name(), &index.name);
    let names = planning
        .ask(
            "SELECT string_agg(relid::oid::text, ',') FROM pg_catalog.pg_partition_tree($1::regclass) WHERE isleaf",
            &[Some(&name.to_string())],
        )
        .await?
        .unwrap_or_default();
    let mut found = Vec::new();
    for oid in names.split(',').filter(|oid| !oid.is_empty()) {
        let name = planning.ask("SELECT relname FROM pg_catalog.pg_class WHERE oid = $1::oid", &[Some(oid)]).await?;
        let table = planning.ask("SELECT indrelid FROM pg_catalog.pg_index WHERE indexrelid = $1::oid", &[Some(oid)]).await?;
        let table = table.and_then(|oid| planning.facts.by_oid(oid.parse().ok()?));
        if let (Some(name), Some(table)) = (name, table)
            && let Some(index) = table.index(&name)
        {
            found.push((table.clone(), index.clone()));
        }
    }
    Ok(found)
}

/// Rebuilds one index, perhaps in another tablespace.
pub(super) async fn one(
    planning: &mut Planning<'_>,
    relation: &Relation,
    index: &Index,
    tablespace: Option<String>,
) -> Result<(), ChangeError> {
    let table = relation.name();
    let name = beside(&table, &index.name);
    if relation.constraints.iter().any(|constraint| constraint.kind == 'x' && constraint.index.as_deref() == Some(&index.name)) {
        planning.refuse(
            format!("The index {name} of an exclusion constraint cannot be rebuilt while clients write"),
            Some(&format!("The least bad way: REINDEX INDEX {name} in a quiet hour; the table cannot be written for about {}.", rewritten(index.bytes))),
        );
        return Ok(());
    }
    if tablespace.is_some() && planning.facts.server.major() < 14 {
        planning.refuse(
            format!("Before PostgreSQL 14 the index {name} cannot be moved while clients work"),
            Some("Build a second index in the other tablespace with CREATE INDEX CONCURRENTLY, then drop the first."),
        );
        return Ok(());
    }
    let old = planning
        .ask("SELECT to_regclass($1)::oid", &[Some(&name.to_string())])
        .await?
        .unwrap_or_else(|| "0".to_owned());
    let place = tablespace.as_ref().map_or(String::new(), |place| format!("(TABLESPACE {}) ", quote_ident(place)));
    let title = match &tablespace {
        Some(place) => format!("Rebuild the index {name} in the tablespace {}", quote_ident(place)),
        None => format!("Rebuild the index {name}"),
    };
    let mut step = Step::autocommit(title, format!("REINDEX {place}INDEX CONCURRENTLY {name}"))
        .reason("REINDEX keeps writers out, and readers who plan; CONCURRENTLY builds a second index and exchanges the two.")
        // The new index comes under the old name.
        .proof(format!(
            "EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = {} AND indrelid = {} AND indisvalid AND indexrelid <> {old}::oid)",
            proof::regclass(&name),
            proof::regclass(&table)
        ))
        .undo(Undo::Nothing)
        .holds(&table, LockMode::ShareUpdateExclusive)
        .estimate(Estimate::index_build(relation.heap_bytes));
    for suffix in ["ccnew", "ccold"] {
        let left = beside(&table, &crate::names::chosen_name(&index.name, "", suffix));
        step = step.cleanup(left_over(&table, &left, index), proof::drop_index(&left));
    }
    planning.step(step);
    Ok(())
}

/// An invalid index of the table that a killed REINDEX CONCURRENTLY left: same columns, nobody at work on it.
fn left_over(table: &RelationName, left: &RelationName, index: &Index) -> String {
    let columns: Vec<String> = index.columns.iter().map(|column| quote_literal(column)).collect();
    format!(
        "{} AND ARRAY(SELECT coalesce(a.attname, '')::text FROM pg_catalog.pg_index AS i, \
         unnest(i.indkey::int2[]) WITH ORDINALITY AS x (attnum, at) LEFT JOIN pg_catalog.pg_attribute AS a \
         ON a.attrelid = {} AND a.attnum = x.attnum AND x.attnum <> 0 WHERE i.indexrelid = {} ORDER BY x.at) = ARRAY[{}]::text[]",
        proof::index_left_over(table, left, index.unique),
        proof::regclass(table),
        proof::regclass(left),
        columns.join(", ")
    )
}
