//! Pieces of SQL out of trees, and trees out of pieces.

use howdah_sql::RelationName;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{
    AlterTableCmd, AlterTableStmt, AlterTableType, ColumnDef, DropBehavior, LimitOption, Node, ObjectType,
    RangeVar, ResTarget, SelectStmt, SetOperation, TypeName,
};

use crate::ChangeError;
use crate::form::deparse;

/// A node for a tree's list.
pub(crate) fn node(node: NodeEnum) -> Node {
    Node { node: Some(node) }
}

/// The strings of a list.
pub(crate) fn strings(nodes: &[Node]) -> Vec<String> {
    nodes
        .iter()
        .filter_map(|node| match &node.node {
            Some(NodeEnum::String(text)) => Some(text.sval.clone()),
            _ => None,
        })
        .collect()
}

/// A name as a tree holds it: a list of strings.
pub(crate) fn named(parts: &[Node]) -> Option<RelationName> {
    let mut parts = strings(parts).into_iter().rev();
    let name = parts.next()?;
    Some(RelationName {
        schema: parts.next(),
        name,
    })
}

/// A name for a tree.
pub(crate) fn range(name: &RelationName) -> RangeVar {
    RangeVar {
        schemaname: name.schema.clone().unwrap_or_default(),
        relname: name.name.clone(),
        inh: true,
        relpersistence: "p".to_owned(),
        ..RangeVar::default()
    }
}

/// The text of an expression, through a SELECT that is nothing else.
pub(crate) fn expression(expression: &Node) -> Result<String, ChangeError> {
    let target = NodeEnum::ResTarget(Box::new(ResTarget {
        val: Some(Box::new(expression.clone())),
        ..ResTarget::default()
    }));
    let select = NodeEnum::SelectStmt(Box::new(SelectStmt {
        target_list: vec![node(target)],
        limit_option: LimitOption::Default.into(),
        op: SetOperation::SetopNone.into(),
        ..SelectStmt::default()
    }));
    let text = deparse(&select)?;
    Ok(text.strip_prefix("SELECT ").unwrap_or(&text).to_owned())
}

/// The text of a column's definition as it follows ADD COLUMN: name, type and all.
pub(crate) fn column_definition(definition: &ColumnDef) -> Result<String, ChangeError> {
    let alter = NodeEnum::AlterTableStmt(AlterTableStmt {
        relation: Some(range(&RelationName::new("t"))),
        objtype: ObjectType::ObjectTable.into(),
        cmds: vec![node(NodeEnum::AlterTableCmd(Box::new(AlterTableCmd {
            subtype: AlterTableType::AtAddColumn.into(),
            def: Some(Box::new(node(NodeEnum::ColumnDef(Box::new(definition.clone()))))),
            behavior: DropBehavior::DropRestrict.into(),
            ..AlterTableCmd::default()
        })))],
        ..AlterTableStmt::default()
    });
    let text = deparse(&alter)?;
    Ok(text
        .strip_prefix("ALTER TABLE t ADD COLUMN ")
        .unwrap_or(&text)
        .to_owned())
}

/// The text of a type: `character varying(20)` or however the script writes it.
pub(crate) fn type_text(type_name: &TypeName) -> Result<String, ChangeError> {
    let text = column_definition(&ColumnDef {
        colname: "c".to_owned(),
        type_name: Some(type_name.clone()),
        is_local: true,
        ..ColumnDef::default()
    })?;
    Ok(text.strip_prefix("c ").unwrap_or(&text).to_owned())
}

/// The text between dollar quotes that it does not contain.
pub(crate) fn dollar_quoted(text: &str) -> String {
    let mut tag = "howdah".to_owned();
    while text.contains(&format!("${tag}$")) {
        tag.push('_');
    }
    format!("${tag}${text}${tag}$")
}
