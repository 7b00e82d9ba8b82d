use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::ObjectType;
use howdah_sql::quote_ident;

use crate::migration::{Advice, Letter, Situation, relation_name};

crate::migration_rule!("migration/rename", "Safe Schema Changes: Low-Risk");

fn advise(situation: &Situation<'_>) -> Option<Advice> {
    let NodeEnum::RenameStmt(rename) = situation.node else {
        return None;
    };
    if !situation.is(Letter::Clients) {
        return None;
    }
    let relation = relation_name(rename.relation.as_ref()?);
    let new = quote_ident(&rename.newname);
    if rename.rename_type() == ObjectType::ObjectColumn {
        let old = quote_ident(&rename.subname);
        let message = format!("Clients that say {old} fail from now on; the rename is quick, and breaks them at once.");
        return Some(Advice::new(message).instead(format!(
            "ALTER TABLE {relation} ADD COLUMN {new} …;  -- with triggers that keep both in step; drop {old} when nobody says it any more"
        )));
    }
    let message = format!("Clients that say {relation} fail from now on; the rename is quick, and breaks them at once.");
    Some(Advice::new(message).instead(format!(
        "BEGIN;\n{};\nCREATE VIEW {relation} AS SELECT * FROM {new};  -- simple enough to be written through\nGRANT … ON {relation} TO …;  -- what the table has\nCOMMIT;",
        situation.sentence.text
    )))
}
