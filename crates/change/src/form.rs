//! What rewrites plan: statements, and the subcommands of ALTER TABLE one by one.

use howdah_sql::pg_query::protobuf::{
    AlterTableCmd, AlterTableStmt, AlterTableType, ConstrType, Node, RangeVar,
};
use howdah_sql::pg_query::{DeparseOptions, NodeEnum, NodeRef};
use howdah_sql::{Kind, RelationName, Statement, quote_ident};

use crate::ChangeError;
use crate::fragment::strings;

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
            let filled = filled(&cmds);
            cmds.sort_by_key(|cmd| turn(cmd, &filled));
            readers_first(&mut cmds)?;
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

/// The pass in which PostgreSQL carries a subcommand out: drops, types, columns, what columns are like,
/// keys, other constraints and defaults, the rest. But SET NOT NULL comes before all of them where no
/// other subcommand gives the column its values.
fn turn(cmd: &Node, filled: &[String]) -> u8 {
    use AlterTableType::*;
    let Some(NodeEnum::AlterTableCmd(cmd)) = &cmd.node else {
        return 8;
    };
    match AlterTableType::try_from(cmd.subtype) {
        Ok(AtSetNotNull) if !filled.contains(&cmd.name) => 0,
        Ok(AtDropColumn | AtDropConstraint | AtDropNotNull | AtDropExpression | AtDropIdentity) => 1,
        Ok(AtColumnDefault) if cmd.def.is_none() => 1,
        Ok(AtAlterColumnType) => 2,
        Ok(AtSetExpression) => 3,
        Ok(AtAddColumn) => 4,
        Ok(AtSetNotNull | AtSetIdentity) => 5,
        Ok(AtAddConstraint) if is_key(cmd) => 6,
        Ok(AtAddConstraint | AtColumnDefault | AtAddIdentity) => 7,
        _ => 8,
    }
}

/// One after the other, types change as at once: a USING that reads another column whose type changes
/// comes before that one, while the column still is what it was.
fn readers_first(cmds: &mut [&Node]) -> Result<(), ChangeError> {
    fn changed(cmd: &Node) -> Option<&AlterTableCmd> {
        match &cmd.node {
            Some(NodeEnum::AlterTableCmd(cmd))
                if cmd.subtype == i32::from(AlterTableType::AtAlterColumnType) =>
            {
                Some(cmd)
            }
            _ => None,
        }
    }
    fn reads(reader: &AlterTableCmd, column: &str) -> bool {
        let Some(NodeEnum::ColumnDef(definition)) = reader.def.as_ref().and_then(|def| def.node.as_ref())
        else {
            return false;
        };
        let Some(using) = definition
            .raw_default
            .as_ref()
            .and_then(|using| using.node.as_ref())
        else {
            return false;
        };
        using.nodes().iter().any(|(node, ..)| {
            matches!(node, NodeRef::ColumnRef(name) if strings(&name.fields).last().is_some_and(|last| last == column))
        })
    }
    let Some(start) = cmds.iter().position(|cmd| changed(cmd).is_some()) else {
        return Ok(());
    };
    let count = cmds[start..]
        .iter()
        .take_while(|cmd| changed(cmd).is_some())
        .count();
    let types = &mut cmds[start..start + count];
    for at in 0..count {
        let free = (at..count).find(|&candidate| {
            let Some(column) = changed(types[candidate]).map(|cmd| &cmd.name) else {
                return true;
            };
            (at..count).all(|other| {
                other == candidate || !changed(types[other]).is_some_and(|reader| reads(reader, column))
            })
        });
        match free {
            Some(free) => types[at..=free].rotate_right(1),
            None => {
                let columns: Vec<String> = types[at..]
                    .iter()
                    .filter_map(|cmd| changed(cmd))
                    .map(|cmd| quote_ident(&cmd.name))
                    .collect();
                return Err(ChangeError::Refused(vec![format!(
                    "The types of {} change at once, each by the old value of another, and a change makes them one after the other. Add columns for the new values, fill them by UPDATE, and drop the old ones.",
                    columns.join(", ")
                )]));
            }
        }
    }
    Ok(())
}

/// Whether a constraint has an index, on which a foreign key of the same statement may rely.
fn is_key(cmd: &AlterTableCmd) -> bool {
    use ConstrType::*;
    let Some(NodeEnum::Constraint(constraint)) = cmd.def.as_ref().and_then(|def| def.node.as_ref()) else {
        return false;
    };
    matches!(
        constraint.contype(),
        ConstrPrimary | ConstrUnique | ConstrExclusion
    )
}

/// The columns whose values other subcommands of the statement make: new ones, and those of another type.
fn filled(cmds: &[&Node]) -> Vec<String> {
    let of = |cmd: &&Node| {
        let Some(NodeEnum::AlterTableCmd(cmd)) = &cmd.node else {
            return None;
        };
        match (
            AlterTableType::try_from(cmd.subtype).ok()?,
            &cmd.def.as_ref()?.node,
        ) {
            (AlterTableType::AtAlterColumnType, _) => Some(cmd.name.clone()),
            (AlterTableType::AtAddColumn, Some(NodeEnum::ColumnDef(column))) => Some(column.colname.clone()),
            _ => None,
        }
    };
    cmds.iter().filter_map(of).collect()
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
