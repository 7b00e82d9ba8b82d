use howdah_sql::pg_query::NodeEnum;
use crate::migration::{Advice, Situation};

crate::migration_rule!("migration/create-index-blocks-writes", "Index Management");

fn advise(at: &Situation<'_>) -> Option<Advice> {
    let NodeEnum::IndexStmt(index) = at.node else { return None };
    let table = crate::migration::relation_name(index.relation.as_ref()?);
    if index.concurrent || !at.blocks() {
        return None;
    }
    let unique = if index.unique { "UNIQUE " } else { "" };
    let name = match index.idxname.as_str() {
        "" => "its_name".to_owned(),
        name => howdah_sql::quote_ident(name),
    };
    let advice = Advice::new(format!("Nobody can write to {table} while the index is built."));
    Some(advice.instead(format!(
        "CREATE {unique}INDEX CONCURRENTLY {name} ON {table} …;   -- outside of a transaction; check indisvalid afterwards"
    )))
}
