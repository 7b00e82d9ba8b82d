//! The constants of an UPDATE, and which rows it and a DELETE are about.

use howdah_sql::RelationName;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{AExpr, AExprKind, BoolExprType, Node, RangeVar};

use super::inserted::constant;

/// Rows that a statement changes or deletes, as far as they are told by constants.
pub(super) struct Changed {
    pub(super) relation: RelationName,
    /// The columns that are given a constant; `None` for NULL. Of a DELETE there are none.
    pub(super) values: Vec<(String, Option<String>)>,
    pub(super) deletes: bool,
    pub(super) rows: Rows,
}

/// Which rows of a table a statement is about.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Rows {
    /// Each of them has one of these values in this column.
    pub(super) having: Vec<(String, Vec<String>)>,
    /// Whether that is all that is asked of them.
    pub(super) is_all: bool,
    /// Whether other tables have a say.
    pub(super) by_others: bool,
}

impl Changed {
    pub(super) fn of(node: &NodeEnum) -> Option<Self> {
        let changed = match node {
            NodeEnum::UpdateStmt(update) => Self {
                relation: name(update.relation.as_ref()?),
                values: update.target_list.iter().filter_map(assigned).collect(),
                deletes: false,
                rows: Rows::of(
                    update.where_clause.as_deref(),
                    !update.from_clause.is_empty() || update.with_clause.is_some(),
                ),
            },
            NodeEnum::DeleteStmt(delete) => Self {
                relation: name(delete.relation.as_ref()?),
                values: Vec::new(),
                deletes: true,
                rows: Rows::of(
                    delete.where_clause.as_deref(),
                    !delete.using_clause.is_empty() || delete.with_clause.is_some(),
                ),
            },
            _ => return None,
        };
        (changed.deletes || !changed.values.is_empty()).then_some(changed)
    }
}

impl Rows {
    fn of(condition: Option<&Node>, by_others: bool) -> Self {
        let mut rows = Self {
            having: Vec::new(),
            is_all: true,
            by_others,
        };
        if let Some(condition) = condition {
            rows.add(condition);
        }
        rows
    }

    fn add(&mut self, condition: &Node) {
        match &condition.node {
            Some(NodeEnum::BoolExpr(all)) if all.boolop() == BoolExprType::AndExpr => {
                all.args.iter().for_each(|part| self.add(part));
            }
            Some(NodeEnum::AExpr(expression)) if comparison(expression).is_some() => {
                self.having.extend(comparison(expression));
            }
            _ => {
                self.is_all = false;
                // What is asked of other tables may be just this.
                self.by_others |= format!("{condition:?}").contains("SubLink");
            }
        }
    }
}

/// `column = constant`, `column IN (constants)`.
fn comparison(expression: &AExpr) -> Option<(String, Vec<String>)> {
    let is_equal = matches!(expression.name.as_slice(), [Node { node: Some(NodeEnum::String(name)) }] if name.sval == "=");
    let column = column(expression.lexpr.as_deref()?)?;
    let right = expression.rexpr.as_deref()?;
    let values = match (expression.kind(), &right.node) {
        (AExprKind::AexprOp, _) => vec![constant(right)?],
        (AExprKind::AexprIn, Some(NodeEnum::List(list))) => {
            list.items.iter().map(constant).collect::<Option<_>>()?
        }
        _ => return None,
    };
    is_equal.then_some((column, values))
}

fn column(node: &Node) -> Option<String> {
    let Some(NodeEnum::ColumnRef(column)) = &node.node else {
        return None;
    };
    match &column.fields.last()?.node {
        Some(NodeEnum::String(name)) => Some(name.sval.clone()),
        _ => None,
    }
}

fn assigned(target: &Node) -> Option<(String, Option<String>)> {
    let Some(NodeEnum::ResTarget(target)) = &target.node else {
        return None;
    };
    let value = target.val.as_deref()?;
    let is_null = matches!(&value.node, Some(NodeEnum::AConst(constant)) if constant.isnull);
    let is_whole = target.indirection.is_empty();
    match (is_whole, is_null) {
        (false, _) => None,
        (true, true) => Some((target.name.clone(), None)),
        (true, false) => Some((target.name.clone(), Some(constant(value)?))),
    }
}

fn name(table: &RangeVar) -> RelationName {
    RelationName {
        schema: Some(table.schemaname.clone()).filter(|schema| !schema.is_empty()),
        name: table.relname.clone(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use howdah_sql::{Limits, parse};

    use super::*;

    fn of(sql: &str) -> Changed {
        let script = parse(sql, &Limits::default()).unwrap();
        Changed::of(script.statements[0].node()).unwrap()
    }

    #[test]
    fn constants_and_conditions_are_read() {
        let update = of("UPDATE s.t SET a = -1, b = NULL, c = now() WHERE id IN (1, 2) AND t.kind = 'x'");
        assert_eq!(update.relation, RelationName::in_schema("s", "t"));
        assert_eq!(
            update.values,
            [("a".to_owned(), Some("-1".to_owned())), ("b".to_owned(), None)]
        );
        let having = [
            ("id".to_owned(), vec!["1".to_owned(), "2".to_owned()]),
            ("kind".to_owned(), vec!["x".to_owned()]),
        ];
        assert_eq!(update.rows.having, having);
        assert!(update.rows.is_all && !update.rows.by_others);
        let delete = of("DELETE FROM t WHERE id = 1 AND NOT EXISTS (SELECT FROM u WHERE u.t = t.id)");
        assert!(delete.deletes && !delete.rows.is_all && delete.rows.by_others);
        assert!(of("DELETE FROM t").rows.having.is_empty());
        assert!(of("DELETE FROM t USING u WHERE u.id = t.id").rows.by_others);
    }
}
