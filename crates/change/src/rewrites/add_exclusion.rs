use async_trait::async_trait;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{AlterTableType, ConstrType};

use crate::blocking::{rewritten, scanned};
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Form, Planning, Relation};

/// ADD EXCLUDE: cannot be done while clients write.
struct AddExclusion;

rewrite!(AddExclusion);

#[async_trait]
impl Rewrite for AddExclusion {
    fn code(&self) -> &'static str {
        "add_exclusion"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        let Some((_, AlterTableType::AtAddConstraint, cmd)) = form.alter() else { return false };
        let node = cmd.def.as_ref().and_then(|def| def.node.as_ref());
        matches!(node, Some(NodeEnum::Constraint(constraint)) if ConstrType::try_from(constraint.contype) == Ok(ConstrType::ConstrExclusion))
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let Some(written) = form.altered() else { return Ok(()) };
        if planning.facts.is_created(&written) {
            planning.step(super::as_it_is::on_new_table(form, &written));
            return Ok(());
        }
        let Some(relation) = planning.facts.relation(&written).cloned() else {
            planning.refuse(format!("The table {written} does not exist"), None);
            return Ok(());
        };
        if planning.has_rows(&relation.name()).await? {
            planning.refuse(
                format!(
                    "An exclusion constraint on {} cannot be added while clients work: its index is never built concurrently",
                    relation.name()
                ),
                Some(&least_bad(planning, &relation)),
            );
        } else {
            super::as_it_is::direct(form, planning, Some(&relation.name()), "The table is empty: there is nothing to be checked.");
        }
        Ok(())
    }
}

/// What remains where an exclusion constraint is wanted.
pub(super) fn least_bad(planning: &Planning<'_>, relation: &Relation) -> String {
    let bytes = planning.facts.family_bytes(relation);
    format!(
        "The least bad way: look for conflicts first (about {}), then add it in a quiet hour: the table cannot be read or written for about {}. \
         Or make a new table with the constraint, copy the rows into it with a trigger that keeps it up to date, and swap the names.",
        scanned(bytes),
        rewritten(bytes)
    )
}
