use howdah_sql::pg_query::protobuf::ConstrType;
use howdah_sql::quote_ident;

use crate::migration::{Advice, Situation, relation_name};

crate::migration_rule!("migration/check-validates", "Safe Schema Changes: Non-Blocking Patterns");

fn advise(situation: &Situation<'_>) -> Option<Advice> {
    let constraint = situation
        .added_constraints()
        .into_iter()
        .find(|added| added.contype() == ConstrType::ConstrCheck && !added.skip_validation)?;
    if !situation.blocks_by_itself() {
        return None;
    }
    let (alter, cmds) = situation.alter_table()?;
    let table = relation_name(alter.relation.as_ref()?);
    let advice = Advice::new(format!(
        "All of {table} is read to see whether the rows fit, and nobody can read or write it meanwhile."
    ));
    let text = situation.sentence.text.trim_end();
    let name = quote_ident(&constraint.conname);
    if constraint.conname.is_empty() || cmds.len() > 1 {
        return Some(advice.instead(format!(
            "ALTER TABLE {table} ADD CONSTRAINT … CHECK (…) NOT VALID;\nALTER TABLE {table} VALIDATE CONSTRAINT …;  -- in a transaction of its own"
        )));
    }
    Some(advice.replaced_by(
        situation,
        format!("{text} NOT VALID;\nALTER TABLE {table} VALIDATE CONSTRAINT {name};"),
    ))
}
