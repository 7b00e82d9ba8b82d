use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{AlterTableType, ConstrType};
use howdah_sql::quote_ident;

use crate::migration::{Advice, Situation, relation_name};

crate::migration_rule!("migration/column-constraint", "Safe ALTER Patterns");

fn advise(situation: &Situation<'_>) -> Option<Advice> {
    let (alter, cmds) = situation.alter_table()?;
    let column = cmds.iter().find_map(|cmd| match cmd.def.as_deref()?.node.as_ref()? {
        NodeEnum::ColumnDef(column) if cmd.subtype() == AlterTableType::AtAddColumn => Some(column),
        _ => None,
    })?;
    let is_proven = column.constraints.iter().any(|node| match &node.node {
        Some(NodeEnum::Constraint(constraint)) => matches!(
            constraint.contype(),
            ConstrType::ConstrCheck | ConstrType::ConstrUnique | ConstrType::ConstrPrimary | ConstrType::ConstrForeign
        ),
        _ => false,
    });
    if !is_proven || !situation.blocks_by_itself() {
        return None;
    }
    let table = relation_name(alter.relation.as_ref()?);
    let column = quote_ident(&column.colname);
    let message = format!(
        "The constraint of the new column {column} is proven over all of {table}, and {} meanwhile.",
        situation.blocked()
    );
    Some(Advice::new(message).instead(format!(
        "ALTER TABLE {table} ADD COLUMN {column} …;  -- without the constraint\n-- then the constraint by its own plan: CHECK and FOREIGN KEY … NOT VALID and VALIDATE, UNIQUE by an index that is built CONCURRENTLY"
    )))
}
