use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{AlterTableType, ConstrType};
use crate::migration::{Advice, Situation};

crate::migration_rule!("migration/constraint-validates-at-once", "Safe Schema Changes: Adding Constraints");

fn advise(at: &Situation<'_>) -> Option<Advice> {
    let (alter, cmds) = at.alter_table()?;
    let table = crate::migration::relation_name(alter.relation.as_ref()?);
    let constraint = cmds.iter().find_map(|cmd| match cmd.def.as_deref()?.node.as_ref()? {
        NodeEnum::Constraint(constraint) if cmd.subtype() == AlterTableType::AtAddConstraint => Some(constraint),
        _ => None,
    })?;
    let what = match constraint.contype() {
        ConstrType::ConstrCheck => "CHECK",
        ConstrType::ConstrForeign => "foreign key",
        ConstrType::ConstrNotnull => "NOT NULL",
        _ => return None,
    };
    if !at.blocks() {
        return None;
    }
    let name = match constraint.conname.as_str() {
        "" => "its_name".to_owned(),
        name => howdah_sql::quote_ident(name),
    };
    let advice = Advice::new(format!(
        "The {what} is checked against every row of {table} at once, and meanwhile {}.",
        at.blocked()
    ));
    if constraint.contype() == ConstrType::ConstrCheck && !constraint.conname.is_empty() && cmds.len() == 1 {
        let text = at.sentence.text.trim_end();
        return Some(advice.replaced_by(
            at,
            format!("{text} NOT VALID;\nALTER TABLE {table} VALIDATE CONSTRAINT {name};"),
        ));
    }
    Some(advice.instead(format!(
        "ALTER TABLE {table} ADD CONSTRAINT {name} … NOT VALID;   -- a moment\n\
         -- commit, then in a transaction of its own:\n\
         ALTER TABLE {table} VALIDATE CONSTRAINT {name};          -- long, and clients go on"
    )))
}
