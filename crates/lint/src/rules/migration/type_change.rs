use howdah_sql::pg_query::protobuf::AlterTableType;
use howdah_sql::quote_ident;

use crate::migration::{Advice, Situation, relation_name};

crate::migration_rule!("migration/type-change", "Safe ALTER Patterns: Changing Column Type");

fn advise(situation: &Situation<'_>) -> Option<Advice> {
    let (alter, cmds) = situation.alter_table()?;
    let cmd = cmds.iter().find(|cmd| cmd.subtype() == AlterTableType::AtAlterColumnType)?;
    if !situation.blocks_by_itself() {
        return None;
    }
    let table = relation_name(alter.relation.as_ref()?);
    let old = quote_ident(&cmd.name);
    let new = quote_ident(&format!("{}_new", cmd.name));
    let message = format!(
        "To change the type of {old}, all of {table} is gone through, and nobody can read or write it meanwhile."
    );
    Some(Advice::new(message).instead(format!(
        "-- howdah change plan writes these steps out\nALTER TABLE {table} ADD COLUMN {new} …;  -- with a trigger that keeps it in step, in one transaction\n-- fill old rows in batches; NOT NULL, indexes and constraints on {new} by their own plans; compare\nBEGIN;\nALTER TABLE {table} RENAME COLUMN {old} TO {};\nALTER TABLE {table} RENAME COLUMN {new} TO {old};\nCOMMIT;\n-- drop the old column later",
        quote_ident(&format!("{}_old", cmd.name))
    )))
}
