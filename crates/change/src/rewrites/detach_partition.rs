use async_trait::async_trait;
use howdah_rehearse::LockMode;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{AlterTableType, PartitionCmd};
use howdah_sql::quote_literal;

use crate::form::relation_name;
use crate::fragment::dollar_quoted;
use crate::proof;
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Estimate, Form, Phase, Planning, Relation, Step, Undo};

/// DETACH PARTITION beside readers and writers.
struct DetachPartition;

rewrite!(DetachPartition);

#[async_trait]
impl Rewrite for DetachPartition {
    fn code(&self) -> &'static str {
        "detach_partition"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        detached(form).is_some()
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let (Some(cmd), Some(written)) = (detached(form), form.altered()) else { return Ok(()) };
        let Some(child_written) = cmd.name.as_ref().map(relation_name) else { return Ok(()) };
        let found = planning.facts.relation(&written).cloned().zip(planning.facts.relation(&child_written).cloned());
        let Some((parent, child)) = found.filter(|(parent, child)| child.parents.contains(&parent.oid)) else {
            planning.refuse(format!("{child_written} is no partition of {written}"), None);
            return Ok(());
        };
        let (table, name) = (parent.name(), child.name());
        let link = format!("inhrelid = {} AND inhparent = {}", proof::regclass(&name), proof::regclass(&table));
        let default = parent.children.iter().any(|oid| {
            planning.facts.by_oid(*oid).is_some_and(|child| child.partition_bound.as_deref() == Some("DEFAULT"))
        });
        if !parent.referenced_by.is_empty() {
            planning.note(format!("Foreign keys refer to {table}: the server looks whether any row refers to one of {name}, and fails if so."));
        }
        planning.note(format!("Whoever reads {table} does not see the rows of {name} any more."));
        let undo = Undo::Transaction { lock: Vec::new(), statements: vec![back(&parent, &child, &link)] };
        let gone = format!("NOT EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE {link})");
        if planning.facts.server.major() < 14 || default {
            let why = if default {
                "With a DEFAULT partition it cannot be done concurrently. Only the catalog is written, but every partition is locked: briefly, again and again until the locks come."
            } else {
                "Before PostgreSQL 14 it cannot be done concurrently. Only the catalog is written: its lock is asked for briefly, again and again."
            };
            planning.step(
                Step::transaction(format!("Detach {name} from {table}"), vec![proof::alter(&table, &format!("DETACH PARTITION {name}"))])
                    .reason(why)
                    .phase(Phase::Swap)
                    .proof(gone)
                    .locks(&table, LockMode::AccessExclusive)
                    .undo(undo)
                    .estimate(Estimate::moment()),
            );
        } else {
            // A killed try leaves the partition half detached: that counts, and is finished by the next step.
            let settled = "NOT coalesce((pg_catalog.to_jsonb(i) ->> 'inhdetachpending')::boolean, false)";
            planning.step(
                Step::autocommit(format!("Detach {name} from {table}"), proof::alter(&table, &format!("DETACH PARTITION {name} CONCURRENTLY")))
                    .reason("DETACH keeps everybody out of the whole table; CONCURRENTLY lets clients go on.")
                    .phase(Phase::Swap)
                    .proof(format!("NOT EXISTS (SELECT FROM pg_catalog.pg_inherits AS i WHERE {link} AND {settled})"))
                    .undo(undo)
                    .holds(&table, LockMode::ShareUpdateExclusive)
                    .estimate(Estimate::moment()),
            );
            let finalize = proof::alter(&table, &format!("DETACH PARTITION {name} FINALIZE"));
            planning.step(
                Step::transaction(
                    format!("Finish detaching {name}, where a killed try left it half done"),
                    vec![format!("DO {}", dollar_quoted(&format!("BEGIN IF EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE {link}) THEN EXECUTE {}; END IF; END", quote_literal(&finalize))))],
                )
                .reason("Usually there is nothing to do.")
                .phase(Phase::Swap)
                .proof(gone)
                .undo(Undo::Nothing)
                .estimate(Estimate::moment()),
            );
        }
        Ok(())
    }
}

fn detached<'f>(form: &'f Form<'_>) -> Option<&'f PartitionCmd> {
    let (_, AlterTableType::AtDetachPartition | AlterTableType::AtDetachPartitionFinalize, cmd) = form.alter()? else { return None };
    match cmd.def.as_ref()?.node.as_ref()? {
        NodeEnum::PartitionCmd(cmd) => Some(cmd),
        _ => None,
    }
}

/// Attaches the partition again, and drops the CHECK that detaching left for that purpose.
fn back(parent: &Relation, child: &Relation, link: &str) -> String {
    let (table, name) = (parent.name(), child.name());
    let attach = proof::alter(&table, &format!("ATTACH PARTITION {name} {}", child.partition_bound.as_deref().unwrap_or("DEFAULT")));
    let known: Vec<String> = child.constraints.iter().map(|constraint| quote_literal(&constraint.name)).collect();
    let known = format!("ARRAY[{}]::text[]", known.join(", "));
    let drop = format!("'ALTER TABLE {} DROP CONSTRAINT %I'", name.to_string().replace('\'', "''").replace('%', "%%"));
    format!(
        "DO {}",
        dollar_quoted(&format!(
            "DECLARE own text; BEGIN \
             IF EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE {link}) THEN \
             IF (SELECT (pg_catalog.to_jsonb(i) ->> 'inhdetachpending')::boolean FROM pg_catalog.pg_inherits AS i WHERE {link}) THEN EXECUTE {}; ELSE RETURN; END IF; END IF; \
             EXECUTE {}; \
             FOR own IN SELECT conname FROM pg_catalog.pg_constraint WHERE conrelid = {} AND contype = 'c' AND conname <> ALL ({known}) LOOP \
             EXECUTE pg_catalog.format({drop}, own); END LOOP; END",
            quote_literal(&proof::alter(&table, &format!("DETACH PARTITION {name} FINALIZE"))),
            quote_literal(&attach),
            proof::regclass(&name)
        ))
    )
}

