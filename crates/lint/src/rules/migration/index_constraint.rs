use howdah_sql::pg_query::protobuf::{ConstrType, Constraint};
use howdah_sql::quote_ident;

use crate::migration::{Advice, Situation, relation_name, strings};

crate::migration_rule!("migration/index-constraint", "Safe Schema Changes: Non-Blocking Patterns");

fn advise(situation: &Situation<'_>) -> Option<Advice> {
    let (alter, _) = situation.alter_table()?;
    let builds = |constraint: &Constraint| {
        let is_key = matches!(constraint.contype(), ConstrType::ConstrPrimary | ConstrType::ConstrUnique);
        is_key && constraint.indexname.is_empty()
    };
    let constraint = situation.added_constraints().into_iter().find(|added| builds(added))?;
    if !situation.blocks_by_itself() {
        return None;
    }
    let table = relation_name(alter.relation.as_ref()?);
    let is_primary = constraint.contype() == ConstrType::ConstrPrimary;
    let kind = if is_primary { "PRIMARY KEY" } else { "UNIQUE" };
    let columns = strings(&constraint.keys);
    let name = match constraint.conname.as_str() {
        "" if is_primary => format!("{}_pkey", table.name),
        "" => format!("{}_{}_key", table.name, columns.join("_")),
        name => name.to_owned(),
    };
    let name = quote_ident(&name);
    let columns: Vec<String> = columns.iter().map(|column| quote_ident(column)).collect();
    let first = match is_primary {
        true => "-- the columns have to be NOT NULL first, each by its own plan\n",
        false => "-- duplicates have to be gone first\n",
    };
    let message = format!("{} while the index of the constraint on {table} is built.", sentence(situation.blocked()));
    Some(Advice::new(message).instead(format!(
        "{first}CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({});  -- outside of a transaction\nALTER TABLE {table} ADD CONSTRAINT {name} {kind} USING INDEX {name};",
        columns.join(", ")
    )))
}

fn sentence(words: &str) -> String {
    let mut characters = words.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}
