//! Statements that write, lock or read rows.

use howdah_rehearse::{LockMode, WorkKind};
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{
    DeleteStmt, InsertStmt, MergeStmt, Node, OnConflictAction, RangeVar, SelectStmt, SetOperation,
    UpdateStmt, WithClause,
};

use super::Gathering;
use super::expression::{is_limited, is_selective};
use crate::migration::Key;

pub(super) fn insert(insert: &InsertStmt, to: &mut Gathering<'_>) {
    let Some(table) = &insert.relation else { return };
    to.lock(table, LockMode::RowExclusive);
    queries(insert.with_clause.as_ref(), to);
    let Some(NodeEnum::SelectStmt(select)) =
        insert.select_stmt.as_deref().and_then(|node| node.node.as_ref())
    else {
        return;
    };
    if !select.values_lists.is_empty() {
        return;
    }
    self::select(select, to);
    let updates = insert
        .on_conflict_clause
        .as_ref()
        .is_some_and(|conflict| conflict.action() == OnConflictAction::OnconflictUpdate);
    if updates && select.limit_count.is_none() && !is_selective(select.where_clause.as_deref()) {
        to.work(table, WorkKind::RowsWritten);
    }
}

pub(super) fn update(update: &UpdateStmt, to: &mut Gathering<'_>) {
    let Some(table) = &update.relation else { return };
    to.lock(table, LockMode::RowExclusive);
    queries(update.with_clause.as_ref(), to);
    let few = is_selective(update.where_clause.as_deref())
        || limited_source(&update.from_clause)
        || with_limit(
            update
                .with_clause
                .as_ref()
                .map(|with| with.ctes.as_slice())
                .unwrap_or_default(),
        );
    if !few {
        to.work(table, WorkKind::RowsWritten);
    }
}

pub(super) fn delete(delete: &DeleteStmt, to: &mut Gathering<'_>) {
    let Some(table) = &delete.relation else { return };
    to.lock(table, LockMode::RowExclusive);
    queries(delete.with_clause.as_ref(), to);
    let few = is_selective(delete.where_clause.as_deref())
        || limited_source(&delete.using_clause)
        || with_limit(
            delete
                .with_clause
                .as_ref()
                .map(|with| with.ctes.as_slice())
                .unwrap_or_default(),
        );
    if few {
        return;
    }
    to.work(table, WorkKind::RowsWritten);
    if delete.where_clause.as_deref().is_none_or(is_true)
        && delete.using_clause.is_empty()
        && !to.is_new(table)
    {
        to.lose(format!("all rows of {}", super::relation_name(table)));
    }
}

pub(super) fn merge(merge: &MergeStmt, to: &mut Gathering<'_>) {
    let Some(table) = &merge.relation else { return };
    to.lock(table, LockMode::RowExclusive);
    let source = merge
        .source_relation
        .as_deref()
        .and_then(|node| node.node.as_ref());
    let few = match source {
        Some(NodeEnum::RangeSubselect(source)) => source.subquery.as_deref().is_some_and(|query| {
            is_limited(query) || matches!(&query.node, Some(NodeEnum::SelectStmt(select)) if !select.values_lists.is_empty())
        }),
        Some(NodeEnum::RangeVar(source)) => to.world.is_new(&Key::of(source)),
        _ => false,
    };
    if !few {
        to.work(table, WorkKind::RowsWritten);
    }
}

/// Reading blocks nobody, but a lock that was taken before is held all the while.
pub(super) fn select(select: &SelectStmt, to: &mut Gathering<'_>) {
    if select.op() != SetOperation::SetopNone {
        for side in [&select.larg, &select.rarg].into_iter().flatten() {
            self::select(side, to);
        }
        return;
    }
    let few = select.limit_count.is_some() || is_selective(select.where_clause.as_deref());
    let mut tables = Vec::new();
    for node in &select.from_clause {
        tables_of(node, &mut tables);
    }
    let locking = !select.locking_clause.is_empty();
    for table in tables {
        to.lock(
            table,
            if locking {
                LockMode::RowShare
            } else {
                LockMode::AccessShare
            },
        );
        match (few, locking) {
            (true, _) => {}
            (false, true) => to.work(table, WorkKind::RowsLocked),
            (false, false) => to.work(table, WorkKind::Scan),
        }
    }
    queries(select.with_clause.as_ref(), to);
}

/// The queries of a WITH clause, of which any may write.
fn queries(with: Option<&WithClause>, to: &mut Gathering<'_>) {
    for cte in with.iter().flat_map(|with| &with.ctes) {
        if let Some(NodeEnum::CommonTableExpr(cte)) = &cte.node
            && let Some(inner) = cte.ctequery.as_deref().and_then(|query| query.node.as_ref())
        {
            match inner {
                NodeEnum::SelectStmt(inner) => self::select(inner, to),
                NodeEnum::UpdateStmt(inner) => update(inner, to),
                NodeEnum::DeleteStmt(inner) => delete(inner, to),
                NodeEnum::InsertStmt(inner) => insert(inner, to),
                _ => {}
            }
        }
    }
}

fn tables_of<'a>(node: &'a Node, tables: &mut Vec<&'a RangeVar>) {
    match &node.node {
        Some(NodeEnum::RangeVar(table)) => {
            let system = table.schemaname == "pg_catalog"
                || table.schemaname == "information_schema"
                || table.relname.starts_with("pg_");
            if !system {
                tables.push(table);
            }
        }
        Some(NodeEnum::JoinExpr(join)) => {
            for side in [&join.larg, &join.rarg].into_iter().flatten() {
                tables_of(side, tables);
            }
        }
        Some(NodeEnum::RangeSubselect(query)) => {
            if let Some(NodeEnum::SelectStmt(select)) =
                query.subquery.as_deref().and_then(|query| query.node.as_ref())
            {
                for node in &select.from_clause {
                    tables_of(node, tables);
                }
            }
        }
        _ => {}
    }
}

fn limited_source(from: &[Node]) -> bool {
    from.iter().any(|node| match &node.node {
        Some(NodeEnum::RangeSubselect(query)) => query.subquery.as_deref().is_some_and(|query| {
            is_limited(query) || matches!(&query.node, Some(NodeEnum::SelectStmt(select)) if !select.values_lists.is_empty())
        }),
        _ => false,
    })
}

fn with_limit(ctes: &[Node]) -> bool {
    ctes.iter().any(|node| match &node.node {
        Some(NodeEnum::CommonTableExpr(cte)) => cte.ctequery.as_deref().is_some_and(is_limited),
        _ => false,
    })
}

pub(super) fn is_true(node: &Node) -> bool {
    use howdah_sql::pg_query::protobuf::a_const::Val;
    match &node.node {
        Some(NodeEnum::AConst(constant)) => {
            matches!(&constant.val, Some(Val::Boolval(value)) if value.boolval)
        }
        Some(NodeEnum::AExpr(expr)) => {
            let constants = [&expr.lexpr, &expr.rexpr]
                .into_iter()
                .flatten()
                .filter(|side| matches!(&side.node, Some(NodeEnum::AConst(_))));
            constants.count() == 2
        }
        _ => false,
    }
}
