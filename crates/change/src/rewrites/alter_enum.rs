use async_trait::async_trait;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::AlterEnumStmt;
use howdah_sql::{RelationName, quote_literal};

use crate::fragment::named;
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Estimate, Form, Phase, Planning, Step, Undo};

/// ALTER TYPE … ADD VALUE and RENAME VALUE, each alone in its transaction.
struct AlterEnum;

rewrite!(AlterEnum);

#[async_trait]
impl Rewrite for AlterEnum {
    fn code(&self) -> &'static str {
        "alter_enum"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        matches!(form.node, NodeEnum::AlterEnumStmt(_))
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let NodeEnum::AlterEnumStmt(statement) = &form.node else { return Ok(()) };
        let Some(name) = named(&statement.type_name) else { return Ok(()) };
        let renames = !statement.old_val.is_empty();
        let step = if renames { renamed(form, planning, &name, statement) } else { added(form, &name, statement) };
        planning.step(step.estimate(Estimate::moment()));
        Ok(())
    }
}

/// The type has that label.
fn has(name: &RelationName, label: &str) -> String {
    format!(
        "EXISTS (SELECT FROM pg_catalog.pg_enum WHERE enumtypid = to_regtype({}) AND enumlabel = {})",
        quote_literal(&name.to_string()),
        quote_literal(label)
    )
}

fn added(form: &Form<'_>, name: &RelationName, statement: &AlterEnumStmt) -> Step {
    Step::transaction(
        format!("Add the value {} to {name}", quote_literal(&statement.new_val)),
        vec![form.sql.clone()],
    )
    .reason("A value cannot be used in the transaction that adds it: it has one of its own, and what uses it comes after.")
    .proof(has(name, &statement.new_val))
    .undo(Undo::Impossible {
        reason: "a value of an enum cannot be removed; it can be left unused".to_owned(),
    })
}

fn renamed(form: &Form<'_>, planning: &mut Planning<'_>, name: &RelationName, statement: &AlterEnumStmt) -> Step {
    let (old, new) = (quote_literal(&statement.old_val), quote_literal(&statement.new_val));
    planning.note(format!(
        "Clients that still send {old}, and functions and defaults that have it in their text, fail once it is renamed. Where that must not be: add {new} as a value, change the rows, and leave {old} unused."
    ));
    Step::transaction(format!("Rename the value {old} of {name} to {new}"), vec![form.sql.clone()])
        .reason("Only the catalog is written: rows hold the value's number.")
        .phase(Phase::Swap)
        .proof(format!("{} AND NOT {}", has(name, &statement.new_val), has(name, &statement.old_val)))
        .undo(Undo::Transaction {
            lock: Vec::new(),
            statements: vec![format!("ALTER TYPE {name} RENAME VALUE {new} TO {old}")],
        })
}
