//! What rewrites plan: statements, and the subcommands of ALTER TABLE one by one.

use howdah_sql::pg_query::protobuf::{AlterTableCmd, AlterTableStmt, AlterTableType, Node, RangeVar};
use howdah_sql::pg_query::{DeparseOptions, NodeEnum};
use howdah_sql::{Kind, RelationName, Statement};

use crate::ChangeError;

/// What a rewrite plans: a statement of the script, or one subcommand of an `ALTER TABLE`
/// with several, as a statement of its own.
pub struct Form<'a> {
    /// Which statement of the script, counted from 1.
    pub statement: usize,
    /// Its tree; of an `ALTER TABLE` with only the one subcommand.
    pub node: NodeEnum,
    /// Its text: as written, or, for one subcommand of several, as deparsed.
    pub sql: String,
    /// What sort of statement it is.
    pub kind: &'a Kind,
}

impl<'a> Form<'a> {
    /// The forms of a statement, in the order in which PostgreSQL carries its subcommands out, but that
    /// SET NOT NULL comes before a constraint is dropped that may prove it.
    pub(crate) fn of(number: usize, statement: &'a Statement) -> Result<Vec<Self>, ChangeError> {
        if let NodeEnum::AlterTableStmt(alter) = statement.node()
            && alter.cmds.len() > 1
        {
            let mut cmds: Vec<&Node> = alter.cmds.iter().collect();
            cmds.sort_by_key(|cmd| turn(cmd));
            return cmds
                .into_iter()
                .map(|cmd| Self::part(number, statement, alter, cmd))
                .collect();
        }
        Ok(vec![Self {
            statement: number,
            node: statement.node().clone(),
            sql: statement.text().to_owned(),
            kind: statement.kind(),
        }])
    }

    fn part(
        number: usize,
        statement: &'a Statement,
        alter: &AlterTableStmt,
        cmd: &Node,
    ) -> Result<Self, ChangeError> {
        let node = NodeEnum::AlterTableStmt(AlterTableStmt {
            cmds: vec![cmd.clone()],
            ..alter.clone()
        });
        Ok(Self {
            statement: number,
            sql: deparse(&node)?,
            node,
            kind: statement.kind(),
        })
    }

    /// The one subcommand of an `ALTER TABLE` of a table, and what it is.
    pub fn alter(&self) -> Option<(&AlterTableStmt, AlterTableType, &AlterTableCmd)> {
        let NodeEnum::AlterTableStmt(alter) = &self.node else {
            return None;
        };
        match alter.cmds.first()?.node.as_ref()? {
            NodeEnum::AlterTableCmd(cmd) => Some((alter, AlterTableType::try_from(cmd.subtype).ok()?, cmd)),
            _ => None,
        }
    }

    /// The relation of an `ALTER TABLE`.
    pub fn altered(&self) -> Option<RelationName> {
        let (alter, ..) = self.alter()?;
        alter.relation.as_ref().map(relation_name)
    }
}

/// Drops come first, then types, then columns, then the rest as written.
fn turn(cmd: &Node) -> u8 {
    let Some(NodeEnum::AlterTableCmd(cmd)) = &cmd.node else {
        return 4;
    };
    match AlterTableType::try_from(cmd.subtype) {
        Ok(AlterTableType::AtSetNotNull) => 0,
        Ok(
            AlterTableType::AtDropColumn | AlterTableType::AtDropConstraint | AlterTableType::AtDropNotNull,
        ) => 1,
        Ok(AlterTableType::AtAlterColumnType) => 2,
        Ok(AlterTableType::AtAddColumn) => 3,
        _ => 4,
    }
}

/// The name in a RangeVar.
pub fn relation_name(range: &RangeVar) -> RelationName {
    match range.schemaname.as_str() {
        "" => RelationName::new(&range.relname),
        schema => RelationName::in_schema(schema, &range.relname),
    }
}

/// The text of a tree.
pub fn deparse(node: &NodeEnum) -> Result<String, ChangeError> {
    node.deparse(DeparseOptions::default())
        .map_err(|error| ChangeError::Mismatch {
            message: format!("A statement could not be written from its tree: {error}"),
        })
}
