use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::AlterTableType;

use crate::migration::{Advice, Letter, Situation, relation_name};

crate::migration_rule!("migration/partition", "Safe Schema Changes");

fn advise(situation: &Situation<'_>) -> Option<Advice> {
    let (parent, cmd) = situation.only_subcommand()?;
    let Some(NodeEnum::PartitionCmd(partition)) = cmd.def.as_deref().and_then(|def| def.node.as_ref()) else {
        return None;
    };
    let parent = relation_name(parent);
    let child = relation_name(partition.name.as_ref()?);
    match cmd.subtype() {
        AlterTableType::AtAttachPartition if situation.blocks_by_itself() => {
            let message = format!("All of {child} is read to see whether its rows belong there, and nobody can use it meanwhile.");
            Some(Advice::new(message).instead(format!(
                "ALTER TABLE {child} ADD CONSTRAINT … CHECK (…) NOT VALID;  -- the bounds, and IS NOT NULL of the key\nALTER TABLE {child} VALIDATE CONSTRAINT …;\n-- a DEFAULT partition needs a CHECK that excludes the bounds, in the same way; indexes are built before\n{};\nALTER TABLE {child} DROP CONSTRAINT …;",
                situation.sentence.text
            )))
        }
        AlterTableType::AtDetachPartition if situation.is(Letter::Clients) => Some(Advice::new(format!(
            "Who reads {parent} does not find the rows of {child} any more."
        ))),
        _ => None,
    }
}
