use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::AlterTableType;
use howdah_sql::quote_ident;

use crate::migration::{Advice, Letter, Situation, relation_name};

crate::migration_rule!("migration/column-without-value", "Safe ALTER Patterns: Adding NOT NULL Column");

fn advise(situation: &Situation<'_>) -> Option<Advice> {
    let (alter, cmds) = situation.alter_table()?;
    let is_null = situation
        .effects
        .failure
        .as_ref()
        .is_some_and(|failure| failure.sqlstate == "23502");
    if !situation.is(Letter::Fails) || !is_null {
        return None;
    }
    let column = cmds.iter().find_map(|cmd| match cmd.def.as_deref()?.node.as_ref()? {
        NodeEnum::ColumnDef(column) if cmd.subtype() == AlterTableType::AtAddColumn => Some(column),
        _ => None,
    })?;
    let table = relation_name(alter.relation.as_ref()?);
    let column = quote_ident(&column.colname);
    let message = format!("It fails as soon as {table} has a row: there is no value for {column}, which must not be NULL.");
    Some(Advice::new(message).instead(format!(
        "-- either a constant default, which costs nothing:\nALTER TABLE {table} ADD COLUMN {column} … NOT NULL DEFAULT …;\n-- or the column without NOT NULL, old rows filled in batches, then NOT NULL by its own plan"
    )))
}
