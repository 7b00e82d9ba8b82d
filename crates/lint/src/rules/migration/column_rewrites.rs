use howdah_rehearse::WorkKind;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::AlterTableType;
use howdah_sql::quote_ident;

use crate::migration::{Advice, Situation, relation_name};

crate::migration_rule!("migration/column-rewrites", "Safe Schema Changes: Low-Risk");

fn advise(situation: &Situation<'_>) -> Option<Advice> {
    let (alter, cmds) = situation.alter_table()?;
    let column = cmds.iter().find_map(|cmd| match cmd.def.as_deref()?.node.as_ref()? {
        NodeEnum::ColumnDef(column) if cmd.subtype() == AlterTableType::AtAddColumn => Some(column),
        _ => None,
    })?;
    let rewrites = situation.effects.work.iter().any(|work| work.kind == WorkKind::Rewrite);
    if !situation.blocks_by_itself() || !rewrites {
        return None;
    }
    let table = relation_name(alter.relation.as_ref()?);
    let column = quote_ident(&column.colname);
    let message = format!(
        "Every row gets a value of its own in {column}: all of {table} is written anew, and nobody can read or write it meanwhile."
    );
    Some(Advice::new(message).instead(format!(
        "BEGIN;\nALTER TABLE {table} ADD COLUMN {column} …;  -- its type alone\nALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT …;\nCOMMIT;\n-- fill old rows in batches, each its own transaction; then NOT NULL by its own plan.\n-- A stored generated column: a plain column and a trigger, or from 18 on VIRTUAL."
    )))
}
