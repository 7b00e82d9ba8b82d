use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{AlterTableType, ConstrType};
use crate::migration::{Advice, Situation};

crate::migration_rule!("migration/unique-builds-index", "Safe Schema Changes: Adding Constraints");

fn advise(at: &Situation<'_>) -> Option<Advice> {
    let (alter, cmds) = at.alter_table()?;
    let table = crate::migration::relation_name(alter.relation.as_ref()?);
    let constraint = cmds.iter().find_map(|cmd| match cmd.def.as_deref()?.node.as_ref()? {
        NodeEnum::Constraint(constraint) if cmd.subtype() == AlterTableType::AtAddConstraint => Some(constraint),
        _ => None,
    })?;
    let kind = match constraint.contype() {
        ConstrType::ConstrPrimary => "PRIMARY KEY",
        ConstrType::ConstrUnique => "UNIQUE",
        ConstrType::ConstrExclusion => {
            return at.blocks().then(|| {
                Advice::new(format!(
                    "An exclusion constraint on {table} builds its index under ACCESS EXCLUSIVE. There is no way around it: choose a quiet time, or build it on a new table."
                ))
            });
        }
        _ => return None,
    };
    if !at.blocks() || !constraint.indexname.is_empty() {
        return None;
    }
    let columns: Vec<String> = crate::migration::strings(&constraint.keys)
        .iter()
        .map(|column| howdah_sql::quote_ident(column))
        .collect();
    let name = match constraint.conname.as_str() {
        "" => howdah_sql::quote_ident(&format!("{}_key", table.name)),
        name => howdah_sql::quote_ident(name),
    };
    let advice = Advice::new(format!(
        "{kind} builds its index while nobody can read or write {table}."
    ));
    Some(advice.instead(format!(
        "CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({});   -- outside of a transaction\n\
         ALTER TABLE {table} ADD CONSTRAINT {name} {kind} USING INDEX {name};",
        columns.join(", ")
    )))
}
