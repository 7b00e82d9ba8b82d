use async_trait::async_trait;
use howdah_rehearse::LockMode;
use howdah_sql::pg_query::protobuf::{AExprKind, IndexElem, IndexStmt, MinMaxOp, Node};
use howdah_sql::pg_query::{NodeEnum, NodeRef};
use howdah_sql::{RelationName, quote_ident};

use crate::form::{deparse, relation_name};
use crate::planner::columns_sql;
use crate::proof;
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Estimate, Form, Planning, Step, Undo};

/// CREATE INDEX beside readers and writers.
struct CreateIndex;

rewrite!(CreateIndex);

#[async_trait]
impl Rewrite for CreateIndex {
    fn code(&self) -> &'static str {
        "create_index"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        matches!(form.node, NodeEnum::IndexStmt(_))
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let NodeEnum::IndexStmt(statement) = &form.node else { return Ok(()) };
        let Some(range) = &statement.relation else { return Ok(()) };
        let written = relation_name(range);
        if planning.facts.is_created(&written) {
            planning.step(Step::transaction(format!("Create an index on {written}"), vec![form.sql.clone()]).reason(
                "The table was made by this script and is empty: the index is there at once.",
            ));
            return Ok(());
        }
        let Some(relation) = planning.facts.relation(&written) else {
            planning.refuse(format!("The table {written} does not exist"), None);
            return Ok(());
        };
        if relation.kind == 'p' {
            let relation = relation.clone();
            return crate::partitioned_index::plan(planning, &relation, statement).await;
        }
        if !matches!(relation.kind, 'r' | 'm') {
            planning.refuse(format!("{} is no table that could have an index", relation.name()), None);
            return Ok(());
        }
        let table = relation.name();
        let bytes = relation.heap_bytes;
        let name = match statement.idxname.as_str() {
            "" => free_name(planning, &table, statement).await?,
            given => given.to_owned(),
        };
        let index = RelationName::in_schema(table.schema.clone().unwrap_or_default(), &name);
        if let Some(existing) = planning.facts.relation(&table).and_then(|relation| relation.index(&name))
            && existing.valid
        {
            if statement.if_not_exists {
                planning.note(format!("The index {index} is there already."));
            } else {
                planning.refuse(format!("An index {index} is there already"), None);
            }
            return Ok(());
        }
        if statement.unique
            && let Some(step) = duplicates(&table, statement)?
        {
            planning.step(step.estimate(Estimate::scan(bytes)));
        }
        let concurrent = NodeEnum::IndexStmt(Box::new(IndexStmt {
            concurrent: true,
            if_not_exists: false,
            idxname: name.clone(),
            relation: Some(howdah_sql::pg_query::protobuf::RangeVar {
                schemaname: table.schema.clone().unwrap_or_default(),
                ..range.clone()
            }),
            ..(**statement).clone()
        }));
        planning.step(
            Step::autocommit(format!("Build the index {index}"), deparse(&concurrent)?)
                .reason("CREATE INDEX keeps writers out for as long as it builds; CONCURRENTLY lets them go on, for a second scan of the table.")
                .cleanup(proof::index_left_over(&table, &index, statement.unique), proof::drop_index(&index))
                .proof(proof::index_valid(&table, &index, statement.unique))
                .undo(Undo::Autocommit { sql: proof::drop_index(&index) })
                .holds(&table, LockMode::ShareUpdateExclusive)
                .estimate(Estimate::index_build(bytes)),
        );
        record(planning, &table, &name, statement)
    }
}

/// The name that PostgreSQL would give it: the first that is free.
pub(crate) async fn free_name(
    planning: &mut Planning<'_>,
    table: &RelationName,
    statement: &IndexStmt,
) -> Result<String, ChangeError> {
    let mut columns: Vec<String> = Vec::new();
    for element in elements(statement, true) {
        let base = match &element.expr {
            None => element.name.clone(),
            Some(expression) => expression_name(expression).unwrap_or_else(|| "expr".to_owned()),
        };
        let mut name = base.clone();
        let mut number = 0;
        while columns.contains(&name) {
            number += 1;
            name = format!("{base}{number}");
        }
        columns.push(name);
    }
    planning.free_name(table, &columns.join("_"), "idx").await
}

/// Later statements of the script find the index.
pub(crate) fn record(planning: &mut Planning<'_>, table: &RelationName, name: &str, statement: &IndexStmt) -> Result<(), ChangeError> {
    let columns: Vec<String> = elements(statement, true).iter().map(|element| element.name.clone()).collect();
    let definition = deparse(&NodeEnum::IndexStmt(Box::new(IndexStmt {
        concurrent: false,
        if_not_exists: false,
        idxname: name.to_owned(),
        relation: Some(crate::fragment::range(table)),
        ..statement.clone()
    })))?;
    let mut mentions: Vec<String> = columns.iter().filter(|column| !column.is_empty()).cloned().collect();
    let expressions = elements(statement, false).into_iter().filter_map(|element| element.expr.as_ref());
    for tree in expressions.chain(&statement.where_clause).filter_map(|tree| tree.node.as_ref()) {
        mentions.extend(tree.nodes().iter().filter_map(|(node, ..)| match node {
            NodeRef::ColumnRef(column) => crate::fragment::strings(&column.fields).pop(),
            _ => None,
        }));
    }
    if let Some(relation) = planning.facts.relation_mut(table) {
        let index = crate::Index::planned(name, statement.unique, &columns, &definition);
        relation.indexes.retain(|other| other.name != name);
        relation.indexes.push(crate::Index {
            partial: statement.where_clause.is_some(),
            expressions: columns.iter().any(String::is_empty),
            key_columns: elements(statement, false).len(),
            method: statement.access_method.clone(),
            mentions,
            ..index
        });
    }
    Ok(())
}

/// What an index calls a column that is an expression, as PostgreSQL names the columns of a SELECT.
fn expression_name(expression: &Node) -> Option<String> {
    let of = |node: &Option<Box<Node>>| node.as_deref().and_then(expression_name);
    match expression.node.as_ref()? {
        NodeEnum::ColumnRef(column) => crate::fragment::strings(&column.fields).pop(),
        NodeEnum::AIndirection(part) => crate::fragment::strings(&part.indirection).pop().or_else(|| of(&part.arg)),
        NodeEnum::FuncCall(call) => crate::fragment::strings(&call.funcname).pop(),
        NodeEnum::TypeCast(cast) => of(&cast.arg)
            .or_else(|| crate::fragment::strings(&cast.type_name.as_ref()?.names).pop()),
        NodeEnum::CollateClause(clause) => of(&clause.arg),
        NodeEnum::CaseExpr(case) => of(&case.defresult).or_else(|| Some("case".to_owned())),
        NodeEnum::AArrayExpr(_) => Some("array".to_owned()),
        NodeEnum::RowExpr(_) => Some("row".to_owned()),
        NodeEnum::CoalesceExpr(_) => Some("coalesce".to_owned()),
        NodeEnum::MinMaxExpr(expr) => Some(if expr.op == i32::from(MinMaxOp::IsGreatest) { "greatest" } else { "least" }.to_owned()),
        NodeEnum::AExpr(expr) if expr.kind == i32::from(AExprKind::AexprNullif) => Some("nullif".to_owned()),
        _ => None,
    }
}

pub(crate) fn elements(statement: &IndexStmt, included: bool) -> Vec<&IndexElem> {
    let included = included.then_some(&statement.index_including_params);
    statement
        .index_params
        .iter()
        .chain(included.into_iter().flatten())
        .filter_map(|node| match &node.node {
            Some(NodeEnum::IndexElem(element)) => Some(&**element),
            _ => None,
        })
        .collect()
}

/// Looks for duplicates, where the index is over plain columns.
pub(crate) fn duplicates(table: &RelationName, statement: &IndexStmt) -> Result<Option<Step>, ChangeError> {
    let elements = elements(statement, false);
    if elements.iter().any(|element| element.expr.is_some()) || statement.where_clause.is_some() {
        return Ok(None);
    }
    let columns: Vec<String> = elements.iter().map(|element| element.name.clone()).collect();
    Ok(Some(duplicate_check(table, &columns, statement.nulls_not_distinct)))
}

/// The step that looks for rows which a unique index could not hold.
pub(crate) fn duplicate_check(table: &RelationName, columns: &[String], nulls_not_distinct: bool) -> Step {
    let list = columns_sql(columns);
    let filter = if nulls_not_distinct {
        String::new()
    } else {
        let conditions: Vec<String> =
            columns.iter().map(|column| format!("{} IS NOT NULL", quote_ident(column))).collect();
        format!(" WHERE {}", conditions.join(" AND "))
    };
    Step::check(
        format!("Look for duplicates of ({list}) in {table}"),
        format!("SELECT {list}, count(*) AS rows FROM ONLY {table}{filter} GROUP BY {list} HAVING count(*) > 1 LIMIT 10"),
        format!("{table} has several rows with the same ({list}):"),
        "Remove or change the duplicates, then run the change again.",
    )
    .reason("A unique index that meets a duplicate fails at the end of its build and leaves an invalid index.")
    .holds(table, LockMode::AccessShare)
}
