use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{AlterTableType, ObjectType};
use howdah_sql::quote_ident;

use crate::migration::{Advice, Letter, Situation, object_parts, relation_name};

crate::migration_rule!("migration/drop-data", "Safe ALTER Patterns: Dropping Column");

fn advise(situation: &Situation<'_>) -> Option<Advice> {
    if !situation.is(Letter::Loss) {
        return None;
    }
    if let NodeEnum::DropStmt(drop) = situation.node {
        let kinds = [
            ObjectType::ObjectTable,
            ObjectType::ObjectMatview,
            ObjectType::ObjectSchema,
            ObjectType::ObjectSequence,
        ];
        if !kinds.contains(&drop.remove_type()) {
            return None;
        }
        let parts = object_parts(drop.objects.first()?);
        let name = parts.iter().map(|part| quote_ident(part)).collect::<Vec<_>>().join(".");
        let message = format!("What is in {name} is lost, and statements that name it fail from now on.");
        return Some(match drop.remove_type() {
            ObjectType::ObjectTable => Advice::new(message).instead(format!(
                "-- first see that nobody uses it; then a step that can be taken back:\nALTER TABLE {name} RENAME TO {};\n-- drop it some weeks later",
                quote_ident(&format!("{}_dropped", parts.last()?))
            )),
            _ => Advice::new(message),
        });
    }
    let (alter, cmds) = situation.alter_table()?;
    let cmd = cmds.iter().find(|cmd| cmd.subtype() == AlterTableType::AtDropColumn)?;
    let table = relation_name(alter.relation.as_ref()?);
    let column = quote_ident(&cmd.name);
    Some(
        Advice::new(format!(
            "What is in {table}.{column} is lost, and statements that name it fail from now on."
        ))
        .instead(format!(
            "-- first deploy clients that do not name {column}, SELECT * included; see that no view, function or trigger does;\n-- a step that can be taken back: REVOKE SELECT ({column}), UPDATE ({column}) ON {table} FROM …\n-- then drop it"
        )),
    )
}
