use howdah_sql::pg_query::protobuf::AlterTableType;
use crate::migration::{Advice, Situation};

crate::migration_rule!("migration/add-not-null-column", "Safe Schema Changes: Adding Columns");

fn advise(at: &Situation<'_>) -> Option<Advice> {
    let (alter, cmds) = at.alter_table()?;
    let table = crate::migration::relation_name(alter.relation.as_ref()?);
    cmds.iter().find(|cmd| cmd.subtype() == AlterTableType::AtAddColumn)?;
    let Some(failure) = &at.effects.failure else { return None };
    if failure.sqlstate != "23502" {
        return None;
    }
    let advice = Advice::new("A NOT NULL column without a default cannot be added to a table with rows.");
    Some(advice.instead(format!(
        "ALTER TABLE {table} ADD COLUMN … NOT NULL DEFAULT …;    -- where one value fits all old rows"
    )))
}
