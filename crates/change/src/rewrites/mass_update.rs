use async_trait::async_trait;
use howdah_rehearse::LockMode;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{BoolExpr, BoolExprType, ColumnRef, DeleteStmt, Node, RangeVar, UpdateStmt};
use howdah_sql::{RelationName, quote_ident};

use crate::form::{deparse, relation_name};
use crate::fragment::node;
use crate::rewrite::{Rewrite, rewrite};
use crate::{Batches, ChangeError, Estimate, Form, Planning, Relation, Step, Undo};

/// Rows that one transaction may write: their locks are gone before anybody notices.
const ROWS_AT_ONCE: f64 = 1000.0;

/// Three pages, which cannot hold more rows than that.
const FEW_BYTES: u64 = 3 * 8192;

/// UPDATE, DELETE, MERGE and INSERT: many rows by ranges of a key, few as they are.
struct MassUpdate;

rewrite!(MassUpdate);

#[async_trait]
impl Rewrite for MassUpdate {
    fn code(&self) -> &'static str {
        "mass_update"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        match &form.node {
            NodeEnum::UpdateStmt(_) | NodeEnum::DeleteStmt(_) | NodeEnum::MergeStmt(_) | NodeEnum::InsertStmt(_) => true,
            NodeEnum::SelectStmt(select) => select.into_clause.is_none(),
            _ => false,
        }
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let (range, action) = match &form.node {
            NodeEnum::UpdateStmt(update) => (update.relation.as_ref(), "Update"),
            NodeEnum::DeleteStmt(delete) => (delete.relation.as_ref(), "Delete"),
            NodeEnum::MergeStmt(merge) => (merge.relation.as_ref(), "Merge into"),
            NodeEnum::SelectStmt(_) => return select(form, planning),
            _ => (None, ""),
        };
        // An INSERT locks nothing but its own rows, however many.
        let Some(range) = range else {
            as_it_is(form, planning, None);
            return Ok(());
        };
        let written = relation_name(range);
        if planning.facts.is_created(&written) {
            as_it_is(form, planning, None);
            return Ok(());
        }
        let Some(relation) = planning.facts.relation(&written).cloned() else {
            planning.refuse(format!("The table {written} does not exist"), None);
            return Ok(());
        };
        let table = relation.name();
        // What the script makes before is not there to be planned with.
        let rows = match planning.statement() {
            1 => rows(planning, &form.sql).await?,
            _ => rows(planning, &form.sql).await.unwrap_or(relation.row_estimate() as f64),
        };
        if rows <= ROWS_AT_ONCE && !is_everything(&form.node) {
            as_it_is(form, planning, Some(&table));
            return Ok(());
        }
        match batches(&form.node, range, &relation)? {
            Ok((sql, key, alias)) => planning.step(
                Step::batches(
                    format!("{action} rows of {table} by ranges of ({})", crate::planner::columns_sql(&key)),
                    Batches { table: table.clone(), key, sql, alias, rows: rows as u64 },
                )
                .reason("In one transaction every row would stay locked until the last is done, and vacuum could remove nothing meanwhile. Each range is a transaction of its own; its position is committed with it.")
                .undo(Undo::Impossible { reason: "the rows are changed".to_owned() })
                .holds(&table, LockMode::RowExclusive)
                .estimate(Estimate::backfill(rows as u64, relation.heap_bytes)),
            ),
            Err(_) if relation.kind == 'r' && relation.heap_bytes <= FEW_BYTES => as_it_is(form, planning, Some(&table)),
            Err(why) => planning.refuse(
                format!("About {rows:.0} rows of {table} would be locked until the statement ends, and it cannot be split: {why}"),
                Some("Write it as several statements with a WHERE that selects at most a thousand rows each, by ranges of a key."),
            ),
        }
        Ok(())
    }
}

/// A few rows, in one transaction.
fn as_it_is(form: &Form<'_>, planning: &mut Planning<'_>, table: Option<&RelationName>) {
    let mut step = Step::transaction(form.kind.name(), vec![form.sql.clone()])
        .reason("As it is written, in a transaction of its own: few rows are locked, or rows that nobody has seen yet.")
        .undo(Undo::Impossible { reason: "rows are changed, and what they were is not kept".to_owned() })
        .estimate(Estimate::moment());
    if let Some(table) = table {
        step = step.holds(table, LockMode::RowExclusive);
    }
    planning.step(step);
}

/// SELECT: for what its functions do, such as `setval`.
fn select(form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
    let NodeEnum::SelectStmt(_) = &form.node else { return Ok(()) };
    if form.sql.contains("set_config") {
        planning.refuse(
            "set_config changes the session that the rest of the script is read in".to_owned(),
            Some("Leave it out: write names with their schema."),
        );
        return Ok(());
    }
    as_it_is(form, planning, None);
    Ok(())
}

/// How many rows the server thinks will be written.
async fn rows(planning: &mut Planning<'_>, sql: &str) -> Result<f64, ChangeError> {
    let plan = planning.ask(&format!("EXPLAIN (FORMAT JSON) {sql}"), &[]).await?.unwrap_or_default();
    let plan: serde_json::Value = serde_json::from_str(&plan)?;
    let top = &plan[0]["Plan"];
    let below = top["Plans"].as_array();
    Ok(below
        .into_iter()
        .flatten()
        .filter(|plan| !matches!(plan["Parent Relationship"].as_str(), Some("InitPlan" | "SubPlan")))
        .filter_map(|plan| plan["Plan Rows"].as_f64())
        .sum())
}

/// Without a condition every row is meant, however few there seem to be.
fn is_everything(statement: &NodeEnum) -> bool {
    match statement {
        NodeEnum::UpdateStmt(update) => update.where_clause.is_none() && update.from_clause.is_empty(),
        NodeEnum::DeleteStmt(delete) => delete.where_clause.is_none() && delete.using_clause.is_empty(),
        _ => false,
    }
}

/// The statement with a place for the range, the key and the name of the table in it; or why not.
#[allow(clippy::type_complexity)]
fn batches(
    statement: &NodeEnum,
    range: &RangeVar,
    relation: &Relation,
) -> Result<Result<(String, Vec<String>, String), &'static str>, ChangeError> {
    let (where_clause, with, returning, changed, others) = match statement {
        NodeEnum::UpdateStmt(update) => {
            let changed: Vec<String> = update
                .target_list
                .iter()
                .filter_map(|target| match &target.node {
                    Some(NodeEnum::ResTarget(target)) => Some(target.name.clone()),
                    _ => None,
                })
                .collect();
            (&update.where_clause, &update.with_clause, &update.returning_clause, changed, &update.from_clause)
        }
        NodeEnum::DeleteStmt(delete) => (&delete.where_clause, &delete.with_clause, &delete.returning_clause, Vec::new(), &delete.using_clause),
        _ => return Ok(Err("a MERGE may insert for rows that are in no range")),
    };
    if with.is_some() || returning.is_some() {
        return Ok(Err("it has a WITH or RETURNING"));
    }
    if let Some(NodeEnum::CurrentOfExpr(_)) = where_clause.as_ref().and_then(|clause| clause.node.as_ref()) {
        return Ok(Err("WHERE CURRENT OF belongs to a cursor"));
    }
    if !others.is_empty() || reads_again(statement, range) {
        return Ok(Err("it joins other rows, or reads its own table in a subquery, whose rows would change between the ranges"));
    }
    if relation.kind == 'r' && !relation.children.is_empty() && range.inh {
        return Ok(Err("the table has children, over which no key is unique"));
    }
    let usable = relation.indexes.iter().filter(|index| {
        index.unique
            && index.valid
            && index.immediate
            && !index.partial
            && !index.expressions
            && index.key_columns > 0
            && index.columns[..index.key_columns.min(index.columns.len())]
                .iter()
                .all(|column| relation.is_never_null(column) && !changed.contains(column))
    });
    let Some(index) = usable.min_by_key(|index| (!index.primary, index.key_columns)) else {
        return Ok(Err("the table has no unique key of NOT NULL columns that it leaves as they are"));
    };
    let key = index.columns[..index.key_columns].to_vec();
    let alias = range.alias.as_ref().map_or_else(|| range.relname.clone(), |alias| alias.aliasname.clone());
    const MARK: &str = "howdah range of the key";
    let mark = node(NodeEnum::ColumnRef(ColumnRef {
        fields: vec![node(NodeEnum::String(howdah_sql::pg_query::protobuf::String { sval: MARK.to_owned() }))],
        location: 0,
    }));
    let condition = match where_clause {
        None => mark,
        Some(clause) => node(NodeEnum::BoolExpr(Box::new(BoolExpr {
            boolop: BoolExprType::AndExpr.into(),
            args: vec![(**clause).clone(), mark],
            ..BoolExpr::default()
        }))),
    };
    let text = deparse(&match statement {
        NodeEnum::UpdateStmt(update) => NodeEnum::UpdateStmt(Box::new(UpdateStmt {
            where_clause: Some(Box::new(condition)),
            relation: Some(qualified(range, relation)),
            ..(**update).clone()
        })),
        NodeEnum::DeleteStmt(delete) => NodeEnum::DeleteStmt(Box::new(DeleteStmt {
            where_clause: Some(Box::new(condition)),
            relation: Some(qualified(range, relation)),
            ..(**delete).clone()
        })),
        other => other.clone(),
    })?;
    if text.contains("{range}") || text.matches(MARK).count() != 1 {
        return Ok(Err("it holds the text {range}, which marks the place of the range"));
    }
    Ok(Ok((text.replace(&quote_ident(MARK), "{range}"), key, alias)))
}

fn qualified(range: &RangeVar, relation: &Relation) -> RangeVar {
    RangeVar {
        schemaname: relation.schema().to_owned(),
        ..range.clone()
    }
}

/// Whether a subquery reads any table, whose rows may be those that are written: what it finds would
/// depend on how far the statement is.
fn reads_again(statement: &NodeEnum, range: &RangeVar) -> bool {
    let clauses: Vec<&Node> = match statement {
        NodeEnum::UpdateStmt(update) => update.target_list.iter().chain(update.where_clause.as_deref()).collect(),
        NodeEnum::DeleteStmt(delete) => delete.where_clause.as_deref().into_iter().collect(),
        _ => Vec::new(),
    };
    clauses.iter().filter_map(|clause| clause.node.as_ref()).any(|clause| {
        clause.nodes().iter().any(|(node, ..)| match node {
            howdah_sql::pg_query::NodeRef::RangeVar(other) => other.relname == range.relname,
            howdah_sql::pg_query::NodeRef::SelectStmt(select) => select.limit_count.is_some() || select.limit_offset.is_some(),
            _ => false,
        })
    })
}
