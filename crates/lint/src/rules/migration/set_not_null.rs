use howdah_sql::pg_query::protobuf::AlterTableType;
use crate::migration::{Advice, Situation};

crate::migration_rule!("migration/set-not-null", "Safe Schema Changes: Adding Constraints");

fn advise(at: &Situation<'_>) -> Option<Advice> {
    let (alter, cmds) = at.alter_table()?;
    let table = crate::migration::relation_name(alter.relation.as_ref()?);
    let cmd = cmds.iter().find(|cmd| cmd.subtype() == AlterTableType::AtSetNotNull)?;
    let column = howdah_sql::quote_ident(&cmd.name);
    if !at.blocks() {
        return None;
    }
    let check = howdah_sql::quote_ident(&format!("{}_{}_not_null", table.name, cmd.name));
    let advice = Advice::new(format!("SET NOT NULL reads all of {table} to look for NULLs, and meanwhile nobody can read or write."));
    Some(advice.instead(format!(
        "-- Each statement by itself, outside of a transaction:\n\
         ALTER TABLE {table} ADD CONSTRAINT {check} CHECK ({column} IS NOT NULL) NOT VALID;\n\
         ALTER TABLE {table} VALIDATE CONSTRAINT {check};\n\
         ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL;\n\
         ALTER TABLE {table} DROP CONSTRAINT {check};"
    )))
}
