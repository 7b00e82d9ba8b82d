use async_trait::async_trait;
use howdah_rehearse::LockMode;
use howdah_sql::RelationName;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{CreateStmt, TableLikeClause};

use crate::form::{deparse, relation_name};
use crate::fragment::{node, range};
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Estimate, Form, Planning, Step, Undo};

/// CREATE TABLE … PARTITION OF: made beside the table, then attached.
struct CreatePartition;

rewrite!(CreatePartition);

// What a partition takes from its table, as the bits of LIKE's options: comments (1), statistics (128)
// and identity (32) are not among it.
const LIKE_OPTIONS: u32 = 2 | 4 | 8 | 16 | 64 | 256;

#[async_trait]
impl Rewrite for CreatePartition {
    fn code(&self) -> &'static str {
        "create_partition"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        matches!(&form.node, NodeEnum::CreateStmt(create) if create.partbound.is_some())
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let NodeEnum::CreateStmt(create) = &form.node else { return Ok(()) };
        let (Some(child), Some(bound), Some(parent_written)) = (&create.relation, &create.partbound, parent(create)) else {
            return Ok(());
        };
        let name = relation_name(child);
        if planning.facts.is_created(&parent_written) {
            planning.step(
                Step::transaction(format!("Create the table {name}"), vec![form.sql.clone()])
                    .reason("The partitioned table was made by this script.")
                    .undo(Undo::Nothing)
                    .estimate(Estimate::moment()),
            );
            planning.facts.created.push(name);
            return Ok(());
        }
        let Some(parent) = planning.facts.relation(&parent_written).cloned().filter(|parent| parent.kind == 'p') else {
            planning.refuse(format!("{parent_written} is no partitioned table"), None);
            return Ok(());
        };
        if planning.facts.relation(&name).is_some() {
            if create.if_not_exists {
                planning.note(format!("{name} is there already: nothing is done, as the script says."));
            } else {
                planning.refuse(format!("{name} is there already"), None);
            }
            return Ok(());
        }
        if !create.table_elts.is_empty() || !create.constraints.is_empty() {
            planning.refuse(
                format!("The partition {name} has columns or constraints of its own, which would keep everybody out of {} while it is made", parent.name()),
                Some("Make it with the bound alone, and add what is its own by ALTER TABLE afterwards."),
            );
            return Ok(());
        }
        let table = parent.name();
        let Some(excluding) = super::attach_partition::exclude(planning, &parent, bound).await? else { return Ok(()) };
        let made = NodeEnum::CreateStmt(CreateStmt {
            inh_relations: Vec::new(),
            partbound: None,
            if_not_exists: false,
            table_elts: vec![node(NodeEnum::TableLikeClause(TableLikeClause {
                relation: Some(range(&table)),
                // PostgreSQL 13 has no compression methods.
                options: if planning.facts.server.major() < 14 { LIKE_OPTIONS & !2 } else { LIKE_OPTIONS },
                ..TableLikeClause::default()
            }))],
            ..create.clone()
        });
        let full = RelationName { schema: name.schema.clone(), name: name.name.clone() };
        planning.step(
            Step::transaction(format!("Create the table {name}, like {table}"), vec![deparse(&made)?])
                .reason("New and empty, and not a partition yet: nobody waits.")
                .holds(&table, LockMode::AccessShare)
                .undo(Undo::Transaction { lock: Vec::new(), statements: vec![format!("DROP TABLE IF EXISTS {full}")] })
                .estimate(Estimate::moment()),
        );
        let step = super::attach_partition::attach(&parent, &full, bound, &excluding)?;
        planning.step(step);
        planning.facts.created.push(name);
        super::attach_partition::drop_checks(planning, excluding);
        Ok(())
    }
}

fn parent(create: &CreateStmt) -> Option<RelationName> {
    match create.inh_relations.first()?.node.as_ref()? {
        NodeEnum::RangeVar(range) => Some(relation_name(range)),
        _ => None,
    }
}
