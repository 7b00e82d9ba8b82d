use async_trait::async_trait;
use howdah_rehearse::LockMode;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::DropBehavior;

use crate::form::relation_name;
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Estimate, Form, Phase, Planning, Step, Undo};

/// TRUNCATE: refused where there are rows, unless a person agrees to lose them.
struct Truncate;

rewrite!(Truncate);

#[async_trait]
impl Rewrite for Truncate {
    fn code(&self) -> &'static str {
        "truncate"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        matches!(form.node, NodeEnum::TruncateStmt(_))
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let NodeEnum::TruncateStmt(statement) = &form.node else { return Ok(()) };
        let mut populated = Vec::new();
        let mut empty = Vec::new();
        for range in statement.relations.iter().filter_map(|relation| match &relation.node {
            Some(NodeEnum::RangeVar(range)) => Some(relation_name(range)),
            _ => None,
        }) {
            if planning.facts.is_created(&range) {
                continue;
            }
            let name = planning.qualified(&range);
            if planning.facts.relation(&range).is_none() {
                planning.refuse(format!("The table {range} does not exist"), None);
            } else if planning.has_rows(&name).await? {
                populated.push(name);
            } else {
                empty.push(name);
            }
        }
        if populated.is_empty() {
            super::as_it_is::direct(form, planning, empty.first(), "There are no rows.");
            return Ok(());
        }
        let names: Vec<String> = populated.iter().map(ToString::to_string).collect();
        if planning.accepts.loss {
            let mut step = Step::transaction(format!("Remove every row of {}", names.join(", ")), vec![form.sql.clone()])
                .reason("The files are replaced by empty ones in a moment, under a lock that is asked for briefly, again and again. You agreed to lose the rows.")
                .phase(Phase::Swap)
                .undo(Undo::Impossible { reason: "the rows are gone".to_owned() })
                .estimate(Estimate::moment());
            for name in populated.iter().chain(&empty) {
                step = step.locks(name, LockMode::AccessExclusive);
            }
            if statement.behavior == i32::from(DropBehavior::DropCascade) {
                planning.note("CASCADE also removes every row of the tables whose foreign keys refer to these, and of those that refer to them.");
            }
            planning.step(step);
            return Ok(());
        }
        let deletes: Vec<String> = populated.iter().map(|name| format!("DELETE FROM {name}")).collect();
        planning.refuse(
            format!("TRUNCATE removes every row of {} at once, and nothing brings them back", names.join(", ")),
            Some(&format!(
                "To agree to that: --accept-data-loss. To remove them while clients work, by ranges of the key: {}. To keep them until all is well: rename the table, and make a new one under its name (CREATE TABLE … (LIKE … INCLUDING ALL)).",
                deletes.join("; ")
            )),
        );
        Ok(())
    }
}
