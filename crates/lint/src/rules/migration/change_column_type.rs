use howdah_sql::pg_query::protobuf::AlterTableType;
use crate::migration::{Advice, Situation};

crate::migration_rule!("migration/change-column-type", "Safe Schema Changes: Changing Types");

fn advise(at: &Situation<'_>) -> Option<Advice> {
    let (alter, cmds) = at.alter_table()?;
    let table = crate::migration::relation_name(alter.relation.as_ref()?);
    let cmd = cmds.iter().find(|cmd| cmd.subtype() == AlterTableType::AtAlterColumnType)?;
    let column = howdah_sql::quote_ident(&cmd.name);
    if !at.blocks() {
        return None;
    }
    let advice = Advice::new(format!("The new type of {table}.{column} cannot take the old values as they are stored: the table or its indexes are written anew, and meanwhile nobody can read or write."));
    Some(advice.instead(format!(
        "howdah change run --sql 'ALTER TABLE {table} ALTER COLUMN {column} TYPE …'\n\
         -- a second column of the new type, kept in step by a trigger, filled in batches, checked, and swapped by name"
    )))
}
