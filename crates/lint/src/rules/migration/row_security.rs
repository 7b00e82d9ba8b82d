use howdah_sql::pg_query::protobuf::AlterTableType;

use crate::migration::{Advice, Letter, Situation, relation_name};

crate::migration_rule!("migration/row-security", "Safe Schema Changes");

fn advise(situation: &Situation<'_>) -> Option<Advice> {
    let (table, cmd) = situation.only_subcommand()?;
    let enables = matches!(
        cmd.subtype(),
        AlterTableType::AtEnableRowSecurity | AlterTableType::AtForceRowSecurity
    );
    if !enables || !situation.is(Letter::Clients) {
        return None;
    }
    let table = relation_name(table);
    let message = format!("What no policy lets through is hidden from everybody but the owner of {table}, and writes of it fail.");
    Some(Advice::new(message).instead(format!(
        "BEGIN;\nCREATE POLICY … ON {table} USING (…) WITH CHECK (…);\nALTER TABLE {table} ENABLE ROW LEVEL SECURITY;\nCOMMIT;"
    )))
}
