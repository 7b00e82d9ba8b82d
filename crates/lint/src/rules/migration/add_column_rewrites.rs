use howdah_rehearse::WorkKind;
use howdah_sql::pg_query::protobuf::AlterTableType;
use crate::migration::{Advice, Situation};

crate::migration_rule!("migration/add-column-rewrites", "Safe Schema Changes: Adding Columns");

fn advise(at: &Situation<'_>) -> Option<Advice> {
    let (alter, cmds) = at.alter_table()?;
    let table = crate::migration::relation_name(alter.relation.as_ref()?);
    cmds.iter().find(|cmd| cmd.subtype() == AlterTableType::AtAddColumn)?;
    let rewrites = at.effects.work.iter().any(|work| work.kind == WorkKind::Rewrite);
    if !at.blocks() || !rewrites {
        return None;
    }
    let advice = Advice::new(format!("The new column needs a value in every row: all of {table} is written anew, and meanwhile nobody can read or write."));
    Some(advice.instead(format!(
        "ALTER TABLE {table} ADD COLUMN …;                       -- nullable, without the default\n\
         ALTER TABLE {table} ALTER COLUMN … SET DEFAULT …;       -- for new rows\n\
         -- Then fill old rows in batches by key, each in its own transaction, and make it NOT NULL by a validated CHECK."
    )))
}
