use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::ObjectType;

use crate::migration::Letter;
use crate::migration::{Advice, Situation};

crate::migration_rule!("migration/rename-breaks-clients", "Safe Schema Changes: Renaming");

fn advise(at: &Situation<'_>) -> Option<Advice> {
    let NodeEnum::RenameStmt(rename) = at.node else { return None };
    if !at.is(Letter::Clients) {
        return None;
    }
    let new = howdah_sql::quote_ident(&rename.newname);
    let advice = Advice::new("Clients that run now use the old name, and fail from then on.");
    Some(match rename.relation.as_ref().map(crate::migration::relation_name) {
        Some(old) if rename.rename_type() == ObjectType::ObjectTable => advice.instead(format!(
            "BEGIN;\n\
             ALTER TABLE {old} RENAME TO {new};\n\
             CREATE VIEW {old} AS SELECT * FROM {new};   -- takes INSERT, UPDATE and DELETE as well\n\
             GRANT SELECT, INSERT, UPDATE, DELETE ON {old} TO …;\n\
             COMMIT;"
        )),
        Some(table) if rename.rename_type() == ObjectType::ObjectColumn => advice.instead(format!(
            "howdah change run --sql 'ALTER TABLE {table} RENAME COLUMN {} TO {new}'\n\
             -- both columns for as long as both releases run, kept in step",
            howdah_sql::quote_ident(&rename.subname)
        )),
        _ => advice,
    })
}
