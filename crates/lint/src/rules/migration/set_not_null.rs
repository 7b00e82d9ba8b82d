use howdah_sql::pg_query::protobuf::AlterTableType;
use howdah_sql::quote_ident;

use crate::migration::{Advice, Situation, relation_name};

crate::migration_rule!("migration/set-not-null", "Safe ALTER Patterns: Adding NOT NULL Column");

fn advise(situation: &Situation<'_>) -> Option<Advice> {
    let (alter, cmds) = situation.alter_table()?;
    let cmd = cmds.iter().find(|cmd| cmd.subtype() == AlterTableType::AtSetNotNull)?;
    if !situation.blocks_by_itself() {
        return None;
    }
    let table = relation_name(alter.relation.as_ref()?);
    let column = quote_ident(&cmd.name);
    let advice = Advice::new(format!(
        "All of {table} is read to see whether {column} is ever NULL, and nobody can read or write it meanwhile."
    ));
    let name = quote_ident(&format!("{}_{}_not_null", alter.relation.as_ref()?.relname, cmd.name));
    let sql = if situation.major >= 18 {
        format!(
            "ALTER TABLE {table} ADD CONSTRAINT {name} NOT NULL {column} NOT VALID;\nALTER TABLE {table} VALIDATE CONSTRAINT {name};"
        )
    } else {
        format!(
            "ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL) NOT VALID;\nALTER TABLE {table} VALIDATE CONSTRAINT {name};\nALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL;\nALTER TABLE {table} DROP CONSTRAINT {name};"
        )
    };
    Some(match cmds.len() {
        1 => advice.replaced_by(situation, sql),
        _ => advice.instead(sql),
    })
}
