use howdah_sql::pg_query::protobuf::ConstrType;
use howdah_sql::quote_ident;

use crate::migration::{Advice, Situation, relation_name};

crate::migration_rule!("migration/foreign-key-validates", "Safe ALTER Patterns: Adding Foreign Key");

fn advise(situation: &Situation<'_>) -> Option<Advice> {
    let constraint = situation
        .added_constraints()
        .into_iter()
        .find(|added| added.contype() == ConstrType::ConstrForeign && !added.skip_validation)?;
    if !situation.blocks_by_itself() {
        return None;
    }
    let (alter, cmds) = situation.alter_table()?;
    let table = relation_name(alter.relation.as_ref()?);
    let referenced = constraint.pktable.as_ref().map(relation_name)?;
    let advice = Advice::new(format!(
        "All of {table} is looked up in {referenced}, and nobody can write to either meanwhile."
    ));
    if constraint.conname.is_empty() || cmds.len() > 1 {
        return Some(advice.instead(format!(
            "ALTER TABLE {table} ADD CONSTRAINT … FOREIGN KEY (…) REFERENCES {referenced} NOT VALID;\nALTER TABLE {table} VALIDATE CONSTRAINT …;  -- in a transaction of its own"
        )));
    }
    let text = situation.sentence.text.trim_end();
    let name = quote_ident(&constraint.conname);
    Some(advice.instead(format!(
        "{text} NOT VALID;\nALTER TABLE {table} VALIDATE CONSTRAINT {name};  -- in a transaction of its own"
    )))
}
