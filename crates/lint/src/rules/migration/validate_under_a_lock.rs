use howdah_sql::pg_query::protobuf::AlterTableType;
use crate::migration::{Advice, Situation};

crate::migration_rule!("migration/validate-under-a-lock", "Safe Schema Changes: Adding Constraints");

fn advise(at: &Situation<'_>) -> Option<Advice> {
    let (alter, cmds) = at.alter_table()?;
    let table = crate::migration::relation_name(alter.relation.as_ref()?);
    let cmd = cmds.iter().find(|cmd| cmd.subtype() == AlterTableType::AtValidateConstraint)?;
    let column = howdah_sql::quote_ident(&cmd.name);
    if !at.blocks() {
        return None;
    }
    let advice = Advice::new("VALIDATE lets clients work by itself; here an earlier statement of the transaction holds a stronger lock until it is done.");
    Some(advice.instead(format!(
        "COMMIT;\nALTER TABLE {table} VALIDATE CONSTRAINT {column};"
    )))
}
