use howdah_sql::pg_query::protobuf::AlterTableType;
use crate::migration::{Advice, Situation};

crate::migration_rule!("migration/drop-column", "Safe Schema Changes: Dropping");

fn advise(at: &Situation<'_>) -> Option<Advice> {
    let (alter, cmds) = at.alter_table()?;
    let table = crate::migration::relation_name(alter.relation.as_ref()?);
    let cmd = cmds.iter().find(|cmd| cmd.subtype() == AlterTableType::AtDropColumn)?;
    let column = howdah_sql::quote_ident(&cmd.name);
    let advice = Advice::new(format!("The values of {table}.{column} are gone for good, and every statement that names the column fails from then on."));
    Some(advice.instead(format!(
        "-- First let no client use it, in a release before this one. To be able to go back, take the privilege away for a while:\n\
         REVOKE SELECT ({column}), UPDATE ({column}) ON {table} FROM …;"
    )))
}
