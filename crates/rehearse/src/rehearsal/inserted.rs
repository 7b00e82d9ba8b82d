//! The constants of an INSERT, to be held against the keys that the target's statistics know.

use std::collections::BTreeMap;

use howdah_sql::RelationName;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{Node, a_const};

use crate::trace::TableColumn;

/// Rows beyond these are not looked at: so many are no seed, but a load.
const ROWS_MAX: usize = 1000;

/// The rows of an INSERT … VALUES that fails if one of their keys is there.
pub(super) struct Inserted {
    pub(super) relation: RelationName,
    /// The columns that it names; none for all of them.
    pub(super) columns: Vec<String>,
    /// Values as text; `None` for what is no constant.
    pub(super) rows: Vec<Vec<Option<String>>>,
}

impl Inserted {
    pub(super) fn of(node: &NodeEnum) -> Option<Self> {
        let NodeEnum::InsertStmt(insert) = node else {
            return None;
        };
        let table = insert.relation.as_ref()?;
        let NodeEnum::SelectStmt(select) = insert.select_stmt.as_deref()?.node.as_ref()? else {
            return None;
        };
        if insert.on_conflict_clause.is_some() || select.values_lists.is_empty() {
            return None;
        }
        let columns = insert.cols.iter().filter_map(|node| match &node.node {
            Some(NodeEnum::ResTarget(target)) => Some(target.name.clone()),
            _ => None,
        });
        let rows = select.values_lists.iter().take(ROWS_MAX);
        let rows = rows.filter_map(|node| match &node.node {
            Some(NodeEnum::List(list)) => Some(list.items.iter().map(constant).collect()),
            _ => None,
        });
        Some(Self {
            relation: RelationName {
                schema: Some(table.schemaname.clone()).filter(|schema| !schema.is_empty()),
                name: table.relname.clone(),
            },
            columns: columns.collect(),
            rows: rows.collect(),
        })
    }

    /// The columns that values are for, of a table with these.
    pub(super) fn names(&self, all: Option<&BTreeMap<i32, TableColumn>>) -> Vec<String> {
        match self.columns.is_empty() {
            true => all
                .into_iter()
                .flatten()
                .map(|(_, column)| column.name.clone())
                .collect(),
            false => self.columns.clone(),
        }
    }
}

/// A constant as text; `None` for NULL, and for what is none.
pub(super) fn constant(node: &Node) -> Option<String> {
    match node.node.as_ref()? {
        NodeEnum::AConst(constant) => match constant.val.as_ref()? {
            a_const::Val::Sval(value) => Some(value.sval.clone()),
            a_const::Val::Ival(value) => Some(value.ival.to_string()),
            a_const::Val::Fval(value) => Some(value.fval.clone()),
            a_const::Val::Boolval(value) => Some(value.boolval.to_string()),
            a_const::Val::Bsval(_) => None,
        },
        NodeEnum::TypeCast(cast) => cast.arg.as_deref().and_then(constant),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use howdah_sql::{Limits, parse};

    use super::*;

    fn of(sql: &str) -> Option<Inserted> {
        let script = parse(sql, &Limits::default()).unwrap();
        Inserted::of(script.statements[0].node())
    }

    #[test]
    fn constants_are_read_from_values() {
        let inserted = of("INSERT INTO s.t (a, b) VALUES (1, 'x'::text), (now(), -2)").unwrap();
        assert_eq!(inserted.relation, RelationName::in_schema("s", "t"));
        assert_eq!(inserted.columns, ["a", "b"]);
        assert_eq!(inserted.rows[0], [Some("1".to_owned()), Some("x".to_owned())]);
        assert_eq!(inserted.rows[1][0], None);
        assert!(of("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING").is_none());
        assert!(of("INSERT INTO t SELECT 1").is_none());
    }
}
